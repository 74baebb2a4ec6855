package asynctest

import (
	"fmt"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
)

// spins says which run does not come on in virtual time, nil if this one does. It ends the
// sweep: the goroutines that run cannot be stopped, and each further run of the kind would
// leave more of them.
func (w *sweeper) spins(p *played) error {
	r := p.bubble
	if p.closing.Outcome == bubble.Spinning {
		r = p.closing
	}
	if r.Outcome != bubble.Spinning {
		return nil
	}
	remedy := "try again with a pause, or for so many times"
	if p.closing.Outcome == bubble.Spinning {
		remedy = "what runs when the tunnel is closed must come to an end"
	}
	if len(p.run.Faults) > 0 {
		remedy += "; or leave this fault out with Scenario.Leave"
	}
	return fmt.Errorf("asynctest: sweep of %s: the run %q does not end, and the sweep ends here: %v\n\nTo mend: %s; if it only takes that long, say so with WINDTUNNEL_GUARD=30s\nTo reproduce: %s",
		w.Name, p.run, r, remedy, w.command(p.run))
}
