package toxics

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// directed runs a test in a bubble, on a network whose events pass the gate of a loop.
func directed(t *testing.T, c Config, test func(t *testing.T, loop *fakeloop.Loop, n *Network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		c.Gate = loop.Gate()
		n, err := NewNetwork(c)
		must(t, err)
		test(t, loop, n)
		must(t, n.Close())
		must(t, loop.Close())
	})
}

// Dial, Write and Close may be called under a mutex that another goroutine wants: one
// that waits for it would keep the bubble from becoming quiet, and the gate shut.
func TestNoCallWaitsAtTheGate(t *testing.T) {
	directed(t, Config{}, func(t *testing.T, _ *fakeloop.Loop, n *Network) {
		l, err := n.Listen("server:1")
		must(t, err)
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go io.Copy(c, c)
			}
		}()
		var mu sync.Mutex
		var all sync.WaitGroup
		start := make(chan struct{})
		for range 2 { // woken by one event
			all.Go(func() {
				<-start
				mu.Lock()
				defer mu.Unlock()
				c, err := n.DialContext(t.Context(), "tcp", "server:1")
				if err != nil {
					t.Error(err)
					return
				}
				// More than all buffers but the sending one take.
				if _, err := c.Write(make([]byte, 1<<20)); err != nil {
					t.Error(err)
				}
				if err := c.SetDeadline(time.Now().Add(time.Hour)); err != nil {
					t.Error(err)
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(time.Second)
		close(start)
		all.Wait()
	})
}

// A delivery that waits for its reader does not keep another event, for which the reader
// waits, from happening.
func TestADeliveryThatWaitsHoldsNobodyUp(t *testing.T) {
	directed(t, Config{}, func(t *testing.T, _ *fakeloop.Loop, n *Network) {
		l, err := n.Listen("server:1")
		must(t, err)
		big, err := n.DialContext(t.Context(), "tcp", "server:1")
		must(t, err)
		first, err := l.Accept()
		must(t, err)
		_, err = big.Write(make([]byte, 300_000))
		must(t, err)
		must(t, big.Close())
		time.AfterFunc(time.Second, func() {
			c, err := n.DialContext(t.Context(), "tcp", "server:1")
			if err != nil {
				t.Error(err)
				return
			}
			c.Close()
		})
		elapsed := since()
		_, err = l.Accept() // reads only then
		must(t, err)
		got, err := io.ReadAll(first)
		must(t, err)
		equal(t, "read", len(got), 300_000)
		equal(t, "after", elapsed(), time.Second)
	})
}

// What is written in one interval is one stretch of bytes, however it was written.
func TestWritesOfOneIntervalAreJoined(t *testing.T) {
	directed(t, Config{}, func(t *testing.T, loop *fakeloop.Loop, n *Network) {
		client, server := pair(t, n)
		for _, parts := range []int{1, 3, 100} {
			for range parts {
				send(t, client, strings.Repeat("x", 600/parts))
			}
			equal(t, fmt.Sprintf("%d writes arrive as", parts), len(readOnce(server)), 600/parts*parts)
		}
		must(t, loop.Settle())
		send(t, client, "one")
		must(t, loop.Settle())
		send(t, client, "two")
		equal(t, "two intervals", readOnce(server)+" "+readOnce(server), "one two")

		send(t, client, strings.Repeat("x", maxSegment))
		send(t, client, "y")
		equal(t, "but chunks stay chunks", len(readOnce(server)), maxSegment)
		equal(t, "the rest", readOnce(server), "y")
	})
}

// Two ends that are due at one instant: which comes first does not depend on the runtime,
// which fires timers of one instant in random order.
func TestDeadlinesHaveAnOrder(t *testing.T) {
	for range 50 {
		directed(t, Config{}, func(t *testing.T, loop *fakeloop.Loop, n *Network) {
			client, server := pair(t, n)
			var order []string
			var mu sync.Mutex
			at := time.Now().Add(time.Hour)
			must(t, server.SetReadDeadline(at))
			must(t, client.SetReadDeadline(at))
			var all sync.WaitGroup
			for name, c := range map[string]*Conn{"client": client, "server": server} {
				all.Go(func() {
					c.Read(make([]byte, 1))
					mu.Lock()
					defer mu.Unlock()
					order = append(order, name)
				})
			}
			all.Wait()
			equal(t, "order", fmt.Sprint(order), "[client server]")
		})
	}
}

// recording writes down what passes a gate.
type recording struct {
	Gate
	mu     sync.Mutex
	passed []string
}

func (r *recording) note(p fakeloop.Passage, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.passed = append(r.passed, p.String())
	return err
}

func (r *recording) Pass(p fakeloop.Passage) error      { return r.note(p, r.Gate.Pass(p)) }
func (r *recording) PassFirst(p fakeloop.Passage) error { return r.note(p, r.Gate.PassFirst(p)) }

// These events pass the gate, in this order, however often it is tried: all are due at
// two instants, and the runtime fires timers of one instant in random order.
func TestWhatPassesTheGate(t *testing.T) {
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
			gate := &recording{Gate: loop.Gate()}
			n, err := NewNetwork(Config{Gate: gate})
			must(t, err)
			n.exact = true
			n.Apply(Inject(Latency{Latency: time.Second}))
			n.Apply(Inject(Loss{Rate: 0.5}).From(time.Second).For(time.Second))
			n.Apply(Inject(Loss{Rate: 0.5}).Between("client", "").From(time.Second).For(time.Second))
			client, server := pair(t, n)
			must(t, client.SetReadDeadline(time.Now().Add(time.Second)))
			must(t, server.SetWriteDeadline(time.Now().Add(time.Second)))
			send(t, server, "x")
			time.Sleep(3 * time.Second)
			must(t, client.Close())
			must(t, loop.Settle())
			gate.mu.Lock()
			equal(t, "passed", strings.Join(gate.passed, "\n"), strings.TrimSpace(`
accept client>server:32768
take downstream client>server:32768#1
fault 1 on: loss
fault 2 on: loss client, *
client read deadline client>server:32768#1
deliver downstream client>server:32768#1
server write deadline client>server:32768#1
fault 1 off: loss
fault 2 off: loss client, *
take upstream client>server:32768#1
deliver upstream client>server:32768#1
take downstream client>server:32768#1
deliver downstream client>server:32768#1`))
			gate.mu.Unlock()
			must(t, n.Close())
			must(t, loop.Close())
		})
	}
}

// However a test leaves its network, Close ends everything, at the gate too, and also if
// the loop is closed first.
func TestCloseEndsEverythingAtTheGate(t *testing.T) {
	repeats := scaled(t, "repeats", 100, 1)
	for name, exit := range exits {
		t.Run(name, func(t *testing.T) {
			for _, d := range bothWays {
				for _, toxic := range everyToxic(d) {
					for i := range 2 * repeats {
						synctest.Test(t, func(t *testing.T) {
							loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
							n, err := NewNetwork(Config{Gate: loop.Gate()})
							must(t, err)
							a := n.Apply(Inject(toxic))
							from, to := ends(t, n, d)
							exit(t, n, a, from, to)
							if i%2 == 0 {
								must(t, loop.Close())
							}
							must(t, n.Close())
							must(t, loop.Close())
						})
					}
				}
			}
		})
	}
}
