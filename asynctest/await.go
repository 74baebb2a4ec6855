package asynctest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// poll is how often a matcher that stands still looks whether its loop has work
// again: a goroutine may post to it.
const poll = time.Millisecond

// never says that a future is known to stay pending for ever, and why.
type never struct{ why string }

func (n *never) Error() string { return n.why }

// await waits until the future is settled or can be known never to settle. It
// returns nil in the first case and a *never in the second; any other error
// means that neither is known.
func (f *AnyFuture) await() error {
	if f.of.own != nil {
		err := f.of.own.Loop().Await(f.of.own)
		if idle, ok := errors.AsType[*fakeloop.IdleError](err); ok {
			return &never{idle.Error()}
		}
		if _, limit := errors.AsType[*fakeloop.LimitError](err); limit { // which names callbacks only
			return fmt.Errorf("waited for %v: %w", f, err)
		}
		return err
	}
	f.of.begin(f.ctx)
	f.of.lock()
	defer f.of.unlock()
	if f.of.ready.IsNil() {
		return &never{"its Done channel is nil, which means that it is never done."}
	}
	w := wait{AnyFuture: f, left: f.guard, drives: f.loop != nil && f.loop.Mode() == fakeloop.Virtual}
	return w.run()
}

// wait is one matcher's wait for a future that is not one of fakeloop's.
type wait struct {
	*AnyFuture
	left   time.Duration // of the guard
	drives bool
	ran    int   // callbacks
	panics error // of the callbacks
}

func (w *wait) run() error {
	for !w.of.take() {
		progress, err := w.drive()
		if err != nil {
			return err
		}
		if progress {
			continue
		}
		if w.loopOnly && w.drives && w.ran < w.limit {
			if w.panics != nil {
				return w.panicked()
			}
			return &never{fmt.Sprintf("at %v the loop is idle (nothing is ready, no timer is set, no work is outside), and LoopOnly says that nothing else settles it.", w.loop.Elapsed())}
		}
		if w.left <= 0 {
			w.of.abandon()
			if w.panics != nil {
				return errors.Join(w.panicked(), w.timeout())
			}
			return w.timeout()
		}
		w.standStill()
	}
	return w.panicked()
}

// drive runs one callback of the loop, if there is one to run and the wait drives
// a loop, and reports whether it did.
func (w *wait) drive() (bool, error) {
	if !w.drives || w.ran == w.limit {
		return false, nil
	}
	ran, err := w.step()
	for _, misuse := range []error{fakeloop.ErrReentrant, fakeloop.ErrDriven, fakeloop.ErrClosed} {
		if errors.Is(err, misuse) {
			return false, err
		}
	}
	if _, stuck := errors.AsType[*fakeloop.StuckError](err); stuck {
		return false, err
	}
	w.panics = errors.Join(w.panics, err)
	if ran {
		w.ran++
	}
	return ran, nil
}

// step is Loop.Step. A callback that sends on an unbuffered channel, and work
// outside that does so before it returns, would wait for a receiver for ever,
// since the one goroutine that receives is the one that drives. So another one
// receives meanwhile; it has ended when step returns, which keeps the order of
// callbacks and receives the same in every run.
func (w *wait) step() (bool, error) {
	if !w.of.sends {
		return w.loop.Step()
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		if chosen, v, ok := reflect.Select([]reflect.SelectCase{
			{Dir: reflect.SelectRecv, Chan: w.of.ready},
			{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(stop)},
		}); chosen == 0 {
			w.of.settle(w.of.read(v, ok))
		}
	}()
	defer func() { <-stopped }()
	defer close(stop)
	return w.loop.Step()
}

// standStill waits for the outcome by the time of package time, but not beyond the guard,
// nor, if there is a loop to drive, for long.
func (w *wait) standStill() {
	d := w.left
	if w.drives {
		d = min(d, poll)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	switch chosen, v, ok := reflect.Select([]reflect.SelectCase{
		{Dir: reflect.SelectRecv, Chan: w.of.ready},
		{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(timer.C)},
	}); chosen {
	case 0:
		w.of.settle(w.of.read(v, ok))
	default:
		w.left -= d
	}
}

// kindOfTime says which time package time tells here.
func kindOfTime() string {
	if bubble.ID() != 0 {
		return "virtual"
	}
	return "real"
}

// timeout says what was waited for in vain, and what may be the matter.
func (w *wait) timeout() error {
	var b strings.Builder
	fmt.Fprintf(&b, "waited %v of %s time for a %v, and cannot tell whether it will ever settle.", w.guard, kindOfTime(), w.AnyFuture)
	if before := bubble.Noted(); len(before) > 0 {
		for _, err := range before {
			fmt.Fprintf(&b, "\nBefore that, %v", err)
		}
		return errors.New(b.String())
	}
	switch {
	case !w.drives && w.loop == nil && bubble.ID() != 0:
		b.WriteString("\nWhoever was to settle it has ended, waits for something else, or takes longer: then WithGuard raises the guard.  A loop on virtual time must be driven in a bubble, too: then wrap it with On(loop, ...).")
	case !w.drives && w.loop == nil:
		b.WriteString("\nNothing drives a loop here: if a callback of a virtual loop settles it, wrap it with On(loop, ...).")
	case !w.drives:
		fmt.Fprintf(&b, "\nThe loop is at %v.", w.loop.Elapsed())
	case w.ran == w.limit:
		fmt.Fprintf(&b, "\nThe loop was driven to %v and is still busy after %d callbacks: is there a timer that sets itself again for ever?  WithLimit raises the limit.", w.loop.Elapsed(), w.ran)
	default:
		fmt.Fprintf(&b, "\nThe loop is at %v, and idle: nothing is ready, no timer is set, no work is outside.  If nothing but the loop settles this future, LoopOnly says so at once.", w.loop.Elapsed())
	}
	if w.of.consume {
		b.WriteString("\nA channel gives its value once: if an earlier assertion received it, use AsFuture(channel) for all of them.")
	}
	return errors.New(b.String())
}

// panicked returns what the callbacks panicked with, nil if none did.
func (w *wait) panicked() error {
	if w.panics == nil {
		return nil
	}
	return fmt.Errorf("drove the loop, and callbacks panicked: %w", w.panics)
}

// final reports whether it is known, without waiting, that nothing about the
// future will change any more. An idle virtual loop changes nothing by itself.
func (f *AnyFuture) final() bool {
	if f.look() {
		return true
	}
	loop := f.loop
	switch {
	case f.of.own != nil:
		loop = f.of.own.Loop()
	case f.of.ready.IsNil():
		return true
	case !f.loopOnly:
		return false
	}
	return loop != nil && loop.Mode() == fakeloop.Virtual && loop.Idle()
}
