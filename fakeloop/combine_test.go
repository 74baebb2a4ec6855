package fakeloop_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// promises returns promises a, b, c and their futures.
func promises(loop *fakeloop.Loop) (ps []*fakeloop.Promise[int], fs []*fakeloop.Future[int]) {
	for _, name := range []string{"a", "b", "c"} {
		p := fakeloop.NewPromise[int](loop, name)
		ps, fs = append(ps, p), append(fs, p.Future())
	}
	return ps, fs
}

// lost returns the errors that nobody has looked at.
func lost(loop *fakeloop.Loop) string {
	var out []error
	for _, err := range loop.Unobserved() {
		out = append(out, errors.Unwrap(err))
	}
	return fmt.Sprint(out)
}

// text returns an outcome of any type.
func text[T any](f *fakeloop.Future[T]) string {
	v, err, settled := f.Result()
	if !settled {
		return "pending"
	}
	return fmt.Sprint(v, " ", err)
}

// combinator is any of them, its outcome as text.
type combinator func(loop *fakeloop.Loop, fs ...*fakeloop.Future[int]) combined

type combined struct {
	fakeloop.Awaitable
	cancel func(error) bool
	text   func() string
}

func combinedOf[T any](f *fakeloop.Future[T]) combined {
	return combined{f, f.Cancel, func() string { return text(f) }}
}

var combinators = map[string]combinator{
	"All": func(loop *fakeloop.Loop, fs ...*fakeloop.Future[int]) combined {
		return combinedOf(fakeloop.All(loop, fs...))
	},
	"AllSettled": func(loop *fakeloop.Loop, fs ...*fakeloop.Future[int]) combined {
		return combinedOf(fakeloop.AllSettled(loop, fs...))
	},
	"Any": func(loop *fakeloop.Loop, fs ...*fakeloop.Future[int]) combined {
		return combinedOf(fakeloop.Any(loop, fs...))
	},
	"Race": func(loop *fakeloop.Loop, fs ...*fakeloop.Future[int]) combined {
		return combinedOf(fakeloop.Race(loop, fs...))
	},
}

// What each makes of what its members come to, in which order they may come, and which
// errors are left to whoever looks at the members. A step settles a member: "b=7" with
// a value, "b!" with an error named after it; "|" is the moment at which they are
// combined.
func TestCombinators(t *testing.T) {
	for _, c := range []struct {
		of, steps string
		want      string // the outcome
		when      int    // after how many settles, 0 for at once
		lost      string
	}{
		{"All", "| b=2 a=1 c=3", "[1 2 3] <nil>", 3, "[]"}, // in the order of the members
		{"All", "a=1 b=2 c=3 |", "[1 2 3] <nil>", 0, "[]"},
		{"All", "b=2 | c=3 a=1", "[1 2 3] <nil>", 2, "[]"},
		{"All", "| b! a=1 c=3", "[] b", 1, "[]"},  // fails fast
		{"All", "| b! a! c!", "[] b", 1, "[a c]"}, // and loses no other
		{"All", "c! b! |", "[] b", 0, "[c]"},
		{"All", "| a=1 b=2 c!", "[] c", 3, "[]"},
		{"AllSettled", "| b! a=1 c!", "[{1 <nil>} {0 b} {0 c}] <nil>", 3, "[]"},
		{"AllSettled", "c! b=2 a=1 |", "[{1 <nil>} {2 <nil>} {0 c}] <nil>", 0, "[]"},
		{"Any", "| b=2 a! c!", "2 <nil>", 1, "[]"},
		{"Any", "| b! a! c=3", "3 <nil>", 3, "[]"},
		{"Any", "c=3 b! a! |", "3 <nil>", 0, "[]"},
		{"Any", "| c! b! a!", "0 fakeloop: all of 3 futures failed:\na\nb\nc", 3, "[]"},
		{"Any", "c! b! a! |", "0 fakeloop: all of 3 futures failed:\na\nb\nc", 0, "[]"},
		{"Race", "| b=2 a=1 c=3", "2 <nil>", 1, "[]"},
		{"Race", "| b! a=1 c!", "0 b", 1, "[c]"},
		{"Race", "c=3 b=2 |", "2 <nil>", 0, "[]"},
		{"Race", "c! b=2 a! |", "0 a", 0, "[c]"},
	} {
		t.Run(c.of+" "+c.steps, func(t *testing.T) {
			inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
				loop := newLoop(t, fakeloop.Config{Mode: mode})
				var f combined
				settles := 0
				onLoop(t, loop, func() {
					ps, fs := promises(loop)
					wanted := func() string {
						if settles < c.when {
							return "pending"
						}
						return c.want
					}
					for _, step := range strings.Fields(c.steps) {
						if step == "|" {
							f, settles = combinators[c.of](loop, fs...), 0
							clear(fs) // it has a list of its own
							equal(t, "at once", f.text(), wanted())
							continue
						}
						p := ps[step[0]-'a']
						if step[1] == '!' {
							p.Reject(errors.New(step[:1]))
						} else {
							p.Resolve(int(step[2] - '0'))
						}
						if settles++; f.text != nil { // settled together, not a turn later
							equal(t, "after "+step, f.text(), wanted())
						}
					}
				})
				equal(t, "lost", lost(loop), c.lost)
			})
		})
	}
}

// The error that is passed on is the same value, and all of several are found.
func TestCombinatorsKeepErrors(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	odd := sliceError{"uncomparable"}
	for name, c := range combinators {
		for _, when := range []string{"before", "after"} {
			p := fakeloop.NewPromise[int](loop, "p")
			if when == "before" {
				p.Reject(errors.Join(odd, io.EOF))
			}
			f := c(loop, p.Future())
			p.Reject(errors.Join(odd, io.EOF))
			v, err, _ := f.Outcome()
			if name == "AllSettled" {
				err = v.([]fakeloop.Outcome[int])[0].Err
			}
			sameError(t, name, err, io.EOF)
			equal(t, name, len(as[sliceError](t, err)), 1)
		}
	}
	_, err := fakeloop.Any(loop, rejected(loop, io.EOF), rejected(loop, &pointerError{"x"}), rejected(loop, odd)).Wait()
	sameError(t, "the first", err, io.EOF)
	equal(t, "the second", as[*pointerError](t, err).text, "x")
	equal(t, "the third", len(as[sliceError](t, err)), 1)
	equal(t, "members", len(as[*fakeloop.AnyError](t, err).Errs), 3)
	mustClose(t, loop)
}

func TestCombinatorsOfNothing(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		for name, want := range map[string]string{
			"All": "[] <nil>", "AllSettled": "[] <nil>",
			"Any":  "0 fakeloop: none of no futures can be the first; ask before calling Any or Race",
			"Race": "0 fakeloop: none of no futures can be the first; ask before calling Any or Race",
		} {
			equal(t, name, combinators[name](loop).text(), want)
		}
		v, _ := fakeloop.All[int](loop).Wait()
		equal(t, "a slice, not nil", v != nil, true)
		mustClose(t, loop)
	})
}

func TestCombinatorsOfTheSameFuture(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		for name, want := range map[string]string{
			"All": "[7 7] <nil>", "AllSettled": "[{7 <nil>} {7 <nil>}] <nil>", "Any": "7 <nil>", "Race": "7 <nil>",
		} {
			p := fakeloop.NewPromise[int](loop, "p")
			f := combinators[name](loop, p.Future(), p.Future())
			p.Resolve(7)
			equal(t, name, f.text(), want)
			equal(t, name+" when settled", combinators[name](loop, p.Future(), p.Future()).text(), want)
			q := fakeloop.NewPromise[int](loop, "q")
			f = combinators[name](loop, q.Future(), q.Future())
			equal(t, name+": Cancel", f.cancel(errEnough), true)
			equal(t, name+": the member", outcome(q.Future()), "fakeloop: cancelled: enough")
		}
		mustClose(t, loop)
	})
}

func TestCombinatorsMisused(t *testing.T) {
	loop, other := newLoop(t, fakeloop.Config{}), newLoop(t, fakeloop.Config{})
	f := fakeloop.NewPromise[int](loop, "").Future()
	foreign := fakeloop.NewPromise[int](other, "").Future()
	for name, c := range combinators {
		wantPanic(t, "fakeloop: "+name+" with a nil future, the one at index 1", func() { c(loop, f, nil) })
		wantPanic(t, "fakeloop: "+name+" with a future of another loop, the one at index 1; hand its outcome over with PostFrom", func() { c(loop, f, foreign) })
	}
	wantPanic(t, "fakeloop: AsCompleted with a nil future, the one at index 0", func() { fakeloop.AsCompleted[int](loop, nil) })
	wantPanic(t, "fakeloop: AsCompleted with a future of another loop, the one at index 0; hand its outcome over with PostFrom", func() { fakeloop.AsCompleted(loop, foreign) })
	equal(t, "pending", len(loop.Pending()), 1)
	mustClose(t, loop)
	for _, c := range combinators {
		wantPanic(t, "fakeloop: a future was made on a closed loop: its handlers would never run", func() { c(loop, f) })
	}
}

// Cancelling the whole cancels the members, but for those that somebody else waits for
// or that are settled. Errors that it would have passed on are the members' again.
func TestCancelOfCombinators(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for name, c := range combinators {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			var log journal
			ps, fs := promises(loop)
			for _, p := range ps {
				p.OnCancel(func(cause error) { log.add("%v:%v", p.Future().Settled(), cause) })
			}
			f := c(loop, fs...)
			wants := fakeloop.Then(fs[1], same)
			equal(t, name+": Cancel", f.cancel(errEnough), true)
			equal(t, name+": Cancel again", f.cancel(errEnough), false)
			mustIdle(t, loop)
			equal(t, name, f.text(), map[bool]string{true: "[] ", false: "0 "}[name[:2] == "Al"]+"fakeloop: cancelled: enough")
			log.want(t, "true:enough true:enough")
			equal(t, name+": shared", outcome(fs[1]), "pending")
			equal(t, name+": alone", outcome(fs[0])+outcome(fs[2]), "fakeloop: cancelled: enoughfakeloop: cancelled: enough")
			wants.Cancel(errEnough)
			equal(t, name+": alone now", outcome(fs[1]), "fakeloop: cancelled: enough")
			mustClose(t, loop)
		}
	})
}

func TestCancelOfCombinatorsLosesNoError(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for _, name := range []string{"AllSettled", "Any"} {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			ps, fs := promises(loop)
			ps[2].Reject(io.ErrShortWrite) // before
			f := combinators[name](loop, fs...)
			ps[0].Reject(io.EOF)
			mustIdle(t, loop)
			equal(t, name+": not lost yet", lost(loop), "[]")
			f.cancel(nil)
			equal(t, name+": lost", lost(loop), "[EOF short write]")
			_, _, _ = fs[0].Result()
			equal(t, name+": found", lost(loop), "[short write]")
			_, _, _ = fs[2].Result()
			mustClose(t, loop)
		}
	})
}

// A timeout of the whole is a cancellation of it.
func TestTimeoutOfACombinator(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		ps, fs := promises(loop)
		f := fakeloop.Timeout(fakeloop.All(loop, fs...), time.Second)
		ps[0].Resolve(1)
		_, err := f.Wait()
		as[*fakeloop.TimeoutError](t, err)
		for _, member := range fs[1:] {
			as[*fakeloop.CancelError](t, must2(member.Result()))
			as[*fakeloop.TimeoutError](t, must2(member.Result()))
		}
		mustClose(t, loop)
	})
}

// Closing the loop settles them like everything else, and reports what they had not
// passed on.
func TestCombinatorsWhileClosing(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		for name, c := range combinators {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			ps, fs := promises(loop)
			f := c(loop, fs...)
			switch name {
			case "All", "Race":
				mustClose(t, loop)
				equal(t, name, f.text()[2:], map[string]string{"All": " fakeloop: the loop is closed", "Race": "fakeloop: the loop is closed"}[name])
			default:
				ps[1].Reject(io.EOF)
				wantErrorText(t, loop.Close(), `fakeloop: nobody looked at the error of future "b" (#): EOF; handle it with Catch, OnSettled or Await`)
			}
			equal(t, name, f.Settled(), true)
			equal(t, name+": lost", lost(loop), "[]")
		}
	})
}
