package timeline

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MarblesError means that a text is no expression of [Marbles].
type MarblesError struct {
	Text string // the whole text
	Pos  int    // the byte where it goes wrong; len(Text) if the end comes too early
	Want string // what should stand there
}

// Error says where the text goes wrong, what stands there and what should.
func (e *MarblesError) Error() string {
	found := "the end of the text"
	if e.Pos < len(e.Text) {
		c, size := utf8.DecodeRuneInString(e.Text[e.Pos:])
		found = strconv.QuoteRune(c)
		if c == utf8.RuneError && size == 1 {
			found = fmt.Sprintf("the byte %#02x", e.Text[e.Pos])
		}
	}
	return fmt.Sprintf("timeline: marbles %q, byte %d: want %s, found %s", e.Text, e.Pos, e.Want, found)
}

// What an expression may go on with.
const (
	wantAny       = "an event, a time or a group"
	wantTogether  = "an event, an unordered group or ); time cannot pass between parentheses"
	wantUnordered = "an event or ]; time cannot pass between brackets"
	wantDuration  = "a duration, such as 9ms or 1h30m"
)

// ParseMarbles reads an expression; [Marbles] has the grammar. An error is a
// *[MarblesError].
func ParseMarbles(text string) (*Marbles, error) {
	p := marbleParser{text: text, unit: time.Millisecond}
	m := new(Marbles)
	if err := p.expression(m); err != nil {
		return nil, err
	}
	return m, nil
}

// marbleParser reads text from pos on.
type marbleParser struct {
	text string
	pos  int
	at   time.Duration // the instant that the expression has come to
	unit time.Duration // what a - is
}

func (p *marbleParser) fail(pos int, want string) error {
	return &MarblesError{Text: p.text, Pos: pos, Want: want}
}

// peek returns the character at pos; 0 at the end, where pos is len(text).
func (p *marbleParser) peek() rune {
	c, size := utf8.DecodeRuneInString(p.text[p.pos:])
	if size == 0 {
		return 0
	}
	return c
}

// next skips white space and returns the character behind it.
func (p *marbleParser) next() rune {
	p.pos = len(p.text) - len(strings.TrimLeftFunc(p.text[p.pos:], unicode.IsSpace))
	return p.peek()
}

// accept skips a text if it comes next.
func (p *marbleParser) accept(text string) bool {
	if !strings.HasPrefix(p.text[p.pos:], text) {
		return false
	}
	p.pos += len(text)
	return true
}

func (p *marbleParser) expression(m *Marbles) error {
	if p.next() == '-' && p.accept("-=") {
		p.next()
		start := p.pos
		unit, err := p.duration()
		if err != nil {
			return err
		}
		if unit == 0 {
			return p.fail(start, "a unit longer than 0")
		}
		p.unit = unit
	}
	for {
		c := p.next()
		start := p.pos
		switch {
		case p.pos == len(p.text):
			return nil
		case c == '-' || '0' <= c && c <= '9':
			d := p.unit
			if !p.accept("-") {
				var err error
				if d, err = p.duration(); err != nil {
					return err
				}
			}
			if d > math.MaxInt64-p.at {
				return p.fail(start, "less time: the whole expression must be shorter than 292 years")
			}
			p.at += d
		case p.accept("("):
			if err := p.together(m); err != nil {
				return err
			}
		default:
			if err := p.step(m, wantAny); err != nil {
				return err
			}
		}
	}
}

// together reads what is in parentheses.
func (p *marbleParser) together(m *Marbles) error {
	for n := 0; ; n++ {
		p.next()
		if n > 0 && p.accept(")") {
			return nil
		}
		if err := p.step(m, wantTogether); err != nil {
			return err
		}
	}
}

// step reads an event or an unordered group.
func (p *marbleParser) step(m *Marbles, want string) error {
	s := marbleStep{at: p.at}
	if !p.accept("[") {
		marble, err := p.event(want)
		if err != nil {
			return err
		}
		s.marbles = []Marble{marble}
		m.steps = append(m.steps, s)
		return nil
	}
	for p.next(); len(s.marbles) == 0 || !p.accept("]"); p.next() {
		marble, err := p.event(wantUnordered)
		if err != nil {
			return err
		}
		s.marbles = append(s.marbles, marble)
	}
	m.steps = append(m.steps, s)
	return nil
}

func (p *marbleParser) event(want string) (Marble, error) {
	var m Marble
	switch {
	case p.accept("#"):
		m.Sign = Failed
	case p.accept("|"):
		m.Sign = Ended
	}
	c := p.peek()
	var err error
	switch {
	case isLetter(c):
		m.Label = p.run(isWordPart)
	case c == '\'':
		m.Label, err = p.quoted()
	case m.Sign == Plain:
		err = p.fail(p.pos, want)
	}
	return m, err
}

// run reads characters of one kind.
func (p *marbleParser) run(kind func(rune) bool) string {
	rest := p.text[p.pos:]
	n := strings.IndexFunc(rest, func(c rune) bool { return !kind(c) })
	if n < 0 {
		n = len(rest)
	}
	p.pos += n
	return rest[:n]
}

// quoted reads a label in quotes.
func (p *marbleParser) quoted() (string, error) {
	p.accept("'")
	var b []byte
	for !p.accept("'") {
		rest := p.text[p.pos:]
		if c, size := utf8.DecodeRuneInString(rest); c == utf8.RuneError && size < 2 {
			want := "the quote that ends the label"
			if size == 1 {
				want = "text in UTF-8, or an escape such as \\xff"
			}
			return "", p.fail(p.pos, want)
		}
		c, multibyte, tail, err := strconv.UnquoteChar(rest, '\'')
		if err != nil {
			return "", p.fail(p.pos, "an escape of Go, such as \\' or \\n")
		}
		if multibyte {
			b = utf8.AppendRune(b, c)
		} else {
			b = append(b, byte(c))
		}
		p.pos = len(p.text) - len(tail)
	}
	return string(b), nil
}

func (p *marbleParser) duration() (time.Duration, error) {
	start := p.pos
	d, err := time.ParseDuration(p.run(func(c rune) bool { return isWordPart(c) || c == '.' }))
	if err != nil {
		return 0, p.fail(start, wantDuration)
	}
	return d, nil
}
