package timeline_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// pickable is a run with everything that the picks tell apart.
func pickable(t *testing.T) *timeline.Timeline {
	t.Helper()
	loop := fakeloop.New(fakeloop.Config{})
	reply := fakeloop.NewPromise[int](loop, "reply")
	reply.Future().OnSettled(func(int, error) {}) // handlers fire under the name of the future
	fakeloop.Async(loop, "main", func(co *fakeloop.Coroutine) (int, error) {
		loop.Named("posted by main").Post(func() {})
		if _, err := fakeloop.Await(co, reply.Future()); err != nil {
			return 0, err
		}
		return 0, co.Sleep(time.Second)
	})
	loop.Named("posted").Post(func() {})
	loop.Post(func() {})
	fakeloop.NewPromise[int](loop, "").Resolve(1)
	loop.Named("timer").AfterFunc(time.Millisecond, func() { reply.Resolve(1) })
	fakeloop.Offload(loop, "job", func(context.Context) (int, error) { return 0, errors.New("no") }).OnSettled(func(int, error) {})
	loop.Named("bug").AfterFunc(time.Hour, func() { panic("oh") })
	loop.AfterFunc(2*time.Hour, func() { panic("oh") })
	if err := loop.RunUntilIdle(); err == nil {
		t.Error("no panic is reported")
	}
	if err := loop.Close(); err != nil {
		t.Error(err)
	}
	return loop.Timeline()
}

func TestPicks(t *testing.T) {
	tl := pickable(t)
	for name, c := range map[string]struct {
		picks []timeline.Pick
		want  string
	}{
		"none":     {nil, "(posted 'posted by main' #job) 1ms (timer reply) 1s (sleep main) 59m58.999s (bug #bug) 1h0m0s #"},
		"fires":    {[]timeline.Pick{timeline.Fires()}, "(posted 'posted by main') 1ms timer 59m59.999s bug"},
		"settles":  {[]timeline.Pick{timeline.Settles()}, "#job 1ms reply 1s (sleep main)"},
		"panics":   {[]timeline.Pick{timeline.Panics()}, "1h0m0s #bug 1h0m0s #"},
		"closes":   {[]timeline.Pick{timeline.Closes()}, "2h0m0s |"},
		"only":     {[]timeline.Pick{timeline.Settles().Only("main", "job")}, "#job 1.001s main"},
		"two":      {[]timeline.Pick{timeline.Closes(), timeline.Fires().Only("timer")}, "1ms timer 1h59m59.999s |"},
		"twice":    {[]timeline.Pick{timeline.Closes(), timeline.Closes()}, "2h0m0s |"},
		"zero":     {[]timeline.Pick{{}}, ""},
		"zero one": {[]timeline.Pick{timeline.Pick{}.Only("main")}, ""},
		"where": {[]timeline.Pick{timeline.Where(func(e timeline.Event) (timeline.Marble, bool) {
			return timeline.Marble{Sign: timeline.Ended, Label: e.Label}, e.Kind == timeline.Returned
		})}, "|job"},
		"the first wins": {[]timeline.Pick{timeline.Where(func(e timeline.Event) (timeline.Marble, bool) {
			return timeline.Marble{Label: "first"}, e.Kind == timeline.Settled && e.Label == "reply"
		}), timeline.Settles()}, "#job 1ms first 1s (sleep main)"},
	} {
		for range 2 { // a pick can be used again
			if got := timeline.FromTimeline(tl, c.picks...).String(); got != c.want {
				t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
			}
			if err := marbles(t, c.want).Match(tl, c.picks...); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// What comes out of every run of the tests is matched by it.
func TestMarblesOfScenarios(t *testing.T) {
	for name, tl := range map[string]*timeline.Timeline{
		"retries": retries(t), "queue": queue(t, 50), "panics": panics(t), "pickable": pickable(t),
	} {
		m := timeline.FromTimeline(tl)
		if err := marbles(t, m.String()).Match(tl); err != nil || m.String() == "" {
			t.Errorf("%s: %q: %v", name, m, err)
		}
	}
	want := "fetch 200ms retry 400ms retry 800ms retry"
	if err := marbles(t, want).Match(retries(t), timeline.Fires()); err != nil {
		t.Error(err)
	}
}

// A coroutine that goes on when its future has been cancelled posts callbacks,
// which are no handlers.
func TestFiresOfACancelledCoroutine(t *testing.T) {
	tl := recordLoop(t, func(loop *fakeloop.Loop) {
		f := fakeloop.Async(loop, "task", func(co *fakeloop.Coroutine) (int, error) {
			err := co.Yield()
			loop.Named("by task").Post(func() {})
			return 0, err
		})
		f.OnSettled(func(int, error) {})
		never := fakeloop.Async(loop, "never", func(*fakeloop.Coroutine) (int, error) { return 0, nil })
		never.Cancel(nil)
		_, _ = loop.Step()
		f.Cancel(nil)
	})
	if got := timeline.FromTimeline(tl).String(); got != "(#never #task 'by task')" {
		t.Errorf("got %s in\n%v", got, tl)
	}
}

func TestPickWithAWrongSign(t *testing.T) {
	defer func() {
		want := `timeline: a pick answered with the sign '?'; use Plain, Failed or Ended`
		if got := recover(); got != want {
			t.Errorf("panicked with %v, want %q", got, want)
		}
	}()
	timeline.FromTimeline(retries(t), timeline.Where(func(timeline.Event) (timeline.Marble, bool) {
		return timeline.Marble{Sign: '?'}, true
	}))
}
