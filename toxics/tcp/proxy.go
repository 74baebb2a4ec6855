package tcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// Proxy is one proxied address: it accepts clients and connects each to the
// upstream, through the toxics of its plan. All methods are safe for concurrent
// use; Enable, Disable, Apply and Close take turns.
type Proxy struct {
	network  *Network
	name     string
	upstream string
	addr     string
	labels   context.Context // of every goroutine, see gone.go

	control sync.Mutex // held by whoever enables, disables, applies or closes
	plan    toxics.Plan
	port    port
	accept  *acceptor // nil while disabled
	closed  bool
}

// acceptor is a listener and its accept loop.
type acceptor struct {
	listener net.Listener
	done     chan struct{} // closed when the loop has ended

	mu         sync.Mutex
	generation *generation // of the next connection
}

func start(n *Network, name, upstream string, plan toxics.Plan) (*Proxy, error) {
	port, err := reserve()
	if err != nil {
		return nil, err
	}
	p := &Proxy{network: n, name: name, upstream: upstream, plan: plan, port: port, addr: port.addr}
	p.labels = pprof.WithLabels(context.Background(), pprof.Labels(labelKey, fmt.Sprintf("%p", p)))
	if err := p.enable(); err != nil {
		return nil, errors.Join(err, port.release())
	}
	return p, nil
}

// Addr returns the address to dial, "127.0.0.1:port". It never changes.
func (p *Proxy) Addr() string { return p.addr }

// Name returns the name that the proxy was started with.
func (p *Proxy) Name() string { return p.name }

// Disable stops listening, closes every connection and returns when they are
// gone. Dials are refused from then on (errors.Is syscall.ECONNREFUSED). A client
// that was not accepted yet reads a reset. On a disabled proxy it does nothing.
// The error is ErrClosed.
func (p *Proxy) Disable() error {
	return p.turn("disable", func() error {
		p.disable()
		return nil
	})
}

// Enable listens again, on the same address. On an enabled proxy it does nothing.
// The error is ErrClosed or of package net.
func (p *Proxy) Enable() error { return p.turn("enable", p.enable) }

// Apply replaces the plan for all connections made from now on, closes those that
// are still under the old one, and returns when they are gone. The proxy goes on
// listening meanwhile; if it is disabled, the plan waits for Enable. An invalid
// plan (errors.Is toxics.ErrInvalid, or ErrUnsupported) changes nothing. The other
// error is ErrClosed.
func (p *Proxy) Apply(plan toxics.Plan) error {
	return p.turn("apply", func() error {
		if err := check(plan); err != nil {
			return err
		}
		p.plan = plan
		if p.accept == nil {
			return nil
		}
		next, err := newGeneration(p)
		if err != nil {
			return err
		}
		p.accept.swap(next).close()
		return nil
	})
}

// Close ends the proxy: it stops listening, closes every connection, frees the
// address and the name, and returns when every goroutine of the proxy is gone.
// Further calls do nothing and return nil.
func (p *Proxy) Close() error {
	p.control.Lock()
	defer p.control.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	p.disable()
	err := p.port.release()
	p.awaitGoroutines()
	p.network.forget(p)
	if err != nil {
		return p.error("close", err)
	}
	return nil
}

func (p *Proxy) turn(what string, do func() error) error {
	p.control.Lock()
	defer p.control.Unlock()
	err := ErrClosed
	if !p.closed {
		err = do()
	}
	if err != nil {
		return p.error(what, err)
	}
	return nil
}

func (p *Proxy) error(what string, err error) error {
	return fmt.Errorf("toxics/tcp: %s proxy %q: %w", what, p.name, err)
}

func (p *Proxy) enable() error {
	if p.accept != nil {
		return nil
	}
	first, err := newGeneration(p)
	if err != nil {
		return err
	}
	listener, err := p.port.listen()
	if err != nil {
		return err
	}
	p.accept = &acceptor{listener: listener, done: make(chan struct{}), generation: first}
	go pprof.Do(p.labels, pprof.Labels(), p.accept.loop)
	return nil
}

func (p *Proxy) disable() {
	if p.accept == nil {
		return
	}
	p.accept.listener.Close()
	<-p.accept.done
	p.accept.swap(nil).close()
	p.accept = nil
}

// loop accepts until the listener is closed. All goroutines of a connection are
// started from here and inherit the labels.
func (a *acceptor) loop(context.Context) {
	defer close(a.done)
	for {
		client, err := a.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Out of file descriptors, most likely: others may give some back.
			time.Sleep(5 * time.Millisecond)
			continue
		}
		a.mu.Lock()
		a.generation.serve(client.(*net.TCPConn))
		a.mu.Unlock()
	}
}

// swap installs the generation of the next connection and returns the old one,
// which will not get another.
func (a *acceptor) swap(next *generation) (old *generation) {
	a.mu.Lock()
	defer a.mu.Unlock()
	old, a.generation = a.generation, next
	return old
}
