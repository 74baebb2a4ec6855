package fakeloop_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Work that takes an hour of real time, in a bubble, beside a timer of a minute, and
// one of two hours.
func TestPolicies(t *testing.T) {
	for _, c := range []struct {
		policy fakeloop.Policy
		source fakeloop.Source
		want   string
	}{
		{fakeloop.Policy{}, nil, "work@0s minute@1m0s hours@2h0m0s"},
		{fakeloop.Freeze, nil, "work@0s minute@1m0s hours@2h0m0s"},
		{fakeloop.LockStep, nil, "minute@1m0s work@1h0m0s hours@2h0m0s"},
		{fakeloop.Jump, nil, "minute@1m0s hours@2h0m0s work@2h0m0s"},
		{fakeloop.Seeded(15 * time.Minute), nil, "work@0s minute@1m0s hours@2h0m0s"},
		{fakeloop.Seeded(15 * time.Minute), &script{1}, "minute@1m0s work@1m0s hours@2h0m0s"},
		{fakeloop.Seeded(15 * time.Minute), &script{15}, "minute@1m0s work@15m0s hours@2h0m0s"},
	} {
		t.Run(c.policy.String(), func(t *testing.T) {
			for _, perLoop := range []bool{true, false} {
				synctest.Test(t, func(t *testing.T) {
					config := fakeloop.Config{Decisions: c.source}
					var own []fakeloop.Policy
					if s, ok := c.source.(*script); ok {
						config.Decisions = &script{(*s)[0]}
					}
					if perLoop {
						config.Outside = c.policy
					} else {
						config.Outside, own = fakeloop.Jump, []fakeloop.Policy{c.policy}
						if c.policy == (fakeloop.Policy{}) {
							config.Outside = fakeloop.Freeze // what is unsaid is the loop's
						}
					}
					config.Guard = 24 * time.Hour
					loop := newLoop(t, config)
					var log journal
					at := func(what string) { log.add("%s@%v", what, loop.Elapsed()) }
					loop.AfterFunc(time.Minute, func() { at("minute") })
					loop.AfterFunc(2*time.Hour, func() { at("hours") })
					f := fakeloop.Offload(loop, "work", func(context.Context) (int, error) { time.Sleep(time.Hour); return 1, nil }, own...)
					f.OnSettled(func(int, error) { at("work") })
					mustIdle(t, loop)
					log.want(t, c.want)
				})
			}
		})
	}
}

// Advance does not wait for work that lets time jump, and keeps step with work that
// does not.
func TestAdvanceUnderPolicies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for policy, want := range map[fakeloop.Policy]time.Duration{fakeloop.Jump: 0, fakeloop.LockStep: time.Minute} {
			loop := newLoop(t, fakeloop.Config{Outside: policy})
			var log journal
			work := loop.Outside("never returns")
			loop.AfterFunc(30*time.Second, log.note("timer"))
			start := time.Now()
			mustAdvance(t, loop, time.Minute)
			equal(t, "real time", time.Since(start), want)
			equal(t, "Elapsed", loop.Elapsed(), time.Minute)
			log.want(t, "timer")
			_ = work.Return(nil)
		}
	})
}

// Time moves no further than all the work outside allows.
func TestPoliciesTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := newLoop(t, fakeloop.Config{Decisions: &script{15}})
		var log journal
		at := func(what string) func() { return func() { log.add("%s@%v", what, loop.Elapsed()) } }
		seeded := loop.Outside("seeded", fakeloop.Seeded(15*time.Second))
		frozen := loop.Outside("frozen")
		jumping := loop.Outside("jumping", fakeloop.Jump)
		loop.AfterFunc(time.Second, at("timer"))
		loop.AfterFunc(time.Minute, at("late"))
		_ = seeded.Return(at("seeded"))
		go func() {
			time.Sleep(time.Second)
			_ = frozen.Return(at("frozen"))
			time.Sleep(time.Second)
			_ = jumping.Return(at("jumping"))
		}()
		mustIdle(t, loop)
		log.want(t, "frozen@0s timer@1s seeded@15s late@1m0s jumping@1m0s")
	})
}

// Work that is done early is held until the instant that was decided, and the order
// of what comes back is the same whatever the work took.
func TestSeededWorkIsHeld(t *testing.T) {
	run := func(slow int) string {
		var log journal
		synctest.Test(t, func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{Decisions: fakeloop.Seed(7), Outside: fakeloop.Seeded(time.Second), Guard: 24 * time.Hour})
			for i := range 5 {
				f := fakeloop.Offload(loop, "work", func(context.Context) (int, error) {
					if i == slow {
						time.Sleep(time.Hour)
					}
					return i, nil
				})
				f.OnSettled(func(i int, _ error) { log.add("%d@%v", i, loop.Elapsed()) })
			}
			mustIdle(t, loop)
			log.add("%v", loop.Timeline().Digest())
		})
		return log.lines[0] + log.lines[1] + log.lines[2] + log.lines[3] + log.lines[4] + log.lines[5]
	}
	for slow := range 5 {
		equal(t, "run", run(slow), run(-1))
	}
}

func TestWorkThatWaitsForTheLoop(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[string](loop, "answer")
	first := fakeloop.Offload(loop, "asks", func(context.Context) (string, error) { return p.Future().Wait() })
	second := fakeloop.Offload(loop, "answers", nothing)
	second.OnSettled(func(int, error) { p.Resolve("yes") })
	v, err := first.Wait()
	equal(t, "value", v, "yes")
	equal(t, "error", err, nil)
}

func TestCycleIsTold(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "answer")
	derived := fakeloop.Then(p.Future(), func(v int) (int, error) { return v, nil })
	f := fakeloop.Offload(loop, "asks", func(context.Context) (int, error) { return derived.Wait() })
	loop.AfterFunc(time.Second, func() { p.Resolve(1) })
	_, err := f.Wait()
	stuck := as[*fakeloop.StuckError](t, err)
	equal(t, "real time", stuck.After, 0)
	wantErrorText(t, err, `fakeloop: at 0s the loop waits for work "asks" (#), which waits for the loop: a cycle.
future "then" (#), pending
which waits for future "answer" (#), pending
While that work is outside time stands still; a policy such as Jump lets it move, and a future that other work settles needs no time.`)
	// The cure it names works; the work that waits is told when the loop closes.
	jumps := newLoop(t, fakeloop.Config{Outside: fakeloop.Jump})
	q := fakeloop.NewPromise[int](jumps, "answer")
	g := fakeloop.Offload(jumps, "asks", func(context.Context) (int, error) { return q.Future().Wait() })
	jumps.AfterFunc(time.Second, func() { q.Resolve(1) })
	equal(t, "value", must(g.Wait()), 1)
	mustClose(t, loop)
}

// Even work that lets time jump is told if nothing can come.
func TestCycleUnderJump(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Outside: fakeloop.Jump})
	p := fakeloop.NewPromise[int](loop, "answer")
	f := fakeloop.Offload(loop, "asks", func(context.Context) (int, error) { return p.Future().Wait() })
	_, err := f.Wait()
	equal(t, "a cycle", len(as[*fakeloop.StuckError](t, err).Cycle), 1)
}

// Only the goroutine that does announced work may wait while another drives.
func TestAwaitBesideADriver(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "")
	work := loop.Outside("")
	loop.Post(func() {
		go func() {
			_, err := p.Future().Wait()
			_ = work.Return(func() { equal(t, "Wait", err, fakeloop.ErrDriven); p.Resolve(1) })
		}()
	})
	equal(t, "value", must(p.Future().Wait()), 1)
}

// Offloaded work waits, but does not drive, whether somebody drives or not.
func TestWorkDoesNotDrive(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	var texts [2]error
	f := fakeloop.Offload(loop, "", func(context.Context) (int, error) {
		texts[0] = loop.RunUntilIdle()
		_, texts[1] = loop.Step()
		return 1, nil
	})
	equal(t, "value", must(f.Wait()), 1)
	for _, err := range texts {
		sameError(t, "error", err, fakeloop.ErrDriven)
		wantErrorText(t, err, "fakeloop: another goroutine is driving this loop; a virtual loop has one driver at a time; offloaded work can wait for a future with Await or Wait, but not drive")
	}
}

func TestPolicyMisuse(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	wantPanic(t, "fakeloop: Seeded(-1ns): work cannot return before it has left", func() { fakeloop.Seeded(-1) })
	wantPanic(t, "fakeloop: one piece of work has one policy, not [Freeze LockStep Jump Seeded(1s)]", func() {
		loop.Outside("", fakeloop.Freeze, fakeloop.LockStep, fakeloop.Jump, fakeloop.Seeded(time.Second))
	})
	equal(t, "the zero policy", fakeloop.Policy{}.String(), "Freeze")
}
