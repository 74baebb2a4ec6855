package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

const granted = "{}" // the outcome of a Lock, Acquire or Wait that is over

func TestMutexIsFirstInFirstOut(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		m := fakeloop.NewMutex(loop, "m")
		equal(t, "Locked", m.Locked(), false)
		equal(t, "first", outcome(m.Lock()), granted)
		equal(t, "Locked", m.Locked(), true)
		var log journal
		for i := range 5 {
			fakeloop.Async(loop, fmt.Sprint("worker ", i), func(co *fakeloop.Coroutine) (int, error) {
				return 0, m.With(co, func() error {
					log.add("%d", i)
					return co.Sleep(time.Second)
				})
			})
		}
		loop.AfterFunc(time.Second, func() {
			log.add("unlock")
			m.Unlock()
		})
		mustIdle(t, loop)
		log.want(t, "unlock 0 1 2 3 4")
		equal(t, "time", loop.Elapsed(), 6*time.Second)
		equal(t, "Locked", m.Locked(), false)
		mustClose(t, loop)
	})
}

func TestMutexGrantsAtOnceAndTellsLater(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		m := fakeloop.NewMutex(loop, "m")
		var log journal
		onLoop(t, loop, func() {
			m.Lock()
			second, third := m.Lock(), m.Lock()
			second.OnSettled(func(struct{}, error) { log.add("told") })
			m.Unlock()
			equal(t, "second", outcome(second), granted)
			equal(t, "third", outcome(third), "pending")
			equal(t, "TryLock", m.TryLock(), false)
			log.add("unlocked")
			m.Unlock()
			equal(t, "third", outcome(third), granted)
			m.Unlock()
			equal(t, "TryLock", m.TryLock(), true)
			equal(t, "Lock", outcome(m.Lock()), "pending")
		})
		log.want(t, "unlocked told")
		mustClose(t, loop)
	})
}

func TestMutexTexts(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	m := fakeloop.NewMutex(loop, "db")
	const misuse = `fakeloop: Unlock of mutex "db" (#), not locked; lock it first, and unlock it once`
	wantPanic(t, misuse, m.Unlock)
	wantText(t, "free", m, `mutex "db" (#), not locked`)
	wantText(t, "a granted lock", m.Lock(), `future "db lock" (#), resolved`)
	wantText(t, "locked", m, `mutex "db" (#), locked, 0 waiting`)
	wantText(t, "a lock that waits", m.Lock(), `future "db lock" (#), pending`)
	equal(t, "GomegaString", masked(m.GomegaString()), `mutex "db" (#), locked, 1 waiting`)
	m.Unlock()
	m.Unlock()
	wantPanic(t, misuse, m.Unlock)
	wantText(t, "without a label", fakeloop.NewMutex(loop, ""), `mutex #, not locked`)
	wantText(t, "without a label", fakeloop.NewMutex(loop, "").Lock(), `future "lock" (#), resolved`)
	wantPanic(t, "fakeloop: With with a nil function", func() { _ = m.With(nil, nil) })

	f := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
		loop.Post(func() {
			wantPanic(t, `fakeloop: Await called outside the body of coroutine "co" (#); each coroutine awaits for itself, other code uses Then or OnSettled`,
				func() { _ = m.With(co, func() error { return nil }) })
		})
		return 0, co.Sleep(time.Second)
	})
	must(f.Wait())
	equal(t, "Locked", m.Locked(), false)

	mustClose(t, loop)
	const closed = "fakeloop: a future was made on a closed loop: its handlers would never run"
	wantPanic(t, closed, func() { m.Lock() })
	equal(t, "TryLock", m.TryLock(), true) // the panic took nothing
	m.Unlock()
}

func TestMutexPassesOverWhoGaveUp(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		m := fakeloop.NewMutex(loop, "m")
		onLoop(t, loop, func() {
			m.TryLock()
			waits := []*fakeloop.Future[struct{}]{m.Lock(), m.Lock(), m.Lock(), m.Lock()}
			waits[0].Cancel(nil)
			waits[2].Cancel(io.EOF)
			wantText(t, "mutex", m, `mutex "m" (#), locked, 2 waiting`)
			m.Unlock()
			equal(t, "the first who is left", outcome(waits[1]), granted)
			equal(t, "the next", outcome(waits[3]), "pending")
			waits[3].Cancel(nil)
			m.Unlock() // for nobody
			equal(t, "Locked", m.Locked(), false)
			for i, want := range []string{"fakeloop: cancelled", granted, "fakeloop: cancelled: EOF", "fakeloop: cancelled"} {
				equal(t, fmt.Sprint("Lock ", i), outcome(waits[i]), want)
			}
		})
		mustClose(t, loop)
	})
}

// A cancellation that meets the grant in one turn: whoever is first wins, the other
// is told, and the lock is in one pair of hands all the time.
func TestMutexGrantMeetsCancel(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		onLoop(t, loop, func() {
			m := fakeloop.NewMutex(loop, "cancel first")
			m.TryLock()
			first, second := m.Lock(), m.Lock()
			equal(t, "Cancel", first.Cancel(nil), true)
			m.Unlock()
			equal(t, "second", outcome(second), granted)

			m = fakeloop.NewMutex(loop, "grant first")
			m.TryLock()
			first, second = m.Lock(), m.Lock()
			m.Unlock()
			equal(t, "Cancel", first.Cancel(nil), false)
			equal(t, "first", outcome(first), granted)
			equal(t, "second", outcome(second), "pending")
			m.Unlock() // who could not give up any more gives the lock back
			equal(t, "second", outcome(second), granted)
		})
		mustClose(t, loop)
	})
}

// lockers are the ways in which a coroutine takes a lock.
var lockers = map[string]func(co *fakeloop.Coroutine, m *fakeloop.Mutex, fn func() error) error{
	"With": func(co *fakeloop.Coroutine, m *fakeloop.Mutex, fn func() error) error { return m.With(co, fn) },
	"Await": func(co *fakeloop.Coroutine, m *fakeloop.Mutex, fn func() error) error {
		if _, err := fakeloop.Await(co, m.Lock()); err != nil {
			return err
		}
		defer m.Unlock()
		return fn()
	},
	"Timeout": func(co *fakeloop.Coroutine, m *fakeloop.Mutex, fn func() error) error {
		if _, err := fakeloop.Await(co, fakeloop.Timeout(m.Lock(), time.Hour)); err != nil {
			return err
		}
		defer m.Unlock()
		return fn()
	},
}

// A coroutine that is cancelled in any turn of its wait leaves the lock free in the
// end, and those behind it are served.
func TestMutexOfACancelledCoroutine(t *testing.T) {
	for name, lock := range lockers {
		for _, c := range []struct {
			name   string
			events func(m *fakeloop.Mutex, f *fakeloop.Future[int], log *journal)
			want   string
		}{
			{"while it waits", func(m *fakeloop.Mutex, f *fakeloop.Future[int], log *journal) {
				f.Cancel(errEnough)
				m.Unlock()
			}, "error:context_canceled next"},
			{"in the turn of the grant", func(m *fakeloop.Mutex, f *fakeloop.Future[int], log *journal) {
				m.Unlock()
				f.Cancel(errEnough)
			}, "inside error:<nil> next"},
			{"in a callback behind the grant", func(m *fakeloop.Mutex, f *fakeloop.Future[int], log *journal) {
				f.Loop().Post(func() { f.Cancel(errEnough) })
				m.Unlock()
			}, "inside error:<nil> next"},
			{"not at all", func(m *fakeloop.Mutex, f *fakeloop.Future[int], log *journal) {
				m.Unlock()
			}, "inside error:<nil> next"},
		} {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
					loop := newLoop(t, fakeloop.Config{Mode: mode})
					m := fakeloop.NewMutex(loop, "m")
					var log journal
					var f *fakeloop.Future[int]
					onLoop(t, loop, func() {
						m.TryLock()
						f = fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
							err := lock(co, m, func() error { log.add("inside"); return nil })
							if errors.Is(err, context.Canceled) {
								err = errors.New("context_canceled")
							}
							log.add("error:%v", err)
							return 0, nil
						})
						loop.AfterFunc(time.Second, func() { c.events(m, f, &log) })
						loop.AfterFunc(time.Millisecond, func() {
							m.Lock().OnSettled(func(_ struct{}, err error) {
								log.add("next")
								equal(t, "error of the next", err, nil)
								m.Unlock()
							})
						})
					})
					log.want(t, c.want)
					equal(t, "Locked", m.Locked(), false)
					equal(t, "time", loop.Elapsed(), time.Second)
					mustClose(t, loop)
				})
			})
		}
	}
}

// With unlocks however its function ends.
func TestMutexWith(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	m := fakeloop.NewMutex(loop, "m")
	for name, c := range map[string]struct {
		fn   func() error
		want string
	}{
		"nil":    {func() error { equal(t, "Locked", m.Locked(), true); return nil }, "0"},
		"error":  {func() error { return io.EOF }, "EOF"},
		"panic":  {func() error { panic("oops") }, `fakeloop: coroutine "panic" (#) panicked at FILE: oops`},
		"goexit": {func() error { runtime.Goexit(); return nil }, fakeloop.ErrGoexit.Error()},
		"unlocks itself": {func() error { m.Unlock(); return nil },
			`fakeloop: coroutine "unlocks itself" (#) panicked at FILE: fakeloop: Unlock of mutex "m" (#), not locked; lock it first, and unlock it once`},
	} {
		f := fakeloop.Async(loop, name, func(co *fakeloop.Coroutine) (int, error) { return 0, m.With(co, c.fn) })
		_ = ending(func() { _ = loop.RunUntilIdle() })
		equal(t, name, masked(outcome(f)), c.want)
		equal(t, "Locked", m.Locked(), false)
	}
	other := newLoop(t, fakeloop.Config{})
	foreign := fakeloop.NewMutex(other, "foreign")
	var next *fakeloop.Future[struct{}]
	for _, wait := range []bool{false, true} {
		if wait {
			foreign.TryLock()
			next = foreign.Lock()
		}
		f := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
			return 0, foreign.With(co, func() error { return nil })
		})
		_, err := f.Wait()
		equal(t, "error", err, fakeloop.ErrForeignLoop)
		equal(t, "Locked", foreign.Locked(), wait)
	}
	wantText(t, "foreign", foreign, `mutex "foreign" (#), locked, 1 waiting`)
	equal(t, "next", outcome(next), "pending")
	foreign.Unlock()
	equal(t, "next", outcome(next), granted)
	foreign.Unlock()
	equal(t, "Locked", foreign.Locked(), false)
}

func TestMutexTimeout(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		m := fakeloop.NewMutex(loop, "m")
		m.TryLock()
		f := fakeloop.Timeout(m.Lock(), time.Second)
		_, err := f.Wait()
		wantErrorText(t, err, `fakeloop: at 1s future "m lock" (#) had not settled within 1s`)
		wantText(t, "still locked", m, `mutex "m" (#), locked, 0 waiting`)
		m.Unlock()
		equal(t, "free", m.TryLock(), true)
		mustClose(t, loop)
	})
}

// The lock is released at the very instant at which the wait for it times out.
func TestMutexTimeoutMeetsUnlock(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		onLoop(t, loop, func() {
			before, after := fakeloop.NewMutex(loop, "before"), fakeloop.NewMutex(loop, "after")
			before.TryLock()
			after.TryLock()
			loop.AfterFunc(time.Second, before.Unlock)
			won, lost := fakeloop.Timeout(before.Lock(), time.Second), fakeloop.Timeout(after.Lock(), time.Second)
			loop.AfterFunc(time.Second, after.Unlock)
			loop.AfterFunc(time.Second, func() {
				equal(t, "unlocked before", outcome(won), granted)
				equal(t, "Locked", before.Locked(), true)
				equal(t, "unlocked after", masked(outcome(lost)), `fakeloop: at 1s future "after lock" (#) had not settled within 1s`)
				equal(t, "Locked", after.Locked(), false)
			})
		})
		mustClose(t, loop)
	})
}

func TestMutexWhileClosing(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		m := fakeloop.NewMutex(loop, "m")
		m.TryLock()
		var log journal
		waits := m.Lock()
		fakeloop.Async(loop, "granted", func(co *fakeloop.Coroutine) (int, error) {
			_, err := fakeloop.Await(co, fakeloop.NewPromise[int](loop, "never").Future())
			log.add("%v", err == fakeloop.ErrClosed)
			err = m.With(co, func() error { log.add("inside"); return nil })
			log.add("%v", err == fakeloop.ErrClosed)
			m.Unlock() // of what TryLock took; on a closed loop nobody is served
			return 0, err
		})
		fakeloop.Async(loop, "waits", func(co *fakeloop.Coroutine) (int, error) {
			err := m.With(co, func() error { log.add("inside"); return nil })
			log.add("%v", err == fakeloop.ErrClosed)
			return 0, err
		})
		mustIdle(t, loop)
		mustClose(t, loop)
		log.want(t, "true true true")
		equal(t, "a lock that waited", outcome(waits), "fakeloop: the loop is closed")
		wantText(t, "mutex", m, `mutex "m" (#), not locked`)
	})
}

// The loop is closed between the grant and the turn that would have told.
func TestMutexCloseMeetsGrant(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	m := fakeloop.NewMutex(loop, "m")
	m.TryLock()
	f := fakeloop.Async(loop, "co", func(co *fakeloop.Coroutine) (int, error) {
		return 0, m.With(co, func() error { t.Error("inside"); return nil })
	})
	mustIdle(t, loop)
	m.Unlock()
	equal(t, "Locked", m.Locked(), true)
	mustClose(t, loop)
	equal(t, "outcome", outcome(f), "fakeloop: the loop is closed")
	equal(t, "Locked", m.Locked(), false)
}

func TestMutexDeadlockIsNamed(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	left, right := fakeloop.NewMutex(loop, "left"), fakeloop.NewMutex(loop, "right")
	both := func(name string, a, b *fakeloop.Mutex) *fakeloop.Future[int] {
		return fakeloop.Async(loop, name, func(co *fakeloop.Coroutine) (int, error) {
			return 0, a.With(co, func() error {
				if err := co.Sleep(time.Second); err != nil {
					return err
				}
				return b.With(co, func() error { return nil })
			})
		})
	}
	one, other := both("one", left, right), both("other", right, left)
	_, err := one.Wait()
	wantErrorText(t, err, `fakeloop: at 1s the loop is idle (nothing is ready, no timer is set, no work is outside), so this will never come:
future "one" (#), pending
which waits for future "right lock" (#), pending
If another goroutine is going to bring it, announce that work with Loop.Outside.`)
	one.Cancel(nil) // which ends the deadlock
	equal(t, "the other", must(other.Wait()), 0)
	mustClose(t, loop)
}
