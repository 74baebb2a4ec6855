package loops_test

import (
	"testing"

	"github.com/windtunnel-go/windtunnel/suites/loops"
)

func TestLoops(t *testing.T) {
	for _, mode := range []loops.Mode{loops.Virtual, loops.Bubble, loops.Wall} {
		t.Run(string(mode), func(t *testing.T) { loops.Run(t, watched(mode)) })
		t.Run("reference "+string(mode), func(t *testing.T) { loops.Run(t, refAdapter("", mode)) })
	}
}
