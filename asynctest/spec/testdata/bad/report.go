package bad_test

import (
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/spec"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// unanswered lets a client wait for a reply that does not come, beside a ticker.
func unanswered(tunnel *Tunnel) *fakeloop.Future[string] {
	reply := fakeloop.NewPromise[string](tunnel.Loop, "reply")
	for i := range 100 {
		tunnel.Loop.Named("tick").AfterFunc(time.Duration(i)*time.Second, func() {})
	}
	return fakeloop.Async(tunnel.Loop, "client", func(co *fakeloop.Coroutine) (string, error) {
		if err := co.Sleep(10 * time.Second); err != nil {
			return "", err
		}
		return fakeloop.Await(co, reply.Future())
	})
}

// real comes every now and then in real time, which the wait for it does not spend on the
// processor.
var real = make(chan bool)

func init() {
	go func() {
		for {
			time.Sleep(20 * time.Millisecond)
			real <- true
		}
	}()
}

// untilTimeout returns when Ginkgo has given the node up.
func untilTimeout(ctx SpecContext) {
	for ctx.Err() == nil {
		<-real
		time.Sleep(time.Hour)
	}
}

const hostile = "::error::x ##[error]y {{red}}z\n<b>\x1b[31m\xff"

var _ = Describe("a report", spec.Bubble, func() {
	It("of a reply that does not come", func() {
		Expect(unanswered(spec.Tunnel())).To(BeResolved())
	})

	It("of a rejection, and a fault", func() {
		tunnel := spec.Tunnel()
		Expect(tunnel.Net.Listen("api:80")).NotTo(BeNil())
		tunnel.Net.Apply(toxics.Partition("client", "api").From(10 * time.Second))
		f := fakeloop.Async(tunnel.Loop, "client", func(co *fakeloop.Coroutine) (string, error) {
			return "", errors.Join(co.Sleep(20*time.Second), errBoom)
		})
		Expect(f).To(ResolveWith("ok"))
	})

	It("of hostile texts", func() {
		tunnel := spec.Tunnel()
		p := fakeloop.NewPromise[string](tunnel.Loop, hostile)
		p.Reject(errors.New(hostile))
		_, _, _ = p.Future().Outcome()
		Fail("no")
	})

	It("of two tunnels", func() {
		one, two := spec.Tunnel(), spec.Tunnel()
		one.Loop.Named("one").Post(func() {})
		two.Loop.Named("two").Post(func() { panic("oh no") })
		time.Sleep(time.Second)
		Fail("after a second")
	})

	It("of a tunnel that only closing finds fault with", func() {
		fakeloop.NewPromise[string](spec.Tunnel().Loop, "lost").Reject(errBoom)
	})

	It("of each attempt", FlakeAttempts(2), func() {
		tunnel := spec.Tunnel()
		tunnel.Loop.Named("attempt").Post(func() {})
		time.Sleep(time.Second)
		Fail("no")
	})

	Context("of a tunnel that is made too late", func() {
		AfterEach(func() {
			spec.Tunnel().Loop.Post(func() {})
			time.Sleep(time.Second)
			Fail("no")
		})
		It("has no timeline", func() {})
	})

	It("of what a stuck spec waits for", spec.Horizon(100*365*24*time.Hour), NodeTimeout(time.Second), func(ctx SpecContext) {
		tunnel := spec.Tunnel()
		for i := range 25 {
			tunnel.Loop.Named("##[timer] {{red}}").AfterFunc(time.Duration(50+i)*365*24*time.Hour, func() {})
		}
		tunnel.Loop.Named("begin").Post(func() {})
		untilTimeout(ctx)
	})

	It("of a stuck spec that waits for nothing", spec.Horizon(100*365*24*time.Hour), NodeTimeout(time.Second), func(ctx SpecContext) {
		spec.Tunnel()
		untilTimeout(ctx)
	})
})

var _ = Describe("a report without a bubble", func() {
	It("of a reply that does not come", func() {
		Expect(unanswered(spec.Tunnel())).To(BeResolved())
	})
})
