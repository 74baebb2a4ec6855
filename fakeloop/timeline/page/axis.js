
// Where events stand: a place of the axis is a number from 0 to 1. It is a blend of time
// and order, so that what happens at one instant need not stand on one spot: with a
// blend of 1 the axis is time to scale, with 0 each event is a step.

const axis = {blend: 0.5, end: 1, steps: 1};

function layAxis() {
  axis.end = 0;
  axis.steps = 1;
  for (const run of runs) {
    axis.steps = Math.max(axis.steps, run.n);
    if (run.n) axis.end = Math.max(axis.end, run.t[run.n - 1]);
    for (const note of run.notes) if (note.kind !== "fault") axis.end = Math.max(axis.end, note.to);
  }
  if (axis.end === 0) axis.end = 1e-9;
  for (const run of runs) {
    run.u = run.u || new Float64Array(run.n);
    for (let i = 0; i < run.n; i++) run.u[i] = axis.blend * run.t[i] / axis.end + (1 - axis.blend) * (i + 0.5) / axis.steps;
  }
}

// placeOf returns where a time is, behind the events of that instant, or before them.
function placeOf(run, t, before) {
  if (t >= axis.end && !before) t = axis.end;
  let low = 0, high = run.n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before ? run.t[middle] < t : run.t[middle] <= t) low = middle + 1; else high = middle;
  }
  return axis.blend * t / axis.end + (1 - axis.blend) * (before ? low : Math.min(low + 0.5, run.n)) / axis.steps;
}

// timeOfPlace returns the time at a place: between two events it passes evenly.
function timeOfPlace(run, place) {
  const next = firstFrom(run, null, place);
  if (next === 0) return run.n ? run.t[0] : 0;
  if (next === run.n) return run.t[run.n - 1];
  const part = (place - run.u[next - 1]) / (run.u[next] - run.u[next - 1]);
  return run.t[next - 1] + part * (run.t[next] - run.t[next - 1]);
}

// firstFrom returns the first event of a run, or of a list of its events, at or behind a
// place.
function firstFrom(run, list, place) {
  let low = 0, high = list ? list.length : run.n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (run.u[list ? list[middle] : middle] < place) low = middle + 1; else high = middle;
  }
  return low;
}
