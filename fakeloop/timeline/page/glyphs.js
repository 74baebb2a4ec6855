
// The signs of events.

// weightOf orders events that stand on one pixel: the weightiest is drawn.
function weightOf(run, i) {
  if (run.blocked.has(i)) return 6;
  if (run.fails(i)) return 5;
  if (run.noted.has(i) || isFault(run, i)) return 4;
  if (matches.text && matches.has.get(run)[i]) return 3;
  return run.kind[i] === kinds.fire || run.kind[i] === kinds.settle ? 2 : 1;
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
