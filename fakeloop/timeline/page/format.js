
// Words for times and events.

// duration writes a time as Go does: "1m2.5s".
function duration(s, ns) {
  let all = BigInt(s) * 1000000000n + BigInt(ns);
  if (all === 0n) return "0s";
  if (all === 9223372036854775807n) return "never";
  const sign = all < 0n ? "-" : "";
  if (all < 0n) all = -all;
  const part = (value, unit, digits) => {
    const fraction = String(value % unit).padStart(digits, "0").replace(/0+$/, "");
    return String(value / unit) + (fraction ? "." + fraction : "");
  };
  if (all < 1000n) return sign + all + "ns";
  if (all < 1000000n) return sign + part(all, 1000n, 3) + "µs";
  if (all < 1000000000n) return sign + part(all, 1000000n, 6) + "ms";
  const hours = all / 3600000000000n, minutes = all / 60000000000n % 60n;
  const seconds = part(all % 60000000000n, 1000000000n, 9) + "s";
  return sign + (hours ? hours + "h" : "") + (hours || minutes ? minutes + "m" : "") + seconds;
}

// about writes seconds rounded to a grain, for the axis and for lengths.
function about(seconds, grain) {
  const rounded = Math.round(seconds / grain) * grain;
  const whole = Math.trunc(rounded);
  return duration(whole, Math.round((rounded - whole) * 1e9));
}

const timeOf = (run, i) => duration(run.s[i], run.ns[i]);
const minus = (run, a, b) => duration(run.s[a] - run.s[b], run.ns[a] - run.ns[b]);
const plural = (n, word) => n.toLocaleString("en") + " " + word + (n === 1 ? "" : word.endsWith("ch") ? "es" : "s");
const oneLine = (text, limit) => {
  text = text.replace(/\s+/g, " ");
  return text.length > limit ? text.slice(0, limit) + "…" : text;
};

// referent is the name in an event's words about another thing: "reply" of "\"reply\" (aaaa0000)".
function referent(text) {
  const quoted = /^"((?:[^"\\]|\\.)*)" \([0-9a-f]{8}\)$/.exec(text);
  return quoted ? quoted[1] : text;
}

// nameOf names a thing.
function nameOf(run, id) {
  if (id === 0) return "the driver";
  for (const of of [run.made, run.fired, run.settled]) {
    if (of[id] >= 0 && run.label[of[id]]) return run.labelText(of[id]);
  }
  return run.idText(id);
}

// sayEvent says in a few words what happened in an event.
function sayEvent(run, i) {
  const kind = data.kinds[run.kind[i]] || "kind(" + run.kind[i] + ")";
  const label = run.label[i] ? " " + run.labelText(i) : "";
  const detail = run.detailText(i);
  const rest = detail && detail !== "resolved" ? ": " + detail : "";
  switch (kind) {
    case "settle":
      return run.rejects(i) ? "reject" + label + ": " + detail.slice("rejected: ".length) : "settle" + label + rest;
    case "arm": {
      const due = run.dues.get(i);
      if (!due) return "arm" + label;
      const [s, ns] = due;
      return duration(s, ns) === "never" ? "arm" + label + ", never due" : "arm" + label + " +" + duration(s - run.s[i], ns - run.ns[i]);
    }
    case "await":
      return "await " + referent(detail);
    case "touch":
      return (detail || "touch") + label;
    default:
      return kind + label + rest;
  }
}

// classOf is how an event is set off from others: "blocking", "fault", "error" or "".
function classOf(run, i) {
  if (run.blocked.has(i)) return "blocking";
  if (run.fails(i)) return "error";
  return isFault(run, i) ? "fault" : "";
}

// isFault reports whether an event is the switch of a fault at the gate of a network.
function isFault(run, i) {
  return run.kind[i] === kinds.pass && /^fault \d+ (on|off)\b/.test(run.labelText(i));
}
