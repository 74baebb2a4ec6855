package fakeloop

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// StallError means that a bubble has stalled: see [WatchStalls].
type StallError struct {
	Bubble  uint64        // as the runtime counts them
	After   time.Duration // for how long nothing had moved, in real time
	Blocked []Stalled     // who waits for what the bubble does not bring
	Waiting []Stalled     // who waits for virtual time, or for each other; those at a gate first
}

// Stalled is a goroutine of a bubble that has stalled.
type Stalled struct {
	Goroutine uint64 // as the runtime counts them
	State     string // in the runtime's words, as "sync.Mutex.Lock"
	Where     string // "file:line", the innermost that is not the standard library's
	Stack     string
	Remedy    string // what it means that the goroutine is blocked there, and what to do; "" for those that wait for virtual time
}

// remedies say what it means that a goroutine of a bubble is blocked in a state, and
// what to do about it. A goroutine that is in no such state and not durably blocked either
// is at work, or the runtime is.
var remedies = map[string]string{
	"sync.Mutex.Lock":     lockRemedy,
	"sync.RWMutex.Lock":   lockRemedy,
	"sync.RWMutex.RLock":  lockRemedy,
	"semacquire":          lockRemedy,
	"chan receive":        channelRemedy,
	"chan send":           channelRemedy,
	"select":              channelRemedy,
	"sync.WaitGroup.Wait": "a sync.WaitGroup that was used outside the bubble first; make one inside",
	"IO wait":             "a real connection, pipe or file, which brings nothing in virtual time; connect through a network in memory",
}

const (
	lockRemedy    = "a lock of package sync, and whoever holds it waits too; do not hold it across a wait, or use package fakeloop/durable"
	channelRemedy = "a channel that was made outside the bubble; make it inside"

	parallelRemedy = "other tests, in t.Parallel, which do not end in virtual time; call it before the bubble begins"
)

// bubbleOf is what a dump of stacks says of one bubble.
type bubbleOf struct {
	text             string // the same for two looks between which nothing has moved
	moves            bool   // some goroutine runs, or may run without the bubble's doing
	blocked, waiting []stack
	held             map[uint64]string // what is to be said of the goroutines of callbacks that hold offloaded work
}

func bubbleStacks(all []stack, bubble uint64) bubbleOf {
	var b bubbleOf
	var text strings.Builder
	for _, s := range all {
		if s.bubble != bubble {
			continue
		}
		_, frames, _ := strings.Cut(s.text, "\n") // without how long it has been there
		fmt.Fprintf(&text, "%d %s %v\n%s\n", s.id, s.state, s.durable, frames)
		switch {
		case s.durable:
			b.waiting = append(b.waiting, s)
		case remedies[s.state] != "":
			b.blocked = append(b.blocked, s)
		default:
			b.moves = true
		}
	}
	b.text = text.String()
	if len(b.blocked) > 0 {
		b.held = heldIn(bubble)
	}
	return b
}

// heldIn says, of each goroutine on which a callback of the bubble is that holds offloaded
// work, that this does not begin before the callback has returned: the callback may be waiting
// for it.
func heldIn(bubble uint64) map[uint64]string {
	held := map[uint64]string{}
	for _, l := range loopsOf(bubble) {
		if !l.mu.TryLock() { // the loop is at work
			continue
		}
		if len(l.held.work) > 0 {
			var names []string
			for _, w := range l.held.work {
				names = append(names, w.describe())
			}
			held[l.held.by.id] = fmt.Sprintf("; %s has offloaded %s, and no such work begins before the callback is over: if this waits for it, let the callback return, and go on with a handler of the future; %s sets when it begins",
				l.nameUnderWay(), strings.Join(names, " and "), l.setting("Offload"))
		}
		l.mu.Unlock()
	}
	return held
}

func (b bubbleOf) stallError(after time.Duration) *StallError {
	err := &StallError{After: after}
	for _, s := range b.blocked {
		blocked := s.stalled()
		blocked.Remedy = remedies[s.state] + b.held[s.id]
		if strings.Contains(s.text, "testing.(*T).Parallel(") {
			blocked.Remedy = parallelRemedy
		}
		err.Blocked = append(err.Blocked, blocked)
	}
	for _, s := range b.waiting {
		if s.where() != "" && s.state != "synctest.Run" { // not what package testing and the director do
			err.Waiting = append(err.Waiting, s.stalled())
		}
	}
	slices.SortStableFunc(err.Waiting, func(a, b Stalled) int { return cmp.Compare(a.rank(), b.rank()) })
	return err
}

func (s stack) stalled() Stalled {
	return Stalled{Goroutine: s.id, State: s.state, Where: s.where(), Stack: s.text}
}

// String names the goroutine, what it does and where.
func (s Stalled) String() string {
	text := fmt.Sprintf("goroutine %d: %s", s.Goroutine, s.State)
	if s.Where != "" {
		text += " at " + s.Where
	}
	if s.atGate() {
		text += ", at the gate"
	}
	return text
}

// atGate reports whether the goroutine waits at a gate.
func (s Stalled) atGate() bool { return strings.Contains(s.Stack, packagePath+".(*Gate).Pass") }

// rank is lower for who waits at a gate: to do that with a lock held is a common mistake.
func (s Stalled) rank() int {
	if s.atGate() {
		return 0
	}
	return 1
}

// Error names who is blocked, on what and where, and who waits meanwhile: one of those
// may hold the lock. It ends with the stacks of those that are blocked.
func (e *StallError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "fakeloop: the time of bubble %d stands still: nothing in it has moved for %v of real time.", e.Bubble, e.After.Round(time.Millisecond))
	for _, s := range e.Blocked {
		fmt.Fprintf(&b, "\n%v: it waits for %s", s, s.Remedy)
	}
	if len(e.Waiting) > 0 {
		b.WriteString("\nThese wait in the bubble meanwhile:")
	}
	const most = 20
	for i, s := range e.Waiting {
		if i == most {
			fmt.Fprintf(&b, "\nand %d more", len(e.Waiting)-most)
			break
		}
		fmt.Fprintf(&b, "\n%v", s)
	}
	for _, s := range e.Blocked {
		b.WriteString("\n\n" + s.Stack)
	}
	return b.String()
}
