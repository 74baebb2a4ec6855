package asynctest

import (
	"fmt"
	"io"
	"runtime/trace"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/onsi/gomega"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// fakeTB is a test that notes how it ends, and does not end.
type fakeTB struct {
	fatal    []string
	cleanups []func()
}

func (t *fakeTB) Helper()          {}
func (t *fakeTB) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }
func (t *fakeTB) Fatalf(format string, args ...any) {
	t.fatal = append(t.fatal, fmt.Sprintf(format, args...))
}

func (t *fakeTB) end() {
	for _, f := range slices.Backward(t.cleanups) {
		f()
	}
}

func TestWatchEndsWithTheTest(t *testing.T) {
	g := gomega.NewWithT(t)
	tb := new(fakeTB)
	g.Expect(Watch(tb)).NotTo(gomega.BeNil())
	tb.end()
	g.Expect(tb.fatal).To(gomega.BeEmpty())
	g.Expect(trace.IsEnabled()).To(gomega.BeFalse(), "the tracer is still in use")
}

func TestWatchTakesRules(t *testing.T) {
	g := gomega.NewWithT(t)
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()
	rec := Watch(t, blocking.AllowFunc(blocking.FuncName(nap), "this is a test"))
	loop.Post(nap)
	g.Expect(loop.RunUntilIdle()).To(gomega.Succeed())
	g.Expect(rec).To(NeverBlock())
}

func TestWatchSaysWhyItCannot(t *testing.T) {
	g := gomega.NewWithT(t)
	g.Expect(trace.Start(io.Discard)).To(gomega.Succeed())
	defer trace.Stop()
	theirs := trace.NewFlightRecorder(trace.FlightRecorderConfig{})
	g.Expect(theirs.Start()).To(gomega.Succeed())
	defer theirs.Stop()
	second := new(fakeTB)
	g.Expect(Watch(second)).To(gomega.BeNil())
	g.Expect(second.fatal).To(gomega.ConsistOf(gomega.And(
		gomega.HavePrefix("asynctest: Watch cannot record what the callbacks wait for: "),
		gomega.ContainSubstring("go test -trace"))))
	g.Expect(second.cleanups).To(gomega.BeEmpty())
}

func TestWatchRefusesBubbles(t *testing.T) {
	tb := new(fakeTB)
	synctest.Test(t, func(*testing.T) { Watch(tb) })
	if len(tb.fatal) != 1 || !strings.Contains(tb.fatal[0], "call Start before synctest.Test") {
		t.Errorf("in a bubble Watch says %q", tb.fatal)
	}
}

func TestWatchTellsThatItWasBlind(t *testing.T) {
	g := gomega.NewWithT(t)
	tb := new(fakeTB)
	Watch(tb)
	trace.Stop() // somebody else ends the one trace of the process
	tb.end()
	g.Expect(tb.fatal).To(gomega.ConsistOf(gomega.HavePrefix("asynctest: the recording that Watch began shows nothing about the callbacks: ")))
}

// What the texts above take from real recordings: the place, the callback and the
// line that allows it.
func TestARecordedBlockIsShown(t *testing.T) {
	g := gomega.NewWithT(t)
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()
	rec := Watch(t)
	loop.Post(nap)
	g.Expect(loop.RunUntilIdle()).To(gomega.Succeed())
	m := NeverBlock()
	g.Expect(m.Match(rec)).To(gomega.BeFalse())
	g.Expect(m.FailureMessage(rec)).To(gomega.And(
		gomega.ContainSubstring(`park on sleep ("sleep"), once`),
		gomega.MatchRegexp(`at +asynctest\.nap \(checks_blocking_test\.go:\d+\)`),
		gomega.MatchRegexp(`callback +asynctest\.nap \(checks_blocking_test\.go:\d+\)`),
		gomega.ContainSubstring(`blocking.AllowFunc("github.com/windtunnel-go/windtunnel/asynctest.nap", `)))
}
