
// The keys of the lanes, and what a mouse does there.

// stepInLane chooses the event before (-1) or behind (1) the chosen one in its lane.
function stepInLane(by) {
  const {run, event} = view.chosen;
  const list = run.eventsIn(run.lane[event]);
  const at = firstAtLeast(list, event) + by;
  if (at >= 0 && at < list.length) choose(run, list[at]);
}

function firstAtLeast(list, value) {
  let low = 0, high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
}

// stepLane chooses an event of a row further up or down, near the chosen one.
function stepLane(by) {
  const {run, event} = view.chosen;
  for (let at = rowOf.get(run)[run.lane[event]] + by; at >= 0 && at < rows.length; at += Math.sign(by)) {
    const row = rows[at], list = row.run.eventsIn(row.lane);
    if (list.length === 0) continue;
    let k = Math.min(list.length - 1, firstFrom(row.run, list, run.u[event]));
    if (k > 0 && run.u[event] - row.run.u[list[k - 1]] < row.run.u[list[k]] - run.u[event]) k--;
    return choose(row.run, list[k]);
  }
}

let findingStepped = false;
function stepFinding(by) {
  if (findings.length === 0) return;
  findingList.choose((findingList.at + (findingStepped ? by : 0) + findings.length) % findings.length);
  findingStepped = true;
}

const keys = {
  ArrowLeft: (e) => e.shiftKey ? move(view.from - view.span / 5, view.span) : stepInLane(-1),
  ArrowRight: (e) => e.shiftKey ? move(view.from + view.span / 5, view.span) : stepInLane(1),
  ArrowUp: () => stepLane(-1),
  ArrowDown: () => stepLane(1),
  PageUp: () => stepLane(-8),
  PageDown: () => stepLane(8),
  Home: () => { const {run, event} = view.chosen; choose(run, run.eventsIn(run.lane[event])[0]); },
  End: () => { const {run, event} = view.chosen; choose(run, run.eventsIn(run.lane[event]).at(-1)); },
  "+": () => zoom(1.5, centre()),
  "=": () => zoom(1.5, centre()),
  "-": () => zoom(1 / 1.5, centre()),
  0: () => move(0, 1),
  n: () => stepFinding(1),
  p: () => stepFinding(-1),
  d: () => { const at = findings.findIndex((f) => f.kind === "differ"); if (at >= 0) findingList.choose(at); },
  c: () => { const {run, event} = view.chosen; const from = run.source(event); if (from >= 0) choose(run, from); },
  "/": () => $("search").focus(),
  "?": () => $("keys").showModal(),
  Enter: () => $("details-head").focus(),
};

// centre is the place that stays when keys zoom: the chosen event if it is in view.
function centre() {
  if (view.chosen) {
    const u = view.chosen.run.u[view.chosen.event];
    if (u >= view.from && u <= view.from + view.span) return u;
  }
  return view.from + view.span / 2;
}

lanesBox.addEventListener("keydown", (e) => {
  const act = keys[e.key];
  if (!act || e.ctrlKey || e.altKey || e.metaKey) return;
  e.preventDefault();
  if (!view.chosen && !["+", "=", "-", "0", "n", "p", "d", "/", "?"].includes(e.key)) {
    const first = firstShown();
    if (first) choose(first.run, first.event);
    return;
  }
  act(e);
});
$("details-head").parentElement.addEventListener("keydown", (e) => { if (e.key === "Escape") lanesBox.focus(); });

// firstShown returns the first event of the first row.
function firstShown() {
  for (const {run, lane} of rows) {
    const list = run.eventsIn(lane);
    if (list.length > 0) return {run, event: list[0]};
  }
  return null;
}

// nearest returns the event of the row at a point that stands nearest to it.
function nearest(x, y) {
  const at = Math.floor((y - axisHeight + lanesBox.scrollTop) / rowHeight);
  if (y < axisHeight || x < gutter || at < 0 || at >= rows.length) return null;
  const {run, lane} = rows[at], list = run.eventsIn(lane), place = placeAtX(x);
  const k = firstFrom(run, list, place);
  let best = null, distance = 9;
  const weigh = (event) => {
    const d = Math.abs(xOf(run.u[event]) - x) - (run.fails(event) || run.blocked.has(event) ? 3 : 0);
    if (d < distance) { distance = d; best = event; }
  };
  for (let i = Math.max(0, k - 20); i < Math.min(list.length, k + 20); i++) weigh(list[i]);
  if (best === null) best = within(run, lane, place, (y - axisHeight + lanesBox.scrollTop) % rowHeight);
  return best === null ? null : {run, event: best};
}

// within returns the callback, or the beginning of the span, in whose bar a place is.
function within(run, lane, place, y) {
  for (const event of run.blockedIn[lane]) {
    if (place >= run.u[event] && place <= placeOf(run, Math.max(...run.blocked.get(event).map((n) => n.to)))) return event;
  }
  if (y < 24) {
    for (const from of run.busyIn[lane]) if (place >= run.u[from] && place <= run.u[run.busy.get(from)]) return from;
  }
  for (const {from, to, track} of run.spansIn[lane]) {
    if (run.u[from] > place) break;
    if (spanEnd(run, to) >= place && Math.abs(y - trackTop(track) - 3) < 5) return from;
  }
  return null;
}

let grabbed = null;
const point = (e) => { const box = lanesBox.getBoundingClientRect(); return [e.clientX - box.left, e.clientY - box.top]; };
lanesBox.addEventListener("pointerdown", (e) => {
  const [x, y] = point(e);
  if (e.button !== 0 || x > lanesBox.clientWidth) return;
  grabbed = {x, y, from: view.from, top: lanesBox.scrollTop, moved: false};
  lanesBox.setPointerCapture(e.pointerId);
});
lanesBox.addEventListener("pointermove", (e) => {
  const [x, y] = point(e);
  if (grabbed) {
    grabbed.moved ||= Math.abs(x - grabbed.x) + Math.abs(y - grabbed.y) > 4;
    if (grabbed.moved) {
      move(grabbed.from - (x - grabbed.x) / drawnWidth() * view.span, view.span);
      lanesBox.scrollTop = grabbed.top - (y - grabbed.y);
    }
    return;
  }
  hoverAt(nearest(x, y), e.clientX, e.clientY);
});
lanesBox.addEventListener("pointerup", (e) => {
  const [x, y] = point(e);
  if (grabbed && !grabbed.moved) {
    const hit = nearest(x, y);
    if (hit) choose(hit.run, hit.event);
  }
  grabbed = null;
});
lanesBox.addEventListener("pointercancel", () => { grabbed = null; });
lanesBox.addEventListener("pointerleave", () => hoverAt(null));
lanesBox.addEventListener("dblclick", (e) => zoom(3, placeAtX(point(e)[0])));
lanesBox.addEventListener("wheel", (e) => {
  const [x] = point(e);
  if (e.ctrlKey || e.metaKey) {
    e.preventDefault();
    zoom(Math.exp(-e.deltaY / 300), placeAtX(x));
  } else if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
    e.preventDefault();
    move(view.from + (e.deltaX || e.deltaY) / drawnWidth() * view.span, view.span);
  }
}, {passive: false});

// hoverAt shows in a few words what is under the mouse.
function hoverAt(hit, x, y) {
  const tip = $("tip");
  if (!hit) {
    if (view.hover) { view.hover = null; redraw(); }
    tip.hidden = true;
    return;
  }
  const {run, event} = hit;
  const lines = [oneLine(sentence(run, event), 240)];
  for (const note of run.noted.get(event) || []) lines.push((note.kind === "blocking" ? "blocked: " : "") + oneLine(texts[note.label], 200));
  if (run.site.has(run.id[event])) lines.push("made at " + texts[run.site.get(run.id[event])]);
  const from = run.source(event);
  if (from >= 0) lines.push("because of: " + oneLine(sayEvent(run, from), 160));
  tip.textContent = lines.join("\n");
  tip.hidden = false;
  tip.style.left = Math.min(x + 14, innerWidth - tip.offsetWidth - 4) + "px";
  tip.style.top = Math.min(y + 16, innerHeight - tip.offsetHeight - 4) + "px";
  view.hover = hit;
  redraw();
}

// The strip over the lanes shows the whole run; a drag there moves the view.
const strip = $("overview");
const stripPlace = (e) => (e.clientX - strip.getBoundingClientRect().left - gutter) / Math.max(1, strip.clientWidth - gutter - 16);
strip.addEventListener("pointerdown", (e) => {
  strip.setPointerCapture(e.pointerId);
  move(stripPlace(e) - view.span / 2, view.span);
});
strip.addEventListener("pointermove", (e) => { if (e.buttons & 1) move(stripPlace(e) - view.span / 2, view.span); });
