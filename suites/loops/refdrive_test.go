package loops_test

import (
	"errors"
	"slices"
	"time"
)

// begin claims the right to drive.
func (l *refLoop) begin() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return errClosed
	case l.driven:
		return errDriven
	}
	l.driven = true
	return nil
}

func (l *refLoop) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.driven, l.running = false, false
}

// drive runs callbacks up to the horizon, until over says that it is enough. It
// returns the errors of the callbacks.
func (l *refLoop) drive(horizon time.Duration, over func() bool) error {
	if err := l.begin(); err != nil {
		if errors.Is(err, errDriven) && l.has("driving from inside does nothing") {
			return nil
		}
		return err
	}
	defer l.end()
	return l.loop(horizon, over)
}

func (l *refLoop) loop(horizon time.Duration, over func() bool) error {
	for n := 0; ; n++ {
		l.mu.Lock()
		l.running = false
		if over != nil && over() {
			l.mu.Unlock()
			break
		}
		task, found, wait := l.next(horizon)
		l.running = found
		sleep, timed := l.untilNext(horizon)
		l.mu.Unlock()
		if !found && timed {
			select {
			case <-l.wakeup:
			case <-time.After(sleep):
			}
			continue
		}
		if wait {
			select {
			case <-l.wakeup:
			case <-time.After(l.patience()):
				return l.failures(errLimit)
			}
			continue
		}
		if !found {
			break
		}
		if n >= l.limit {
			l.mu.Lock()
			l.batch = slices.Insert(l.batch, 0, task)
			l.mu.Unlock()
			if l.has("the limit is reached in silence") {
				return nil
			}
			return l.failures(errLimit)
		}
		l.dispatch(task.fn)
	}
	return l.failures(nil)
}

// untilNext is how long a loop on package time sleeps before the next timer that it
// lives to see. The caller holds l.mu.
func (l *refLoop) untilNext(horizon time.Duration) (sleep time.Duration, timed bool) {
	if !l.onPackageTime() || len(l.timers) == 0 || l.timers[0].at > horizon || l.timers[0].at == refNever {
		return 0, false
	}
	return l.timers[0].at - l.now, true
}

// patience is how long the loop waits for work outside.
func (l *refLoop) patience() time.Duration {
	if l.flaw != "" {
		return 300 * time.Millisecond
	}
	return time.Minute
}

func (l *refLoop) failures(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	errs := l.errs
	l.errs = nil
	if l.has("only the first error is kept") && len(errs) > 1 {
		errs = errs[:1]
	}
	return errors.Join(append(errs, err)...)
}

// next returns the callback that runs next, and begins a turn when the last one
// is used up. Wait means that there is none, but work outside. The caller holds
// l.mu.
func (l *refLoop) next(horizon time.Duration) (task refTask, found, wait bool) {
	for {
		for len(l.batch) > 0 {
			task, l.batch = l.batch[0], l.batch[1:]
			if t := task.timer; t != nil {
				if !t.queued || t.armed != task.armed {
					continue // cancelled or reset since it came due
				}
				t.queued = false
				l.now = max(l.now, t.at)
				if l.has("now is the due time, though it be past") {
					l.now = t.at
				}
			}
			return task, true, false
		}
		if l.beginTurn(horizon) {
			continue
		}
		return refTask{}, false, l.outside > 0
	}
}

// beginTurn makes the batch of the next turn: what is ready, then the timers that
// are due. Only if there is neither, and no work outside, time moves.
func (l *refLoop) beginTurn(horizon time.Duration) bool {
	l.readClock()
	idle := len(l.ready) == 0
	if idle {
		l.ready, l.late = l.late, nil
	}
	l.batch, l.ready, l.draining = l.ready, nil, 0
	due := l.due()
	switch {
	case l.has("due timers run before what is ready"):
		l.batch = append(due, l.batch...)
	case l.has("due timers wait until nothing is ready") && len(l.batch) > 0:
		for _, t := range due {
			t.timer.queued = false
			l.timers.push(t.timer)
		}
		return true
	default:
		l.batch = append(l.batch, due...)
	}
	still := len(l.batch) > 0 && !l.has("time moves though something is ready")
	if still || l.outside > 0 && !l.has("time moves though work is outside") {
		return len(l.batch) > 0
	}
	if len(l.timers) == 0 || l.timers[0].at > horizon || l.timers[0].at == refNever || l.onPackageTime() {
		return len(l.batch) > 0
	}
	l.now = max(l.now, l.timers[0].at)
	l.batch = append(l.batch, l.due()...)
	return true
}

// due takes the timers that are due out of the heap.
func (l *refLoop) due() []refTask {
	var out []refTask
	for len(l.timers) > 0 && l.timers[0].at <= l.now {
		t := l.timers.pop()
		t.queued = true
		out = append(out, refTask{fn: t.fn, timer: t, armed: t.armed})
	}
	if l.has("ties run in any order") && len(out) > 1 {
		refShuffle(out)
	}
	return out
}

// Advance moves time by d, the last instant included.
func (l *refLoop) Advance(d time.Duration) error {
	if l.has("a negative advance is taken") && d < 0 {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.now += d
		return nil
	}
	if d < 0 {
		return errPast
	}
	if err := l.begin(); err != nil {
		if l.has("an advance that finds another under way does nothing") {
			return nil
		}
		return err
	}
	defer l.end()
	l.mu.Lock()
	target := min(l.later(l.now, d, "an advance that overflows does nothing"), refNever-1)
	if l.has("an advance moves the clock first") {
		l.now = target
	}
	l.mu.Unlock()
	horizon := target
	if l.has("an advance leaves out its last instant") {
		horizon--
	}
	err := l.loop(horizon, nil)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.readClock(); l.onPackageTime() {
		l.mu.Unlock()
		time.Sleep(target - l.now)
		l.mu.Lock()
	}
	l.now = max(l.now, target)
	return err
}

// Turn runs one turn.
func (l *refLoop) Turn() error {
	begun := false
	return l.drive(refNever, func() bool {
		if len(l.batch) == 0 && begun {
			return true
		}
		begun = true
		return false
	})
}

// Run runs until Quit, or until nothing is left to do.
func (l *refLoop) Run() error {
	if l.has("Run forgets an earlier Quit") {
		l.quit = false
	}
	n := 0
	return l.drive(refNever, func() bool {
		n++
		over := l.quit && len(l.batch) == 0 && (n > 1 || len(l.ready) == 0)
		if l.has("Quit ends the turn under way") {
			over = l.quit
		}
		if over {
			l.quit = false
		}
		return over
	})
}

func (l *refLoop) Quit() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quit = true
}
