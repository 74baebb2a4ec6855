package fakeloop

// instant counts the callbacks that a bubble's loop has run without coming to rest and
// without time moving.
type instant struct {
	at  int64
	ran int
}

// refusesMore reports whether no callback is to run any more, and sees to it if too many
// have at one instant. The caller holds l.mu.
func (l *Loop) refusesMore() bool {
	if l.mode == Bubble && l.instantLimit > 0 && l.choices.refusal == nil {
		l.readClock()
		if l.beside.busy.at != l.now {
			l.beside.busy = instant{at: l.now}
		}
		if l.beside.busy.ran >= l.instantLimit && l.hasReady() {
			l.choices.refusal = &LimitError{Callbacks: l.beside.busy.ran, At: l.elapsed(), Instant: true, Last: l.lastFired(3)}
		}
	}
	return l.choices.refusal != nil
}
