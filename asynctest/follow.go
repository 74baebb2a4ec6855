package asynctest

import (
	"io"
	"os"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
	"github.com/windtunnel-go/windtunnel/fakeloop/progress"
)

// followRuns shows on standard error how far a number of runs is, if they take their time:
// line by line, since a test framework may be writing to the same terminal. In a bubble,
// where time says nothing about that, it is nil.
func followRuns(title string, n int) *progress.Progress {
	if bubble.ID() != 0 {
		return nil
	}
	return progress.Start(progress.Config{Title: title, Total: n, Out: struct{ io.Writer }{os.Stderr}})
}
