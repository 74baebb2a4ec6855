package spec

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/internal/records"
)

// The names of the entries that the report of a spec has, for each of its tunnels, when it
// has failed. Their values are strings: what cannot be marshalled would hang ginkgo -p.
const (
	TimelineEntry = "Timeline" // what led to the failure on the loop, as lanes over virtual time
	RecordEntry   = "Record"   // the paths of the whole record and of its page, or why there is none
	DiagramEntry  = "Diagram"  // the timeline as a Mermaid diagram, which only machine-readable reports show
)

// observing marks the nodes of this package that look at a tunnel. They run outside of the
// bubble.
const observing = "spec.Tunnel: what happened in the tunnel of this spec"

// observe lets the report of a spec that fails tell what happened in its tunnel, as it was
// before anything was cleaned up, and progress reports what the tunnel waits for.
func observe(t *asynctest.Tunnel) {
	r := ginkgo.CurrentSpecReport()
	detach := ginkgo.AttachProgressReporter(func() string { return waitsFor(t) })
	ginkgo.DeferCleanup(marked(r.LeafNodeLocation, observing), detach)
	if !current(r).in(mayFail) {
		return
	}
	ginkgo.DeferOnFailure(marked(r.LeafNodeLocation, telling), tell) // a spec without a bubble has a seed, too
	ginkgo.DeferOnFailure(marked(r.LeafNodeLocation, observing), func() {
		run := t.Loop.Timeline()
		story := records.Story(run)
		if story == "" {
			return
		}
		n := 0 // of the spec's tunnels of which something has been told, in all its attempts
		for _, e := range ginkgo.CurrentSpecReport().ReportEntries {
			if e.Name == TimelineEntry {
				n++
			}
		}
		ginkgo.AddReportEntry(TimelineEntry, r.LeafNodeLocation, ginkgo.ReportEntryVisibilityFailureOrVerbose, story)
		ginkgo.AddReportEntry(DiagramEntry, r.LeafNodeLocation, ginkgo.ReportEntryVisibilityNever, records.Diagram(run))
		here, _ := os.Getwd() // which tells specs of one text apart
		path, err := records.Keep(run, r.FullText(), here, t.Seed(), n)
		if where := records.Where(run, path, err); where != "" {
			where += records.WherePage(records.KeepPage(run, t.Notes(), r.FullText(), here, t.Seed(), n))
			ginkgo.AddReportEntry(RecordEntry, r.LeafNodeLocation, ginkgo.ReportEntryVisibilityFailureOrVerbose, where)
		}
	})
}

// isTold reports whether the attempt of a spec that goes on has an entry of that name.
func isTold(r types.SpecReport, name string) bool {
	began := -1
	for _, e := range r.SpecEvents {
		if e.SpecEventType.Is(types.SpecEventSpecRetry | types.SpecEventSpecRepeat) {
			began = e.TimelineLocation.Order
		}
	}
	return slices.ContainsFunc(r.ReportEntries, func(e types.ReportEntry) bool {
		return e.Name == name && e.TimelineLocation.Order > began
	})
}

// noCommand takes from text what GitHub Actions takes for a command anywhere in a line, and
// Ginkgo for a style.
var noCommand = strings.NewReplacer("##[", "# #[", "{{", "{ {")

// mostWaited is how many things a progress report names.
const mostWaited = 20

// waitsFor says what a tunnel still has to do or waits for, and what happened last. It is
// called from outside of the bubble, at any time.
func waitsFor(t *asynctest.Tunnel) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The %v loop of the tunnel of this spec, with seed %d, has\n\n", t.Loop.Mode(), t.Seed())
	items := t.Loop.Pending()
	for i, item := range items {
		if i == mostWaited {
			fmt.Fprintf(&b, "    and %d others\n", len(items)-i)
			break
		}
		fmt.Fprintf(&b, "    %s\n", noCommand.Replace(item.String()))
	}
	if len(items) == 0 {
		b.WriteString("    nothing to do, and nothing to wait for\n")
	}
	if story := records.Story(t.Loop.Timeline()); story != "" {
		b.WriteString("\n" + story)
	}
	return b.String()
}
