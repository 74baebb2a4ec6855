package fakeloop_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// The rules for whoever puts a gate somewhere, each with what happens where it is not
// kept. They were paid for with freezes and starvations of real clients.

// What passes the gate is done by its own goroutine, behind the gate. Were it done by the
// one goroutine that lets events through, a delivery to a reader that is not ready would
// block that one, and the reader may wait for another event.
func TestWhoLetsThroughDoesNotAct(t *testing.T) {
	type event struct {
		name string
		f    func()
	}
	// The reader takes nothing before the second connection is there.
	starved := func(loop *fakeloop.Loop, do func(event)) bool {
		second, buffer, done := make(chan struct{}), make(chan int, 1), make(chan struct{})
		for i := range 3 {
			do(event{fmt.Sprint("chunk", i), func() { buffer <- i }})
		}
		do(event{"z-accept", func() { close(second) }})
		go func() {
			<-second
			for range 3 {
				<-buffer
			}
			close(done)
		}()
		time.Sleep(time.Hour) // time goes on, so nothing tells of the starvation
		select {
		case <-done:
			return false
		default:
			close(second)
			<-done
			return true
		}
	}
	inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
		got := starved(loop, func(e event) {
			go func() {
				_ = loop.Gate().Pass(passage(e.name))
				e.f()
			}()
		})
		equal(t, "starved, each by its own goroutine", got, false)
	})
	inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
		events := make(chan event, 10)
		go func() {
			for e := range events {
				_ = loop.Gate().Pass(passage(e.name))
				func() {
					defer func() { _ = recover() }() // the accept comes after the test has given up
					e.f()
				}()
			}
		}()
		got := starved(loop, func(e event) { events <- e })
		equal(t, "starved, all by one goroutine", got, true)
		close(events)
	})
}

// No gate where the caller may hold a lock: not in a dial, but in a goroutine of the
// network's own that hands the connection over.
func TestNoGateUnderALock(t *testing.T) {
	dialUnderLock := func(mu *stallingLock, dial func()) {
		locked := make(chan struct{})
		var both sync.WaitGroup
		both.Go(func() { mu.hold(func() { close(locked); dial() }) })
		both.Go(func() { <-locked; mu.hold(dial) })
		both.Wait()
	}
	t.Run("dial waits at the gate", func(t *testing.T) {
		var mu stallingLock
		stalls := stallsOf(t, mu.heal, func(_ *testing.T, loop *fakeloop.Loop) {
			dialUnderLock(&mu, func() { _ = loop.Gate().Pass(passage("dial")) })
		})
		wantStall(t, stalls, `fakeloop: the time of bubble # stands still: nothing in it has moved for # of real time.
goroutine #: sync.Mutex.Lock at FILE: it waits for a lock of package sync, and whoever holds it waits too; do not hold it across a wait, or use package fakeloop/durable
These wait in the bubble meanwhile:
goroutine #: chan receive at FILE, at the gate
goroutine #: sync.WaitGroup.Wait at FILE`)
	})
	t.Run("the hand-over waits at the gate", func(t *testing.T) {
		var mu stallingLock
		handed := 0
		stalls := stallsOf(t, mu.heal, func(t *testing.T, loop *fakeloop.Loop) {
			dialUnderLock(&mu, func() {
				go func() {
					_ = loop.Gate().Pass(passage("accept"))
					handed++
				}()
			})
			settled(t, loop)
		})
		equal(t, "stalls", len(stalls), 0)
		equal(t, "handed over", handed, 2)
	})
}

// A writer does not wait for room: it may hold a lock that others want, and the room
// comes only once the bubble is quiet.
func TestSendBuffersHaveNoBound(t *testing.T) {
	for name, c := range map[string]struct{ room, stalls int }{
		"bounded":   {1, 1},
		"unbounded": {100, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var mu stallingLock
			stalls := stallsOf(t, mu.heal, func(_ *testing.T, loop *fakeloop.Loop) {
				buffer, locked := make(chan int, c.room), make(chan struct{})
				go mu.hold(func() {
					close(locked)
					for i := range 3 {
						buffer <- i
					}
				})
				go func() {
					<-locked
					mu.hold(func() {})
				}()
				for range 3 {
					_ = loop.Gate().PassFirst(fakeloop.Passage{What: "ingest"})
					<-buffer
				}
			})
			equal(t, "stalls", len(stalls), c.stalls)
		})
	}
}

// What was written in one interval is one chunk, whatever is decided and however the
// writers race; were taking it in an event like others, a seed would leave it for later
// and join what two events had written.
func TestTakingInComesFirst(t *testing.T) {
	chunks := func(seed uint64, takeIn func(*fakeloop.Gate) error) (text string) {
		inDirectedBubble(t, fakeloop.Seed(seed), func(t *testing.T, loop *fakeloop.Loop) {
			var mu sync.Mutex
			var written, out []string
			readable := make(chan struct{}, 1)
			go func() {
				for range readable {
					_ = takeIn(loop.Gate())
					mu.Lock()
					out = append(out, strings.Join(written, "+"))
					written = nil
					mu.Unlock()
				}
			}()
			for _, name := range []string{"a", "b", "c", "d"} {
				go func() {
					_ = loop.Gate().Pass(passage(name))
					for range 2 {
						mu.Lock()
						written = append(written, name)
						mu.Unlock()
						select {
						case readable <- struct{}{}:
						default:
						}
						spin(1)
					}
				}()
			}
			settled(t, loop)
			close(readable)
			text = strings.Join(out, " ")
		})
		return text
	}
	ingest := fakeloop.Passage{What: "ingest"}
	joined := 0
	for seed := range uint64(40) {
		first := chunks(seed, func(g *fakeloop.Gate) error { return g.PassFirst(ingest) })
		for _, chunk := range strings.Fields(first) {
			if chunk != "a+a" && chunk != "b+b" && chunk != "c+c" && chunk != "d+d" {
				t.Errorf("seed %d: %s", seed, first)
			}
		}
		if later := chunks(seed, func(g *fakeloop.Gate) error { return g.Pass(ingest) }); len(strings.Fields(later)) < 4 {
			joined++
		}
	}
	if joined == 0 {
		t.Error("taken in as other events are, nothing was ever joined: the test shows nothing")
	}
}

// Two timers of one instant fire in any order, by design of the runtime. Behind the gate
// they have one; and what the first one did counts for the second: it has been put off.
func TestDeadlinesPassTheGate(t *testing.T) {
	run := func() (text string, late int) {
		inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
			var log journal
			var mu sync.Mutex
			generation := map[string]int{"read": 1, "write": 1}
			deadline := func(name string, then func()) {
				time.AfterFunc(time.Second, func() {
					_ = loop.Gate().Pass(fakeloop.Passage{What: "deadline", From: name})
					mu.Lock()
					defer mu.Unlock()
					if generation[name] != 1 {
						late++
						return
					}
					log.add("%s", name)
					then()
				})
			}
			deadline("write", func() { generation["read"]++ })
			deadline("read", func() { generation["write"]++ })
			time.Sleep(time.Minute)
			text = strings.Join(log.read(), " ")
		})
		return text, late
	}
	for range scaled(t, "runs", 2000, 200) {
		text, late := run()
		equal(t, "deadlines that count", text, "read")
		equal(t, "deadlines that were put off at the gate", late, 1)
	}
}

// Names that do not depend on who comes first: two dials from two places of a library
// have the names of these places.
func TestDialsAreNamedByTheirStacks(t *testing.T) {
	dial := func(loop *fakeloop.Loop, log *journal, who string) {
		_ = loop.Gate().Pass(fakeloop.Passage{What: "dial", From: "client", To: "db", Stack: fakeloop.CallStack(1)})
		log.add("%s", who)
	}
	redial := func(loop *fakeloop.Loop, log *journal) { dial(loop, log, "redial") }
	cancel := func(loop *fakeloop.Loop, log *journal) { dial(loop, log, "cancel") }
	var first string
	for i := range scaled(t, "runs", 1000, 100) {
		synctest.Test(t, func(t *testing.T) {
			loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
			var log journal
			wake := make(chan struct{})
			for _, f := range []func(*fakeloop.Loop, *journal){redial, cancel} {
				go func() {
					<-wake
					spin(i % 4)
					f(loop, &log)
				}()
			}
			close(wake)
			settled(t, loop)
			order := strings.Join(log.read(), " ")
			if first == "" {
				first = order
			}
			equal(t, "order", order, first)
			equal(t, "ties", len(loop.Gate().Ties()), 0)
			mustClose(t, loop)
		})
	}
}
