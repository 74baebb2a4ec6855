package blocking

import (
	"fmt"
	"slices"
	"testing"
)

// waysUnix are those of systems that are Unix, waysInC those of builds with cgo.
var waysUnix, waysInC []way

func allWays() []way {
	return slices.Concat(waysToWait, waysToTheNetwork, waysToTheDisk, waysToAProcess, waysUnix, waysInC)
}

// Every way to block is found, each time, at its line: on the loop's goroutine,
// and in a coroutine, whose stack never shows the loop.
func TestLiveness(t *testing.T) {
	if n := len(allWays()); n < 40 {
		t.Fatalf("only %d ways", n)
	}
	n := scaled(t, 1_000)
	for _, w := range allWays() {
		t.Run(w.name, func(t *testing.T) {
			if err := w.inBoth(t, n); err != nil {
				t.Error(err)
			}
		})
	}
}

// inBoth blocks this way n times in callbacks and n times in a coroutine.
func (w way) inBoth(t *testing.T, n int) error {
	t.Helper()
	for _, in := range []string{"callback", "coroutine"} {
		loop := newLoop()
		s := &stage{loop: loop, do: loop.do}
		end := func() {}
		if in == "coroutine" {
			s.do, end = inCoroutine(loop)
		}
		rec := mustStart(t, Config{Markers: testMarkers})
		for range n {
			w.live(s)
			for _, f := range s.after {
				f()
			}
			s.after = s.after[:0]
		}
		r := mustStop(t, rec)
		end()
		loop.stop()
		if err := w.verify(r, s.at, n); err != nil {
			return fmt.Errorf("in a %s: %w", in, err)
		}
	}
	return nil
}
