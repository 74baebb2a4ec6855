package timeline_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// record returns a timeline of n events that are all different.
func record(n int) *timeline.Timeline {
	t := new(timeline.Timeline)
	for i := range n {
		t.Append(event(i))
	}
	return t
}

func event(i int) timeline.Event {
	return timeline.Event{
		At:   time.Duration(i) * time.Millisecond,
		Turn: uint64(i / 3),
		Kind: timeline.Fired,
		ID:   timeline.ID(uint64(i+1) << 32),
	}
}

func TestEmptyTimeline(t *testing.T) {
	var zero timeline.Timeline
	for range zero.All() {
		t.Error("All of an empty timeline yields")
	}
	if zero.Len() != 0 || len(zero.Events()) != 0 || zero.String() != "" || zero.Snapshot().Len() != 0 {
		t.Errorf("an empty timeline has %d events: %q", zero.Len(), zero.String())
	}
}

// All readings see the same events, at every size around the borders of chunks.
func TestReadingsAgree(t *testing.T) {
	for _, n := range []int{1, 2, 63, 64, 65, 127, 128, 191, 192, 193, 448, 1000, 4096, 10_000} {
		tl := record(n)
		if tl.Len() != n {
			t.Fatalf("Len() = %d after %d events", tl.Len(), n)
		}
		next := 0
		for i, e := range tl.All() {
			if i != next || e != event(i) {
				t.Fatalf("%d events: All yields %d, %v in place %d", n, i, e, next)
			}
			next++
		}
		if next != n {
			t.Fatalf("%d events: All yields %d", n, next)
		}
		if events := tl.Events(); len(events) != n || events[n-1] != event(n-1) {
			t.Fatalf("%d events: Events returns %d", n, len(events))
		}
	}
}

func TestIterationCanStop(t *testing.T) {
	tl := record(500)
	n := 0
	for i := range tl.All() {
		if n = i; i == 100 {
			break
		}
	}
	if n != 100 {
		t.Errorf("All went on to %d", n)
	}
}

// Events returns a slice of the caller's own.
func TestEventsIsACopy(t *testing.T) {
	tl := record(10)
	before := tl.Digest()
	clear(tl.Events())
	if tl.Digest() != before {
		t.Error("writing to what Events returned changed the timeline")
	}
}

// A snapshot does not change, whatever is appended to either, at every size.
func TestSnapshot(t *testing.T) {
	tl := new(timeline.Timeline)
	var snapshots []*timeline.Timeline
	for i := range 700 {
		snapshots = append(snapshots, tl.Snapshot())
		tl.Append(event(i))
	}
	for n, s := range snapshots {
		if s.Len() != n || s.Digest() != record(n).Digest() {
			t.Fatalf("the snapshot at %d has %d events", n, s.Len())
		}
	}
	// Appending to a snapshot does not reach the original.
	s := tl.Snapshot()
	s.Append(timeline.Event{Label: "of the snapshot"})
	tl.Append(timeline.Event{Label: "of the original"})
	if got := tl.Events()[700].Label; got != "of the original" {
		t.Errorf("the last event of the original is %q", got)
	}
	if got := s.Events()[700].Label; got != "of the snapshot" {
		t.Errorf("the last event of the snapshot is %q", got)
	}
}

// A snapshot may be read while the original grows.
func TestSnapshotIsReadConcurrently(t *testing.T) {
	tl := new(timeline.Timeline)
	var reading sync.WaitGroup
	for i := range 300 {
		tl.Append(event(i))
		s := tl.Snapshot()
		reading.Go(func() {
			if got, want := s.Digest(), record(i+1).Digest(); got != want {
				t.Errorf("snapshot of %d events: digest %v, want %v", i+1, got, want)
			}
		})
	}
	reading.Wait()
}

func TestIDString(t *testing.T) {
	for id, want := range map[timeline.ID]string{
		timeline.Driver:     "driver",
		0x0123456789abcdef:  "01234567",
		1:                   "00000000",
		0xffffffff_00000000: "ffffffff",
	} {
		if got := id.String(); got != want {
			t.Errorf("ID(%#x).String() = %q, want %q", uint64(id), got, want)
		}
	}
}

func TestKindString(t *testing.T) {
	want := []string{
		"kind(0)", "post", "arm", "stop", "fire", "promise", "settle", "refuse", "unobserved", "await",
		"leave", "return", "choose", "panic", "escape", "close",
		"touch", "charge", "hold", "release", "cancel", "pass", "kind(22)",
	}
	for k, name := range want {
		if got := timeline.Kind(k).String(); got != name {
			t.Errorf("Kind(%d).String() = %q, want %q", k, got, name)
		}
	}
	if got := timeline.Kind(255).String(); got != "kind(255)" {
		t.Errorf("Kind(255).String() = %q", got)
	}
	// The numbers are part of the digest.
	if timeline.Posted != 1 || timeline.Closed != 15 || timeline.Touched != 16 || timeline.Cancelled != 20 || timeline.Passed != 21 {
		t.Errorf("the numbers of the kinds have changed: %d, %d, %d, %d, %d", timeline.Posted, timeline.Closed, timeline.Touched, timeline.Cancelled, timeline.Passed)
	}
}

func TestEventString(t *testing.T) {
	id, cause := timeline.ID(0xabcd0123<<32), timeline.ID(0x11112222<<32)
	for want, e := range map[string]timeline.Event{
		`          0s  turn 0    post       abcd0123`:                                       {Kind: timeline.Posted, ID: id},
		`        1.5s  turn 12   fire       abcd0123 "refresh"  by 11112222`:                {At: 1500 * time.Millisecond, Turn: 12, Kind: timeline.Fired, ID: id, Label: "refresh", Cause: cause},
		`          1s  turn 1    arm        abcd0123 "t"  for 1m0s  by 11112222`:            {At: time.Second, Turn: 1, Kind: timeline.Armed, ID: id, Label: "t", Due: time.Minute, Cause: cause},
		`          0s  turn 0    arm        abcd0123  for 0s`:                               {Kind: timeline.Armed, ID: id},
		`         1ns  turn 1    choose     driver "dial"  2 of 3`:                          {At: 1, Turn: 1, Kind: timeline.Chosen, Label: "dial", Detail: "2 of 3"},
		`          0s  turn 0    settle     abcd0123 "a \"b\"\n"  rejected: one | two`:      {Kind: timeline.Settled, ID: id, Label: "a \"b\"\n", Detail: "rejected: one\ntwo"},
		`2562047h47m16.854775807s  turn 18446744073709551615 kind(99)   abcd0123`:           {At: 1<<63 - 1, Turn: 1<<64 - 1, Kind: 99, ID: id},
		`          0s  turn 0    await      abcd0123 "co"  "reply" (11112222)  by 11112222`: {Kind: timeline.Awaited, ID: id, Label: "co", Detail: `"reply" (11112222)`, Cause: cause},
	} {
		got := e.String()
		if got != want {
			t.Errorf("%#v\n got %q\nwant %q", e, got, want)
		}
		if strings.Contains(got, "\n") {
			t.Errorf("an event of two lines: %q", got)
		}
	}
}

func TestTimelineString(t *testing.T) {
	want := ""
	for i := range 100 {
		want += fmt.Sprintf("%6d %v\n", i, event(i))
	}
	if got := record(100).String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
