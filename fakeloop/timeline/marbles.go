package timeline

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Marbles say what is to happen in a run, and when: an expectation over a time
// axis. [ParseMarbles] makes them of text, [FromTimeline] of a run.
//
// # Syntax
//
// An expression is read from left to right, from the instant 0 of the run:
//
//	a - b 9ms (c d) 1h30m [e f] #
//
// is a at once, b after 1ms, c and d, in this order, after 10ms, e and f, in any
// order, 1h30m after that, and then, at the same instant, a failure. The grammar,
// in the notation of the Go specification:
//
//	expression = [ "-=" duration ] { "-" | duration | event | together | unordered } .
//	together   = "(" ( event | unordered ) { event | unordered } ")" .
//	unordered  = "[" event { event } "]" .
//	event      = label | "#" [ label ] | "|" [ label ] .
//	label      = word | quoted .
//	word       = letter { letter | digit } .
//	quoted     = "'" { character | escape } "'" .
//	duration   = digit { digit | letter | "." } .
//
// White space may stand between any two of these, but not between # or | and a
// label that belongs to it. A letter is a Unicode letter or _. A quoted label
// holds any characters, and the escapes of Go in which ' and \ must be written. A
// duration is one of [time.ParseDuration].
//
// Time passes only where it is written. A - is one unit, 1ms unless the
// expression begins with another one, as in -=10ms; a duration is itself. An
// event takes no time: a-b is one unit long, and a(b c), (a b c) and a b c are the
// same. Parentheses only show that things are of one instant, and so time cannot
// pass in them; in brackets it cannot either.
//
// A word is one label however long it is: ab is not a and then b.
//
// # means that something failed, | that something ended. With a label behind it,
// as in #reply, it is the failure or the end of what has this label; alone it
// stands for any. Time behind the last event says nothing: that nothing more may
// happen goes without saying.
//
// Marbles do not change, and may be used from any goroutine. Their zero value
// expects that nothing happens.
type Marbles struct {
	steps []marbleStep
}

// marbleStep is one marble, or several of one instant in any order.
type marbleStep struct {
	at      time.Duration
	marbles []Marble
}

// Sign says what became of the thing that a [Marble] names.
type Sign byte

// The signs, which stand in front of the label.
const (
	Plain  Sign = 0   // it happened, or went well
	Failed Sign = '#' // it failed: a rejection, a panic
	Ended  Sign = '|' // it is over: closed, completed
)

// Marble is one event of an expectation. A marble that failed or ended and has no
// label stands for any that failed or ended.
type Marble struct {
	Sign  Sign
	Label string
}

// String returns the marble as it stands in an expression.
func (m Marble) String() string {
	switch {
	case m.Sign == Plain:
		return quoteLabel(m.Label)
	case m.Label == "":
		return string(rune(m.Sign))
	}
	return string(rune(m.Sign)) + quoteLabel(m.Label)
}

// matches reports whether got is what m stands for.
func (m Marble) matches(got Marble) bool {
	return m == got || m.Sign == got.Sign && m.Sign != Plain && m.Label == ""
}

// String returns the expression in its one canonical form, in which all time is
// written as durations, without time behind the last event. It parses to the same
// marbles.
func (m *Marbles) String() string {
	var b strings.Builder
	at := time.Duration(0)
	for rest := m.steps; len(rest) > 0; {
		steps := instant(rest)
		rest = rest[len(steps):]
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		if steps[0].at > at {
			b.WriteString((steps[0].at - at).String() + " ")
			at = steps[0].at
		}
		b.WriteString(together(texts(steps)))
	}
	return b.String()
}

// instant returns the steps at the head that are of one instant.
func instant(steps []marbleStep) []marbleStep {
	n := 1
	for n < len(steps) && steps[n].at == steps[0].at {
		n++
	}
	return steps[:n]
}

func texts(steps []marbleStep) []string {
	out := make([]string, len(steps))
	for i, s := range steps {
		out[i] = s.String()
	}
	return out
}

// together writes things of one instant.
func together(texts []string) string {
	if len(texts) == 1 {
		return texts[0]
	}
	return "(" + strings.Join(texts, " ") + ")"
}

// String returns the step as it stands in an expression.
func (s marbleStep) String() string {
	if len(s.marbles) == 1 {
		return s.marbles[0].String()
	}
	words := make([]string, len(s.marbles))
	for i, m := range s.marbles {
		words[i] = m.String()
	}
	return "[" + strings.Join(words, " ") + "]"
}

func isLetter(c rune) bool { return c == '_' || unicode.IsLetter(c) }

func isWordPart(c rune) bool { return isLetter(c) || unicode.IsDigit(c) }

// quoteLabel returns a label as a word if it is one, else in quotes.
func quoteLabel(label string) string {
	first, _ := utf8.DecodeRuneInString(label)
	if isLetter(first) && utf8.ValidString(label) && !strings.ContainsFunc(label, func(c rune) bool { return !isWordPart(c) }) {
		return label
	}
	var b strings.Builder
	b.WriteByte('\'')
	for i, c := range label {
		switch _, size := utf8.DecodeRuneInString(label[i:]); {
		case c == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(label[i]), 16))
		case c == '\'' || c == '\\':
			b.WriteString(`\` + string(c))
		case unicode.IsPrint(c):
			b.WriteRune(c)
		default:
			quoted := strconv.QuoteRune(c)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	b.WriteByte('\'')
	return b.String()
}
