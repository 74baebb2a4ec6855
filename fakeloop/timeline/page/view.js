
// What of the runs is in view, and what is chosen.

const $ = (id) => document.getElementById(id);
const view = {
  from: 0, span: 1, // of the axis
  chosen: null, // {run, event}
  hover: null,
};
const gutter = 190, axisHeight = 46;
const lanesBox = $("lanes");

const drawnWidth = () => Math.max(1, lanesBox.clientWidth - gutter - 16);
const xOf = (place) => gutter + (place - view.from) / view.span * drawnWidth();
const placeAtX = (x) => view.from + (x - gutter) / drawnWidth() * view.span;

function move(from, span) {
  span = Math.min(1, Math.max(span, 4 / axis.steps * 1e-6));
  view.span = span;
  view.from = Math.min(1 - span, Math.max(0, from));
  redraw();
}

// zoom changes the scale so that a place stays where it is.
function zoom(factor, place) {
  const span = Math.min(1, view.span / factor);
  move(place - (place - view.from) * span / view.span, span);
}

// show brings an event into view.
function show(run, event) {
  const u = run.u[event], row = rowOf.get(run)[run.lane[event]];
  if (u < view.from + view.span * 0.03 || u > view.from + view.span * 0.97) move(u - view.span / 2, view.span);
  const top = row * rowHeight, room = lanesBox.clientHeight - axisHeight;
  if (row >= 0 && lanesBox.clientHeight > 0 && (top < lanesBox.scrollTop || top + rowHeight > lanesBox.scrollTop + room)) lanesBox.scrollTop = top - room / 2 + rowHeight / 2;
}

// choose makes an event the chosen one, everywhere.
function choose(run, event) {
  if (rowOf.get(run)[run.lane[event]] < 0) {
    $("which").value = "all";
    relay();
  }
  view.chosen = {run, event};
  show(run, event);
  tellEvent(run, event);
  headEvents();
  eventList.follow();
  findingList.follow();
  say(run, event);
  redraw();
}

// say tells those who listen which event is chosen.
function say(run, event) {
  const words = [sentence(run, event)];
  const kind = classOf(run, event);
  if (kind) words.unshift(kind);
  $("say").textContent = oneLine(words.join(": "), 300);
}

// sentence says of an event what, when and where.
function sentence(run, i) {
  const name = run.name ? "run " + run.name + ", " : "";
  return sayEvent(run, i) + ", at " + timeOf(run, i) + ", " + name + "lane " + run.laneText(run.lane[i]);
}

// relay lays out the rows again, after another choice of lanes.
function relay() {
  layRows($("which").value);
  $("spacer").style.height = axisHeight + rows.length * rowHeight + 8 + "px";
  redraw();
}

let drawing = false;
function redraw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    draw();
  });
}
