package asynctest_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	// All three are imported as users import them: that this file compiles shows
	// that no name of one is a name of another.
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	. "github.com/windtunnel-go/windtunnel/asynctest"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func TestAsynctest(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "asynctest")
}

var errLost = errors.New("connection lost")

var _ = Describe("the matchers in a Ginkgo suite", func() {
	It("see futures and blocks", func() {
		loop := fakeloop.New(fakeloop.Config{})
		DeferCleanup(loop.Close)
		rec := Watch(GinkgoT())

		p := fakeloop.NewPromise[string](loop, "fetch")
		loop.AfterFunc(time.Minute, func() { p.Reject(errLost) })

		Expect(p.Future()).To(BePending())
		Expect(p.Future()).To(And(BeRejected(), RejectWith(errLost), Not(BeResolved())))
		Expect(loop.Elapsed()).To(Equal(time.Minute))
		Expect(rec).To(NeverBlock())
	})

	It("see a callback that blocks", func() {
		loop := fakeloop.New(fakeloop.Config{})
		DeferCleanup(loop.Close)
		rec := Watch(GinkgoT())

		loop.Post(func() { time.Sleep(time.Nanosecond) })
		Expect(loop.RunUntilIdle()).To(Succeed())

		Expect(rec).NotTo(NeverBlock())
		Expect(rec).To(SatisfyAll(BlockOn(blocking.Sleep), NeverBlock(Except(blocking.Sleep))))
	})
})

// TestWithoutGinkgo is the same with package testing alone.
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
		if strings.Contains(dep, "onsi/ginkgo") || ours && toxic != "/toxics" && toxic != "/stream" {
			t.Errorf("asynctest imports %s", dep)
		}
	}
}
