package asynctest

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/progress"
)

// The runs of BeDeterministic are steps, and one that goes wrong says how.
func TestRunsAreFollowed(t *testing.T) {
	g := gomega.NewWithT(t)
	var out bytes.Buffer
	m := &beDeterministic{n: 5, follow: func(title string, n int) *progress.Progress {
		return progress.Start(progress.Config{Title: title, Total: n, Out: &out, Style: progress.Lines, After: -1})
	}}
	ran := 0
	_, err := m.Match(func(loop *fakeloop.Loop) {
		if ran++; ran == 3 {
			loop.Post(func() { panic("oh no") })
		}
	})
	g.Expect(err).To(gomega.MatchError(gomega.ContainSubstring("run 3 went wrong")))
	lines := strings.Split(out.String(), "\n")
	g.Expect(lines).To(gomega.HaveLen(4))
	g.Expect(lines[0]).To(gomega.HavePrefix("BeDeterministic: 0 of 5, 0 failed, after "))
	g.Expect(lines[1]).To(gomega.And(gomega.HavePrefix("BeDeterministic: FAILED run 3: "), gomega.ContainSubstring("oh no")))
	g.Expect(lines[2]).To(gomega.HavePrefix("BeDeterministic: 3 of 5, 1 failed, after "))
}

// In a bubble nobody follows: its time says nothing about how long the runs take.
func TestRunsInABubbleAreNotFollowed(t *testing.T) {
	g := gomega.NewWithT(t)
	synctest.Test(t, func(t *testing.T) { g.Expect(followRuns("runs", 3)).To(gomega.BeNil()) })
	p := followRuns("runs", 3)
	defer p.Close()
	g.Expect(p).NotTo(gomega.BeNil())
}
