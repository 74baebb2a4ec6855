package loops

import (
	"slices"
	"strconv"
)

// Case is one rule for event loops and the check of it.
type Case struct {
	Number int    // 1 to 55, the same for ever
	Letter string // tells the parts of one number apart; "" if there is only one
	Name   string // of the number
	Rule   string // what must happen, in one sentence
	Why    string // what goes wrong otherwise
	Source string // existing tests of other loops that cover it

	// Needs names the optional parts without which the case is not applicable,
	// separated by spaces.
	Needs string

	// Not says in which modes the case cannot hold, and why.
	Not map[Mode]string

	// Check runs the case. It is called on a goroutine of its own.
	Check func(*T)

	// Blocks judges what was seen to block during Check. A case that has it
	// needs Watch.
	Blocks func(t *T, reports []string)
}

// ID is the number and the letter, as in "13" or "1b".
func (c Case) ID() string { return strconv.Itoa(c.Number) + c.Letter }

// Cases returns the whole table in the order of the numbers.
func Cases() []Case {
	return slices.Concat(
		ordering, turns, cancellation, timing, clock, deadlines, threads, starvation, failures, futures, closing, periodic, blocking,
	)
}

// The reasons for which cases leave out a mode.
const (
	lateness = "real timers are late, and their lateness is no error"
	noSleep  = "a virtual loop does not sleep until a timer is due: its time jumps there"
	goesOn   = "real time goes on, whatever the loop does"
)
