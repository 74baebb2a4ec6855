package asynctest

import (
	"context"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// runTexts are the texts of the matchers on loops, runs and their time.
func runTexts() []text {
	later := func(s *scene, d time.Duration) *fakeloop.Future[string] {
		p := fakeloop.NewPromise[string](s.loop, "reply")
		s.loop.AfterFunc(d, func() { p.Resolve("ok") })
		return p.Future()
	}
	ended := func(s *scene, err error) any {
		p := fakeloop.NewPromise[string](s.loop, "reply")
		s.loop.AfterFunc(time.Second, func() { p.Reject(err) })
		return p.Future()
	}
	lost := func(s *scene) *fakeloop.Loop {
		fakeloop.NewPromise[string](s.loop, "reply").Reject(errBoom)
		return s.loop
	}
	run := func(label string) *timeline.Timeline {
		loop := fakeloop.New(fakeloop.Config{})
		loop.Named(label).AfterFunc(time.Second, func() {})
		_ = loop.RunUntilIdle()
		_ = loop.Close()
		return loop.Timeline()
	}
	two := reportOf(aBlock(blocking.Park, blocking.DNS, "example.org/app.lookup", "dns.go"), aBlock(blocking.Syscall, blocking.Disk, "example.org/app.load", "load.go"))
	return []text{
		{"SettleAt: another time", func(s *scene) string { return failure(SettleAt(time.Second), later(s, 2*time.Second)) }},
		{"SettleAt: never", func(s *scene) string {
			return failure(SettleAt(time.Second), fakeloop.NewPromise[string](s.loop, "reply").Future())
		}},
		{"SettleAt: not, but it does", func(s *scene) string { return negated(SettleAt(time.Second), later(s, time.Second)) }},
		{"SettleAt: no loop", func(s *scene) string { return failure(SettleAt(time.Second), make(chan int)) }},
		{"SettleAt: settled before", func(s *scene) string {
			ch := make(chan int, 1)
			ch <- 1
			f := On(s.loop, ch)
			f.look()
			return failure(SettleAt(time.Second), f)
		}},
		{"SettleAt: before the beginning", func(s *scene) string { return failure(SettleAt(-1), later(s, time.Second)) }},
		{"SettleAt: a number", func(s *scene) string { return failure(SettleAt(time.Second), 5) }},
		{"SettleWithin: too late", func(s *scene) string {
			_ = s.loop.Advance(time.Minute)
			return failure(SettleWithin(time.Second), later(s, 2*time.Second))
		}},
		{"SettleWithin: not, but it does", func(s *scene) string { return negated(SettleWithin(time.Second), later(s, time.Second)) }},
		{"SettleWithin: less than no time", func(s *scene) string { return failure(SettleWithin(-1), later(s, time.Second)) }},
		{"SettleWithin: a number", func(s *scene) string { return failure(SettleWithin(time.Second), 5) }},
		{"BeCancelled: resolved", func(s *scene) string { return failure(BeCancelled(), later(s, time.Second)) }},
		{"BeCancelled: failed", func(s *scene) string { return failure(BeCancelled(), ended(s, errBoom)) }},
		{"BeCancelled: timed out", func(s *scene) string { return failure(BeCancelled(), ended(s, context.DeadlineExceeded)) }},
		{"BeCancelled: not, but it is", func(s *scene) string { return negated(BeCancelled(), ended(s, context.Canceled)) }},
		{"BeCancelled: a number", func(s *scene) string { return failure(BeCancelled(), 5) }},
		{"HaveUnobserved: none", func(s *scene) string { return failure(HaveUnobserved(), s.loop) }},
		{"HaveUnobserved: another", func(s *scene) string { return failure(HaveUnobserved(context.Canceled), lost(s)) }},
		{"HaveUnobserved: not, but it has", func(s *scene) string { return negated(HaveUnobserved(), lost(s)) }},
		{"HaveUnobserved: a text", func(s *scene) string { return failure(HaveUnobserved("boom"), lost(s)) }},
		{"HaveUnobserved: a number", func(s *scene) string { return failure(HaveUnobserved(), 5) }},
		{"BlockAtMost: more", func(s *scene) string { return failure(BlockAtMost(1), two) }},
		{"BlockAtMost: not, but it does", func(s *scene) string { return negated(BlockAtMost(1, Except(blocking.DNS)), two) }},
		{"BlockAtMost: fewer than none", func(s *scene) string { return failure(BlockAtMost(-1), two) }},
		{"BlockAtMost: a number", func(s *scene) string { return failure(BlockAtMost(1), 5) }},
		{"LeakNothing: all kinds", func(s *scene) string {
			later(lostScene(s, lost), time.Second)
			s.loop.Named("next").Post(func() {})
			return failure(LeakNothing(), s.loop)
		}},
		{"LeakNothing: a goroutine", func(s *scene) string {
			loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
			s.cleanup(func() { _ = loop.Close() })
			go func() { <-s.end }()
			return failure(LeakNothing(), loop)
		}},
		{"LeakNothing: not, but it does", func(s *scene) string { return negated(LeakNothing(), s.loop) }},
		{"LeakNothing: a future", func(s *scene) string { return failure(LeakNothing(), later(s, time.Second)) }},
		{"LeakNothing: a number", func(s *scene) string { return failure(LeakNothing(), 5) }},
		{"HaveSameTimeline: another", func(s *scene) string { return failure(HaveSameTimeline(run("a")), run("b")) }},
		{"HaveSameTimeline: not, but it has", func(s *scene) string { return negated(HaveSameTimeline(run("a")), run("a")) }},
		{"HaveSameTimeline: a number", func(s *scene) string { return failure(HaveSameTimeline(run("a")), 5) }},
		{"HaveSameTimeline: of a number", func(s *scene) string { return failure(HaveSameTimeline(5), run("a")) }},
		{"MatchMarbles: another time", func(s *scene) string { return failure(MatchMarbles("2s a"), run("a")) }},
		{"MatchMarbles: not, but it does", func(s *scene) string { return negated(MatchMarbles("1s a"), run("a")) }},
		{"MatchMarbles: not, but nothing happens", func(s *scene) string { return negated(MatchMarbles(""), s.loop) }},
		{"MatchMarbles: no marbles", func(s *scene) string { return failure(MatchMarbles("(a"), run("a")) }},
		{"MatchMarbles: a number", func(s *scene) string { return failure(MatchMarbles("a"), 5) }},
		{"BeDeterministic: it is not", func(s *scene) string {
			n := 0
			return failure(BeDeterministic(10), func() *timeline.Timeline {
				n++
				return run([]string{"a", "a", "a", "b"}[n%4])
			})
		}},
		{"BeDeterministic: not, but it is", func(s *scene) string {
			return negated(BeDeterministic(2), func(loop *fakeloop.Loop) { loop.Post(func() {}) })
		}},
		{"BeDeterministic: one run", func(s *scene) string { return failure(BeDeterministic(1), func(*fakeloop.Loop) {}) }},
		{"BeDeterministic: a run that goes wrong", func(s *scene) string {
			return failure(BeDeterministic(2), func(loop *fakeloop.Loop) { lost(&scene{loop: loop}) })
		}},
		{"BeDeterministic: no timeline", func(s *scene) string { return failure(BeDeterministic(2), func() *timeline.Timeline { return nil }) }},
		{"BeDeterministic: in a bubble", func(s *scene) string { return failure(BeDeterministic(2), func(*Tunnel) {}) }},
		{"BeDeterministic: a number", func(s *scene) string { return failure(BeDeterministic(2), 5) }},
	}
}

// lostScene is s, in whose loop an error was lost.
func lostScene(s *scene, lose func(*scene) *fakeloop.Loop) *scene {
	lose(s)
	return s
}
