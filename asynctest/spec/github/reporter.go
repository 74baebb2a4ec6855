package github

import (
	"fmt"
	"os"

	"github.com/onsi/ginkgo/v2/types"
)

// Report tells GitHub Actions of one suite, in the step in which it runs. Elsewhere it
// does nothing. It is for ReportAfterSuite, which gives it the specs of all parallel
// processes:
//
//	var _ = ReportAfterSuite("GitHub", github.Report)
//
// Several suites may report in one step, one after the other; what they print themselves
// may hold workflow commands, which only the action keeps from being obeyed. Where the
// action runs the suites, it tells of them, and gives them no summary to write to: then
// Report does nothing.
func Report(report types.Report) {
	r, ok := runnerOf(os.Getenv, os.Stdout)
	if !ok || r.summary == "" {
		return
	}
	fmt.Println() // Ginkgo has left the cursor behind its dots, where a command would not be seen
	if err := r.tell(verdictsOf(runOf(report, r.workspace)), ""); err != nil {
		fmt.Printf("::warning::%s\n", escapeData(visible(err.Error())))
	}
}
