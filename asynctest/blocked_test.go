package asynctest_test

import (
	"context"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"
	. "github.com/windtunnel-go/windtunnel/asynctest"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

var (
	identities = regexp.MustCompile(`\b[0-9a-f]{8}\b`)
	testLines  = regexp.MustCompile(`_test\.go:\d+`)
)

func masked(text string) string {
	return testLines.ReplaceAllString(identities.ReplaceAllString(text, "#"), "_test.go:N")
}

// napping is a callback that blocks, for an hour of a bubble's time.
func napping() { time.Sleep(time.Hour) }

// blockedCallbacks returns all callbacks that blocked, as they are told.
func blockedCallbacks(g Gomega, tunnel *Tunnel) (told []string) {
	blocks, err := tunnel.Blocks()
	g.Expect(err).NotTo(HaveOccurred())
	fired := map[timeline.ID]timeline.Event{}
	for _, e := range tunnel.Loop.Timeline().All() {
		if e.Kind == timeline.Fired {
			fired[e.ID] = e
		}
	}
	for _, b := range blocks {
		for _, c := range b.Callbacks {
			e, there := fired[c.ID]
			g.Expect(there).To(BeTrue(), "%v is in the timeline", c)
			g.Expect([]any{c.At, c.Poster}).To(Equal([]any{e.At, e.Cause}), "%v is as the timeline says: %v", c, e)
			told = append(told, masked(c.String()))
		}
	}
	return told
}

// Who posted a callback that blocks is told, whatever it is.
func TestBlocksTellWhoPosted(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*fakeloop.Loop)
		want string
	}{
		{"the test", func(l *fakeloop.Loop) { l.Named("tick").Post(napping) },
			`callback "tick" (#) at 0s, posted by the test`},
		{"nobody has a name", func(l *fakeloop.Loop) { l.Post(napping) },
			`callback # at 0s, posted by the test`},
		{"a callback", func(l *fakeloop.Loop) { l.Named("first").Post(func() { l.Named("second").Post(napping) }) },
			`callback "second" (#) at 0s, posted by callback "first" (#)`},
		{"a timer", func(l *fakeloop.Loop) { l.Named("tick").AfterFunc(time.Second, napping) },
			`timer "tick" (#) at 1s, set by the test at blocked_test.go:N`},
		{"a timer posts", func(l *fakeloop.Loop) {
			l.Named("tick").AfterFunc(time.Second, func() { l.Named("work").Post(napping) })
		}, `callback "work" (#) at 1s, posted by timer "tick" (#), made at blocked_test.go:N`},
		{"a future", func(l *fakeloop.Loop) {
			p := fakeloop.NewPromise[int](l, "reply")
			p.Future().OnSettled(func(int, error) { napping() })
			l.AfterFunc(time.Minute, func() { p.Resolve(1) })
		}, `handler "reply" (#) at 1m0s, of future "reply" (#), made at blocked_test.go:N`},
		{"offloaded work", func(l *fakeloop.Loop) {
			l.Outside("query").Return(napping)
		}, `callback "query" (#) at 0s, with which work "query" (#), made at blocked_test.go:N returned`},
		{"another goroutine", func(l *fakeloop.Loop) { _ = l.PostFrom("client", napping) },
			`callback "client" (#) at 0s, posted by another goroutine`},
		{"a coroutine posts", func(l *fakeloop.Loop) {
			fakeloop.Async(l, "fetch", func(co *fakeloop.Coroutine) (int, error) {
				l.Named("step").Post(napping)
				return 0, co.Sleep(time.Second)
			})
		}, `callback "step" (#) at 0s, posted by coroutine "fetch" (#), made at blocked_test.go:N`},
		{"a coroutine", func(l *fakeloop.Loop) {
			fakeloop.Async(l, "fetch", func(*fakeloop.Coroutine) (int, error) { napping(); return 0, nil })
		}, `coroutine "fetch" (#), which was resumed by callback "fetch" (#) at 0s, posted by the test`},
		{"a coroutine that another callback resumes", func(l *fakeloop.Loop) {
			p := fakeloop.NewPromise[int](l, "reply")
			fakeloop.Async(l, "fetch", func(co *fakeloop.Coroutine) (int, error) {
				v, err := fakeloop.Await(co, p.Future())
				napping()
				return v, err
			})
			l.Named("tick").AfterFunc(time.Second, func() { p.Resolve(1) })
		}, `coroutine "fetch" (#), which was resumed by handler "reply" (#) at 1s, of future "reply" (#), made at blocked_test.go:N`},
		{"a callback that panics", func(l *fakeloop.Loop) {
			p := fakeloop.NewPromise[int](l, "reply")
			fakeloop.Then(p.Future(), func(int) (int, error) { napping(); panic("no") }).OnSettled(func(int, error) {})
			p.Resolve(1)
		}, `handler "reply" (#) at 0s, of future "reply" (#), made at blocked_test.go:N`},
		{"a callback that drives another loop", func(l *fakeloop.Loop) {
			l.Named("outer").Post(func() {
				inner := fakeloop.New(fakeloop.Config{})
				inner.Post(napping) // nobody knows its callbacks
				_ = inner.RunUntilIdle()
				_ = inner.Close()
			})
		}, `callback "outer" (#) at 0s, posted by the test`},
	} {
		t.Run(c.name, func(t *testing.T) {
			Run(t, func(tunnel *Tunnel) {
				c.do(tunnel.Loop)
				_ = tunnel.Loop.Advance(3 * time.Hour)
				NewWithT(t).Expect(blockedCallbacks(NewWithT(t), tunnel)).To(Equal([]string{c.want}))
			})
		})
	}
}

// Callbacks that block at one place are told together, each with its time.
func TestBlocksOfSeveralCallbacks(t *testing.T) {
	Run(t, func(tunnel *Tunnel) {
		g := NewWithT(t)
		for i := range 5 {
			tunnel.Loop.Named(fmt.Sprint("tick ", i)).AfterFunc(time.Duration(i)*time.Minute, napping)
		}
		_ = tunnel.Loop.Advance(24 * time.Hour)
		blocks, err := tunnel.Blocks()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(blocks).To(HaveLen(1))
		g.Expect(blocks[0].Count).To(Equal(5))
		g.Expect(blocks[0].Callbacks).To(HaveLen(5))
		for i, c := range blocks[0].Callbacks {
			g.Expect(c.Label).To(Equal(fmt.Sprint("tick ", i)))
			g.Expect([]any{c.Count, c.Virtual, c.Open, c.Coroutine, c.Poster}).To(Equal([]any{1, time.Hour, false, timeline.Driver, timeline.Driver}))
		}
		m := NeverBlock()
		g.Expect(m.Match(tunnel)).To(BeFalse())
		text := masked(m.FailureMessage(tunnel))
		g.Expect(text).To(ContainSubstring(`
        callback  asynctest_test.napping (blocked_test.go:N)
        blocked   timer "tick 0" (#) at 0s, set by the test at blocked_test.go:N
        blocked   timer "tick 1" (#) at 1h0m0s, set by the test at blocked_test.go:N
        blocked   timer "tick 2" (#) at 2h0m0s, set by the test at blocked_test.go:N
                  and 2 more, the last at 4h0m0s
        allow     `), text)
	})
}

// Loops give their things the same identities, so what blocks in another tunnel must not be
// taken for the tunnel's own.
func TestBlocksOfTwoTunnels(t *testing.T) {
	Run(t, func(one *Tunnel) {
		g := NewWithT(t)
		two := NewTunnel()
		one.Loop.Named("one").Post(napping)
		g.Expect(one.Settle()).To(Succeed())
		two.Loop.Named("two").Post(napping)
		g.Expect(one.Loop.Advance(3 * time.Hour)).To(Succeed())
		g.Expect(blockedCallbacks(g, one)).To(Equal([]string{`callback "one" (#) at 0s, posted by the test`}))
		g.Expect(blockedCallbacks(g, two)).To(Equal([]string{`callback "two" (#) at 1h0m0s, posted by the test`}))
		for name, tunnel := range map[string]*Tunnel{"one": one, "two": two} { // which blocked at the same place
			never := NeverBlock()
			g.Expect(never.Match(tunnel)).To(BeFalse())
			text := never.FailureMessage(tunnel)
			g.Expect(text).To(ContainSubstring("but they blocked (1 place):\n    park on sleep (\"sleep\"), once\n"))
			g.Expect(masked(text)).To(ContainSubstring(`blocked   callback "` + name + `" (#) at `))
			g.Expect(strings.Count(text, "\n        blocked   ")).To(Equal(1))
		}
		g.Expect(two.Close()).To(Succeed())
	})
}

// What one tunnel's callback waits for is no other's, and what no tunnel's does is all's; it
// has not ended if one of the tunnel's own has not.
func TestATunnelBlocksAlone(t *testing.T) {
	Run(t, func(waits *Tunnel) {
		g := NewWithT(t)
		mayNap := WithRules(blocking.AllowFunc(blocking.FuncName(napping), "this is a test"))
		idle, nap := NewTunnel(mayNap), NewTunnel(mayNap)
		release := make(chan int)
		hold := func() { <-release }
		nap.Loop.Post(napping)
		g.Expect(nap.Loop.Advance(2 * time.Hour)).To(Succeed())
		for _, loop := range []*fakeloop.Loop{waits.Loop, nap.Loop} {
			loop.Named("holds").Post(hold)
		}
		go func() { time.Sleep(time.Minute); release <- 1 }()
		time.Sleep(time.Hour)
		for tunnel, naps := range map[*Tunnel]int{idle: 0, nap: 1} {
			never := NeverBlock()
			g.Expect(never.Match(tunnel)).To(Equal(tunnel == idle))
			text := never.FailureMessage(tunnel)
			g.Expect(strings.Count(text, "Not counted, because a rule allows it")).To(Equal(naps), text)
		}
		blocks, err := nap.Blocks()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(blocks).To(HaveLen(1))
		more, err := waits.Blocks()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(more).To(HaveLen(1))
		g.Expect([]bool{blocks[0].Open, more[0].Open}).To(ConsistOf(true, false), "one of them has ended")
		close(release)
		g.Expect(idle.Close()).To(Succeed())
		g.Expect(nap.Close()).To(Succeed())
	})
	Run(t, func(one *Tunnel) {
		g := NewWithT(t)
		two, bare := NewTunnel(), fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		bare.Post(napping)
		g.Expect(bare.Advance(2 * time.Hour)).To(Succeed())
		for _, tunnel := range []*Tunnel{one, two} {
			blocks, err := tunnel.Blocks()
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(blocks).To(HaveLen(1))
			g.Expect(blocks[0].Callbacks).To(BeEmpty())
		}
		g.Expect(bare.Close()).To(Succeed())
		g.Expect(two.Close()).To(Succeed())
	})
}

// A tunnel outside of bubbles knows its callbacks as well, however they end, and what runs
// between them is none of theirs.
func TestBlocksOutsideABubble(t *testing.T) {
	g := NewWithT(t)
	tunnel := NewTunnel(WithFatal(func(v any) bool { return v == "fatal" }))
	defer tunnel.Close()
	tunnel.Loop.Named("fails").Post(func() { time.Sleep(time.Nanosecond); panic("fatal") })
	func() {
		defer func() { _ = recover() }()
		_ = tunnel.Loop.RunUntilIdle()
	}()
	blocking.Callback(func() { time.Sleep(time.Nanosecond) })
	blocks, err := tunnel.Blocks()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(blocks).To(HaveLen(2), "one is not the loop's")
	g.Expect(blockedCallbacks(g, tunnel)).To(Equal([]string{`callback "fails" (#) at 0s, posted by the test`}))
}

// A callback that has not returned is told, too.
func TestBlocksOfACallbackThatGoesOn(t *testing.T) {
	Run(t, func(tunnel *Tunnel) {
		g := NewWithT(t)
		release := make(chan int)
		tunnel.Loop.Named("stays").Post(func() { <-release })
		time.Sleep(time.Second)
		blocks, err := tunnel.Blocks()
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(blocks).To(HaveLen(1))
		g.Expect(blocks[0].Callbacks).To(HaveLen(1))
		c := blocks[0].Callbacks[0]
		g.Expect([]any{c.Label, c.Open, c.Virtual}).To(Equal([]any{"stays", true, time.Duration(0)}))
		close(release)
	})
}

// What the loop was told to call with each callback is called as well.
func TestTunnelKeepsOnCallback(t *testing.T) {
	g := NewWithT(t)
	var told []string
	hear := func(c fakeloop.CallbackInfo) func() {
		told = append(told, "+"+c.Label)
		if c.Label == "quiet" {
			return nil
		}
		return func() { told = append(told, "-"+c.Label) }
	}
	Run(t, func(tunnel *Tunnel) {
		for _, label := range []string{"a", "quiet", "b"} {
			tunnel.Loop.Named(label).Post(napping)
		}
		_ = tunnel.Loop.Advance(24 * time.Hour)
		g.Expect(blockedCallbacks(g, tunnel)).To(HaveLen(3))
	}, WithLoop(fakeloop.Config{OnCallback: hear}))
	g.Expect(strings.Join(told, " ")).To(Equal("+a -a +quiet +b -b"))
}

// A tunnel without a recording has nothing to tell, and says why.
func TestBlocksOfABlindTunnel(t *testing.T) {
	g := NewWithT(t)
	synctest.Test(t, func(*testing.T) {
		tunnel := NewTunnel()
		_, err := tunnel.Blocks()
		g.Expect(err).To(MatchError(ContainSubstring("the detector cannot be started in a bubble that was not made by Run or package spec")))
		g.Expect(tunnel.Close()).To(Succeed())
	})
	var nobody Tunnel
	g.Expect(func() { _, _ = nobody.Blocks() }).To(PanicWith(HavePrefix("asynctest: Tunnel.Blocks: this tunnel has not been made")))
}

// A callback that waits for work that it has offloaded blocks every time, and goes on: not
// only when the scheduler is slow to begin the work.
func TestWaitingForOffloadedWorkBlocksEachTime(t *testing.T) {
	for _, c := range []struct {
		name string
		wait func(offload func(func()))
	}{
		{"a channel", func(offload func(func())) {
			c := make(chan int, 1)
			offload(func() { c <- 1 })
			<-c
		}},
		{"a WaitGroup", func(offload func(func())) {
			var all sync.WaitGroup
			all.Add(1)
			offload(all.Done)
			all.Wait()
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			const times = 50
			Run(t, func(tunnel *Tunnel) {
				g := NewWithT(t)
				for range times {
					tunnel.Loop.Post(func() {
						c.wait(func(f func()) {
							fakeloop.Offload(tunnel.Loop, "work", func(context.Context) (int, error) { f(); return 0, nil })
							for range 20 { // the work has every chance to begin
								runtime.Gosched()
							}
						})
					})
				}
				g.Expect(tunnel.Settle()).To(Succeed())
				blocks, err := tunnel.Blocks()
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(blocks).To(HaveLen(1))
				g.Expect(blocks[0].Count).To(Equal(times))
				g.Expect(blocks[0].Callbacks).To(HaveLen(times))
			})
		})
	}
}

// Whoever says so has work begun at once.
func TestTunnelKeepsOffload(t *testing.T) {
	Run(t, func(tunnel *Tunnel) {
		g := NewWithT(t)
		var did atomic.Bool
		tunnel.Loop.Post(func() {
			fakeloop.Offload(tunnel.Loop, "work", func(context.Context) (int, error) { did.Store(true); return 0, nil })
			for !did.Load() { // which blocks nobody but the loop, and would go on for ever otherwise
				runtime.Gosched()
			}
		})
		g.Expect(tunnel.Settle()).To(Succeed())
		g.Expect(did.Load()).To(BeTrue())
	}, WithLoop(fakeloop.Config{Offload: fakeloop.AtOnce}))
}
