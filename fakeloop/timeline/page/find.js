
// What a reader looks for: the findings of the runs, and the matches of a search.

// Faults that are switched at the gate of a network are told in two events, or in one if
// they are in force from the beginning or to the end.
function gateFaults(run) {
  const out = [], on = new Map();
  for (let i = 0; i < run.n; i++) {
    if (!isFault(run, i)) continue;
    const [, number, what, about] = /^(fault \d+) (on|off)\b(.*)/.exec(run.labelText(i));
    const name = number + about;
    if (what === "on") on.set(name, i);
    else {
      const from = on.get(name);
      on.delete(name);
      out.push({name, event: from === undefined ? i : from, from: from === undefined ? -1 : from, to: i});
    }
  }
  for (const [name, from] of on) out.push({name, event: from, from, to: run.n});
  return out;
}

// timeAt returns how many seconds are in two numbers.
const timeAt = ([s, ns]) => s + ns / 1e9;

for (const run of runs) {
  run.blocked = new Map(); // by event: its notes of a callback that blocked
  run.noted = new Map(); // by event: all its notes
  for (const note of run.notes) {
    note.from = note.event >= 0 && timeAt(note.at) < run.t[note.event] ? run.t[note.event] : timeAt(note.at);
    note.to = note.from + timeAt(note.span);
    if (note.event < 0) continue;
    const busy = run.busy.get(note.event);
    if (note.kind === "blocking" && busy !== undefined) note.to = Math.max(note.to, run.t[busy]);
    for (const map of note.kind === "blocking" ? [run.blocked, run.noted] : [run.noted]) {
      map.set(note.event, [...map.get(note.event) || [], note]);
    }
  }
  run.blockedIn = run.lanes.map(() => []);
  for (const i of run.blocked.keys()) run.blockedIn[run.lane[i]].push(i);
  // What the notes tell they tell better than the gate.
  run.faults = run.notes.some((note) => note.kind === "fault") ? [] : gateFaults(run).map((f) => ({
    event: f.event, label: f.name, from: f.from < 0 ? 0 : run.t[f.from], to: f.to < run.n ? run.t[f.to] : Infinity,
  }));
  for (const note of run.notes) {
    if (note.kind === "fault") run.faults.push({event: note.event, label: texts[note.label], from: note.from, to: note.to, note});
  }
}

// eventAt returns the first event at or behind a time, for what has none of its own.
function eventAt(run, t) {
  let low = 0, high = run.n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (run.t[middle] < t) low = middle + 1; else high = middle;
  }
  return Math.max(0, Math.min(low, run.n - 1));
}

// findings are in the order of time, those of one instant in the order of events.
const findings = [];
for (const run of runs) {
  for (const note of run.notes) {
    if (note.kind === "fault") continue;
    const event = note.event >= 0 ? note.event : eventAt(run, note.from);
    const what = (note.kind === "blocking" ? "blocked: " : "") + texts[note.label] + (note.leftOut ? " (its event is left out)" : "");
    findings.push({run, event, t: note.from, kind: note.kind, what, note});
  }
  for (const fault of run.faults) {
    findings.push({run, event: fault.event >= 0 ? fault.event : eventAt(run, fault.from), t: fault.from, kind: "fault", what: fault.label, note: fault.note});
  }
  for (let i = 0; i < run.n; i++) {
    if (run.fails(i)) findings.push({run, event: i, t: run.t[i], kind: "error", what: sayEvent(run, i)});
  }
}
if (data.differ) {
  const [number] = data.differ;
  const run = number < runs[0].total ? runs[0] : runs[1];
  const event = Math.max(0, Math.min(run.n - 1, run.place(number) < 0 ? run.first : run.place(number)));
  findings.push({run, event, t: run.n ? run.t[event] : 0, kind: "differ", what: "the runs part at event " + number.toLocaleString("en")});
}
findings.sort((a, b) => a.t - b.t || (a.kind === "differ" ? -1 : 0) - (b.kind === "differ" ? -1 : 0) || a.event - b.event || runs.indexOf(a.run) - runs.indexOf(b.run));

// matches are the events that the search found.
const matches = {text: "", list: [], at: -1, has: new Map(runs.map((run) => [run, new Uint8Array(run.n)]))};

// search finds the events in whose words the text is, or in the words about their thing,
// its site, its lane or its identity.
function search(text) {
  text = text.trim().toLowerCase();
  matches.text = text;
  matches.list = [];
  matches.at = -1;
  const word = text ? texts.map((t) => t.toLowerCase().includes(text)) : [];
  for (const run of runs) {
    const has = matches.has.get(run).fill(0);
    if (!text) continue;
    const verb = data.kinds.map((name) => name !== "" && name === text);
    const lane = run.lanes.map((name) => word[name]);
    const thing = new Uint8Array(run.things);
    for (let id = 1; id < run.things; id++) {
      if (word[run.site.get(id)] || run.idText(id) === text) thing[id] = 1;
    }
    for (let i = 0; i < run.n; i++) {
      if (word[run.label[i]] || word[run.detail[i]] || verb[run.kind[i]] || lane[run.lane[i]] || thing[run.id[i]]) has[i] = 1;
    }
    for (const note of run.notes) {
      if (note.event >= 0 && (word[note.label] || word[note.text])) has[note.event] = 1;
    }
    for (let i = 0; i < run.n; i++) if (has[i]) matches.list.push({run, event: i});
  }
}
