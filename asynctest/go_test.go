package asynctest_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	. "github.com/windtunnel-go/windtunnel/asynctest"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// starts runs goroutines that are started together under one seed, and returns the order
// in which they began. They need no lock: they begin one at a time.
func starts(t *testing.T, seed uint64) string {
	order := ""
	Run(t, func(tunnel *Tunnel) {
		var all sync.WaitGroup
		for i := range 8 {
			all.Add(1)
			tunnel.Go(fmt.Sprint("client ", i), func() {
				defer all.Done()
				order += fmt.Sprint(i)
				time.Sleep(time.Second)
			})
		}
		all.Wait()
		NewWithT(t).Expect(tunnel.Elapsed()).To(Equal(time.Second))
	}, WithSeed(seed))
	return order
}

// The seed says in which order goroutines begin: the same each time.
func TestGoBeginsInTheOrderOfTheSeed(t *testing.T) {
	g := NewWithT(t)
	orders := map[string]bool{}
	for seed := range uint64(5) {
		first := starts(t, seed)
		for range 5 {
			g.Expect(starts(t, seed)).To(Equal(first))
		}
		orders[first] = true
	}
	g.Expect(len(orders)).To(BeNumerically(">", 1), "seeds make a difference")
}

func TestGoReports(t *testing.T) {
	g := NewWithT(t)
	s, returned := runSubject(func(_ *subject, tunnel *Tunnel) {
		tunnel.Go("client", func() { panic(errLost) })
		time.Sleep(time.Second)
	})
	g.Expect(returned).To(BeTrue())
	g.Expect(s.errors).To(ConsistOf(And(HavePrefix("asynctest: fakeloop: goroutine "), ContainSubstring(`"client"`), ContainSubstring("connection lost"))))

	s, _ = runSubject(func(_ *subject, tunnel *Tunnel) {
		tunnel.Go("client", func() { select {} })
		time.Sleep(time.Second)
	})
	g.Expect(s.errors).To(ConsistOf(And(HavePrefix("asynctest: fakeloop: "), ContainSubstring(`"client"`), ContainSubstring("made at go_test.go:"),
		ContainSubstring("\nThe stacks of these goroutines:\n\n1 goroutine [select (no cases)]:\n"), Not(ContainSubstring("hint")))))

	s, _ = runSubject(func(_ *subject, tunnel *Tunnel) {
		tunnel.Go("client", func() {
			go func() { <-make(chan int) }()
			select {}
		})
		time.Sleep(time.Second)
	})
	g.Expect(s.errors).To(HaveExactElements(
		And(HavePrefix("asynctest: fakeloop: "), ContainSubstring("1 goroutine [select (no cases)]:"), Not(ContainSubstring("chan receive"))),
		And(HavePrefix("asynctest: 1 goroutine was left in the bubble"), ContainSubstring("1 goroutine [chan receive]:"))))

	s, returned = runSubject(func(s *subject, tunnel *Tunnel) {
		tunnel.Go("client", func() { s.Fatalf("no") })
		_ = tunnel.Settle()
		s.Errorf("went on")
	})
	g.Expect(returned).To(BeFalse())
	g.Expect(s.errors).To(Equal([]string{"no"}))

	tunnel := NewTunnel()
	g.Expect(func() { tunnel.Go("client", func() {}) }).To(PanicWith(HavePrefix("asynctest: Tunnel.Go: this tunnel was made outside of bubbles, where it has no goroutines: use Run, or call spec.Tunnel in a spec")))
	g.Expect(tunnel.Close()).To(Succeed())
}

// Clients that share a lock, which the race for it must not show.
func TestGoIsDeterministic(t *testing.T) {
	g := NewWithT(t)
	g.Expect(func(tunnel *Tunnel) {
		shared := make(chan int, 1)
		shared <- 0
		for i := range 10 {
			tunnel.Go(fmt.Sprint("client ", i), func() {
				n := <-shared
				_ = tunnel.Loop.PostFrom(fmt.Sprint("client ", i, " was ", n), func() {})
				time.Sleep(time.Duration(i) * time.Millisecond)
				shared <- n + 1
			})
		}
		time.Sleep(time.Minute)
	}).To(BeDeterministic(20))
}

// Who waits for a channel on which a client was to send is told what became of the client,
// and not how to drive a loop.
func TestAChannelThatNeverComesTellsOfPanics(t *testing.T) {
	g := NewWithT(t)
	var told []error
	for _, wrap := range []func(*Tunnel, chan int) any{
		func(_ *Tunnel, ch chan int) any { return ch },
		func(tunnel *Tunnel, ch chan int) any { return On(tunnel.Loop, ch) },
	} {
		s, _ := runSubject(func(_ *subject, tunnel *Tunnel) {
			reply := make(chan int)
			tunnel.Go("client", func() { panic(errLost) })
			_, err := BeResolved().Match(wrap(tunnel, reply))
			g.Expect(err).To(MatchError(MatchRegexp(`^BeResolved waited 10s of virtual time for a future of type chan int, pending, and cannot tell whether it will ever settle\.
Before that, fakeloop: goroutine "client" \(d0c2e02e\), made at go_test.go:\d+ panicked at go_test.go:\d+: connection lost$`)))
		}, WithLoop(fakeloop.Config{OnError: func(err error) { told = append(told, err) }}))
		g.Expect(s.errors).To(HaveLen(1), "the panic fails the test all the same")
	}
	g.Expect(told).To(HaveLen(2))
	g.Expect(told[0]).To(MatchError(ContainSubstring("connection lost")))
}
