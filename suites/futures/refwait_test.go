package futures_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// observeLocked notes that somebody has, or will have, the error.
func (f *ref) observeLocked() {
	w := f.w
	if w.has("nothing counts as observing") {
		return
	}
	f.observed = true
	if i := slices.Index(w.lost, f); i >= 0 {
		w.lost = slices.Delete(w.lost, i, i+1)
	}
	if f.reported {
		f.reported = false
		if !w.has("that an error is handled later is not told") {
			go tell(slices.Clone(w.later), f.err)
		}
	}
}

// outcome reads a settled future.
func (f *ref) outcome() (any, error) {
	w := f.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.has("waiting does not count as observing") {
		f.observeLocked()
	}
	f.reads++
	v, err := f.v, f.err
	switch {
	case err == nil && w.has("a value can be read once") && f.reads > 1:
		return nil, nil
	case w.has("an outcome can be read ten times") && f.reads > 10:
		return nil, errBroken
	case err != nil && w.has("each reader gets an error of its own"):
		return nil, fmt.Errorf("ref: %w", err)
	case err != nil && w.has("each reader adds to the error"):
		f.err = errors.Join(err, err)
	}
	if p, ok := err.(*refPanic); ok && w.caps.Panic == futures.Propagate && p.task {
		if w.has("the first waiter panics and others do not") && f.reads > 1 {
			return nil, errBroken
		}
		if w.has("waiters panic without the stack") {
			panic(p.v)
		}
		panic(p)
	}
	return v, err
}

func (f *ref) await(ctx context.Context) (any, error) {
	w := f.w
	if w.has("a settled future and a dead context draw lots") {
		select {
		case <-f.done:
			return f.outcome()
		case <-ctx.Done():
			return nil, refWait{ctx}
		}
	}
	if w.has("who waits looks without a lock") {
		for !f.settled {
			time.Sleep(time.Millisecond)
		}
		return f.v, f.err
	}
	if ctx.Err() != nil && w.has("a dead context wins over a settled future") {
		return nil, refWait{ctx}
	}
	select {
	case <-f.done:
		if !w.has("who wakes first takes the outcome") {
			return f.outcome()
		}
	default:
		switch {
		case w.has("waiting for what is pending returns nothing"):
			return nil, nil
		case w.caps.LoopAffine && !w.has("waiting on the loop waits") && w.onLoop():
			return nil, errOnLoop
		}
	}
	if w.has("waiters queue up") {
		f.sem <- true
		defer func() { <-f.sem }()
	}
	if w.has("a wait leaves a goroutine") {
		go func() { <-f.done }()
	}
	var long <-chan time.Time
	if w.has("a wait ends after half an hour") {
		timer := time.NewTimer(30 * time.Minute)
		defer timer.Stop()
		long = timer.C
	}
	done := (<-chan struct{})(f.done)
	if w.has("who wakes first takes the outcome") {
		select {
		case <-f.sem:
			return f.outcome()
		case <-ctx.Done():
			return nil, refWait{ctx}
		}
	}
	ctxDone := ctx.Done()
	if !w.caps.OwnDeadline || w.has("a deadline is not heeded") {
		ctxDone = nil
	}
	select {
	case <-done:
		if w.has("the context is looked at first on waking") {
			time.Sleep(time.Nanosecond)
			if ctx.Err() != nil {
				return nil, refWait{ctx}
			}
		}
		return f.outcome()
	case <-long:
		return nil, errBroken
	case <-ctxDone:
		select {
		case <-f.done:
			return f.outcome()
		default:
		}
		if w.has("a deadline settles the future") {
			_ = f.settle(nil, ctx.Err())
		}
		if w.has("a wait given up has a bare text") {
			return nil, errors.New("given up")
		}
		return nil, refWait{ctx}
	}
}

// refWait is the error of a wait given up.
type refWait struct{ ctx context.Context }

func (e refWait) Error() string   { return "ref: given up: " + context.Cause(e.ctx).Error() }
func (e refWait) Unwrap() []error { return []error{e.ctx.Err(), context.Cause(e.ctx)} }

func (f *ref) peek() (any, error, bool) {
	w := f.w
	w.mu.Lock()
	settled := f.settled
	f.reads++
	n := f.reads
	w.mu.Unlock()
	switch {
	case !settled && w.has("a pending future looks settled"):
		return nil, nil, true
	case !settled, w.has("a settled future sometimes looks pending") && n%7 == 0:
		return nil, nil, false
	}
	v, err := f.outcome()
	return v, err, true
}

func (f *ref) describe() string {
	switch {
	case f.w.has("a future says nothing of itself"):
		return "future"
	case !f.settled:
		return "future, pending"
	case f.err != nil:
		return "future, rejected: " + f.err.Error()
	}
	return "future, fulfilled"
}

// trace is who waits for f, and who for that one.
func (f *ref) trace() []string {
	f.w.mu.Lock()
	defer f.w.mu.Unlock()
	out := []string{f.describe() + " at " + f.site}
	for len(f.users) > 0 && !f.w.has("a trace ends where it begins") {
		f = f.users[0]
		out = append(out, f.describe()+" at "+f.site)
	}
	return out
}
