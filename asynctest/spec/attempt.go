package spec

import (
	"fmt"
	"sync"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
)

// attempt is one attempt of one spec, and its bubble.
type attempt struct {
	key     string
	once    sync.Once
	bubble  *bubble.Bubble // nil if the attempt was over before it could begin
	verdict error          // about the end of the bubble
	turns   int            // nodes that began
}

// now is the attempt under way: Ginkgo runs one spec at a time in a process.
var now struct {
	sync.Mutex
	attempt *attempt
}

func keyOf(r types.SpecReport) string {
	return fmt.Sprint(r.FullText(), r.LeafNodeLocation, r.NumAttempts, r.StartTime.UnixNano())
}

// enter returns the attempt of a spec, and begins it with its first node.
func enter(r types.SpecReport, node place) *attempt {
	now.Lock()
	a, key := now.attempt, keyOf(r)
	now.Unlock()
	if a != nil && a.key == key {
		return a
	}
	a = &attempt{key: key}
	now.Lock()
	now.attempt = a
	now.Unlock()
	// Registered first, so run last.
	ginkgo.DeferCleanup(marked(r.LeafNodeLocation, closing), func() error { return a.verdict })
	if node.in(mayFail) {
		ginkgo.DeferOnFailure(marked(r.LeafNodeLocation, telling), tell)
	}
	return a
}

// open returns the bubble of the attempt, and begins it with the first call. That takes
// its time, in which Ginkgo may give the node up and leave.
func (a *attempt) open() *bubble.Bubble {
	a.once.Do(func() { a.bubble = bubble.Start() })
	return a.bubble
}

// leave ends the bubble of a spec.
func leave(r types.SpecReport) {
	now.Lock()
	a := now.attempt
	now.attempt = nil
	now.Unlock()
	if a == nil || a.key != keyOf(r) {
		return
	}
	a.once.Do(func() {}) // from now on it cannot begin
	if a.bubble == nil {
		return
	}
	if result := a.bubble.End(); result.Outcome != bubble.Returned {
		a.verdict = fmt.Errorf("spec: %v", result)
	}
}

// begin says that a node of the attempt begins.
func (a *attempt) begin() (turn int) {
	now.Lock()
	defer now.Unlock()
	a.turns++
	return a.turns
}

// has reports whether the node that began with the turn is still the one that Ginkgo
// runs.
func (a *attempt) has(turn int) bool {
	now.Lock()
	defer now.Unlock()
	return now.attempt == a && a.turns == turn
}
