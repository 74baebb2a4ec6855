
// What is known of one event, in words.

const mostLinks = 40; // of one list

function tag(name, text) {
  const out = document.createElement(name);
  if (text !== undefined) out.textContent = text;
  return out;
}

// link is a button that chooses an event.
function link(run, event, text) {
  const button = tag("button", oneLine(text, 200));
  button.type = "button";
  button.className = "link";
  button.addEventListener("click", () => choose(run, event));
  return button;
}

// links lists events, each with its time; what is too much is counted.
function links(run, events) {
  const list = tag("ol");
  for (const i of events.slice(0, mostLinks)) {
    const item = tag("li");
    item.append(link(run, i, timeOf(run, i) + "  " + sayEvent(run, i)));
    list.append(item);
  }
  if (events.length > mostLinks) list.append(tag("li", "and " + plural(events.length - mostLinks, "more event")));
  return list;
}

// causes returns the way back from an event to what the driver did; at most most.
function causes(run, i, most) {
  const out = [];
  for (let at = run.source(i); at >= 0 && out.length < most; at = run.source(at)) out.push(at);
  return out;
}

// errorWay returns the rejections through which the error of an event came, the last
// first.
function errorWay(run, i) {
  if (run.kind[i] === kinds.unobserved) i = run.settled[run.id[i]];
  if (i < 0 || !run.rejects(i)) return [];
  return [i, ...causes(run, i, 1000).filter((at) => run.rejects(at) || run.kind[at] === kinds.panic)];
}

function tellEvent(run, i) {
  const box = $("details"), parts = [];
  const kind = classOf(run, i);
  const head = tag("h3");
  if (kind) head.append(span("word " + kind, kind === "error" ? "failure" : kind), " ");
  head.append(oneLine(sayEvent(run, i), 300));
  parts.push(head);

  const facts = tag("dl");
  const fact = (name, value) => { facts.append(tag("dt", name)); const dd = tag("dd"); dd.append(value); facts.append(dd); };
  const id = run.id[i], cause = run.cause[i];
  fact("at", timeOf(run, i) + ", turn " + run.turn[i]);
  fact("event", run.number(i).toLocaleString("en") + " of " + run.total.toLocaleString("en") + (run.name ? ", run " + run.name : ""));
  fact("lane", run.laneText(run.lane[i]));
  fact("thing", (nameOf(run, id) === run.idText(id) ? "" : nameOf(run, id) + ", ") + run.idText(id));
  if (run.site.has(id)) fact("made at", texts[run.site.get(id)]);
  const resumed = run.resumes.get(i);
  if (resumed !== undefined) {
    fact("resumes", link(run, run.made[resumed], "coroutine " + nameOf(run, resumed)));
    if (run.site.has(resumed)) fact("made at", texts[run.site.get(resumed)]);
  }
  const made = run.made[id];
  const by = (name, event) => {
    const who = run.cause[event], from = run.source(event);
    if (from >= 0 && from !== made) fact(name, link(run, from, nameOf(run, who)));
    else fact(name, nameOf(run, who));
  };
  if (made >= 0) by({post: "posted by", arm: "set by", promise: "made by", leave: "sent out by", hold: "held for"}[data.kinds[run.kind[made]]], made);
  const settled = run.settled[id];
  if (settled >= 0) by(run.rejects(settled) ? "rejected by" : "settled by", settled);
  if (made < 0 && settled < 0 || made !== i && settled !== i && run.kind[i] !== kinds.fire) {
    if (cause !== id) fact("by", run.source(i) >= 0 ? link(run, run.source(i), nameOf(run, cause)) : nameOf(run, cause));
  }
  const busy = run.busy.get(i);
  if (busy !== undefined) fact("ran for", minus(run, busy, i));
  if (run.kind[i] === kinds.fire && made >= 0 && made !== i && run.t[i] > run.t[made]) fact(run.kind[made] === kinds.arm ? "set before" : "waited", minus(run, i, made));
  parts.push(facts);

  for (const note of run.noted.get(i) || []) {
    parts.push(...tellNote(note));
  }
  const way = errorWay(run, i);
  if (way.length > 1) parts.push(tag("h4", "The way of the error, back to where it began"), links(run, way));
  const detail = run.detailText(i);
  if (detail && (detail.length > 200 || detail.includes("\n"))) parts.push(tag("h4", "In full"), block(detail));
  const back = causes(run, i, 1000);
  if (back.length > 0) parts.push(tag("h4", "What led to it"), links(run, back));
  const led = ledTo(run, i);
  if (led.length > 0) parts.push(tag("h4", "What it led to"), links(run, led));
  const same = [...run.eventsOf(id)].filter((at) => at !== i);
  if (same.length > 0) parts.push(tag("h4", "The same thing"), links(run, same));
  box.replaceChildren(...parts);
  box.scrollTop = 0;
}

// ledTo returns events of which one is the cause, as far as they come within a while.
function ledTo(run, i) {
  const out = [], last = Math.min(run.n, i + 5000);
  for (let at = i + 1; at < last && out.length <= mostLinks; at++) if (run.source(at) === i) out.push(at);
  return out;
}

// block is a text of several lines; keys can scroll it.
function block(text, name) {
  const out = tag("pre", text);
  if (name) out.className = name;
  out.tabIndex = 0;
  return out;
}

function tellNote(note) {
  const head = tag("h4"), parts = [head];
  head.append(span("word " + note.kind, note.kind === "blocking" ? "blocked" : note.kind), " ", texts[note.label]);
  if (timeAt(note.span) > 0) parts.push(tag("p", "for " + duration(...note.span)));
  if (note.text) parts.push(block(texts[note.text]));
  return parts;
}

// tellFinding tells of a finding: the event, and what is not said there.
function tellFinding(finding) {
  if (finding.run.n) choose(finding.run, finding.event);
  const parts = [];
  if (finding.note && !(finding.run.noted.get(finding.event) || []).includes(finding.note)) parts.push(...tellNote(finding.note));
  if (finding.kind === "differ") parts.push(tag("h4", finding.what), block(texts[data.differ[1]], "columns"));
  const head = $("details").querySelector("h3");
  if (head) head.after(...parts);
}
