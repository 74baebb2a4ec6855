package fakeloop

import "strings"

// The faults of a run are recorded like other decisions, but for two things: that a
// point had no fault is not written down, and where a fault stands among the other
// decisions does not count, since points are met by goroutines that race. A fault is
// known by its label, which begins like that of no other decision.
const faultMark = "\x00fault "

// faultLabel is how the timeline calls a fault.
func faultLabel(point string) string { return "fault: " + point }

// faultAnswers are the recorded faults, by the name of the point.
type faultAnswers map[string]*faultAnswer

type faultAnswer struct {
	ways   int
	choice int
	met    bool
}

// readFaults returns the faults in a recorded body.
func readFaults(body []byte) faultAnswers {
	var out faultAnswers
	for r := (&reader{body: body}); r.more(); {
		s := r.next()
		if name, ok := strings.CutPrefix(r.labels[s.label], faultMark); ok && s.options == nil {
			if out == nil {
				out = faultAnswers{}
			}
			out[name] = &faultAnswer{ways: s.n, choice: s.choice}
		}
	}
	return out
}

// answer returns the recorded choice at a point, 0 if no fault was injected there, or if
// the point has changed since: a strict replay finds it missing at the end.
func (a faultAnswers) answer(p FaultPoint) int {
	found := a[p.Name]
	if found == nil || found.ways != p.Ways() {
		return 0
	}
	found.met = true
	return found.choice
}

// has reports whether the label of a decision is that of one of the faults.
func (a faultAnswers) has(label string) bool {
	name, ok := strings.CutPrefix(label, faultMark)
	return ok && a[name] != nil
}

// nextDecision reads the next decision that is no fault.
func (r *reader) nextDecision() step {
	s := r.next()
	for strings.HasPrefix(r.labels[s.label], faultMark) && s.options == nil {
		s = r.next()
	}
	return s
}

// rest returns how many faults have not been met.
func (a faultAnswers) rest() int {
	n := 0
	for _, found := range a {
		if !found.met {
			n++
		}
	}
	return n
}

// Faults reports whether the recorded source has fault points.
func (r *Recording) Faults() bool {
	f, ok := r.source.(FaultSource)
	return ok && f.Faults()
}

// ChooseFault asks the recorded source, and writes down what is not 0.
func (r *Recording) ChooseFault(p FaultPoint) int {
	f, ok := r.source.(FaultSource)
	if !ok {
		return 0
	}
	choice := f.ChooseFault(p)
	if choice > 0 {
		r.add(Decision{Label: faultMark + p.Name, N: p.Ways()}, choice)
	}
	return choice
}

// Faults reports whether a fault was recorded: then the run has fault points.
func (s *StrictReplay) Faults() bool { return len(s.faults) > 0 }

// ChooseFault returns the recorded choice at the point of that name, 0 if there is none.
// A fault whose point is not met is counted by [StrictReplay.Rest].
func (s *StrictReplay) ChooseFault(p FaultPoint) int { return s.faults.answer(p) }

// Faults reports whether a fault was recorded: then the run has fault points.
func (f *follower) Faults() bool { return len(f.faults) > 0 }

// ChooseFault returns the recorded choice at the point of that name, 0 if there is none.
func (f *follower) ChooseFault(p FaultPoint) int { return f.faults.answer(p) }
