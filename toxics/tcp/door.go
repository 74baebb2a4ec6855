package tcp

import (
	"context"
	"errors"
	"net"
	"runtime/pprof"
	"sync"
	"time"
)

// door is where the clients of one host come in: an address of its own, since a proxy
// cannot see who dials, and the accept loop behind it. While dials are to be refused it does
// not listen: then the kernel refuses them.
type door struct {
	proxy *Proxy
	host  string
	port  port
	loops sync.WaitGroup
	gone  chan struct{} // closed when it lets nobody in any more, for good

	mu         sync.Mutex
	generation *generation
	enabled    bool
	listener   net.Listener // nil if it does not listen
	refusals   *int         // how many faults of the plan refuse; nil if none can
	failed     error        // of listening again
}

func newDoor(p *Proxy, host string) (*door, error) {
	port, err := reserve()
	if err != nil {
		return nil, err
	}
	return &door{proxy: p, host: host, port: port, gone: make(chan struct{})}, nil
}

// use installs the generation of the next connection. Its predecessor gets none any more.
func (d *door) use(g *generation) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.generation = g
}

// open lets clients in, unless they are refused: then it will.
func (d *door) open() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.enabled = true
	d.settle()
	return d.failed
}

// shut lets nobody in, and returns when the accept loop has ended.
func (d *door) shut() {
	d.mu.Lock()
	d.enabled = false
	d.settle()
	d.mu.Unlock()
	d.loops.Wait()
}

// refuse begins the count of the faults of a new plan that refuse, and returns what switches
// one. The count of the plan before does not matter any more.
func (d *door) refuse() (switched func(on bool)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	count := new(int)
	d.refusals = count
	return func(on bool) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if on {
			*count++
		} else {
			*count--
		}
		d.settle()
	}
}

// resettle is settle, when the faults of a new plan have been counted.
func (d *door) resettle() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.settle()
}

// settle listens if it should, and does not if it should not. The caller holds d.mu.
func (d *door) settle() {
	listen := d.enabled && (d.refusals == nil || *d.refusals == 0)
	switch {
	case listen && d.listener == nil:
		if d.listener, d.failed = d.port.listen(); d.failed != nil {
			d.listener = nil
			return
		}
		l := d.listener
		d.loops.Add(1)
		go pprof.Do(d.proxy.labels, pprof.Labels(), func(context.Context) { d.loop(l) })
	case !listen && d.listener != nil:
		d.listener.Close()
		d.listener = nil
	}
}

// loop accepts until the listener is closed. All goroutines of a connection are
// started from here and inherit the labels.
func (d *door) loop(l net.Listener) {
	defer d.loops.Done()
	for {
		client, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Out of file descriptors, most likely: others may give some back.
			time.Sleep(5 * time.Millisecond)
			continue
		}
		d.mu.Lock()
		g := d.generation
		g.tasks.Add(1)
		d.mu.Unlock()
		g.serve(client.(*net.TCPConn), d.host)
		g.tasks.Done()
	}
}
