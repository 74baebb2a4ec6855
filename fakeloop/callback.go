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

// announced runs a callback of a loop whose callbacks somebody wants to know.
func (l *Loop) announced(fn func()) {
	t := l.underWay()
	if over := l.onCallback(CallbackInfo{ID: t.id, Poster: t.parent, Label: t.label}); over != nil {
		defer over()
	}
	fn()
}

// announce says that the body of the coroutine goes on, on its own goroutine.
func (co *Coroutine) announce() {
	l := co.loop
	if l.onCallback == nil {
		return
	}
	t := l.underWay()
	co.over = l.onCallback(CallbackInfo{ID: t.id, Poster: t.parent, Label: t.label, Coroutine: co.scope.id})
	if co.over == nil {
		co.over = nothing
	}
}

func nothing() {}
