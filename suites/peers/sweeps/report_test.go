package sweeps_test

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
)

const renew = "go -C suites/peers test ./sweeps -windtunnel.sweeps writes README.md anew"

// inReadme is what README.md has of a subject, with what stands around it.
func (s subject) inReadme(t *testing.T) (before, shown, after string) {
	t.Helper()
	begin, end := fmt.Sprintf("<!-- %s -->\n", s.name), fmt.Sprintf("<!-- end of %s -->", s.name)
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	shown, after, foundEnd := strings.Cut(rest, end)
	if !found || !foundEnd {
		t.Fatalf("README.md has no place for %s, between %q and %q", s.name, begin, end)
	}
	return before + begin, shown, end + after
}

// write puts what came of a subject into README.md.
func (s subject) write(t *testing.T, r *asynctest.SweepReport) {
	t.Helper()
	before, _, after := s.inReadme(t)
	section, problems := s.section(head(t, s), r.Table())
	complain(t, problems)
	if err := os.WriteFile("README.md", []byte(before+section+after), 0o666); err != nil {
		t.Fatal(err)
	}
}

// compare says what README.md has that is not what came of the points that were swept.
func (s subject) compare(t *testing.T, r *asynctest.SweepReport) []string {
	t.Helper()
	_, shown, _ := s.inReadme(t)
	head := head(t, s)
	if !strings.HasPrefix(shown, head) {
		t.Logf("README.md shows what came of another version of %s, or with another release of Go, which is not compared; %s", s.name, renew)
		return nil
	}
	return s.differs(head, shown, r)
}

// differs says in what a section of README.md is not what came of the points that were swept.
func (s subject) differs(head, shown string, r *asynctest.SweepReport) (problems []string) {
	table := tableIn(shown)
	section, problems := s.section(head, table)
	if shown != section {
		problems = append(problems, fmt.Sprintf("README.md explains %s in other words; %s", s.name, renew))
	}
	want, got := rowsOf(table), rowsOf(r.Table())
	for _, p := range r.Points {
		if !agree(want[p.Name], got[p.Name]) {
			problems = append(problems, fmt.Sprintf("README.md shows, of %s\n  %s\nand there came\n  %s\nIf that is as it should be, %s", p.Name,
				strings.Join(want[p.Name], ", "), strings.Join(got[p.Name], ", "), renew))
		}
	}
	if len(want) != len(r.Points) {
		problems = append(problems, fmt.Sprintf("README.md shows %d points of %s, and there are %d; %s", len(want), s.name, len(r.Points), renew))
	}
	return problems
}

// section is what README.md is to say of a subject, and what is wrong with that.
func (s subject) section(head, table string) (text string, problems []string) {
	var b strings.Builder
	b.WriteString(head)
	b.WriteString(s.shows + ".\n")
	if len(s.rulings) > 0 {
		b.WriteString("\n| faults | outcome | how many | verdict |\n|---|---|---|---|\n")
	}
	cells := cellsOf(table)
	for _, r := range s.rulings {
		outcome, n := cmp.Or(string(r.found), "as without"), 0
		for f, cell := range cells {
			if r.covers(f) && cell == cmp.Or(string(r.found), "ok") {
				n++
			}
		}
		if n == 0 {
			problems = append(problems, fmt.Sprintf("a ruling of %s is about no cell: %s, %s", s.name, r.faults(), outcome))
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %s: %s |\n", r.faults(), outcome, n, r.verdict, r.why)
	}
	for f, cell := range cells {
		if !slices.Contains([]string{"ok", "error", "not met", "left out"}, cell) && !s.explains(asynctest.SweepCheck(cell), f) {
			problems = append(problems, fmt.Sprintf("no ruling explains that README.md has %q for %s at %s", cell, f.Way, f.Point))
		}
	}
	slices.Sort(problems)
	if len(s.leave) > 0 {
		b.WriteString("\nNot swept:\n\n")
		for _, l := range s.leave {
			fmt.Fprintf(&b, "- %s: %s.\n", ruling{of: []asynctest.Handled{at(l.Point, l.Faults...)}}.faults(), l.Why)
		}
	}
	if len(s.ours) > 0 {
		b.WriteString("\nOurs, found on the way and mended:\n\n")
		for _, text := range s.ours {
			fmt.Fprintf(&b, "- %s\n", text)
		}
	}
	fmt.Fprintf(&b, "\n<details>\n<summary>The table</summary>\n\n```text\n%s```\n\n</details>\n", table)
	return b.String(), problems
}

// faults are those of a ruling, for README.md.
func (r ruling) faults() string {
	var out []string
	for _, h := range r.of {
		var kinds []string
		for _, k := range h.Faults {
			kinds = append(kinds, string(k))
		}
		out = append(out, fmt.Sprintf("%s at `%s`", cmp.Or(strings.Join(kinds, ", "), "anything"), h.Point))
	}
	return strings.Join(out, "<br>")
}

// head names the client and its version, and the release of Go.
func head(t *testing.T, s subject) string {
	t.Helper()
	release := strings.Join(strings.SplitN(runtime.Version(), ".", 3)[:2], ".") // "go1.26"
	if s.module == "" {
		return fmt.Sprintf("### %s, of %s\n\n", s.name, release)
	}
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^\t` + regexp.QuoteMeta(s.module) + ` (\S+)`).FindSubmatch(text)
	if version == nil {
		t.Fatalf("go.mod does not have %s", s.module)
	}
	return fmt.Sprintf("### %s, %s, with %s\n\n", s.name, version[1], release)
}

// tableIn is the table in a section of README.md.
func tableIn(section string) string {
	_, rest, _ := strings.Cut(section, "```text\n")
	table, _, _ := strings.Cut(rest, "```")
	return table
}

// columns are apart by two spaces or more.
var columns = regexp.MustCompile(`  +`)

// rowsOf takes a table apart: the cells of rows, by their points.
func rowsOf(table string) map[string][]string {
	out := map[string][]string{}
	for _, line := range strings.Split(strings.TrimSpace(table), "\n")[1:] {
		row := columns.Split(line, -1)
		out[row[0]] = row[1:]
	}
	return out
}

// agree reports whether a row that came has what is wanted, wherever it was swept.
func agree(want, got []string) bool {
	return slices.EqualFunc(want, got, func(want, got string) bool { return want == got || got == "elsewhere" })
}

// cellsOf are the cells of a table, by their faults, without those that cannot be.
func cellsOf(table string) map[explore.Fault]string {
	out := map[explore.Fault]string{}
	lines := strings.Split(strings.TrimSpace(table), "\n")
	head := columns.Split(lines[0], -1)
	for _, line := range lines[1:] {
		row := columns.Split(line, -1)
		for i := 1; i < len(row); i++ {
			if row[i] != "-" {
				out[explore.Fault{Point: row[0], Way: head[i]}] = row[i]
			}
		}
	}
	return out
}
