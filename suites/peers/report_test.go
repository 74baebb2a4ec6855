package peers_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// README.md shows the table of all libraries, which is that of their verdicts.
func TestFuturesReport(t *testing.T) {
	const begin, end = "<!-- the verdicts -->\n```text\n", "```\n<!-- end of the verdicts -->"
	report := reportOf(t)
	t.Logf("\n%s", report)
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	shown, after, foundEnd := strings.Cut(rest, end)
	switch {
	case !found || !foundEnd:
		t.Fatal("README.md has lost the comments around the verdicts")
	case *updateVerdicts:
		if err := os.WriteFile("README.md", []byte(before+begin+report+end+after), 0o666); err != nil {
			t.Fatal(err)
		}
	case shown != report:
		t.Errorf("README.md shows other verdicts than testdata/futures has; go -C suites/peers test -run Report -windtunnel.verdicts . puts these there:\n%s", report)
	}
}

// reportOf is the table of all libraries, properties down, and below it why they fail.
func reportOf(t *testing.T) string {
	t.Helper()
	var b, why strings.Builder
	var subjects []string
	all := map[string]map[cell]ruling{}
	fmt.Fprintf(&b, "%-46s", "")
	for _, peer := range peers {
		a := peer()
		subjects = append(subjects, a.Name)
		all[a.Name] = readVerdicts(t, a.Name)
		fmt.Fprintf(&b, "%s  ", column(a.Name, a.Name))
		for line := range strings.Lines(formatVerdicts(all[a.Name])) {
			if cells, reason, _ := strings.Cut(line, ": "); cells != "ok" {
				_, cells, _ = strings.Cut(cells, " ")
				fmt.Fprintf(&why, "%s, %s:\n  %s", a.Name, strings.ReplaceAll(cells, " ", ", "), reason)
				if strings.TrimSpace(reason) == unexplained {
					t.Errorf("%s does not say why %s of %s", verdictsFile(a.Name), cells, a.Name)
				}
			}
		}
	}
	counts := map[string]map[futures.Status]int{}
	for _, p := range futures.Properties() {
		line := fmt.Sprintf("\n%s%-4d %-41s", p.Part, p.Number, p.Name)
		for _, s := range subjects {
			worst := worstOf(all[s], p)
			if counts[s] == nil {
				counts[s] = map[futures.Status]int{}
			}
			counts[s][worst]++
			text := string(worst)
			if worst == futures.NotApplicable {
				text = "-"
			}
			line += column(text, s) + "  "
		}
		b.WriteString(strings.TrimRight(line, " "))
	}
	b.WriteString("\n\n")
	for _, s := range subjects {
		n := counts[s]
		fmt.Fprintf(&b, "%-15s  %3d ok, %2d not ok, %3d not applicable\n", s,
			n[futures.OK], len(futures.Properties())-n[futures.OK]-n[futures.NotApplicable], n[futures.NotApplicable])
	}
	return b.String() + "\n" + why.String()
}

// column is a text as wide as the name of a subject, but for trailing spaces.
func column(text, subject string) string { return fmt.Sprintf("%-*s", max(len(subject), 5), text) }

// worstOf is the verdict that stands for the modes of a property.
func worstOf(vs map[cell]ruling, p futures.Property) futures.Status {
	rank := []futures.Status{futures.NotApplicable, futures.OK, futures.Fail, futures.Hang, futures.Crash}
	worst := futures.NotApplicable
	for _, when := range p.Whens() {
		for i, s := range rank {
			if vs[cell{p.Number, when}].allows(s) && i > slices.Index(rank, worst) {
				worst = s
			}
		}
	}
	return worst
}
