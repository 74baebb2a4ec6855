package fakeloop_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Goroutines begin one at a time, in the order of their names: each can do what it
// likes with what they share, until it waits.
func TestGoroutinesBeginOneAtATime(t *testing.T) {
	for range 50 {
		inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
			var order []string // no lock
			for _, name := range []string{"d", "b", "a", "c", "a"} {
				loop.Go(name, func() {
					for range 3 {
						order = append(order, name)
						runtime.Gosched()
					}
				})
			}
			equal(t, "Settle", loop.Settle(), nil)
			equal(t, "order", strings.Join(order, " "), "a a a a a a b b b c c c d d d")
			equal(t, "ties", len(loop.Gate().Ties()), 0)
			equal(t, "timeline", passed(loop.Timeline()), "start a, start a#1, start b, start c, start d")
		})
	}
}

// A source of decisions puts the start of goroutines off, within the spread.
func TestSpread(t *testing.T) {
	starts := func(source fakeloop.Source) (text string, digest timeline.Digest) {
		synctest.Test(t, func(t *testing.T) {
			loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Decisions: source, Spread: 15 * time.Second})
			var log journal
			for _, name := range []string{"a", "b", "c"} {
				loop.Go(name, func() { log.add("%s=%v", name, loop.Elapsed()) })
			}
			time.Sleep(time.Minute)
			text, digest = strings.Join(log.read(), " "), loop.Timeline().Digest()
			mustClose(t, loop)
		})
		return text, digest
	}
	text, _ := starts(nil)
	equal(t, "without a source", text, "a=0s b=0s c=0s")
	text, _ = starts(&script{0, 3, 0, 15, 2})
	equal(t, "with one", text, "c=2s a=3s b=15s")
	for range 50 {
		text, _ = starts(&script{0, 5, 0, 5, 5})
		equal(t, "put off to one instant", text, "a=5s b=5s c=5s")
	}
	seen := map[string]bool{}
	for seed := range uint64(20) {
		recording := fakeloop.Record(fakeloop.Seed(seed))
		text, digest := starts(recording)
		seen[text] = true
		again, same := starts(recording.Replay().Strict())
		equal(t, "replay", again, text)
		equal(t, "digest of the replay", same, digest)
	}
	if len(seen) < 15 {
		t.Errorf("20 seeds gave %d different starts", len(seen))
	}
}

// Its end is known: Done and Err tell how.
func TestEndOfAGoroutine(t *testing.T) {
	for name, c := range map[string]struct {
		f    func()
		want error
	}{
		"returns": {func() {}, nil},
		"panics":  {func() { panic(io.EOF) }, io.EOF},
		"goexit":  {runtime.Goexit, fakeloop.ErrGoexit},
		"fatal":   {func() { panic(fatal("failed")) }, fakeloop.ErrGoexit},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Fatal: isFatal})
				release := make(chan struct{})
				g := loop.Go("worker", func() { <-release; c.f() })
				equal(t, "Err before", g.Err(), nil)
				close(release)
				<-g.Done()
				sameError(t, "Err", g.Err(), c.want)
				var err error
				how := ending(func() { err = loop.Settle() })
				switch name {
				case "panics":
					sameError(t, "Settle", err, io.EOF)
					wantErrorText(t, as[*fakeloop.PanicError](t, g.Err()), `fakeloop: goroutine "worker" (#) panicked at FILE: EOF`)
				case "returns":
					sameError(t, "Settle", err, nil)
				case "fatal":
					equal(t, "Settle ended with", how, "panic: failed")
				case "goexit":
					equal(t, "Settle ended with", how, "goexit")
				}
				mustClose(t, loop)
			})
		})
	}
}

// A loop that is closed tells which of its goroutines go on, and where they are.
func TestCloseTellsOfGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Sites: true})
		release := make(chan struct{})
		for _, name := range []string{"client", "server", "client"} {
			loop.Go(name, func() { <-release })
		}
		loop.Go("short", func() {})
		loop.Go("sleeper", func() { time.Sleep(time.Hour) })
		equal(t, "Settle", loop.Settle(), nil)
		err := as[*fakeloop.LeakError](t, loop.Close())
		wantErrorText(t, err, `fakeloop: closed while goroutines went on that Loop.Go had started; end them first, for example by closing what they wait for:
goroutine "client" (#), made at FILE: chan receive at FILE
goroutine "client" (#), made at FILE: chan receive at FILE
goroutine "server" (#), made at FILE: chan receive at FILE
goroutine "sleeper" (#), made at FILE: sleep at FILE`)
		equal(t, "time that Close took", loop.Elapsed(), 0)
		if !strings.Contains(err.Error(), "gatestart_test.go:") {
			t.Errorf("the places are not the test's:\n%v", err)
		}
		close(release)
		time.Sleep(2 * time.Hour)
	})
}

// Those that end because the gate opens are not told; one that has not begun never
// begins.
func TestCloseLetsGoroutinesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, PassLimit: 1})
		var ended sync.WaitGroup
		ended.Add(1)
		loop.Go("a", func() {
			defer ended.Done()
			sameError(t, "Pass", loop.Gate().Pass(passage("a")), fakeloop.ErrClosed)
		})
		late := loop.Go("b", func() { t.Error("b began") })
		as[*fakeloop.LivelockError](t, loop.Settle())
		err := loop.Close()
		var leak *fakeloop.LeakError
		equal(t, "a leak is told", errors.As(err, &leak), false)
		ended.Wait()
		<-late.Done()
		sameError(t, "Err of what did not begin", late.Err(), fakeloop.ErrClosed)
	})
}

// A goroutine of the loop may close it.
func TestAGoroutineClosesItsLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		g := loop.Go("closer", func() { equal(t, "Close", loop.Close(), nil) })
		<-g.Done()
	})
}

// On a wall loop goroutines start at once.
func TestGoOnAWallLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall})
		g := loop.Go("a", func() {})
		<-g.Done()
		equal(t, "Err", g.Err(), nil)
		mustClose(t, loop)
	})
}

func TestMisuseOfGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		wantPanic(t, "fakeloop: Go with a nil function", func() { loop.Go("a", nil) })
		wantPanic(t, "fakeloop: Go without a name; name the goroutine, the same in every run", func() { loop.Go("", func() {}) })
		mustClose(t, loop)
		wantPanic(t, "fakeloop: Go on a closed loop: the goroutine would run unwatched", func() { loop.Go("a", func() {}) })
	})
	wantPanic(t, "fakeloop: Go on a virtual loop, beside which no goroutine runs; use Async for a coroutine, Offload for work outside, or a loop in Bubble mode", func() {
		newLoop(t, fakeloop.Config{}).Go("a", func() {})
	})
}

// A goroutine prints as what it is.
func TestGoroutineTexts(t *testing.T) {
	inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
		g := loop.Go("client", func() {})
		wantText(t, "String", g, `goroutine "client" (#)`)
		equal(t, "GomegaString", g.GomegaString(), g.String())
		<-g.Done()
	})
}

// What a goroutine of a loop does not touch is none of the loop's: two loops of a bubble
// have each their own.
func TestGoroutinesOfTwoLoops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		second := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		release := make(chan struct{})
		var order []string
		for i, loop := range []*fakeloop.Loop{second, first} {
			for _, name := range []string{"b", "a"} {
				loop.Go(name, func() { order = append(order, fmt.Sprint(name, i)); <-release })
			}
		}
		equal(t, "Settle", first.Settle(), nil)
		equal(t, "order", strings.Join(order, " "), "a1 a0 b1 b0")
		equal(t, "leaks of the first", len(as[*fakeloop.LeakError](t, first.Close()).Goroutines), 2)
		close(release)
		equal(t, "Settle", second.Settle(), nil)
		mustClose(t, second)
	})
}
