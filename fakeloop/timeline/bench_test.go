package timeline_test

import (
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// BenchmarkAppend is the cost of recording a callback: that it was posted, and
// that it fired.
func BenchmarkAppend(b *testing.B) {
	var tl timeline.Timeline
	b.ReportAllocs()
	for i := range b.N {
		id := timeline.ID(i + 1)
		tl.Append(timeline.Event{At: time.Second, Turn: uint64(i), Kind: timeline.Posted, ID: id + 1, Cause: id})
		tl.Append(timeline.Event{At: time.Second, Turn: uint64(i + 1), Kind: timeline.Fired, ID: id + 1, Cause: id})
	}
}
