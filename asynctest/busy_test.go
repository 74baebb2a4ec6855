package asynctest_test

import (
	"bufio"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	. "github.com/onsi/gomega"

	. "github.com/windtunnel-go/windtunnel/asynctest"
)

// crunch computes until it is to end, or for long enough to be told, if that is broken.
func crunch(end *atomic.Bool) {
	for i := 0; i < 1<<34 && !end.Load(); i++ {
	}
}

// A callback that computes is told while it does, on standard error: which one it is, of whose
// tunnel, and where. The test does not fail for that.
func TestACallbackThatComputesIsTold(t *testing.T) {
	t.Setenv("WINDTUNNEL_GUARD", "200ms")
	g := NewWithT(t)
	r, w, err := os.Pipe()
	g.Expect(err).NotTo(HaveOccurred())
	stderr := os.Stderr
	os.Stderr = w
	defer func() { os.Stderr = stderr }()
	var end atomic.Bool
	told := make(chan string)
	go func() {
		lines := bufio.NewReader(r)
		text := ""
		for !strings.Contains(text, "busy_test.go:") { // the line that it is at comes last
			line, err := lines.ReadString('\n')
			if text += line; err != nil {
				break
			}
		}
		end.Store(true)
		rest, _ := io.ReadAll(lines)
		told <- text + string(rest)
	}()
	s, returned := runSubject(func(_ *subject, tunnel *Tunnel) {
		tunnel.Loop.Named("crunch").Post(func() { crunch(&end) })
		g.Expect(tunnel.Settle()).To(Succeed())
		g.Expect(NewTunnel().Close()).To(Succeed())
	}, WithSeed(7))
	g.Expect(w.Close()).To(Succeed())
	text := masked(<-told)
	g.Expect(returned).To(BeTrue())
	g.Expect(s.errors).To(BeEmpty())
	g.Expect(text).To(HavePrefix(`asynctest: TestSubject/part, a tunnel with seed 7: callback "crunch" (#) has been running since 0s, for 200ms of real time: ` +
		`until it returns or waits virtual time stands still, and no other callback runs. If it computes for ever, only the timeout of go test ends it; if it takes that long, nothing is wrong. It is here:

goroutine [run`))
	g.Expect(text).To(MatchRegexp(`(?m)^    github\.com/windtunnel-go/windtunnel/asynctest_test\.crunch\n        .*busy_test\.go:N$`))
}
