
// The drawing of what is in view. It costs as much as there is in view, whatever the
// length of the run, and is a single element of the document.

const canvas = $("drawing"), pen = canvas.getContext("2d");
const font = "12px system-ui, sans-serif", bold = "600 12px system-ui, sans-serif";

// ink are the colours of the theme.
const ink = {};
function mixInk() {
  const probe = document.createElement("span");
  document.body.append(probe);
  for (const name of ["paper", "stripe", "panel", "line", "ink", "faint", "chosen", "chosen-back", "blocked", "blocked-ink", "fault", "fault-back", "error", "good", "pending", "outside", "timer", "ready", "match"]) {
    probe.style.color = "var(--" + name + ")";
    ink[name] = getComputedStyle(probe).color;
  }
  probe.remove();
}

const trackTop = (track) => 27 + track * 6;
const spanEnd = (run, to) => to < run.n ? run.u[to] : placeOf(run, axis.end);

// sized gives a canvas as many pixels as the screen has for its box.
function sized(c, width, height) {
  const ratio = devicePixelRatio || 1;
  if (c.width !== Math.round(width * ratio) || c.height !== Math.round(height * ratio)) {
    c.width = Math.round(width * ratio);
    c.height = Math.round(height * ratio);
  }
  const p = c.getContext("2d");
  p.setTransform(ratio, 0, 0, ratio, 0, 0);
  return p;
}

function draw() {
  const width = lanesBox.clientWidth, height = lanesBox.clientHeight;
  if (width === 0 || height === 0) return; // nobody sees it
  canvas.style.height = height + "px";
  sized(canvas, width, height);
  pen.fillStyle = ink.paper;
  pen.fillRect(0, 0, width, height);
  pen.textBaseline = "middle";
  const first = Math.max(0, Math.floor(lanesBox.scrollTop / rowHeight));
  const last = Math.min(rows.length, Math.ceil((lanesBox.scrollTop + height - axisHeight) / rowHeight) + 1);
  const top = (at) => axisHeight + at * rowHeight - lanesBox.scrollTop;

  pen.save();
  pen.beginPath();
  pen.rect(0, axisHeight, width, height - axisHeight);
  pen.clip();
  for (let at = first; at < last; at++) {
    pen.fillStyle = stripeOf(at) ? ink.stripe : ink.paper;
    pen.fillRect(0, top(at), width, rowHeight);
  }
  pen.restore();
  const ticks = placeTicks(width);
  drawGrid(ticks, height);
  drawFaultBands(width, Math.min(height, axisHeight + rows.length * rowHeight - lanesBox.scrollTop));
  pen.save();
  pen.beginPath();
  pen.rect(gutter, axisHeight, width - gutter, height - axisHeight);
  pen.clip();
  for (let at = first; at < last; at++) drawSpans(rows[at], top(at), width);
  drawArrows(first, last, top, width);
  for (let at = first; at < last; at++) drawEvents(rows[at], top(at), width);
  drawGap(height);
  drawDiffer(height);
  drawChosen(top);
  pen.restore();
  pen.save();
  pen.beginPath();
  pen.rect(0, axisHeight, gutter, height - axisHeight);
  pen.clip();
  for (let at = first; at < last; at++) drawName(at, top(at));
  pen.restore();
  drawAxis(ticks, width);
  drawOverview();
}

const stripeOf = (at) => runs.length > 1 ? rows[at].run === runs[1] : at % 2 === 1;

function write(text, x, y, color, weight) {
  pen.font = weight ? bold : font;
  pen.fillStyle = color;
  pen.fillText(text, x, y);
}

// fitted cuts a text to a width in pixels.
function fitted(text, width, weight) {
  pen.font = weight ? bold : font;
  text = oneLine(text, 200);
  if (pen.measureText(text).width <= width) return text;
  let low = 0, high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pen.measureText(text.slice(0, middle) + "…").width <= width) low = middle; else high = middle - 1;
  }
  return low > 0 ? text.slice(0, low) + "…" : "";
}

// fittedError is fitted for the words of an error, of which the end matters most.
function fittedError(text, width) {
  const whole = fitted(text, width, true);
  if (!whole.endsWith("…")) return whole;
  const parts = oneLine(text, 400).split(": "), head = parts.shift();
  while (parts.length > 1) {
    parts.shift();
    const shorter = head + ": … " + parts.join(": ");
    if (fitted(shorter, width, true) === shorter) return shorter;
  }
  return whole;
}

function drawName(at, y) {
  const {run, lane} = rows[at];
  const chosen = view.chosen && view.chosen.run === run && run.lane[view.chosen.event] === lane;
  pen.fillStyle = chosen ? ink["chosen-back"] : stripeOf(at) ? ink.stripe : ink.paper;
  pen.fillRect(0, y, gutter, rowHeight);
  let x = 10;
  if (run.name) {
    write(run.name, x, y + 14, ink.faint, true);
    x += 16;
  }
  write(fitted(run.laneText(lane), gutter - x - 8, true), x, y + 14, ink.ink, true);
  write(plural(run.eventsIn(lane).length, "event"), x, y + 32, ink.faint);
  pen.fillStyle = ink.line;
  pen.fillRect(gutter - 1, y, 1, rowHeight);
  pen.fillRect(0, y + rowHeight - 1, gutter, 1);
}

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
  if (out.length < 2) { // a gap, or a part of one
    out.length = 0;
    for (let x = gutter + step / 2; x < width; x += step) out.push({x, t: timeOfPlace(run, placeAtX(x))});
  }
  // As few digits as tell one from the other.
  for (;; grain /= 10) {
    for (const tick of out) tick.text = about(tick.t, grain);
    if (grain <= 1e-9 || out.every((tick, k) => k === 0 || tick.text !== out[k - 1].text)) return out;
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

// eachFault calls f for the faults in view; what is in force in both runs alike is one.
function eachFault(f) {
  const seen = new Set();
  for (const run of runs) {
    for (const fault of run.faults) {
      const key = [fault.label, fault.from, fault.to].join();
      if (seen.has(key)) continue;
      seen.add(key);
      const x0 = xOf(placeOf(run, fault.from, true)), x1 = xOf(placeOf(run, Math.min(fault.to, axis.end)));
      if (x1 >= gutter && x0 <= lanesBox.clientWidth) f(Math.max(x0, gutter - 2), Math.min(x1, lanesBox.clientWidth + 2), fault);
    }
  }
}

// drawFaultBands shades what is under a fault, once more what is under several.
function drawFaultBands(width, bottom) {
  const edges = [];
  eachFault((x0, x1) => edges.push([x0, 1], [Math.max(x1, x0 + 2), -1]));
  edges.sort((a, b) => a[0] - b[0] || b[1] - a[1]);
  pen.save();
  pen.beginPath();
  pen.rect(gutter, axisHeight, width - gutter, bottom - axisHeight);
  pen.clip();
  for (let k = 0, depth = 0; k + 1 < edges.length; k++) {
    depth += edges[k][1];
    const from = edges[k][0], to = edges[k + 1][0];
    if (to <= from) continue;
    for (let layer = 0; layer < Math.min(depth, 2); layer++) hatch(from, to, bottom, layer === 0 ? 1 : -1);
  }
  pen.restore();
}

// hatch shades a part of the lanes with lines that lean to one side.
function hatch(from, to, bottom, lean) {
  const height = bottom - axisHeight;
  pen.fillStyle = ink["fault-back"];
  pen.fillRect(from, axisHeight, to - from, height);
  pen.save();
  pen.beginPath();
  pen.rect(from, axisHeight, to - from, height);
  pen.clip();
  pen.strokeStyle = ink.fault;
  pen.globalAlpha = 0.25;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let x = Math.floor(from / 12) * 12 - height; x < to + height; x += 12) {
    pen.moveTo(x, axisHeight);
    pen.lineTo(x + lean * height, bottom);
  }
  pen.stroke();
  pen.restore();
}

// drawSpans draws what takes time in a lane: futures that are pending, timers that are
// set, work that is outside, callbacks that wait for their turn.
function drawSpans({run, lane}, top, width) {
  const lastX = [-1, -1, -1];
  for (const {from, to, track} of run.spansIn[lane]) {
    if (run.u[from] > view.from + view.span) break;
    const x0 = Math.max(gutter - 2, xOf(run.u[from])), x1 = Math.min(width + 2, xOf(spanEnd(run, to)));
    if (x1 < gutter || x1 <= lastX[track]) continue;
    const end = Math.max(x1, x0 + 1);
    lastX[track] = Math.floor(end);
    const y = top + trackTop(track), kind = run.kind[from];
    const color = {[kinds.arm]: ink.timer, [kinds.leave]: ink.outside, [kinds.promise]: ink.pending}[kind] || ink.ready;
    pen.fillStyle = pen.strokeStyle = color;
    if (kind === kinds.arm) {
      pen.setLineDash([3, 3]);
      pen.lineWidth = 2;
      pen.beginPath();
      pen.moveTo(x0, y + 2);
      pen.lineTo(end, y + 2);
      pen.stroke();
      pen.setLineDash([]);
    } else pen.fillRect(x0, y, end - x0, 4);
    if (to >= run.n) { // it never ended
      pen.fillStyle = kind === kinds.promise ? ink.error : color;
      pen.fillRect(end - 3, y - 2, 3, 8);
    }
  }
}

// drawArrows draws who set what going in another lane: for the chosen event its whole
// way, and for all events if there are few.
function drawArrows(first, last, top, width) {
  const few = [];
  for (let at = first; at < last && few.length <= 300; at++) {
    const {run, lane} = rows[at], list = run.eventsIn(lane);
    for (let k = firstFrom(run, list, view.from); k < list.length && run.u[list[k]] <= view.from + view.span && few.length <= 300; k++) few.push([run, list[k]]);
  }
  if (few.length <= 300) for (const [run, i] of few) arrow(run, i, top, ink.faint, 0.55);
  if (!view.chosen) return;
  const {run, event} = view.chosen;
  for (const i of [event, ...causes(run, event, 200)]) arrow(run, i, top, ink.chosen, 1);
}

function arrow(run, to, top, color, alpha) {
  const from = run.source(to);
  if (from < 0) return;
  const a = rowOf.get(run)[run.lane[from]], b = rowOf.get(run)[run.lane[to]];
  if (a < 0 || b < 0 || a === b) return;
  const x0 = xOf(run.u[from]), x1 = xOf(run.u[to]), y0 = top(a) + 13, y1 = top(b) + 13, down = Math.sign(y1 - y0);
  pen.globalAlpha = alpha;
  pen.strokeStyle = pen.fillStyle = color;
  pen.lineWidth = alpha === 1 ? 1.6 : 1;
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.bezierCurveTo(x0 + 6, y0 + (y1 - y0) * 0.6, x1, y0 + (y1 - y0) * 0.4, x1, y1 - down * 11);
  pen.stroke();
  pen.beginPath();
  pen.moveTo(x1, y1 - down * 8);
  pen.lineTo(x1 - 3.5, y1 - down * 14);
  pen.lineTo(x1 + 3.5, y1 - down * 14);
  pen.fill();
  pen.globalAlpha = 1;
}

// weightOf orders events that stand on one pixel: the weightiest is drawn.
function weightOf(run, i) {
  if (run.blocked.has(i)) return 6;
  if (run.fails(i)) return 5;
  if (run.noted.has(i) || isFault(run, i)) return 4;
  if (matches.text && matches.has.get(run)[i]) return 3;
  return run.kind[i] === kinds.fire || run.kind[i] === kinds.settle ? 2 : 1;
}

function drawEvents(row, top, width) {
  const {run, lane} = row, list = run.eventsIn(lane), end = view.from + view.span;
  const shown = [];
  let pixel = -1, best = -1, weight = 0;
  for (let k = firstFrom(run, list, view.from); k < list.length; k++) {
    const i = list[k];
    if (run.u[i] > end) break;
    const x = Math.floor(xOf(run.u[i])), w = weightOf(run, i);
    if (x !== pixel) {
      if (best >= 0) shown.push(best);
      pixel = x;
      best = i;
      weight = w;
    } else if (w > weight) {
      best = i;
      weight = w;
    }
  }
  if (best >= 0) shown.push(best);
  drawBusy(run, lane, top, width);
  const bars = run.blockedIn[lane].map((event) => blockedBar(run, event)).filter(([x0, x1]) => x1 >= gutter && x0 <= width);
  for (const [x0, x1] of bars) {
    pen.fillStyle = ink.blocked;
    pen.fillRect(x0, top + 3, x1 - x0, 20);
  }
  for (const i of shown) {
    const x = xOf(run.u[i]);
    if (run.fails(i) || !bars.some(([x0, x1]) => x >= x0 && x <= x1)) glyph(run, i, x, top + 13);
  }
  if (shown.length >= 400 || bars.length > 50) return;
  const taken = []; // where labels stand
  for (const bar of bars) drawBlocked(run, bar, top, width, taken);
  drawLabels(run, shown, top, width, taken);
}

// blockedBar returns where the bar of a callback that blocked begins and ends.
function blockedBar(run, event) {
  const x0 = xOf(run.u[event]), until = Math.max(...run.blocked.get(event).map((note) => note.to));
  return [x0, Math.max(x0 + 7, xOf(placeOf(run, until))), event, until];
}

// drawBusy draws callbacks in which time passed.
function drawBusy(run, lane, top, width) {
  for (const from of run.busyIn[lane]) {
    if (run.u[from] > view.from + view.span) break;
    if (run.blocked.has(from)) continue;
    const to = run.busy.get(from), x0 = xOf(run.u[from]), x1 = xOf(run.u[to]);
    if (x1 < gutter || x0 > width) continue;
    pen.fillStyle = ink.ready;
    pen.globalAlpha = 0.45;
    pen.fillRect(x0, top + 5, Math.max(1, x1 - x0), 16);
    pen.globalAlpha = 1;
  }
}

// drawBlocked writes on a bar, and on behind it, for how long and where it blocked.
function drawBlocked(run, [x0, x1, event, until], top, width, taken) {
  const length = until - run.t[event];
  const text = "blocked" + (length > 0 ? " " + about(length, 10 ** Math.floor(Math.log10(length) - 2)) : "") + ": " +
    run.blocked.get(event).map((note) => texts[note.label]).join("; ");
  const from = x1 - x0 > 60 ? Math.max(x0, gutter) + 6 : x1 + 5;
  const written = fitted(text, width - from - 6, true), end = from + pen.measureText(written).width;
  if (written.endsWith("…") && x0 - gutter > width - from) { // more room on the left
    const left = fitted(text, x0 - gutter - 10, true), w = pen.measureText(left).width;
    write(left, x0 - w - 5, top + 13, ink.blocked, true);
    taken.push([x0 - w - 8, x1]);
    return;
  }
  if (end > x1) {
    pen.fillStyle = ink.paper;
    pen.globalAlpha = 0.9;
    pen.fillRect(x1, top + 4, end + 3 - x1, 18);
    pen.globalAlpha = 1;
    write(written, from, top + 13, ink.blocked, true);
  }
  pen.save();
  pen.beginPath();
  pen.rect(x0, top, x1 - x0, rowHeight);
  pen.clip();
  write(written, from, top + 13, ink["blocked-ink"], true);
  pen.restore();
  taken.push([x0, Math.max(x1, end) + 6]);
}

function drawLabels(run, shown, top, width, taken) {
  const order = shown.map((i, k) => k).sort((a, b) => weightOf(run, shown[b]) - weightOf(run, shown[a]) || a - b);
  const xs = shown.map((i) => xOf(run.u[i]));
  for (const k of order) {
    const i = shown[k], x = xs[k] + 8, loud = weightOf(run, i) >= 4;
    if (run.blocked.has(i)) continue;
    const next = loud ? width : k + 1 < xs.length ? xs[k + 1] - 7 : width;
    let room = Math.min(next, width - 2) - x;
    for (const [from, to] of taken) if (to > x && from >= x - 8) room = Math.min(room, from - x - 4);
    if (taken.some(([from, to]) => x >= from && x <= to) || room < 24) continue;
    const text = run.fails(i) ? fittedError(sayEvent(run, i), Math.min(room, 330)) : fitted(sayEvent(run, i), Math.min(room, loud ? 330 : 160), loud);
    if (text.length < (text.endsWith("…") ? 10 : 4)) continue;
    const w = pen.measureText(text).width;
    if (loud) {
      pen.fillStyle = ink.paper;
      pen.globalAlpha = 0.9;
      pen.fillRect(x - 2, top + 5, w + 4, 16);
      pen.globalAlpha = 1;
    }
    write(text, x, top + 13, run.fails(i) ? ink.error : isFault(run, i) ? ink.fault : ink.ink, loud);
    taken.push([xs[k] - 6, x + w + 4]);
  }
}

// glyph draws the sign of an event.
function glyph(run, i, x, y) {
  const kind = data.kinds[run.kind[i]];
  if (matches.text && matches.has.get(run)[i]) {
    pen.fillStyle = ink.match;
    pen.fillRect(x - 6, y - 12, 12, 24);
  }
  if (run.blocked.has(i)) return;
  pen.strokeStyle = pen.fillStyle = run.fails(i) ? ink.error : isFault(run, i) ? ink.fault : kind === "settle" ? ink.good : kind === "fire" ? ink.ink : ink.faint;
  pen.lineWidth = 1.5;
  pen.beginPath();
  switch (run.fails(i) && kind === "settle" ? "reject" : kind) {
    case "fire":
      pen.rect(x - 1, y - 9, 2, 18);
      pen.fill();
      break;
    case "settle":
      pen.arc(x, y, 4.5, 0, 7);
      pen.fill();
      break;
    case "reject":
      pen.moveTo(x, y - 7);
      pen.lineTo(x + 7, y);
      pen.lineTo(x, y + 7);
      pen.lineTo(x - 7, y);
      pen.fill();
      break;
    case "panic": case "escape":
      pen.lineWidth = 3;
      pen.moveTo(x - 5, y - 6);
      pen.lineTo(x + 5, y + 6);
      pen.moveTo(x + 5, y - 6);
      pen.lineTo(x - 5, y + 6);
      pen.stroke();
      break;
    case "unobserved":
      pen.arc(x, y, 5.5, 0, 7);
      pen.moveTo(x, y - 3);
      pen.lineTo(x, y + 3);
      pen.stroke();
      break;
    case "leave": case "return": {
      const d = kind === "leave" ? -1 : 1;
      pen.fillStyle = ink.outside;
      pen.moveTo(x, y + 5 * d);
      pen.lineTo(x - 4.5, y - 3 * d);
      pen.lineTo(x + 4.5, y - 3 * d);
      pen.fill();
      break;
    }
    case "await":
      pen.rect(x - 3, y - 5, 2, 10);
      pen.rect(x + 1, y - 5, 2, 10);
      pen.fill();
      break;
    case "promise":
      pen.arc(x, y, 3.5, 0, 7);
      pen.stroke();
      break;
    case "stop": case "cancel": case "refuse":
      pen.moveTo(x - 3.5, y - 3.5);
      pen.lineTo(x + 3.5, y + 3.5);
      pen.moveTo(x + 3.5, y - 3.5);
      pen.lineTo(x - 3.5, y + 3.5);
      pen.stroke();
      break;
    case "close":
      pen.rect(x - 1.5, y - 12, 3, 24);
      pen.fill();
      break;
    case "arm": case "hold": case "release":
      pen.rect(x - 3, y - 3, 6, 6);
      pen.stroke();
      break;
    default:
      pen.arc(x, y, 2, 0, 7);
      pen.fill();
  }
  if (run.noted.has(i)) {
    pen.strokeStyle = ink.faint;
    pen.lineWidth = 1;
    pen.strokeRect(x - 9, y - 10, 18, 20);
  }
}

// upright draws a line across all lanes, with a word at its foot.
function upright(place, height, color, text) {
  const x = xOf(place);
  if (x < gutter || x > lanesBox.clientWidth) return;
  pen.fillStyle = color;
  pen.fillRect(x - 1, axisHeight, 2, height);
  pen.font = bold;
  const w = pen.measureText(text).width, left = Math.min(x, lanesBox.clientWidth - w - 10);
  pen.fillRect(left - 1, height - 20, w + 10, 20);
  write(text, left + 4, height - 10, ink.paper, true);
}

function drawGap(height) {
  for (const run of runs) {
    if (run.skipped === 0 || run.first === 0 && run.n === 0) continue;
    upright(run.first > 0 ? run.u[run.first - 1] : 0, height, ink.faint, plural(run.skipped, "event") + " left out" + (run.name ? " of " + run.name : ""));
  }
}

function drawDiffer(height) {
  const found = findings.find((f) => f.kind === "differ");
  if (found) upright(found.run.n ? found.run.u[found.event] - 0.5 * (1 - axis.blend) / axis.steps : 0, height, ink.chosen, "the runs part");
}

function drawChosen(top) {
  for (const [hit, width] of [[view.hover, 1], [view.chosen, 2]]) {
    if (!hit) continue;
    const {run, event} = hit, row = rowOf.get(run)[run.lane[event]];
    if (row < 0) continue;
    pen.strokeStyle = ink.chosen;
    pen.lineWidth = width;
    if (run.blocked.has(event)) {
      const [x0, x1] = blockedBar(run, event);
      pen.strokeRect(x0 - 2, top(row) + 1, x1 - x0 + 4, 24);
    } else pen.strokeRect(xOf(run.u[event]) - 9, top(row) + 2, 18, 22);
  }
}

// drawOverview draws the whole run in a strip: how much happens where, and the findings.
function drawOverview() {
  const width = $("stage").clientWidth, height = 44, p = sized($("overview"), width, height);
  const room = Math.max(1, width - gutter - 16), at = (place) => gutter + place * room;
  p.drawImage(wholeRun(width, height, room), 0, 0, width, height);
  p.fillStyle = ink.panel;
  p.globalAlpha = 0.65;
  p.fillRect(gutter, 0, at(view.from) - gutter, height);
  p.fillRect(at(view.from + view.span), 0, width, height);
  p.globalAlpha = 1;
  p.strokeStyle = ink.chosen;
  p.lineWidth = 1.5;
  p.strokeRect(at(view.from), 1, Math.max(3, view.span * room), height - 2);
}

// wholeRun draws what of the strip does not change when the view moves.
function wholeRun(width, height, room) {
  const key = [width, height, devicePixelRatio, axis.blend, matches.text, ink.paper].join();
  if (wholeRun.key === key) return wholeRun.canvas;
  wholeRun.key = key;
  wholeRun.canvas = document.createElement("canvas");
  const p = sized(wholeRun.canvas, width, height);
  p.fillStyle = ink.paper;
  p.fillRect(0, 0, width, height);
  const bins = new Uint32Array(room + 1), marked = new Uint8Array(room + 1);
  let most = 1;
  for (const run of runs) {
    const has = matches.has.get(run);
    for (let i = 0; i < run.n; i++) {
      const b = Math.min(room, Math.floor(run.u[i] * room));
      most = Math.max(most, ++bins[b]);
      if (has[i]) marked[b] = 1;
    }
  }
  for (let b = 0; b <= room; b++) {
    if (marked[b]) {
      p.fillStyle = ink.match;
      p.fillRect(gutter + b - 1, 0, 3, height);
    }
    if (bins[b]) {
      p.fillStyle = ink.faint;
      const h = 3 + Math.sqrt(bins[b] / Math.max(most, 8)) * 22;
      p.fillRect(gutter + b, height - h, 1, h);
    }
  }
  const colors = {blocking: ink.blocked, fault: ink.fault, error: ink.error, differ: ink.chosen, remark: ink.faint};
  for (const f of findings) {
    if (!f.run.n) continue;
    p.fillStyle = colors[f.kind];
    p.fillRect(gutter + f.run.u[f.event] * room - 1.5, 2, 3, f.kind === "blocking" ? 16 : 9);
  }
  p.font = font;
  p.textBaseline = "middle";
  p.fillStyle = ink.faint;
  p.fillText("the whole run", 10, height / 2);
  return wholeRun.canvas;
}
