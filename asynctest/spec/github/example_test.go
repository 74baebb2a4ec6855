package github_test

import (
	"fmt"
	"os"

	"github.com/onsi/ginkgo/v2/types"

	"github.com/windtunnel-go/windtunnel/asynctest/spec/github"
)

// A suite reports by one line, which does nothing outside of GitHub Actions:
//
//	var _ = ReportAfterSuite("GitHub", github.Report)
func ExampleReport() {
	before := os.Getenv("GITHUB_ACTIONS")
	defer os.Setenv("GITHUB_ACTIONS", before)
	os.Setenv("GITHUB_ACTIONS", "")
	github.Report(types.Report{SuiteDescription: "my suite"})
	// Output:
}

// A spec attaches what it has found out by AddReportEntry.
func ExampleCell_Attachment() {
	fmt.Println(github.Cell{Table: "clients", Row: "fetch", Column: "reset", Text: "free, ECONNRESET"}.Attachment())
	// Output: windtunnel verdict {"table":"clients","row":"fetch","column":"reset","text":"free, ECONNRESET"}
}

func ExamplePoints_Attachment() {
	points := github.Points{Title: "faults", Of: 40, Checked: 40}
	points.Findings = append(points.Findings, github.Finding{Point: 7, Text: "the error of the dial is lost"})
	fmt.Println(points.Attachment())
	// Output: windtunnel points {"title":"faults","of":40,"checked":40,"findings":[{"point":7,"text":"the error of the dial is lost"}]}
}

// The command tells of a report that Ginkgo has written, here to a reader and not to
// GitHub.
func ExampleMain() {
	noRunner := func(string) string { return "" }
	github.Main([]string{"report", "testdata/recorded/good.json"}, noRunner, os.Stdout, os.Stderr)
	// Output:
	// <h2>Passed: 4 specs passed, 0 failed, 0 skipped, 0 pending</h2>
	//
	// <table>
	// <tr><th>suite</th><th>seed</th><th>verdict</th><th>passed</th><th>failed</th><th>skipped</th><th>pending</th></tr>
	// <tr><td><code>.</code></td><td>17</td><td>passed</td><td>4</td><td>0</td><td>0</td><td>0</td></tr>
	// </table>
	//
	// <h3><code>clients</code></h3>
	//
	// <table>
	// <tr><th></th><th><code>latency</code></th></tr>
	// <tr><td><code>good client</code></td><td><code>free, page</code></td></tr>
	// </table>
}
