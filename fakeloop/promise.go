package fakeloop

import (
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Promise is the settling side of a future. All methods may be called from any
// goroutine, but a goroutine that does not belong to the loop should settle in
// a callback it returns with [Work.Return], which gives the settle a place in
// the order of the run.
type Promise[T any] struct {
	future Future[T]
}

// NewPromise returns a promise whose future is pending. The label names it in
// texts; it may be empty. It panics if the loop is closed.
func NewPromise[T any](l *Loop, label string) *Promise[T] {
	l.checkCaller("NewPromise")
	p := new(Promise[T])
	p.future.init(l, label, nil)
	return p
}

// Resolved returns a future that is resolved with v. It panics if the loop is closed.
func Resolved[T any](l *Loop, v T) *Future[T] {
	p := NewPromise[T](l, "")
	p.Resolve(v)
	return p.Future()
}

// Rejected returns a future that is rejected with err, or with ErrNilRejection if
// that is nil. It panics if the loop is closed.
func Rejected[T any](l *Loop, err error) *Future[T] {
	p := NewPromise[T](l, "")
	p.Reject(err)
	return p.Future()
}

// Future returns the future that p settles.
func (p *Promise[T]) Future() *Future[T] { return &p.future }

// home returns the loop of the promise, and panics if it has none.
func (p *Promise[T]) home(call string) *Loop {
	if p == nil {
		panic("fakeloop: " + call + " on a nil Promise; NewPromise makes one")
	}
	return p.future.home(call)
}

// Resolve settles the future with a value and reports whether it did: false
// means that it was settled before, or that it has adopted another; it is then left
// as it is.
func (p *Promise[T]) Resolve(v T) bool {
	p.home("Resolve").checkCaller("Resolve")
	return p.future.settle(v, nil)
}

// Reject settles the future with an error and reports whether it did: false
// means that it was settled before, or that it has adopted another; it is then left
// as it is, and err is dropped, unless the future was cancelled: an error that comes
// after that, and says more than that it was cancelled, is reported like a rejection
// that nobody looked at; see [Future.Quiet]. A nil err rejects with ErrNilRejection.
func (p *Promise[T]) Reject(err error) bool {
	p.home("Reject").checkCaller("Reject")
	if err == nil {
		err = ErrNilRejection
	}
	var zero T
	return p.future.offer(zero, err)
}

// Settle settles the future with what a function returned: with the error if there is
// one, else with the value. It returns nil if it did, and otherwise a *SettledError
// that names who was first. The rest is as with Resolve and Reject.
func (p *Promise[T]) Settle(v T, err error) error {
	p.home("Settle").checkCaller("Settle")
	if p.future.offer(v, err) {
		return nil
	}
	return p.future.settledError()
}

// offer is settle for an outcome of the user's: an error that comes too late for a
// future that was given up is not lost.
func (f *Future[T]) offer(v T, err error) bool {
	if f.settle(v, err) {
		return true
	}
	if err != nil {
		f.lateness(err)
	}
	return false
}

// home returns the loop of a future, and panics if it has none.
func (s *state) home(call string) *Loop {
	if s.loop == nil {
		panic("fakeloop: " + call + " on a zero Future or Promise, which belongs to no loop; NewPromise makes one")
	}
	return s.loop
}

// SettledError says that a future could not be settled, since it was already, or had
// adopted another future.
type SettledError struct {
	Future  string // which future, what became of it, and, with Config.Sites, where it was made
	Settler string // who settled it, when and where; with Config.Sites
}

// Error says which future, and who was first if that is known.
func (e *SettledError) Error() string {
	text := "fakeloop: too late to settle " + e.Future
	if e.Settler != "" {
		text += "; " + e.Settler + " was first"
	}
	return text
}

func (s *state) settledError() *SettledError {
	text := s.String()
	s.loop.mu.Lock()
	defer s.loop.mu.Unlock()
	if s.status == isPending {
		text += ", and adopted another"
	}
	return &SettledError{Future: text, Settler: s.settledBy()}
}

// settler is who settled a future.
type settler struct {
	kind  string // "" for the driver, or a goroutine beside the loop
	id    timeline.ID
	label string
	at    time.Duration
	in    *place // nil if it was the package's own doing
}

// settler returns who is settling a future just now. The caller holds l.mu.
func (l *Loop) settler() *settler {
	const settling = 2 // finish, and who calls it
	w := &settler{at: l.elapsed(), in: l.siteAbove(settling)}
	switch {
	case l.inside != nil:
		w.kind, w.id, w.label = "coroutine ", l.inside.scope.id, l.inside.label
	case l.running:
		t := l.queue.underWay()
		w.kind, w.id, w.label = "callback ", t.id, t.label
	}
	return w
}

func (w *settler) String() string {
	by := "the driver, or a goroutine beside the loop,"
	if w.kind != "" {
		by = w.kind + describe(w.id, w.label)
	}
	text := fmt.Sprintf("%s at %v", by, w.at)
	if w.in != nil {
		text += " in " + w.in.String()
	}
	return text
}

// SettledBy says who settled the future, at which time of the loop, and in which line;
// "" if it is pending, or if the loop did not remember sites at that moment.
func (s *state) SettledBy() string {
	l := s.home("SettledBy")
	l.mu.Lock()
	defer l.mu.Unlock()
	return s.settledBy()
}

func (s *state) settledBy() string {
	if s.rare == nil || s.rare.settler == nil {
		return ""
	}
	return s.rare.settler.String()
}

// SetSites switches on or off, as [Config.Sites] does from the beginning, that the
// loop remembers where things are made and who settles what. It may be called at any
// time and from any goroutine; what was made meanwhile keeps what it has.
func (l *Loop) SetSites(on bool) { l.sites.Store(on) }

// GomegaString is what Gomega prints for a promise: the hint that matchers take its
// future.
func (p *Promise[T]) GomegaString() string {
	return "a promise, whose Future is: " + p.future.String()
}
