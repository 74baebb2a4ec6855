
// The runs that the page shows. Each is in columns: an event is the n-th of each, a thing
// is the number of its identity, a text or a kind is a number too.

const data = JSON.parse(document.getElementById("run").textContent);
const texts = data.texts;
const kinds = {};
data.kinds.forEach((name, i) => { kinds[name] = i; });

// begins are the kinds with which a thing comes up, and the kind that ends it.
const begins = new Map([
  [kinds.promise, [kinds.settle]],
  [kinds.arm, [kinds.fire, kinds.stop]],
  [kinds.leave, [kinds.return]],
  [kinds.post, [kinds.fire]],
  [kinds.hold, [kinds.release]],
]);

// doings are the kinds of what a callback does while it runs.
const doings = new Set(["post", "arm", "stop", "promise", "settle", "refuse", "await", "leave", "choose", "panic", "touch", "charge", "cancel"].map((name) => kinds[name]));

class Run {
  constructor(columns, name) {
    Object.assign(this, columns);
    this.name = name; // "A" or "B" beside another run, otherwise ""
    this.n = this.kind.length;
    for (let i = 1; i < this.n; i++) {
      this.s[i] += this.s[i - 1];
      this.ns[i] += this.ns[i - 1];
      this.turn[i] += this.turn[i - 1];
    }
    this.things = this.ids.length / 8;
    this.t = new Float64Array(this.n); // seconds, to draw by: never falling
    this.latest = 0;
    for (let i = 0, t = 0; i < this.n; i++) {
      const now = this.s[i] + this.ns[i] / 1e9;
      if (now > t) {
        t = now;
        this.latest = i;
      }
      this.t[i] = t;
    }
    this.dues = new Map();
    for (let k = 0; k < this.due.length; k += 3) {
      this.dues.set(this.place(this.due[k]), [this.due[k + 1], this.due[k + 2]]);
    }
    this.site = new Map();
    for (let k = 0; k < this.sites.length; k += 2) this.site.set(this.sites[k], this.sites[k + 1]);
    this.index();
    this.findSpans();
    for (const note of this.notes) {
      note.leftOut = note.event >= 0 && this.place(note.event) < 0;
      note.event = note.event < 0 ? -1 : this.place(note.event);
    }
  }

  // number returns the number of an event in the whole run, place its place on the page.
  number(i) { return i < this.first ? i : i + this.skipped; }
  place(number) {
    if (number < this.first) return number;
    return number < this.first + this.skipped ? -1 : number - this.skipped;
  }

  // index finds which events are about a thing, and those of each lane.
  index() {
    const count = (column, size) => {
      const start = new Int32Array(size + 1);
      for (const v of column) start[v + 1]++;
      for (let v = 0; v < size; v++) start[v + 1] += start[v];
      const next = start.slice(), list = new Int32Array(this.n);
      for (let i = 0; i < this.n; i++) list[next[column[i]]++] = i;
      return (v) => list.subarray(start[v], start[v + 1]);
    };
    this.eventsOf = count(this.id, this.things);
    this.eventsIn = count(this.lane, this.lanes.length);
    const none = () => new Int32Array(this.things).fill(-1);
    this.made = none();
    this.fired = none();
    this.settled = none();
    for (let i = 0; i < this.n; i++) {
      const id = this.id[i], kind = this.kind[i];
      if (begins.has(kind) && this.made[id] < 0) this.made[id] = i;
      if (kind === kinds.fire && this.fired[id] < 0) this.fired[id] = i;
      if (kind === kinds.settle && this.settled[id] < 0) this.settled[id] = i;
    }
  }

  // findSpans finds what takes time: things from their beginning to their end, and
  // callbacks. A callback runs at least until the last that it did, and as long as time
  // passes though others are ready: a loop that nobody keeps busy runs these.
  findSpans() {
    this.within = new Int32Array(this.n).fill(-1); // by event: that in which the callback began that did it
    this.spansIn = this.lanes.map(() => []);
    this.busy = new Map(); // by the fire of a callback that took time: the event to which it ran
    this.resumes = new Map(); // by the fire of a callback: the coroutine that it resumed
    const open = new Map(), ready = new Set();
    let running = -1;
    for (let i = 0; i < this.n; i++) {
      const kind = this.kind[i], id = this.id[i];
      if (running >= 0) {
        if (this.isDoing(i, running)) {
          this.within[i] = running;
          if (this.cause[i] !== this.id[running]) this.resumes.set(running, this.cause[i]);
        }
        const on = this.within[i] >= 0 || ready.size > 0 && this.t[i] > this.t[i - 1];
        if (on && this.t[i] > this.t[running]) this.busy.set(running, i);
      }
      const mine = open.get(id);
      if (mine !== undefined && begins.get(this.kind[mine]).includes(kind)) {
        open.delete(id);
        this.addSpan(mine, i);
      }
      if (begins.has(kind)) open.set(id, i);
      if (kind === kinds.post || kind === kinds.release) ready.add(id);
      if (kind === kinds.fire || kind === kinds.hold) ready.delete(id);
      if (kind === kinds.fire) running = i;
    }
    for (const [, i] of open) if (this.kind[i] !== kinds.post) this.addSpan(i, this.n);
    this.busyIn = this.lanes.map(() => []);
    for (const i of this.busy.keys()) this.busyIn[this.lane[i]].push(i);
    for (const spans of this.spansIn) {
      spans.sort((a, b) => a.from - b.from);
      const free = [-1, -1, -1];
      for (const span of spans) {
        let track = free.findIndex((until) => until <= span.from);
        if (track < 0) track = free.length - 1;
        free[track] = Math.max(free[track], span.to);
        span.track = track;
      }
    }
  }

  // isDoing reports whether an event is the doing of the callback that runs, or of a
  // coroutine that it resumed. A future that has been settled does not do anything but
  // post its handlers.
  isDoing(i, running) {
    const kind = this.kind[i], by = this.cause[i];
    if (!doings.has(kind)) return false;
    if (by === this.id[running]) return true;
    return this.madeKind(by) === kinds.promise && (kind !== kinds.post || !(this.settled[by] >= 0 && this.settled[by] < i));
  }

  addSpan(from, to) {
    if (to < this.n && this.t[from] === this.t[to] && this.kind[from] === kinds.post) return;
    this.spansIn[this.lane[from]].push({from, to, track: 0});
  }

  idText(id) { return id === 0 ? "driver" : this.ids.substr(8 * id, 8); }
  labelText(i) { return texts[this.label[i]]; }
  detailText(i) { return texts[this.detail[i]]; }
  laneText(lane) { return texts[this.lanes[lane]]; }

  // rejects reports whether a future is rejected in an event, fails whether something is
  // wrong there.
  rejects(i) { return this.kind[i] === kinds.settle && this.detailText(i).startsWith("rejected: "); }
  fails(i) {
    const kind = this.kind[i];
    return kind === kinds.panic || kind === kinds.escape || kind === kinds.unobserved || this.rejects(i);
  }

  // source returns the event that led to an event; -1 if nothing did, or it is not shown.
  source(i) {
    const kind = this.kind[i], id = this.id[i], cause = this.cause[i];
    if (this.within[i] >= 0) return this.within[i];
    if (kind !== this.madeKind(id) && this.made[id] >= 0 && this.made[id] < i && (kind === kinds.fire || kind === kinds.return || kind === kinds.stop && cause === 0)) return this.made[id];
    if (cause === 0 || cause === id && kind !== kinds.panic) return -1;
    for (const of of [this.settled, this.fired, this.made]) if (of[cause] >= 0 && of[cause] < i) return of[cause];
    return -1;
  }
  madeKind(id) { return this.made[id] < 0 ? -1 : this.kind[this.made[id]]; }
}

const runs = data.runs.map((columns, i) => new Run(columns, data.runs.length > 1 ? "AB"[i] : ""));
