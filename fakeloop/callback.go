package fakeloop

import "github.com/windtunnel-go/windtunnel/fakeloop/timeline"

// CallbackInfo says which callback it is that [Config].OnCallback is told of.
type CallbackInfo struct {
	ID        timeline.ID // of the callback, as it stands in the timeline
	Poster    timeline.ID // who posted it, or set the timer; that of a future whose handler it is
	Label     string      // "" if it has none
	Coroutine timeline.ID // whose body the callback runs on this goroutine; zero on the loop's own

	_ struct{}
}

// announce says that the callback that was taken last begins, and returns what to call when
// it is over.
func (l *Loop) announce() (over func()) { return l.announceIn(0) }

// announceIn is announce on the goroutine of a coroutine.
func (l *Loop) announceIn(coroutine timeline.ID) (over func()) {
	t := l.underWay()
	over = l.onCallback(CallbackInfo{ID: t.id, Poster: t.parent, Label: t.label, Coroutine: coroutine})
	if over == nil {
		return nothing
	}
	return over
}

// announce says that the body of the coroutine goes on, on its own goroutine.
func (co *Coroutine) announce() {
	if co.loop.onCallback != nil {
		co.over = co.loop.announceIn(co.scope.id)
	}
}

func nothing() {}
