package fakeloop

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// UnobservedError is an error of a future that nobody looked at: a rejection, or
// what came of a future after it had been given up.
type UnobservedError struct {
	Err    error  // what the future was rejected with
	Future string // which future, and, with Config.Sites, where it was made
	Late   bool   // the future had been cancelled or had timed out before
}

// Error says which future and which error.
func (e *UnobservedError) Error() string {
	if e.Late {
		return fmt.Sprintf("fakeloop: nobody will see the error to which %s came after it had been given up: %v; call Quiet if it does not matter", e.Future, e.Err)
	}
	return fmt.Sprintf("fakeloop: nobody looked at the error of %s: %v; handle it with Catch, OnSettled or Await", e.Future, e.Err)
}

// Unwrap returns the rejection.
func (e *UnobservedError) Unwrap() error { return e.Err }

// Quiet says that the error of f does not matter if nobody looks at it: it is not
// reported, neither when f is rejected nor when an error comes after f was given up.
// It has no effect on futures that are derived from f. It returns f.
func (f *Future[T]) Quiet() *Future[T] {
	l := f.home("Quiet")
	l.checkCaller("Quiet")
	l.mu.Lock()
	defer l.mu.Unlock()
	f.quiet = true
	if f.status == isRejected && !f.observed {
		f.found()
	}
	return f
}

// observe notes that somebody sees, or will see, the outcome. The caller holds the
// loop's lock.
func (s *state) observe() {
	if s.observed {
		return
	}
	s.observed = true
	if s.status == isRejected {
		s.found()
	}
}

// passOn notes that what is settled together with s passes its error on, unless it is
// the end of the loop that does so: then nobody sees it. The caller holds the loop's
// lock.
func (s *state) passOn() {
	if !s.loop.ended {
		s.observe()
	}
}

// forgive makes a rejection that Close is the reason of count as observed.
func (s *state) forgive() {
	s.loop.mu.Lock()
	defer s.loop.mu.Unlock()
	s.observe()
}

// mind says that somebody may pass the error of s on, so that it is not lost yet;
// unmind ends it. The caller holds the loop's lock.
func (s *state) mind() {
	s.minders++
	if s.status == isRejected && s.list != nil {
		s.list.remove(s)
	}
}

func (s *state) unmind() {
	s.minders--
	if s.status == isRejected {
		s.loseUnlessSeen()
	}
}

// loseUnlessSeen counts the rejection of s among those that nobody has looked at. The
// caller holds the loop's lock.
func (s *state) loseUnlessSeen() {
	l := s.loop
	_, cancelled := s.err.(*CancelError)
	switch {
	case s.observed || s.quiet || s.minders > 0:
	case cancelled: // whoever did it knows
	case l.onUnobserved == nil || s.rare != nil && s.rare.report != nil:
		l.unobserved.add(s)
	default:
		l.fresh.add(s)
	}
}

// found takes s, which is rejected, from among those that nobody has looked at, and
// tells Config.OnObserved if it was reported before. The caller holds the loop's lock.
func (s *state) found() {
	if s.list != nil {
		s.list.remove(s)
	}
	l := s.loop
	if s.rare == nil || s.rare.report == nil || l.onObserved == nil || l.closed {
		return
	}
	report := s.rare.report
	l.enqueue(s.id, observedTask, "observed", func() { l.onObserved(report) })
}

// The reports of a future are no handlers of its, nor made by a coroutine: their
// numbers are beyond those.
const (
	unobservedTask = math.MinInt64
	observedTask   = math.MinInt64 + 1
)

// postReports posts a report of each rejection that nobody has looked at and that has
// not been reported: the loop has come to rest at this instant, and whoever wanted to
// look has had the time to. The caller holds l.mu.
func (l *Loop) postReports() {
	for l.fresh.head != nil {
		s := l.fresh.head
		l.fresh.remove(s)
		l.unobserved.add(s)
		l.enqueue(s.id, unobservedTask+2*int64(s.handled), "unobserved", func() {
			if report := s.takeReport(); report != nil {
				l.onUnobserved(report)
			}
		})
	}
}

// takeReport returns what Config.OnUnobserved is to be told of s, nil if somebody has
// looked at it just in time.
func (s *state) takeReport() *UnobservedError {
	l := s.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.list != &l.unobserved {
		return nil
	}
	report := s.unobservedError()
	s.seldom().report = report
	l.record(timeline.Unobserved, s.id, l.scope.id, s.label, "")
	return report
}

// lateness counts err, to which s came after it had been given up, among those that
// nobody has looked at, unless it says nothing but that s was given up.
func (s *state) lateness(err error) {
	l := s.loop
	l.mu.Lock()
	gone, quiet, reason := s.gone, s.quiet, s.err
	l.mu.Unlock()
	if !gone || quiet || follows(err, reason) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return // Close has told what it could
	}
	s.handled++ // gives each late error of s an identity of its own
	late := &state{loop: l, id: s.id, label: s.label, site: s.site, status: isRejected, err: err, late: true, handled: s.handled}
	late.loseUnlessSeen()
	l.wake()
	l.notify()
}

// follows reports whether err is no more than the consequence of a cancellation for
// that reason. It calls user code.
func follows(err, reason error) (yes bool) {
	defer func() {
		if recover() != nil { // a broken Is method says nothing
			yes = false
		}
	}()
	if errors.Is(err, context.Canceled) {
		return true
	}
	cancelled, ok := errors.AsType[*CancelError](reason)
	return ok && cancelled.Cause != nil && errors.Is(err, cancelled.Cause)
}

// Unobserved returns an *UnobservedError for each rejection that nobody has
// looked at so far, in the order in which they happened. It does not count as
// looking; Close reports what is left.
func (l *Loop) Unobserved() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []error
	for _, list := range []*stateList{&l.unobserved, &l.fresh} {
		for s := list.head; s != nil; s = s.next {
			out = append(out, s.unobservedError())
		}
	}
	return out
}

func (s *state) unobservedError() *UnobservedError {
	return &UnobservedError{Err: s.err, Future: s.identify(), Late: s.late}
}

// flushUnobserved empties the lists of rejections that nobody has looked at. It
// returns what Close reports, and what Config.OnUnobserved has yet to be told. The
// caller holds l.mu.
func (l *Loop) flushUnobserved() (all []error, untold []*UnobservedError) {
	for _, list := range []*stateList{&l.unobserved, &l.fresh} {
		for list.head != nil {
			s := list.head
			list.remove(s)
			if s.rare != nil && s.rare.report != nil {
				all = append(all, s.rare.report)
				continue
			}
			l.record(timeline.Unobserved, s.id, timeline.Driver, s.label, "")
			report := s.unobservedError()
			all, untold = append(all, report), append(untold, report)
		}
	}
	return all, untold
}

// tellUnobserved calls Config.OnUnobserved for a loop that is closed, and returns
// what it panicked with.
func (l *Loop) tellUnobserved(reports []*UnobservedError) (broken []error) {
	if l.onUnobserved == nil {
		return nil
	}
	for _, report := range reports {
		func() {
			defer func() {
				if v := recover(); v != nil {
					broken = append(broken, Recovered(v, "Config.OnUnobserved"))
				}
			}()
			l.onUnobserved(report)
		}()
	}
	return broken
}
