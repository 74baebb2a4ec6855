package fakeloop_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// announcements writes down what OnCallback is told: "+a" and "-a" around callback a, with
// "co" behind it on the goroutine of a coroutine.
type announcements struct {
	told []string
	ids  []timeline.ID
	from []timeline.ID
}

func (a *announcements) add(text string) { a.told = append(a.told, text) }

func (a *announcements) hear(c fakeloop.CallbackInfo) func() {
	name := c.Label
	if c.Coroutine != 0 {
		name += " co"
	}
	a.add("+" + name)
	a.ids = append(a.ids, c.ID)
	a.from = append(a.from, c.Poster)
	return func() { a.add("-" + name) }
}

func (a *announcements) String() string { return strings.Join(a.told, ", ") }

func TestOnCallback(t *testing.T) {
	var a announcements
	l := fakeloop.New(fakeloop.Config{OnCallback: a.hear})
	l.Named("a").Post(func() {
		a.add("a runs")
		l.Named("b").Post(func() { a.add("b runs") })
		l.Named("c").AfterFunc(time.Second, func() { a.add("c runs") })
	})
	mustIdle(t, l)
	equal(t, "what was told", a.String(), "+a, a runs, -a, +b, b runs, -b, +c, c runs, -c")
	var fired, causes []timeline.ID
	for _, e := range l.Timeline().All() {
		if e.Kind == timeline.Fired {
			fired, causes = append(fired, e.ID), append(causes, e.Cause)
		}
	}
	if !slices.Equal(a.ids, fired) || !slices.Equal(a.from, causes) {
		t.Errorf("told of %v, posted by %v; the timeline has %v, posted by %v", a.ids, a.from, fired, causes)
	}
}

// Whoever is told that a callback begins is told that it is over, however it ends, and hears
// nothing of a loop that has nothing to say.
func TestOnCallbackHearsOfEveryEnd(t *testing.T) {
	var a announcements
	l := fakeloop.New(fakeloop.Config{OnCallback: a.hear, Fatal: func(v any) bool { return v == "fatal" }})
	l.Named("panics").Post(func() { panic("no") })
	l.Named("fails").Post(func() { panic("fatal") })
	func() {
		defer func() { _ = recover() }()
		_ = l.RunUntilIdle()
	}()
	exited := make(chan struct{})
	l.Named("exits").Post(func() { runtime.Goexit() })
	go func() {
		defer close(exited)
		_ = l.RunUntilIdle()
	}()
	<-exited
	equal(t, "what was told", a.String(), "+panics, -panics, +fails, -fails, +exits, -exits")
	_ = l.Close()

	silent := fakeloop.New(fakeloop.Config{OnCallback: func(fakeloop.CallbackInfo) func() { return nil }})
	ran := fakeloop.Async(silent, "co", func(co *fakeloop.Coroutine) (int, error) { return 1, co.Yield() })
	sameError(t, "Await", silent.Await(ran), nil)
	mustClose(t, silent)
}

// A coroutine is announced on its own goroutine, each time that its body goes on, with the
// callback that resumes it, and not when it is ended by Close.
func TestOnCallbackInCoroutines(t *testing.T) {
	var a announcements
	l := fakeloop.New(fakeloop.Config{OnCallback: a.hear})
	p := fakeloop.NewPromise[int](l, "reply")
	fakeloop.Async(l, "one", func(co *fakeloop.Coroutine) (int, error) {
		a.add("one begins")
		v, err := fakeloop.Await(co, p.Future())
		a.add("one ends")
		return v, err
	})
	fakeloop.Async(l, "two", func(co *fakeloop.Coroutine) (int, error) {
		p.Resolve(1)
		_, err := fakeloop.Await(co, fakeloop.NewPromise[int](l, "never").Future())
		a.add("two is closed")
		return 0, err
	})
	mustIdle(t, l)
	fakeloop.Async(l, "three", func(*fakeloop.Coroutine) (int, error) { panic("no") }).OnSettled(func(int, error) {})
	mustIdle(t, l)
	_ = l.Close()
	equal(t, "what was told", a.String(), "+one, +one co, one begins, -one co, -one, "+
		"+two, +two co, -two co, -two, "+
		"+reply, +reply co, one ends, -reply co, -reply, "+
		"+three, +three co, -three co, -three, +three, -three, two is closed")
	for i, told := range slices.DeleteFunc(slices.Clone(a.told), func(s string) bool { return s[0] != '+' }) {
		if strings.HasSuffix(told, " co") && a.ids[i] != a.ids[i-1] {
			t.Errorf("%q is %v, and the callback that resumes it %v", told, a.ids[i], a.ids[i-1])
		}
	}
}

func TestOnCallbackInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a announcements
		l := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, OnCallback: a.hear})
		l.Named("a").Post(func() {})
		f := fakeloop.Async(l, "co", func(co *fakeloop.Coroutine) (int, error) { return 0, co.Sleep(time.Hour) })
		sameError(t, "Await", l.Await(f), nil)
		mustClose(t, l)
		equal(t, "what was told", a.String(), "+a, -a, +co, +co co, -co co, -co, +, -, +sleep, +sleep co, -sleep co, -sleep")
	})
}

func ExampleConfig_onCallback() {
	loop := fakeloop.New(fakeloop.Config{OnCallback: func(c fakeloop.CallbackInfo) func() {
		fmt.Printf("%s (%v) begins, posted by %v\n", c.Label, c.ID, c.Poster)
		return func() { fmt.Println(c.Label, "is over") }
	}})
	loop.Named("tick").AfterFunc(time.Second, func() { fmt.Println("work") })
	_ = loop.RunUntilIdle()
	// Output:
	// tick (23778145) begins, posted by driver
	// work
	// tick is over
}
