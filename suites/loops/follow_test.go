package loops_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop/progress"
	"github.com/windtunnel-go/windtunnel/suites/loops"
)

// Whoever runs the table sees which case goes wrong, and how.
func TestRunAllIsFollowed(t *testing.T) {
	cases := loops.Cases()
	a := refAdapter("", loops.Virtual)
	a.Skip = map[string]string{}
	for _, c := range cases[1:] {
		a.Skip[c.ID()] = "not now"
	}
	a.New = func(loops.Options) *loops.Loop { panic("boom") }
	var out bytes.Buffer
	p := progress.Start(progress.Config{Title: "loops", Out: &out, Style: progress.Lines, After: -1})
	results := loops.RunAll(a, p)
	p.Close()
	failed := fmt.Sprintf("loops: FAILED %s %s: CRASH: panic: boom\n", cases[0].ID(), cases[0].Name)
	last := fmt.Sprintf("loops: %d of %d, 1 failed, after ", len(cases), len(cases))
	if text := out.String(); len(results) != len(cases) || !strings.Contains(text, failed) || !strings.Contains(text, last) {
		t.Errorf("%d results, and got\n%swant\n%s%s", len(results), text, failed, last)
	}
}
