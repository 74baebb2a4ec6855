package blocking

import (
	"fmt"
	"iter"
	"strings"
	"time"
)

// analyser turns steps into a report. The questions it asks are fields, so that
// the tests can replace one answer by a wrong one and show which cases notice.
type analyser struct {
	marks map[string]bool
	rules []Rule
	// The rest of what is not a question tells one Recorder from others.
	family     family
	head, tail [2]int64 // the goroutines that made the probes; zero is any
	late       bool     // what comes before the first probe is not for this Recorder
	hung       []place  // what the guard saw

	kind   func(step) (Kind, bool)
	asker  func(reason string, stack []Frame) (int, bool)
	marker func(stack []Frame, from int, marks map[string]bool) int
	user   func(stack []Frame) int
	glue   func(Frame) bool
	// incidental says of a stack, cut at whoever asked for the wait, that the
	// wait is nobody's.
	incidental func(stack []Frame, marks map[string]bool) bool
	about      func(kind Kind, reason string, asked []Frame) Resource
	match      func(Rule, []Frame) int
	scope      func(f Frame, reasons []string) (allowed, scope bool, reason string, rest []string)
	waker      func(step) *stack
	spent      func(step) (time.Duration, place, bool)
	proven     func(head, tail int) error
}

func newAnalyser(c Config) *analyser {
	own := newOwnership()
	a := &analyser{
		marks:      set(append([]string{callbackMark, headMark, tailMark, startMark, stopMark, holdMark, releaseMark, arriveMark, departMark}, c.Markers...)...),
		rules:      append([]Rule(nil), c.Allow...),
		kind:       entered,
		asker:      asker,
		marker:     nearest,
		user:       own.user,
		incidental: own.incidental,
		glue:       func(f Frame) bool { return f.generated() || own.library(f) },
		match:      matchAnywhere,
		scope:      scopeAt,
		waker:      func(s step) *stack { return s.waker },
		proven:     bothProbes,
	}
	a.spent = a.overBudget
	a.about = func(kind Kind, reason string, asked []Frame) Resource {
		return classify(kind, reason, asked, own)
	}
	return a
}

// entered reports whether s is the beginning of a block.
func entered(s step) (Kind, bool) {
	switch {
	case s.from == running && s.to == waiting:
		return Park, true
	case s.from == running && s.to == inSyscall:
		return Syscall, true
	}
	return 0, false
}

func isOne(g int64, probes [2]int64) bool {
	return probes == [2]int64{} || g == probes[0] || g == probes[1]
}

func bothProbes(head, tail int) error {
	switch {
	case head == 0 && tail == 0:
		return fmt.Errorf("%w: neither the block it made at the start nor the one at the end is in the trace", ErrBlind)
	case head == 0:
		return fmt.Errorf("%w: the block it made at the start is not in the trace", ErrBlind)
	case tail == 0:
		return fmt.Errorf("%w: the block it made at the end is not in the trace; has something called trace.Stop?", ErrBlind)
	}
	return nil
}

// at identifies what a parked goroutine means: one answer per stack and reason.
type at struct {
	kind   Kind
	reason string
	stack  *stack
	label  label
	scopes string
}

// same is what makes two blocks the same place. A line reached by two paths, of
// which one leads through an allowed function, is two places.
type same struct {
	kind           Kind
	resource       Resource
	reason         string
	user, callback Frame
	label          label
	allowed        string
}

// spot collects the blocks of one place.
type spot struct {
	block   Block
	matched []int          // indices of all rules that allow it
	in      map[string]int // by key of a callback, which of block.In it is
}

// wait is a goroutine that is blocked at this point of the trace.
type wait struct {
	spot  *spot
	since time.Duration
	in    occasion
}

// run reads steps to the end. It fails with ErrBlind when they cannot be read,
// or hold no proof that the recording was alive from start to end.
func (a *analyser) run(steps iter.Seq2[step, error]) (*Report, error) {
	var (
		r          = &Report{}
		head, tail int
		placed     = map[at]*spot{}
		spots      = map[same]*spot{}
		waits      = map[int64]wait{}
		regions    = map[int64]*inRegions{}
		used       = make([]bool, len(a.rules))
		end        time.Duration
	)
	for s, err := range steps {
		if err != nil {
			return nil, fmt.Errorf("%w: the trace cannot be read (a Go newer than this golang.org/x/exp/trace needs a newer one of that): %w", ErrBlind, err)
		}
		if s.mark != transition {
			if regions[s.g] == nil {
				regions[s.g] = &inRegions{}
			}
			regions[s.g].note(s)
			if cpu, p, ok := a.spent(s); ok && (!a.late || head > 0) && !a.family.foreign(s.g) {
				sp := a.spotFor(spots, CPU, p.reason, p, regions[s.g])
				sp.block.Count++
				sp.block.CPU = max(sp.block.CPU, cpu)
			}
			continue
		}
		r.Events++
		end = s.at
		if s.creator != 0 {
			a.family.born(s.g, s.creator)
		}
		// A new generation of the trace repeats the state of each goroutine.
		if w, ok := waits[s.g]; ok && s.to != s.from && (s.from == waiting || s.from == inSyscall) {
			delete(waits, s.g)
			w.spot.block.Longest = max(w.spot.block.Longest, s.at-w.since)
			w.spot.wokenBy(a.waker(s))
		}
		kind, ok := a.kind(s)
		if !ok || s.stack == nil {
			continue
		}
		reason := s.reason
		if kind == Syscall && len(s.stack.frames) > 0 {
			reason = s.stack.frames[0].Func
		}
		in := regions[s.g]
		key := at{kind, reason, s.stack, in.label(), strings.Join(in.scopes(), separator)}
		sp, known := placed[key]
		if !known {
			p := a.locate(kind, reason, s.stack.frames)
			switch p.verdict {
			case headProof:
				if isOne(s.g, a.head) {
					head++
				}
				continue
			case tailProof:
				if isOne(s.g, a.tail) {
					tail++
				}
				continue
			case inside, cut:
				sp = a.spotFor(spots, kind, reason, p, in)
			}
			placed[key] = sp
		}
		if sp == nil || a.late && head == 0 || a.family.foreign(s.g) {
			continue
		}
		sp.block.Count++
		if in.label() != (label{}) {
			in.touched = append(in.touched, sp)
		}
		waits[s.g] = wait{sp, s.at, in.blockedAt(sp)}
	}
	if err := a.proven(head, tail); err != nil {
		return nil, err
	}
	for _, w := range waits {
		w.spot.block.Open = true
		w.in.tell(func(b *Occurrence) { b.Open = true })
		w.spot.block.Longest = max(w.spot.block.Longest, end-w.since)
	}
	for _, p := range a.hung {
		a.spotFor(spots, Hang, p.reason, p, nil).block.Count++
	}
	for _, sp := range spots {
		if sp.block.Count == 0 {
			continue // of other Recorders
		}
		for _, i := range sp.matched {
			used[i] = true
		}
		switch {
		case sp.block.Allowed != "":
			r.Allowed = append(r.Allowed, sp.block)
		case sp.block.Kind == Hang:
			r.Hangs = append(r.Hangs, sp.block)
		case sp.block.Callback == Frame{} && sp.block.Name == "":
			r.Truncated = append(r.Truncated, sp.block)
		default:
			r.Blocks = append(r.Blocks, sp.block)
		}
	}
	sortBlocks(r.Blocks)
	sortBlocks(r.Allowed)
	sortBlocks(r.Truncated)
	sortBlocks(r.Hangs)
	for i, rule := range a.rules {
		if !used[i] && !rule.preset {
			r.Stale = append(r.Stale, rule)
		}
	}
	return r, nil
}

// spotFor returns the spot of a place, made or found.
func (a *analyser) spotFor(spots map[same]*spot, kind Kind, reason string, p place, in *inRegions) *spot {
	b := Block{
		Kind: kind, Resource: a.about(kind, reason, p.asked), Reason: reason,
		Callback: p.callback, User: p.user, Stack: p.stack,
		Name: in.label().name, Posted: in.label().posted,
	}
	var matched []int
	b.Allowed, matched = a.judge(kind, b.Resource, p.stack, in.scopes())
	key := same{kind, b.Resource, reason, p.user, p.callback, in.label(), b.Allowed}
	sp := spots[key]
	if sp == nil {
		sp = &spot{block: b}
		spots[key] = sp
	}
	sp.matched = append(sp.matched, matched...)
	if compareStacks(p.stack, sp.block.Stack) < 0 {
		sp.block.Stack = p.stack
	}
	return sp
}

// judge returns the reason that allows a block, "" when it counts, and the rules
// that have to do with it. What is nearest to the leaf decides.
func (a *analyser) judge(kind Kind, on Resource, stack []Frame, scopes []string) (reason string, matched []int) {
	closest, forbidden := len(stack), false
	for i, rule := range a.rules {
		if !rule.covers(kind, on) {
			continue
		}
		j := a.match(rule, stack)
		if j < 0 {
			continue
		}
		matched = append(matched, i)
		if j < closest || j == closest && rule.forbids && !forbidden {
			closest, forbidden, reason = j, rule.forbids, rule.Reason
		}
	}
	for i, f := range stack[:closest] {
		allowed, scope, why, rest := a.scope(f, scopes)
		if scopes = rest; scope {
			closest, forbidden, reason = i, !allowed, why
			break
		}
	}
	if forbidden {
		return "", matched
	}
	return reason, matched
}

// wokenBy keeps the first waker in order of names, whatever the order of time.
func (sp *spot) wokenBy(s *stack) {
	if s == nil || len(s.frames) == 0 {
		return
	}
	if sp.block.Waker == nil || compareStacks(s.frames, sp.block.Waker) < 0 {
		sp.block.Waker = s.frames
	}
}
