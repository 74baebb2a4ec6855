package fakeloop

import (
	"cmp"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// never is the instant that does not come: delays that overflow end there.
const never = math.MaxInt64

// epoch is the instant at which virtual time starts, the same as in a
// testing/synctest bubble.
var epoch = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

// Loop is one ordered queue of callbacks and timers, which runs one callback at
// a time. Make one with New and end it with Close. All methods may be called
// from any goroutine; Post says what follows for the order of a run.
type Loop struct {
	mode    Mode
	source  Source
	fatal   func(any) bool
	onError func(error)

	onCallback func(CallbackInfo) func()

	onUnobserved, onObserved func(*UnobservedError)

	policy  Policy
	offload OffloadStart
	sites   atomic.Bool
	places  places
	strict  bool

	tellDropped bool

	trusting bool // nobody looks at who calls; false in a loop that New did not make
	setBy    func(string) string
	limit    int
	guard    time.Duration
	horizon  int64 // how far a driving call may move time, ns
	epoch    time.Time

	mu       sync.Mutex
	log      timeline.Timeline
	now      int64                // ns since epoch
	turn     uint64               // the turn under way, or the last one
	lanes    map[timeline.ID]bool // scratch of decideNext
	queue    queue
	timers   timerQueue
	scope    scope // whose children things made now are
	root     scope // the driver, while a callback is in progress
	origins  map[string]*scope
	running  bool // a callback is in progress
	driven   bool // a driving call is in progress (virtual)
	stopping bool
	closed   bool
	errs     []error        // panics not yet returned to anybody
	returned []*drivenError // of which Close tells what nobody looked at, if tellDropped

	pending    stateList               // futures not yet settled
	unobserved stateList               // rejections nobody has looked at
	fresh      stateList               // those that Config.OnUnobserved is to be told of
	telling    []*state                // whose watchers are being told; see tell
	ended      bool                    // Close rejects what is pending, or has
	coroutines map[*Coroutine]struct{} // started and not ended
	inside     *Coroutine              // the one whose body is running
	started    uint64

	outside  []*Work // in the order in which they left
	expected *Work   // the one a virtual loop waits for
	held     held
	contexts map[*loopContext]struct{} // not yet ended

	maker    goroutine     // called New, if the loop tracks goroutines
	sleeping bool          // somebody waits on wakeup
	wakeup   chan struct{} // one slot
	wakes    uint64        // how often somebody had a reason to wake a sleeper,
	looked   uint64        // and how often when the driver of a virtual loop last began to look
	watchers int           // how many look for changes, or wait on changed
	changed  chan struct{} // closed and replaced after each callback
	beside   beside
	signals  *signals // nil until the first OnSignal
	choices  choices
	faulting *faulting
	trapping trapping

	gate         Gate
	noteScopes   map[Passage]*scope
	passLimit    int
	instantLimit int  // 0 for none
	nearLimit    bool // one of the two limits is near: places of posts are noted
	spread       time.Duration
	goroutines   []*Goroutine      // started by Go and not ended
	names        map[string]uint64 // how many of each name
}

// New returns a running loop at virtual instant 2000-01-01T00:00:00Z, or, in
// Bubble and Wall mode, one that runs on a goroutine of its own until Close. It
// panics if the configuration makes no sense, and in Bubble mode if it is called
// outside a testing/synctest bubble.
func New(c Config) *Loop {
	c.check()
	l := &Loop{
		mode:    c.Mode,
		source:  c.Decisions,
		fatal:   c.Fatal,
		onError: c.OnError,

		onCallback: c.OnCallback,

		onUnobserved: c.OnUnobserved,
		onObserved:   c.OnObserved,

		policy:  c.Outside,
		offload: c.Offload,
		strict:  c.Strict,

		tellDropped: c.TellDropped,

		setBy:   c.SetBy,
		limit:   cmp.Or(c.Limit, DefaultLimit),
		guard:   cmp.Or(c.Guard, DefaultGuard),
		horizon: int64(cmp.Or(c.Horizon, never)),

		passLimit:    cmp.Or(c.PassLimit, DefaultPassLimit),
		instantLimit: c.InstantLimit,
		spread:       c.Spread,

		epoch:   epoch,
		wakeup:  make(chan struct{}, 1),
		changed: make(chan struct{}),

		coroutines: make(map[*Coroutine]struct{}),
		lanes:      make(map[timeline.ID]bool),
	}
	l.gate.loop = l
	l.trusting = !l.strict && l.mode != Bubble
	l.faulting = newFaulting(c.Decisions)
	l.sites.Store(c.Sites)
	if l.tracksGoroutines() {
		l.maker = thisGoroutine()
	}
	if l.mode != Virtual {
		l.startBeside(c)
	}
	return l
}

// Mode returns the clock the loop runs on.
func (l *Loop) Mode() Mode { return l.mode }

// Now returns the loop's time. In a callback of a virtual loop it is the later
// of the loop's time and the callback's due time, and changes until the
// callback returns by [Loop.Charge] only. It never goes back. That of a closed loop can
// be read from outside its bubble.
func (l *Loop) Now() time.Time {
	l.checkClock("Now")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readClock()
	return l.epoch.Add(time.Duration(l.now))
}

// Elapsed returns how much of the loop's time has passed since New. That of a closed
// loop can be read from outside its bubble.
func (l *Loop) Elapsed() time.Duration {
	l.checkClock("Elapsed")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readClock()
	return time.Duration(l.now)
}

// checkClock is checkBubble for who reads the clock: that of a closed loop stands still,
// and the futures of one that its test has left behind are looked at afterwards.
func (l *Loop) checkClock(what string) {
	l.checkMade(what)
	if l.mode == Bubble {
		l.mu.Lock()
		closed := l.closed
		l.mu.Unlock()
		if closed {
			return
		}
	}
	l.checkBubble(what)
}

// Timeline returns the record of the run so far.
func (l *Loop) Timeline() *timeline.Timeline {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Snapshot()
}

// Post puts f at the end of the ready queue; it runs in the next turn. In a
// callback, in a coroutine, and between driving calls, the order of a run is
// the order of its posts. A goroutine that does not belong to the loop can
// call Post too, but whatever it posts is taken for the doing of the callback
// that happens to run, and the run may differ from the next: it should
// announce itself with Outside, or say who it is with PostFrom.
//
// Post panics if f is nil or the loop is closed.
func (l *Loop) Post(f func()) { Named{loop: l}.Post(f) }

// PostFrom is Post for a goroutine that does not belong to the loop. Origin
// says who it is: the n-th callback of one origin has the same identity in
// every run. It wakes the loop if it sleeps.
//
// It returns ErrClosed, and f will not run, if the loop is closed. It panics if
// f is nil or origin is empty.
func (l *Loop) PostFrom(origin string, f func()) error {
	if f == nil {
		panic("fakeloop: PostFrom with a nil function")
	}
	if origin == "" {
		panic("fakeloop: PostFrom without an origin; give the posting goroutine a name, the same in every run")
	}
	caller := l.checkBubble("PostFrom")
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	s := l.origins[origin]
	if s == nil {
		s = &scope{id: named(origin)}
		if l.origins == nil {
			l.origins = make(map[string]*scope)
		}
		l.origins[origin] = s
	}
	t := task{id: s.child(), parent: s.id, label: origin, fn: f}
	switch {
	case l.mode != Bubble || l.runsOn(caller) || !l.running && caller == l.maker.id && !l.hasArrived():
		l.enqueueTask(t)
	case caller == l.maker.id:
		l.arrive(t, timeline.Driver)
	default:
		l.arrive(t, s.id)
	}
	return nil
}

// AfterFunc arranges for f to run on the loop once d has passed on the loop's
// clock. Timers with equal deadlines fire in the order in which they were set.
// A zero or negative d is due at once: f runs in the next turn, ordered by its
// deadline. A d that overflows never comes.
//
// AfterFunc panics if f is nil or the loop is closed.
func (l *Loop) AfterFunc(d time.Duration, f func()) *Timer {
	return Named{loop: l}.AfterFunc(d, f)
}

// Named is a view of a loop under which callbacks and timers carry a label in
// the timeline and in the texts of failures.
type Named struct {
	loop  *Loop
	label string
}

// Named returns a view of l that labels what is posted or set through it.
func (l *Loop) Named(label string) Named { return Named{l, label} }

// Post is [Loop.Post] with a label.
func (n Named) Post(f func()) {
	if f == nil {
		panic("fakeloop: Post with a nil function")
	}
	l := n.loop
	l.checkCaller("Post")
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		panic("fakeloop: Post on a closed loop: the callback would never run; a goroutine that may outlive the loop calls PostFrom, which returns an error instead")
	}
	switch {
	case l.mode == Bubble && l.running && l.isBeside():
		l.arrive(task{id: l.root.child(), parent: l.root.id, label: n.label, fn: f}, timeline.Driver)
	case l.mode == Bubble && !l.running && l.hasArrived():
		l.arrive(task{id: l.scope.child(), parent: l.scope.id, label: n.label, fn: f}, timeline.Driver)
	default:
		l.placePost()
		l.enqueue(l.scope.id, l.scope.next(), n.label, f)
	}
	l.mu.Unlock()
}

// AfterFunc is [Loop.AfterFunc] with a label.
func (n Named) AfterFunc(d time.Duration, f func()) *Timer {
	if f == nil {
		panic("fakeloop: AfterFunc with a nil function")
	}
	l := n.loop
	l.checkCaller("AfterFunc")
	t := &Timer{loop: l, label: n.label, fn: f, site: l.site()}
	if l.faulting != nil {
		d = t.delay(d)
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		panic("fakeloop: AfterFunc on a closed loop: the timer would never fire")
	}
	l.arm(t, d)
	l.mu.Unlock()
	return t
}

// record appends an event at the present instant. The caller holds l.mu.
func (l *Loop) record(k timeline.Kind, id, cause timeline.ID, label, detail string) {
	l.readClock()
	if detail == "" {
		l.log.Add(k, l.elapsed(), l.turn, id, cause, label)
		return
	}
	l.log.Append(timeline.Event{At: l.elapsed(), Turn: l.turn, Kind: k, ID: id, Cause: cause, Label: label, Detail: detail})
}

// recordSite notes where a thing was made, if that is known. The caller holds l.mu.
func (l *Loop) recordSite(id timeline.ID, site *place) {
	if site != nil {
		l.log.AddSite(id, site.text)
	}
}

// enqueue appends a callback, the n-th child of its parent, to the ready queue. The
// caller holds l.mu.
func (l *Loop) enqueue(parent timeline.ID, n int64, label string, fn func()) {
	l.readClock()
	id, mark := l.log.AddChild(timeline.Posted, l.elapsed(), l.turn, parent, n, label, 0)
	t := l.queue.push()
	t.id, t.parent, t.mark, t.fn = id, parent, mark, fn
	if t.label != label { // seldom: fewer pointers for the garbage collector to hear of
		t.label = label
	}
	l.wake()
}

// enqueueTask is enqueue for a callback that has its identity. The caller holds l.mu.
func (l *Loop) enqueueTask(t task) {
	l.readClock()
	t.mark = l.log.Add(timeline.Posted, l.elapsed(), l.turn, t.id, t.parent, t.label)
	*l.queue.push() = t
	l.wake()
}

// wake ends the sleep of whoever waits for something to do. The caller holds
// l.mu.
func (l *Loop) wake() {
	l.wakes++
	if l.sleeping {
		l.rouse()
	}
}

func (l *Loop) rouse() {
	l.sleeping = false
	select {
	case l.wakeup <- struct{}{}:
	default:
	}
}

// notify tells those who watch the loop that something may have changed. The
// caller holds l.mu.
func (l *Loop) notify() {
	if l.watchers > 0 {
		close(l.changed)
		l.changed = make(chan struct{})
	}
}
