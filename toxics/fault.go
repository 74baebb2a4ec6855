package toxics

import (
	"net"
	"strings"
	"time"
)

// Fault is an effect with the place and the time at which it is in force. A Fault is
// plain data, as an Effect is. [Inject], [Partition] and [OneWay] begin one, and its
// methods return it with more said:
//
//	toxics.Inject(toxics.Latency{Latency: time.Second}).Between("client", "api").From(10*time.Second).For(5*time.Second)
type Fault struct {
	Effect Effect

	// Source and Target are hosts, such as "api", or one of their ports, such as
	// "api:80", always a number; empty means all. Source is who dials, and Target who is
	// dialled; for a lookup, whose name is looked up; for Severed, who sends and who
	// receives, whoever dialled. A host can be named before it exists; one that never
	// does is an error of Network.Close.
	Source, Target string

	// Start is when the fault is switched on, counted from when it was applied.
	Start time.Duration
	// Span is for how long. 0 means for ever.
	Span time.Duration

	// Count limits the fault to so many connections, dials or lookups, the first
	// ones begun while it is in force. 0 means no limit, and connections that were
	// there before are affected too.
	Count int

	_ struct{}
}

// Inject returns a fault that is in force everywhere, at once and for ever.
func Inject(e Effect) Fault { return Fault{Effect: e} }

// Partition returns a fault that keeps two hosts apart, in both directions.
func Partition(a, b string) Fault { return Fault{Effect: Severed{}, Source: a, Target: b} }

// OneWay returns a partition of one direction: what source sends does not reach
// target.
func OneWay(source, target string) Fault {
	return Fault{Effect: Severed{OneWay: true}, Source: source, Target: target}
}

// Between returns the fault with its Source and Target.
func (f Fault) Between(source, target string) Fault {
	f.Source, f.Target = source, target
	return f
}

// From returns the fault with its Start.
func (f Fault) From(start time.Duration) Fault {
	f.Start = start
	return f
}

// For returns the fault with its Span.
func (f Fault) For(span time.Duration) Fault {
	f.Span = span
	return f
}

// First returns the fault with its Count.
func (f Fault) First(count int) Fault {
	f.Count = count
	return f
}

// at reports whether an address is what a Source or Target says. The port of a
// client is not known to a plan, and is empty then.
func at(pattern, host, port string) bool {
	if pattern == "" || strings.EqualFold(pattern, host) {
		return true
	}
	return port != "" && strings.EqualFold(pattern, net.JoinHostPort(host, port))
}

// Dials reports whether the fault is about dials, or connections, of client to server.
func (f Fault) Dials(client, server, port string) bool {
	return at(f.Source, client, "") && at(f.Target, server, port)
}

// severs reports whether the fault is a partition of that direction of a connection.
func (f Fault) severs(client, server, port string, d Direction) bool {
	s, ok := f.Effect.(Severed)
	if !ok {
		return false
	}
	up := f.Dials(client, server, port)
	down := at(f.Source, server, port) && at(f.Target, client, "")
	if !s.OneWay {
		return up || down
	}
	return d == Upstream && up || d == Downstream && down
}
