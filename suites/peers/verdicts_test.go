package peers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// The verdicts of a library are a file in testdata/futures, a line for each reason:
//
//	FAIL 19: a settled promise and a context that is over are a matter of chance
//	HANG 46/already 47/already: Pipe of a settled future never returns
//	FAIL|ok 41: observers get lost, but not always
//	ok: 1-10 12 46/at-once 46/later
//
// A cell is a property, in all of its modes or in the one that it names. Which of
// several statuses it has is chance. What is not listed is not applicable.

// cell is one property in one mode.
type cell struct {
	number int
	when   futures.When
}

// ruling is what is to come of a cell, and why if that is not ok.
type ruling struct {
	status futures.Status // or several, as in "FAIL|ok"
	reason string
}

func (v ruling) allows(s futures.Status) bool {
	return slices.Contains(strings.Split(string(v.status), "|"), string(s))
}

// is reports whether a status is as expected. A data race, which only a test with -race
// finds, is no surprise where something is wrong.
func (v ruling) is(got futures.Status) bool {
	if got == futures.Race {
		return v.status != futures.OK && v.status != futures.NotApplicable
	}
	return v.allows(got)
}

func verdictsFile(subject string) string {
	return filepath.Join("testdata", "futures", strings.ReplaceAll(subject, " ", "-")+".txt")
}

// readVerdicts returns the verdict of each cell of a subject.
func readVerdicts(t *testing.T, subject string) map[cell]ruling {
	t.Helper()
	text, err := os.ReadFile(verdictsFile(subject))
	if err != nil {
		t.Fatal(err)
	}
	out := map[cell]ruling{}
	for _, p := range futures.Properties() {
		for _, when := range p.Whens() {
			out[cell{p.Number, when}] = ruling{status: futures.NotApplicable}
		}
	}
	for line := range strings.Lines(string(text)) {
		if err := parseVerdict(strings.TrimSpace(line), out); err != nil {
			t.Fatalf("%s: %q: %v", verdictsFile(subject), line, err)
		}
	}
	return out
}

// parseVerdict enters one line of a file.
func parseVerdict(line string, out map[cell]ruling) error {
	head, tail, _ := strings.Cut(line, ": ")
	cells, reason := strings.Fields(head), tail
	if strings.HasPrefix(line, "ok: ") {
		cells, reason = append([]string{"ok"}, strings.Fields(tail)...), ""
	} else if tail == "" {
		return fmt.Errorf("there is no reason")
	}
	v := ruling{futures.Status(cells[0]), reason}
	for s := range strings.SplitSeq(cells[0], "|") {
		if !slices.Contains([]futures.Status{futures.OK, futures.Fail, futures.Hang, futures.Crash}, futures.Status(s)) {
			return fmt.Errorf("there is no status %q", s)
		}
	}
	for _, text := range cells[1:] {
		numbers, mode, one := strings.Cut(text, "/")
		low, high, isRange := strings.Cut(numbers, "-")
		if !isRange {
			high = low
		}
		first, err1 := strconv.Atoi(low)
		last, err2 := strconv.Atoi(high)
		n := 0
		for c, had := range out {
			if c.number < first || c.number > last || one && strings.ReplaceAll(string(c.when), " ", "-") != mode {
				continue
			}
			if had.status != futures.NotApplicable {
				return fmt.Errorf("%v has two verdicts", text)
			}
			out[c], n = v, n+1
		}
		if n == 0 || err1 != nil || err2 != nil {
			return fmt.Errorf("there is no cell %q", text)
		}
	}
	return nil
}

// formatVerdicts is the text that parseVerdict reads, for verdicts in whatever order.
func formatVerdicts(vs map[cell]ruling) string {
	lines := map[ruling][]string{}
	var order []ruling
	add := func(v ruling, text string) {
		if v.status == futures.NotApplicable {
			return
		}
		if lines[v] == nil {
			order = append(order, v)
		}
		lines[v] = append(lines[v], text)
	}
	for _, p := range futures.Properties() {
		same := true
		for _, when := range p.Whens() {
			same = same && vs[cell{p.Number, when}] == vs[cell{p.Number, p.Whens()[0]}]
		}
		if same {
			add(vs[cell{p.Number, p.Whens()[0]}], p.ID())
			continue
		}
		for _, when := range p.Whens() {
			add(vs[cell{p.Number, when}], p.ID()+"/"+strings.ReplaceAll(string(when), " ", "-"))
		}
	}
	var b, ok strings.Builder
	for _, v := range order {
		if v.status == futures.OK {
			fmt.Fprintf(&ok, "ok: %s\n", strings.Join(ranges(lines[v]), " "))
			continue
		}
		fmt.Fprintf(&b, "%s %s: %s\n", v.status, strings.Join(lines[v], " "), v.reason)
	}
	return b.String() + ok.String()
}

// ranges joins numbers that follow each other.
func ranges(cells []string) []string {
	var out []string
	for i := 0; i < len(cells); {
		j := i
		for n, err := strconv.Atoi(cells[i]); err == nil && j+1 < len(cells) && cells[j+1] == strconv.Itoa(n+j+1-i); {
			j++
		}
		if j-i < 2 {
			j = i
			out = append(out, cells[i])
		} else {
			out = append(out, cells[i]+"-"+cells[j])
		}
		i = j + 1
	}
	return out
}
