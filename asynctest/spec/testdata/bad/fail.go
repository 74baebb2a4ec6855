// Package bad is a suite of specs that go wrong, each in another way. It is run by the
// specs of package spec, which check what is said about each.
package bad_test

import (
	"errors"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/spec"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

var errBoom = errors.New("boom")

var _ = Describe("a failure", spec.Bubble, func() {
	It("in an It", func() {
		time.Sleep(time.Hour)
		Expect(1).To(Equal(2))
	})

	It("in a helper", func() {
		check := func() {
			GinkgoHelper()
			Expect(1).To(Equal(2))
		}
		check()
	})

	It("in a callback", func() {
		tunnel := spec.Tunnel()
		tunnel.Loop.Post(func() {
			Expect(1).To(Equal(2))
		})
		Expect(tunnel.Settle()).To(Succeed())
		panic("went on")
	})

	It("in a callback for which nobody waits", func() {
		tunnel := spec.Tunnel()
		tunnel.Loop.Post(func() {
			Expect(1).To(Equal(2))
		})
		time.Sleep(time.Second)
	})

	It("on a goroutine", func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer GinkgoRecover()
			Expect(1).To(Equal(2))
		}()
		<-done
	})

	It("in DeferCleanup", func() {
		DeferCleanup(func() {
			Expect(1).To(Equal(2))
		})
	})

	It("in DeferCleanup, returned", func() {
		DeferCleanup(func() error { return errBoom })
	})

	It("after a virtual hour of Eventually", func() {
		Eventually(func() int { return 1 }).WithTimeout(time.Hour).WithPolling(time.Minute).Should(Equal(2))
	})

	It("of a future that never settles", func() {
		tunnel := spec.Tunnel()
		Expect(fakeloop.NewPromise[string](tunnel.Loop, "reply").Future()).To(BeResolved())
	})

	It("and a goroutine that is left", func() {
		go func() { select {} }()
		Expect(1).To(Equal(2))
	})

	Context("in BeforeEach", func() {
		BeforeEach(func() { Expect(1).To(Equal(2)) })
		It("keeps the It from running", func() { panic("ran") })
	})

	Context("in JustBeforeEach", func() {
		JustBeforeEach(func() { Expect(1).To(Equal(2)) })
		It("keeps the It from running", func() { panic("ran") })
	})

	Context("in JustAfterEach", func() {
		JustAfterEach(func() { Expect(1).To(Equal(2)) })
		It("fails the spec", func() {})
	})

	Context("in AfterEach", func() {
		AfterEach(func() { Expect(1).To(Equal(2)) })
		It("fails the spec", func() {})
	})

	Context("is there for", func() {
		var ch chan int
		It("DeferOnFailure, in the bubble", func() {
			ch = make(chan int, 1)
			DeferOnFailure(func() { ch <- 1 })
			DeferCleanup(func() { Expect(ch).To(Receive()) })
			Expect(1).To(Equal(2))
		})
	})

	DescribeTable("in a table", func(n int) { Expect(n).To(Equal(1)) }, Entry("a good one", 1), Entry("a bad one", 2))

	attempts := 0
	It("in an attempt of several", FlakeAttempts(2), func() {
		if attempts++; attempts == 1 {
			<-make(chan int)
		}
	})

	repeated := 0
	It("in a repetition", MustPassRepeatedly(3), func() {
		repeated++
		Expect(repeated).To(BeNumerically("<", 2))
	})

	It("of a spec whose 'text' has $HOME, `x`, \"y\" and (.*) in it", func() {
		Expect(1).To(Equal(2))
	})
})

var _ = Describe("a panic", spec.Bubble, func() {
	It("in an It", func() {
		panic("oh no")
	})

	It("of the runtime", func() {
		var m map[string]int
		m["x"] = 1
	})

	It("with an error", func() {
		panic(errBoom)
	})

	It("in a callback", func() {
		tunnel := spec.Tunnel()
		tunnel.Loop.Post(func() { panic("oh no") })
		time.Sleep(time.Second)
	})

	It("in tunnel.Go, of whom a channel is expected", func() {
		tunnel := spec.Tunnel()
		replies := make(chan string)
		tunnel.Go("client", func() { panic("oh no") })
		Expect(replies).To(ResolveWith("ok"))
	})

	It("in DeferCleanup", func() {
		DeferCleanup(func() { panic("oh no") })
	})
})

var _ = Describe("an exit", spec.Bubble, func() {
	It("by FailNow of another framework's test", func() {
		NewWithT(new(testing.T)).Expect(1).To(Equal(1))
		new(testing.T).FailNow()
	})

	It("by Skip", func() {
		Skip("there is no network")
	})
})
