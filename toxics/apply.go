package toxics

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Applied is a fault that was given to a network. All methods are safe for concurrent
// use.
type Applied struct {
	ledger *Ledger
	fault  Fault
	slot   int
	name   string // what it is, for a timeline
	origin string // which fault it is, for an error

	// Under the ledger's mutex:
	effect  Effect
	on      bool
	lifted  bool
	matched bool   // there was a connection, dial or lookup of its Source and Target
	counted int    // connections, dials or lookups that it has seen while on
	stop    func() // keeps it from being switched next; nil: nothing does

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
// Apply panics if the fault is invalid, or the network closed. It may name hosts that there
// are not yet; if there never are, Close says so: see [ErrUnmatched].
func (n *Network) Apply(f Fault) *Applied {
	n.checkMade("Apply")
	if err := f.Validate(); err != nil {
		panic("toxics: Apply: " + unprefixed(err))
	}
	if err := n.foreign(); err != nil {
		panic(err.Error())
	}
	a := n.ledger.Apply(f)
	if a == nil {
		panic("toxics: Apply: the network is closed, so the " + f.Effect.Kind() + " would do nothing; apply it before Close")
	}
	return a
}

// unprefixed is the text of an error of Validate, without the name of this package.
func unprefixed(err error) string {
	return strings.ReplaceAll("\n"+err.Error(), "\ntoxics: ", "\n")[1:]
}

// Slot returns the fault's place among those of its network, from 0, with the toxics of the
// plan first: as a timeline counts them.
func (a *Applied) Slot() int {
	a.checkMade("Slot")
	return a.slot
}

// checkMade panics if there is no fault, or one that was not applied.
func (a *Applied) checkMade(call string) {
	if a == nil || a.ledger == nil {
		panic("toxics: " + call + " with a nil or zero Applied; Network.Apply returns one")
	}
}

// Lift ends the fault, for good.
func (a *Applied) Lift() {
	a.checkMade("Lift")
	a.ledger.mu.Lock()
	defer a.ledger.mu.Unlock()
	if a.on && !a.ledger.closed {
		a.tell("off")
	}
	a.lift()
}

func (a *Applied) lift() {
	if a.lifted {
		return
	}
	a.disarm()
	a.lifted = true
	a.set(false)
	a.ledger.applied = slices.DeleteFunc(a.ledger.applied, func(o *Applied) bool { return o == a })
}

// Change replaces the fault's effect, at once, on all its connections; when it is in
// force does not change. It panics if the effect is invalid, or of another Kind or
// Direction.
func (a *Applied) Change(e Effect) {
	a.checkMade("Change")
	if err := (Fault{Effect: e}).Validate(); err != nil {
		panic("toxics: Change: " + unprefixed(err))
	}
	a.ledger.mu.Lock()
	defer a.ledger.mu.Unlock()
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

// start switches the fault on, and arranges for its end. The ledger's mutex is held, as for
// all that follows.
func (a *Applied) start() {
	a.set(true)
	if a.fault.Span > 0 {
		skew := a.ledger.skew(a.slot)
		early := time.Duration(0)
		if a.fault.Start > 0 {
			early = skew
		}
		a.after(early+a.fault.Span+skew, "off", a.lift)
	}
}

func (a *Applied) after(d time.Duration, what string, f func()) {
	l := a.ledger
	a.stop = l.config.After(d, a.switched(what), func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if !l.closed && !a.lifted {
			a.stop = nil
			f()
		}
	})
}

// switched is what the switch of the fault, on or off, is called.
func (a *Applied) switched(what string) string {
	return fmt.Sprintf("fault %d %s: %s", a.slot, what, a.name)
}

// tell says that the fault is switched at once.
func (a *Applied) tell(what string) {
	if a.ledger.config.AtOnce != nil {
		a.ledger.config.AtOnce(a.switched(what))
	}
}

// disarm keeps the fault from being switched by its schedule.
func (a *Applied) disarm() {
	if a.stop != nil {
		a.stop()
	}
	a.stop = nil
}

// set switches the fault for all connections.
func (a *Applied) set(on bool) {
	if a.on == on {
		return
	}
	a.on = on
	t, toxic := a.effect.(Toxic)
	for _, w := range a.ledger.wires {
		client, server, port := w.Route()
		for d := range Direction(Directions) {
			if a.fault.severs(client, server, port, d) {
				if on {
					w.Hold(d, 1)
				} else {
					w.Hold(d, -1)
				}
			}
			if toxic && t.Stream() == d {
				w.Set(d, a, on)
			}
		}
	}
	if !toxic && a.ledger.config.Switched != nil {
		a.ledger.config.Switched(a.fault, on)
	}
}

// reach gives the fault its place on a connection that it is about. isNew says that
// the connection has just been made, so that it counts.
func (a *Applied) reach(w Wire, isNew bool) {
	client, server, port := w.Route()
	for d := range Direction(Directions) {
		if !a.fault.severs(client, server, port, d) {
			continue
		}
		a.matched = true
		if a.on {
			w.Hold(d, 1)
		}
	}
	t, ok := a.effect.(Toxic)
	if !ok || !a.fault.Dials(client, server, port) {
		return
	}
	a.matched = true
	if a.fault.Count > 0 && (!isNew || !a.counts()) {
		return
	}
	if r := a.rand(w, 0); r.Float64() < t.Fraction() {
		w.Add(t.Stream(), a, r, a.on)
	}
}

// rand is the generator of a toxic on a connection; switched is how often it was
// switched on there later.
func (a *Applied) rand(w Wire, switched int) *rand.Rand {
	client, server, port := w.Route()
	name := pairOf(client, server, port) + w.Lot()
	if switched > 0 {
		name += fmt.Sprintf(" again %d", switched)
	}
	return Rand(a.ledger.config.Seed, name, w.Number(), a.effect.(Toxic).Stream(), a.slot)
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
