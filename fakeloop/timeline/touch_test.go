package timeline_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// footprints returns, a line a callback, what was touched; * marks a read.
func footprints(t *timeline.Timeline) string {
	var b strings.Builder
	for _, f := range t.Footprints() {
		fmt.Fprintf(&b, "%s:", f.Label)
		for _, u := range f.Touches {
			fmt.Fprintf(&b, " %v=%s", u.Object.Class, u.Object.Label)
			if u.Reads {
				b.WriteString("*")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

func wantFootprints(t *testing.T, tl *timeline.Timeline, want string) {
	t.Helper()
	if got := footprints(tl); got != want {
		t.Errorf("got\n%swant\n%sin\n%v", got, want, tl)
	}
}

// id makes an identity that is told apart in texts.
func id(n uint64) timeline.ID { return timeline.ID(n << 32) }

func of(events ...timeline.Event) *timeline.Timeline {
	t := new(timeline.Timeline)
	for _, e := range events {
		t.Append(e)
	}
	return t
}

// Every kind of event that is a use, and every one that is not, in a callback, by
// the driver before the first callback and by the driver after it.
func TestEveryKindOfTouch(t *testing.T) {
	uses := map[timeline.Kind]string{
		timeline.Promised:  " future=x",
		timeline.Settled:   " future=x",
		timeline.Refused:   " future=x",
		timeline.Cancelled: " future=x",
		timeline.Armed:     " timer=x",
		timeline.Stopped:   " timer=x",
		timeline.Left:      " work=x",
		timeline.Awaited:   " coroutine=x",
		timeline.Touched:   " object=x",
	}
	for k := timeline.Kind(0); !strings.HasPrefix(k.String(), "kind(") || k == 0; k++ {
		use := timeline.Event{Kind: k, ID: id(7), Label: "x"}
		byCallback := use
		byCallback.Cause = id(1)
		want := "a:" + uses[k] + "\n"
		if k == timeline.Fired {
			want = "x:\na:\nx:\nx:\n"
		}
		wantFootprints(t, of(use, timeline.Event{Kind: timeline.Fired, ID: id(1), Label: "a"}, byCallback, use), want)
	}
}

func TestTouchesAreDistinct(t *testing.T) {
	fired := func(n uint64, label string) timeline.Event {
		return timeline.Event{Kind: timeline.Fired, ID: id(n), Label: label}
	}
	touch := func(n, by uint64, how string) timeline.Event {
		return timeline.Event{Kind: timeline.Touched, ID: id(n), Cause: id(by), Label: fmt.Sprint("o", n), Detail: how}
	}
	tl := of(
		timeline.Event{Kind: timeline.Posted, ID: id(1)},
		fired(1, "reads"), touch(10, 1, "read"), touch(11, 1, "read"), touch(10, 1, "read"),
		fired(2, "reads and writes"), touch(10, 2, "read"), touch(11, 2, "write"), touch(10, 2, "write"), touch(10, 2, "read"),
		fired(3, "says not how"), touch(11, 3, ""),
		fired(4, "nothing"),
		fired(5, "reads too"), touch(11, 5, "read"), touch(12, 5, "read"),
	)
	wantFootprints(t, tl, ""+
		"reads: object=o10* object=o11*\n"+
		"reads and writes: object=o10 object=o11\n"+
		"says not how: object=o11\n"+
		"nothing:\n"+
		"reads too: object=o11* object=o12*\n")
	f := tl.Footprints()
	for i, want := range []int{1, 5, 10, 12, 13} {
		if f[i].Index != want {
			t.Errorf("%q fired at %d, not %d", f[i].Label, f[i].Index, want)
		}
	}
	for _, c := range []struct {
		a, b int
		want string
	}{
		{0, 1, "o10 o11"},
		{0, 2, "o11"},
		{0, 3, ""},
		{0, 4, ""}, // both only read
		{1, 2, "o11"},
		{1, 4, "o11"},
		{2, 4, "o11"},
		{3, 3, ""},
		{0, 0, ""},
		{1, 1, "o10 o11"},
	} {
		for _, pair := range [][2]int{{c.a, c.b}, {c.b, c.a}} {
			var got []string
			for _, o := range f[pair[0]].Conflicts(f[pair[1]]) {
				got = append(got, o.Label)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%d and %d conflict about %v, want %q", pair[0], pair[1], got, c.want)
			}
		}
	}
}

// recordLoop returns the record of what body does on a loop and of what follows,
// until the loop is idle.
func recordLoop(t *testing.T, body func(loop *fakeloop.Loop)) *timeline.Timeline {
	t.Helper()
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()
	body(loop)
	if err := loop.RunUntilIdle(); err != nil {
		t.Errorf("RunUntilIdle: %v", err)
	}
	return loop.Timeline()
}

// What a coroutine does is its own doing, not that of the callback that resumes
// it: each resumption touches the coroutine and what that one uses.
func TestTouchesOfCoroutines(t *testing.T) {
	var resumed []timeline.ID
	tl := recordLoop(t, func(loop *fakeloop.Loop) {
		reply := fakeloop.NewPromise[int](loop, "reply")
		other := fakeloop.NewPromise[int](loop, "reply") // a label is not an identity
		fakeloop.Async(loop, "client", func(co *fakeloop.Coroutine) (int, error) {
			loop.Named("posted").Post(func() {})
			v, err := fakeloop.Await(co, reply.Future())
			loop.Named("late").AfterFunc(time.Second, func() { other.Resolve(0) })
			return v, err
		})
		loop.Named("server").AfterFunc(time.Millisecond, func() { reply.Resolve(1) })
		fakeloop.Async(loop, "idle", func(*fakeloop.Coroutine) (int, error) { return 0, nil })
	})
	wantFootprints(t, tl, ""+
		"client: coroutine=client future=reply\n"+
		"idle: coroutine=idle\n"+
		"posted:\n"+
		"server: timer=server future=reply\n"+
		"reply: coroutine=client timer=late\n"+
		"late: timer=late future=reply\n")
	f := tl.Footprints()
	for _, g := range f {
		if g.Coroutine != timeline.Driver {
			resumed = append(resumed, g.Coroutine)
		}
	}
	if len(resumed) != 3 || resumed[0] != resumed[2] || resumed[0] == resumed[1] {
		t.Errorf("coroutines: %v", resumed)
	}
	if c := f[0].Conflicts(f[3]); len(c) != 1 || c[0].Label != "reply" || c[0].Class != timeline.FutureClass {
		t.Errorf("the await and the settle conflict about %v", c)
	}
	if c := f[0].Conflicts(f[5]); c != nil {
		t.Errorf("futures of one label are mixed up: %v", c)
	}
}

func TestTouchesOfFuturesTimersAndWork(t *testing.T) {
	tl := recordLoop(t, func(loop *fakeloop.Loop) {
		p := fakeloop.NewPromise[int](loop, "p")
		late := loop.Named("late").AfterFunc(time.Hour, func() {})
		loop.Named("first").Post(func() { p.Resolve(1) })
		loop.Named("second").Post(func() { p.Resolve(2); late.Reset(time.Minute) })
		loop.Named("third").Post(func() { late.Stop() })
		loop.Named("fourth").Post(func() {
			fakeloop.Offload(loop, "job", func(context.Context) (int, error) { return 0, nil })
		})
	})
	wantFootprints(t, tl, ""+
		"first: future=p\n"+
		"second: future=p timer=late timer=late\n"+ // the setting that it ended and the new one
		"third: timer=late\n"+
		"fourth: future=job work=job\n"+
		"job: future=job\n")
	f := tl.Footprints()
	if c := f[1].Conflicts(f[2]); len(c) != 1 {
		t.Errorf("Reset and Stop conflict about %v", c)
	}
	if c := f[0].Conflicts(f[2]); len(c) != 0 {
		t.Errorf("callbacks without a common object conflict about %v", c)
	}
}

// Whatever happens in a run, the order in which callbacks that have no conflict
// are listed is that of the Fired events, one each.
func TestFootprintsFollowTheFires(t *testing.T) {
	tl := scenario(t)
	var fired []int
	for i, e := range tl.All() {
		if e.Kind == timeline.Fired {
			fired = append(fired, i)
		}
	}
	var got []int
	for _, f := range tl.Footprints() {
		got = append(got, f.Index)
	}
	if !slices.Equal(got, fired) || len(got) == 0 {
		t.Errorf("footprints at %v, fires at %v", got, fired)
	}
	if got := new(timeline.Timeline).Footprints(); got != nil {
		t.Errorf("an empty run has footprints: %v", got)
	}
}

func TestObjectString(t *testing.T) {
	for want, o := range map[string]timeline.Object{
		`future "reply" (0000abcd)`: {ID: id(0xabcd), Class: timeline.FutureClass, Label: "reply"},
		`timer 0000abcd`:            {ID: id(0xabcd), Class: timeline.TimerClass},
		`work "w" (00000001)`:       {ID: id(1), Class: timeline.WorkClass, Label: "w"},
		`coroutine "c" (00000001)`:  {ID: id(1), Class: timeline.CoroutineClass, Label: "c"},
		`object "a\nb" (00000001)`:  {ID: id(1), Class: timeline.NamedClass, Label: "a\nb"},
		`class(9) 00000001`:         {ID: id(1), Class: 9},
	} {
		if got := o.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
