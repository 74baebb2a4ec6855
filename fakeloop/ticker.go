package fakeloop

import (
	"fmt"
	"time"
)

// Ticker is one callback that runs again and again. Make one with [Loop.TickFunc]
// or [Loop.TickAsync]. Its methods may be called from any goroutine.
//
// The ticks lie on a grid, start + k*period exactly, and do not drift however long
// the callbacks take and however late they begin.
type Ticker struct {
	timer   *Timer
	f       func() Awaitable // nil when the tick ends with the function
	overrun Overrun

	// Guarded by the loop's lock.
	period  int64
	origin  int64 // the instant of the grid from which the next one is counted
	active  bool
	ticking bool // a tick is under way, its future included
}

// TickFunc arranges for f to run on the loop every period on the loop's clock, for
// the first time once a period has passed. A tick that takes longer than a period,
// by [Loop.Charge] on virtual time, makes the ticker miss others; overrun says what
// becomes of them. A panic of f is an error of the loop, and the ticker goes on.
//
// A ticker ends with Stop or with the loop. While it lives the loop is not idle.
// TickFunc panics if f is nil, period is not positive or the loop is closed.
func (l *Loop) TickFunc(period time.Duration, overrun Overrun, f func()) *Ticker {
	return Named{loop: l}.TickFunc(period, overrun, f)
}

// TickAsync is TickFunc for work that goes on after the function has returned: the
// tick ends when the future that f returns is settled, with the function if that is
// nil. Until then f is not called again; overrun says what becomes of the ticks
// missed meanwhile. A rejection is an error of the loop, unless it is a *CancelError,
// and the ticker goes on. A future of another loop is misuse, on which the tick
// panics. Stop does not cancel the future.
func (l *Loop) TickAsync(period time.Duration, overrun Overrun, f func() Awaitable) *Ticker {
	return Named{loop: l}.TickAsync(period, overrun, f)
}

// TickFunc is [Loop.TickFunc] with a label.
func (n Named) TickFunc(period time.Duration, overrun Overrun, f func()) *Ticker {
	if f == nil {
		panic("fakeloop: TickFunc with a nil function")
	}
	return n.tick("TickFunc", period, overrun, func() Awaitable {
		f()
		return nil
	})
}

// TickAsync is [Loop.TickAsync] with a label.
func (n Named) TickAsync(period time.Duration, overrun Overrun, f func() Awaitable) *Ticker {
	if f == nil {
		panic("fakeloop: TickAsync with a nil function")
	}
	return n.tick("TickAsync", period, overrun, f)
}

func (n Named) tick(caller string, period time.Duration, overrun Overrun, f func() Awaitable) *Ticker {
	mustBePositive(caller, period)
	if overrun > Delay {
		panic(fmt.Sprintf("fakeloop: %s: no such policy: %v; use Skip, Burst or Delay", caller, overrun))
	}
	l := n.loop
	l.checkCaller(caller)
	tk := &Ticker{f: f, overrun: overrun}
	tk.timer = &Timer{loop: l, label: n.label, fn: tk.run, site: l.site()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		panic("fakeloop: " + caller + " on a closed loop: the ticker would never tick")
	}
	tk.start(period)
	return tk
}

func mustBePositive(caller string, period time.Duration) {
	if period <= 0 {
		panic(fmt.Sprintf("fakeloop: %s with a period of %v: it must be positive, or time would never get past the ticker", caller, period))
	}
}

// start begins a grid at the present instant. While a tick is under way the next
// one is left to its end. The caller holds the loop's lock.
func (tk *Ticker) start(period time.Duration) {
	l := tk.timer.loop
	l.readClock()
	tk.origin, tk.period, tk.active = l.now, int64(period), true
	if !tk.ticking {
		l.armAt(tk.timer, saturatingAdd(tk.origin, tk.period))
	}
}

// run is the callback of a tick.
func (tk *Ticker) run() {
	l := tk.timer.loop
	l.mu.Lock()
	tk.ticking, tk.origin = true, tk.timer.when
	l.mu.Unlock()
	goesOn := false
	defer func() { // also after a panic or Goexit
		if !goesOn {
			tk.end()
		}
	}()
	a := tk.f()
	if a == nil {
		return
	}
	s := a.base()
	if s.loop != l {
		panic("fakeloop: a tick returned a future of another loop; hand its outcome over with PostFrom")
	}
	s.subscribe(reaction{fn: func() {
		if _, cancelled := s.err.(*CancelError); s.err != nil && !cancelled {
			l.report(fmt.Errorf("fakeloop: a tick of %s failed: %w", tk, s.err))
		}
		tk.end()
	}})
	goesOn = true
}

// end sets the next tick, unless the ticker was stopped meanwhile.
func (tk *Ticker) end() {
	l := tk.timer.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	tk.ticking = false
	if !tk.active || l.closed {
		return
	}
	l.armAt(tk.timer, tk.overrun.next(tk.origin, tk.period, l.instant()))
}

// instant returns the time that it is. Within a callback of a loop that runs by
// itself that is later than the loop's time, which stands. The caller holds l.mu.
func (l *Loop) instant() int64 {
	if l.mode != Virtual {
		return max(l.now, int64(time.Since(l.epoch)))
	}
	return l.now
}

// Stop ends the ticker and reports whether it did: false means that it had been
// stopped before, or ended with its loop. A callback can stop a ticker that is due
// in the same turn, behind it, and its own.
func (tk *Ticker) Stop() bool {
	l := tk.timer.loop
	l.checkCaller("Ticker.Stop")
	l.mu.Lock()
	defer l.mu.Unlock()
	active := tk.active && !l.closed
	tk.active = false
	l.disarm(tk.timer)
	return active
}

// Reset begins a new grid now: the next tick is one period away. It starts a ticker
// that was stopped again. It reports whether the ticker had been active. A tick
// under way ends first; if that takes longer than the period, the ticker's policy
// says when the next one comes. Reset panics if period is not positive or the loop
// is closed.
func (tk *Ticker) Reset(period time.Duration) bool {
	mustBePositive("Reset of a ticker", period)
	l := tk.timer.loop
	l.checkCaller("Ticker.Reset")
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		panic("fakeloop: Reset on a closed loop: the ticker would never tick")
	}
	active := tk.active
	l.disarm(tk.timer)
	tk.start(period)
	return active
}

// Due returns the instant of the next tick; while a tick is under way, the instant
// of the next one if this one ends in time. It is that of the last one set for a
// ticker that was stopped, and the largest instant of the loop if there never is a
// next one.
func (tk *Ticker) Due() time.Time {
	l := tk.timer.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	due := tk.timer.when
	if tk.ticking && tk.active {
		due = saturatingAdd(tk.origin, tk.period)
	}
	return l.epoch.Add(time.Duration(due))
}

// String names the ticker.
func (tk *Ticker) String() string {
	l := tk.timer.loop
	l.mu.Lock()
	defer l.mu.Unlock()
	return "ticker " + describe(tk.timer.id, tk.timer.label) + tk.timer.site.suffix()
}
