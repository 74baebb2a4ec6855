package asynctest_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	. "github.com/windtunnel-go/windtunnel/asynctest"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

var errLost = errors.New("connection lost")

// The matchers with package testing alone; asynctest/spec has the same with Ginkgo.
func TestWithoutGinkgo(t *testing.T) {
	g := NewWithT(t)
	loop := fakeloop.New(fakeloop.Config{})
	rec := Watch(t)

	errc := make(chan error, 1)
	loop.AfterFunc(time.Minute, func() { errc <- errLost })

	f := On(loop, errc, LoopOnly())
	g.Expect(f).To(BePending())
	g.Expect(f).To(RejectWith(errLost))
	g.Expect(f).NotTo(BeResolved())
	g.Expect(rec).To(NeverBlock())
	g.Expect(loop.Close()).To(Succeed())
}

// TestImports keeps the users of this package free of what only tests of it need, and of a
// proxy server: of toxiproxy they get the toxics.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "github.com/windtunnel-go/windtunnel/asynctest").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 10 {
		t.Fatalf("go list names %d packages only", len(deps))
	}
	for _, dep := range deps {
		toxic, ours := strings.CutPrefix(dep, "github.com/Shopify/toxiproxy/v2")
		if strings.Contains(dep, "/onsi/ginkgo/") || ours && toxic != "/toxics" && toxic != "/stream" {
			t.Errorf("asynctest imports %s", dep)
		}
	}
}
