package fakeloop_test

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func TestCallbackFrames(t *testing.T) {
	got := fakeloop.CallbackFrames()
	want := []string{
		"github.com/windtunnel-go/windtunnel/fakeloop.(*Loop).dispatch",
		"github.com/windtunnel-go/windtunnel/fakeloop.(*Coroutine).enter",
	}
	if !slices.Equal(got, want) {
		t.Errorf("CallbackFrames() = %q, want %q", got, want)
	}
	got[0] = "changed by a caller"
	equal(t, "asked again", fakeloop.CallbackFrames()[0], want[0])
}

// frames are the functions on the calling goroutine's stack, as a detector
// sees them.
func frames() []string {
	pcs := make([]uintptr, 100)
	it := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	var out []string
	for {
		f, more := it.Next()
		out = append(out, f.Function)
		if !more {
			return out
		}
	}
}

// The frames that CallbackFrames names are really there: not inlined, not
// renamed, in every kind of callback, in both modes.
func TestCallbackFramesAreInTheStack(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		dispatch, enter := fakeloop.CallbackFrames()[0], fakeloop.CallbackFrames()[1]
		var log journal
		check := func(where, want string) {
			got := frames()
			if !slices.Contains(got, want) {
				t.Errorf("%s: no frame %s in\n%s", where, want, strings.Join(got, "\n"))
			}
			// The text of a stack has them too.
			buf := make([]byte, 64<<10)
			if text := string(buf[:runtime.Stack(buf, false)]); !strings.Contains(text, want+"(") {
				t.Errorf("%s: no %s in\n%s", where, want, text)
			}
			log.add("%s", where)
		}
		if got := frames(); slices.Contains(got, dispatch) || slices.Contains(got, enter) {
			t.Errorf("a callback's frame outside any callback:\n%s", strings.Join(got, "\n"))
		}
		onLoop(t, loop, func() {
			check("callback", dispatch)
			loop.AfterFunc(time.Second, func() { check("timer", dispatch) })
			f := fakeloop.Async(loop, "", func(co *fakeloop.Coroutine) (int, error) {
				check("body", enter)
				_ = co.Sleep(2 * time.Second)
				check("resumed", enter)
				if got := frames(); slices.Contains(got, dispatch) {
					t.Errorf("a coroutine's stack shows the dispatch:\n%s", strings.Join(got, "\n"))
				}
				return 0, nil
			})
			f.OnSettled(func(int, error) { check("observer", dispatch) })
			fakeloop.Catch(fakeloop.Then(f, func(int) (int, error) { check("then", dispatch); return 0, errors.New("x") }),
				func(error) (int, error) { check("catch", dispatch); return 0, nil })
			_ = loop.Outside("").Return(func() { check("returned", dispatch) })
			_ = loop.PostFrom("x", func() { check("posted", dispatch) })
		})
		got := log.read()
		slices.Sort(got)
		equal(t, "callbacks", strings.Join(got, " "), "body callback catch observer posted resumed returned then timer")
	})
}

// With Sites every text says where a thing was made: in the user's code, never
// in this package's, however deep the call went.
func TestSites(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode, Sites: true, Guard: time.Second})
		var lines []int
		here := func() { _, _, n, _ := runtime.Caller(1); lines = append(lines, n+1) } // the line below the call
		var a, b, c *fakeloop.Future[int]
		var timer *fakeloop.Timer
		var work *fakeloop.Work
		onLoopStuck(loop, func() {
			here()
			timer = loop.AfterFunc(time.Hour, func() {})
			here()
			timer2 := loop.Named("named").AfterFunc(time.Hour, func() {})
			here()
			work = loop.Outside("work")
			here()
			a = fakeloop.NewPromise[int](loop, "p").Future()
			here()
			b = fakeloop.Then(a, same)
			here()
			c = fakeloop.Catch(b, func(err error) (int, error) { return 0, err })
			here()
			d := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, a) })
			_, _ = timer2, d
		})
		at := func(i int) string { return fmt.Sprintf(", made at site_test.go:%d", lines[i]) }
		want := "timer #, due at DUE" + at(0) +
			"\ntimer \"named\" (#), due at DUE" + at(1) +
			"\nwork \"work\" (#)" + at(2) +
			"\nfuture \"p\" (#)" + at(3) + ", pending" +
			"\nfuture \"then\" (#)" + at(4) + ", pending, waits for future \"p\" (#)" +
			"\nfuture \"catch\" (#)" + at(5) + ", pending, waits for future \"then\" (#)" +
			"\nfuture \"co\" (#)" + at(6) + ", pending, waits for future \"p\" (#)"
		got := identities.ReplaceAllString(pendingText(loop), "#")
		got = strings.ReplaceAll(got, "1h0m0s", "DUE")
		equal(t, "Pending", got, want)
		equal(t, "String", identities.ReplaceAllString(b.String(), "#"), `future "then" (#)`+at(4)+`, pending, waits for future "p" (#)`)
		_ = work.Return(nil)
		timer.Stop()
		_ = c
	})
}

// onLoopStuck is onLoop for what leaves work outside.
func onLoopStuck(loop *fakeloop.Loop, f func()) {
	ran := fakeloop.NewPromise[int](loop, "")
	loop.Post(func() { f(); ran.Resolve(1) })
	_, _ = ran.Future().Wait()
	if loop.Mode() == fakeloop.Virtual {
		_, _ = loop.Step() // the coroutine
		return
	}
	again := fakeloop.NewPromise[int](loop, "")
	loop.Post(func() { again.Resolve(1) })
	_, _ = again.Future().Wait()
}

// A site far down a stack, beyond the first portion of frames, is found.
func TestSitesInDeepStacks(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Sites: true})
	var deep func(n int) *fakeloop.Promise[int]
	deep = func(n int) *fakeloop.Promise[int] {
		if n == 0 {
			return fakeloop.NewPromise[int](loop, "deep")
		}
		return deep(n - 1)
	}
	loop.Post(func() {
		deep(500)
		equal(t, "driving from deep in a callback", driveDeep(loop, 500), fakeloop.ErrReentrant)
	})
	mustIdle(t, loop)
	equal(t, "site", strings.Contains(loop.Pending()[0].String(), "made at site_test.go:"), true)
}

func driveDeep(loop *fakeloop.Loop, n int) error {
	if n == 0 {
		return loop.RunUntilIdle()
	}
	return driveDeep(loop, n-1)
}

func TestNoSitesUnlessAsked(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	fakeloop.NewPromise[int](loop, "p")
	equal(t, "Pending", strings.Contains(loop.Pending()[0].String(), "made at"), false)
}

// A place that made something before costs no allocation, however the call came there.
func TestSitesAreKept(t *testing.T) {
	allocations := func(sites bool) float64 {
		loop := newLoop(t, fakeloop.Config{Sites: sites})
		return testing.AllocsPerRun(1000, func() {
			fakeloop.NewPromise[int](loop, "p")
			loop.AfterFunc(time.Second, func() {}).Stop()
		})
	}
	equal(t, "allocations with sites", allocations(true), allocations(false))
}

func TestUnobservedErrorSaysWhere(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Sites: true})
	var n int
	p := func() *fakeloop.Promise[int] { n = line(); return fakeloop.NewPromise[int](loop, "p") }()
	p.Reject(errors.New("x"))
	err := loop.Close()
	equal(t, "text", identities.ReplaceAllString(err.Error(), "#"),
		fmt.Sprintf(`fakeloop: nobody looked at the error of future "p" (#), made at site_test.go:%d: x; handle it with Catch, OnSettled or Await`, n))
}

// With Sites the timeline knows where things were made, without being another one for it;
// without, it knows nothing.
func TestTimelineHasSites(t *testing.T) {
	var digests []string
	for _, on := range []bool{true, false} {
		loop := newLoop(t, fakeloop.Config{Sites: on})
		promise := fakeloop.NewPromise[int](loop, "promise")
		loop.Named("timer").AfterFunc(time.Second, func() { promise.Resolve(1) })
		_ = loop.Outside("work").Return(nil)
		fakeloop.Async(loop, "coroutine", func(co *fakeloop.Coroutine) (int, error) { return 0, co.Sleep(time.Second) })
		if err := loop.RunUntilIdle(); err != nil {
			t.Error(err)
		}
		tl := loop.Timeline()
		digests = append(digests, tl.Digest().String())
		sites, made := tl.Sites(), 0
		for _, e := range tl.All() {
			if e.Kind != timeline.Promised && e.Kind != timeline.Armed && e.Kind != timeline.Left || e.Label == "" {
				continue
			}
			made++
			if site, ok := sites[e.ID]; ok != on || on && !strings.HasPrefix(site, "site_test.go:") {
				t.Errorf("sites %v: %q was made at %q", on, e.Label, site)
			}
		}
		equal(t, "things", made, 5)
	}
	equal(t, "digests", digests[0], digests[1])
}
