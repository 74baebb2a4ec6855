package fakeloop_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// With Sites a limit tells where the last callbacks come from: where they were posted or
// set, or where the future or the coroutine was made whose doing they are.
func TestALimitTellsWhereCallbacksComeFrom(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*fakeloop.Loop)
		want []string
	}{
		{"callbacks", func(l *fakeloop.Loop) {
			var ping, pong func()
			ping = func() { l.Named("ping").Post(pong) }
			pong = func() { l.Post(ping) }
			l.Post(ping)
		}, []string{`callback "ping" (#) posted at FILE`, `callback # posted at FILE`, `callback "ping" (#) posted at FILE`}},
		{"timers", func(l *fakeloop.Loop) {
			var tick func()
			tick = func() { l.Named("tick").AfterFunc(0, tick) }
			tick()
		}, []string{`callback "tick" (#) set at FILE`, `callback "tick" (#) set at FILE`, `callback "tick" (#) set at FILE`}},
		{"a coroutine", func(l *fakeloop.Loop) {
			fakeloop.Async(l, "spin", func(co *fakeloop.Coroutine) (int, error) {
				for {
					if err := co.Yield(); err != nil {
						return 0, err
					}
				}
			})
		}, []string{`callback "spin" (#) of "spin" (#) made at FILE`, `callback "spin" (#) of "spin" (#) made at FILE`, `callback "spin" (#) of "spin" (#) made at FILE`}},
		{"handlers", func(l *fakeloop.Loop) {
			var again func()
			again = func() {
				p := fakeloop.NewPromise[int](l, "reply")
				p.Future().OnSettled(func(int, error) { again() })
				p.Resolve(1)
			}
			again()
		}, []string{`callback "reply" (#) of "reply" (#) made at FILE`, `callback "reply" (#) of "reply" (#) made at FILE`, `callback "reply" (#) of "reply" (#) made at FILE`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			check := func(t *testing.T, err error) {
				t.Helper()
				limit := as[*fakeloop.LimitError](t, err)
				equal(t, "Callbacks", limit.Callbacks, 100)
				equal(t, "Last", masked(strings.Join(limit.Last, "\n")), strings.Join(c.want, "\n"))
				equal(t, "the text has them", strings.Contains(limit.Error(), strings.Join(limit.Last, ", ")), true)
			}
			t.Run("virtual", func(t *testing.T) {
				loop := newLoop(t, fakeloop.Config{Sites: true, Limit: 100})
				c.do(loop)
				check(t, loop.RunUntilIdle())
				check(t, loop.Settle())
			})
			t.Run("in a bubble", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Bubble, Sites: true, Limit: 100})
					c.do(loop)
					check(t, loop.RunUntilIdle())
				})
			})
			t.Run("at an instant of a bubble", func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Bubble, Sites: true, InstantLimit: 100})
					c.do(loop)
					time.Sleep(time.Second)
					check(t, loop.Settle())
				})
			})
		})
	}
}

// Events at the gate count, too: who tries again for ever without a callback is found, and named.
func TestALimitCountsEventsAtTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Limit: 2500})
		var stop atomic.Bool
		loop.Go("client", func() {
			for !stop.Load() && loop.Gate().Pass(fakeloop.Passage{From: "client", To: "server", What: "try"}) == nil {
				time.Sleep(time.Millisecond)
			}
		})
		loop.Named("beside").AfterFunc(time.Second, func() {})
		never := fakeloop.NewPromise[int](loop, "never").Future()
		err := as[*fakeloop.LimitError](t, loop.Await(never))
		equal(t, "Callbacks and Events", [2]int{err.Callbacks, err.Events}, [2]int{1, 3000})
		wantErrorText(t, err, `fakeloop: gave up at 2.998s after 1 callbacks and 3000 events at the gate while time moved by 2.998s: does somebody try something again for ever? `+
			`The last were event "try client>server" (#), event "try client>server" (#), event "try client>server" (#). Config.Limit raises the limit.`)
		// The next call counts from where it begins.
		again := as[*fakeloop.LimitError](t, loop.Await(never))
		equal(t, "Callbacks and Events of the next", [2]int{again.Callbacks, again.Events}, [2]int{0, 3000})
		stop.Store(true)
		time.Sleep(time.Second)
		mustClose(t, loop)
	})
}

// What is far from a limit is not slowed down by it: only the last posts before one have a
// place.
func TestPostsHaveAPlaceNearALimitOnly(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Sites: true, Limit: 100})
	again := func(n int) {
		var f func()
		f = func() {
			if n--; n > 0 {
				loop.Post(f)
			}
		}
		loop.Post(f)
	}
	again(50)
	mustIdle(t, loop)
	equal(t, "places far from a limit", len(loop.Timeline().Sites()), 0)
	again(200)
	as[*fakeloop.LimitError](t, loop.RunUntilIdle())
	placed := len(loop.Timeline().Sites())
	equal(t, "places near it", placed > 0 && placed < 30, true)
	mustAdvance(t, loop, 0) // the rest
	again(20)
	mustIdle(t, loop)
	equal(t, "places behind it", len(loop.Timeline().Sites())-placed < 30, true)
}

// Who makes a loop for others says how they set what an error advises to.
func TestSetBy(t *testing.T) {
	harness := func(field string) string {
		if field == "Limit" {
			return "" // nobody's but the loop's
		}
		return "harness.With" + field
	}
	for _, c := range []struct {
		name   string
		config fakeloop.Config
		fail   func(*fakeloop.Loop) error
		want   string
	}{
		{"Limit", fakeloop.Config{Limit: 3}, func(l *fakeloop.Loop) error {
			endless(l)
			return l.Settle()
		}, " Config.Limit raises the limit."},
		{"Horizon", fakeloop.Config{Horizon: time.Minute}, func(l *fakeloop.Loop) error {
			sleeper(l)
			return l.RunUntilIdle()
		}, " harness.WithHorizon sets the horizon."},
		{"the Horizon of a bubble", fakeloop.Config{Mode: fakeloop.Bubble, Horizon: time.Minute}, func(l *fakeloop.Loop) error {
			sleeper(l)
			return l.RunUntilIdle()
		}, " harness.WithHorizon sets the horizon."},
		{"the Horizon of who waits", fakeloop.Config{Mode: fakeloop.Bubble, Horizon: time.Minute}, func(l *fakeloop.Loop) error {
			return l.Await(fakeloop.NewPromise[int](l, "p").Future())
		}, "Other goroutines had 1m0s to bring it, which harness.WithHorizon sets: if one is going to bring it later, raise that."},
		{"the Horizon of what is outside", fakeloop.Config{Mode: fakeloop.Bubble, Horizon: time.Minute}, func(l *fakeloop.Loop) error {
			l.Outside("never")
			return l.RunUntilIdle()
		}, " harness.WithHorizon sets how long to wait."},
		{"InstantLimit", fakeloop.Config{Mode: fakeloop.Bubble, InstantLimit: 3}, func(l *fakeloop.Loop) error {
			endless(l)
			return l.Settle()
		}, " harness.WithInstantLimit raises the limit."},
		{"Guard", fakeloop.Config{Guard: time.Minute}, func(l *fakeloop.Loop) error {
			l.Outside("never")
			return l.RunUntilIdle()
		}, " harness.WithGuard sets how long to wait."},
		{"the Guard of a wall loop", fakeloop.Config{Mode: fakeloop.Wall, Guard: time.Minute}, func(l *fakeloop.Loop) error {
			l.Outside("never")
			return l.RunUntilIdle()
		}, " harness.WithGuard sets how long to wait."},
		{"the Guard of Close", fakeloop.Config{Guard: time.Minute}, func(l *fakeloop.Loop) error {
			hold := make(chan int)
			defer close(hold)
			fakeloop.Async(l, "hangs", func(co *fakeloop.Coroutine) (int, error) {
				err := co.Sleep(time.Hour)
				<-hold
				return 0, err
			})
			if err := l.Settle(); err != nil {
				return err
			}
			return l.Close()
		}, " harness.WithGuard sets how long to wait."},
		{"the Guard of held work", fakeloop.Config{Offload: fakeloop.Between, Guard: time.Minute}, func(l *fakeloop.Loop) error {
			l.Post(func() {
				c := make(chan int)
				fakeloop.Offload(l, "work", func(context.Context) (int, error) { close(c); return 0, nil })
				<-c
			})
			return l.RunUntilIdle()
		}, " The work was begun then; harness.WithGuard sets how long to wait."},
		{"PassLimit", fakeloop.Config{Mode: fakeloop.Bubble, PassLimit: 100}, func(l *fakeloop.Loop) error {
			l.Go("client", func() {
				for l.Gate().Pass(fakeloop.Passage{From: "client", To: "server", What: "chunk"}) == nil {
				}
			})
			return l.Settle()
		}, "? harness.WithPassLimit raises the limit. The last were"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.config.SetBy = harness
				loop := newLoop(t, c.config)
				err := c.fail(loop)
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want %q in it", err, c.want)
				}
			})
		})
	}
}

// endless posts a callback that posts itself for ever.
func endless(l *fakeloop.Loop) {
	l.Post(func() { endless(l) })
}

func sleeper(l *fakeloop.Loop) { l.AfterFunc(25*time.Second, func() { sleeper(l) }) }
