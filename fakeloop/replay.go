package fakeloop

import (
	"fmt"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Replay is a list of recorded decisions. It does not change, and may be used by
// any number of loops and goroutines.
type Replay struct {
	text string
	body []byte
	n    int
}

// ParseReplay reads a replay string, as [Recording.String] makes it. The error is a
// *ReplayError, which says at which byte what is wrong. A string that was cut off or
// changed on its way is found by its checksum, and one of an unknown version is
// refused.
func ParseReplay(text string) (*Replay, error) {
	body, err := unpack(text)
	if err != nil {
		return nil, err
	}
	n, bad := check(body)
	if bad != nil {
		return nil, &ReplayError{len(replayPrefix), fmt.Sprintf("in the data from here on, at byte %d: expected %s", bad.at, bad.expected)}
	}
	return &Replay{text, body, n}, nil
}

// String returns the string that was parsed.
func (r *Replay) String() string { return r.text }

// Len returns the number of decisions.
func (r *Replay) Len() int { return r.n }

// Strict returns a source for one loop that answers what was recorded, and refuses
// to go on with a *DivergenceError as soon as it is asked something else than was
// recorded: another label, another number of ways, or, where options were recorded,
// other ones. So a run that ends without that error, and with nothing left in
// [StrictReplay.Rest], took the recorded decisions.
func (r *Replay) Strict() *StrictReplay {
	faults := readFaults(r.body)
	return &StrictReplay{r: reader{body: r.body}, faults: faults, of: r.n - len(faults)}
}

// Source returns a source for one loop that follows the recording as far as it can,
// for a program that has changed a little since: the n-th question of a label gets
// the answer to the n-th recorded question of that label. What the loop itself asks
// is answered with the callback or work that went first then, known by its identity
// and label, if it is among the options. Choice 0 is the answer where the recording
// has none.
func (r *Replay) Source() Source {
	f := &follower{answers: make(map[string][]answer), faults: readFaults(r.body)}
	rd := reader{body: r.body}
	for rd.more() {
		s := rd.next()
		a := answer{choice: s.choice}
		if s.options != nil {
			a.option = rd.expand(s.options[s.choice])
			a.known = true
		}
		label := rd.labels[s.label]
		if f.faults.has(label) {
			continue
		}
		f.answers[label] = append(f.answers[label], a)
	}
	return f
}

// StrictReplay is the source that [Replay.Strict] returns. It serves one loop.
type StrictReplay struct {
	r        reader
	faults   faultAnswers
	taken    int
	of       int
	diverged *DivergenceError
}

// Rest returns how many recorded decisions have not been asked for yet. Above zero
// at the end of a run it means that the run ended, or waits, earlier than the
// recorded one. It must not be called while the loop runs.
func (s *StrictReplay) Rest() int { return s.of - s.taken + s.faults.rest() }

// Choose is ChooseOption for a caller that knows nothing of options: they are not
// compared, and a divergence is a panic with a *DivergenceError.
func (s *StrictReplay) Choose(label string, n int) int {
	choice, err := s.ChooseOption(Decision{Label: label, N: n})
	if err != nil {
		panic(err)
	}
	return choice
}

// ChooseOption returns the recorded choice, or a *DivergenceError, and that same
// error ever after.
func (s *StrictReplay) ChooseOption(d Decision) (int, error) {
	if s.diverged != nil {
		return 0, s.diverged
	}
	e := &DivergenceError{Number: s.taken + 1, Of: s.of, Asked: d}
	if s.taken < s.of {
		recorded := s.r.nextDecision()
		if s.r.matches(recorded, d) {
			s.taken++
			return recorded.choice, nil
		}
		e.Recorded = s.r.decision(recorded)
		e.Choice = recorded.choice
	}
	e.Asked.Options = append([]Option(nil), d.Options...)
	s.diverged = e
	return 0, e
}

// matches reports whether a decision is the recorded one, as far as is known.
func (r *reader) matches(s step, d Decision) bool {
	if r.labels[s.label] != d.Label || s.n != d.N {
		return false
	}
	if s.options == nil || d.Options == nil {
		return true
	}
	for i, o := range d.Options {
		if !alike(r.expand(s.options[i]), o) {
			return false
		}
	}
	return true
}

// expand returns the option that a candidate stands for. Of its identity only the
// first four digits are known; the others are zero.
func (r *reader) expand(c candidate) Option {
	return Option{timeline.ID(c.hash) << 48, r.labels[c.label]}
}

func (r *reader) decision(s step) *Decision {
	d := &Decision{Label: r.labels[s.label], N: s.n}
	for _, c := range s.options {
		d.Options = append(d.Options, r.expand(c))
	}
	return d
}

// alike reports whether two options are the same, as far as a recording knows.
func alike(a, b Option) bool {
	return a.Label == b.Label && shortHash(a.ID) == shortHash(b.ID)
}

// follower is the lenient source of a replay.
type follower struct {
	answers map[string][]answer // by the label of the question, in order
	faults  faultAnswers
}

// answer is what was answered to a question.
type answer struct {
	choice int
	option Option // what went first, if that is known
	known  bool
}

func (f *follower) Choose(label string, n int) int {
	choice, _ := f.ChooseOption(Decision{Label: label, N: n}) // it never refuses
	return choice
}

func (f *follower) ChooseOption(d Decision) (int, error) {
	left := f.answers[d.Label]
	if len(left) == 0 {
		return 0, nil
	}
	a := left[0]
	f.answers[d.Label] = left[1:]
	if a.known && d.Options != nil {
		for i, o := range d.Options {
			if alike(a.option, o) {
				return i, nil
			}
		}
		return 0, nil
	}
	if a.choice < d.N {
		return a.choice, nil
	}
	return 0, nil
}
