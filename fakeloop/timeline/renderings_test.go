//go:build !race

// What is drawn of a timeline is drawn by one goroutine: there is nothing for the race detector.

package timeline_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata; the reasons in them stay")

const renderingsFile = "testdata/renderings.golden"

// renderings are texts that people and viewers get, each for a reason that stands in the
// golden file. Their times are virtual, so that they are the same on every machine.
func renderings(t *testing.T) map[string]string {
	trace := func(tl *timeline.Timeline) string {
		var out strings.Builder
		if err := tl.WriteTrace(&out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	const text = "::error::x ##[error]y {{red}}z\n<b>%%{w}%%;\x1b[31m"
	attack := hostileRun(t, text)
	return map[string]string{
		"lanes: what a client is told is lost":   lost(t).Lanes(timeline.LaneOptions{}),
		"short: what a client is told is lost":   lost(t).Short(0),
		"short: a wait that does not end":        pending(t).Short(0),
		"short: a panic beside a ticker":         panics(t).Short(0),
		"short: nothing went wrong":              retries(t).Short(8),
		"short: hostile texts":                   attack.Short(0),
		"mermaid: what a client is told is lost": lost(t).Mermaid(timeline.LaneOptions{}),
		"mermaid: a queue":                       queue(t, 1000).Mermaid(timeline.LaneOptions{Keep: untouched}),
		"mermaid: a panic beside a ticker":       panics(t).Mermaid(timeline.LaneOptions{}),
		"mermaid: hostile texts":                 attack.Mermaid(timeline.LaneOptions{}),
		"trace: what a client is told is lost":   trace(lost(t)),
		"trace: hostile texts":                   trace(of(timeline.Event{Kind: timeline.Panicked, ID: id(1), Label: text, Detail: text + "\xff"})),
	}
}

func TestRenderings(t *testing.T) {
	got, want := renderings(t), readRenderings(t)
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(got)) {
		fmt.Fprintf(&out, "=== %s\nwhy: %s\n---\n%s", name, want[name].reason, got[name])
		if *update {
			continue
		}
		if len(want[name].reason) < 20 {
			t.Errorf("%s: no reason is given in %s", name, renderingsFile)
		}
		if got[name] != want[name].text {
			t.Errorf("%s: got\n%s\nwant, for %s,\n%s", name, got[name], want[name].reason, want[name].text)
		}
	}
	for name := range want {
		if _, known := got[name]; !known && !*update {
			t.Errorf("%s has %q, which nothing renders", renderingsFile, name)
		}
	}
	if *update {
		if err := os.WriteFile(renderingsFile, []byte(out.String()), 0o644); err != nil {
			t.Error(err)
		}
	}
}

type rendering struct{ reason, text string }

func readRenderings(t *testing.T) map[string]rendering {
	t.Helper()
	data, err := os.ReadFile(renderingsFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	out := map[string]rendering{}
	for _, section := range strings.Split("\n"+string(data), "\n=== ")[1:] {
		head, text, ok := strings.Cut(section, "\n---\n")
		name, reason, ok2 := strings.Cut(head, "\nwhy: ")
		if !ok || !ok2 {
			t.Errorf("%s: the section of %q has no reason or no text", renderingsFile, name)
		}
		out[name] = rendering{reason, strings.TrimSuffix(text, "\n") + "\n"}
	}
	return out
}
