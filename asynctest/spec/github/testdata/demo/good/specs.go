package good_test

import (
	"fmt"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest/spec/github"
)

var _ = ReportAfterSuite("GitHub", github.Report)

var _ = Describe("a good client", func() {
	It("adds", func() {
		fmt.Println("::error::nobody is to obey this")
		Expect(1 + 1).To(Equal(2))
	})

	It("is alone with its step", func() {
		for _, name := range []string{"GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE"} {
			Expect(os.Getenv(name)).To(BeEmpty(), name)
		}
	})

	It("leaves a page", func() {
		page := filepath.Join(os.Getenv(github.RecordsVariable), "page.html")
		Expect(os.WriteFile(page, []byte("<p>a run</p>"), 0o644)).To(Succeed())
	})

	It("has a verdict", func() {
		name, text := github.Cell{Table: "clients", Row: "good client", Column: "latency", Text: "free, page"}.Attachment()
		AddReportEntry(name, text, ReportEntryVisibilityNever)
	})
})
