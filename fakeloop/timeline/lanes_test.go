package timeline_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// wantText compares texts of several lines. The one wanted begins with a line
// break, for the reader's sake.
func wantText(t *testing.T, got, want string) {
	t.Helper()
	if want = strings.TrimPrefix(want, "\n"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// untouched leaves out what a queue tells of its own use.
func untouched(e timeline.Event) bool { return e.Kind != timeline.Touched }

func TestLanesOfRetries(t *testing.T) {
	wantText(t, retries(t).Lanes(timeline.LaneOptions{}), `
      | fetch                           | main
   0s | fire fetch                      |
   0s | leave dial                      |
   0s |                                 | await answer
   0s | return dial                     |
   0s | reject dial: connection refused |
   0s | arm retry +200ms                |
200ms | fire retry                      |
200ms | leave dial                      |
200ms | return dial                     |
200ms | reject dial: connection refused |
200ms | arm retry +400ms                |
600ms | fire retry                      |
600ms | leave dial                      |
600ms | return dial                     |
600ms | reject dial: connection refused |
600ms | arm retry +800ms                |
 1.4s | fire retry                      |
 1.4s | leave dial                      |
 1.4s | return dial                     |
 1.4s | settle dial                     |
 1.4s | settle answer -------------------->
 1.4s |                                 | settle main
 1.4s |                                 | handle main
`)
}

func TestLanesOfAQueue(t *testing.T) {
	wantText(t, queue(t, 1000).Lanes(timeline.LaneOptions{Keep: untouched}), `
      | producer        | consumer
   0s | settle q put    |
   0s | await q put     |
   0s |                 | settle q get
   0s |                 | await q get
   0s | settle q put    |
   0s | await q put     |
   0s |                 | arm +10ms
   0s |                 | await sleep
   0s | await q put     |
 10ms |                 | settle sleep
 10ms | <---------------- settle q put
 10ms |                 | settle q get
 10ms |                 | await q get
 10ms | await q put     |
 10ms |                 | arm +10ms
 10ms |                 | await sleep
  ... x 997: these 7 lines, until 9.97s
9.98s |                 | settle sleep
9.98s | <---------------- settle q put
9.98s |                 | settle q get
9.98s |                 | await q get
9.98s | settle producer |
9.98s |                 | arm +10ms
9.98s |                 | await sleep
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

func TestLanesOfAPanic(t *testing.T) {
	tl := panics(t)
	wantText(t, tl.Lanes(timeline.LaneOptions{}), `
       | done                        | tick         | parse
    0s | promise done, never settled |              |
    0s |                             | arm tick +1s |
    0s |                             |              | arm parse +1.5s
    1s |                             | fire tick    |
    1s |                             | arm tick +1s |
  1.5s |                             |              | fire parse
  1.5s |                             |              | panic parse: runtime error: index out of rang~
  1.5s |                             |              | fire cleanup
    2s |                             | fire tick    |
    2s |                             | arm tick +1s |
   ... x 998: these 2 lines, until 16m39s
16m40s |                             | fire tick    |
~ marks what was cut: 1 text
`)
	// What failed is the last that is left out.
	wantText(t, tl.Lanes(timeline.LaneOptions{Lanes: 1}), `
       | parse
    0s | arm parse +1.5s
  1.5s | fire parse
  1.5s | panic parse: runtime error: index out of range [4] with length 0
  1.5s | fire cleanup
+ 2 chains, 2,001 lines, not drawn: done, tick
`)
	// Except for what the drawing is about.
	wantText(t, tl.Lanes(timeline.LaneOptions{Lanes: 2, First: func(e timeline.Event) bool { return e.Label == "done" }}), `
       | done                        | parse
    0s | promise done, never settled |
    0s |                             | arm parse +1.5s
  1.5s |                             | fire parse
  1.5s |                             | panic parse: runtime error: index out of range [4] with leng~
  1.5s |                             | fire cleanup
+ 1 chain, 2,000 lines, not drawn: tick
~ marks what was cut: 1 text
`)
	wantText(t, tl.Lanes(timeline.LaneOptions{Keep: func(e timeline.Event) bool { return e.Kind == timeline.Fired }}), `
       | tick         | parse
    1s | fire tick    |
  1.5s |              | fire parse
  1.5s |              | fire cleanup
    2s | fire tick    |
   ... x 999: this line, until 16m40s
`)
}

// Everything that a driver can do by itself, and each kind of arrow.
func TestLanesOfADriver(t *testing.T) {
	tl := recordLoop(t, func(loop *fakeloop.Loop) {
		a, b := fakeloop.NewPromise[int](loop, "a"), fakeloop.NewPromise[int](loop, "b")
		fakeloop.Async(loop, "one", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, a.Future()) })
		fakeloop.Async(loop, "two", func(co *fakeloop.Coroutine) (int, error) {
			_, err := fakeloop.Await(co, a.Future())
			b.Resolve(2)
			return 0, err
		})
		timer := loop.Named("timer").AfterFunc(time.Hour, func() {})
		loop.Named("starter").AfterFunc(time.Second, func() {
			fakeloop.Async(loop, "three", func(co *fakeloop.Coroutine) (int, error) { return fakeloop.Await(co, b.Future()) })
			loop.Choose("which", 2)
			timer.Stop()
			a.Resolve(0)
		})
		if err := loop.PostFrom("elsewhere", func() { loop.Post(func() {}) }); err != nil {
			t.Error(err)
		}
		loop.Choose("mine", 3)
		if err := loop.Advance(2 * time.Second); err != nil {
			t.Error(err)
		}
		b.Resolve(1)
		c := fakeloop.NewPromise[int](loop, "c")
		c.Future().OnSettled(func(int, error) { loop.Stop() })
		c.Resolve(1)
	})
	tl.Append(timeline.Event{At: 5 * time.Second, Kind: timeline.Closed})
	wantText(t, tl.Lanes(timeline.LaneOptions{Lanes: 10, Width: 160}), `
   | timer             | starter              | one          | two          | elsewhere      | three        | driver       | c
0s | arm timer +1h0m0s |                      |              |              |                |              |              |
0s |                   | arm starter +1s      |              |              |                |              |              |
0s |                   |                      | await a      |              |                |              |              |
0s |                   |                      |              | await a      |                |              |              |
0s |                   |                      |              |              | fire elsewhere |              |              |
0s |                   |                      |              |              | fire           |              |              |
1s |                   | fire starter         |              |              |                |              |              |
1s |                   | start three ---------------------------------------------------------->            |              |
1s |                   | choose which: 0 of 2 |              |              |                |              |              |
1s | <------------------ stop timer           |              |              |                |              |              |
1s |                   | settle a -------------->-------------->            |                |              |              |
1s |                   |                      |              |              |                | await b      |              |
1s |                   |                      | settle one   |              |                |              |              |
1s |                   |                      |              | settle b ----------------------->            |              |
1s |                   |                      |              | settle two   |                |              |              |
1s |                   |                      |              |              |                | settle three |              |
2s |                   |                      |              |              |                |              | refuse b     |
2s |                   |                      |              |              |                |              | settle c ------>
2s |                   |                      |              |              |                |              |              | handle c
5s |                   |                      |              |              |                |              | close        |
`)
}

// An arrow to a lane that is not drawn says so.
func TestLanesOfArrowsToElsewhere(t *testing.T) {
	tl := queue(t, 3)
	producer := func(e timeline.Event) bool { return e.Label == "producer" }
	consumer := func(e timeline.Event) bool { return e.Label == "consumer" }
	wantText(t, tl.Lanes(timeline.LaneOptions{Lanes: 1, Keep: untouched, First: producer}), `
     | producer
  0s | settle q put
  0s | await q put
  0s | settle q put
  0s | await q put
  0s | await q put
10ms | settle producer
+ 1 chain, 19 lines, not drawn: consumer
`)
	wantText(t, tl.Lanes(timeline.LaneOptions{Lanes: 1, Keep: untouched, First: consumer}), `
     | consumer
  0s | settle q get
  0s | await q get
  0s | arm +10ms
  0s | await sleep
10ms | settle sleep
10ms | settle q put -> +1
10ms | settle q get
10ms | await q get
10ms | arm +10ms
10ms | await sleep
20ms | settle sleep
20ms | settle q get
20ms | await q get
20ms | arm +10ms
20ms | await sleep
30ms | settle sleep
30ms | reject q get: fakeloop: the queue is closed
30ms | await q get
30ms | settle consumer
+ 1 chain, 6 lines, not drawn: producer
`)
}

// Futures that the driver derives from one another belong to the chain that
// settles the first, those that a callback makes to that callback's chain.
func TestLanesOfDerivedFutures(t *testing.T) {
	tl := recordLoop(t, func(loop *fakeloop.Loop) {
		reply := fakeloop.NewPromise[int](loop, "reply")
		half := fakeloop.Then(reply.Future(), func(v int) (int, error) { return v / 2, nil })
		fakeloop.Catch(half, func(error) (int, error) { return 0, nil }).OnSettled(func(int, error) {})
		asked := fakeloop.NewPromise[int](loop, "asked")
		loop.Named("client").Post(func() {
			mine := fakeloop.NewPromise[int](loop, "mine")
			mine.Future().OnSettled(func(v int, _ error) { asked.Resolve(v) })
			loop.PostFrom("peer", func() { mine.Resolve(7) })
		})
		loop.Named("net").AfterFunc(time.Second, func() { reply.Resolve(4) })
	})
	wantText(t, tl.Lanes(timeline.LaneOptions{}), `
   | net          | client       | peer
0s | arm net +1s  |              |
0s |              | fire client  |
0s |              |              | fire peer
0s |              | <------------- settle mine
0s |              | settle asked |
1s | fire net     |              |
1s | settle reply |              |
1s | settle then  |              |
1s | settle catch |              |
1s | handle catch |              |
`)
}

// What came to nothing is shown, names that are not unique get numbers, and
// things without a name get their identity.
func TestLanesOfLooseEnds(t *testing.T) {
	loop := fakeloop.New(fakeloop.Config{})
	for range 2 {
		loop.Named("twin").Post(func() { fakeloop.NewPromise[int](loop, "forgotten").Reject(fmt.Errorf("two\nlines")) })
	}
	loop.AfterFunc(1<<63-1, func() {})
	fakeloop.NewPromise[int](loop, "")
	loop.Post(loop.Stop)
	loop.Outside("").Return(func() { loop.Named("never").Post(func() {}); loop.Stop() })
	for range 2 {
		if err := loop.Run(); err != nil {
			t.Error(err)
		}
	}
	if err := loop.Close(); err == nil {
		t.Error("Close reports no rejection")
	}
	got := regexp.MustCompile(`[0-9a-f]{8}`).ReplaceAllString(loop.Timeline().Lanes(timeline.LaneOptions{Lanes: 10, Width: 160}), "########")
	wantText(t, got, `
   | timer ######## | work ########         | twin                          | twin (2)                      | callback ######## | driver
0s | arm, never due |                       |                               |                               |                   |
0s |                | leave                 |                               |                               |                   |
0s |                |                       | fire twin                     |                               |                   |
0s |                |                       | reject forgotten: "two\nline~ |                               |                   |
0s |                |                       |                               | fire twin                     |                   |
0s |                |                       |                               | reject forgotten: "two\nline~ |                   |
0s |                |                       |                               |                               | fire              |
0s |                | return                |                               |                               |                   |
0s |                | post never, never ran |                               |                               |                   |
0s |                |                       |                               |                               |                   | close
0s |                |                       | unobserved forgotten          |                               |                   |
0s |                |                       |                               | unobserved forgotten          |                   |
0s |                |                       |                               |                               |                   | reject: fakeloop: the loop i~
~ marks what was cut: 3 texts
`)
}
