package spec

import "github.com/onsi/ginkgo/v2/types"

// place is the node that runs.
type place struct {
	kind     types.NodeType
	location types.CodeLocation
}

// current returns the node that runs, which Ginkgo tells in its list of events only.
func current(r types.SpecReport) place {
	for i := len(r.SpecEvents) - 1; i >= 0; i-- {
		if e := r.SpecEvents[i]; e.SpecEventType == types.SpecEventNodeStart {
			return place{e.NodeType, e.CodeLocation}
		}
	}
	return place{types.NodeTypeIt, r.LeafNodeLocation}
}

const (
	// ofSpec are the nodes that belong to one spec.
	ofSpec = types.NodeTypeIt | types.NodeTypeBeforeEach | types.NodeTypeJustBeforeEach | types.NodeTypeJustAfterEach |
		types.NodeTypeAfterEach | types.NodeTypeCleanupAfterEach | types.NodeTypeOnFailureEach
	// mayFail are the nodes in which DeferOnFailure may be called.
	mayFail = types.NodeTypeIt | types.NodeTypeBeforeEach | types.NodeTypeJustBeforeEach
)

func (p place) in(kinds types.NodeType) bool { return p.kind.Is(kinds) }

// The marks of this package's own nodes, which run outside of the bubble. --trace shows
// them.
const (
	closing = "spec.Bubble: the end of the bubble of this spec"
	telling = "spec.Bubble: how to reproduce the failure of this spec"
)

// marked is a location with a mark.
func marked(at types.CodeLocation, mark string) types.CodeLocation {
	at.FullStackTrace = mark
	return at
}

func (p place) is(mark string) bool { return p.location.FullStackTrace == mark }
