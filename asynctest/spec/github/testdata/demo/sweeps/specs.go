// Package sweeps is a suite with a sweep of seven points, of which it does its part, and
// with a spec that fails under even seeds.
package sweeps_test

import (
	"fmt"
	"os"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest/spec/github"
)

var _ = Describe("a client under sweeps", func() {
	It("keeps every error", func() {
		number, of := 1, 1
		if text := os.Getenv(github.ShardVariable); text != "" {
			_, err := fmt.Sscanf(text, "%d/%d", &number, &of)
			Expect(err).NotTo(HaveOccurred())
		}
		points := github.Points{Title: "faults", Of: 7}
		for point := range 7 {
			if point%of != number-1 {
				continue
			}
			points.Checked++
			verdict, bad := "kept", point%3 == 2
			if bad {
				verdict = "lost"
				points.Findings = append(points.Findings, github.Finding{Point: point, Text: "the error is lost", Reproduce: fmt.Sprintf("go test -point=%d", point)})
				AddReportEntry(github.TimelineEntry, fmt.Sprintf("point %d: dial, lost", point))
			}
			name, text := github.Cell{Table: "sweep", Row: fmt.Sprint("point ", point), Column: "error", Text: verdict, RowAt: point, Bad: bad}.Attachment()
			AddReportEntry(name, text, ReportEntryVisibilityNever)
		}
		var told []string
		for _, f := range points.Findings {
			told = append(told, fmt.Sprintf("point %d: %s", f.Point, f.Text))
		}
		points.Told = strings.Join(told, "\n")
		name, text := points.Attachment()
		AddReportEntry(name, text, ReportEntryVisibilityNever)
		if points.Told != "" {
			Fail(points.Told)
		}
	})

	It("likes odd seeds", func() {
		Expect(GinkgoRandomSeed()%2).To(Equal(int64(1)), "the seed is even")
	})

	for i := range 3 {
		It("passes under all seeds", func() { Expect(i).To(BeNumerically("<", 3)) })
	}
})

var _ = ReportAfterSuite("GitHub", github.Report)
