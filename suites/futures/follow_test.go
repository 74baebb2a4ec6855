package futures_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop/progress"
	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// Whoever runs the table sees which property goes wrong, and how.
func TestRunAllIsFollowed(t *testing.T) {
	properties := futures.Properties()
	a := dummyAdapter("followed", edit{})
	a.Skip = map[int]string{}
	for _, p := range properties[1:] {
		a.Skip[p.Number] = "not now"
	}
	a.New = func() futures.Case { panic("boom") }
	r := futures.NewRunner(t, a)
	var out bytes.Buffer
	p := progress.Start(progress.Config{Title: "futures", Out: &out, Style: progress.Lines, After: -1})
	results := futures.RunAll(r, a.Name, p)
	p.Close()
	first := properties[0]
	failed := fmt.Sprintf("futures: FAILED %d %s, %s: CRASH: panic: boom", first.Number, first.Name, first.Whens()[0])
	last := fmt.Sprintf("futures: %d of %d, %d failed, after ", len(results), len(results), len(first.Whens()))
	if text := out.String(); !strings.Contains(text, failed) || !strings.Contains(text, last) {
		t.Errorf("got\n%swant\n%s\n%s", text, failed, last)
	}
}
