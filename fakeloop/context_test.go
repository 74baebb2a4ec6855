package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// standing tells how a context stands: error and cause.
func standing(ctx context.Context) string {
	ended := "open"
	select {
	case <-ctx.Done():
		ended = "done"
	default:
	}
	return fmt.Sprintf("%s, %v, %v", ended, ctx.Err(), context.Cause(ctx))
}

const (
	living   = "open, <nil>, <nil>"
	expired  = "done, context deadline exceeded, context deadline exceeded"
	canceled = "done, context canceled, context canceled"
	shut     = "done, context canceled, fakeloop: the loop is closed"
)

func TestContextDeadline(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		var log journal
		var ctx context.Context
		onLoop(t, loop, func() {
			now := loop.Now()
			loop.AfterFunc(time.Second, func() { log.add("before:%v", ctx.Err() == nil) })
			ctx, _ = loop.WithTimeout(context.Background(), time.Second)
			loop.AfterFunc(time.Second, func() { log.add("after:%v", ctx.Err() == nil) })
			equal(t, "at first", standing(ctx), living)
			deadline, ok := ctx.Deadline()
			equal(t, "has a Deadline", ok, true)
			equal(t, "Deadline", deadline, now.Add(time.Second))
		})
		equal(t, "at last", standing(ctx), expired)
		equal(t, "pending", len(loop.Pending()), 0)
		log.want(t, "before:true after:false")
		fired := 0
		for _, e := range loop.Timeline().All() {
			if e.Kind == timeline.Fired && e.Label == "context deadline" {
				fired++
			}
		}
		equal(t, "callbacks that the timeline calls context deadline", fired, 1)
	})
}

// What package context derives takes over error and cause, before the callback of
// the deadline has ended, and needs no goroutine for it.
func TestDerivedContexts(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	why := errors.New("too slow")
	ctx, cancel := loop.WithTimeoutCause(context.Background(), time.Second, why)
	defer cancel()
	type key struct{}
	derived := map[string]context.Context{"WithValue": context.WithValue(ctx, key{}, 1)}
	stop := []context.CancelFunc{}
	add := func(name string, ctx context.Context, cancel context.CancelFunc) {
		derived[name], stop = ctx, append(stop, cancel)
	}
	c, cancel1 := context.WithCancel(ctx)
	add("WithCancel", c, cancel1)
	c, cancel2 := context.WithCancelCause(ctx)
	add("WithCancelCause", c, func() { cancel2(nil) })
	c, cancel3 := context.WithTimeout(ctx, time.Hour)
	add("WithTimeout", c, cancel3)
	c, cancel4 := context.WithCancel(derived["WithValue"])
	add("WithCancel of WithValue", c, cancel4)
	c, cancel5 := loop.WithTimeout(derived["WithCancel of WithValue"], 500*time.Hour)
	add("the loop's WithTimeout", c, cancel5)
	c, cancel6 := context.WithCancel(c)
	add("WithCancel of that", c, cancel6)
	equal(t, "goroutines of package context", contextGoroutines(), 0)
	called := make(chan error, 1)
	context.AfterFunc(ctx, func() { called <- context.Cause(ctx) })
	mustAdvance(t, loop, time.Second)
	for name, ctx := range derived {
		if name == "WithCancel of that" {
			<-ctx.Done() // see WithDeadline: there is one of package context in between
		}
		equal(t, name, standing(ctx), "done, context deadline exceeded, too slow")
	}
	equal(t, "AfterFunc", <-called, why)
	for _, cancel := range stop {
		cancel()
	}
}

// contextGoroutines counts the goroutines in which package context waits for a
// parent.
func contextGoroutines() int {
	buf := make([]byte, 1<<20)
	return strings.Count(string(buf[:runtime.Stack(buf, true)]), "context.(*cancelCtx).propagateCancel.func")
}

func TestCancelOfAContext(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		onLoop(t, loop, func() {
			ctx, cancel := loop.WithTimeout(context.Background(), time.Hour)
			child, cancelChild := context.WithCancel(ctx)
			defer cancelChild()
			equal(t, "pending", masked(strings.ReplaceAll(pendingText(loop), "\n", "; ")), `timer "context deadline" (#), due at 1h0m0s`)
			cancel()
			cancel()
			equal(t, "the context", standing(ctx), canceled)
			equal(t, "its child", standing(child), canceled)
			equal(t, "pending", len(loop.Pending()), 0)
		})
		equal(t, "Elapsed", loop.Elapsed(), 0)
	})
}

// A virtual loop inside a bubble: contexts need no goroutine, which would be left
// behind there.
func TestContextsInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{})
		parent, end := context.WithCancel(context.Background())
		ctx, cancel := loop.WithTimeout(parent, time.Second)
		derived, cancelDerived := context.WithTimeout(ctx, time.Hour)
		mustAdvance(t, loop, time.Second)
		equal(t, "derived", standing(derived), expired)
		cancelDerived()
		cancel()
		left, _ := loop.WithCancel(parent) // nobody cancels it but the parent
		end()
		synctest.Wait()
		equal(t, "left", standing(left), canceled)
	})
}

// An earlier callback of the same turn cancels a context whose deadline has come.
func TestCancelInTheTurnOfTheDeadline(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var cancel context.CancelFunc
	loop.AfterFunc(time.Second, func() { cancel() })
	ctx, cancel := loop.WithTimeout(context.Background(), time.Second)
	mustIdle(t, loop)
	equal(t, "the context", standing(ctx), canceled)
}

func TestContextsAndClose(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		timed, cancelTimed := loop.WithTimeout(context.Background(), time.Hour)
		plain, cancelPlain := loop.WithCancel(context.Background())
		ended, cancelEnded := loop.WithCancel(context.Background())
		cancelEnded()
		mustClose(t, loop)
		late, cancelLate := loop.WithTimeout(context.Background(), time.Hour)
		for _, ctx := range []context.Context{timed, plain, late} {
			equal(t, fmt.Sprint(ctx), standing(ctx), shut)
			sameError(t, "Cause", context.Cause(ctx), fakeloop.ErrClosed)
		}
		equal(t, "one that had ended", standing(ended), canceled)
		cancelTimed()
		cancelPlain()
		cancelLate()
	})
}

// A coroutine that Close ends finds the contexts of the loop cancelled.
func TestContextsEndBeforeCoroutines(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	ctx, cancel := loop.WithCancel(context.Background())
	defer cancel()
	fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
		err := co.Sleep(time.Hour)
		<-ctx.Done()
		return 0, err
	})
	mustAdvance(t, loop, time.Second)
	mustClose(t, loop)
}

// A request ends at the deadline, with the error that net/http gives for it.
func TestContextOfARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
		ours, theirs := net.Pipe() // a server that reads and never answers
		go func() {
			defer theirs.Close()
			_, _ = theirs.Read(make([]byte, 1<<10))
			_, _ = theirs.Read(make([]byte, 1))
		}()
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return ours, nil }}
		defer transport.CloseIdleConnections()
		ctx, cancel := loop.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://server/", nil)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		_, err = (&http.Client{Transport: transport}).Do(req)
		sameError(t, "Do", err, context.DeadlineExceeded)
		equal(t, "took", time.Since(begin), time.Minute)
	})
}

// Work outside is not told by a deadline on virtual time, which stands still for it,
// but by the end of the loop.
func TestContextOfWorkOutside(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	ctx, cancel := loop.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p := fakeloop.NewPromise[error](loop, "work")
	loop.Post(func() {
		work := loop.Outside("work")
		go func() {
			_ = work.Return(func() { p.Resolve(ctx.Err()) })
		}()
	})
	err, _ := p.Future().Wait()
	equal(t, "Err", err, nil)
	mustClose(t, loop)
	equal(t, "after Close", standing(ctx), shut)
}

// Everything at once, for the race detector: one outcome, and it stays.
func TestContextStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 50 {
			loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
			parent, end := context.WithCancelCause(context.Background())
			ctx, cancel := loop.WithTimeout(parent, time.Second)
			child, cancelChild := context.WithCancel(ctx)
			nested, cancelNested := loop.WithTimeout(ctx, time.Second)
			var wg sync.WaitGroup
			outcomes := make(chan string, 8)
			for _, f := range []func(){cancel, cancel, cancelNested, func() { end(errors.New("parent")) }, func() { _ = loop.Close() }} {
				wg.Go(func() {
					time.Sleep(time.Second)
					f()
				})
			}
			for range cap(outcomes) {
				wg.Go(func() {
					<-ctx.Done()
					outcomes <- standing(ctx)
				})
			}
			wg.Wait()
			<-child.Done()
			<-nested.Done()
			close(outcomes)
			for got := range outcomes {
				equal(t, "one outcome", got, standing(ctx))
			}
			cancelChild()
			synctest.Wait()
		}
	})
}

// Contexts that have been cancelled are forgotten by a parent and a loop that live
// on, whatever the parent is.
func TestCancelledContextsAreForgotten(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	std, cancelStd := context.WithCancel(context.Background())
	defer cancelStd()
	ours, cancelOurs := loop.WithCancel(context.Background())
	defer cancelOurs()
	for name, parent := range map[string]context.Context{"std": std, "ours": ours, "background": context.Background()} {
		// The payload is reachable through the context only.
		payloads := make([]weak.Pointer[[1 << 10]byte], 100)
		for i := range payloads {
			payload := new([1 << 10]byte)
			payloads[i] = weak.Make(payload)
			_, cancel := loop.WithTimeout(context.WithValue(parent, payload, payload), time.Hour)
			cancel()
		}
		runtime.GC()
		for _, p := range payloads {
			if p.Value() != nil {
				t.Errorf("%s: a cancelled context is still held", name)
				break
			}
		}
	}
	equal(t, "pending", len(loop.Pending()), 0)
}

// The timer of a context tells where the context was made.
func TestSiteOfAContext(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Sites: true})
	_, cancel := loop.WithTimeout(context.Background(), time.Second)
	defer cancel()
	equal(t, "Pending says where", strings.Contains(loop.Pending()[0].String(), ", made at context_test.go:"), true)
}

func TestContextString(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	timed, cancel := loop.WithTimeout(context.Background(), time.Second)
	defer cancel()
	equal(t, "WithTimeout", fmt.Sprint(timed), "context.Background.fakeloop.WithDeadline(2000-01-01T00:00:01Z)")
	plain, cancel := loop.WithCancel(&imitation{Context: context.Background()})
	defer cancel()
	equal(t, "WithCancel", fmt.Sprint(plain), "*fakeloop_test.imitation.fakeloop.WithCancel")
	derived, cancel := context.WithCancel(timed)
	defer cancel()
	equal(t, "derived", fmt.Sprint(derived), fmt.Sprint(timed)+".WithCancel")
}

func TestContextWithANilParent(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	const text = "fakeloop: a context with a nil parent; use context.Background()"
	var none context.Context
	wantPanic(t, text, func() { loop.WithTimeout(none, time.Second) })
	wantPanic(t, text, func() { loop.WithDeadline(none, loop.Now()) })
	wantPanic(t, text, func() { loop.WithCancel(none) })
}
