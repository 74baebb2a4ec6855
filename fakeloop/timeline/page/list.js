
// A list of any length of which only the items in view are in the document. It is one
// stop of the Tab key; in it the arrow keys go from item to item.

const itemHeight = 24;

class List {
  // The options say how long the list is, what an item says, and what to do when one is
  // chosen.
  constructor(box, {length, item, pick, current, empty}) {
    Object.assign(this, {box, length, item, pick, current, empty, at: 0});
    this.inner = document.createElement("div");
    this.inner.className = "list";
    this.inner.setAttribute("role", "presentation");
    box.append(this.inner);
    box.addEventListener("scroll", () => this.render());
    box.addEventListener("click", (e) => {
      const item = e.target.closest(".item");
      if (item) this.choose(Number(item.dataset.at));
    });
    box.addEventListener("keydown", (e) => {
      const page = Math.max(1, Math.floor(box.clientHeight / itemHeight) - 1);
      const to = {ArrowDown: this.at + 1, ArrowUp: this.at - 1, PageDown: this.at + page, PageUp: this.at - page, Home: 0, End: this.length() - 1, Enter: this.at}[e.key];
      if (to === undefined || e.ctrlKey || e.altKey || e.metaKey) return;
      e.preventDefault();
      this.choose(to);
    });
    new ResizeObserver(() => this.render()).observe(box);
  }

  choose(at) {
    if (this.length() === 0) return;
    this.at = Math.max(0, Math.min(this.length() - 1, at));
    this.pick(this.at);
    this.reveal();
  }

  // follow makes the current item that of what is chosen elsewhere.
  follow() {
    const at = this.current();
    if (at < 0 || at === this.at) return this.render();
    this.at = at;
    this.reveal();
  }

  reveal() {
    const top = this.at * itemHeight;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    if (top + itemHeight > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = top + itemHeight - this.box.clientHeight;
    this.render();
  }

  render() {
    const n = this.length(), items = [];
    this.inner.style.height = n * itemHeight + "px";
    const first = Math.max(0, Math.floor(this.box.scrollTop / itemHeight) - 2);
    const last = Math.min(n, Math.ceil((this.box.scrollTop + this.box.clientHeight) / itemHeight) + 2);
    const shown = [];
    for (let i = first; i < last; i++) shown.push(i);
    if (n > 0 && (this.at < first || this.at >= last)) shown.push(this.at); // which the box refers to
    const current = this.current();
    for (const i of shown) {
      const {when, what, kind} = this.item(i);
      const row = document.createElement("div");
      row.className = "item " + kind;
      row.id = this.box.id + "-" + i;
      row.dataset.at = i;
      row.style.top = i * itemHeight + "px";
      row.setAttribute("role", "option");
      row.setAttribute("aria-setsize", n);
      row.setAttribute("aria-posinset", i + 1);
      row.setAttribute("aria-selected", i === this.at && i === current);
      row.append(span("when", when), span("what", what));
      items.push(row);
    }
    if (n === 0) items.push(span("nothing", this.empty));
    this.inner.replaceChildren(...items);
    this.box.setAttribute("role", n > 0 ? "listbox" : "group");
    if (n > 0) this.box.setAttribute("aria-activedescendant", this.box.id + "-" + this.at);
    else this.box.removeAttribute("aria-activedescendant");
  }
}

function span(name, text) {
  const out = document.createElement("span");
  out.className = name;
  out.textContent = text;
  return out;
}
