package bubble

import (
	"context"
	"errors"
	"runtime/debug"
	"sync/atomic"
	"testing/synctest"
	"time"
)

// errEnded cancels the context of a function that has ended.
var errEnded = errors.New("asynctest: the function to which this context was given has ended")

// job is a call on its way through the bubble.
type job struct {
	Call
	cancelled atomic.Bool
	done      chan Result   // made outside, one slot
	goroutine atomic.Uint64 // that runs Body; 0 until it has begun
	horizons  chan time.Duration
	steps     atomic.Uint64 // that virtual time has made since Body began
}

// step is how far virtual time moves until the function is looked at.
func (j *job) step() time.Duration {
	if j.Restless {
		return restlessStep
	}
	return step
}

// serve is the main goroutine of the bubble: it runs what comes.
func (b *Bubble) serve() {
	for j := range b.work {
		r := b.perform(j)
		b.busy.Store(false)
		j.done <- r
	}
	time.Sleep(linger)
}

// perform runs a function on a goroutine of its own, until it has ended or virtual time
// has reached the horizon.
func (b *Bubble) perform(j *job) Result {
	began := time.Now()
	j.horizons = make(chan time.Duration, 1)
	ctx, cancel := context.WithCancelCause(context.WithValue(context.WithoutCancel(j.Context), jobKey{}, j))
	defer cancel(errEnded)
	ended := make(chan Result, 1)
	started := make(chan uint64, 1)
	go func() {
		started <- current()
		protect(j.Body, ctx, ended)
	}()
	j.goroutine.Store(<-started)
	for left := j.Horizon; ; {
		timer := time.NewTimer(min(left, j.step()))
		select {
		case r := <-ended:
			timer.Stop()
			return r
		case left = <-j.horizons:
			timer.Stop()
			continue
		case <-timer.C:
		}
		select {
		case r := <-ended:
			return r
		default:
		}
		if j.cancelled.Load() {
			cancel(context.Cause(j.Context))
		}
		j.steps.Add(1)
		if left -= min(left, j.step()); left <= 0 {
			settle()
			return stuck(j, b.id, time.Since(began))
		}
	}
}

type jobKey struct{}

// SetHorizon changes the horizon of the function to which ctx was given, counted from
// now.
func SetHorizon(ctx context.Context, d time.Duration) {
	if j, ok := ctx.Value(jobKey{}).(*job); ok {
		j.horizons <- d
	}
}

// settle lets what goroutines did before they came to rest happen before what is done
// next: without it the race detector would see a race between a function that was given
// up and a cleanup. A loop may be waiting for the same; then it is not done.
func settle() {
	defer func() { _ = recover() }()
	synctest.Wait()
}

// protect runs a function and says how it ended.
func protect(body func(context.Context), ctx context.Context, ended chan<- Result) {
	r := Result{Outcome: Exited}
	defer func() {
		if r.Outcome == Exited {
			if v := recover(); v != nil {
				r = Result{Outcome: Panicked, Value: v, Stack: string(debug.Stack())}
			}
		}
		ended <- r
	}()
	body(ctx)
	r.Outcome = Returned
}
