package github

import (
	"cmp"
	"fmt"
	"slices"
)

// verdicts is what the runs of a plan, or those of one of its shards, were found to be.
// It marshals to JSON, in which machines hand it to each other. It has no times in it:
// they differ from machine to machine.
type verdicts struct {
	Plan     plan      `json:"plan"`
	Shard    int       `json:"shard"` // counted from 1; 0 in what was merged
	Runs     []run     `json:"runs"`
	Problems []problem `json:"problems,omitempty"` // that are of no run
}

// run is one suite under one seed, or a part of its sweeps.
type run struct {
	item
	Name     string    `json:"name,omitempty"` // what RunSpecs calls the suite
	Specs    []spec    `json:"specs,omitempty"`
	Problems []problem `json:"problems,omitempty"` // that are of no spec: it does not compile, it crashed
}

// problem is what is wrong with no spec in particular.
type problem struct {
	Text  string `json:"text"`
	Place place  `json:"place"`
}

// sortedProblems returns the problems in order, each once.
func sortedProblems(problems ...[]problem) []problem {
	all := slices.Concat(problems...)
	slices.SortFunc(all, func(a, b problem) int { return cmp.Or(cmp.Compare(a.Text, b.Text), a.Place.compare(b.Place)) })
	return slices.Compact(all)
}

// spec is a spec, or a node of the suite that failed.
type spec struct {
	Text      string    `json:"text"`
	Node      string    `json:"node"`
	Place     place     `json:"place"`
	State     state     `json:"state"`
	Failures  []failure `json:"failures,omitempty"`
	Reproduce []string  `json:"reproduce,omitempty"` // lines for a shell
	Entries   []entry   `json:"entries,omitempty"`   // of specs that failed
	Cells     []Cell    `json:"cells,omitempty"`
	Points    []Points  `json:"points,omitempty"`
}

// failure is one of the failures of a spec.
type failure struct {
	State state  `json:"state"`
	Node  string `json:"node"`
	Place place  `json:"place"`
	Text  string `json:"text,omitempty"`
	Sweep string `json:"sweep,omitempty"` // the title of the points that this is about, in the place of Text
}

// entry is what a spec attached to its report.
type entry struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// place is a line of a file, relative to the workspace, with slashes; the zero place is
// somewhere else.
type place struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

func (p place) String() string {
	if p.File == "" {
		return "outside of the workspace"
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line))
}

// state is Ginkgo's word for the state of a spec.
type state string

// states are the states, from the least to the most interesting: that of a spec which
// differs from part to part is the last.
var states = []state{"", "pending", "skipped", "passed", "failed", "timedout", "panicked", "interrupted", "aborted"}

const passed state = "passed"

func (s state) rank() int {
	if i := slices.Index(states, s); i >= 0 {
		return i
	}
	return len(states) // one that this package does not know is not good news
}

func (s state) failed() bool { return s.rank() > passed.rank() }

// failed reports whether anything is wrong.
func (v verdicts) failed() bool {
	return len(v.Problems) > 0 || slices.ContainsFunc(v.Runs, run.failed)
}

func (r run) failed() bool {
	return len(r.Problems) > 0 || slices.ContainsFunc(r.Specs, func(s spec) bool { return s.State.failed() })
}

// text is the text of a failure.
func (s spec) text(f failure) string {
	for _, p := range s.Points {
		if f.Sweep != "" && p.Title == f.Sweep {
			return p.text()
		}
	}
	return f.Text
}
