
// What is drawn in a lane.

const trackTop = (track) => 27 + track * 6;
const spanEnd = (run, to) => to < run.n ? run.u[to] : placeOf(run, axis.end);

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
