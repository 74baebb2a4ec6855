
// The axis over the lanes.

// placeTicks finds instants of the runs for the axis, as many as have room; in a gap
// without events, and on an axis to scale, round times.
function placeTicks(width) {
  const out = [], step = 96;
  if (axis.blend === 1) {
    const perTick = view.span * axis.end * step / drawnWidth();
    const power = 10 ** Math.floor(Math.log10(Math.max(perTick, 1e-12)));
    const unit = [1, 2, 5, 10].map((f) => f * power).find((f) => f >= perTick);
    if (unit < 1e-9) return out;
    for (let k = Math.ceil(view.from * axis.end / unit); k * unit <= (view.from + view.span) * axis.end; k++) {
      out.push({x: xOf(k * unit / axis.end), text: about(k * unit, Math.min(unit, 1e9))});
      if (out.length > 100) break;
    }
    return out;
  }
  const run = view.chosen ? view.chosen.run : runs[0];
  let i = firstFrom(run, null, view.from), free = gutter - 1;
  const end = Math.min(run.n - 1, firstFrom(run, null, view.from + view.span));
  let grain = Math.min(1, i < end ? 10 ** Math.floor(Math.log10(Math.max(run.t[end] - run.t[i], 1e-9)) - 2) : 1);
  while (i < run.n) {
    const x = xOf(run.u[i]);
    if (x > width) break;
    const begins = i === 0 || run.t[i - 1] < run.t[i];
    if (begins && x >= free) {
      out.push({x, t: run.t[i]});
      free = x + step;
    }
    // To the next instant, or past what has no room.
    const next = firstFrom(run, null, placeAtX(Math.max(free, x + 1)));
    if (!begins || next <= i + 1) {
      let j = i + 1;
      const t = run.t[i];
      while (j < run.n && run.t[j] === t && j < i + 64) j++;
      if (j === i + 64) { // a long instant
        let low = j, high = run.n;
        while (low < high) { const middle = (low + high) >> 1; if (run.t[middle] <= t) low = middle + 1; else high = middle; }
        j = low;
      }
      i = j;
    } else i = next;
  }
  if (out.length < 2 && run.n > 1) { // a gap, or a part of one
    out.length = 0;
    for (let x = gutter + step / 2; x < width; x += step) out.push({x, t: timeOfPlace(run, placeAtX(x))});
  }
  // As few digits as tell one from the other.
  for (;; grain /= 10) {
    for (const tick of out) tick.text = about(tick.t, grain);
    const told = out.filter((tick, k) => k === 0 || tick.text !== out[k - 1].text);
    if (grain <= 1e-9 || told.length === out.length) return told;
  }
}

function drawGrid(ticks, height) {
  pen.fillStyle = ink.line;
  pen.globalAlpha = 0.6;
  for (const {x} of ticks) if (x >= gutter) pen.fillRect(Math.round(x) - 1, axisHeight, 1, height);
  pen.globalAlpha = 1;
}

function drawAxis(ticks, width) {
  pen.fillStyle = ink.panel;
  pen.fillRect(0, 0, width, axisHeight);
  pen.fillStyle = ink.line;
  pen.fillRect(0, axisHeight - 1, width, 1);
  pen.fillRect(gutter - 1, 0, 1, axisHeight);
  write("virtual time", 10, 12, ink.faint);
  if (runs.some((run) => run.faults.length)) write("faults in force", 10, 32, ink.fault, true);
  pen.save();
  pen.beginPath();
  pen.rect(gutter, 0, width - gutter, axisHeight);
  pen.clip();
  for (const {x, text} of ticks) {
    pen.fillStyle = ink.line;
    pen.fillRect(Math.round(x) - 1, 16, 1, 8);
    write(text, x + 3, 12, ink.faint);
  }
  let free = -Infinity, bars = 0;
  eachFault((x0, x1, fault) => {
    pen.fillStyle = ink.fault;
    pen.fillRect(x0, 39 + bars++ % 2 * 3, Math.max(2, x1 - x0), 2);
    const from = Math.max(x0 + 3, gutter + 3, free);
    if (from > Math.max(x1, x0 + 60) || from > width) return;
    const text = fitted(fault.label, width - from - 4, true);
    write(text, from, 31, ink.fault, true);
    free = from + pen.measureText(text).width + 10;
  });
  pen.restore();
}
