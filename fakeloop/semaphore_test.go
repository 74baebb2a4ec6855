package fakeloop_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"weak"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func TestSemaphore(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		onLoop(t, loop, func() {
			s := fakeloop.NewSemaphore(loop, "s", 2)
			equal(t, "Available", s.Available(), 2)
			equal(t, "first", outcome(s.Acquire()), granted)
			equal(t, "TryAcquire", s.TryAcquire(), true)
			equal(t, "Available", s.Available(), 0)
			equal(t, "TryAcquire", s.TryAcquire(), false)
			third, fourth := s.Acquire(), s.Acquire()
			equal(t, "third", outcome(third), "pending")
			s.Release()
			equal(t, "third", outcome(third), granted)
			equal(t, "fourth", outcome(fourth), "pending")
			equal(t, "TryAcquire overtakes", s.TryAcquire(), false)
			s.Release()
			equal(t, "fourth", outcome(fourth), granted)
			equal(t, "Available", s.Available(), 0)
			s.Release()
			equal(t, "Available", s.Available(), 1)
			equal(t, "fifth", outcome(s.Acquire()), granted)
		})
		mustClose(t, loop)
	})
}

// Of an unbounded semaphore more can be released than was acquired.
func TestSemaphoreReleaseOfMore(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	s := fakeloop.NewSemaphore(loop, "s", 0)
	waits := s.Acquire()
	equal(t, "none free", outcome(waits), "pending")
	s.Release()
	equal(t, "after a release", outcome(waits), granted)
	s.Release()
	s.Release()
	equal(t, "Available", s.Available(), 2)
	for i, want := range []string{granted, granted, "pending"} {
		equal(t, fmt.Sprint("Acquire ", i), outcome(s.Acquire()), want)
	}
}

func TestBoundedSemaphore(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	s := fakeloop.NewBoundedSemaphore(loop, "pool", 1)
	const misuse = `fakeloop: Release of semaphore "pool" (#), 1 of 1 free, 0 waiting without an Acquire; release each permit once`
	wantPanic(t, misuse, s.Release)
	s.Acquire()
	waits := s.Acquire()
	equal(t, "second", outcome(waits), "pending")
	s.Release()
	equal(t, "second", outcome(waits), granted)
	s.Release()
	wantPanic(t, misuse, s.Release)
	equal(t, "Available", s.Available(), 1)
	wantPanic(t, `fakeloop: Release of semaphore "none" (#), 0 of 0 free, 0 waiting without an Acquire; release each permit once`,
		fakeloop.NewBoundedSemaphore(loop, "none", 0).Release)
}

func TestSemaphoreTexts(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	for call, make := range map[string]func(*fakeloop.Loop, string, int) *fakeloop.Semaphore{
		"NewSemaphore": fakeloop.NewSemaphore, "NewBoundedSemaphore": fakeloop.NewBoundedSemaphore,
	} {
		wantPanic(t, fmt.Sprintf(`fakeloop: %s("s") with -1 permits; a semaphore can begin with none, but not with less`, call),
			func() { make(loop, "s", -1) })
	}
	s := fakeloop.NewSemaphore(loop, "s", 1)
	wantText(t, "free", s, `semaphore "s" (#), 1 free, 0 waiting`)
	wantText(t, "a permit", s.Acquire(), `future "s acquire" (#), resolved`)
	wantText(t, "one that waits", s.Acquire(), `future "s acquire" (#), pending`)
	equal(t, "GomegaString", masked(s.GomegaString()), `semaphore "s" (#), 0 free, 1 waiting`)
	wantPanic(t, "fakeloop: With with a nil function", func() { _ = s.With(nil, nil) })
	mustClose(t, loop)
	wantText(t, "closed", s, `semaphore "s" (#), 0 free, 0 waiting`)
	wantPanic(t, "fakeloop: a future was made on a closed loop: its handlers would never run", func() { s.Acquire() })
	s.Release()
	equal(t, "Available", s.Available(), 1)
}

func TestSemaphoreTimeout(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		s := fakeloop.NewSemaphore(loop, "s", 2)
		var late, inTime *fakeloop.Future[struct{}]
		onLoop(t, loop, func() {
			s.Acquire()
			s.Acquire()
			late, inTime = fakeloop.Timeout(s.Acquire(), time.Second), fakeloop.Timeout(s.Acquire(), 4*time.Second)
			loop.AfterFunc(2*time.Second, s.Release)
		})
		equal(t, "too late", masked(outcome(late)), `fakeloop: at 1s future "s acquire" (#) had not settled within 1s`)
		equal(t, "in time", outcome(inTime), granted)
		equal(t, "time", loop.Elapsed(), 2*time.Second) // the second timer was stopped
		waits := s.Acquire()
		equal(t, "no permit is left over", outcome(waits), "pending")
		s.Release()
		equal(t, "and none is lost", outcome(waits), granted)
		mustClose(t, loop)
	})
}

// At most as many as there are permits are inside at a time, first come first served.
func TestSemaphoreWith(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		s := fakeloop.NewBoundedSemaphore(loop, "s", 3)
		inside, most := 0, 0
		var order []int
		for i := range 20 {
			f := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
				return 0, s.With(co, func() error {
					inside++
					most = max(most, inside)
					order = append(order, i)
					err := co.Sleep(time.Second)
					inside--
					return err
				})
			})
			if i%4 == 3 { // some give up, waiting or inside
				loop.AfterFunc(time.Duration(i)*300*time.Millisecond, func() { f.Cancel(nil) })
			}
		}
		mustIdle(t, loop)
		equal(t, "most inside", most, 3)
		equal(t, "Available", s.Available(), 3)
		if !slices.IsSorted(order) || len(order) < 15 {
			t.Errorf("order: %v", order)
		}
		mustClose(t, loop)
	})
}

// Those who give up cost nothing later, neither memory nor time: not even if the one
// they stand behind waits for ever.
func TestSemaphoreForgetsWhoGaveUp(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	s := fakeloop.NewSemaphore(loop, "s", 0)
	first := s.Acquire()
	var gone []weak.Pointer[fakeloop.Future[struct{}]]
	for range 101 {
		gone = append(gone, weak.Make(fakeloop.Timeout(s.Acquire(), time.Second)))
	}
	last := s.Acquire()
	wantText(t, "before", s, `semaphore "s" (#), 0 free, 103 waiting`)
	mustIdle(t, loop)
	wantText(t, "after", s, `semaphore "s" (#), 0 free, 2 waiting`)
	for _, w := range gone {
		_, _, _ = w.Value().Result()
	}
	for range 3 {
		runtime.GC()
	}
	kept := 0
	for _, w := range gone {
		if w.Value() != nil {
			kept++
		}
	}
	if kept > 1 {
		t.Errorf("%d are kept", kept)
	}
	s.Release()
	equal(t, "first", outcome(first), granted)
	s.Release()
	equal(t, "last", outcome(last), granted)

	// Were each of them looked at again for the others, this would not end.
	const n = 100_000
	waits := make([]*fakeloop.Future[struct{}], n)
	for i := range waits {
		waits[i] = s.Acquire()
	}
	for i := n - 1; i > 0; i-- {
		waits[i].Cancel(nil)
		s.TryAcquire()
	}
	s.Release()
	equal(t, "the only one left", outcome(waits[0]), granted)
	mustClose(t, loop)
}

// Any sequence of operations, against a model: a number, and a list of those who
// wait.
func TestSemaphoreModel(t *testing.T) {
	for seed := range uint64(scaled(t, "sequences", 4000, 200)) {
		random := rand.New(rand.NewPCG(seed, 2))
		loop := fakeloop.New(fakeloop.Config{})
		n := random.IntN(4)
		bounded := seed%2 == 0
		s := fakeloop.NewSemaphore(loop, "s", n)
		if bounded {
			s = fakeloop.NewBoundedSemaphore(loop, "s", n)
		}
		type waiter struct {
			acquire, derived *fakeloop.Future[struct{}] // derived: nil, or with a timeout
			d, deadline      time.Duration
			want             string
		}
		var (
			all   []*waiter
			line  []*waiter
			free  = n
			leave = func(w *waiter, why string) {
				w.want = why
				line = slices.DeleteFunc(line, func(o *waiter) bool { return o == w })
			}
		)
		for step := range 60 {
			what := fmt.Sprintf("seed %d, step %d", seed, step)
			switch op := random.IntN(100); {
			case op < 40:
				w := &waiter{acquire: s.Acquire(), want: "pending"}
				if op < 15 {
					d := time.Duration(1+random.IntN(3)) * time.Second
					w.derived, w.d, w.deadline = fakeloop.Timeout(w.acquire, d), d, loop.Elapsed()+d
				}
				if all, line = append(all, w), append(line, w); free > 0 {
					free--
					leave(w, granted)
				}
			case op < 50:
				equal(t, what+": TryAcquire", s.TryAcquire(), free > 0)
				free = max(0, free-1)
			case op < 75:
				if bounded && free == n {
					break // TestBoundedSemaphore
				}
				if s.Release(); len(line) > 0 {
					leave(line[0], granted)
				} else {
					free++
				}
			case op < 90 && len(all) > 0:
				w := all[random.IntN(len(all))]
				f := w.acquire
				if w.derived != nil && op%2 == 0 {
					f = w.derived
				}
				pending := w.want == "pending"
				equal(t, what+": Cancel", f.Cancel(io.EOF), pending)
				if pending {
					leave(w, "fakeloop: cancelled: EOF")
				}
			case op >= 90:
				mustAdvance(t, loop, time.Second)
				for _, w := range slices.Clone(line) {
					if w.derived != nil && w.deadline <= loop.Elapsed() {
						leave(w, fmt.Sprintf(`fakeloop: at %v future "s acquire" (#) had not settled within %v`, w.deadline, w.d))
					}
				}
			}
			equal(t, what+": Available", s.Available(), free)
			for i, w := range all {
				f, want := w.acquire, w.want
				if w.derived != nil {
					f = w.derived
				}
				equal(t, fmt.Sprintf("%s: waiter %d", what, i), masked(outcome(f)), want)
			}
			if t.Failed() {
				return
			}
		}
		mustClose(t, loop)
	}
}

// Goroutines that acquire, lose patience and release: no permit is lost or doubled.
func TestSemaphoreStorm(t *testing.T) {
	for _, mode := range []fakeloop.Mode{fakeloop.Virtual, fakeloop.Wall} {
		t.Run(mode.String(), func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			s := fakeloop.NewBoundedSemaphore(loop, "s", 3)
			var inside, entered atomic.Int64
			var group sync.WaitGroup
			for g := range 6 {
				group.Go(func() {
					for k := range 300 {
						switch {
						case (g+k)%3 == 0:
							if !s.TryAcquire() {
								continue
							}
						default:
							f := s.Acquire()
							if k%2 == 0 {
								f = fakeloop.Timeout(fakeloop.Timeout(f, time.Hour), time.Hour)
							}
							if runtime.Gosched(); f.Cancel(nil) {
								continue
							}
							equal(t, "outcome", outcome(f), granted)
						}
						if n := inside.Add(1); n > 3 {
							t.Errorf("%d inside", n)
						}
						entered.Add(1)
						runtime.Gosched()
						inside.Add(-1)
						s.Release()
					}
				})
			}
			group.Wait()
			equal(t, "Available", s.Available(), 3)
			if entered.Load() == 0 {
				t.Error("nobody got in")
			}
			mustClose(t, loop)
		})
	}
}
