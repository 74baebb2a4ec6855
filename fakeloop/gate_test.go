package fakeloop_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// inDirectedBubble runs a test with a loop of a source's in a bubble, and closes the
// loop.
func inDirectedBubble(t *testing.T, source fakeloop.Source, test func(t *testing.T, loop *fakeloop.Loop)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Decisions: source})
		test(t, loop)
		mustClose(t, loop)
	})
}

// passage is the Passage of an event in these tests.
func passage(from string) fakeloop.Passage { return fakeloop.Passage{What: "event", From: from} }

// together has goroutines wait at the gate as racing events, one for each Passage, and
// logs who got through.
func together(loop *fakeloop.Loop, log *journal, events ...fakeloop.Passage) {
	start := make(chan struct{})
	for i, p := range slices.Backward(events) {
		go func() {
			<-start
			spin(i % 3)
			_ = loop.Gate().Pass(p)
			log.add("%s", strings.ReplaceAll(p.String(), " ", "_"))
		}()
	}
	close(start)
}

// passed returns the events of a timeline that passed the gate, and the decisions.
func passed(tl *timeline.Timeline) string {
	var out []string
	for _, e := range tl.All() {
		switch e.Kind {
		case timeline.Passed:
			out = append(out, e.Label)
		case timeline.Chosen:
			out = append(out, "["+e.Label+" "+e.Detail+"]")
		case timeline.Fired:
			out = append(out, "callback "+e.Label)
		}
	}
	return strings.Join(out, ", ")
}

// One event is let through, and nothing else until all that follows from it has come
// to rest, however long its goroutines take over it.
func TestEventsPassOneAtATime(t *testing.T) {
	inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
		var busy atomic.Int32
		ran := 0 // no lock
		for i := range 30 {
			go func() {
				for k := range 3 {
					_ = loop.Gate().Pass(fakeloop.Passage{What: "event", From: fmt.Sprint(i)})
					if n := busy.Add(1); n != 1 {
						t.Errorf("%d events at a time", n)
					}
					var helpers sync.WaitGroup
					for range 3 {
						helpers.Go(func() { spin(k) })
					}
					helpers.Wait()
					ran++
					busy.Add(-1)
				}
			}()
		}
		equal(t, "Settle", loop.Settle(), nil)
		equal(t, "events", ran, 90)
		equal(t, "time passed", loop.Elapsed(), 0)
	})
}

// What came in one interval goes in the order of its names, numbers as numbers.
func TestEventsPassInTheOrderOfTheirNames(t *testing.T) {
	in := []fakeloop.Passage{
		{What: "start", To: "a"},
		{What: "chunk", From: "a"},
		{What: "accept", From: "a", To: "b"},
		{What: "chunk", From: "a", To: "b"},
		{What: "chunk", From: "a", To: "b", Stack: 1},
		{What: "accept", From: "a", To: "b", Count: 2},
		{What: "accept", From: "a", To: "b", Count: 10},
		{What: "accept", From: "a", To: "c"},
		{What: "accept", From: "b", To: "a"},
	}
	const want = "start_a chunk_a accept_a>b chunk_a>b chunk_a>b accept_a>b#2 accept_a>b#10 accept_a>c accept_b>a"
	for range 50 {
		inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
			var log journal
			together(loop, &log, in...)
			equal(t, "Settle", loop.Settle(), nil)
			log.want(t, want)
			equal(t, "ties", len(loop.Gate().Ties()), 0)
		})
	}
}

// What waits is not overtaken for ever by what comes later, though that has a name
// which goes first.
func TestWhatWaitsLongerGoesFirst(t *testing.T) {
	inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
		var log journal
		pass := func(name string, times int) {
			for i := range times {
				_ = loop.Gate().Pass(passage(name))
				log.add("%s%d", name, i)
			}
		}
		go pass("a", 4)
		go pass("z", 2)
		equal(t, "Settle", loop.Settle(), nil)
		log.want(t, "a0 z0 a1 z1 a2 a3")
	})
}

// Callbacks of loops that are ready are among what waits: they too go in the order of
// the intervals in which they came, and before the events of one interval.
func TestCallbacksAndEventsTakeTurns(t *testing.T) {
	inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
		var log journal
		loop.Post(log.note("callback0"))
		loop.Post(log.note("callback1"))
		loop.Post(log.note("callback2"))
		together(loop, &log, passage("a"), passage("b"))
		equal(t, "Settle", loop.Settle(), nil)
		log.want(t, "callback0 event_a event_b callback1 callback2")
	})
}

// A source of decisions is asked what goes first, of all that waits; the answer is in
// the timeline, and in a recording.
func TestNextEventIsADecision(t *testing.T) {
	run := func(source fakeloop.Source) (order, record string, digest timeline.Digest) {
		inDirectedBubble(t, source, func(t *testing.T, loop *fakeloop.Loop) {
			var log journal
			loop.Named("c").Post(log.note("callback"))
			together(loop, &log, passage("a"), passage("b"))
			equal(t, "Settle", loop.Settle(), nil)
			order, record, digest = strings.Join(log.read(), " "), passed(loop.Timeline()), loop.Timeline().Digest()
		})
		return order, record, digest
	}
	for _, c := range []struct {
		script        script
		order, record string
	}{
		{nil, "callback event_a event_b",
			"[next event 0 of 3], callback c, [next event 0 of 2], event a, event b"},
		{script{2, 1}, "event_b event_a callback",
			"[next event 2 of 3], event b, [next event 1 of 2], event a, callback c"},
		{script{1, 0}, "event_a callback event_b",
			"[next event 1 of 3], event a, [next event 0 of 2], callback c, event b"},
	} {
		source := slices.Clone(c.script)
		recording := fakeloop.Record(&source)
		order, record, digest := run(recording)
		equal(t, "order", order, c.order)
		equal(t, "timeline", record, c.record)
		strict := mustParse(t, recording.String()).Strict()
		_, _, again := run(strict)
		equal(t, "digest of the replay", again, digest)
		equal(t, "decisions left", strict.Rest(), 0)
		_, _, again = run(mustParse(t, recording.String()).Source())
		equal(t, "digest of the lenient replay", again, digest)
	}
	if order, record, _ := run(nil); order != "callback event_a event_b" || strings.Contains(record, "[") {
		t.Errorf("without a source: %s; %s", order, record)
	}
}

// What a source is told of the events.
func TestOptionsOfEvents(t *testing.T) {
	var asked []fakeloop.Decision
	source := optionFunc(func(d fakeloop.Decision) (int, error) {
		d.Options = slices.Clone(d.Options)
		asked = append(asked, d)
		return 0, nil
	})
	inDirectedBubble(t, source, func(t *testing.T, loop *fakeloop.Loop) {
		time.Sleep(time.Second)
		loop.Post(func() {})
		together(loop, new(journal), fakeloop.Passage{What: "chunk", From: "a", To: "b", Count: 3})
		equal(t, "Settle", loop.Settle(), nil)
		equal(t, "decisions", len(asked), 1)
		d := asked[0]
		equal(t, "decision", fmt.Sprint(d.Label, " ", d.N, " ", d.At), "next event 2 1s")
		equal(t, "options", d.Options[0].Label+", "+d.Options[1].Label, "callback, chunk a>b#3")
		for _, e := range loop.Timeline().All() {
			if e.Kind == timeline.Passed {
				equal(t, "identity", e.ID, d.Options[1].ID)
			}
		}
	})
}

// Events of one Passage keep their order whatever is decided, as posts of one origin do,
// and the n-th has the same identity in every run.
func TestEventsOfOnePassageKeepTheirOrder(t *testing.T) {
	run := func(source fakeloop.Source) (ids []timeline.ID) {
		inDirectedBubble(t, source, func(t *testing.T, loop *fakeloop.Loop) {
			for range 3 {
				together(loop, new(journal), passage("a"), passage("b"))
			}
			equal(t, "Settle", loop.Settle(), nil)
			for _, e := range loop.Timeline().All() {
				if e.Kind == timeline.Passed && e.Label == "event a" {
					ids = append(ids, e.ID)
				}
			}
		})
		return ids
	}
	want := run(nil)
	equal(t, "events", len(want), 3)
	for seed := range uint64(30) {
		if ids := run(fakeloop.Seed(seed)); !slices.Equal(ids, want) {
			t.Errorf("seed %d: %v, want %v", seed, ids, want)
		}
	}
}

// What takes in what others have made goes before everything else, and is no
// decision.
func TestPassFirst(t *testing.T) {
	asked := 0
	source := sourceFunc(func(string, int) int { asked++; return 0 })
	inDirectedBubble(t, source, func(t *testing.T, loop *fakeloop.Loop) {
		var log journal
		loop.Post(log.note("callback"))
		together(loop, &log, passage("a"))
		for _, name := range []string{"y", "x"} {
			go func() {
				_ = loop.Gate().PassFirst(passage(name))
				log.add("first_%s", name)
			}()
		}
		equal(t, "Settle", loop.Settle(), nil)
		log.want(t, "first_x first_y callback event_a")
		equal(t, "decisions", asked, 1)
	})
}

// Settle comes last: it returns when nothing waits at the gate any more.
func TestSettleComesAfterAllEvents(t *testing.T) {
	for seed := range uint64(20) {
		inDirectedBubble(t, fakeloop.Seed(seed), func(t *testing.T, loop *fakeloop.Loop) {
			through := 0
			go func() {
				for range 5 {
					_ = loop.Gate().Pass(passage("a"))
					through++
					loop.Post(func() { through++ })
				}
			}()
			equal(t, "Settle", loop.Settle(), nil)
			equal(t, "through", through, 10)
			equal(t, "time passed", loop.Elapsed(), 0)
		})
	}
}

// Two events of one Passage that wait at one time are told, once, and marked.
func TestTies(t *testing.T) {
	inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
		var log journal
		for range 2 {
			together(loop, &log, passage("b"), passage("b"), passage("a"), passage("b"), passage("a"))
			equal(t, "Settle", loop.Settle(), nil)
			log.want(t, "event_a event_a event_b event_b event_b")
		}
		ties := loop.Gate().Ties()
		slices.SortFunc(ties, func(a, b fakeloop.Passage) int { return strings.Compare(a.From, b.From) })
		equal(t, "ties", fmt.Sprint(ties), "[event a event b]")
		tied := 0
		for _, e := range loop.Timeline().All() {
			if e.Kind == timeline.Passed && e.Detail == "tied" {
				tied++
			}
		}
		equal(t, "events marked", tied, 2*3)
		// One after the other is no tie.
		_ = loop.Gate().Pass(passage("c"))
		_ = loop.Gate().Pass(passage("c"))
		equal(t, "ties", len(loop.Gate().Ties()), 2)
		// Nor do two tie that wait together but came in two intervals.
		var all sync.WaitGroup
		all.Go(func() { // goes before d, and then sends another
			_ = loop.Gate().Pass(passage("a alone"))
			all.Go(func() { _ = loop.Gate().Pass(passage("d")) })
		})
		all.Go(func() { _ = loop.Gate().Pass(passage("d")) })
		all.Wait()
		equal(t, "ties", len(loop.Gate().Ties()), 2)
	})
}

// An event is caused by what began the interval in which it came, if that was at the
// same instant.
func TestCauseOfAnEvent(t *testing.T) {
	inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
		next := make(chan struct{})
		go func() {
			<-next
			_ = loop.Gate().Pass(passage("effect"))
			time.Sleep(time.Second)
			_ = loop.Gate().Pass(passage("later"))
		}()
		_ = loop.Gate().Pass(passage("cause"))
		close(next)
		time.Sleep(time.Minute)
		events := map[string]timeline.Event{}
		for _, e := range loop.Timeline().All() {
			events[e.Label] = e
		}
		equal(t, "cause of the first", events["event cause"].Cause, timeline.Driver)
		equal(t, "cause of the second", events["event effect"].Cause, events["event cause"].ID)
		equal(t, "cause of the third", events["event later"].Cause, timeline.Driver)
		equal(t, "time of the third", events["event later"].At, time.Second)
	})
}

// A source that refuses to go on ends the loop, and lets the events go on, in their
// order, so that what runs in the bubble can end.
func TestRefusalAtTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := optionFunc(func(fakeloop.Decision) (int, error) { return 0, context.Canceled })
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Decisions: source})
		var log journal
		together(loop, &log, passage("a"), passage("b"), passage("c"))
		loop.AfterFunc(time.Second, log.note("callback"))
		time.Sleep(time.Minute)
		log.want(t, "event_a event_b event_c")
		sameError(t, "Settle", loop.Settle(), context.Canceled)
		sameError(t, "Close", loop.Close(), context.Canceled)
	})
}

// A source that panics, or answers what was not asked, fails who waits for the loop, and
// not the process.
func TestBrokenSourceAtTheGate(t *testing.T) {
	for name, c := range map[string]struct {
		choose func(string, int) int
		want   string
	}{
		"panic":        {func(string, int) int { panic("boom") }, "panic: boom"},
		"out of range": {func(_ string, n int) int { return n }, `panic: fakeloop: the source of decisions answered 2 to Choose("next event", 2); it must answer 0 to 1`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Decisions: sourceFunc(c.choose)})
				var log journal
				together(loop, &log, passage("a"), passage("b"))
				time.Sleep(time.Second)
				log.want(t, "event_a event_b")
				equal(t, "Settle ended with", ending(func() { _ = loop.Settle() }), c.want)
				mustClose(t, loop)
			})
		})
	}
}

// What has passed the gate may ask the source for more: how late it is to be. Nobody is
// asked without a source, nor when the loop is closed.
func TestDecisionsAtTheGate(t *testing.T) {
	chosen := func(loop *fakeloop.Loop) (n int) {
		for _, e := range loop.Timeline().All() {
			if e.Kind == timeline.Chosen {
				n++
			}
		}
		return n
	}
	inDirectedBubble(t, nil, func(t *testing.T, loop *fakeloop.Loop) {
		_ = loop.Gate().Pass(passage("a"))
		equal(t, "without a source", loop.Gate().Choose("lateness of a", 16), 0)
		equal(t, "recorded", chosen(loop), 0)
		equal(t, "no way to go on", ending(func() { loop.Gate().Choose("lateness of a", 0) }),
			`panic: fakeloop: Gate.Choose("lateness of a", 0): there must be at least one way to go on`)
	})
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		source := sourceFunc(func(label string, n int) int {
			asked = append(asked, fmt.Sprintf("%s, %d", label, n))
			return n - 1
		})
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Decisions: source, Spread: time.Minute})
		equal(t, "Spread", loop.Gate().Spread(), time.Minute)
		_ = loop.Gate().Pass(passage("a"))
		equal(t, "with a source", loop.Gate().Choose("lateness of a", 16), 15)
		equal(t, "recorded", chosen(loop), 1)
		mustClose(t, loop)
		equal(t, "when closed", loop.Gate().Choose("lateness of b", 16), 0)
		equal(t, "asked", fmt.Sprint(asked), "[lateness of a, 16]")
	})
	loop := newLoop(t, fakeloop.Config{Decisions: fakeloop.Seed(1), Spread: time.Minute})
	equal(t, "in another mode", loop.Gate().Choose("lateness of a", 16), 0)
	equal(t, "Spread in another mode", loop.Gate().Spread(), time.Duration(0))
	inDirectedBubble(t, nil, func(t *testing.T, loop *fakeloop.Loop) {
		other := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Spread: time.Minute})
		equal(t, "Spread without a source", other.Gate().Spread(), time.Duration(0))
		mustClose(t, other)
	})
	var none *fakeloop.Gate
	equal(t, "nil", none.Choose("lateness of a", 16), 0)
	equal(t, "Spread of nil", none.Spread(), time.Duration(0))
}

// What comes to the gate of a closed loop goes through at once. The gate of another loop
// of the bubble goes on.
func TestCloseOpensTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		other := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		sameError(t, "before", loop.Gate().Pass(passage("a")), nil)
		mustClose(t, loop)
		sameError(t, "Pass", loop.Gate().Pass(passage("b")), fakeloop.ErrClosed)
		sameError(t, "PassFirst", loop.Gate().PassFirst(passage("b")), fakeloop.ErrClosed)
		sameError(t, "the other gate", other.Gate().Pass(passage("b")), nil)
		mustClose(t, other)
	})
}

// Events that wait when the loop is closed are told so.
func TestEventsThatWaitForTheClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, PassLimit: 1})
		results := make(chan error, 3)
		for _, name := range []string{"a", "b", "c"} {
			go func() { results <- loop.Gate().Pass(passage(name)) }()
		}
		as[*fakeloop.LivelockError](t, loop.Settle())
		as[*fakeloop.LivelockError](t, loop.Close())
		sameError(t, "a", <-results, nil)
		sameError(t, "b", <-results, fakeloop.ErrClosed)
		sameError(t, "c", <-results, fakeloop.ErrClosed)
	})
}

// In another mode, and where there is no loop, there is nothing to order.
func TestGateOfOtherLoops(t *testing.T) {
	var none *fakeloop.Gate
	for name, gate := range map[string]*fakeloop.Gate{
		"virtual": newLoop(t, fakeloop.Config{}).Gate(),
		"wall":    newLoop(t, fakeloop.Config{Mode: fakeloop.Wall}).Gate(),
		"nil":     none,
	} {
		equal(t, name+" Pass", gate.Pass(passage("a")), nil)
		equal(t, name+" PassFirst", gate.PassFirst(passage("a")), nil)
		equal(t, name+" Ties", len(gate.Ties()), 0)
	}
}

func TestMisuseOfTheGate(t *testing.T) {
	wantPanic(t, "fakeloop: Gate.Pass without What; name the event, the same in every run", func() {
		_ = (*fakeloop.Gate)(nil).Pass(fakeloop.Passage{From: "a"})
	})
	wantPanic(t, "fakeloop: New: PassLimit (-1), InstantLimit (0) and Spread (0s) must not be negative; zero means the default", func() {
		fakeloop.New(fakeloop.Config{PassLimit: -1})
	})
	wantPanic(t, "fakeloop: New: PassLimit (0), InstantLimit (0) and Spread (-1ns) must not be negative; zero means the default", func() {
		fakeloop.New(fakeloop.Config{Spread: -1})
	})
	inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
		wantPanic(t, "fakeloop: Gate.PassFirst without What; name the event, the same in every run", func() {
			_ = loop.Gate().PassFirst(fakeloop.Passage{})
		})
	})
}

// An event that follows itself for ever at one instant ends the loop, with the names of
// the last, and holds the gate, so that it does not go on.
func TestLivelock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, PassLimit: 1000})
		dials, stop := 0, make(chan struct{})
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				dials++
				if loop.Gate().Pass(fakeloop.Passage{What: "refuse", From: "client", To: "api:80", Count: dials}) != nil {
					return
				}
			}
		}()
		time.Sleep(time.Second) // not spent, were it not for the limit
		for _, err := range []error{loop.Settle(), loop.RunUntilIdle()} {
			e := as[*fakeloop.LivelockError](t, err)
			equal(t, "Events", e.Events, 1000)
			equal(t, "At", e.At, 0)
			wantErrorText(t, e, `fakeloop: at 0s gave up after 1000 events at one instant: do they follow each other for ever, as where a client dials again without a pause? Config.PassLimit raises the limit. The last were
"refuse client>api:80#995" (#)
"refuse client>api:80#996" (#)
"refuse client>api:80#997" (#)
"refuse client>api:80#998" (#)
"refuse client>api:80#999" (#)
"refuse client>api:80#1000" (#)`)
		}
		equal(t, "dials", dials, 1001)
		as[*fakeloop.LivelockError](t, loop.Close())
	})
}

// The limit is one of an instant, and is not met by as many events as it allows.
func TestPassLimitIsInclusive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, PassLimit: 100})
		for range 5 {
			for range 100 {
				equal(t, "Pass", loop.Gate().Pass(passage("a")), nil)
			}
			equal(t, "Settle", loop.Settle(), nil)
			time.Sleep(time.Nanosecond)
		}
		mustClose(t, loop)
	})
}

// The gates of several loops of a bubble are one: events and callbacks of all of them
// wait for one director. The first loop decides, or the next one when it is closed.
func TestGatesOfSeveralLoops(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			var log journal
			var asked []string
			var loops []*fakeloop.Loop
			for i := range 3 {
				source := sourceFunc(func(label string, n int) int {
					asked = append(asked, fmt.Sprint(i, " ", label, " ", n))
					return n - 1
				})
				loops = append(loops, fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, Decisions: source}))
			}
			together(loops[2], &log, passage("a"), passage("d"))
			together(loops[1], &log, passage("b"))
			together(loops[0], &log, passage("c"))
			loops[1].Post(log.note("callback"))
			equal(t, "Settle", loops[0].Settle(), nil)
			log.want(t, "event_d event_c event_b event_a callback")
			mustClose(t, loops[0])
			together(loops[2], &log, passage("a"), passage("b"))
			equal(t, "Settle", loops[2].Settle(), nil)
			log.want(t, "event_b event_a")
			equal(t, "asked", strings.Join(asked, ", "), "0 next event 5, 0 next event 4, 0 next event 3, 0 next event 2, 1 next event 2")
			for i, want := range []string{"event c", "event b, callback ", "event d, event a, event b, event a"} {
				var events []string
				for _, e := range strings.Split(passed(loops[i].Timeline()), ", ") {
					if !strings.HasPrefix(e, "[") {
						events = append(events, e)
					}
				}
				equal(t, fmt.Sprint("timeline of loop ", i), strings.Join(events, ", "), want)
			}
			mustClose(t, loops[1])
			mustClose(t, loops[2])
		})
	}
}

// The gate of a loop is not to be used from outside its bubble.
func TestGateRefusesWhatIsOutside(t *testing.T) {
	outside := make(chan func())
	done := make(chan any)
	go func() {
		for f := range outside {
			func() {
				defer func() { done <- recover() }()
				f()
			}()
		}
	}()
	defer close(outside)
	var calls map[string]func()
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		calls = map[string]func(){
			"Gate.Pass": func() { _ = loop.Gate().Pass(passage("a")) },
			"Go":        func() { loop.Go("a", func() {}) },
			"Interval":  func() { loop.Interval() },
		}
		mustClose(t, loop)
	})
	for what, call := range calls {
		outside <- call
		text := fmt.Sprint(<-done)
		if !strings.HasPrefix(text, "fakeloop: "+what+" on a closed loop, from outside its bubble (bubble ") || !strings.HasSuffix(text, "make a loop for each test") {
			t.Errorf("%s: %s", what, text)
		}
	}
}
