package checks

import (
	"fmt"
	"slices"
	"strings"
)

// Text is what is said of a result.
type Text struct {
	Head      string   // which check on which subject, and what came of it
	Why       string   // of what is not applicable
	Observed  []string // what was wrong
	Notes     []string // what was seen besides
	Rule      [][2]string
	Stack     string
	Reproduce string // the command that shows it again
}

// String has a line for each thing that is known; Rule is pairs of a name and a text.
func (t Text) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", t.Head)
	if t.Why != "" {
		fmt.Fprintf(&b, "  because it %s\n", t.Why)
	}
	for _, o := range t.Observed {
		fmt.Fprintf(&b, "  observed:  %s\n", o)
	}
	for _, n := range t.Notes {
		fmt.Fprintf(&b, "  note:      %s\n", n)
	}
	for _, line := range t.Rule {
		fmt.Fprintf(&b, "  %-10s %s\n", line[0]+":", line[1])
	}
	if t.Stack != "" {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(t.Stack))
	}
	if t.Reproduce != "" {
		fmt.Fprintf(&b, "To reproduce: %s\n", t.Reproduce)
	}
	return b.String()
}

// Reasons lists, once for each reason, the checks that are not applicable, in the order in
// which they are added.
type Reasons struct {
	order []string
	of    map[string][]string
}

// Add adds a check, once for each reason.
func (r *Reasons) Add(why, check string) {
	if r.of == nil {
		r.of = map[string][]string{}
	}
	if r.of[why] == nil {
		r.order = append(r.order, why)
	}
	if !slices.Contains(r.of[why], check) {
		r.of[why] = append(r.of[why], check)
	}
}

// String is "" if there are none.
func (r *Reasons) String() string {
	var b strings.Builder
	for _, why := range r.order {
		fmt.Fprintf(&b, "\nn/a: %s:\n  %s\n", why, strings.Join(r.of[why], ", "))
	}
	return b.String()
}

// Abridged returns a text, and of one that is longer than most bytes its beginning and its
// end, which tell what was seen and what was wanted.
func Abridged(text string, most int) string {
	if len(text) <= most {
		return text
	}
	head, tail := text[:most*2/3], text[len(text)-most/3:]
	head, tail = strings.ToValidUTF8(head, ""), strings.ToValidUTF8(tail, "")
	return fmt.Sprintf("%s ... %d bytes ... %s", head, len(text)-len(head)-len(tail), tail)
}
