package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Contexts of loops below each other, values in between, end together.
func TestNestedContexts(t *testing.T) {
	type key struct{}
	for _, tc := range []struct {
		name string
		end  func(loop *fakeloop.Loop, cancel context.CancelFunc)
		want string
	}{
		{"deadline", func(loop *fakeloop.Loop, _ context.CancelFunc) { mustAdvance(t, loop, time.Second) }, expired},
		{"cancel", func(_ *fakeloop.Loop, cancel context.CancelFunc) { cancel() }, canceled},
		{"close", func(loop *fakeloop.Loop, _ context.CancelFunc) { mustClose(t, loop) }, shut},
	} {
		t.Run(tc.name, func(t *testing.T) {
			loop, other := newLoop(t, fakeloop.Config{}), newLoop(t, fakeloop.Config{})
			top, cancel := loop.WithTimeout(context.Background(), time.Second)
			middle, cancelMiddle := loop.WithCancel(context.WithValue(top, key{}, "value"))
			defer cancelMiddle()
			low, cancelLow := other.WithTimeout(middle, time.Minute)
			defer cancelLow()
			derived, cancelDerived := context.WithCancel(low)
			defer cancelDerived()
			done := derived.Done()
			equal(t, "Value", low.Value(key{}), any("value"))
			tc.end(loop, cancel)
			select {
			case <-done:
			default:
				t.Error("a channel taken before is still open")
			}
			for _, ctx := range []context.Context{derived, low, middle, top} {
				equal(t, fmt.Sprint(ctx), standing(ctx), tc.want)
			}
		})
	}
}

// The context itself knows at once that its parent has ended, in each of its
// methods; the rest soon after.
func TestParentIsCancelled(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		why := errors.New("enough")
		ask := map[string]func(context.Context) bool{
			"Err":   func(ctx context.Context) bool { return ctx.Err() == context.Canceled },
			"Cause": func(ctx context.Context) bool { return context.Cause(ctx) == why },
			"Done": func(ctx context.Context) bool {
				select {
				case <-ctx.Done():
					return true
				default:
					return false
				}
			},
		}
		for name, ask := range ask {
			parent, end := context.WithCancelCause(context.Background())
			ctx, cancel := loop.WithTimeout(parent, time.Minute)
			child, cancelChild := context.WithCancel(ctx)
			done := ctx.Done()
			end(why)
			equal(t, name+" knows", ask(ctx), true)
			<-done
			<-child.Done()
			equal(t, "child", standing(child), "done, context canceled, enough")
			cancel()
			cancelChild()
			equal(t, "pending", len(loop.Pending()), 0)
		}
	})
}

// Nobody asks the context: the end of the parent comes nevertheless.
func TestParentIsCancelledUnseen(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	parent, end := context.WithCancel(context.Background())
	ctx, cancel := loop.WithCancel(parent)
	defer cancel()
	done := ctx.Done()
	end()
	<-done
}

// A parent that was cancelled before the deadline goes first, whatever the
// scheduler does; and a run does not depend on when the news of it arrive.
func TestParentIsCancelledBeforeTheDeadline(t *testing.T) {
	digests := map[string]bool{}
	for i := range 200 {
		loop := newLoop(t, fakeloop.Config{})
		var parent, ctx context.Context
		var end context.CancelFunc
		loop.Post(func() {
			parent, end = context.WithCancel(context.Background())
			ctx, _ = loop.WithTimeout(parent, time.Second)
			loop.AfterFunc(time.Second, func() {})
		})
		loop.AfterFunc(time.Second, func() {
			end()
			for range i % 4 {
				runtime.Gosched()
			}
		})
		mustIdle(t, loop)
		equal(t, "the context", standing(ctx), canceled)
		digests[loop.Timeline().Digest().String()] = true
	}
	equal(t, "digests", len(digests), 1)
}

// The timer of a context whose parent was cancelled stays until the cancel function
// is called, and fires without effect.
func TestTimerOutlivesTheParent(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	parent, end := context.WithCancel(context.Background())
	left, cancelLeft := loop.WithTimeout(parent, time.Second)
	defer cancelLeft()
	_, cancel := loop.WithTimeout(parent, time.Hour)
	end()
	<-left.Done()
	cancel()
	equal(t, "pending", len(loop.Pending()), 1)
	mustIdle(t, loop)
	equal(t, "Elapsed", loop.Elapsed(), time.Second)
	equal(t, "the context", standing(left), canceled)
}

// imitation is a context of a foreign make: package context knows nothing of it.
type imitation struct {
	context.Context
	done chan struct{}
	err  error
}

func (c *imitation) Done() <-chan struct{} { return c.done }

func (c *imitation) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

func TestForeignParent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // where a goroutine left behind fails the test
		loop := newLoop(t, fakeloop.Config{})
		why := errors.New("of a foreign make")
		parent := &imitation{context.Background(), make(chan struct{}), why}
		left, cancel := loop.WithTimeout(parent, time.Hour)
		cancel()
		ctx, cancel := loop.WithTimeout(parent, time.Hour)
		defer cancel()
		close(parent.done)
		<-ctx.Done()
		equal(t, "the context", standing(ctx), "done, of a foreign make, of a foreign make")
		equal(t, "one that was cancelled", standing(left), canceled)
	})
}

// silent is a context that does not tell of its end.
type silent struct{ imitation }

func (*silent) AfterFunc(func()) (stop func() bool) { return func() bool { return false } }

// A parent that ended before the deadline goes first even if the news of it never
// come.
func TestParentWithoutNews(t *testing.T) {
	why := errors.New("in silence")
	for name, end := range map[string]func(loop *fakeloop.Loop, cancel context.CancelFunc){
		"deadline": func(loop *fakeloop.Loop, _ context.CancelFunc) { mustIdle(t, loop) },
		"cancel":   func(_ *fakeloop.Loop, cancel context.CancelFunc) { cancel() },
		"close":    func(loop *fakeloop.Loop, _ context.CancelFunc) { mustClose(t, loop) },
	} {
		loop := newLoop(t, fakeloop.Config{})
		parent := &silent{imitation{context.Background(), make(chan struct{}), why}}
		ctx, cancel := loop.WithTimeout(parent, time.Minute)
		done := ctx.Done()
		close(parent.done)
		end(loop, cancel)
		<-done
		equal(t, name, standing(ctx), "done, in silence, in silence")
		cancel()
	}
}
