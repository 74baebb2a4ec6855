// Package bad is a suite whose specs fail, and say hostile things about it.
package bad_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest/spec/github"
)

var _ = Describe("a bad client", func() {
	It("fails", func() {
		fmt.Println("::error::nobody is to obey this")
		AddReportEntry(github.TimelineEntry, "0s   loop  dial api:80\n50ms loop  refused")
		AddReportEntry(github.DiagramEntry, "sequenceDiagram\n  client->>api: GET /\n  api--xclient: RST")
		AddReportEntry("notes", "a note")
		name, text := github.Cell{Table: "clients", Row: "bad client", Column: "latency", Text: "BLOCKS network, page", Bad: true}.Attachment()
		AddReportEntry(name, text, ReportEntryVisibilityNever)
		Expect("free").To(Equal("BLOCKS network"))
	})

	It("fails\n::error::with a name <b>like</b> `this`, %25 and more | than one line", func() {
		Fail("::set-output name=x::y\r\n\x1b[31mred\x1b[0m </code></pre><script>alert(1)</script>\n```\n~~~\n[a](javascript:alert(1)) @everyone \u202E")
	})

	It("draws what is no drawing", func() {
		AddReportEntry(github.DiagramEntry, "sequenceDiagram\n  a->>b: hi\n  link a: x @ https://example.org")
		panic("oh no")
	})

	It("skips", func() { Skip("there is no network") })

	PIt("comes later", func() {})

	It("passes", func() {})

	It("fails twice", func() {
		DeferCleanup(func() error { return fmt.Errorf("the server is still there") })
		Expect(1).To(Equal(2))
	})
})

var _ = AfterSuite(func() { Expect("a connection").To(BeEmpty()) })
