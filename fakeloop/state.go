package fakeloop

import (
	"container/list"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// status is how far a future is.
type status uint8

const (
	isPending status = iota
	isResolved
	isRejected
)

// state is the part of a future that does not depend on the type of its value.
// Its loop's lock guards it. What few futures have is in rare.
type state struct {
	loop      *Loop
	id        timeline.ID
	mark      timeline.Mark // of the event in which it was made
	label     string
	site      *place
	status    status
	observed  bool   // somebody saw, or will see, the error
	quiet     bool   // nobody is to be told of an error that nobody sees
	locked    bool   // it adopted another, and has the outcome of that one only
	asked     bool   // it was cancelled, and DecideCancel's function has to decide
	gone      bool   // it was given up: an outcome that comes now is late
	late      bool   // it stands for an error that came late; see lateness
	minders   uint32 // who may yet pass the error on: futures and drivers that wait
	handled   uint32 // how many wait for it or did: handlers, and futures tied to it
	gaveUp    uint32 // how many of them do no longer
	err       error
	detail    string     // the outcome as the timeline tells it
	first     reaction   // most futures have one
	coroutine *Coroutine // whose outcome this is, if it is a coroutine's
	source    *state     // what a derived future, or a suspended coroutine's, waits for
	rare      *rare
	prev      *state // links of the list it stands in
	next      *state
	list      *stateList
}

// rare is what few futures have.
type rare struct {
	more      []reaction        // the handlers behind the first
	canceller func(cause error) // stops the work
	decider   func(cause error) // decides what comes of a cancellation
	watches   *list.List        // what the loop does at the settle itself; see watch
	ties      []tie             // what it waits for, to be settled together with it
	settler   *settler          // who settled it; with sites
	report    *UnobservedError  // what Config.OnUnobserved was told
}

// seldom returns the rare part, made if need be. The caller holds the loop's lock.
func (s *state) seldom() *rare {
	if s.rare == nil {
		s.rare = new(rare)
	}
	return s.rare
}

// init makes the state that of a pending future of l that waits for source,
// which may be nil.
func (s *state) init(l *Loop, label string, source *state) {
	s.site = l.site()
	l.mu.Lock()
	defer l.mu.Unlock()
	s.begin(l, label, source)
}

// begin is init but for the site. The caller holds l.mu.
func (s *state) begin(l *Loop, label string, source *state) {
	if l.closed {
		panic("fakeloop: a future was made on a closed loop: its handlers would never run")
	}
	s.loop, s.label, s.source = l, label, source
	l.readClock()
	s.id, s.mark = l.log.AddChild(timeline.Promised, l.elapsed(), l.turn, l.scope.id, l.scope.next(), label, 0)
	l.recordSite(s.id, s.site)
	l.pending.add(s)
	if l.faulting != nil && s.site != nil {
		l.faulting.made[s.id] = s.site
	}
}

// settle gives the future its outcome and posts its handlers. It reports
// whether it did; the first settle wins.
func (f *Future[T]) settle(v T, err error) bool {
	if err != nil {
		return f.pass(err, rejection(err))
	}
	f.loop.mu.Lock()
	defer f.loop.mu.Unlock()
	if f.refuses("resolved") {
		return false
	}
	f.value = v // never beside an error
	f.finish(nil, "resolved")
	return true
}

// pass rejects the future with an error whose text is known.
func (s *state) pass(err error, detail string) bool {
	if s.loop.faulting != nil {
		s.tellFake(err)
	}
	s.loop.mu.Lock()
	defer s.loop.mu.Unlock()
	if s.refuses(detail) {
		return false
	}
	s.finish(err, detail)
	return true
}

// handDown settles derived with the error of s. If that was given up before, and s no
// longer counts as unobserved itself, the error is not lost.
func (s *state) handDown(derived *state) {
	if derived.pass(s.err, s.detail) {
		return
	}
	s.loop.mu.Lock()
	counted := s.observed
	s.loop.mu.Unlock()
	if counted {
		derived.lateness(s.err)
	}
}

// rejection is how the timeline tells of a rejection. It calls user code, so never
// under the loop's lock.
func rejection(err error) string { return "rejected: " + errorText(err) }

// refuses reports, and records, that it is too late for the outcome that detail
// tells. The caller holds the loop's lock.
func (s *state) refuses(detail string) bool {
	if s.status == isPending && !s.locked {
		return false
	}
	s.loop.record(timeline.Refused, s.id, s.loop.scope.id, s.label, detail)
	return true
}

// finish settles the state. The caller holds the loop's lock.
func (s *state) finish(err error, detail string) {
	l := s.loop
	s.status, s.err, s.detail, s.source = isResolved, err, detail, nil
	if err != nil {
		s.status = isRejected
	}
	l.readClock()
	l.log.AddOf(s.mark, timeline.Settled, l.elapsed(), l.turn, s.id, l.scope.id, detail)
	s.list.remove(s)
	if err != nil {
		s.observed = s.observed || l.ended // it is Close's doing
		s.loseUnlessSeen()
	}
	if s.handled > 0 && !l.closed {
		s.post(1, s.first)
	}
	s.first, s.coroutine = reaction{}, nil
	if l.sites.Load() {
		s.seldom().settler = l.settler()
	}
	if s.rare != nil {
		s.finishRare()
	}
	l.wake()
	l.notify()
}

// finishRare is finish for what few futures have.
func (s *state) finishRare() {
	r := s.rare
	if !s.loop.closed {
		for i, h := range r.more {
			s.post(uint32(i+2), h)
		}
	}
	r.more, r.canceller, r.decider = nil, nil, nil
	s.cutTies()
	s.tell()
}

// describe names the future, says how far it is and where it was made. The
// caller holds the loop's lock.
func (s *state) describe() string { return s.identify() + ", " + s.status.String() }

// identify names the future and says where it was made.
func (s *state) identify() string { return s.name() + s.site.suffix() }

// name names the future.
func (s *state) name() string { return "future " + describe(s.id, s.label) }

func (st status) String() string {
	return [...]string{isPending: "pending", isResolved: "resolved", isRejected: "rejected"}[st]
}
