package subjects

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Wire is one direction of a long-lived connection on a loop: what is sent at one
// end is received at the other, later and in order. It is idle but for the timers
// of messages that are on their way.
type Wire struct {
	Loop    *fakeloop.Loop
	Latency func(message int) time.Duration
	Receive func(message int)

	last time.Time // when the message sent last arrives
}

// Send puts a message on the wire.
func (w *Wire) Send(message int) {
	now := w.Loop.Now()
	arrival := now.Add(w.Latency(message))
	if arrival.Before(w.last) {
		arrival = w.last
	}
	w.last = arrival
	w.Loop.AfterFunc(arrival.Sub(now), func() { w.Receive(message) })
}

// Wires returns the connector of an echo server with a wire each way for each
// client.
func Wires(loop *fakeloop.Loop) Connector {
	return func(up, down func(int) time.Duration, answered func(int)) func(int) {
		back := &Wire{Loop: loop, Latency: down, Receive: answered}
		there := &Wire{Loop: loop, Latency: up, Receive: back.Send}
		return there.Send
	}
}

// Connector opens a connection whose messages take as long as up and down say, and
// returns the function that sends a ping. It calls answered when an answer is back.
type Connector func(up, down func(message int) time.Duration, answered func(message int)) (ping func(message int))

// Idle is what asynchronous servers are for, says the guide's opening: real-time
// features keep one long-lived, mostly idle connection for each user, and a thread
// for each would be far too much. It opens so many connections on one virtual
// loop, each with jitter of its own; on each, pings are sent at random times of an
// hour and answered. It returns an error if any answer comes at another instant
// than the latencies of its own connection make it, which is what one connection
// that delays another would look like. All are open and none has sent anything when
// it calls opened.
func Idle(loop *fakeloop.Loop, connections, pings int, seed uint64, connect Connector, opened func()) error {
	answers, wrong := 0, []string(nil)
	for c := range connections {
		trips := draw(rand.New(rand.NewPCG(seed, uint64(c))), pings)
		ping := connect(
			func(p int) time.Duration { return trips[p].up },
			func(p int) time.Duration { return trips[p].down },
			func(p int) {
				answers++
				if at := loop.Elapsed(); at != trips[p].back {
					wrong = append(wrong, fmt.Sprintf("connection %d, ping %d: answered at %v, due at %v", c, p, at, trips[p].back))
				}
			})
		for p, trip := range trips {
			loop.AfterFunc(trip.sent, func() { ping(p) })
		}
	}
	opened()
	if err := loop.RunUntilIdle(); err != nil {
		return err
	}
	if answers != connections*pings {
		return fmt.Errorf("%d of %d pings were answered", answers, connections*pings)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%d of %d answers came at a wrong instant; the first: %s", len(wrong), answers, wrong[0])
	}
	return nil
}

// trip is a ping's way there and back, as it must go on a connection of its own.
type trip struct {
	sent, up, down time.Duration
	back           time.Duration // when the answer must be there
}

// draw draws the trips of one connection. Messages do not overtake each other, so
// each is there when its latency says, or with the one before it.
func draw(random *rand.Rand, n int) []trip {
	jittered := func() time.Duration {
		return 20*time.Millisecond + time.Duration(random.Int64N(int64(80*time.Millisecond)))
	}
	trips := make([]trip, n)
	for i := range trips {
		trips[i] = trip{sent: time.Duration(random.Int64N(int64(time.Hour))), up: jittered(), down: jittered()}
	}
	slices.SortFunc(trips, func(a, b trip) int { return int(a.sent - b.sent) })
	var there, back time.Duration
	for i, t := range trips {
		there = max(there, t.sent+t.up)
		back = max(back, there+t.down)
		trips[i].back = back
	}
	return trips
}
