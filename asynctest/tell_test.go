package asynctest_test

import (
	"net/http"
	"os"
	"regexp"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	. "github.com/windtunnel-go/windtunnel/asynctest"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// Tests that are to fail leave their records where they are removed.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "asynctest")
	if err != nil {
		panic(err)
	}
	os.Setenv("WINDTUNNEL_RECORDS", dir)
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

var recorded = regexp.MustCompile(`(?m)^The whole record of the run, which https://ui\.perfetto\.dev opens: (/.+\.json\.gz)\nThe same as a page, which every browser opens: (/.+\.html)$`)

// waiting is a test that fails because nobody answers.
func waiting(s *subject, tunnel *Tunnel) {
	p := fakeloop.NewPromise[string](tunnel.Loop, "reply")
	tunnel.Loop.Named("request").AfterFunc(time.Second, func() {})
	time.Sleep(2 * time.Second)
	if !p.Future().Settled() {
		s.Fatalf("nobody answers")
	}
}

// A test that fails tells what led there, as it was before the tunnel was closed, and
// where the whole record is.
func TestRunTellsTheStory(t *testing.T) {
	g := NewWithT(t)
	s, _ := runSubject(waiting)
	g.Expect(s.errors).To(Equal([]string{"nobody answers"}))
	g.Expect(s.logs).To(HaveLen(2))
	g.Expect(recorded.ReplaceAllString(s.logs[0], "PATH")).To(Equal(`What led to 1 future that is pending (1 of 3 lines):
   | reply
0s | promise reply, never settled
PATH`))
	g.Expect(s.logs[1]).To(HavePrefix("To reproduce: "))

	file, err := os.Open(recorded.FindStringSubmatch(s.logs[0])[1])
	g.Expect(err).NotTo(HaveOccurred())
	defer file.Close()
	run, err := timeline.ReadTrace(file)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(run.Len()).To(Equal(3))

	again, _ := runSubject(waiting)
	g.Expect(again.logs).To(Equal(s.logs), "a test overwrites its own record")
	other, _ := runSubject(waiting, WithSeed(5))
	g.Expect(other.logs[0]).NotTo(Equal(s.logs[0]), "but not that of another seed")
}

// What only closing finds out is told, too.
func TestRunTellsWhatClosingFinds(t *testing.T) {
	g := NewWithT(t)
	s, _ := runSubject(func(_ *subject, tunnel *Tunnel) {
		fakeloop.NewPromise[int](tunnel.Loop, "lost").Reject(errLost)
	})
	g.Expect(s.logs).To(HaveLen(2))
	g.Expect(s.logs[0]).To(HavePrefix("What led to 1 rejection that nobody looked at (2 of 3 lines):\n"))
}

// Nothing is told of a loop on which nothing happened, nor of a test that has not failed.
func TestRunTellsNothing(t *testing.T) {
	g := NewWithT(t)
	s, _ := runSubject(func(s *subject, _ *Tunnel) { s.Fatalf("no") })
	g.Expect(s.logs).To(HaveLen(1))
	s, _ = runSubject(func(*subject, *Tunnel) { go func() { select {} }() })
	g.Expect(s.logs).To(HaveLen(1))
	s, _ = runSubject(func(s *subject, tunnel *Tunnel) {
		tunnel.Loop.Post(func() {})
		time.Sleep(time.Second)
		s.skipNow()
	})
	g.Expect(s.logs).To(BeEmpty())
}

func TestRunTellsWithoutRecords(t *testing.T) {
	g := NewWithT(t)
	t.Setenv("WINDTUNNEL_RECORDS", "off")
	s, _ := runSubject(waiting)
	g.Expect(s.logs[0]).To(HaveSuffix("0s | promise reply, never settled\n"))
	t.Setenv("WINDTUNNEL_RECORDS", "/dev/null/records")
	s, _ = runSubject(waiting)
	g.Expect(s.logs[0]).To(ContainSubstring("\nThe whole record of the run could not be written: mkdir /dev/null"))
	g.Expect(s.logs[0]).To(ContainSubstring("\nThe page of the run could not be written: mkdir /dev/null"))
}

// A fault that a network has is a span of the trace, by the words of package toxics.
func TestFaultsInATrace(t *testing.T) {
	Run(t, func(tunnel *Tunnel) {
		g := NewWithT(t)
		tunnel.Net.Serve("api:80", http.NotFoundHandler())
		tunnel.Net.Apply(toxics.Partition("client", "api").From(10 * time.Second).For(2 * time.Minute))
		time.Sleep(5 * time.Minute)
		var trace traceText
		g.Expect(tunnel.Loop.Timeline().WriteTrace(&trace)).To(Succeed())
		g.Expect(string(trace)).To(And(
			MatchRegexp(`"name":"fault 0: severed client, api","cat":"fault","ph":"b","ts":(9|10)\d{6}\.`),
			MatchRegexp(`"name":"fault 0: severed client, api","cat":"fault","ph":"e","ts":(129|130)\d{6}\.`),
		))
	})
}

type traceText string

func (t *traceText) Write(b []byte) (int, error) {
	*t += traceText(b)
	return len(b), nil
}
