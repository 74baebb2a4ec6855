package asynctest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	. "github.com/windtunnel-go/windtunnel/asynctest"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// noteLines tells notes in a line each.
func noteLines(notes []timeline.Note) (out []string) {
	for _, n := range notes {
		out = append(out, masked(fmt.Sprintf("%v %v+%v %t %s", n.Kind, n.At.Truncate(time.Second), n.Span.Truncate(time.Second), n.ID != timeline.Driver, n.Label)))
	}
	return out
}

// Faults are told with the time in which they were in force, also those that the plan has
// from the start, and callbacks with the time that they took.
func TestNotes(t *testing.T) {
	plan := toxics.Plan{Faults: []toxics.Fault{toxics.Inject(toxics.Refuse{}), toxics.Partition("client", "api").For(time.Minute)}}
	Run(t, func(tunnel *Tunnel) {
		g := NewWithT(t)
		tunnel.Net.Serve("api:80", http.NotFoundHandler())
		tunnel.Net.Apply(toxics.Inject(toxics.Latency{Latency: time.Second}).From(10 * time.Second).For(20 * time.Second))
		lifted := tunnel.Net.Apply(toxics.Inject(toxics.FailDial{Errno: syscall.ENETUNREACH}))
		lifted.Lift()
		tunnel.Loop.Named("tick").AfterFunc(5*time.Minute, napping)
		time.Sleep(2 * time.Hour)
		notes := tunnel.Notes()
		g.Expect(noteLines(notes)).To(Equal([]string{
			"fault 0s+1h5m0s false refuse",
			"fault 0s+1m0s false severed client, api",
			"fault 0s+0s false fail_dial",
			"fault 9s+20s false latency", // its skew is before and behind,
			"blocking 5m0s+1h0m0s true asynctest_test.napping (blocked_test.go:N), on sleep",
		}))
		last := notes[len(notes)-1]
		g.Expect(masked(last.Text)).To(MatchRegexp(`^timer "tick" \(#\) at 5m0s, set by the test at notes_test\.go:N; 1h0m0s of virtual time passed in it
park on sleep \("sleep"\)
at /.*blocked_test\.go:N
blocked at
  time\.Sleep \(.*\)
  asynctest_test\.napping \(blocked_test\.go:N\)
to allow it: blocking\.AllowFunc\(`))
		g.Expect(notes[0].Text).To(Equal("until the end of the run"))
	}, WithPlan(plan))
}

// A fault that is injected is told as well, with the line that it hit.
func TestNotesOfInjectedFaults(t *testing.T) {
	source := explore.Run{Faults: []explore.Fault{{Point: "read #1", Way: "error"}}}.Source()
	Run(t, func(tunnel *Tunnel) {
		g := NewWithT(t)
		tunnel.Loop.AfterFunc(time.Minute, func() { _ = tunnel.Loop.Fail("read") })
		_ = tunnel.Loop.Advance(time.Hour)
		notes := tunnel.Notes()
		g.Expect(noteLines(notes)).To(Equal([]string{"fault 1m0s+0s false injected: error at read #1"}))
		g.Expect(masked(notes[0].Text)).To(Equal("the call that goes wrong is at notes_test.go:N"))
	}, WithLoop(fakeloop.Config{Decisions: source}))
}

// What blocks, but in no callback of the loop, is told without one; nothing is told of a
// tunnel that knows nothing.
func TestNotesWithoutCallbacks(t *testing.T) {
	g := NewWithT(t)
	Run(t, func(tunnel *Tunnel) {
		other := fakeloop.New(fakeloop.Config{})
		other.Post(napping)
		g.Expect(other.RunUntilIdle()).To(Succeed())
		g.Expect(noteLines(tunnel.Notes())).To(Equal([]string{"blocking 0s+0s false asynctest_test.napping (blocked_test.go:N), on sleep"}))
	})
	var nobody Tunnel
	g.Expect(func() { nobody.Notes() }).To(PanicWith(HavePrefix("asynctest: Tunnel.Notes: this tunnel has not been made")))
}

// A test that fails leaves a page on which the callback that blocked is marked, and the
// faults, with nothing done for it.
func TestRunLeavesAPage(t *testing.T) {
	g := NewWithT(t)
	s, _ := runSubject(func(s *subject, tunnel *Tunnel) {
		tunnel.Loop.Named("tick").AfterFunc(time.Second, napping)
		time.Sleep(2 * time.Hour)
		s.Fatalf("no")
	}, WithPlan(toxics.Plan{Faults: []toxics.Fault{toxics.Partition("client", "api")}}))
	g.Expect(s.logs).NotTo(BeEmpty())
	text, err := os.ReadFile(recorded.FindStringSubmatch(s.logs[0])[2])
	g.Expect(err).NotTo(HaveOccurred())
	_, rest, _ := strings.Cut(string(text), `<script type="application/json" id="run">`)
	shown, _, _ := strings.Cut(rest, "</script>")
	var page struct {
		Kinds []string
		Texts []string
		Runs  []struct {
			Kind, Label []int
			Notes       []struct {
				Kind         string
				Event, Label int
			}
		}
	}
	g.Expect(json.Unmarshal([]byte(shown), &page)).To(Succeed())
	run := page.Runs[0]
	var got []string
	for _, n := range run.Notes {
		about := "the run"
		if n.Event >= 0 {
			about = page.Kinds[run.Kind[n.Event]] + " " + page.Texts[run.Label[n.Event]]
		}
		got = append(got, masked(fmt.Sprintf("%s of %s: %s", n.Kind, about, page.Texts[n.Label])))
	}
	g.Expect(got).To(Equal([]string{
		"fault of the run: severed client, api",
		"blocking of fire tick: asynctest_test.napping (blocked_test.go:N), on sleep",
	}))
	first := slices.Index(page.Texts, "fault 0 on: severed client, api")
	g.Expect(run.Label[0]).To(Equal(first), "the fault is the first event of the run")
}
