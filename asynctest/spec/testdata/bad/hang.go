package bad_test

import (
	"net"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest/spec"
)

// receive is a function of the code under test that waits for ever.
func receive(ch chan int) int { return <-ch }

var _ = Describe("a deadlock", spec.Bubble, func() {
	It("in an It", func() {
		ch := make(chan int)
		receive(ch)
	})

	It("of several goroutines", func() {
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { select {} })
		}
		wg.Wait()
	})

	It("beside a ticker", func() {
		ticker := time.NewTicker(time.Minute)
		DeferCleanup(ticker.Stop)
		go func() {
			for range ticker.C {
				continue
			}
		}()
		select {}
	})

	It("that a cleanup ends", func() {
		ch := make(chan int)
		DeferCleanup(func() { close(ch) })
		receive(ch)
	})

	It("in DeferCleanup", func() {
		DeferCleanup(func() {
			select {}
		})
	})

	It("in a callback", func() {
		tunnel := spec.Tunnel()
		ch := make(chan int)
		DeferCleanup(func() { close(ch) })
		tunnel.Loop.Post(func() { <-ch })
		select {}
	})

	It("when the horizon is too near", spec.Horizon(time.Minute), func() {
		time.Sleep(time.Hour)
	})

	Context("in BeforeEach", func() {
		BeforeEach(func() { select {} })
		It("keeps the It from running", func() { panic("ran") })
	})

	Context("in AfterEach", func() {
		AfterEach(func() { select {} })
		It("fails the spec", func() {})
	})
})

var _ = Describe("time stands still", spec.Bubble, func() {
	It("because of a mutex", func() {
		var mu sync.Mutex
		mu.Lock()
		time.AfterFunc(time.Hour, mu.Unlock)
		mu.Lock()
	})

	It("because of a goroutine that waits for a mutex", func() {
		var mu sync.RWMutex
		mu.Lock()
		go mu.RLock()
		time.Sleep(time.Hour)
	})

	foreign := make(chan int)
	It("because of a channel from outside", func() {
		<-foreign
	})

	It("because of a real connection", func() {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		_, _ = l.Accept()
	})

	It("after the spec", func() {
		go func() { <-foreign }()
	})
})

var _ = Describe("a timeout", spec.Bubble, func() {
	It("of a node that ends with its context", spec.Horizon(100*365*24*time.Hour), NodeTimeout(300*time.Millisecond), func(ctx SpecContext) {
		for ctx.Err() == nil {
			time.Sleep(time.Second)
		}
	})

	It("of a spec", SpecTimeout(300*time.Millisecond), spec.Horizon(100*365*24*time.Hour), func(ctx SpecContext) {
		for ctx.Err() == nil {
			time.Sleep(time.Second)
		}
	})

	var mu sync.Mutex
	It("of a node in which time stands still", NodeTimeout(300*time.Millisecond), func(SpecContext) {
		mu.Lock()
		mu.Lock()
	}, GracePeriod(time.Millisecond))
})
