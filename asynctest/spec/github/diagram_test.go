package github

import (
	"strings"
	"testing"
)

func TestUndrawable(t *testing.T) {
	head := "sequenceDiagram\n"
	for _, c := range []struct{ text, want string }{
		{head + "  participant a as A<br/>B\n  a->>b: hi #lt;b#gt; #59; there\n  Note over a,b: 5ms", ""},
		{head + "  a->>b: up#59; link down#35; click here", ""},
		{"gantt\n dateFormat x\n section loop\n blocked :crit, 0, 5", ""},
		{"flowchart LR\n a --> b", ""},
		{head + strings.Repeat("  a->>b: x\n", 500), ""},
		{head + strings.Repeat("  a->>b: x\n", 501), "it has 501 edges, and GitHub draws no more than 500"},
		{head + strings.Repeat("%", 50_000), "it has 50016 characters, and GitHub draws no more than 50000"},
		{"hello", "its first line names no kind of diagram that is drawn here"},
		{"sequenceDiagrams", "its first line names no kind of diagram that is drawn here"},
		{"%%{init: {}}%%\n" + head, "its first line names no kind of diagram that is drawn here"},
		{head + "  %%{init: {'securityLevel': 'loose'}}%%", "this line of it does more than draw:   %%{init: {'securityLevel': 'loose'}}%%"},
		{head + "  link a: x @ https://example.org", "this line of it does more than draw:   link a: x @ https://example.org"},
		{head + "  LINKS a: {}", "this line of it does more than draw:   LINKS a: {}"},
		{head + "  a->>b: hi;click a href", "this line of it does more than draw: click a href"},
		{"flowchart LR\n a-->b\n click a call x()", "this line of it does more than draw:  click a call x()"},
		{head + "  a->>b: <img src=x onerror=alert(1)>", "this line of it does more than draw:   a->>b: <img src=x onerror=alert(1)>"},
		{head + "  a->>b: [x](JavaScript:alert(1))", "this line of it does more than draw:   a->>b: [x](JavaScript:alert(1))"},
		{head + "---\nconfig: x\n---", "this line of it does more than draw: ---"},
		{head + "  a->>b: \x1b[31m", "it has control characters in it"},
	} {
		if got := undrawable(c.text); got != c.want {
			t.Errorf("%.200q: %q, want %q", c.text, got, c.want)
		}
	}
}

// The ninth diagram of a summary is text.
func TestDiagramsAreFew(t *testing.T) {
	s := &summary{most: summaryBytes}
	for range diagramsShown {
		if got := s.entry(entry{DiagramEntry, "gantt"}); !strings.Contains(got, "```mermaid\ngantt\n```") {
			t.Fatal(got)
		}
	}
	want := "<details><summary><code>Diagram, not drawn: 8 others are drawn, and each takes its time</code></summary>\n\n```text\ngantt\n```\n\n</details>\n\n"
	if got := s.entry(entry{DiagramEntry, "gantt"}); got != want {
		t.Error(got)
	}
}
