
// The pen, the colours and the words of the drawing.

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
