//go:build !race

// What is drawn of a timeline is drawn by one goroutine: there is nothing for the race detector.

package timeline_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// A limit of lines leaves out the middle.
func TestLanesLeaveOutTheMiddle(t *testing.T) {
	tl := recordLoop(t, func(loop *fakeloop.Loop) {
		for i := range 100 {
			loop.Named(fmt.Sprint("timer ", i)).AfterFunc(time.Duration(i)*time.Second, func() {})
		}
	})
	fires := func(e timeline.Event) bool { return e.Kind == timeline.Fired }
	wantText(t, tl.Lanes(timeline.LaneOptions{Lanes: 1, Rows: 4, Keep: fires}), `
      | timer 0
   0s | fire timer 0
+ 99 chains, 99 lines, not drawn: timer 1, timer 2, timer 3, timer 4, timer 5, timer 6, timer 7, ti~
~ marks what was cut: 1 text
`)
	one := recordLoop(t, func(loop *fakeloop.Loop) {
		loop.Named("all").Post(func() {
			for i := range 100 {
				loop.Named(fmt.Sprint("timer ", i)).AfterFunc(time.Duration(i)*time.Second, func() {})
			}
		})
	})
	wantText(t, one.Lanes(timeline.LaneOptions{Rows: 4, Keep: fires}), `
      | all
   0s | fire all
  ... 97 lines left out, from 0s to 1m36s
1m37s | fire timer 97
1m38s | fire timer 98
1m39s | fire timer 99
`)
}

// Lines that repeat, and are left out, count as often as they repeat.
func TestLanesLeaveOutRepeats(t *testing.T) {
	wantText(t, queue(t, 1000).Lanes(timeline.LaneOptions{Rows: 12, Keep: untouched}), `
      | producer        | consumer
   0s | settle q put    |
   0s | await q put     |
   0s |                 | settle q get
  ... 6,992 lines left out, from 0s to 9.98s
9.99s |                 | settle sleep
9.99s |                 | settle q get
9.99s |                 | await q get
9.99s |                 | arm +10ms
9.99s |                 | await sleep
  10s |                 | settle sleep
  10s |                 | reject q get: fakeloop: the queue is closed
  10s |                 | await q get
  10s |                 | settle consumer
`)
}

// A run of events that nobody can have made is drawn all the same, within the
// limits, and nothing is lost without a word.
func TestLanesKeepTheirLimits(t *testing.T) {
	folded := regexp.MustCompile(`\.\.\. x ([\d,]+): (?:this line|these (\d+) lines), until`)
	skipped := regexp.MustCompile(`\.\.\. ([\d,]+) lines? left out`)
	lost := regexp.MustCompile(`^\+ [\d,]+ chains?, ([\d,]+) lines?, not drawn: `)
	number := func(text string) int {
		n, err := strconv.Atoi(strings.ReplaceAll(text, ",", ""))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for range 60 {
		things := 1 + r.IntN(30)
		var events []timeline.Event
		for range r.IntN(400) {
			if n := 1 + r.IntN(5); r.IntN(10) == 0 && n <= len(events) { // something that repeats
				events = append(events, slices.Repeat(events[len(events)-n:], r.IntN(20))...)
			}
			events = append(events, timeline.Event{
				At:     time.Duration(r.Int64N(1 << 40)),
				Kind:   timeline.Kind(r.IntN(25)),
				ID:     id(uint64(r.IntN(things))),
				Cause:  id(uint64(r.IntN(things))),
				Label:  strings.Repeat([]string{"é", "word ", "\n"}[r.IntN(3)], r.IntN(9)),
				Detail: strings.Repeat("detail ", r.IntN(12)),
				Due:    time.Duration(r.Uint64()),
			})
		}
		tl := of(events...)
		o := timeline.LaneOptions{Width: 60 + r.IntN(100), Lanes: 1 + r.IntN(12), Rows: 1 + r.IntN(100)}
		count := func(o timeline.LaneOptions) (rows, lines int) {
			for line := range strings.Lines(tl.Lanes(o)) {
				line = strings.TrimSuffix(line, "\n")
				if n := utf8.RuneCountInString(line); n > max(o.Width, 60) || strings.HasSuffix(line, " ") {
					t.Fatalf("seed %d: %d columns in %q, want at most %d", seed, n, line, o.Width)
				}
				if m := folded.FindStringSubmatch(line); m != nil {
					size := 1
					if m[2] != "" {
						size = number(m[2])
					}
					rows += size * (number(m[1]) - 1)
				} else if m := skipped.FindStringSubmatch(line); m != nil {
					rows += number(m[1])
					lines--
				} else if m := lost.FindStringSubmatch(line); m != nil {
					rows += number(m[1])
					lines--
				} else if strings.HasPrefix(line, "~") {
					lines--
				} else {
					rows++
				}
				lines++
			}
			return rows, lines - 1 // without the header
		}
		all, _ := count(timeline.LaneOptions{Width: 1000, Lanes: 1000, Rows: 1 << 30})
		rows, lines := count(o)
		if rows != all || lines > o.Rows {
			t.Fatalf("seed %d, %+v: %d rows are drawn or told of, %d without limits; %d lines\n%s", seed, o, rows, all, lines, tl.Lanes(o))
		}
	}
}

// The zero value draws four lanes, a hundred columns and two hundred lines.
func TestLaneOptionsDefaults(t *testing.T) {
	tl := recordLoop(t, func(loop *fakeloop.Loop) {
		for i := range 5 {
			loop.Named(fmt.Sprint("chain ", i)).Post(func() {
				for j := range 100 {
					loop.Named(fmt.Sprintf("%d %d %s", i, j, strings.Repeat("x", 50))).AfterFunc(time.Second, func() {})
				}
			})
		}
	})
	got := tl.Lanes(timeline.LaneOptions{})
	if want := tl.Lanes(timeline.LaneOptions{Width: 100, Lanes: 4, Rows: 200}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	lines := strings.Split(got, "\n")
	if strings.Count(lines[0], "|") != 4 || len(lines[1]) > 100 || len(lines) != 1+200+1+2+1 { // head, what is left out, foot, and behind the last line break
		t.Errorf("%d lines:\n%s", len(lines), got)
	}
	if narrow := tl.Lanes(timeline.LaneOptions{Width: 1}); narrow != tl.Lanes(timeline.LaneOptions{Width: 60}) {
		t.Errorf("a width of 1 is not taken for 60:\n%s", narrow)
	}
}

func TestLanesOfNothing(t *testing.T) {
	want := "(nothing happened)\n"
	if got := new(timeline.Timeline).Lanes(timeline.LaneOptions{}); got != want {
		t.Errorf("got %q", got)
	}
	if got := retries(t).Lanes(timeline.LaneOptions{Keep: func(timeline.Event) bool { return false }}); got != want {
		t.Errorf("got %q", got)
	}
}

func TestLanesRefuseNegativeOptions(t *testing.T) {
	for _, o := range []timeline.LaneOptions{{Width: -1}, {Lanes: -1}, {Rows: -1}} {
		func() {
			defer func() {
				want := fmt.Sprintf("timeline: Lanes: Width (%d), Lanes (%d) and Rows (%d) must not be negative; zero means the default", o.Width, o.Lanes, o.Rows)
				if got := recover(); got != want {
					t.Errorf("panicked with %v, want %q", got, want)
				}
			}()
			retries(t).Lanes(o)
		}()
	}
}
