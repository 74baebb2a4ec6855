
// Faults stand behind all lanes: they are in force for all.

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
