package clients_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// README.md shows the table of all clients, which is what testdata has.
func TestReport(t *testing.T) {
	report := reportOf(t)
	_, shown, _ := readme(t)
	switch {
	case shown == report:
	case *update:
		writeReport(t)
	default:
		t.Errorf("README.md shows other scenes than testdata has; go -C suites/peers test -run Report ./clients -windtunnel.clients puts these there:\n%s", report)
	}
}

// writeReport puts the table into README.md.
func writeReport(t *testing.T) {
	t.Helper()
	before, _, after := readme(t)
	if err := os.WriteFile("README.md", []byte(before+reportOf(t)+after), 0o666); err != nil {
		t.Fatal(err)
	}
}

// readme is README.md, and what it shows as the table.
func readme(t *testing.T) (before, shown, after string) {
	t.Helper()
	const begin, end = "<!-- the scenes -->\n", "<!-- end of the scenes -->"
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	shown, after, foundEnd := strings.Cut(rest, end)
	if !found || !foundEnd {
		t.Fatal("README.md has lost the comments around the scenes")
	}
	return before + begin, shown, end + after
}

// reportOf is a table of all scenes.
func reportOf(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt") // sorted
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	var b strings.Builder
	b.WriteString("| client | scene | what it shows | virtual time | digest, or why runs differ: what helps |\n|---|---|---|---|---|\n")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head, rest, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
		client, _, _ := strings.Cut(head, ", seed ")
		lines := strings.Split(strings.TrimSuffix(rest, "\n"), "\n")
		for i := 0; i+1 < len(lines); i += 2 {
			name, shows, ok := strings.Cut(lines[i], ": ")
			took, verdict, ok2 := strings.Cut(strings.TrimPrefix(lines[i+1], "\t"), ", ")
			if cause, varies := strings.CutPrefix(lines[i+1], "\tvaries: "); varies {
				took, verdict, ok2 = "", cause, true
			} else {
				verdict = "`" + verdict + "`"
			}
			if !ok || !ok2 || len(lines)%2 != 0 {
				t.Fatalf("%s: what is this?\n%s\n%s", file, lines[i], lines[i+1])
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", client, name, shows, took, strings.ReplaceAll(verdict, "|", "\\|"))
			client = ""
		}
	}
	return b.String()
}
