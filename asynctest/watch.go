package asynctest

import (
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// TB is what [Watch] needs of a test. *testing.T, *testing.B and GinkgoT() have
// it.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Watch records what the callbacks and coroutines of every fakeloop.Loop in the
// process wait for, and what functions given to [blocking.Callback] do, until
// the test is over or [NeverBlock] or another matcher looks at the recording:
//
//	rec := Watch(t)
//	runTheLoop()
//	Expect(rec).To(NeverBlock())
//
// The rules allow single functions to block. Watch ends the test if it cannot
// record, and so does the test's cleanup if the recording turns out to have been
// blind. Tests that run in parallel may all watch, but a recording cannot begin within
// a synctest bubble: see package blocking.
func Watch(t TB, rules ...blocking.Rule) *blocking.Recorder {
	t.Helper()
	rec, err := blocking.Start(blocking.Config{Markers: fakeloop.CallbackFrames(), Allow: rules})
	if err != nil {
		t.Fatalf("asynctest: Watch cannot record what the callbacks wait for: %v", err)
		return nil
	}
	t.Cleanup(func() {
		t.Helper()
		if _, err := rec.Stop(); err != nil {
			t.Fatalf("asynctest: the recording that Watch began shows nothing about the callbacks: %v", err)
		}
	})
	return rec
}
