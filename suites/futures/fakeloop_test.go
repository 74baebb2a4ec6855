package futures_test

import (
	"testing"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// watch reports where callbacks blocked while body ran.
func watch(body func()) ([]string, error) {
	rec, err := blocking.Start(blocking.Config{Markers: fakeloop.CallbackFrames()})
	if err != nil {
		return nil, err
	}
	body()
	report, err := rec.Stop()
	if err != nil {
		return nil, err
	}
	var blocks []string
	for _, b := range report.Blocks {
		blocks = append(blocks, b.String())
	}
	return blocks, nil
}

// Fakeloop's futures keep the contract in all modes.
func TestFakeloop(t *testing.T) {
	for _, mode := range []fakeloop.Mode{fakeloop.Virtual, fakeloop.Bubble, fakeloop.Wall} {
		a := futures.Fakeloop(mode)
		if mode == fakeloop.Wall {
			a.Watch = watch
		}
		t.Run(a.Name, func(t *testing.T) { futures.Run(t, a) })
	}
}
