
// Everything begins here.

const findingList = new List($("findings"), {
  length: () => findings.length,
  item: (i) => {
    const {run, t, event, what, kind} = findings[i];
    const when = run.n && run.t[event] === t ? timeOf(run, event) : about(t, 1e-9);
    return {when: (run.name ? run.name + " " : "") + when, what: oneLine(what, 200), kind};
  },
  pick: (i) => { tellFinding(findings[i]); },
  current: () => {
    if (!view.chosen) return -1;
    const {run, event} = view.chosen, at = findings[findingList.at];
    if (at && at.run === run && at.event === event) return findingList.at;
    return findings.findIndex((f) => f.run === run && f.event === event);
  },
  empty: "nothing blocked, nothing failed",
});

// The list of events shows the matches of a search, if there is one, otherwise the run
// of the chosen event.
const listed = () => view.chosen ? view.chosen.run : runs[0];
const eventList = new List($("events"), {
  length: () => matches.text ? matches.list.length : listed().n,
  item: (i) => {
    const {run, event} = matches.text ? matches.list[i] : {run: listed(), event: i};
    return {when: (run.name ? run.name + " " : "") + timeOf(run, event), what: oneLine(sayEvent(run, event), 200), kind: classOf(run, event)};
  },
  pick: (i) => {
    if (matches.text) return goToMatch(i);
    choose(listed(), i);
  },
  current: () => {
    if (!view.chosen) return -1;
    if (!matches.text) return view.chosen.event;
    const {run, event} = view.chosen;
    const at = matches.list[eventList.at];
    if (at && at.run === run && at.event === event) return eventList.at;
    return matches.has.get(run)[event] ? matches.list.findIndex((m) => m.run === run && m.event === event) : -1;
  },
  empty: "no event",
});

function headEvents() {
  $("events-head").textContent = matches.text ? "Matches" : runs.length > 1 ? "Events of run " + listed().name : "Events";
}

function goToMatch(at) {
  if (matches.list.length === 0) return;
  matches.at = (at + matches.list.length) % matches.list.length;
  const {run, event} = matches.list[matches.at];
  choose(run, event);
  tellMatches();
}

function tellMatches() {
  const n = matches.list.length, word = plural(n, "match");
  $("found").textContent = !matches.text ? "" : matches.at < 0 ? word : (matches.at + 1).toLocaleString("en") + " of " + word;
  $("previous").disabled = $("next").disabled = n === 0;
}

let searching = 0;
$("search").addEventListener("input", () => {
  clearTimeout(searching);
  searching = setTimeout(searchNow, 120);
});
function searchNow() {
  clearTimeout(searching);
  if ($("search").value.trim().toLowerCase() === matches.text) return;
  search($("search").value);
  eventList.at = 0;
  headEvents();
  tellMatches();
  eventList.box.scrollTop = 0;
  eventList.render();
  if ($("which").value === "matches") relay(); else redraw();
}
$("search").addEventListener("keydown", (e) => {
  if (e.key === "Escape") lanesBox.focus();
  if (e.key !== "Enter") return;
  e.preventDefault();
  searchNow();
  goToMatch(matches.at + (e.shiftKey ? -1 : 1));
});
$("next").addEventListener("click", () => goToMatch(matches.at + 1));
$("previous").addEventListener("click", () => goToMatch(matches.at - 1));

$("axis").addEventListener("change", () => {
  const place = view.from + view.span / 2, run = runs[0];
  const middle = run.n ? Math.min(run.n - 1, firstFrom(run, null, place)) : -1;
  axis.blend = Number($("axis").value);
  layAxis();
  if (view.chosen) move(view.chosen.run.u[view.chosen.event] - view.span / 2, view.span);
  else if (middle >= 0 && view.span < 1) move(run.u[middle] - view.span / 2, view.span);
  else redraw();
});
$("which").addEventListener("change", relay);
$("in").addEventListener("click", () => zoom(1.5, centre()));
$("out").addEventListener("click", () => zoom(1 / 1.5, centre()));
$("fit").addEventListener("click", () => move(0, 1));
$("help").addEventListener("click", () => $("keys").showModal());
function paint() {
  mixInk();
  drawLegend();
  redraw();
}
$("theme").addEventListener("change", () => {
  document.documentElement.dataset.theme = $("theme").value;
  paint();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
lanesBox.addEventListener("scroll", redraw);
new ResizeObserver(redraw).observe(lanesBox);

// summarize tells in a line what the runs are and what was found.
function summarize() {
  const box = $("summary"), count = (kind) => findings.filter((f) => f.kind === kind).length;
  const add = (text, kind) => { const item = span(kind || "", text); box.append(item); };
  for (const run of runs) {
    let text = (run.name ? "run " + run.name + ": " : "") + plural(run.total, "event") + " in " + plural(run.lanes.length, "lane");
    if (run.n) text += ", " + timeOf(run, run.latest) + " of virtual time";
    add(text + ", digest " + run.digest);
    if (run.skipped) add(plural(run.skipped, "event") + " left out, from " + run.from + " to " + run.until + (run.lost ? ", " + plural(run.lost, "failure") + " among them" : ""), run.lost ? "error" : "");
    if (run.moreNotes) add(plural(run.moreNotes, "note") + " left out");
  }
  if (count("blocking")) add(count("blocking") + " blocked", "blocking");
  if (count("fault")) add(plural(count("fault"), "fault"), "fault");
  if (count("error")) add(plural(count("error"), "failure"), "error");
  if (!count("blocking")) add("nothing is known to have blocked");
  if (runs.length > 1 && !data.differ) add("the runs are the same");
}

function drawLegend() {
  const signs = [
    ["blocked", (p) => { p.fillStyle = ink.blocked; p.fillRect(0, 3, 22, 10); }],
    ["fault in force", (p) => { p.fillStyle = ink["fault-back"]; p.fillRect(0, 1, 22, 14); p.fillStyle = ink.fault; p.fillRect(0, 1, 22, 3); }],
    ["rejected", (p) => { p.fillStyle = ink.error; p.beginPath(); p.moveTo(11, 1); p.lineTo(18, 8); p.lineTo(11, 15); p.lineTo(4, 8); p.fill(); }],
    ["panic", (p) => { p.strokeStyle = ink.error; p.lineWidth = 3; p.beginPath(); p.moveTo(6, 2); p.lineTo(16, 14); p.moveTo(16, 2); p.lineTo(6, 14); p.stroke(); }],
    ["settled", (p) => { p.fillStyle = ink.good; p.beginPath(); p.arc(11, 8, 4.5, 0, 7); p.fill(); }],
    ["callback", (p) => { p.fillStyle = ink.ink; p.fillRect(10, 0, 2, 16); }],
    ["time passed in it", (p) => { p.globalAlpha = 0.45; p.fillStyle = ink.ready; p.fillRect(0, 2, 22, 12); p.globalAlpha = 1; }],
    ["future pending", (p) => { p.fillStyle = ink.pending; p.fillRect(0, 6, 22, 4); }],
    ["work outside", (p) => { p.fillStyle = ink.outside; p.fillRect(0, 6, 22, 4); }],
    ["timer set", (p) => { p.strokeStyle = ink.timer; p.lineWidth = 2; p.setLineDash([3, 3]); p.beginPath(); p.moveTo(0, 8); p.lineTo(22, 8); p.stroke(); }],
    ["waits for its turn", (p) => { p.fillStyle = ink.ready; p.fillRect(0, 6, 22, 4); }],
  ];
  $("legend").replaceChildren(...signs.map(([word, sign]) => {
    const item = tag("li"), c = tag("canvas");
    c.setAttribute("aria-hidden", "true");
    sign(sized(c, 22, 16));
    item.append(c, word);
    return item;
  }));
}

layAxis();
relay();
summarize();
paint();
findingList.render();
eventList.render();
headEvents();
const firstFinding = findings.findIndex((f) => f.kind === "differ") >= 0 ? findings.findIndex((f) => f.kind === "differ") : findings.findIndex((f) => f.kind === "blocking" || f.kind === "error");
if (firstFinding >= 0) findingList.choose(firstFinding);
else $("details").append(tag("p", "Choose an event in the lanes or in the list."));
$("say").textContent = ""; // nobody has asked
