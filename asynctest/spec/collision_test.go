package spec_test

import (
	"errors"
	"time"

	// All three are imported as users import them: that this file compiles shows
	// that no name of one is a name of another.
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	. "github.com/windtunnel-go/windtunnel/asynctest"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

var errGone = errors.New("connection lost")

var _ = Describe("the matchers in a Ginkgo suite", func() {
	It("see futures and blocks", func() {
		loop := fakeloop.New(fakeloop.Config{})
		DeferCleanup(loop.Close)
		rec := Watch(GinkgoT())

		p := fakeloop.NewPromise[string](loop, "fetch")
		loop.AfterFunc(time.Minute, func() { p.Reject(errGone) })

		Expect(p.Future()).To(BePending())
		Expect(p.Future()).To(And(BeRejected(), RejectWith(errGone), Not(BeResolved())))
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
