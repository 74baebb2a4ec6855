package fakeloop

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Gate lets the events of a bubble through one at a time, in an order that does not
// depend on how the scheduler runs its goroutines. An in-memory network sends through
// it each chunk that it delivers, each connection that it hands over, each deadline;
// see the section on the gate in the package comment for where a gate belongs, and
// where it must not be. Get one with [Loop.Gate].
//
// All methods may be called from any goroutine of the bubble. A nil Gate, and that of
// a loop that is not in [Bubble] mode, lets everything through at once.
type Gate struct {
	loop *Loop

	// Guarded by the director's lock.
	closed bool
	lanes  map[Passage]*passages
	ties   []Passage
}

// Passage says what is about to happen, in words that are the same in every run. It is
// what an event is known by: the n-th event of one Passage has the same identity, and
// the same place among others that wait, however the goroutines race.
//
// Events that can come to the gate in one interval need different Passages. Two of one
// Passage are a tie: they go in the order in which they came, which the scheduler
// decides; [Gate.Ties] tells of them. Events of two intervals are none: the
// earlier one goes first, in every run.
type Passage struct {
	What  string // "accept", "chunk", "deadline"; must not be empty
	From  string // whose doing it is, as "client"; may be empty
	To    string // to whom it is done, as "api:80"; may be empty
	Count int    // which of several with the same From and To: the third connection is 3
	Stack uint64 // CallStack of where it began, for what has no better name; 0 for none
}

// String returns a Passage as it stands in a timeline: "chunk client>api:80#3". The
// call stack is left out.
func (p Passage) String() string {
	text := p.What
	switch {
	case p.From != "" && p.To != "":
		text += " " + p.From + ">" + p.To
	case p.From != "" || p.To != "":
		text += " " + p.From + p.To
	}
	if p.Count != 0 {
		text += "#" + strconv.Itoa(p.Count)
	}
	return text
}

// compare orders Passages: by who has to do with it, then by what it is.
func (p Passage) compare(o Passage) int {
	return cmp.Or(
		cmp.Compare(p.From, o.From),
		cmp.Compare(p.To, o.To),
		cmp.Compare(p.Count, o.Count),
		cmp.Compare(p.What, o.What),
		cmp.Compare(p.Stack, o.Stack),
	)
}

// Gate returns the gate of the loop.
func (l *Loop) Gate() *Gate { return &l.gate }

// Pass waits until it is this event's turn. That is when everything else in the
// bubble is durably blocked, and then for one event at a time: those that have waited
// longest, counted in [Loop.Interval], in the order of their Passages. A callback that
// is ready on a loop of the bubble is one of them. With a source of decisions
// any of them may go first, and which is a decision labelled "next event"; events of
// one Passage keep their order all the same.
//
// The caller does what the event stands for after Pass has returned, and checks then
// whether it is still to be done: a deadline may have been moved, a connection
// closed meanwhile. Until it waits again nothing else is let through.
//
// Pass returns nil when the turn has come, and ErrClosed at once when the loop is, or is
// being, closed: then everything goes through unordered. It panics if p.What is empty.
func (g *Gate) Pass(p Passage) error { return g.pass("Pass", p, false) }

// PassFirst is Pass for what takes in what others have made, before anything goes on:
// reading all that was written to a connection in one interval, however many calls that
// took. Such events go before all others, in the order of their Passages, and are no
// decision.
func (g *Gate) PassFirst(p Passage) error { return g.pass("PassFirst", p, true) }

// Ties returns the Passages of which two or more events came in one interval, each once,
// in the order in which that was noticed. A run may differ from the next there.
func (g *Gate) Ties() []Passage {
	if g == nil || g.loop.mode != Bubble {
		return nil
	}
	d := g.loop.beside.director
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(g.ties)
}

func (g *Gate) pass(method string, p Passage, first bool) error {
	if g != nil {
		g.loop.checkBubble("Gate." + method)
	}
	if p.What == "" {
		panic("fakeloop: Gate." + method + " without What; name the event, the same in every run")
	}
	if g == nil || g.loop.mode != Bubble {
		return nil
	}
	e := &crossing{gate: g, passage: p, first: first, turn: make(chan struct{})}
	if !g.loop.beside.director.arrive(e) {
		return ErrClosed
	}
	<-e.turn
	return e.err
}

// crossing is an event that waits at a gate.
type crossing struct {
	gate    *Gate
	passage Passage
	first   bool
	turn    chan struct{} // closed when it is let through
	err     error         // set before

	lane  *passages
	id    timeline.ID
	cause timeline.ID // what began the interval in which it came
	since uint64      // that interval
	tied  bool
}

// passages is what a gate knows of the events of one Passage.
type passages struct {
	scope   scope
	label   string
	since   uint64 // the interval in which the latest of them came
	came    int    // how many came in it
	tied    bool
	offered uint64 // the interval in which one of them was offered last, as a decision
}

// admit gives an event that comes in this interval its identity. The caller holds the
// director's lock.
func (g *Gate) admit(e *crossing, interval uint64) {
	lane := g.lanes[e.passage]
	if lane == nil {
		p := e.passage
		id := named(p.What + "\x00" + p.From + "\x00" + p.To).Child(math.MinInt64) // unlike anything an origin of that name makes
		lane = &passages{scope: scope{id: id.Child(int64(p.Count)).Child(int64(p.Stack))}, label: p.String()}
		if g.lanes == nil {
			g.lanes = make(map[Passage]*passages)
		}
		g.lanes[p] = lane
	}
	e.lane, e.since = lane, interval
	e.id = lane.scope.child()
	if lane.since != interval {
		lane.since, lane.came = interval, 0
	}
	lane.came++
	e.tied = lane.came > 1
	if e.tied && !lane.tied {
		lane.tied = true
		g.ties = append(g.ties, e.passage)
	}
}
