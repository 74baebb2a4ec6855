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
		l.approach(l.beside.busy.ran, l.instantLimit)
		if l.beside.busy.ran >= l.instantLimit && l.hasReady() {
			err := l.limitError(l.beside.busy.ran, l.now)
			err.Instant, err.setting = true, l.setting("InstantLimit")
			l.choices.refusal = err
		}
	}
	return l.choices.refusal != nil
}
