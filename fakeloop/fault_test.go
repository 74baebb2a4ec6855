package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// faults is a source that injects faults by the name of the point: "reset at read #1" is
// {"read #1": fakeloop.FaultReset}.
type faults struct {
	kinds  map[string]fakeloop.FaultKind
	points []fakeloop.FaultPoint
	choice int // answered to all points, if it is not 0
	off    bool
}

func (f *faults) Choose(string, int) int { return 0 }

func (f *faults) Faults() bool { return !f.off }

func (f *faults) ChooseFault(p fakeloop.FaultPoint) int {
	f.points = append(f.points, p)
	if f.choice != 0 {
		return f.choice
	}
	return slices.Index(p.Kinds, f.kinds[p.Name]) + 1
}

func (f *faults) names() []string {
	var out []string
	for _, p := range f.points {
		out = append(out, p.Name)
	}
	return out
}

// inject returns a loop with one fault.
func inject(t *testing.T, kind fakeloop.FaultKind, point string) (*fakeloop.Loop, *faults) {
	t.Helper()
	source := &faults{kinds: map[string]fakeloop.FaultKind{point: kind}}
	return newLoop(t, fakeloop.Config{Decisions: source, Sites: true}), source
}

// everything is a run with a point of each sort.
func everything(loop *fakeloop.Loop) *fakeloop.Future[string] {
	p := fakeloop.NewPromise[string](loop, "reply")
	loop.Named("answer").AfterFunc(time.Second, func() { p.Resolve("ok") })
	loop.AfterFunc(2*time.Second, func() { _ = loop.Fail("log") })
	work := fakeloop.Offload(loop, "work", func(context.Context) (string, error) { return "done", nil })
	reply := fakeloop.Faulty(p.Future(), "ask")
	return fakeloop.ThenFuture(work, func(string) *fakeloop.Future[string] { return reply })
}

// Without a source that asks for faults nothing is a point, nothing is recorded, and
// nothing is allocated.
func TestNoFaultPointsWithoutASource(t *testing.T) {
	play := func(source fakeloop.Source) timeline.Digest {
		loop := newLoop(t, fakeloop.Config{Decisions: source})
		if loop.HasFaults() || loop.Injected() != nil || loop.Fault(fakeloop.FaultPoint{Name: "x"}) != nil || loop.Fail("x") != nil {
			t.Error("the loop has faults")
		}
		f := fakeloop.Resolved(loop, 1)
		if fakeloop.Faulty(f, "x") != f {
			t.Error("Faulty made another future")
		}
		everything(loop)
		mustIdle(t, loop)
		if a := testing.AllocsPerRun(100, func() { _ = loop.Fail("x") }); a != 0 {
			t.Errorf("Fail makes %v allocations", a)
		}
		return loop.Timeline().Digest()
	}
	off := &faults{off: true}
	if play(nil) != play(off) || play(nil) != play(fakeloop.Record(off)) || play(nil) != play(fakeloop.Record(nil)) {
		t.Error("the timeline depends on a source that wants no faults")
	}
	equal(t, "points", len(off.points), 0)
}

// A run in which nothing goes wrong is the run without fault points.
func TestPointsLeaveNoTrace(t *testing.T) {
	digest := func(source fakeloop.Source) timeline.Digest {
		loop := newLoop(t, fakeloop.Config{Decisions: source})
		everything(loop)
		mustIdle(t, loop)
		return loop.Timeline().Digest()
	}
	source := &faults{}
	if digest(nil) != digest(source) {
		t.Error("fault points change the timeline")
	}
	want := []string{"timer answer #1", "timer #1", "offload work #1", "ask #1", "log #1"}
	if got := source.names(); !slices.Equal(got, want) {
		t.Errorf("points: %q, want %q", got, want)
	}
}

// The points of one name are numbered, and a timer without a label is called by its line.
func TestNamesOfPoints(t *testing.T) {
	loop, source := inject(t, "", "")
	for range 2 {
		loop.AfterFunc(time.Second, func() {})
		_ = loop.Fail("read")
	}
	fakeloop.Offload(loop, "", func(context.Context) (int, error) { return 0, nil })
	mustIdle(t, loop)
	got := strings.Join(source.names(), ", ")
	for _, part := range []string{"timer fault_test.go:", "read #1, ", " #2, read #2", "offload fault_test.go:"} {
		if !strings.Contains(got, part) {
			t.Errorf("no %q in %s", part, got)
		}
	}
}

// What each fault makes of a future of a fake.
func TestFaulty(t *testing.T) {
	for kind, want := range map[fakeloop.FaultKind]string{
		fakeloop.FaultError:   "1s failed (injected error at ask #1)",
		fakeloop.FaultTimeout: "1s failed (injected timeout at ask #1)",
		fakeloop.FaultCancel:  "0s fakeloop: cancelled: failed (injected cancel at ask #1)",
		fakeloop.FaultGoexit:  "1s fakeloop: the function ended by runtime.Goexit and returned nothing (injected goexit at ask #1)",
		fakeloop.FaultSlow:    "1m1.007s ok",
		fakeloop.FaultNever:   "pending",
		"":                    "1s ok",
	} {
		t.Run(string(kind), func(t *testing.T) {
			loop, _ := inject(t, kind, "ask #1")
			p := fakeloop.NewPromise[string](loop, "reply")
			loop.AfterFunc(time.Second, func() { p.Resolve("ok") })
			equal(t, "outcome", outcomeOf(loop, fakeloop.Faulty(p.Future(), "ask")), want)
			for _, f := range loop.Injected() {
				equal(t, "fault", f.String(), string(kind)+" at ask #1")
			}
		})
	}
	t.Run("panic", func(t *testing.T) {
		loop, _ := inject(t, fakeloop.FaultPanic, "ask #1")
		f := fakeloop.Faulty(fakeloop.Resolved(loop, 1), "ask")
		_, err := f.Wait()
		var p *fakeloop.PanicError
		if !errors.As(err, &p) || !errors.Is(err, loop.Injected()[0].Err()) || !strings.HasPrefix(err.Error(), "fakeloop: the function behind ask #1 panicked at ") {
			t.Errorf("rejected with %v", err)
		}
	})
	t.Run("cancelled although it is settled", func(t *testing.T) {
		loop, _ := inject(t, fakeloop.FaultCancel, "ask #1")
		_, err := fakeloop.Faulty(fakeloop.Resolved(loop, 1), "ask").Wait()
		sameError(t, "outcome", err, loop.Injected()[0].Err())
	})
	t.Run("an error of its own", func(t *testing.T) { // gives way to the injected one, and is not reported
		loop, _ := inject(t, fakeloop.FaultError, "ask #1")
		_, err := fakeloop.Faulty(fakeloop.Rejected[int](loop, errors.New("its own")), "ask").Wait()
		sameError(t, "outcome", err, loop.Injected()[0].Err())
	})
}

// outcomeOf tells when a future settles, and how.
func outcomeOf[T any](loop *fakeloop.Loop, f *fakeloop.Future[T]) string {
	text := "pending"
	f.Quiet().OnSettled(func(v T, err error) {
		if text = fmt.Sprint(loop.Elapsed(), " ", v); err != nil {
			text = fmt.Sprint(loop.Elapsed(), " ", err)
		}
	})
	_ = loop.RunUntilIdle()
	return text
}

// What each fault makes of offloaded work: whether it is done at all, and the outcome.
func TestFaultyWork(t *testing.T) {
	for kind, want := range map[fakeloop.FaultKind]string{
		fakeloop.FaultError:   "false 0s failed (injected error at offload work #1)",
		fakeloop.FaultTimeout: "false 0s failed (injected timeout at offload work #1)",
		fakeloop.FaultCancel:  "true 0s fakeloop: cancelled: failed (injected cancel at offload work #1)",
		fakeloop.FaultGoexit:  "false 0s fakeloop: the function ended by runtime.Goexit and returned nothing",
		fakeloop.FaultSlow:    "true 1m0.007s done",
		fakeloop.FaultNever:   "false pending",
		"":                    "true 0s done",
	} {
		t.Run(string(kind), func(t *testing.T) {
			loop, _ := inject(t, kind, "offload work #1")
			called := false
			f := fakeloop.Offload(loop, "work", func(ctx context.Context) (string, error) {
				called = true
				if kind == fakeloop.FaultCancel {
					<-ctx.Done()
				}
				return "done", nil
			})
			got := outcomeOf(loop, f)
			equal(t, "called, outcome", fmt.Sprint(called, " ", got), want)
		})
	}
	t.Run("panic", func(t *testing.T) {
		loop, _ := inject(t, fakeloop.FaultPanic, "offload work #1")
		_, err := fakeloop.Offload(loop, "work", func(context.Context) (int, error) { return 0, nil }).Wait()
		sameError(t, "outcome", err, loop.Injected()[0].Err())
	})
}

// Fail does to its caller what the fault says.
func TestFail(t *testing.T) {
	for _, kind := range []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultPanic, fakeloop.FaultGoexit} {
		t.Run(string(kind), func(t *testing.T) {
			loop, _ := inject(t, kind, "read #2")
			f := fakeloop.Offload(loop, "work", func(context.Context) (int, error) {
				if err := loop.Fail("read"); err != nil {
					t.Error("the first call fails")
				}
				err := loop.Fail("read")
				if kind == fakeloop.FaultPanic || kind == fakeloop.FaultGoexit {
					t.Error("it returns")
				}
				return 0, err
			})
			_, err := f.Wait()
			want := loop.Injected()[0].Err()
			if kind == fakeloop.FaultGoexit {
				want = fakeloop.ErrGoexit
			}
			sameError(t, "outcome", err, want)
			if caller := loop.Injected()[0].Caller; !strings.HasPrefix(caller, "fault_test.go:") {
				t.Errorf("called from %q", caller)
			}
		})
	}
}

func TestSlowTimer(t *testing.T) {
	loop, _ := inject(t, fakeloop.FaultSlow, "timer beat #2")
	var log journal
	for i := range 3 {
		loop.Named("beat").AfterFunc(time.Second, func() { log.add("%d@%v", i, loop.Elapsed()) })
	}
	loop.Named("never").AfterFunc(1<<63-1, func() {})
	mustIdle(t, loop)
	log.want(t, "0@1s 2@1s 1@1m1.007s")
}

// A point can go in one way more than it has kinds, and behind them be cut at each byte.
func TestWaysOfAPoint(t *testing.T) {
	p := fakeloop.FaultPoint{Name: "read #1", Kinds: []fakeloop.FaultKind{fakeloop.FaultReset, fakeloop.FaultCut}, Bytes: 5}
	equal(t, "ways", p.Ways(), 8)
	var got []string
	for choice := 1; choice < p.Ways(); choice++ {
		f := p.Fault(choice)
		got = append(got, fmt.Sprint(f, " ", f.Cut(5)))
	}
	want := "reset at read #1 2, cut at read #1 2, cut after 0 bytes at read #1 0, cut after 1 bytes at read #1 1, cut after 2 bytes at read #1 2, cut after 3 bytes at read #1 3, cut after 4 bytes at read #1 4"
	equal(t, "faults", strings.Join(got, ", "), want)
	for _, bad := range []int{-1, 0, 8} {
		wantPanic(t, fmt.Sprintf("fakeloop: the source of decisions answered %d to the fault point \"read #1\"; it must answer 0 to 7", bad), func() { p.Fault(bad) })
	}
}

// A source that answers out of range leaves a loop that can be used.
func TestChoiceOutOfRangeAtAPoint(t *testing.T) {
	source := &faults{choice: 9}
	loop := newLoop(t, fakeloop.Config{Decisions: source})
	wantPanic(t, `fakeloop: the source of decisions answered 9 to the fault point "timer x #1"; it must answer 0 to 1`, func() {
		loop.Named("x").AfterFunc(1, func() {})
	})
	mustIdle(t, loop)
}

// The error of a fault is told apart from that of any other, and from what it stands for
// only by who knows it.
func TestInjectedError(t *testing.T) {
	point := fakeloop.FaultPoint{Name: "read #1", Kinds: []fakeloop.FaultKind{fakeloop.FaultReset, fakeloop.FaultTimeout, fakeloop.FaultError}}
	reset, timeout, busy := point.Fault(1), point.Fault(2), point.Fault(3)
	err := fmt.Errorf("fetch: %w", &net.OpError{Op: "read", Err: reset.With(os.NewSyscallError("read", syscall.ECONNRESET))})
	equal(t, "text", err.Error(), "fetch: read: read: connection reset by peer (injected reset at read #1)")
	sameError(t, "reset", err, reset.Err())
	sameError(t, "reset", err, syscall.ECONNRESET)
	if errors.Is(err, point.Fault(1).Err()) {
		t.Error("it is the error of another fault")
	}
	var e *fakeloop.InjectedError
	if !errors.As(err, &e) || e.Point != "read #1" || e.Kind != fakeloop.FaultReset || e.Timeout() || e.Temporary() {
		t.Errorf("injected: %v", e)
	}
	var n net.Error
	if late := (&net.OpError{Op: "read", Err: timeout.With(os.ErrDeadlineExceeded)}); !errors.As(error(late), &n) || !n.Timeout() || !errors.Is(late, os.ErrDeadlineExceeded) {
		t.Error("a timeout is none")
	}
	if full := busy.With(os.NewSyscallError("accept", syscall.EMFILE)); !full.(interface{ Temporary() bool }).Temporary() {
		t.Error("EMFILE is temporary")
	}
}

// A closed loop injects nothing, and one whose source has refused neither.
func TestNoFaultAtTheEnd(t *testing.T) {
	loop, source := inject(t, fakeloop.FaultError, "read #1")
	_ = loop.Close()
	sameError(t, "Fail", loop.Fail("read"), nil)
	equal(t, "points", len(source.points), 0)
}

// Faults are recorded, those that did not happen are not, and a replay injects them
// again, by the name of the point.
func TestReplayOfFaults(t *testing.T) {
	play := func(source fakeloop.Source) (string, timeline.Digest, error) {
		loop := newLoop(t, fakeloop.Config{Decisions: source})
		f := everything(loop)
		for _, name := range []string{"a", "b"} {
			_ = loop.PostFrom(name, func() { loop.Choose(name, 3) })
		}
		outcome := outcomeOf(loop, f)
		return outcome, loop.Timeline().Digest(), loop.Close()
	}
	recording := fakeloop.Record(&faults{kinds: map[string]fakeloop.FaultKind{"ask #1": fakeloop.FaultTimeout, "log #1": fakeloop.FaultError}})
	outcome, digest, _ := play(recording)
	equal(t, "outcome", outcome, "1s failed (injected timeout at ask #1)")

	replay, err := fakeloop.ParseReplay(recording.String())
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "decisions", replay.Len(), 5) // two faults, who goes first, two choices
	strict := replay.Strict()
	equal(t, "left before", strict.Rest(), 5)
	for what, source := range map[string]fakeloop.Source{"strict": strict, "lenient": replay.Source(), "recorded again": fakeloop.Record(replay.Strict())} {
		again, repeated, err := play(source)
		equal(t, what, again, outcome)
		sameError(t, what, err, nil)
		if repeated != digest {
			t.Errorf("%s: another timeline", what)
		}
	}
	equal(t, "left", strict.Rest(), 0)

	// A run that does not come to a point has something left.
	strict = replay.Strict()
	loop := newLoop(t, fakeloop.Config{Decisions: strict})
	fakeloop.Faulty(fakeloop.Resolved(loop, 1), "ask")
	mustIdle(t, loop)
	equal(t, "left", strict.Rest(), 4)

	// A point that can go in another number of ways is another one.
	strict = replay.Strict()
	loop = newLoop(t, fakeloop.Config{Decisions: strict})
	if f := loop.Fault(fakeloop.FaultPoint{Name: "ask", Kinds: []fakeloop.FaultKind{fakeloop.FaultError}}); f != nil {
		t.Errorf("injected %v", f)
	}
	equal(t, "left", strict.Rest(), 5)
}

// A trail ends where the error was last seen.
func TestTrail(t *testing.T) {
	trail := func(t *testing.T, make func(loop *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int]) (fakeloop.Trail, *fakeloop.Loop) {
		loop, _ := inject(t, fakeloop.FaultError, "ask #1")
		make(loop, fakeloop.Faulty(fakeloop.Resolved(loop, 1), "ask")).Quiet()
		mustIdle(t, loop)
		return loop.Trail(loop.Injected()[0]), loop
	}
	same := func(v int) (int, error) { return v, nil }
	passed := func(co *fakeloop.Coroutine, f *fakeloop.Future[int]) error {
		_, err := fakeloop.Await(co, f) // trail: in a coroutine
		return err
	}
	for name, make := range map[string]func(loop *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int]{
		"nobody looks": func(_ *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int] {
			return fakeloop.Then(f, same) // trail: nobody looks
		},
		"swallowed": func(_ *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int] {
			caught := fakeloop.Catch(fakeloop.Then(f, same), func(error) (int, error) { return 0, nil }) // trail: swallowed
			return fakeloop.Then(caught, same)
		},
		"as text": func(_ *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int] {
			caught := fakeloop.Catch(f, func(err error) (int, error) { return 0, errors.New(err.Error()) }) // trail: as text
			return fakeloop.Then(caught, same)
		},
		"wrapped": func(_ *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int] {
			caught := fakeloop.Catch(f, func(err error) (int, error) { return 0, fmt.Errorf("ask: %w", err) })
			return fakeloop.Then(caught, same) // trail: wrapped
		},
		"in a coroutine": func(loop *fakeloop.Loop, f *fakeloop.Future[int]) *fakeloop.Future[int] {
			return fakeloop.Async(loop, "client", func(co *fakeloop.Coroutine) (int, error) {
				_ = passed(co, f)
				return 0, nil
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, loop := trail(t, make)
			equal(t, "site", got.Site, lineWith(t, "// trail: "+name))
			if got.Future == "" || got.Last <= 0 || got.Last >= loop.Timeline().Len() {
				t.Errorf("trail: %+v", got)
			}
		})
	}
	t.Run("of a goroutine that ended", func(t *testing.T) {
		loop, _ := inject(t, fakeloop.FaultGoexit, "offload work #1")
		f := fakeloop.Offload(loop, "work", func(context.Context) (int, error) { return 1, nil })
		fakeloop.Catch(f, func(err error) (int, error) { return 0, errors.New(err.Error()) }).Quiet() // trail: of a goroutine
		mustIdle(t, loop)
		equal(t, "site", loop.Trail(loop.Injected()[0]).Site, lineWith(t, "// trail: of a goroutine"))
	})
	t.Run("no future", func(t *testing.T) {
		loop, _ := inject(t, fakeloop.FaultError, "ask #1")
		_ = loop.Fail("ask")
		got := loop.Trail(loop.Injected()[0])
		equal(t, "trail", fmt.Sprintf("%+v", got), "{Future: Site: Last:0}")
	})
}

// lineWith returns the place in this file of the first line with a text.
func lineWith(t *testing.T, text string) string {
	t.Helper()
	source, err := os.ReadFile("fault_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(source), "\n") {
		if strings.Contains(line, text) && !strings.Contains(line, "lineWith") {
			return fmt.Sprintf("fault_test.go:%d", i+1)
		}
	}
	t.Fatalf("no line with %q", text)
	return ""
}

// In a bubble, goroutines may meet points at one time.
func TestFaultsInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &faults{kinds: map[string]fakeloop.FaultKind{"read b #1": fakeloop.FaultError}}
		loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Bubble, Decisions: source})
		var failed [2]error
		var all []*fakeloop.Goroutine
		for i, name := range []string{"a", "b"} {
			all = append(all, loop.Go(name, func() { failed[i] = loop.Fail("read " + name) }))
		}
		for _, g := range all {
			<-g.Done()
		}
		sameError(t, "a", failed[0], nil)
		sameError(t, "b", failed[1], loop.Injected()[0].Err())
	})
}
