package timeline

import (
	"math"
	"time"
)

// traceLayout is where the events of a run stand in its trace.
type traceLayout struct {
	*causal
	at    []micros       // by event: where it stands on the axis
	place []int          // by event: its chain, or one of the places below
	until map[int]micros // by event in which a callback began: where that ends
	last  micros         // the end of the record
	ended map[string]int // by connection: the last event at the gate that is about it

	tracks map[int]int // by place: the track
	names  []string    // by track
}

// Where an event stands that is no callback's doing.
const (
	atDriver = -1
	beside   = -2
)

// traceLayout finds the place of each event. A callback ends with the last thing that it
// did, or when the time is over that it was charged, but before the next one begins:
// slices of callbacks never overlap, and those of other events, of one nanosecond each, are
// within them or outside.
func (t *Timeline) traceLayout() *traceLayout {
	l := &traceLayout{
		causal: t.causal(),
		at:     make([]micros, 0, t.n), place: make([]int, 0, t.n),
		until: make(map[int]micros), ended: make(map[string]int), tracks: make(map[int]int),
	}
	l.tid(atDriver)
	var running ID
	began := -1 // the event in which the callback that runs began
	for i, e := range t.All() {
		at := l.next(e, t.n-i)
		place := atDriver
		if e.Kind == Fired {
			if began >= 0 {
				l.until[began] = min(l.until[began], at)
			}
			running, began = e.ID, i
			l.until[i] = at + 1
			place = l.chain(e.ID)
		} else if l.isDoing(i, e, running) {
			place = l.chain(running)
			l.until[began] = max(l.until[began], at+1, l.charged(e, t.n-i))
		} else if l.isBeside(e) {
			place = beside
		}
		l.at, l.place = append(l.at, at), append(l.place, place)
		if name := connectionOf(e); name != "" {
			l.ended[name] = i
		}
	}
	for _, end := range l.until {
		l.last = max(l.last, end)
	}
	if len(l.at) > 0 {
		l.last = max(l.last, l.at[len(l.at)-1]+1)
	}
	return l
}

// next returns where the next event stands, of which so many are left: at its time, but
// behind the one before, and with room for those that follow.
func (l *traceLayout) next(e Event, left int) micros {
	at := micros(max(e.At, 0))
	if n := len(l.at); n > 0 {
		at = max(at, l.at[n-1]+1)
	}
	return min(at, axisEnd-micros(left))
}

// axisEnd is where an axis ends that leads to what loops take for never.
const axisEnd = math.MaxInt64

// charged returns when the time is over that an event says a callback takes; 0 if it says
// nothing.
func (l *traceLayout) charged(e Event, left int) micros {
	if e.Kind != Charged {
		return 0
	}
	d, err := time.ParseDuration(e.Detail)
	if err != nil || d < 0 || e.At < 0 {
		return 0
	}
	return min(micros(e.At)+min(micros(d), axisEnd-micros(e.At)), axisEnd-micros(left)+1)
}

// isDoing reports whether the i-th event is the doing of the callback that runs.
func (l *traceLayout) isDoing(i int, e Event, running ID) bool {
	if running == Driver {
		return false
	}
	switch e.Kind {
	case Passed, Returned:
		return false
	case Panicked, Escaped:
		return e.ID == running
	}
	if co, resumed := l.resumed[running]; e.Cause == running || resumed && e.Cause == co {
		return true
	}
	// The handlers of a future are posted by whoever settles it.
	return e.Kind == Posted && l.made[e.Cause].kind == Promised && i > 0 && l.place[i-1] == l.chain(running)
}

// isBeside reports whether an event that no callback did is not the driver's doing
// either.
func (l *traceLayout) isBeside(e Event) bool {
	return e.Kind == Passed || e.Kind == Returned || e.Cause != Driver && e.Kind == Posted && l.made[e.Cause].kind != Promised
}

// tid returns the number of a track, which begin with 1.
func (l *traceLayout) tid(place int) int {
	n, known := l.tracks[place]
	if !known {
		name := ""
		switch place {
		case atDriver:
			name = "driver"
		case beside:
			name = "beside the loop"
		default:
			name = l.name(place)
		}
		l.names = append(l.names, name)
		n = len(l.names)
		l.tracks[place] = n
	}
	return n
}
