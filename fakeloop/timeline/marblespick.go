package timeline

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Pick says which events of a run count as marbles, and as which. Its zero value
// picks nothing. A Pick can be used for any number of runs, at the same time.
type Pick struct {
	// begin returns the function that is asked about the events of one run.
	begin func(*causal) func(Event) (Marble, bool)
}

// Where returns the pick of those events for which f returns true, as the marbles
// that it returns with it.
func Where(f func(Event) (m Marble, ok bool)) Pick {
	return Pick{func(*causal) func(Event) (Marble, bool) { return f }}
}

// Fires picks the callbacks that have a name of their own, when they fire. The
// handlers of a future, the callbacks of a coroutine, and those with which work
// comes back go by the name of the future, the coroutine or the work, and do not
// count.
func Fires() Pick {
	return Pick{func(c *causal) func(Event) (Marble, bool) {
		return func(e Event) (Marble, bool) {
			return Marble{Label: e.Label}, e.Kind == Fired && c.isNamed(e)
		}
	}}
}

// Settles picks the futures that have a label, when they are settled: those that
// are rejected as failed. That includes futures which the loop labels, such as
// "then" and "sleep"; Only leaves them out.
func Settles() Pick {
	return Where(func(e Event) (Marble, bool) {
		m := Marble{Label: e.Label}
		if strings.HasPrefix(e.Detail, "rejected: ") {
			m.Sign = Failed
		}
		return m, e.Kind == Settled && e.Label != ""
	})
}

// Panics picks the callbacks that panic, as failed.
func Panics() Pick {
	return Where(func(e Event) (Marble, bool) {
		return Marble{Failed, e.Label}, e.Kind == Panicked
	})
}

// Closes picks the close of the loop, as an end without a label.
func Closes() Pick {
	return Where(func(e Event) (Marble, bool) {
		return Marble{Sign: Ended}, e.Kind == Closed
	})
}

// Only returns a pick of those marbles of p that have one of the labels.
func (p Pick) Only(labels ...string) Pick {
	labels = slices.Clone(labels)
	return Pick{func(c *causal) func(Event) (Marble, bool) {
		if p.begin == nil {
			return nothing
		}
		pick := p.begin(c)
		return func(e Event) (Marble, bool) {
			m, ok := pick(e)
			return m, ok && slices.Contains(labels, m.Label)
		}
	}}
}

func nothing(Event) (Marble, bool) { return Marble{}, false }

// seen is a marble of a run.
type seen struct {
	at time.Duration
	Marble
}

// marbles returns what the picks find in a run. An event that several pick is the
// marble of the first of them.
func (t *Timeline) marbles(picks []Pick) []seen {
	if len(picks) == 0 {
		picks = []Pick{Fires(), Settles(), Panics()}
	}
	c := t.causal()
	var pickers []func(Event) (Marble, bool)
	for _, p := range picks {
		if p.begin != nil {
			pickers = append(pickers, p.begin(c))
		}
	}
	var out []seen
	for _, e := range t.All() {
		for _, pick := range pickers {
			m, ok := pick(e)
			if !ok {
				continue
			}
			if m.Sign != Plain && m.Sign != Failed && m.Sign != Ended {
				panic(fmt.Sprintf("timeline: a pick answered with the sign %q; use Plain, Failed or Ended", rune(m.Sign)))
			}
			out = append(out, seen{e.At, m})
			break
		}
	}
	return out
}

// FromTimeline returns the marbles of a run: those that it matches, event for
// event, with the same picks. Without picks they are Fires, Settles and Panics.
func FromTimeline(t *Timeline, picks ...Pick) *Marbles {
	m := new(Marbles)
	for _, s := range t.marbles(picks) {
		m.steps = append(m.steps, marbleStep{s.at, []Marble{s.Marble}})
	}
	return m
}
