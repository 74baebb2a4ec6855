package fakeloop_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// account is code under test with a mistake: it reads the balance in one callback
// and writes it in another.
type account struct{ balance int }

func (a *account) deposit(loop *fakeloop.Loop, who string, amount int) {
	_ = loop.PostFrom(who+" reads", func() {
		balance := a.balance
		_ = loop.PostFrom(who+" writes", func() { a.balance = balance + amount })
	})
}

// deposits runs two deposits and returns the balance.
func deposits(source fakeloop.Source) (int, error) {
	loop := fakeloop.New(fakeloop.Config{Decisions: source})
	defer loop.Close()
	a := new(account)
	a.deposit(loop, "ann", 10)
	loop.Post(func() { a.deposit(loop, "bob", 20) }) // a little later
	err := loop.RunUntilIdle()
	return a.balance, err
}

// A seed shuffles what may go first. The recording of the first one that fails is
// the bug, in one line that can be pasted into a test.
func ExampleRecord() {
	balance, _ := deposits(nil)
	fmt.Println("first in, first out:", balance)
	for seed := range uint64(100) {
		recording := fakeloop.Record(fakeloop.Seed(seed))
		if balance, _ := deposits(recording); balance != 30 {
			text := recording.String()
			fmt.Println("one seed:", balance, "with", recording.Len(), "decisions,", text[:4])

			replay, _ := fakeloop.ParseReplay(text)
			again, err := deposits(replay.Strict())
			fmt.Println("its replay:", again, err)
			break
		}
	}
	// Output:
	// first in, first out: 30
	// one seed: 20 with 2 decisions, wt1:
	// its replay: 20 <nil>
}

func ExampleParseReplay() {
	replay, err := fakeloop.ParseReplay("wt1:AKt2JEdRAAZkaWFsIHgFAwIFAQENbmV4dCBjYWxsYmFjawADAAABYa8zAAABYqf1AAABYyquAQUCAAABC25leHQgcmV0dXJuAAIAAAFwdyMAAAFxL80B")
	fmt.Println(replay.Len(), "decisions", err)

	_, err = fakeloop.ParseReplay("wt1:AKt2JEdRAAZkaWFsIHgFAwIFAQENbmV4dCBjYWxs")
	fmt.Println(err)
	// Output:
	// 5 decisions <nil>
	// fakeloop: this is no replay string: at byte 44: the string ends after 24 bytes of data, expected 81: it was cut off or changed
}

// A strict replay stops at the first question that was not recorded, before another
// callback runs, and shows both.
func ExampleReplay_Strict() {
	dial := func(source fakeloop.Source, attempts int) error {
		loop := fakeloop.New(fakeloop.Config{Decisions: source})
		defer loop.Close()
		for range attempts {
			loop.Post(func() {
				if loop.Choose("does the dial fail", 2) == 1 {
					return
				}
				// ...
			})
		}
		return loop.RunUntilIdle()
	}
	recording := fakeloop.Record(fakeloop.Seed(4))
	_ = dial(recording, 2)

	err := dial(recording.Replay().Strict(), 3)
	fmt.Println(strings.SplitAfter(err.Error(), "ended)")[0])
	var diverged *fakeloop.DivergenceError
	fmt.Println(errors.As(err, &diverged), diverged.Number, diverged.Asked.Label)
	// Output:
	// fakeloop: at 0s the run left the recorded one, at decision 3 (2 are recorded):
	//     recorded                   now
	//   > (the recording has ended)
	// true 3 does the dial fail
}

// Rest tells a run that took all recorded decisions from one that ended early.
func ExampleStrictReplay_Rest() {
	recording := fakeloop.Record(nil)
	for range 3 {
		_ = recording.Choose("does the read fail", 2)
	}
	strict := recording.Replay().Strict()
	loop := fakeloop.New(fakeloop.Config{Decisions: strict})
	defer loop.Close()
	loop.Choose("does the read fail", 2)
	fmt.Println(strict.Rest(), "recorded decisions were not asked for")
	// Output: 2 recorded decisions were not asked for
}

// A lenient replay still finds the callbacks that went first, by their identities,
// when others have come in between.
func ExampleReplay_Source() {
	order := func(source fakeloop.Source, names ...string) (got []string) {
		loop := fakeloop.New(fakeloop.Config{Decisions: source})
		defer loop.Close()
		for _, name := range names {
			_ = loop.PostFrom(name, func() { got = append(got, name) })
		}
		_ = loop.RunUntilIdle()
		return got
	}
	recording := fakeloop.Record(latest{})
	fmt.Println(order(recording, "a", "b", "c"))
	fmt.Println(order(recording.Replay().Source(), "new", "a", "b", "c"))
	// Output:
	// [c b a]
	// [c b new a]
}

// latest lets those go first that came last.
type latest struct{}

func (latest) Choose(_ string, n int) int { return n - 1 }

// A source that implements OptionSource sees who may go first, and can refuse to go
// on.
func ExampleOptionSource() {
	loop := fakeloop.New(fakeloop.Config{Decisions: favourite("b")})
	defer loop.Close()
	for _, name := range []string{"a", "b", "c"} {
		_ = loop.PostFrom(name, func() { fmt.Println(name) })
	}
	fmt.Println(loop.RunUntilIdle())
	// Output:
	// b
	// b has gone: a, c are left
}

type favourite string

func (favourite) Choose(string, int) int { return 0 }

func (f favourite) ChooseOption(d fakeloop.Decision) (int, error) {
	var names []string
	for _, o := range d.Options {
		names = append(names, o.Label)
	}
	if i := slices.Index(names, string(f)); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("%s has gone: %s are left", string(f), strings.Join(names, ", "))
}
