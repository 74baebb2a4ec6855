package toxics

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
)

// ErrUnmatched is what errors.Is finds in the error of [Network.Close] for a fault about a
// host that there has never been, or a port at which nobody has ever listened: it cannot
// have done anything, and its Source or Target is most likely misspelt. The text has the line
// that called Apply, or the fault's place in the plan.
var ErrUnmatched = errors.New("a fault has matched nothing")

// Unmatched returns the faults that have matched no connection, dial or lookup so far, in
// the order in which they were applied, also if they were lifted: those that the code
// under test has not met. It does not matter whether a fault was in force then, or
// whether its Share hit.
//
//	Expect(network.Unmatched()).To(BeEmpty())
func (n *Network) Unmatched() []Fault {
	n.checkMade("Unmatched")
	return n.ledger.Unmatched()
}

// Unmatched is Network.Unmatched.
func (l *Ledger) Unmatched() []Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []Fault
	for _, a := range l.faults {
		if !a.matched {
			list = append(list, a.fault)
		}
	}
	return list
}

// Places are the hosts of a network, and where anybody listened.
type Places struct {
	// Hosts has the name of each host by its name, and by its IP address if it has one, all
	// in lower case.
	Hosts map[string]string
	// Listened has each "host:port" where there has ever been a listener.
	Listened map[string]bool

	_ struct{}
}

// Strangers is the error about faults that matched nothing because of what they name, nil if
// there are none. errors.Is finds ErrUnmatched.
func (l *Ledger) Strangers(p Places) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for _, a := range l.faults {
		if a.matched {
			continue
		}
		for _, place := range []string{a.fault.Source, a.fault.Target} {
			if problem := p.problem(place); problem != "" {
				errs = append(errs, fmt.Errorf("toxics: %w: %s is about %q, %s", ErrUnmatched, a.origin, place, problem))
			}
		}
	}
	return errors.Join(errs...)
}

// problem says what is wrong with the place of a fault, if something is.
func (p Places) problem(place string) string {
	host, port := strings.ToLower(hostOf(place)), portOf(place)
	if ip := net.ParseIP(host); ip != nil {
		host = ip.String()
	}
	name, found := p.Hosts[host]
	switch {
	case place == "" || host == DefaultHost && port == "":
		return ""
	case !found:
		return "and there has never been such a host; there were: " + p.names()
	case name != host && net.ParseIP(name) == nil:
		return "which is the address of " + name + ": a fault knows a host by its name"
	case port != "" && !p.Listened[net.JoinHostPort(name, port)]:
		return "and nobody has ever listened there; there were: " + strings.Join(slices.Sorted(maps.Keys(p.Listened)), ", ")
	}
	return ""
}

// names is the names of all hosts.
func (p Places) names() string {
	names := map[string]bool{DefaultHost: true}
	for _, name := range p.Hosts {
		names[name] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}

// places is those of the network. The caller holds its mutex.
func (n *Network) places() Places {
	hosts := map[string]string{}
	for key, h := range n.hosts {
		hosts[key] = h.name
	}
	return Places{Hosts: hosts, Listened: n.listened}
}
