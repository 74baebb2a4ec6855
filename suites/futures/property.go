package futures

import (
	"slices"
	"strconv"
)

// Level says how much a property asks of a library.
type Level string

const (
	Required   Level = "required"      // of any future that has the functions it needs
	Optional   Level = "optional"      // of libraries that declare it
	Stochastic Level = "stochastic"    // required; checked by many rounds, best with -race
	Info       Level = "informational" // measured and shown; only a crash or a hang counts
)

// When says when, seen from who registers a handler, the future is settled. Promises/A+
// calls the three of them testThreeCases.
type When string

const (
	Once    When = ""        // the property does not depend on it
	Already When = "already" // before the registration
	AtOnce  When = "at once" // right after it
	Later   When = "later"   // when all has come to rest after it
)

// Property is one rule for futures and the check of it.
type Property struct {
	Number int    // 1 to 180, the same for ever
	Part   string // the letter of its part, A to N
	Name   string
	Rule   string // what must happen, in one sentence
	Source string // existing tests of other futures that cover it
	Level  Level

	// Needs names, separated by spaces, the functions of Adapter and the flags of
	// Caps (as in "Caps.Ordered") without which the property is not applicable. Of
	// "Flat|Adopt" one is enough.
	Needs string

	// Unless says which flags or policies of Caps rule the property out, and why.
	Unless map[string]string

	// Three says that the check is run once for each of Already, AtOnce and Later.
	Three bool

	// Unverified says why nothing can check the property mechanically. It has no
	// check then.
	Unverified string

	// Check runs the check, on a goroutine of its own.
	Check func(*T)
}

// ID is the number as in the names of subtests.
func (p Property) ID() string { return strconv.Itoa(p.Number) }

// Whens are the modes in which the property is checked.
func (p Property) Whens() []When {
	if p.Three {
		return []When{Already, AtOnce, Later}
	}
	return []When{Once}
}

// Properties returns the whole table in the order of the numbers.
func Properties() []Property {
	var out []Property
	for _, part := range parts {
		for _, p := range part.properties {
			p.Part = part.letter
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b Property) int { return a.Number - b.Number })
	return out
}

// part is one of the sections of the table.
type part struct {
	letter     string
	properties []Property
}

var parts = []part{
	{"A", settling},
	{"B", waiting},
	{"C", slices.Concat(observers, dispatch)},
	{"D", chains},
	{"E", identity},
	{"F", panics},
	{"G", adoption},
	{"H", combining},
	{"I", cancelling},
	{"J", timeouts},
	{"K", unobserved},
	{"L", concurrency},
	{"M", onLoop},
	{"N", diagnostics},
}
