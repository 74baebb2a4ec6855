
// The strip over the lanes shows the whole run.

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
