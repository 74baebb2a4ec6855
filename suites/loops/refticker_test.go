package loops_test

import (
	"errors"
	"math/rand/v2"
	"time"
)

// refPolicy says when the tick behind the one that was due at due comes, if that
// one ended at now. The start is that of the ticker.
type refPolicy func(l *refLoop, due, period, now time.Duration) time.Duration

func refSkip(l *refLoop, due, period, now time.Duration) time.Duration {
	switch {
	case l.has("a ticker makes up for what it missed"):
		return refBurst(l, due, period, now)
	case l.has("a ticker counts from the end of its callback"):
		return refDelay(l, due, period, now)
	}
	return l.later(due, ((now-due)/period+1)*period, "a period that overflows is over at once")
}

func refBurst(l *refLoop, due, period, now time.Duration) time.Duration {
	if l.has("Burst is like Skip") {
		return due + ((now-due)/period+1)*period
	}
	return due + period
}

func refDelay(l *refLoop, due, period, now time.Duration) time.Duration {
	if l.has("Delay is like Skip") {
		return due + ((now-due)/period+1)*period
	}
	return now + period
}

// every makes a ticker with a policy.
func (l *refLoop) every(policy refPolicy) func(time.Duration, func()) (func(), error) {
	return func(period time.Duration, f func()) (func(), error) {
		if period <= 0 {
			if !l.has("a period of zero is taken") {
				return nil, errors.New("the period must be positive")
			}
			period = 1
		}
		l.mu.Lock()
		due := l.later(l.now, period, "a period that overflows is over at once")
		l.mu.Unlock()
		var timer *refTimer
		stopped, inside := false, false
		next := func() {
			inside = false
			if stopped {
				return
			}
			due = policy(l, due, period, l.Now())
			l.Reset(timer, due-l.Now())
		}
		timer = l.After(due-l.Now(), func() {
			inside = true
			if l.has("a ticker whose callback panics ends") {
				f()
				next()
				return
			}
			defer next()
			f()
		})
		return func() {
			if inside && l.has("a ticker cannot be stopped by its own callback") {
				return
			}
			stopped = true
			l.Stop(timer)
		}, nil
	}
}

// Jitter makes a ticker with periods of random length.
func (l *refLoop) Jitter(period time.Duration, fraction float64, f func()) (stop func()) {
	random := rand.New(rand.NewPCG(1, 2))
	if l.has("jitter is twice as much") {
		fraction *= 2
	}
	length := func() time.Duration {
		return time.Duration(float64(period) * (1 + fraction*(random.Float64()-0.5)))
	}
	var timer *refTimer
	stopped := false
	timer = l.After(length(), func() {
		if f(); !stopped {
			l.Reset(timer, length())
		}
	})
	return func() { stopped = true }
}
