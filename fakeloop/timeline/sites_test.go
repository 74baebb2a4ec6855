package timeline_test

import (
	"maps"
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Sites stand beside the events: the digest does not know of them.
func TestSites(t *testing.T) {
	tl := run("resolved")
	digest := tl.Digest()
	tl.AddSite(id(1), "a.go:1")
	before := tl.Snapshot()
	tl.AddSite(id(1), "c.go:3")
	tl.AddSite(id(2), "b.go:2")
	if got, want := tl.Sites(), map[timeline.ID]string{id(1): "c.go:3", id(2): "b.go:2"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := before.Sites(), map[timeline.ID]string{id(1): "a.go:1"}; !maps.Equal(got, want) {
		t.Errorf("a snapshot has %v, want %v", got, want)
	}
	if _, differ := timeline.Diverge(run("resolved"), tl); differ || tl.Digest() != digest {
		t.Error("the sites changed what the run did")
	}
	if got := new(timeline.Timeline).Sites(); len(got) != 0 {
		t.Errorf("nothing has the sites %v", got)
	}
}
