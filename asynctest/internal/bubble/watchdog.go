package bubble

import (
	"slices"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// frozen returns the goroutines of a bubble in which virtual time stands still, those that
// keep it from moving first.
func frozen(stall *fakeloop.StallError) []Goroutine {
	var out []Goroutine
	for _, s := range append(stall.Blocked, stall.Waiting...) {
		head, rest, _ := strings.Cut(s.Stack, "\n")
		if g := parse(head, rest); !g.isMachinery() {
			g.remedy = s.Remedy
			out = append(out, g)
		}
	}
	return out
}

func (j *job) frozen(stall *fakeloop.StallError, guard time.Duration) Result {
	r := Result{Outcome: Frozen, Goroutines: frozen(stall), guard: guard}
	r.find(j.goroutine.Load())
	return r
}

// spinWatch notices that virtual time does not come on in a restless function. It counts
// looks, so that a process that was suspended has not waited.
type spinWatch struct {
	of    *job
	steps uint64
	looks int // at the same step
	most  int
}

func (w *spinWatch) look() (spins bool) {
	if steps := w.of.steps.Load(); steps != w.steps {
		w.steps, w.looks = steps, 0
	}
	w.looks++
	return w.of.Restless && w.looks >= w.most
}

func (j *job) spinning(goroutines []Goroutine, guard time.Duration) Result {
	r := Result{Outcome: Spinning, Goroutines: culprits(goroutines), guard: guard}
	if len(r.Goroutines) == 0 { // between two of its steps
		r.Goroutines = slices.DeleteFunc(goroutines, Goroutine.isBystander)
	}
	r.find(j.goroutine.Load())
	return r
}
