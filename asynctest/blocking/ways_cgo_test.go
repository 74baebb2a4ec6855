//go:build cgo && unix

package blocking

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking/testdata/nap"
)

func init() { waysInC = waysByC }

// waysByC: whatever C does counts, whether or not it waits.
var waysByC = []way{
	{name: "call of C", kind: Syscall, on: Other, live: func(s *stage) {
		s.do(func() {
			s.at = below(1)
			nap.Microseconds(1)
		})
	}},
}

// The resolver of the C library is chosen once per process, so it has one of its own.
func TestLivenessOfTheCResolver(t *testing.T) {
	if !strings.Contains(os.Getenv("GODEBUG"), "netdns=cgo") {
		cmd := exec.Command(os.Args[0], "-test.run=^TestLivenessOfTheCResolver$", "-test.v")
		cmd.Env = append(os.Environ(), "GODEBUG=netdns=cgo")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "seen all") {
			t.Errorf("%v:\n%s", err, out)
		}
		return
	}
	n := scaled(t, 1_000)
	w := way{name: "DNS, the C resolver", kind: Syscall, on: DNS, many: true, live: func(s *stage) {
		s.do(func() {
			s.at = below(1)
			net.DefaultResolver.LookupHost(context.Background(), "localhost")
		})
	}}
	if err := w.inBoth(t, n); err != nil {
		t.Fatal(err)
	}
	t.Log("seen all")
}
