package spec_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/asynctest/spec"
	"github.com/windtunnel-go/windtunnel/asynctest/spec/github"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

const goldenStories = "testdata/stories.golden"

var recordPath = regexp.MustCompile(`(https://ui\.perfetto\.dev opens: )(/\S+\.json\.gz)(\nThe same as a page, which every browser opens: )(/\S+\.html)`)

// story is what the report of a spec has besides the failure: what led there on the loops
// of its tunnels, the records, and what a progress report says of the tunnels.
func story(s types.SpecReport) string {
	var b strings.Builder
	for _, e := range s.ReportEntries {
		switch e.Name {
		case spec.TimelineEntry, spec.RecordEntry, spec.DiagramEntry:
			fmt.Fprintf(&b, "%s: %s\n", e.Name, recordPath.ReplaceAllString(strings.TrimSpace(e.StringRepresentation()), "${1}PATH${3}PAGE"))
		}
	}
	reports := s.ProgressReports
	for _, f := range append([]types.AdditionalFailure{{Failure: s.Failure}}, s.AdditionalFailures...) {
		reports = append(reports, f.Failure.ProgressReport)
	}
	for _, r := range reports {
		for _, text := range r.AdditionalReports {
			if strings.Contains(text, "loop of the tunnel") {
				b.WriteString("Progress: " + mask(text) + "\n")
			}
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// wantRecords reads the records that reports name: each is of a run of its own.
func wantRecords(specs []types.SpecReport, dir string) {
	GinkgoHelper()
	read := map[string]bool{}
	for _, s := range specs {
		Expect(len(lines(s))).To(BeNumerically("<=", max(s.NumAttempts, 1)), "%s is told once in an attempt how to be reproduced", s.FullText())
		for _, e := range s.ReportEntries {
			if e.Name != spec.RecordEntry {
				continue
			}
			m := recordPath.FindStringSubmatch(e.StringRepresentation())
			Expect(m).To(HaveLen(5), e.StringRepresentation())
			Expect(filepath.Dir(m[2])).To(Equal(dir))
			file, err := os.Open(m[2])
			Expect(err).NotTo(HaveOccurred())
			run, err := timeline.ReadTrace(file)
			Expect(file.Close()).To(Succeed())
			Expect(err).NotTo(HaveOccurred())
			Expect(run.Len()).To(BeNumerically(">", 0))
			page, err := os.ReadFile(m[4])
			Expect(err).NotTo(HaveOccurred())
			Expect(string(page)).To(HavePrefix("<!DOCTYPE html>"))
			Expect(read[m[2]]).To(BeFalse(), "two records in "+m[2])
			read[m[2]] = true
		}
	}
	Expect(len(read)).To(BeNumerically(">=", 15))
}

var _ = It("gives the reporter for GitHub diagrams by the name that it knows", func() {
	Expect(spec.DiagramEntry).To(Equal(github.DiagramEntry))
})

// What is ours in a report is a string, and what people may attach themselves can be
// marshalled: what cannot hangs ginkgo -p.
var _ = Describe("values in reports", func() {
	It("can be marshalled", func() {
		tunnel := spec.Tunnel()
		rec, err := blocking.Start(blocking.Config{Markers: fakeloop.CallbackFrames()})
		Expect(err).NotTo(HaveOccurred())
		report, err := rec.Stop()
		Expect(err).NotTo(HaveOccurred())
		p := fakeloop.NewPromise[func()](tunnel.Loop, "reply")
		for _, value := range []any{
			tunnel, tunnel.Loop, tunnel.Net, p, p.Future(), AsFuture(make(chan error)), On(tunnel.Loop, make(chan int)), tunnel.Loop.Timeline(),
			tunnel.Loop.Pending(), tunnel.Loop.Timeline().Failure(), rec, report, fakeloop.Record(fakeloop.Seed(1)), tunnel.Loop.Gate(),
		} {
			text, err := json.Marshal(types.WrapEntryValue(value))
			Expect(err).NotTo(HaveOccurred(), "%T", value)
			Expect(json.Valid(text)).To(BeTrue(), "%T", value)
			Expect(json.Unmarshal(text, new(types.ReportEntryValue))).To(Succeed(), "%T", value)
		}
		p.Resolve(nil)
	})
})
