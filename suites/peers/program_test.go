package peers_test

import (
	"errors"
	"fmt"
	"math"
	"time"

	"pgregory.net/rapid"
)

// op is one operation of a random program for a machine. What a callback does when it
// runs for the first time is its Body.
type op struct {
	Kind   string
	Delay  time.Duration
	Target int
	Body   []op
}

const deepest = 3

// operation draws an operation. Delays are few, so that deadlines are often equal.
// Only the program itself, at depth 0, drives the machine.
func operation(depth int) *rapid.Generator[op] {
	kinds := []string{"post", "after", "stop", "reset", "peek"}
	if depth == 0 {
		kinds = append(kinds, "step", "turn", "advance", "advance to next", "run until idle")
	}
	delays := []time.Duration{0, 1, 2, 3, 5, -1, -2, math.MinInt64, math.MaxInt64 - 4, math.MaxInt64}
	return rapid.Custom(func(t *rapid.T) op {
		o := op{Kind: rapid.SampledFrom(kinds).Draw(t, "kind")}
		switch o.Kind {
		case "post":
		case "advance":
			o.Delay = time.Duration(rapid.IntRange(0, 7).Draw(t, "delay"))
		case "after", "stop", "reset":
			o.Delay = rapid.SampledFrom(delays).Draw(t, "delay")
			o.Target = rapid.IntRange(0, 9).Draw(t, "target")
		}
		if depth < deepest && (o.Kind == "post" || o.Kind == "after") {
			o.Body = rapid.SliceOfN(operation(depth+1), 0, 4).Draw(t, "body")
		}
		return o
	})
}

// program draws a program.
var program = rapid.SliceOfN(operation(0), 1, 20)

// perform runs a program and returns all answers.
func perform(m machine, ops []op) []string {
	var log []string
	say := func(format string, args ...any) {
		log = append(log, fmt.Sprintf(format, args...)+fmt.Sprintf(" at %d", m.elapsed()))
	}
	var timers []settable
	names := 0
	var run func(ops []op)
	named := func(o op) (string, func()) {
		names++
		name, fired := fmt.Sprint(names), false
		return name, func() {
			say("%s runs", name)
			if !fired { // else a timer that resets itself would go on for ever
				fired = true
				run(o.Body)
			}
		}
	}
	run = func(ops []op) {
		for _, o := range ops {
			switch o.Kind {
			case "post":
				m.post(named(o))
			case "after":
				name, f := named(o)
				timers = append(timers, m.after(name, o.Delay, f))
			case "stop", "reset":
				if len(timers) == 0 {
					continue
				}
				if timer := timers[o.Target%len(timers)]; o.Kind == "stop" {
					say("stop says %v", timer.Stop())
				} else {
					say("reset says %v", timer.Reset(o.Delay))
				}
			case "peek":
				say("next is %s", m.peek())
			case "step":
				say("step says %v", m.step())
			case "turn":
				say("turn says %d", m.turn())
			case "advance":
				if m.elapsed() < math.MaxInt64/2 {
					m.advance(o.Delay)
				}
				say("advanced")
			case "advance to next":
				moved, ok := m.advanceToNext()
				say("advanced to next by %d, %v", moved, ok)
			case "run until idle":
				m.runUntilIdle()
				say("idle")
			}
		}
	}
	run(ops)
	m.runUntilIdle()
	say("ended, next is %s", m.peek())
	return log
}

func asError[E error](err error, target *E) bool { return errors.As(err, target) }
