package fakeloop_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// told returns the events of a run that passed the gate or fired, in a few words each.
func told(run *timeline.Timeline) (out []string) {
	for _, e := range run.All() {
		if e.Kind == timeline.Passed || e.Kind == timeline.Fired {
			out = append(out, fmt.Sprintf("%v %v %s", e.At, e.Kind, e.Label))
		}
	}
	return out
}

// Notes stand in the timeline where they are made, or, when they come from a goroutine that
// has no place in the order of the run, where the bubble is quiet next, at their own time
// and in the order of their names, whatever the scheduler made of it.
func TestGateNote(t *testing.T) {
	var first []timeline.Event
	for range scaled(t, "runs", 1000, 20) {
		synctest.Test(t, func(t *testing.T) {
			l := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
			g := l.Gate()
			g.Note(fakeloop.Passage{What: "from the start"})
			l.Named("a").Post(func() {
				g.Note(fakeloop.Passage{What: "by a callback"})
				l.Named("b").Post(func() {})
			})
			for _, name := range []string{"z", "x", "y"} {
				go func() {
					time.Sleep(time.Minute)
					g.Note(fakeloop.Passage{What: "by a goroutine", From: name})
				}()
			}
			l.Named("later").AfterFunc(time.Hour, func() {
				go g.Note(fakeloop.Passage{What: "beside a callback"})
				time.Sleep(time.Second)
				l.Named("posted").Post(func() {})
			})
			mustAdvance(t, l, 2*time.Hour)
			g.Note(fakeloop.Passage{What: "from the start"}) // again
			mustClose(t, l)
			want := "0s pass from the start, 0s fire a, 0s pass by a callback, 0s fire b, " +
				"1m0s pass by a goroutine x, 1m0s pass by a goroutine y, 1m0s pass by a goroutine z, " +
				"1h0m0s fire later, 1h0m0s pass beside a callback, 1h0m1s fire posted, 2h0m0s pass from the start"
			equal(t, "the timeline", strings.Join(told(l.Timeline()), ", "), want)
			events := l.Timeline().Events()
			if first == nil {
				first = events
			}
			if !slices.Equal(first, events) {
				t.Errorf("two runs differ:\n%v\n%v", first, events)
			}
			ids := map[timeline.ID]bool{}
			for _, e := range events {
				if e.Kind == timeline.Passed && ids[e.ID] {
					t.Errorf("two events have the identity of %v", e)
				}
				ids[e.ID] = e.Kind == timeline.Passed
			}
		})
	}
}

// Where there is no order there are no notes either, and nobody is punished for one.
func TestGateNoteWhereThereIsNone(t *testing.T) {
	var nobody *fakeloop.Gate
	nobody.Note(fakeloop.Passage{What: "x"})
	virtual := fakeloop.New(fakeloop.Config{})
	virtual.Gate().Note(fakeloop.Passage{What: "x"})
	mustClose(t, virtual)
	equal(t, "events of a virtual loop", len(told(virtual.Timeline())), 0)
	var l *fakeloop.Loop
	synctest.Test(t, func(t *testing.T) {
		l = fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		mustClose(t, l)
		l.Gate().Note(fakeloop.Passage{What: "late"})
		equal(t, "events of a closed loop", len(told(l.Timeline())), 0)
	})
	l.Gate().Note(fakeloop.Passage{What: "outside"})
	func() {
		defer func() {
			equal(t, "panic", fmt.Sprint(recover()), "fakeloop: Gate.Note without What; name the event, the same in every run")
		}()
		l.Gate().Note(fakeloop.Passage{From: "x"})
	}()
}
