package fakeloop_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func TestChooseWithoutASourceIsZero(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		onLoop(t, loop, func() {
			equal(t, "Choose", loop.Choose("dial", 3), 0)
			equal(t, "Choose", loop.Choose("only way", 1), 0)
			equal(t, "Choose", loop.Choose("many", math.MaxInt), 0)
		})
		e := chosen(loop)
		equal(t, "decisions recorded", len(e), 3)
		equal(t, "label", e[0].Label, "dial")
		equal(t, "detail", e[0].Detail, "0 of 3")
		equal(t, "detail", e[1].Detail, "0 of 1")
		if e[0].Cause == timeline.Driver {
			t.Error("a decision of a callback is put down to the driver")
		}
	})
}

func chosen(loop *fakeloop.Loop) []timeline.Event {
	return slices.DeleteFunc(loop.Timeline().Events(), func(e timeline.Event) bool { return e.Kind != timeline.Chosen })
}

func TestChooseAsksTheSource(t *testing.T) {
	var asked journal
	loop := newLoop(t, fakeloop.Config{Decisions: sourceFunc(func(label string, n int) int {
		asked.add("%s/%d", label, n)
		return n - 1
	})})
	equal(t, "Choose", loop.Choose("dial", 3), 2)
	equal(t, "Choose", loop.Choose("only", 1), 0) // no decision: not asked
	asked.want(t, "dial/3")
	equal(t, "detail", chosen(loop)[0].Detail, "2 of 3")
}

func TestChooseOfNothing(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Decisions: fakeloop.Seed(1)})
	wantPanic(t, `fakeloop: Choose("dial", 0): there must be at least one way to go on`, func() { loop.Choose("dial", 0) })
	wantPanic(t, `fakeloop: Choose("dial", -5): there must be at least one way to go on`, func() { loop.Choose("dial", -5) })
	equal(t, "decisions recorded", len(chosen(loop)), 0)
}

func TestIllegalSource(t *testing.T) {
	for _, answer := range []int{-1, 2, math.MaxInt, math.MinInt} {
		loop := newLoop(t, fakeloop.Config{Decisions: sourceFunc(func(string, int) int { return answer })})
		text := fmt.Sprintf(`fakeloop: the source of decisions answered %d to Choose("dial", 2); it must answer 0 to 1`, answer)
		wantPanic(t, text, func() { loop.Choose("dial", 2) })
		// In a callback that is a panic like any other.
		loop.Post(func() { loop.Choose("dial", 2) })
		equal(t, "value of the panic", as[*fakeloop.PanicError](t, loop.RunUntilIdle()).Value, any(text))
	}
}

// What the loop itself asks fails in the driver, and does not take the loop
// with it.
func TestIllegalSourceOfTheLoopsOwnDecisions(t *testing.T) {
	answers := map[string]func() int{
		`fakeloop: the source of decisions answered 7 to Choose(%q, 2); it must answer 0 to 1`: func() int { return 7 },
		"broken source": func() int { panic("broken source") },
	}
	for text, answer := range answers {
		legal := false
		config := fakeloop.Config{Decisions: sourceFunc(func(string, int) int {
			if legal {
				return 1
			}
			return answer()
		})}
		want := func(label string) string { return strings.Replace(text, "%q", fmt.Sprintf("%q", label), 1) }

		t.Run("next callback", func(t *testing.T) {
			legal = false
			loop := newLoop(t, config)
			var log journal
			_ = loop.PostFrom("a", log.note("a"))
			_ = loop.PostFrom("b", log.note("b"))
			for range 2 {
				wantPanic(t, want("next callback"), func() { _ = loop.RunUntilIdle() })
			}
			legal = true
			mustIdle(t, loop)
			log.want(t, "b a")
		})
		t.Run("next return", func(t *testing.T) {
			legal = false
			loop := newLoop(t, config)
			var log journal
			_ = loop.Outside("a").Return(log.note("a"))
			_ = loop.Outside("b").Return(log.note("b"))
			wantPanic(t, want("next return"), func() { _ = loop.RunUntilIdle() })
			legal = true
			mustIdle(t, loop)
			log.want(t, "b a")
		})
	}
	t.Run("wall", func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall, Decisions: sourceFunc(func(_ string, n int) int { return n })})
		loop.Post(func() {
			_ = loop.PostFrom("a", func() {})
			_ = loop.PostFrom("b", func() {})
		})
		text := `panic: fakeloop: the source of decisions answered 2 to Choose("next callback", 2); it must answer 0 to 1`
		equal(t, "RunUntilIdle ended with", ending(func() { _ = loop.RunUntilIdle() }), text)
		_ = ending(func() { _ = loop.Close() })
		mustClose(t, loop)
	})
}

func TestSeed(t *testing.T) {
	draw := func(seed uint64) []int {
		s := fakeloop.Seed(seed)
		var out []int
		for n := 2; n < 200; n++ {
			c := s.Choose("", n)
			if c < 0 || c >= n {
				t.Fatalf("seed %d chose %d of %d", seed, c, n)
			}
			out = append(out, c)
		}
		return out
	}
	if !slices.Equal(draw(1), draw(1)) {
		t.Error("one seed draws two sequences")
	}
	if slices.Equal(draw(1), draw(2)) || slices.Equal(draw(0), draw(math.MaxUint64)) {
		t.Error("two seeds draw one sequence")
	}
}

// shuffled runs three origins and a callback with five posts each, and handlers
// of one future, under a source; it returns the order.
func shuffled(t *testing.T, source fakeloop.Source) []string {
	loop := newLoop(t, fakeloop.Config{Decisions: source})
	var log journal
	p := fakeloop.NewPromise[int](loop, "")
	for i := range 5 {
		for _, origin := range []string{"a", "b", "c"} {
			_ = loop.PostFrom(origin, log.note(fmt.Sprint(origin, i)))
		}
		loop.Post(log.note(fmt.Sprint("d", i)))
		p.Future().OnSettled(func(int, error) { log.add("h%d", i) })
	}
	p.Resolve(1)
	mustIdle(t, loop)
	return log.read()
}

// Callbacks of one lane (one callback, one origin, one future) keep their order
// whatever is chosen; different lanes are shuffled.
func TestLanesKeepTheirOrder(t *testing.T) {
	fifo := shuffled(t, nil)
	orders := map[string]bool{}
	for seed := range uint64(50) {
		got := shuffled(t, fakeloop.Seed(seed))
		if len(got) != len(fifo) {
			t.Fatalf("seed %d ran %d callbacks of %d", seed, len(got), len(fifo))
		}
		for _, lane := range []string{"a", "b", "c", "d", "h"} {
			n := 0
			for _, name := range got {
				if name[:1] == lane {
					if want := fmt.Sprint(lane, n); name != want {
						t.Errorf("seed %d: %s ran where %s was due: %v", seed, name, want, got)
					}
					n++
				}
			}
		}
		orders[strings.Join(got, " ")] = true
	}
	if len(orders) < 45 {
		t.Errorf("50 seeds gave only %d orders", len(orders))
	}
	if !slices.Equal(shuffled(t, new(script)), fifo) {
		t.Error("choice 0 everywhere is not first in first out")
	}
}

// Every order of the lanes can be chosen, and nothing is lost on the way.
func TestEveryOrderCanBeChosen(t *testing.T) {
	orders := map[string]bool{}
	for first := range 3 {
		for second := range 2 {
			loop := newLoop(t, fakeloop.Config{Decisions: &script{first, second}})
			var log journal
			for _, origin := range []string{"a", "b", "c"} {
				_ = loop.PostFrom(origin, log.note(origin))
			}
			mustIdle(t, loop)
			orders[strings.Join(log.read(), "")] = true
		}
	}
	equal(t, "orders", len(orders), 6)
}

// The choice takes out one callback and leaves the others as they were.
func TestAChoiceKeepsTheRest(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Decisions: &script{3}})
	var log journal
	for _, origin := range []string{"a", "b", "c", "d", "e"} {
		_ = loop.PostFrom(origin, log.note(origin))
	}
	mustIdle(t, loop)
	log.want(t, "d a b c e")
}

func TestTimersOfOneCallbackKeepTheirOrder(t *testing.T) {
	orders := map[string]bool{}
	for seed := range uint64(30) {
		loop := newLoop(t, fakeloop.Config{Decisions: fakeloop.Seed(seed)})
		var log journal
		for _, origin := range []string{"a", "b"} {
			_ = loop.PostFrom(origin, func() {
				for i := range 3 {
					loop.AfterFunc(time.Second, log.note(fmt.Sprint(origin, i)))
				}
			})
		}
		mustIdle(t, loop)
		order := strings.Join(log.read(), "")
		orders[order] = true
		for _, origin := range []string{"a", "b"} {
			lane := strings.Index(order, origin+"0") < strings.Index(order, origin+"1") && strings.Index(order, origin+"1") < strings.Index(order, origin+"2")
			if !lane {
				t.Errorf("seed %d: %s", seed, order)
			}
		}
	}
	if len(orders) < 5 {
		t.Errorf("30 seeds gave only %d orders", len(orders))
	}
}

// What will not run is nothing to choose: a stopped timer in the batch is not
// offered, and does not hide what stands behind it.
func TestStoppedTimersAreNoChoice(t *testing.T) {
	var asked []int
	loop := newLoop(t, fakeloop.Config{Decisions: sourceFunc(func(_ string, n int) int { asked = append(asked, n); return 0 })})
	var log journal
	var timers []*fakeloop.Timer
	loop.AfterFunc(time.Second, func() {
		for _, timer := range timers {
			timer.Stop()
		}
	})
	for _, origin := range []string{"a", "b", "c"} {
		_ = loop.PostFrom(origin, func() {
			timers = append(timers, loop.AfterFunc(time.Second, log.note("stopped")))
			loop.AfterFunc(time.Second, log.note(origin))
		})
	}
	mustAdvance(t, loop, 0)
	asked = nil
	mustIdle(t, loop)
	log.want(t, "a b c")
	// Four lanes for the first callback; the driver's is used up then.
	if want := []int{4, 3, 2}; !slices.Equal(asked, want) {
		t.Errorf("asked for a choice of %v, want %v", asked, want)
	}
}

func TestASourceChoosesWhatReturnsFirst(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Decisions: &script{2, 1}})
	var log journal
	for _, name := range []string{"a", "b", "c"} {
		_ = loop.Outside(name).Return(log.note(name))
	}
	mustIdle(t, loop)
	log.want(t, "c b a")
	var labels []string
	for _, e := range chosen(loop) {
		labels = append(labels, e.Label+" "+e.Detail)
	}
	if !slices.Equal(labels, []string{"next return 2 of 3", "next return 1 of 2"}) {
		t.Errorf("decisions: %q", labels)
	}
}

// The source is called under the loop's lock, and says so; a panic of the
// user's own Choose leaves the lock free.
func TestChooseAfterAPanicOfTheSource(t *testing.T) {
	boom := errors.New("boom")
	n := 0
	loop := newLoop(t, fakeloop.Config{Decisions: sourceFunc(func(string, int) int {
		if n++; n == 1 {
			panic(boom)
		}
		return 1
	})})
	wantPanic(t, "boom", func() { loop.Choose("x", 2) })
	equal(t, "Choose", loop.Choose("x", 2), 1)
}
