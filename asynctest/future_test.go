package asynctest

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onsi/gomega"
	"github.com/onsi/gomega/format"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func TestOutcomeLooksAndNeverWaits(t *testing.T) {
	g := gomega.NewWithT(t)
	ch := make(chan string, 1)
	f := AsFuture(ch, WithLabel("answer"))

	value, err, settled := f.Outcome()
	g.Expect([]any{value, err, settled}).To(gomega.Equal([]any{nil, nil, false}))
	ch <- "ok"
	g.Expect(f.String()).To(gomega.Equal(`future "answer" of type chan string, pending`), "String looked for an outcome")
	for range 2 {
		value, err, settled = f.Outcome()
		g.Expect([]any{value, err, settled}).To(gomega.Equal([]any{"ok", nil, true}))
	}
	g.Expect(format.Object(f, 0)).To(gomega.ContainSubstring(`future "answer" of type chan string, resolved`))
}

func TestOutcomeOfWhatIsNoFuture(t *testing.T) {
	g := gomega.NewWithT(t)
	f := AsFuture(5)
	_, _, settled := f.Outcome()
	g.Expect(settled).To(gomega.BeFalse())
	g.Expect(f.String()).To(gomega.Equal("not a future"))
}

func TestOutcomeOfALoopsFutureIsItsOwn(t *testing.T) {
	g := gomega.NewWithT(t)
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()
	p := fakeloop.NewPromise[int](loop, "fetch")
	p.Reject(io.EOF)
	f := AsFuture(p.Future())
	g.Expect(f.String()).To(gomega.Equal(p.Future().String()))
	g.Expect(loop.Unobserved()).To(gomega.HaveLen(1), "String counts as looking at the error")
	_, err, settled := f.Outcome()
	g.Expect([]any{err, settled}).To(gomega.Equal([]any{io.EOF, true}))
	g.Expect(loop.Unobserved()).To(gomega.BeEmpty())
}

func TestOptionsAreKeptByAnotherWrapper(t *testing.T) {
	g := gomega.NewWithT(t)
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()
	var none context.Context // a nil one means context.Background()
	inner := AsFuture(make(chan int), WithLabel("answer"), WithLimit(7), WithContext(none))
	outer := On(loop, inner, WithLimit(8))
	g.Expect(outer.label).To(gomega.Equal("answer"))
	g.Expect([]int{inner.limit, outer.limit}).To(gomega.Equal([]int{7, 8}))
	g.Expect(outer.of).To(gomega.BeIdenticalTo(inner.of))
	g.Expect(inner.loop).To(gomega.BeNil(), "On changed what it wrapped")
	g.Expect(inner.ctx).To(gomega.Equal(context.Background()))
}

func TestPanicOfAFunctionHasItsStack(t *testing.T) {
	g := gomega.NewWithT(t)
	f := AsFuture(func(context.Context) error { panic("oops") })
	g.Expect(f).To(BeRejected())
	_, err, _ := f.Outcome()
	g.Expect(err.Error()).To(gomega.MatchRegexp(`^fakeloop: a function that is awaited panicked at future_test\.go:\d+: oops$`))
	g.Expect(strings.HasPrefix(fmt.Sprintf("%+v", err), err.Error()+"\ngoroutine ")).To(gomega.BeTrue())
	g.Expect(fmt.Sprintf("%v", err)).To(gomega.Equal(err.Error()))
}

// The time of the guard is real, but in a bubble.
func TestTheGuardTellsItsTime(t *testing.T) {
	g := gomega.NewWithT(t)
	guard := func() string { return failure(BeResolved(), AsFuture(make(chan int), WithGuard(time.Nanosecond))) }
	g.Expect(guard()).To(gomega.HavePrefix("BeResolved waited 1ns of real time for a future of type chan int, pending, and cannot tell"))
	g.Expect(guard()).To(gomega.ContainSubstring("Nothing drives a loop here"))
	synctest.Test(t, func(*testing.T) {
		g.Expect(guard()).To(gomega.HavePrefix("BeResolved waited 1ns of virtual time for a future of type chan int, pending, and cannot tell"))
	})
}

// A loop that gives up knows its last callbacks, and the matcher what it waited for.
func TestTheLimitTellsTheFuture(t *testing.T) {
	g := gomega.NewWithT(t)
	loop := fakeloop.New(fakeloop.Config{Sites: true, Horizon: time.Minute})
	defer func() { _ = loop.Close() }()
	var beat func()
	beat = func() { loop.Named("beat").AfterFunc(time.Second, beat) }
	beat()
	_, err := BeResolved().Match(fakeloop.NewPromise[int](loop, "reply").Future())
	g.Expect(err).To(gomega.MatchError(gomega.MatchRegexp(`^BeResolved waited for future "reply" \(\w+\), made at future_test.go:\d+, pending: fakeloop: gave up at 1m0s: .*callback "beat"`)))
}
