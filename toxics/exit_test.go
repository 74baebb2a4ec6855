package toxics

import (
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// everyToxic is one of each, with delays that a test does not outwait.
func everyToxic(d Direction) []Toxic {
	return []Toxic{
		Latency{Direction: d, Latency: time.Hour, Jitter: time.Minute},
		Bandwidth{Direction: d, Rate: 1},
		Bandwidth{Direction: d, Rate: 1, Shared: true},
		SlowClose{Direction: d, Delay: time.Hour},
		Timeout{Direction: d},
		Timeout{Direction: d, After: time.Hour},
		Timeout{Direction: d, After: time.Hour, Absolute: true},
		ResetPeer{Direction: d},
		ResetPeer{Direction: d, After: time.Hour},
		Slicer{Direction: d, Size: 10, Variation: 5, Delay: time.Minute},
		LimitData{Direction: d, Bytes: 100},
		Cut{Direction: d, After: 100},
		Cut{Direction: d, After: 100, Reset: true},
		Loss{Direction: d, Rate: 0.9},
	}
}

// exits are the ways in which a test can leave a network behind. Each is what happens
// between from and to before the network is closed.
var exits = map[string]func(t testing.TB, n *Network, a *Applied, from, to *Conn){
	"connections open": func(testing.TB, *Network, *Applied, *Conn, *Conn) {},
	"data in flight": func(t testing.TB, n *Network, a *Applied, from, to *Conn) {
		send(t, from, strings.Repeat("x", 100_000))
	},
	"data in flight, both closed": func(t testing.TB, n *Network, a *Applied, from, to *Conn) {
		send(t, from, strings.Repeat("x", 100_000))
		must(t, from.Close())
		must(t, to.Close())
	},
	"data in flight, reset": func(t testing.TB, n *Network, a *Applied, from, to *Conn) {
		send(t, from, "x")
		must(t, from.SetLinger(0))
		must(t, from.Close())
	},
	"peer writes on": func(t testing.TB, n *Network, a *Applied, from, to *Conn) {
		for range 50 {
			if _, err := from.Write(make([]byte, 1000)); err != nil {
				break
			}
			runtime.Gosched()
		}
	},
	"reader gone": func(t testing.TB, n *Network, a *Applied, from, to *Conn) {
		must(t, to.Close())
		from.Write(make([]byte, 100_000))
	},
	"reader does not read": func(t testing.TB, n *Network, a *Applied, from, to *Conn) {
		send(t, from, strings.Repeat("x", 300_000))
		must(t, to.CloseRead())
	},
	"lifted while a link ends": func(t testing.TB, n *Network, a *Applied, from, to *Conn) {
		send(t, from, strings.Repeat("x", 2000))
		var both sync.WaitGroup
		both.Go(func() { from.Close() })
		both.Go(a.Lift)
		both.Wait()
	},
	"lifted while the peer resets": func(t testing.TB, n *Network, a *Applied, from, to *Conn) {
		send(t, from, strings.Repeat("x", 2000))
		must(t, to.SetLinger(0))
		var both sync.WaitGroup
		both.Go(func() { to.Close() })
		both.Go(a.Lift)
		both.Wait()
	},
	"partitioned": func(t testing.TB, n *Network, a *Applied, from, to *Conn) {
		n.Apply(Partition("client", "server").From(time.Minute))
		n.Apply(Partition("client", "server").For(time.Hour))
		send(t, from, "x")
	},
	"applied and changed": func(t testing.TB, n *Network, a *Applied, from, to *Conn) {
		send(t, from, strings.Repeat("x", 2000))
		more := n.Apply(Inject(Latency{Direction: a.effect.(Toxic).Stream(), Latency: time.Hour}))
		more.Change(Latency{Direction: a.effect.(Toxic).Stream(), Latency: time.Minute})
	},
}

// However a test leaves its network, Close ends every goroutine of it, at once: the
// end of a bubble would panic if one was left.
func TestCloseEndsEverything(t *testing.T) {
	repeats := scaled(t, "repeats", 1000, 2)
	endings := 0
	for name, exit := range exits {
		t.Run(name, func(t *testing.T) {
			for _, d := range bothWays {
				for _, toxic := range everyToxic(d) {
					endings++
					for i := range repeats {
						synctest.Test(t, func(t *testing.T) {
							n, err := NewNetwork(Config{Plan: Plan{Seed: uint64(i)}})
							must(t, err)
							a := n.Apply(Inject(toxic))
							from, to := ends(t, n, d)
							if i%2 == 1 {
								synctest.Wait()
							}
							exit(t, n, a, from, to)
							if i%4 > 1 {
								synctest.Wait()
							}
							elapsed := since()
							must(t, n.Close())
							if limited, ok := toxic.(Bandwidth); elapsed() > 0 && !(ok && !limited.Shared && elapsed() <= 100*time.Millisecond) {
								t.Errorf("%#v: Close took %v", toxic, elapsed())
							}
							must(t, n.Close())
						})
					}
				}
			}
		})
	}
	t.Logf("%d endings, %d times each", endings, repeats)
}

// The same in real time, with no bubble to see to it.
func TestCloseEndsEverythingInRealTime(t *testing.T) {
	repeats := scaled(t, "repeats", 50, 1)
	for name, exit := range exits {
		for _, d := range bothWays {
			for _, toxic := range everyToxic(d) {
				for range repeats {
					n, err := NewNetwork(Config{})
					must(t, err)
					a := n.Apply(Inject(toxic))
					from, to := ends(t, n, d)
					exit(t, n, a, from, to)
					must(t, n.Close())
				}
				if left := goroutines(); left != "" {
					t.Fatalf("%s, %#v: left after Close:\n%s", name, toxic, left)
				}
			}
		}
	}
}

// goroutines are those of a link. A goroutine that has told that it ends may need a
// moment to do so, so they are looked for again a few times.
func goroutines() (left string) {
	for range 10_000 {
		left = ""
		stacks := make([]byte, 1<<20)
		for g := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			if strings.Contains(g, "toxics.(*link)") || strings.Contains(g, "toxics.(*stage)") || strings.Contains(g, "Shopify/toxiproxy") {
				left += g + "\n\n"
			}
		}
		if left == "" {
			return ""
		}
		runtime.Gosched()
	}
	return left
}

// A closed network has nothing to give.
func TestAClosedNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network(t, Config{})
		l, err := n.Listen("server:1")
		must(t, err)
		client, server := pair(t, n)
		must(t, n.Close())
		equal(t, "client", readOnce(client), "EOF")
		equal(t, "server", readOnce(server), "EOF")
		_, err = io.WriteString(client, "x")
		if err == nil {
			t.Error("a write to a closed network succeeds")
		}
		for what, do := range map[string]func() error{
			"accept": func() error { _, err := l.Accept(); return err },
			"dial":   func() error { _, err := n.DialContext(t.Context(), "tcp", "server:1"); return err },
			"listen": func() error { _, err := n.Listen("server:2"); return err },
			"close":  l.Close,
		} {
			fails(t, what, do(), what, net.ErrClosed)
		}
		equal(t, "connections", len(n.conns), 0)
	})
}
