package clients_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// scene is one thing that a client does on the virtual network.
type scene struct {
	// name tells the scene from the others of its client.
	name string
	// shows says what is shown, for the table.
	shows string
	// varies says why runs differ, and which setting of the library keeps them from it.
	// "" means that they do not.
	varies string
	// chance says that runs need not differ.
	chance bool
	// away is how far the network takes each chunk, each way. 0 means two seconds.
	away time.Duration
	// runs is how many runs the full scale has. 0 means 100.
	runs int
	// play is the scene. What it starts it ends; it has a minute and a round trip after
	// it for what ends by itself.
	play func(s *stage)
}

// stage is what a scene is played on. In a scene its methods may be called from
// any goroutine, but for those that end the test, which are for the first.
type stage struct {
	*asynctest.Tunnel
	t   testing.TB
	log *fakeloop.Journal
}

// note writes down what the client saw. It is part of what must be the same in all runs.
func (s *stage) note(format string, args ...any) { s.log.Printf(format, args...) }

// dial is the DialContext of the network, for a client, and names each dial by its
// address. Without a name, a dial is known by the lines of its call stack, and moves
// with these from one version of the library to the next.
func (s *stage) dial(ctx context.Context, network, address string) (net.Conn, error) {
	return s.Net.DialContext(toxics.Named(ctx, address), network, address)
}

// listen is the Listen of the network.
func (s *stage) listen(address string) net.Listener {
	s.t.Helper()
	l, err := s.Net.Listen(address)
	s.must(err)
	return l
}

// together runs f as n goroutines that start together, and returns when all have ended.
func (s *stage) together(n int, name func(i int) string, f func(i int)) {
	var all []*fakeloop.Goroutine
	for i := range n {
		all = append(all, s.Go(name(i), func() { f(i) }))
	}
	for _, g := range all {
		<-g.Done()
	}
}

// atRest calls f when all that the last event has woken has come to rest. A client whose
// answer has come may still be putting its connection back, on a goroutine of its own, and
// who closes it meanwhile races with that.
func (s *stage) atRest(f func()) {
	s.t.Helper()
	if err := s.Settle(); err != nil {
		s.t.Errorf("at %v: %v", s.Elapsed(), err)
	}
	f()
}

// must ends the test if there is an error.
func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatalf("at %v: %v", s.Elapsed(), err)
	}
}

// fails fails the test unless the error is the one that is wanted.
func (s *stage) fails(what string, err, want error) {
	s.t.Helper()
	if !errors.Is(err, want) {
		s.t.Errorf("at %v: %s: the error is %v, want %v", s.Elapsed(), what, err, want)
	}
}

func (s *stage) equal(what string, got, want any) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("at %v: %s: got %v, want %v", s.Elapsed(), what, got, want)
	}
}

// takes fails the test unless f takes that much virtual time, but for a little.
func (s *stage) takes(what string, want time.Duration, f func()) {
	s.t.Helper()
	const little = 50 * time.Millisecond // each chunk is late by less than one, and less than the last
	before := s.Elapsed()
	f()
	if got := s.Elapsed() - before; got < want-time.Millisecond || got > want+little {
		s.t.Errorf("at %v: %s took %v, want %v", s.Elapsed(), what, got, want)
	}
}
