package toxics

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Applied is a fault that was given to a network. All methods are safe for concurrent
// use.
type Applied struct {
	network *Network
	fault   Fault
	slot    int
	name    string // what it is, for a timeline

	// Under the network's mutex:
	effect  Effect
	on      bool
	lifted  bool
	matched bool        // there was a connection, dial or lookup of its Source and Target
	counted int         // connections, dials or lookups that it has seen while on
	timer   *time.Timer // switches it next; nil: nothing does

	bucket bucket // of a shared bandwidth
}

// Apply puts a fault in force, at its Start from now and for its Span, on the
// connections that there are and on all that come. Whatever a toxic does to a
// connection, it does behind those that were applied before it.
//
// When a toxic is switched off, data that it holds goes on at once, and a connection
// from which it has taken data ends: a Timeout then closes it, as when a timeout is
// removed from toxiproxy, and a ResetPeer resets it.
//
// A fault is in force from a little before its Start until a little after its Span, by
// less than a millisecond, which is drawn from the seed: so both instants belong to it.
// Apply panics if the fault is invalid. It may name hosts that there are not yet; if there
// never are, Close says so: see [ErrUnmatched].
func (n *Network) Apply(f Fault) *Applied {
	if err := f.Validate(); err != nil {
		panic("toxics: Apply: " + unprefixed(err))
	}
	if err := n.check(); err != nil && err != errClosed {
		panic(err.Error())
	}
	return n.apply(f)
}

// about says what a fault is, and where: "severed client, api".
func about(f Fault) string {
	if f.Source == "" && f.Target == "" {
		return f.Effect.Kind()
	}
	return fmt.Sprintf("%s %s, %s", f.Effect.Kind(), cmp.Or(f.Source, "*"), cmp.Or(f.Target, "*"))
}

func (n *Network) apply(f Fault) *Applied {
	n.mu.Lock()
	defer n.mu.Unlock()
	a := &Applied{network: n, fault: f, slot: n.slots, name: about(f), effect: f.Effect}
	n.slots++
	if n.closed {
		return a
	}
	n.applied = append(n.applied, a)
	n.faults = append(n.faults, a)
	for _, c := range n.conns {
		a.reach(c, false)
	}
	if f.Start == 0 {
		a.start()
		n.note(a.passage("on"))
	} else {
		a.after(f.Start-a.skew(), "on", a.start)
	}
	return a
}

// unprefixed is the text of an error of Validate, without the name of this package.
func unprefixed(err error) string {
	return strings.ReplaceAll("\n"+err.Error(), "\ntoxics: ", "\n")[1:]
}

// Lift ends the fault, for good.
func (a *Applied) Lift() {
	n := a.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if a.on && !n.closed {
		n.note(a.passage("off"))
	}
	a.lift()
}

func (a *Applied) lift() {
	if a.lifted {
		return
	}
	a.stop()
	a.lifted = true
	a.set(false)
	a.network.applied = slices.DeleteFunc(a.network.applied, func(o *Applied) bool { return o == a })
}

// Change replaces the fault's effect, at once, on all its connections; when it is in
// force does not change. It panics if the effect is invalid, or of another Kind or
// Direction.
func (a *Applied) Change(e Effect) {
	if err := (Fault{Effect: e}).Validate(); err != nil {
		panic("toxics: Change: " + unprefixed(err))
	}
	n := a.network
	n.mu.Lock()
	defer n.mu.Unlock()
	if e.Kind() != a.effect.Kind() || way(e) != way(a.effect) {
		panic(fmt.Sprintf("toxics: Change: a %s %s cannot become a %s %s; apply another fault and lift this one",
			way(a.effect), a.effect.Kind(), way(e), e.Kind()))
	}
	on := a.on
	if _, ok := e.(Severed); ok {
		a.set(false)
	}
	a.effect = e
	a.fault.Effect = e
	if on {
		a.on = false
		a.set(true)
	}
}

func way(e Effect) string {
	if t, ok := e.(Toxic); ok {
		return t.Stream().String()
	}
	return "plain"
}

// start switches the fault on, and arranges for its end. The network's mutex is held,
// as for all that follows.
func (a *Applied) start() {
	a.set(true)
	if a.fault.Span > 0 {
		early := time.Duration(0)
		if a.fault.Start > 0 {
			early = a.skew()
		}
		a.after(early+a.fault.Span+a.skew(), "off", a.lift)
	}
}

func (a *Applied) skew() time.Duration {
	if a.network.exact {
		return 0
	}
	r := Rand(a.network.config.Plan.Seed, "schedule", 0, 0, a.slot)
	return time.Duration(1 + r.Int64N(mostSkew))
}

func (a *Applied) after(d time.Duration, what string, f func()) {
	n := a.network
	n.tasks.Add(1)
	a.timer = time.AfterFunc(d, func() {
		defer n.tasks.Done()
		n.pass(a.passage(what))
		n.mu.Lock()
		defer n.mu.Unlock()
		if !n.closed && !a.lifted {
			a.timer = nil
			f()
		}
	})
}

// passage is what the switch of the fault, on or off, is for a gate.
func (a *Applied) passage(what string) fakeloop.Passage {
	return fakeloop.Passage{What: fmt.Sprintf("fault %d %s: %s", a.slot, what, a.name)}
}

// stop disarms the timer.
func (a *Applied) stop() {
	if a.timer != nil && a.timer.Stop() {
		a.network.tasks.Done()
	}
	a.timer = nil
}

// set switches the fault for all connections.
func (a *Applied) set(on bool) {
	if a.on == on {
		return
	}
	a.on = on
	for _, c := range a.network.conns {
		for d, l := range c.links {
			if a.fault.severs(c.client.name, c.server.name, c.port, Direction(d)) {
				if on {
					l.hold(1)
				} else {
					l.hold(-1)
				}
			}
			if t, ok := a.effect.(Toxic); ok && t.Stream() == Direction(d) {
				l.set(a, on)
			}
		}
	}
}

// reach gives the fault its place on a connection that it is about. isNew says that
// the connection has just been made, so that it counts.
func (a *Applied) reach(c *connection, isNew bool) {
	for d, l := range c.links {
		if !a.fault.severs(c.client.name, c.server.name, c.port, Direction(d)) {
			continue
		}
		a.matched = true
		if a.on {
			l.hold(1)
		}
	}
	t, ok := a.effect.(Toxic)
	if !ok || !a.fault.dials(c.client.name, c.server.name, c.port) {
		return
	}
	a.matched = true
	if a.fault.Count > 0 && (!isNew || !a.counts()) {
		return
	}
	if r := a.rand(c, 0); r.Float64() < t.Fraction() {
		c.links[t.Stream()].add(&slot{applied: a, rand: r}, a.on)
	}
}

// rand is the generator of a toxic on a connection; switched is how often it was
// switched on there later.
func (a *Applied) rand(c *connection, switched int) *rand.Rand {
	name := c.pair() + c.lotName()
	if switched > 0 {
		name += fmt.Sprintf(" again %d", switched)
	}
	return Rand(a.network.config.Plan.Seed, name, int(c.ordinal.Load()), a.effect.(Toxic).Stream(), a.slot)
}

// counts reports whether one more connection, dial or lookup is within the Count.
func (a *Applied) counts() bool {
	if a.fault.Count == 0 {
		return true
	}
	if !a.on || a.counted == a.fault.Count {
		return false
	}
	a.counted++
	return true
}

// struck is an effect that hits one dial or lookup.
type struck struct {
	effect Effect
	rand   *rand.Rand
}

// strike returns what hits a dial of client to server, or, without a port, a lookup, and
// which of those it is, from 1.
func (n *Network) strike(client *Host, server, port, what string) (hits []struck, attempt int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name := what + " " + client.name + ">" + server + ":" + port
	n.attempts[name]++
	attempt = n.attempts[name]
	for _, a := range n.applied {
		lookup := false
		switch a.effect.(type) {
		case Refuse, FailDial, SlowDial:
		case FailLookup, SlowLookup:
			lookup = true
		default:
			continue
		}
		if lookup != (what == "lookup") || !a.fault.dials(client.name, server, port) {
			continue
		}
		a.matched = true
		if !a.on {
			continue
		}
		r := Rand(n.config.Plan.Seed, name, attempt, Upstream, a.slot)
		if r.Float64() < a.effect.Fraction() && a.counts() {
			hits = append(hits, struck{a.effect, r})
		}
	}
	return hits, attempt
}

// severed reports whether a partition stands between a dial and its answer.
func (n *Network) severed(client, server *Host, port string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	found := false
	for _, a := range n.applied {
		for d := range Direction(Directions) {
			if a.fault.severs(client.name, server.name, port, d) {
				a.matched = true
				found = found || a.on
			}
		}
	}
	return found
}
