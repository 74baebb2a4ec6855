package bubble

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// looks is how many times in a row the watchdog must see the same before it barks.
const looks = 5

// watchdog tells, from outside, that virtual time stands still in a bubble.
type watchdog struct {
	bubble uint64
	last   string
	seen   int
}

// frozen is a bubble in which nothing runs and somebody waits for what virtual time
// cannot end.
type frozen struct{ goroutines []Goroutine }

// look returns what stands still, nil if anything runs, or may run.
func (d *watchdog) look() *frozen {
	goroutines := Goroutines(d.bubble)
	text, stands := stillness(goroutines)
	if !stands || text != d.last {
		d.last, d.seen = text, 0
	}
	if d.seen++; !stands || d.seen < looks {
		return nil
	}
	return &frozen{goroutines}
}

// stillness reports whether all goroutines wait, at least one of them not durably, and
// where they are, to be compared with what is seen later.
func stillness(goroutines []Goroutine) (string, bool) {
	var b strings.Builder
	stands := false
	for _, g := range goroutines {
		if slices.Contains(active, g.State) || strings.HasPrefix(g.State, "GC ") {
			return "", false
		}
		stands = stands || !g.Durable
		fmt.Fprintln(&b, g.ID, g.State, g.Frames)
	}
	return b.String(), stands
}

// active are the states of goroutines that do something, or would if they had a
// processor.
var active = []string{"running", "runnable", "syscall", "idle", "dead", "copystack", "preempted", "waiting", "wait for GC cycle"}

func (f *frozen) result(j *job, guard time.Duration) Result {
	r := Result{Outcome: Frozen, Goroutines: f.goroutines, guard: guard}
	r.find(j.goroutine.Load())
	return r
}
