package github

import (
	"os"
	"strings"
	"testing"
)

// The diagrams of package timeline, those of hostile texts too, are such as are drawn.
func TestDiagramsOfTimelines(t *testing.T) {
	text, err := os.ReadFile("../../../fakeloop/timeline/testdata/renderings.golden")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, section := range strings.Split("\n"+string(text), "\n=== ")[1:] {
		head, diagram, _ := strings.Cut(section, "\n---\n")
		if !strings.HasPrefix(head, "mermaid: ") {
			continue
		}
		n++
		if why := undrawable(diagram); why != "" {
			t.Errorf("%s\n%s", why, section)
		}
	}
	if n < 4 {
		t.Errorf("found %d diagrams", n)
	}
}
