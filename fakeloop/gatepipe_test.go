package fakeloop_test

import (
	"io"
	"strings"
	"sync"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// wires is a small network in memory, as one is built on a gate: everything that
// reaches somebody passes it.
type wires struct {
	loop    *fakeloop.Loop
	latency time.Duration
	accept  chan *wire // what the server side gets

	mu    sync.Mutex
	dials map[string]int
}

func newWires(loop *fakeloop.Loop, latency time.Duration) *wires {
	return &wires{loop: loop, latency: latency, accept: make(chan *wire, 100), dials: map[string]int{}}
}

// wire is one end of a connection.
type wire struct{ out, in *half }

// dial returns at once, since a caller may hold locks: the hand-over to the other side
// is what passes the gate.
func (n *wires) dial(from, to string) *wire {
	n.mu.Lock()
	n.dials[from]++
	count := n.dials[from]
	n.mu.Unlock()
	there := n.half(fakeloop.Passage{From: from, To: to, Count: count})
	back := n.half(fakeloop.Passage{From: to, To: from, Count: count})
	go func() {
		_ = n.pass("accept", there.name)
		n.accept <- &wire{out: back, in: there}
	}()
	return &wire{out: there, in: back}
}

func (n *wires) pass(what string, p fakeloop.Passage) error {
	p.What = what
	return n.loop.Gate().Pass(p)
}

// half is one direction of a connection: what is written is taken in, is under way for
// the latency, and is delivered.
type half struct {
	net  *wires
	name fakeloop.Passage

	mu       sync.Mutex
	written  []string // no bound: a writer never waits
	shut     bool
	readable chan struct{} // one slot

	underWay chan parcel
	inbox    chan string // closed at the end
}

type parcel struct {
	text string
	due  time.Time
	last bool
}

func (n *wires) half(name fakeloop.Passage) *half {
	h := &half{net: n, name: name, readable: make(chan struct{}, 1), underWay: make(chan parcel, 100), inbox: make(chan string, 100)}
	go h.takeIn()
	go h.deliver()
	return h
}

func (h *half) write(text string, last bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if text != "" {
		h.written = append(h.written, text)
	}
	h.shut = h.shut || last
	select {
	case h.readable <- struct{}{}:
	default:
	}
}

// takeIn joins all that is written in one interval.
func (h *half) takeIn() {
	for {
		<-h.readable
		p := h.name
		p.What = "ingest"
		_ = h.net.loop.Gate().PassFirst(p)
		h.mu.Lock()
		text, last := strings.Join(h.written, "+"), h.shut
		h.written = nil
		h.mu.Unlock()
		h.underWay <- parcel{text, time.Now().Add(h.net.latency), last}
		if last {
			return
		}
	}
}

func (h *half) deliver() {
	for p := range h.underWay {
		time.Sleep(time.Until(p.due))
		_ = h.net.pass("chunk", h.name)
		if p.text != "" {
			h.inbox <- p.text
		}
		if p.last {
			close(h.inbox)
			return
		}
	}
}

func (w *wire) send(text string) { w.out.write(text, false) }
func (w *wire) close()           { w.out.write("", true) }

func (w *wire) receive() (string, error) {
	text, ok := <-w.in.inbox
	if !ok {
		return "", io.EOF
	}
	return text, nil
}
