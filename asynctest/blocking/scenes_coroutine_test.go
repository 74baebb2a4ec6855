package blocking

import (
	"fmt"
	"iter"
	"time"
)

// pull makes a coroutine whose body is named just inside its entry function.
func pull(body func(yield func() bool)) (resume func(), stop func()) {
	next, stop := iter.Pull(func(yield func(int) bool) {
		again := func() bool { return yield(0) }
		run := func() { body(again) }
		enter(run)
	})
	return func() { next() }, stop
}

// naps checks that each line of the stage has one sleep, and that its callback
// is the body that the line stands in.
func naps(r *Report, s *stage) error {
	if len(r.Blocks) != len(s.lines) {
		return fmt.Errorf("want %d blocks, got:\n%s", len(s.lines), r)
	}
	for _, b := range r.Blocks {
		body, known := s.lines[b.User]
		if !known || b.Resource != Sleep || b.Count != 1 {
			return fmt.Errorf("not expected: %s", b)
		}
		// The outermost frame that a coroutine shows is pull's own closure; the
		// next one is the body.
		if n := len(b.Stack); n < 2 || b.Stack[n-2].Func != body {
			return fmt.Errorf("%s: the stack does not end in the body %s: %v", b, body, b.Stack)
		}
	}
	return nil
}

// line writes down a line that blocks.
func (s *stage) line(f Frame) {
	if s.lines == nil {
		s.lines = map[Frame]string{}
	}
	s.lines[f] = f.Func
}

// coroutineScenes: a coroutine is a callback of its own, whoever resumes it.
var coroutineScenes = []scene{
	{name: "nested coroutines", check: naps, live: func(s *stage) {
		inner, stopInner := pull(func(yield func() bool) {
			for range 2 {
				yield()
			}
			s.line(below(1))
			time.Sleep(time.Nanosecond)
		})
		outer, stopOuter := pull(func(yield func() bool) {
			inner()
			yield()
			s.line(below(1))
			time.Sleep(time.Nanosecond)
			inner()
			inner()
		})
		s.do(outer)
		s.do(outer)
		s.do(stopOuter)
		s.do(stopInner)
	}},
	{name: "coroutine resumed by another loop", check: naps, live: func(s *stage) {
		resume, stop := pull(func(yield func() bool) {
			s.line(below(1))
			time.Sleep(time.Nanosecond)
			yield()
			s.line(below(1))
			time.Sleep(time.Nanosecond)
		})
		other := newLoop()
		defer other.stop()
		s.do(resume)
		other.do(resume)
		s.do(stop)
	}},
	{name: "coroutine resumed by a coroutine that then blocks", check: naps, live: func(s *stage) {
		inner, stopInner := pull(func(yield func() bool) {
			for yield() {
			}
		})
		outer, stopOuter := pull(func(func() bool) {
			inner()
			s.line(below(1))
			time.Sleep(time.Nanosecond)
		})
		s.do(outer)
		s.do(stopOuter)
		s.do(stopInner)
	}},
}
