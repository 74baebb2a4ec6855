package fakeloop

import (
	"errors"
	"strings"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Trail is how far the error of a fault got among the futures of a run.
type Trail struct {
	// Future is the last future that was rejected with the error; "" if none was.
	Future string

	// Site is the "file:line" in the user's code to which the error got last: where a
	// coroutine awaited that future, or where the future was made of it whose handler was
	// given the error, or else where it was made itself. "" if no future had the error.
	Site string

	// Last is the index in the timeline of the last event that tells of the error: when
	// it was injected, if nothing else does.
	Last int
}

// Trail follows the error of a fault by its text, which an error that wraps it has too; one
// that has no more than the text does not count. It takes the timeline so far, and needs
// Config.Sites.
func (l *Loop) Trail(f *Fault) Trail {
	trail := Trail{}
	mark, _ := f.injected.mark()
	var carrier, handler timeline.ID
	var labels = map[timeline.ID]string{}
	log := l.Timeline()
	if l.faulting == nil {
		return trail
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	sites, awaited := l.faulting.made, l.faulting.awaited
	for i, e := range log.All() {
		switch {
		case e.Kind == timeline.Promised:
			labels[e.ID] = e.Label
		case e.Kind == timeline.Chosen && e.Label == faultLabel(f.Point):
			trail.Last = i
		case e.Kind == timeline.Settled && strings.Contains(e.Detail, mark) && !l.faulting.fakes[e.ID]:
			carrier, handler, trail.Last = e.ID, timeline.Driver, i
			trail.Future = describe(e.ID, labels[e.ID])
			trail.Site = sites[e.ID].String()
			if at := awaited[e.ID]; at != nil {
				trail.Site = at.String()
			}
		case e.Kind == timeline.Fired && carrier != timeline.Driver && e.Cause == carrier:
			handler, trail.Last = e.ID, i
		case e.Kind == timeline.Settled && handler != timeline.Driver && e.Cause == handler && awaited[carrier] == nil:
			// What its handler came to has not the error any more.
			if at := sites[e.ID]; at != nil {
				trail.Site = at.String()
			}
			trail.Last, handler = i, timeline.Driver
		}
	}
	return trail
}

// where is what the texts of errors that wrap this one have in common.
func (e *InjectedError) where() string { return "(injected " + string(e.Kind) + " at " + e.Point + ")" }

// mark is what the texts of all errors have in common by which an outcome tells of this
// one, and the error that errors.Is finds in them.
func (e *InjectedError) mark() (text string, target error) {
	if e.Kind == FaultGoexit { // whoever ends a goroutine gives no error
		return ErrGoexit.Error(), ErrGoexit
	}
	return e.where(), e
}

// tellFake notes that a future is about to be rejected with an error that reads like that
// of a fault, in which errors.Is does not find it. It calls user code.
func (s *state) tellFake(err error) {
	l := s.loop
	text := errorText(err)
	for _, f := range l.Injected() {
		if mark, target := f.injected.mark(); strings.Contains(text, mark) && !errors.Is(err, target) {
			l.mu.Lock()
			l.faulting.fakes[s.id] = true
			l.mu.Unlock()
		}
	}
}
