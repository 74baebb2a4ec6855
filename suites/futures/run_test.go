package futures_test

import (
	"testing"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// variants are the policies of the reference library.
var variants = []struct {
	name string
	caps futures.Caps
}{
	{"on a loop", onLoop},
	{"on goroutines", onGoroutines},
	{"propagating", propagating},
	{"crashing", crashing},
}

// The reference library keeps every property that it declares, and between its policies
// every property there is.
func TestReference(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) { futures.Run(t, reference(v.name, "", v.caps)) })
	}
}
