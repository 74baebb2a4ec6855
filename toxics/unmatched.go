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
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []Fault
	for _, a := range n.faults {
		if !a.matched {
			list = append(list, a.fault)
		}
	}
	return list
}

// strangers is the error about faults that matched nothing because of what they name. The
// caller holds the network's mutex.
func (n *Network) strangers() error {
	var errs []error
	for _, a := range n.faults {
		if a.matched {
			continue
		}
		for _, place := range []string{a.fault.Source, a.fault.Target} {
			if problem := n.problem(place); problem != "" {
				errs = append(errs, fmt.Errorf("toxics: %w: %s is about %q, %s", ErrUnmatched, a.origin, place, problem))
			}
		}
	}
	return errors.Join(errs...)
}

// problem says what is wrong with the place of a fault, if something is.
func (n *Network) problem(place string) string {
	host, port, err := net.SplitHostPort(strings.ToLower(place))
	if err != nil {
		host, port = strings.ToLower(place), ""
	}
	found := n.hosts[host]
	if ip := net.ParseIP(host); ip != nil {
		found = n.hosts[ip.String()]
	}
	switch {
	case place == "" || host == DefaultHost && port == "":
		return ""
	case found == nil:
		return "and there has never been such a host; there were: " + n.names()
	case found.name != host && net.ParseIP(found.name) == nil:
		return "which is the address of " + found.name + ": a fault knows a host by its name"
	case port != "" && !n.listened[net.JoinHostPort(found.name, port)]:
		return "and nobody has ever listened there; there were: " + strings.Join(slices.Sorted(maps.Keys(n.listened)), ", ")
	}
	return ""
}

// names is the names of all hosts.
func (n *Network) names() string {
	names := map[string]bool{DefaultHost: true}
	for _, h := range n.hosts {
		names[h.name] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(names)), ", ")
}
