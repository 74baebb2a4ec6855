
// The drawing of what is in view. It costs as much as there is in view, whatever the
// length of the run, and is a single element of the document.

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
