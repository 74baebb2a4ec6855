package blocking

import (
	"strings"
	"testing"
	"time"
)

// The text of a report is what people read in a failed run, so it is fixed.
func TestReportText(t *testing.T) {
	fetch := Frame{"example.org/app.(*Client).Fetch.func1", "/src/app/client.go", 41}
	tick := Frame{"example.org/app.onTick", "/src/app/loop.go", 12}
	r := &Report{
		Blocks: []Block{{
			Kind: Park, Resource: Channel, Reason: "chan receive", Callback: tick, User: fetch, Count: 3,
			Waker: []Frame{{"runtime.chansend1", "/go/src/runtime/chan.go", 1}, {"example.org/app.worker", "/src/app/worker.go", 9}},
		}, {
			Kind: Syscall, Resource: Disk, Reason: "syscall.write", Callback: tick, User: tick, Count: 1, Open: true,
		}},
		Allowed:   []Block{{Kind: Park, Resource: Sleep, Reason: "sleep", Callback: tick, User: tick, Count: 2, Allowed: "start-up only"}},
		Hangs:     []Block{{Kind: Hang, Resource: Other, Reason: "running", Callback: tick, User: fetch, Count: 1}},
		Truncated: []Block{{Kind: Park, Resource: Lock, Reason: "sync", User: fetch, Count: 1}},
		Stale:     []Rule{AllowFunc("example.org/app.gone", "was slow")},
		Events:    99,
	}
	want := strings.TrimPrefix(`
blocking: 2 places blocked, 1 allowed, 1 on truncated stacks, 1 stale rules, 99 transitions read
blocked:
  park on channel ("chan receive") at app.(*Client).Fetch.func1 (client.go:41) in callback app.onTick (loop.go:12), 3 times
    at /src/app/client.go:41
    woken by app.worker (worker.go:9)
    to allow it: blocking.AllowFunc("example.org/app.(*Client).Fetch.func1", "why this may block")
  syscall on disk ("syscall.write") at app.onTick (loop.go:12) in callback app.onTick (loop.go:12), once, still blocked when the recording ended
    at /src/app/loop.go:12
    to allow it: blocking.AllowFunc("example.org/app.onTick", "why this may block")
hung, which is not counted:
  hang on other ("running") at app.(*Client).Fetch.func1 (client.go:41) in callback app.onTick (loop.go:12), once
    at /src/app/client.go:41
    to allow it: blocking.AllowFunc("example.org/app.(*Client).Fetch.func1", "why this may block").By(blocking.Hang)
allowed:
  park on sleep ("sleep") at app.onTick (loop.go:12) in callback app.onTick (loop.go:12), 2 times
    at /src/app/loop.go:12
    because: start-up only
on stacks the tracer cut off, so the callback is not known:
  park on lock ("sync") at app.(*Client).Fetch.func1 (client.go:41), once
    at /src/app/client.go:41
stale rules, which allowed nothing (remove them, or correct the name):
  blocking.AllowFunc("example.org/app.gone", "was slow")
`, "\n")
	if got := r.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := (&Report{Events: 7}).String(), "blocking: 0 places blocked, 0 allowed, 0 on truncated stacks, 0 stale rules, 7 transitions read\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBlocksAreSorted(t *testing.T) {
	f := func(name string) Frame { return Frame{Func: name} }
	want := []Block{
		{Kind: Park, Resource: Network, User: f("b.B")},
		{Kind: Park, Resource: Sleep, User: f("a.A"), Reason: "sleep"},
		{Kind: Park, Resource: Sleep, User: f("a.B"), Reason: "sleep", Callback: f("c.A")},
		{Kind: Park, Resource: Sleep, User: f("a.B"), Reason: "sleep", Callback: f("c.B")},
		{Kind: Park, Resource: Sleep, User: f("a.B"), Reason: "sleep", Callback: f("c.B"), Allowed: "x"},
		{Kind: Syscall, Resource: Other, User: f("a.A")},
	}
	for i := range want {
		for j := range want {
			if got := compareBlocks(want[i], want[j]); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%d against %d: %d", i, j, got)
			}
		}
	}
}

func TestBlockDetails(t *testing.T) {
	tick := Frame{"example.org/app.onTick", "/src/app/loop.go", 12}
	b := Block{
		Kind: Park, Resource: Sleep, Reason: "sleep", Callback: tick, User: tick, Count: 1, Name: "tick", Posted: Frame{"example.org/app.start", "/src/app/app.go", 3},
		Stack: []Frame{{"time.Sleep", "/go/src/runtime/time.go", 9}, tick}, Waker: []Frame{{"example.org/app.w", "/src/w.go", 1}},
		Virtual: time.Hour, Longest: time.Millisecond,
	}
	want := strings.TrimPrefix(`
park on sleep ("sleep") at app.onTick (loop.go:12) in callback app.onTick (loop.go:12) named "tick", posted by app.start (app.go:3), once
    virtual time that passed in the callback: up to 1h0m0s
    real time: up to 1ms
    blocked at
      time.Sleep
        /go/src/runtime/time.go:9
      example.org/app.onTick
        /src/app/loop.go:12
    woken at
      example.org/app.w
        /src/w.go:1
    to allow it: blocking.AllowFunc("example.org/app.onTick", "why this may block")
`, "\n")
	if got := (&Report{Blocks: []Block{b}}).Details(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	b = Block{Kind: CPU, Resource: Other, User: tick, Callback: tick, Reason: "over 5ms", Count: 1, CPU: 7 * time.Millisecond}
	want = `cpu on other ("over 5ms") at app.onTick (loop.go:12) in callback app.onTick (loop.go:12), once
    CPU time: up to 7ms
    to allow it: blocking.AllowFunc("example.org/app.onTick", "why this may block")
`
	if got := (&Report{Hangs: []Block{b}}).Details(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	b = Block{Kind: Syscall, User: tick, Callback: tick, Reason: "x", Count: 1, Allowed: "why not"}
	if got := b.Details(); !strings.HasSuffix(got, "once\n    allowed because: why not\n") {
		t.Errorf("got %s", got)
	}
}
