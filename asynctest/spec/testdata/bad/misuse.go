package bad_test

import (
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/asynctest/spec"
)

// timers is how some libraries save allocations.
var timers sync.Pool

// over is a tunnel that is closed, as that of the spec before would be.
var over *Tunnel

var _ = BeforeSuite(func() {
	Run(GinkgoTB(), func(tunnel *Tunnel) { over = tunnel })
})

var _ = Describe("misuse", spec.Bubble, func() {
	for _, time := range []string{"once", "twice"} {
		It("of http.DefaultClient, "+time, func() {
			_, err := http.Get("http://127.0.0.1:1/")
			Expect(err).NotTo(HaveOccurred())
		})

		It("of net.DefaultResolver, "+time, func() {
			_, err := net.LookupHost("windtunnel.invalid")
			Expect(err).NotTo(MatchError(ContainSubstring("net.DefaultResolver was asked to dial")))
		})
	}

	for _, name := range []string{"the first", "the second"} {
		It("of a pool of timers, "+name, func() {
			timer, _ := timers.Get().(*time.Timer)
			if timer == nil {
				timer = time.NewTimer(time.Second)
			}
			timer.Reset(time.Second)
			<-timer.C
			timers.Put(timer)
		})
	}

	It("of synctest.Test", func() {
		synctest.Test(new(testing.T), func(*testing.T) {})
	})

	It("of asynctest.Run", func() {
		Run(GinkgoTB(), func(*Tunnel) {})
	})

	It("of the tunnel of a spec that is over", func() {
		last := over
		last.Go("client", func() {})
	})

	It("of the loop of a spec that is over", func() {
		last := over
		last.Loop.Post(func() {})
	})

	It("of tunnel.Go", func() {
		spec.Tunnel().Go("", func() {})
	})

	It("of a loop that must not be blocked", func() {
		tunnel := spec.Tunnel()
		tunnel.Loop.Post(func() { time.Sleep(time.Hour) })
		time.Sleep(2 * time.Hour)
		Expect(tunnel).To(NeverBlock(Except(blocking.DNS)))
	})
})

var _ = Describe("an Ordered container", Ordered, ContinueOnFailure, spec.Bubble, func() {
	var foreign chan int

	var tunnel *Tunnel

	BeforeAll(func() {
		foreign = make(chan int)
		tunnel = spec.Tunnel()
		tunnel.Net.Serve("api:80", http.NotFoundHandler())
	})

	It("that dials in the network of BeforeAll", func(ctx SpecContext) {
		_, err := tunnel.Net.DialContext(ctx, "tcp", "api:80")
		Expect(err).NotTo(HaveOccurred())
	})

	It("that starts a goroutine in the tunnel of BeforeAll", func() {
		tunnel.Go("client", func() {})
	})

	It("that waits for what BeforeAll has made", func() {
		<-foreign
	})

	It("has another spec, which runs", func() {
		time.Sleep(time.Hour)
	})
})

// Here Ginkgo itself says where a panic was.
var _ = Describe("misuse outside of bubbles", func() {
	It("of tunnel.Go", func() {
		tunnel := spec.Tunnel()
		tunnel.Go("client", func() {})
	})

	It("of a tunnel that is closed", func() {
		tunnel := spec.Tunnel()
		Expect(tunnel.Close()).To(Succeed())
		tunnel.Go("client", func() {})
	})
})
