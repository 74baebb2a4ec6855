package bubble

import (
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
