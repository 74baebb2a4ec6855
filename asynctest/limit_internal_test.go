package asynctest

import (
	"testing"
	"testing/synctest"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// In a bubble, where a callback costs real time, a tunnel has a limit of its own; what is given
// stands.
func TestLimitOfATunnel(t *testing.T) {
	limit := func(given int) int {
		c := newTunnelConfig([]TunnelOption{WithLoop(fakeloop.Config{Limit: given})})
		c.setMode()
		return c.loop.Limit
	}
	if got := limit(0); got != 0 {
		t.Errorf("outside of a bubble it is %d, want that of the loop", got)
	}
	synctest.Test(t, func(t *testing.T) {
		if got := limit(0); got != DefaultLimit {
			t.Errorf("it is %d, want %d", got, DefaultLimit)
		}
		if got := limit(7); got != 7 {
			t.Errorf("it is %d, want 7", got)
		}
	})
}
