package loops

import (
	"testing"
	"testing/synctest"

	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

// Run runs the table as subtests of t, one for each case, named by number and
// letter, and logs the cases that are not applicable with what they lack. In
// mode Bubble it puts a testing/synctest bubble around each case unless the
// adapter does.
func Run(t *testing.T, a Adapter) {
	t.Helper()
	var results []Result
	for _, c := range Cases() {
		t.Run(c.ID(), func(t *testing.T) {
			t.Helper() // a failure is at the line that calls Run
			r := InBubble(t, a).Run(c)
			results = append(results, r)
			if r.Bad() {
				t.Error(r.Text(checks.GoTest(t.Name())))
			}
		})
	}
	if text := reasons(results); text != "" {
		t.Log(text)
	}
}

// InBubble returns a with the bubble around its cases that mode Bubble needs, if
// there is none yet. The bubble belongs to t.
func InBubble(t *testing.T, a Adapter) Adapter {
	if a.Mode == Bubble && a.Around == nil {
		a.Around = func(body func()) { synctest.Test(t, func(*testing.T) { body() }) }
	}
	return a
}
