package futures_test

import (
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/futures"
)

func TestFakeloop(t *testing.T) {
	for _, mode := range []fakeloop.Mode{fakeloop.Virtual, fakeloop.Bubble, fakeloop.Wall} {
		a := futures.Fakeloop(mode)
		t.Run(a.Name, func(t *testing.T) { futures.Run(t, a) })
	}
}
