package fakeloop_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func stackText(lines []string) string { return masked(strings.Join(lines, "\n")) }

// A stack goes from the future up to what nobody waits for, through handlers and
// coroutines alike.
func TestAsyncStack(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "packet")
	equal(t, "alone", stackText(p.Future().AsyncStack()), `future "packet" (#), pending`)

	parsed := fakeloop.Catch(fakeloop.Then(p.Future(), func(v int) (int, error) { return v, nil }), func(err error) (int, error) { return 0, err })
	reads := fakeloop.Async(loop, "reads", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, parsed) })
	serves := fakeloop.Async(loop, "serves", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, reads) })
	serves.OnSettled(func(int, error) {}) // settles nothing, so it does not count
	mustAdvance(t, loop, 0)
	equal(t, "chain", stackText(p.Future().AsyncStack()), `future "packet" (#), pending
awaited by future "then" (#)
awaited by future "catch" (#)
awaited by coroutine "reads" (#)
awaited by coroutine "serves" (#)`)
	equal(t, "from the middle", stackText(reads.AsyncStack()), `future "reads" (#), pending
awaited by coroutine "serves" (#)`)

	p.Resolve(1)
	mustIdle(t, loop)
	equal(t, "settled", stackText(p.Future().AsyncStack()), `future "packet" (#), resolved`)
}

// The first that waits is followed, also if a bare handler, or one that gave up, came
// before it.
func TestAsyncStackFollowsTheFirst(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "p")
	waits := func(name string) *fakeloop.Future[int] {
		f := fakeloop.Async(loop, name, func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, p.Future()) })
		mustAdvance(t, loop, 0)
		return f
	}
	p.Future().OnSettled(func(int, error) {})
	first := waits("first")
	waits("second")
	equal(t, "both", stackText(p.Future().AsyncStack()), "future \"p\" (#), pending\nawaited by coroutine \"first\" (#)")
	first.Cancel(nil)
	equal(t, "first gave up", stackText(p.Future().AsyncStack()), "future \"p\" (#), pending\nawaited by coroutine \"second\" (#)")
}

func TestAsyncStackWithSites(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Sites: true})
	p := fakeloop.NewPromise[int](loop, "p")
	inner := fakeloop.Async(loop, "inner", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, p.Future()) })
	fakeloop.Async(loop, "outer", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, inner) })
	mustAdvance(t, loop, 0)
	stack := p.Future().AsyncStack()
	equal(t, "stack", stackText(stack), `future "p" (#), made at FILE, pending
awaited by coroutine "inner" (#) at FILE
awaited by coroutine "outer" (#) at FILE`)
	for _, line := range stack {
		equal(t, "names this file: "+line, strings.Contains(line, "asyncstack_test.go:"), true)
	}
	if stack[1] == stack[2] {
		t.Errorf("two coroutines at one line: %v", stack)
	}
}

func TestAsyncStackOfACycle(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var a, b *fakeloop.Future[int]
	a = fakeloop.Async(loop, "a", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, b) })
	b = fakeloop.Async(loop, "b", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, a) })
	mustAdvance(t, loop, 0)
	equal(t, "stack", stackText(a.AsyncStack()), `future "a" (#), pending
awaited by coroutine "b" (#)
awaited by coroutine "a" (#) again: a cycle`)
}

// A panic tells who was waiting for the function that panicked, but in %+v only.
func TestPanicErrorShowsWhoWaited(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		reads := fakeloop.Async(loop, "reads", func(co *fakeloop.Coroutine) (int, error) {
			_ = co.Sleep(time.Second)
			panic(io.EOF)
		})
		serves := fakeloop.Async(loop, "serves", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, reads) })
		_, err := serves.Wait()
		p := as[*fakeloop.PanicError](t, err)
		equal(t, "awaiters", stackText(p.Awaiters), `awaited by coroutine "serves" (#)`)
		short, long := fmt.Sprintf("%v", p), masked(fmt.Sprintf("%+v", p))
		equal(t, "%v", masked(short), `fakeloop: coroutine "reads" (#) panicked at FILE: EOF`)
		equal(t, "%+v begins with that", strings.HasPrefix(long, masked(short)+"\ngoroutine "), true)
		equal(t, "%+v ends with who waited", strings.HasSuffix(long, "\nawaited by coroutine \"serves\" (#)"), true)

		loop.Post(func() { panic("nobody waits") })
		p = as[*fakeloop.PanicError](t, loop.RunUntilIdle())
		equal(t, "awaiters of a callback", len(p.Awaiters), 0)
	})
}

// The handler of a chain that panics tells it too.
func TestPanicOfAHandlerShowsWhoWaited(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "p")
	f := fakeloop.Then(p.Future(), func(int) (int, error) { panic("bad") })
	g := fakeloop.Async(loop, "waits", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, f) })
	mustAdvance(t, loop, 0)
	p.Resolve(1)
	_, err := g.Wait()
	equal(t, "awaiters", stackText(as[*fakeloop.PanicError](t, err).Awaiters), `awaited by coroutine "waits" (#)`)
}

func errorTexts(errs []error) string {
	var texts []string
	for _, err := range errs {
		texts = append(texts, err.Error())
	}
	return masked(strings.Join(texts, "\n"))
}

func TestUnfinished(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		p := fakeloop.NewPromise[int](loop, "p")
		derived := fakeloop.Then(p.Future(), func(v int) (int, error) { return v, nil })
		reads := fakeloop.Async(loop, "reads", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, derived) })
		fakeloop.Async(loop, "serves", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, reads) })
		fakeloop.Async(loop, "ends", func(*fakeloop.Coroutine) (int, error) { return 0, nil })
		_ = loop.Settle()
		fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, p.Future()) })
		_ = loop.Settle()
		equal(t, "unfinished", errorTexts(loop.Unfinished()), `fakeloop: coroutine "reads" (#) has not finished
which waits for future "then" (#), pending
which waits for future "p" (#), pending
fakeloop: coroutine "serves" (#) has not finished
which waits for future "reads" (#), pending
which waits for future "then" (#), pending
which waits for future "p" (#), pending
fakeloop: coroutine # has not finished
which waits for future "p" (#), pending`)
		p.Resolve(1)
		mustIdle(t, loop)
		equal(t, "all have ended", len(loop.Unfinished()), 0)
		mustClose(t, loop)
	})
}

func TestUnfinishedWithSites(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Sites: true})
	fakeloop.Async(loop, "sleeps", func(co *fakeloop.Coroutine) (int, error) { return 0, co.Sleep(time.Hour) })
	equal(t, "before it began", len(loop.Unfinished()), 0)
	mustAdvance(t, loop, 0)
	errs := loop.Unfinished()
	equal(t, "unfinished", errorTexts(errs), `fakeloop: coroutine "sleeps" (#), made at FILE has not finished; it is suspended at FILE
which waits for future "sleep" (#), made at FILE, pending`)
	unfinished := as[*fakeloop.UnfinishedError](t, errs[0])
	equal(t, "At", strings.Contains(unfinished.At, "asyncstack_test.go:"), true)
	mustClose(t, loop)
	equal(t, "after Close", len(loop.Unfinished()), 0)
}

// A coroutine that was cancelled and goes on is unfinished all the same.
func TestUnfinishedAfterCancel(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	f := fakeloop.Async(loop, "cleans up", func(co *fakeloop.Coroutine) (int, error) {
		_ = co.Sleep(time.Hour)
		return 0, co.Sleep(time.Minute)
	})
	mustAdvance(t, loop, 0)
	f.Cancel(nil)
	mustAdvance(t, loop, 0)
	equal(t, "unfinished", errorTexts(loop.Unfinished()), "fakeloop: coroutine \"cleans up\" (#) has not finished\nwhich waits for future \"sleep\" (#), pending")
	mustAdvance(t, loop, time.Minute)
	equal(t, "unfinished", len(loop.Unfinished()), 0)
}
