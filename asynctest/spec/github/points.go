package github

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// PointsEntry is the name of a report entry that says what the points of a sweep were
// found to be. Its text, the string that the entry is, is the JSON of [Points].
const PointsEntry = "windtunnel points"

// Points are the points of a sweep that a spec has checked: all of them, or its part.
type Points struct {
	Title    string    `json:"title"`        // which sweep of the spec this is
	Of       int       `json:"of,omitempty"` // how many points all parts check, if that is known; it is a failure if they check more or less
	Checked  int       `json:"checked"`      // how many of them this part checked
	Findings []Finding `json:"findings,omitempty"`
	// Told is the failure message with which the spec tells of the findings. In the
	// annotation and in the summary a text made from the findings of all parts stands in
	// its place. "" replaces nothing.
	Told string `json:"told,omitempty"`

	_ struct{}
}

// Finding is what is wrong at one point.
type Finding struct {
	Point int    `json:"point"`          // findings are told in this order
	Name  string `json:"name,omitempty"` // of the point, if its number is not telling
	// Group is that of findings of which only the first is told, and the others named;
	// "" is one of its own.
	Group     string `json:"group,omitempty"`
	Text      string `json:"text,omitempty"`
	Reproduce string `json:"reproduce,omitempty"` // a line for a shell

	_ struct{}
}

// Attachment returns the name and the text of the report entry for points, which are the
// arguments of AddReportEntry.
func (p Points) Attachment() (name, text string) { return PointsEntry, mustJSON(p) }

// mustJSON marshals what cannot fail to be marshalled.
func mustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("github: " + err.Error())
	}
	return string(text)
}

// kept is the points with texts that are not too long.
func (p Points) kept() Points {
	p.Title, p.Told = cut(p.Title, keptName), keep(strings.TrimSpace(p.Told))
	p.Findings = slices.Clone(p.Findings)
	for i := range p.Findings {
		f := &p.Findings[i]
		f.Name, f.Group, f.Text, f.Reproduce = cut(f.Name, keptName), cut(f.Group, keptName), keep(f.Text), keep(f.Reproduce)
	}
	return p
}

// joined returns the points of two parts of one sweep.
func (p Points) joined(q Points) Points {
	p.Of = max(p.Of, q.Of)
	p.Checked += q.Checked
	p.Findings = slices.Concat(p.Findings, q.Findings)
	p.sort()
	return p
}

// sort puts the findings in order. Of a group only the first keeps its text: the first of
// a part need not be that of the sweep.
func (p *Points) sort() {
	slices.SortFunc(p.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Point, b.Point), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Group, b.Group),
			cmp.Compare(a.Text, b.Text), cmp.Compare(a.Reproduce, b.Reproduce))
	})
	p.Findings = slices.Compact(p.Findings)
	known := map[string]bool{"": false}
	for i := range p.Findings {
		f := &p.Findings[i]
		if known[f.Group] {
			f.Text, f.Reproduce = "", ""
		}
		known[f.Group] = f.Group != ""
	}
}

// namedFindings is how many of a group are named.
const namedFindings = 8

// text is the failure text of a sweep.
func (p Points) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d findings at %d points of the sweep %q", len(p.Findings), p.Checked, p.Title)
	groups := map[string][]string{}
	for _, f := range p.Findings {
		groups[f.Group] = append(groups[f.Group], f.name())
	}
	told := map[string]bool{}
	for _, f := range p.Findings {
		if told[f.Group] {
			continue
		}
		told[f.Group] = f.Group != ""
		fmt.Fprintf(&b, "\n\n%s: %s", f.name(), f.Text)
		if f.Reproduce != "" {
			fmt.Fprintf(&b, "\nTo reproduce: %s", f.Reproduce)
		}
		var also []string
		if f.Group != "" {
			also = groups[f.Group][1:]
		}
		if n := len(also) - namedFindings; n > 0 {
			also = append(also[:namedFindings:namedFindings], fmt.Sprintf("%d others", n))
		}
		if len(also) > 0 {
			fmt.Fprintf(&b, "\nAlso: %s", strings.Join(also, ", "))
		}
	}
	return b.String()
}

func (f Finding) name() string { return cmp.Or(f.Name, fmt.Sprintf("point %d", f.Point)) }
