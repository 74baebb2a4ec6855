package spec_test

import (
	"log"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
)

// What specs do in callbacks does not block, and so needs no rule; but under ginkgo -v what
// goes to the GinkgoWriter is written to the terminal at once.
var _ = DescribeTable("a callback does not block that uses",
	func(f func()) {
		config, reporter := GinkgoConfiguration()
		var rules []blocking.Rule
		if config.ParallelTotal == 1 && reporter.Verbosity().GTE(types.VerbosityLevelVerbose) {
			rules = blocking.TestFrameworks()
		}
		rec, err := blocking.Start(blocking.Config{Allow: rules})
		Expect(err).NotTo(HaveOccurred())
		for range 100 {
			blocking.Callback(f)
		}
		report, err := rec.Stop()
		Expect(err).NotTo(HaveOccurred())
		Expect(report.Blocks).To(BeEmpty(), report.String)
	},
	Entry("By", func() { By("doing something") }),
	Entry("AddReportEntry", func() { AddReportEntry("note", 1, ReportEntryVisibilityNever) }),
	Entry("the GinkgoWriter", func() { GinkgoWriter.Printf("%d\n", 1) }),
	Entry("a logger that writes to it", func() { log.New(GinkgoWriter, "", log.LstdFlags).Print("x") }),
	Entry("GinkgoT", func() { GinkgoT().Log("x") }),
	Entry("Expect", func() { Expect(1).To(Equal(1)) }),
	Entry("CurrentSpecReport", func() { _ = CurrentSpecReport().FullText() }),
)
