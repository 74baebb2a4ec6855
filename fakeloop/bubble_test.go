package fakeloop_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// inBubble runs a test with a loop of its own in a bubble, and closes the loop.
func inBubble(t *testing.T, test func(t *testing.T, loop *fakeloop.Loop)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		test(t, loop)
		mustClose(t, loop)
	})
}

// Several loops of one bubble take turns, callback by callback, in the order in which
// they were made, wherever the scheduler starts them.
func TestLoopsOfABubbleTakeTurns(t *testing.T) {
	run := func() (order string, digests []timeline.Digest) {
		synctest.Test(t, func(t *testing.T) {
			var log journal
			loops := make([]*fakeloop.Loop, 3)
			for i := range loops {
				loops[i] = fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
			}
			for i, loop := range slices.Backward(loops) {
				for k := range 3 {
					loop.Post(func() { log.add("%c%d", 'a'+i, k) })
				}
				loop.AfterFunc(time.Second, func() { log.add("%c.", 'a'+i) })
			}
			for _, loop := range loops {
				mustIdle(t, loop)
			}
			for _, loop := range loops {
				mustClose(t, loop)
				digests = append(digests, loop.Timeline().Digest())
			}
			order = strings.Join(log.read(), " ")
		})
		return order, digests
	}
	order, digests := run()
	equal(t, "order", order, "a0 b0 c0 a1 b1 c1 a2 b2 c2 a. b. c.")
	for range scaled(t, "runs", 1000, 100) {
		again, others := run()
		equal(t, "order", again, order)
		if !slices.Equal(others, digests) {
			t.Fatalf("digests %v, then %v", digests, others)
		}
	}
}

// What goroutines beside the loop post in one interval comes in the order of who they
// are, and for each in its own order, though they race.
func TestArrivalsOfOneIntervalAreOrdered(t *testing.T) {
	run := func() (order string, digest timeline.Digest) {
		inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
			var log journal
			start := make(chan struct{})
			for _, origin := range []string{"left", "right", "up", "down"} {
				go func() {
					<-start
					for i := range 3 {
						spin(i)
						_ = loop.PostFrom(origin, func() { log.add("%s%d", origin, i) })
					}
				}()
			}
			close(start)
			mustIdle(t, loop)
			order, digest = strings.Join(log.read(), " "), loop.Timeline().Digest()
		})
		return order, digest
	}
	order, digest := run()
	equal(t, "order", order, "right0 right1 right2 up0 up1 up2 down0 down1 down2 left0 left1 left2")
	for range scaled(t, "runs", 2000, 200) {
		again, other := run()
		equal(t, "order", again, order)
		equal(t, "digest", other, digest)
	}
}

// The body posts while a callback runs, which it can since the callback sleeps: that
// goes behind what the callback itself has posted, and is the body's doing.
func TestTheBodyPostsWhileACallbackRuns(t *testing.T) {
	run := func() (digest timeline.Digest) {
		inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
			var log journal
			loop.Named("long").Post(func() {
				loop.Named("before").Post(log.note("before"))
				time.Sleep(2 * time.Second)
				loop.Named("after").Post(log.note("after"))
			})
			time.Sleep(time.Second)
			loop.Named("body").Post(log.note("body"))
			_ = loop.PostFrom("other", log.note("other"))
			equal(t, "pending", masked(pendingText(loop)), "callback \"before\" (#)\ncallback \"body\" (#)\ncallback \"other\" (#)")
			go func() { _ = loop.PostFrom("third", log.note("third")) }()
			mustIdle(t, loop)
			got := log.read()
			equal(t, "callbacks", len(got), 5)
			equal(t, "the callback's own go first", strings.Join(got[:2], " "), "before after")
			equal(t, "Elapsed", loop.Elapsed(), 2*time.Second)
			for _, e := range loop.Timeline().All() {
				if e.Kind == timeline.Posted && e.Label == "body" {
					equal(t, "cause of the body's", e.Cause, timeline.Driver)
				}
			}
			digest = loop.Timeline().Digest()
		})
		return digest
	}
	first := run()
	for range 50 {
		equal(t, "digest", run(), first)
	}
}

// A plain goroutine with a plain timer settles what the body waits for: the loop cannot
// see that timer, and so does not say that nothing can come.
func TestWaitForAForeignGoroutine(t *testing.T) {
	inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
		p := fakeloop.NewPromise[int](loop, "p")
		go func() {
			time.Sleep(time.Hour)
			p.Resolve(3)
		}()
		equal(t, "value", must(p.Future().Wait()), 3)
		equal(t, "Elapsed", loop.Elapsed(), time.Hour)
	})
}

// What nobody settles ends at the horizon, which costs no real time.
func TestWaitInABubbleEndsAtTheHorizon(t *testing.T) {
	inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
		p := fakeloop.NewPromise[int](loop, "p")
		_, err := p.Future().Wait()
		idle := as[*fakeloop.IdleError](t, err)
		equal(t, "At", idle.At, fakeloop.DefaultHorizon)
		equal(t, "chain", masked(idle.Chain[0]), `future "p" (#), pending`)
	})
}

// A user's own synctest.Wait has no place beside the loop: either the runtime tells the
// user, or the loop does, and nothing hangs. Afterwards the loop goes on.
func TestSynctestWaitBesideALoop(t *testing.T) {
	told := map[string]int{}
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
			var log journal
			for range 3 {
				loop.Post(log.note("callback"))
			}
			func() {
				defer func() {
					if v := recover(); v != nil {
						told["user"]++
						equal(t, "panic", strings.Contains(fmt.Sprint(v), "wait already in progress"), true)
					}
				}()
				synctest.Wait()
			}()
			if err := loop.RunUntilIdle(); err != nil {
				told["loop"]++
				sameError(t, "RunUntilIdle", err, fakeloop.ErrWaitBeside)
			}
			log.want(t, "callback callback callback")
			if err := loop.Close(); err != nil {
				told["loop"]++
				sameError(t, "Close", err, fakeloop.ErrWaitBeside)
			}
		})
	}
	t.Logf("told: %v", told)
	equal(t, "somebody is told each time", told["user"]+told["loop"] >= 20, true)
	wantErrorText(t, fakeloop.ErrWaitBeside, "fakeloop: synctest.Wait was called beside the loop that directs this bubble, and one goroutine of a bubble can wait at a time; call Loop.Settle instead")
}

// Close waits, in the time of the bubble, for the callback under way.
func TestCloseWhileACallbackSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		var log journal
		loop.Post(func() {
			time.Sleep(time.Hour)
			log.add("done")
		})
		loop.Post(log.note("never"))
		time.Sleep(time.Second)
		began := time.Now()
		mustClose(t, loop)
		equal(t, "Close took", time.Since(began), time.Hour-time.Second)
		log.want(t, "done")
	})
}

// A callback that never returns ends Close at the horizon, with its stack.
func TestCloseOfABubbleLoopGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Horizon: time.Minute})
		release := make(chan struct{})
		loop.Named("hangs").Post(func() { <-release })
		time.Sleep(time.Second)
		stuck := as[*fakeloop.StuckError](t, loop.Close())
		text, _, _ := strings.Cut(stuck.Error(), "\n")
		equal(t, "text", masked(text), `fakeloop: at 0s gave up after 1m0s of virtual time; what the loop waits for has not come: callback "hangs" (#). Config.Horizon sets how long to wait.`)
		equal(t, "the stack is that of the callback", strings.Contains(stuck.Stack, "TestCloseOfABubbleLoopGivesUp"), true)
		close(release)
		mustClose(t, loop)
	})
}

// Loops can be made and closed in turn, by one body, and the next finds the bubble as
// the first did.
func TestLoopsOfABubbleInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for i := range 20 {
			loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
			var log journal
			loop.AfterFunc(time.Second, log.note("tick"))
			if i%2 == 0 {
				mustIdle(t, loop)
				log.want(t, "tick")
			}
			mustClose(t, loop)
		}
		// Closed while another goes on, and made while another goes on.
		first := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		second := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		mustClose(t, first)
		third := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		var log journal
		second.Post(log.note("second"))
		third.AfterFunc(time.Second, log.note("third"))
		mustIdle(t, third)
		log.want(t, "second third")
		mustClose(t, second)
		mustClose(t, third)
	})
}

// Loops of one bubble can serve each other.
func TestLoopsOfABubbleTalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		server := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		reply := fakeloop.NewPromise[string](client, "reply")
		client.Post(func() {
			_ = server.PostFrom("client", func() {
				server.AfterFunc(time.Second, func() {
					_ = client.PostFrom("server", func() { reply.Resolve("pong") })
				})
			})
		})
		equal(t, "reply", must(reply.Future().Wait()), "pong")
		equal(t, "Elapsed", client.Elapsed(), time.Second)
		mustClose(t, client)
		mustClose(t, server)
	})
}

// Settle is the barrier of the body: the loop and all plain goroutines stand still
// then, and time has not moved.
func TestSettleIsABarrier(t *testing.T) {
	inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
		for range 50 {
			var log journal
			back := make(chan struct{})
			loop.Post(func() {
				log.add("callback")
				go func() {
					log.add("goroutine")
					_ = loop.PostFrom("goroutine", func() { log.add("answer"); close(back) })
				}()
			})
			go func() {
				<-back
				log.add("foreign")
			}()
			before := loop.Elapsed()
			equal(t, "Settle", loop.Settle(), nil)
			log.want(t, "callback goroutine answer foreign")
			equal(t, "time passed", loop.Elapsed()-before, 0)
		}
	})
}

func TestPanicOfABubbleCallback(t *testing.T) {
	inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
		loop.Post(func() { panic(io.EOF) })
		sameError(t, "Settle", loop.Settle(), io.EOF)
	})
}
