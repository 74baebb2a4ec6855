package tcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// Proxy is one proxied address: it accepts clients and connects each to the
// upstream, through the toxics of its plan. All methods are safe for concurrent
// use; Enable, Disable, Apply and Close take turns.
type Proxy struct {
	network  *Network
	name     string
	place    place
	upstream string
	addr     string
	labels   context.Context // of every goroutine, see gone.go

	control    sync.Mutex // held by whoever enables, disables, applies or closes
	plan       toxics.Plan
	ledger     *toxics.Ledger // the network's, if the place is named, and else the proxy's own
	generation *generation    // of the next connection; nil while disabled
	doors      []*door        // the first one is that of DefaultHost
	retired    bool           // it lets nobody in any more, for good
	closed     bool
}

// place is what a plan calls a proxy. A named one is reached by Network.DialContext.
type place struct {
	host, port string
	named      bool
}

// placeOf is the place of a proxy with that name, "host:port" or anything else.
func placeOf(name string) place {
	if host, port, err := net.SplitHostPort(strings.ToLower(name)); err == nil {
		return place{host: host, port: port}
	}
	return place{host: strings.ToLower(name)}
}

func start(n *Network, name, upstream string, plan toxics.Plan, named bool) (*Proxy, error) {
	p := &Proxy{network: n, name: name, place: placeOf(name), upstream: upstream, plan: plan}
	p.place.named = named
	p.labels = pprof.WithLabels(context.Background(), pprof.Labels(labelKey, fmt.Sprintf("%p", p)))
	first, err := newDoor(p, toxics.DefaultHost)
	if err != nil {
		return nil, err
	}
	p.doors, p.addr = []*door{first}, first.port.addr
	if named {
		p.ledger = n.ledger
	} else {
		p.ledger = p.newLedger(plan)
	}
	if err := p.enable(); err != nil {
		if !named {
			p.ledger.Close()
		}
		return nil, errors.Join(err, first.port.release())
	}
	return p, nil
}

// newLedger is the ledger of a proxy that has a plan for itself. It tells the door of dials
// that are to be refused, and knows the proxy by its name and by its upstream.
func (p *Proxy) newLedger(plan toxics.Plan) *toxics.Ledger {
	here := p.doors[0].refuse()
	l := toxics.NewLedger(toxics.LedgerConfig{
		Seed:  plan.Seed,
		After: p.network.after,
		Switched: func(f toxics.Fault, on bool) {
			if _, refuses := f.Effect.(toxics.Refuse); refuses && f.Dials(toxics.DefaultHost, p.place.host, p.place.port) {
				here(on)
			}
		},
	})
	plan.Faults = slices.Clone(plan.Faults)
	for i := range plan.Faults {
		for _, end := range []*string{&plan.Faults[i].Source, &plan.Faults[i].Target} {
			if isAt(*end, p.upstream) {
				*end = p.name
			}
		}
	}
	l.Install(plan)
	p.doors[0].resettle()
	return l
}

// isAt reports whether the Target of a fault, if there is one, is an address, or its host.
func isAt(target, address string) bool {
	host, _, err := net.SplitHostPort(address)
	return strings.EqualFold(target, address) || err == nil && strings.EqualFold(target, host)
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
// are still under the old one, and returns when they are gone. The schedules of the plan
// begin now. The proxy goes on listening meanwhile; if it is disabled, the plan waits for
// Enable. An invalid plan (errors.Is toxics.ErrInvalid, or ErrUnsupported) changes nothing.
// The other error is ErrClosed.
func (p *Proxy) Apply(plan toxics.Plan) error {
	return p.turn("apply", func() error {
		if err := check(plan); err != nil {
			return err
		}
		p.ledger.Close()
		p.plan, p.ledger = plan, p.newLedger(plan)
		if p.generation == nil {
			return nil
		}
		next, err := newGeneration(p)
		if err != nil {
			return err
		}
		p.swap(next).close()
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
	if !p.place.named {
		p.ledger.Close()
	}
	err := p.leave()
	p.disable()
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
	if p.generation != nil {
		return nil
	}
	first, err := newGeneration(p)
	if err != nil {
		return err
	}
	p.swap(first)
	if err := p.doors[0].open(); err != nil {
		p.disable()
		return err
	}
	return nil
}

func (p *Proxy) disable() {
	if p.generation == nil {
		return
	}
	for _, d := range p.doors {
		d.shut()
	}
	p.swap(nil).close()
}

// retire lets nobody in any more, and frees the addresses and the name. The connections that
// there are go on, until Close.
func (p *Proxy) retire() error {
	p.control.Lock()
	defer p.control.Unlock()
	if p.closed || p.retired {
		return nil
	}
	p.retired = true
	p.network.retire(p)
	return p.leave()
}

// leave shuts all doors, for good.
func (p *Proxy) leave() error {
	var errs []error
	for _, d := range p.doors {
		d.shut()
		close(d.gone)
		errs = append(errs, d.port.release())
	}
	p.doors = nil
	return errors.Join(errs...)
}

// swap installs the generation of the next connection and returns the old one,
// which will not get another.
func (p *Proxy) swap(next *generation) (old *generation) {
	for _, d := range p.doors {
		d.use(next)
	}
	old, p.generation = p.generation, next
	return old
}

// doorOf returns the door of a host, and the generation behind it. The error is ErrClosed, or
// of package net.
func (p *Proxy) doorOf(host string) (*door, *generation, error) {
	p.control.Lock()
	defer p.control.Unlock()
	if p.closed || p.retired {
		return nil, nil, ErrClosed
	}
	for _, d := range p.doors {
		if d.host == host {
			return d, p.generation, nil
		}
	}
	d, err := newDoor(p, host)
	if err != nil {
		return nil, nil, err
	}
	d.use(p.generation)
	if err := d.open(); err != nil {
		return nil, nil, errors.Join(err, d.port.release())
	}
	p.doors = append(p.doors, d)
	return d, p.generation, nil
}
