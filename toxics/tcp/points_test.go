package tcp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// onePoint lets one point go wrong, in one way, and lists those that it was asked about.
type onePoint struct {
	pointAndKind
	now func() time.Duration // on the clock by which a slow one is late

	mu    sync.Mutex
	met   map[string]int
	asked []pointAndKind
	hit   *fakeloop.Fault
	at    time.Duration // when it was hit
	over  bool          // the client has hung up
	ends  []net.Conn
}

type pointAndKind struct {
	point string // with its number, as in "dial client>api:80 #1"
	kind  fakeloop.FaultKind
}

func (o *onePoint) Fault(p fakeloop.FaultPoint) *fakeloop.Fault {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.met[p.Name]++
	hangsUp := p.Name == "close client>api:80 conn 1"
	p.Name += fmt.Sprintf(" #%d", o.met[p.Name])
	for i, kind := range p.Kinds {
		if o.over {
			return nil
		}
		o.asked = append(o.asked, pointAndKind{p.Name, kind})
		if o.pointAndKind == (pointAndKind{p.Name, kind}) {
			o.hit, o.at = p.Fault(i+1), o.now()
			return o.hit
		}
	}
	o.over = o.over || hangsUp
	return nil
}

// use is a connection whose reads do not wait for ever in a black hole.
func (o *onePoint) use(c net.Conn, patience time.Duration) net.Conn {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ends = append(o.ends, c)
	if patience > 0 {
		c.SetDeadline(time.Now().Add(patience))
	}
	return c
}

// giveUp ends what is read in a black hole of real TCP, and nothing else.
func (o *onePoint) giveUp() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.hit == nil || o.kind != fakeloop.FaultBlackHole || !strings.HasPrefix(o.point, "read ") {
		return
	}
	for _, c := range o.ends {
		proxied := c.(*faulty).proxied
		isClient := c.LocalAddr().String() == proxied.client.RemoteAddr().String()
		if proxied.number == 1 && strings.HasPrefix(o.point, "read client<") == isClient {
			c.SetReadDeadline(time.Now())
		}
	}
}

// story is what happened to one end of a connection.
type story struct {
	lines []string
}

// tell adds what came of a call, and reports whether that was all. An error that was not
// injected is an end, and no more: whether who writes into a connection that is gone is told,
// and how, is a matter of who is faster.
func (s *story) tell(call, text string, err error) (over bool) {
	var injected *fakeloop.InjectedError
	var dns *net.DNSError
	switch {
	case errors.As(err, &injected):
		s.lines = append(s.lines, call+": "+injected.Error())
		return !injected.Timeout() || call != "read" // what came too late comes again
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.lines = append(s.lines, call+": nothing")
	case errors.Is(err, syscall.ETIMEDOUT):
		s.lines = append(s.lines, call+": no answer")
	case errors.As(err, &dns):
		s.lines = append(s.lines, call+": not found")
	case err != nil:
		s.lines = append(s.lines, "the end")
	case text != "":
		s.lines = append(s.lines, call+": "+text)
	}
	return err != nil
}

func (s *story) close(c net.Conn) {
	var injected *fakeloop.InjectedError
	if err := c.Close(); errors.As(err, &injected) {
		s.lines = append(s.lines, "close: "+injected.Error())
	}
}

func (s *story) String() string { return strings.Join(s.lines, ", ") }

// pointWorld is a network on which both engines tell the same story.
type pointWorld struct {
	engine
	t      *testing.T
	o      *onePoint
	lookup func(ctx context.Context, name string) ([]string, error)

	accepted                       chan struct{} // the server has a connection
	clientPatience, serverPatience time.Duration
}

// tell is a client that looks up, dials, asks twice and hangs up, and a server that answers.
func (w *pointWorld) tell() string {
	w.accepted = make(chan struct{}, 1)
	var server story
	l, err := w.Listen("api:80")
	must(w.t, err)
	var served sync.WaitGroup
	served.Go(func() {
		for {
			c, err := l.Accept()
			var temporary interface{ Temporary() bool }
			if errors.As(err, &temporary) && temporary.Temporary() {
				server.tell("accept", "", err)
				continue
			}
			if err != nil {
				return
			}
			select {
			case w.accepted <- struct{}{}:
			default:
			}
			w.serve(&server, w.o.use(c, w.serverPatience))
		}
	})
	var client story
	w.ask(&client)
	// Whoever comes next is served when all this is over.
	next, err := w.DialContext(w.t.Context(), "tcp", "api:80")
	if err == nil {
		_, err = io.WriteString(next, "NEXT")
	}
	if err == nil {
		_, err = io.ReadFull(next, make([]byte, 4))
	}
	if err != nil {
		w.t.Errorf("the next client: %v", err)
	}
	next.Close()
	l.Close()
	served.Wait()
	return fmt.Sprintf("client: %v; server: %v", &client, &server)
}

func (w *pointWorld) serve(s *story, c net.Conn) {
	defer s.close(c)
	for b := make([]byte, 100); ; {
		n, err := c.Read(b)
		text := string(b[:n])
		if text == "NEXT" {
			s = new(story)
		}
		if s.tell("read", text, err) {
			return
		}
		if err != nil {
			continue
		}
		_, err = io.WriteString(c, strings.ToUpper(text))
		if s.tell("write", "", err) {
			return
		}
	}
}

func (w *pointWorld) ask(s *story) {
	if _, err := w.lookup(w.t.Context(), "api"); s.tell("lookup", "", err) {
		return
	}
	c, err := w.DialContext(w.t.Context(), "tcp", "api:80")
	if s.tell("dial", "", err) {
		return
	}
	defer s.close(w.o.use(c, w.clientPatience))
	if !strings.HasPrefix(w.o.point, "accept ") {
		<-w.accepted // a kernel tells nobody of what is reset before it is accepted
	}
	b := make([]byte, 100)
	for _, question := range []string{"first", "again"} {
		if _, err := io.WriteString(c, question); s.tell("write", "", err) {
			return
		}
		n, err := c.Read(b)
		if s.tell("read", string(b[:n]), err) {
			return
		}
		if err != nil {
			n, err = c.Read(b)
			if s.tell("read", string(b[:n]), err) {
				return
			}
		}
	}
}

// tellVirtually and tellReally return the story, and how long a slow point took at least.
func tellVirtually(t *testing.T, p pointAndKind) (said string, late time.Duration, asked []pointAndKind) {
	synctest.Test(t, func(t *testing.T) {
		elapsed := since()
		o := &onePoint{pointAndKind: p, now: elapsed, met: map[string]int{}}
		n, err := toxics.NewNetwork(toxics.Config{Faults: o})
		must(t, err)
		w := &pointWorld{engine: n, t: t, o: o, lookup: n.Host("client").LookupHost, clientPatience: 10 * time.Minute, serverPatience: 10 * time.Minute}
		if strings.HasPrefix(p.point, "read client<") {
			w.clientPatience /= 2 // who is in a black hole gives up first
		} else {
			w.serverPatience /= 2
		}
		said = w.tell()
		late, asked = elapsed()-o.at, o.asked
		must(t, n.Close())
	})
	return said, late, asked
}

func tellReally(t *testing.T, p pointAndKind) (said string, late time.Duration, asked []pointAndKind) {
	clock := new(Clock)
	o := &onePoint{pointAndKind: p, now: clock.Now, met: map[string]int{}}
	n, err := Listen(Config{Faults: o, Clock: clock})
	must(t, err)
	defer closeClean(t, n)
	w := &pointWorld{engine: n, t: t, o: o, lookup: n.Host("client").LookupHost}
	done := make(chan string, 1)
	go func() { done <- w.tell() }()
	// For as long as the story lasts time goes on, and what is in a black hole gives up.
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case said := <-done:
			return said, clock.Now() - o.at, o.asked
		case <-tick.C:
			clock.Advance(time.Minute)
			o.giveUp()
		}
	}
}

func since() func() time.Duration {
	start := time.Now()
	return func() time.Duration { return time.Since(start) }
}

// Both engines have the same points, and the same comes of each that goes wrong, in each of
// its ways. It makes a difference that the test would notice.
func TestTheEnginesAgreeOnFaultPoints(t *testing.T) {
	plain, _, points := tellVirtually(t, pointAndKind{})
	really, _, realPoints := tellReally(t, pointAndKind{})
	if plain != really {
		t.Errorf("without a fault:\nvirtual %s\nreal    %s", plain, really)
	}
	list := func(points []pointAndKind) map[pointAndKind]bool {
		all := map[pointAndKind]bool{}
		for _, p := range points {
			all[p] = true
		}
		return all
	}
	if want, got := list(points), list(realPoints); len(want) < 50 || fmt.Sprint(want) != fmt.Sprint(got) {
		t.Errorf("points:\nvirtual %v\nreal    %v", want, got)
	}
	for _, p := range points {
		virtual, late, _ := tellVirtually(t, p)
		real, realLate, _ := tellReally(t, p)
		if virtual != real {
			t.Errorf("%s at %s:\nvirtual %s\nreal    %s", p.kind, p.point, virtual, real)
		}
		if p.kind == fakeloop.FaultSlow {
			if late < fakeloop.SlowFault || realLate < fakeloop.SlowFault {
				t.Errorf("%s at %s: virtual late by %v, real by %v, want %v", p.kind, p.point, late, realLate, fakeloop.SlowFault)
			}
		} else if real == plain {
			t.Errorf("%s at %s makes no difference:\n%s", p.kind, p.point, real)
		}
	}
	t.Logf("%d points and kinds", len(points))
}
