package asynctest_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"
	. "github.com/windtunnel-go/windtunnel/asynctest"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// subject is a test that is allowed to fail.
type subject struct {
	name string

	mu      sync.Mutex
	failed  bool
	skipped bool
	errors  []string
	logs    []string
}

func (s *subject) Helper()      {}
func (s *subject) Name() string { return s.name }
func (s *subject) Failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}
func (s *subject) Skipped() bool { return s.skipped }
func (s *subject) Errorf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = true
	s.errors = append(s.errors, fmt.Sprintf(format, args...))
}
func (s *subject) Logf(format string, args ...any) {
	s.logs = append(s.logs, fmt.Sprintf(format, args...))
}
func (s *subject) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	runtime.Goexit()
}

func (s *subject) skipNow() {
	s.skipped = true
	runtime.Goexit()
}

// runSubject runs a test that may fail, and reports whether Run returned.
func runSubject(f func(s *subject, tunnel *Tunnel), options ...TunnelOption) (s *subject, returned bool) {
	s = &subject{name: "TestSubject/part"}
	done := make(chan struct{})
	go func() {
		defer close(done)
		Run(s, func(tunnel *Tunnel) { f(s, tunnel) }, options...)
		returned = true
	}()
	<-done
	return s, returned
}

func TestRunInABubble(t *testing.T) {
	Run(t, func(tunnel *Tunnel) {
		g := NewWithT(t)
		g.Expect(tunnel.Loop.Mode()).To(Equal(fakeloop.Bubble))
		fetched := fakeloop.NewPromise[string](tunnel.Loop, "fetch")
		replies := make(chan string)
		go func() {
			time.Sleep(time.Hour)
			replies <- "ok"
		}()
		go func() {
			reply := <-replies
			_ = tunnel.Loop.PostFrom("client", func() { fetched.Resolve(reply) })
		}()
		g.Expect(fetched.Future()).To(BePending())
		g.Expect(fetched.Future()).To(ResolveWith("ok"))
		g.Expect(tunnel.Elapsed()).To(Equal(time.Hour))
		g.Expect(tunnel).To(NeverBlock())
		g.Expect(tunnel).To(NeverBlock(), "the second look")
	})
}

func TestRunSeesBlocking(t *testing.T) {
	Run(t, func(tunnel *Tunnel) {
		g := NewWithT(t)
		tunnel.Loop.Post(func() { time.Sleep(time.Hour) })
		g.Expect(tunnel.Settle()).To(Succeed())
		time.Sleep(time.Hour)
		g.Expect(tunnel).NotTo(NeverBlock())
		g.Expect(tunnel).To(And(BlockOn(blocking.Sleep), BlockAt("TestRunSeesBlocking"), NeverBlock(Except(blocking.Sleep))))
	})
}

func TestRunTakesRules(t *testing.T) {
	Run(t, func(tunnel *Tunnel) {
		tunnel.Loop.Post(rest)
		NewWithT(t).Expect(tunnel.Settle()).To(Succeed())
		time.Sleep(time.Minute)
		NewWithT(t).Expect(tunnel).To(NeverBlock())
	}, WithRules(blocking.AllowFunc(blocking.FuncName(rest), "this is a test")))
}

func rest() { time.Sleep(time.Second) }

// What goes wrong in a test, and what is said of it.
func TestRunReports(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func(s *subject, tunnel *Tunnel)
		want []string // parts of the errors, in order
		ends bool     // Run does not return
	}{
		{"nothing", func(*subject, *Tunnel) {}, nil, false},
		{"a failure", func(s *subject, _ *Tunnel) { s.Fatalf("no") }, []string{"no"}, true},
		{"a failure with a goroutine left", func(s *subject, _ *Tunnel) {
			go func() { select {} }()
			s.Fatalf("no")
		}, []string{"no", "asynctest: 1 goroutine was left in the bubble"}, true},
		{"a failure in a callback", func(s *subject, tunnel *Tunnel) {
			tunnel.Loop.Post(func() { s.Fatalf("no") })
			_ = tunnel.Settle()
			s.Errorf("went on")
		}, []string{"no"}, true},
		{"a failure in a callback for which nobody waits", func(s *subject, tunnel *Tunnel) {
			tunnel.Loop.Post(func() { s.Fatalf("no") })
			time.Sleep(time.Second)
		}, []string{"no"}, false},
		{"a skip", func(s *subject, _ *Tunnel) { s.skipNow() }, nil, true},
		{"a panic", func(*subject, *Tunnel) { panic(errLost) }, []string{"asynctest: panicked: connection lost"}, false},
		{"an exit", func(*subject, *Tunnel) { runtime.Goexit() }, []string{"asynctest: ended by runtime.Goexit"}, false},
		{"a deadlock", func(*subject, *Tunnel) { select {} }, []string{"asynctest: a deadlock: this has not come by 168h0m0s"}, false},
		{"a deadlock that closing ends", func(_ *subject, tunnel *Tunnel) { <-tunnel.Context().Done() }, []string{"asynctest: a deadlock"}, false},
		{"a goroutine left", func(*subject, *Tunnel) { go func() { select {} }() }, []string{"asynctest: 1 goroutine was left in the bubble"}, false},
		{"an error that nobody looked at", func(_ *subject, tunnel *Tunnel) {
			fakeloop.NewPromise[int](tunnel.Loop, "lost").Reject(errLost)
		}, []string{`asynctest: fakeloop: nobody looked at the error of future "lost"`}, false},
		{"a callback that panics", func(_ *subject, tunnel *Tunnel) {
			tunnel.Loop.Post(func() { panic("callback") })
			time.Sleep(time.Millisecond)
		}, []string{"asynctest: fakeloop: callback "}, false},
		{"a callback that panics, and the error dropped", func(_ *subject, tunnel *Tunnel) {
			tunnel.Loop.Named("pay").Post(func() { panic("callback") })
			_ = tunnel.Settle()
		}, []string{"asynctest: fakeloop: a driving call has returned this, and nobody has looked at the error: to compare it with nil is no look, to use its text, errors.Is or errors.As is:\nfakeloop: callback \"pay\" ("}, false},
		{"a callback that panics, and the error of the loop's own call dropped", func(_ *subject, tunnel *Tunnel) {
			tunnel.Loop.Post(func() { panic("callback") })
			_ = tunnel.Loop.Advance(time.Hour)
			_ = tunnel.Settle() // which has nothing new to tell
		}, []string{"asynctest: fakeloop: a driving call has returned this, and nobody has looked at the error"}, false},
		{"a callback that panics, as was expected", func(s *subject, tunnel *Tunnel) {
			tunnel.Loop.Post(func() { panic(errLost) })
			if ok, err := MatchError(errLost).Match(tunnel.Settle()); !ok || err != nil {
				s.Errorf("matched %v, %v", ok, err)
			}
		}, nil, false},
		{"a callback that panics as the tunnel is closed", func(_ *subject, tunnel *Tunnel) {
			context.AfterFunc(tunnel.Context(), func() { _ = tunnel.Loop.PostFrom("hook", func() { panic("callback") }) })
		}, []string{"asynctest: fakeloop: callback \"hook\" ("}, false},
		{"a tunnel that is closed", func(s *subject, tunnel *Tunnel) {
			if err := tunnel.Close(); err != nil {
				s.Errorf("Close: %v", err)
			}
		}, nil, false},
		{"a tunnel in a tunnel", func(s *subject, _ *Tunnel) { Run(s, func(*Tunnel) {}) }, []string{"asynctest: Run was called in a bubble, and a bubble cannot begin inside another one"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			s, returned := runSubject(c.f)
			g.Expect(returned).To(Equal(!c.ends), "Run returned")
			g.Expect(s.errors).To(HaveLen(len(c.want)))
			for i, want := range c.want {
				g.Expect(s.errors[i]).To(HavePrefix(want))
				g.Expect(strings.Count(s.errors[i], " panicked at ")).To(BeNumerically("<=", 1), s.errors[i])
			}
			if len(c.want) == 0 {
				g.Expect(s.logs).To(BeEmpty())
			} else {
				g.Expect(s.logs[len(s.logs)-1]).To(Equal("To reproduce: go test -count=1 -run='^TestSubject$/^part$' ./asynctest"))
			}
		})
	}
}

// The horizon of a tunnel is that of the calls that wait for its loop, and the function of Run
// may go on for seven times as long.
func TestHorizonOfTheTunnel(t *testing.T) {
	const day = 24 * time.Hour
	// wait has a future settled after d by somebody whose timers the loop cannot see.
	wait := func(d time.Duration) func(*subject, *Tunnel) {
		return func(s *subject, tunnel *Tunnel) {
			p := fakeloop.NewPromise[int](tunnel.Loop, "late")
			go func() {
				time.Sleep(d)
				_ = tunnel.Loop.PostFrom("sleeper", func() { p.Resolve(1) })
			}()
			if err := tunnel.Loop.Await(p.Future()); err != nil {
				s.Errorf("after %v: %v", tunnel.Elapsed(), err)
			}
			time.Sleep(d) // to let it end
		}
	}
	far := WithLoop(fakeloop.Config{Horizon: 30 * day})
	for _, c := range []struct {
		name    string
		f       func(*subject, *Tunnel)
		options []TunnelOption
		want    string // the beginning of the only error
	}{
		{"without", wait(2 * day), nil, "after 24h0m0s: fakeloop: at 24h0m0s the loop is idle (nothing is ready, no timer is set, no work is outside), and this has not come:\nfuture \"late\" ("},
		{"a timer that sets itself again for ever", func(s *subject, tunnel *Tunnel) {
			var tick func()
			tick = func() { tunnel.Loop.Named("tick").AfterFunc(10*time.Minute, tick) }
			tick()
			s.Errorf("%v", masked(fmt.Sprint(tunnel.Loop.RunUntilIdle())))
		}, []TunnelOption{WithHorizon(time.Hour)}, `fakeloop: gave up at 1h0m0s: the loop would go on beyond its horizon of 1h0m0s in one call. ` +
			`The last callbacks were callback "tick" (#) set at run_test.go:N, callback "tick" (#) set at run_test.go:N, callback "tick" (#) set at run_test.go:N. asynctest.WithHorizon sets the horizon.`},
		{"far", wait(20 * day), []TunnelOption{WithHorizon(30 * day)}, ""},
		{"far by WithLoop", wait(20 * day), []TunnelOption{far}, ""},
		{"near", wait(2 * time.Hour), []TunnelOption{WithHorizon(time.Hour)}, "after 1h0m0s: "},
		{"in the place of the loop's", wait(2 * time.Hour), []TunnelOption{WithHorizon(time.Hour), far}, "after 1h0m0s: "},
		{"so far that seven times as far overflows", wait(8 * day), []TunnelOption{WithHorizon(math.MaxInt64 / 2)}, ""},
		{"a deadlock", func(*subject, *Tunnel) { select {} }, []TunnelOption{WithHorizon(10 * day)}, "asynctest: a deadlock: this has not come by 1680h0m0s of virtual time"},
		{"no sooner than without", func(*subject, *Tunnel) { time.Sleep(6 * day) }, []TunnelOption{WithHorizon(time.Hour)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			s, _ := runSubject(c.f, c.options...)
			if c.want == "" {
				g.Expect(s.errors).To(BeEmpty())
				return
			}
			g.Expect(s.errors).NotTo(BeEmpty())
			g.Expect(s.errors[0]).To(HavePrefix(c.want))
		})
	}
	g := NewWithT(t)
	outside := NewTunnel(WithHorizon(time.Hour))
	defer outside.Close()
	outside.Loop.AfterFunc(2*time.Hour, func() {})
	limit, ok := errors.AsType[*fakeloop.LimitError](outside.Loop.RunUntilIdle())
	g.Expect(ok && limit.Horizon == time.Hour).To(BeTrue())
}

// A framework is told which functions are not the user's before one of them panics.
func TestHelperOfTheTunnel(t *testing.T) {
	g := NewWithT(t)
	var helpers []string
	tunnel := NewTunnel(WithHelper(func(skip int) {
		pc, _, _, _ := runtime.Caller(skip + 1)
		helpers = append(helpers, path.Base(runtime.FuncForPC(pc).Name()))
	}))
	g.Expect(func() { tunnel.Go("client", func() {}) }).To(Panic())
	g.Expect(helpers).To(Equal([]string{"asynctest.(*Tunnel).refuse", "asynctest.(*Tunnel).Go"}))
	g.Expect(tunnel.Close()).To(Succeed())
	helpers = nil
	g.Expect(func() { tunnel.Go("client", func() {}) }).To(Panic())
	g.Expect(helpers).To(Equal([]string{"asynctest.(*Tunnel).refuse", "asynctest.(*Tunnel).mustBe", "asynctest.(*Tunnel).Go"}))
}

// A callback that posts itself for ever ends at the limit of an instant, whatever the test
// does meanwhile.
func TestRunEndsCallbacksThatPostEachOther(t *testing.T) {
	limits := map[int][]TunnelOption{100: {WithLoop(fakeloop.Config{InstantLimit: 100})}}
	if !raceEnabled { // which makes of a second many
		limits[DefaultInstantLimit] = nil
	}
	for limit, options := range limits {
		g := NewWithT(t)
		slept := false
		s, returned := runSubject(func(_ *subject, tunnel *Tunnel) {
			var again func()
			again = func() { tunnel.Loop.Named("again").Post(again) }
			tunnel.Loop.Post(again)
			time.Sleep(time.Hour)
			slept = true
		}, options...)
		g.Expect(returned && slept).To(BeTrue())
		g.Expect(s.errors).To(HaveLen(1))
		g.Expect(s.errors[0]).To(HavePrefix("asynctest: fakeloop: gave up at 0s after %d callbacks at one instant: do callbacks post each other for ever? The last were callback \"again\" (", limit))
		g.Expect(s.errors[0]).To(MatchRegexp(`, callback "again" \([0-9a-f]{8}\) posted at run_test\.go:\d+\. asynctest\.WithLoop\(fakeloop\.Config\{InstantLimit: \.\.\.\}\) raises the limit\.$`))
		g.Expect(strings.Count(s.errors[0], "gave up")).To(Equal(1), "%s", s.errors[0])
	}
}

// A client that tries again for ever, once a second, ends the call that waits for it long before
// its horizon, whether it uses the loop or not.
func TestRunEndsWhoTriesAgainForEver(t *testing.T) {
	onTheLoop := func(tunnel *Tunnel) {
		var again func()
		again = func() { tunnel.Loop.Named("retry").AfterFunc(time.Second, again) }
		again()
	}
	beside := func(tunnel *Tunnel) {
		tunnel.Net.Apply(toxics.Inject(toxics.ResetPeer{}))
		tunnel.Net.Serve("api:80", says("ok"))
		client := getter(tunnel)
		tunnel.Go("client", func() {
			for tunnel.Context().Err() == nil {
				_, _ = get(client, "http://api/")
				time.Sleep(time.Second)
			}
		})
	}
	const (
		timer = `callback "retry" \(#\) set at run_test\.go:N`
		raise = ` asynctest\.WithLoop\(fakeloop\.Config\{Limit: \.\.\.\}\) raises the limit\.$`
	)
	for _, c := range []struct {
		body func(*Tunnel)
		want string
	}{
		{onTheLoop, `^fakeloop: gave up at 33m20s after 2000 callbacks while time moved by 33m20s: is there a timer that sets itself again for ever\? The last were ` + timer + ", " + timer + ", " + timer + `\.` + raise},
		{beside, `^fakeloop: gave up at \S+ after 0 callbacks and 2000 events at the gate while time moved by \S+: does somebody try something again for ever\? The last were event ".* client>api:80#\d+" \(#\), .*\.` + raise},
	} {
		s, _ := runSubject(func(s *subject, tunnel *Tunnel) {
			c.body(tunnel)
			if err := tunnel.Loop.Advance(1000 * time.Hour); err != nil {
				s.Errorf("%v", masked(err.Error()))
			}
		}, WithLoop(fakeloop.Config{Limit: 2000}))
		g := NewWithT(t)
		g.Expect(s.errors).NotTo(BeEmpty())
		g.Expect(s.errors[0]).To(MatchRegexp(c.want))
	}
}

// What waits for the context ends before the bubble does.
func TestContextOfTheTunnel(t *testing.T) {
	var before, cause error
	Run(t, func(tunnel *Tunnel) {
		ctx := tunnel.Context()
		before = ctx.Err()
		go func() {
			<-ctx.Done()
			cause = context.Cause(ctx)
		}()
	})
	g := NewWithT(t)
	g.Expect(before).NotTo(HaveOccurred())
	g.Expect(cause).To(MatchError(ErrTunnelClosed))
}

// The seed comes from the name of the test and the environment, and answers what is
// left open.
func TestSeedOfTheTunnel(t *testing.T) {
	g := NewWithT(t)
	play := func(name string, options ...TunnelOption) (seed uint64, picks string) {
		Run(&subject{name: name}, func(tunnel *Tunnel) {
			seed = tunnel.Seed()
			for range 20 {
				picks += fmt.Sprint(tunnel.Loop.Choose("pick", 10))
			}
		}, options...)
		return seed, picks
	}
	a, picksA := play("a")
	again, picksAgain := play("a")
	b, picksB := play("b")
	g.Expect(again).To(Equal(a))
	g.Expect(picksAgain).To(Equal(picksA))
	g.Expect(b).NotTo(Equal(a))
	g.Expect(picksB).NotTo(Equal(picksA))

	given, picksGiven := play("b", WithSeed(a))
	g.Expect(given).To(Equal(a))
	g.Expect(picksGiven).To(Equal(picksA))
	_, fifo := play("a", WithLoop(fakeloop.Config{Decisions: zeros{}}))
	g.Expect(fifo).To(Equal(strings.Repeat("0", 20)))

	t.Setenv("WINDTUNNEL_SEED", "77")
	other, _ := play("a")
	g.Expect(other).NotTo(Equal(a))
	s, _ := runSubject(func(s *subject, _ *Tunnel) { s.Errorf("no") })
	g.Expect(s.logs).To(Equal([]string{"To reproduce: WINDTUNNEL_SEED=77 go test -count=1 -run='^TestSubject$/^part$' ./asynctest"}))
}

type zeros struct{}

func (zeros) Choose(string, int) int { return 0 }

func TestTunnelOutsideOfBubbles(t *testing.T) {
	g := NewWithT(t)
	tunnel := NewTunnel(WithSeed(5))
	g.Expect(tunnel.Loop.Mode()).To(Equal(fakeloop.Virtual))
	p := fakeloop.NewPromise[string](tunnel.Loop, "later")
	tunnel.Loop.AfterFunc(time.Hour, func() { p.Resolve("ok") })
	g.Expect(p.Future()).To(ResolveWith("ok"))
	g.Expect(tunnel).To(NeverBlock())
	g.Expect(tunnel.String()).To(Equal("tunnel with a virtual loop at 1h0m0s, seed 5"))
	g.Expect(tunnel.GomegaString()).To(Equal(tunnel.String()))
	g.Expect(tunnel.Close()).To(Succeed())
	g.Expect(tunnel.Close()).To(Succeed())
}

// In a bubble of somebody else's everything but the detector works, and that says so.
func TestTunnelInAnothersBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		tunnel := NewTunnel()
		g.Expect(tunnel.Loop.Mode()).To(Equal(fakeloop.Bubble))
		_, err := NeverBlock().Match(tunnel)
		g.Expect(err).To(MatchError(ContainSubstring("NeverBlock got a tunnel whose recording shows nothing about the callbacks: the detector cannot be started in a bubble that was not made by Run or package spec")))
		g.Expect(tunnel.Close()).To(Succeed())
	})
}

// The process has one tracer, which tunnels share.
func TestTwoTunnelsAtOnce(t *testing.T) {
	g := NewWithT(t)
	first, second := NewTunnel(), NewTunnel()
	second.Loop.Post(rest)
	g.Expect(second.Loop.RunUntilIdle()).To(Succeed())
	g.Expect(second).NotTo(NeverBlock())
	g.Expect(second.Close()).To(Succeed())
	g.Expect(first.Close()).To(Succeed())
}

func TestNoTunnel(t *testing.T) {
	_, err := NeverBlock().Match((*Tunnel)(nil))
	NewWithT(t).Expect(err).To(MatchError("NeverBlock takes a recording.  Got a nil *asynctest.Tunnel"))
}

// A test that never gets to close its tunnel does not keep the detector.
func TestTheDetectorIsFreeAfterADeadlock(t *testing.T) {
	t.Setenv("WINDTUNNEL_GUARD", "100ms")
	foreign := make(chan int)
	s, _ := runSubject(func(*subject, *Tunnel) { <-foreign })
	g := NewWithT(t)
	g.Expect(s.errors).To(ConsistOf(HavePrefix("asynctest: virtual time stands still")))
	rec, err := blocking.Start(blocking.Config{})
	g.Expect(err).NotTo(HaveOccurred())
	_, err = rec.Stop()
	g.Expect(err).NotTo(HaveOccurred())
	close(foreign)
}

// A callback that waits by a sync.Mutex for work that it has offloaded is told why that does not
// begin.
func TestRunTellsOfHeldWork(t *testing.T) {
	t.Setenv("WINDTUNNEL_GUARD", "100ms")
	var mu sync.Mutex
	s, _ := runSubject(func(_ *subject, tunnel *Tunnel) {
		tunnel.Loop.Named("first").Post(func() {
			mu.Lock()
			fakeloop.Offload(tunnel.Loop, "load", func(context.Context) (int, error) { return 1, nil })
			mu.Lock()
		})
		_ = tunnel.Settle()
	})
	mu.Unlock()
	g := NewWithT(t)
	g.Expect(s.errors).To(HaveLen(1))
	g.Expect(s.errors[0]).To(HavePrefix("asynctest: virtual time stands still"))
	g.Expect(masked(s.errors[0])).To(ContainSubstring(`    hint: a lock of package sync, and whoever holds it waits too; do not hold it across a wait, or use package fakeloop/durable; ` +
		`callback "first" (#) has offloaded work "load" (#), made at run_test.go:N, and no such work begins before the callback is over: ` +
		`if this waits for it, let the callback return, and go on with a handler of the future; asynctest.WithLoop(fakeloop.Config{Offload: ...}) sets when it begins`))
}

func TestFatalOfTheTunnel(t *testing.T) {
	g := NewWithT(t)
	isLost := func(v any) bool {
		err, ok := v.(error)
		return ok && errors.Is(err, errLost)
	}
	tunnel := NewTunnel(WithFatal(isLost))
	tunnel.Loop.Post(func() { panic(errLost) })
	g.Expect(func() { _ = tunnel.Settle() }).To(PanicWith(errLost))
	g.Expect(tunnel.Close()).To(Succeed())
}
