// Package toxics is the fault plan: validated data that says what a network
// does wrong. It holds no connection and starts no goroutine.
//
// # Plan and toxic
//
// A [Toxic] is one fault on one direction of a connection. A [Plan] is a seed
// and an ordered list of toxics. Two engines run the same plan: a virtual
// network, in virtual time, and a real toxiproxy on loopback TCP
// (package toxics/tcp).
//
// The toxics and the units of their attributes are those of Shopify's toxiproxy:
//
//	Latency    latency     each chunk is held back, by Latency +/- Jitter
//	Bandwidth  bandwidth   at most Rate KB/s, KB = 1000 bytes
//	SlowClose  slow_close  the end of the stream is held back
//	Timeout    timeout     data is swallowed; the connection closes later, or never
//	ResetPeer  reset_peer  data is swallowed; the connection is reset
//	Slicer     slicer      chunks are cut into small ones
//	LimitData  limit_data  the connection closes after so many bytes
//
// and one of this package, for death in mid-stream:
//
//	Cut        cut         the first After bytes arrive, then FIN or RST
//
// # Direction, order and share
//
// A toxic works on one [Direction]. Downstream, from server to client, is the
// zero value, as in toxiproxy. The toxics of one direction form a chain in the
// order of the plan: a chunk passes the first one first.
//
// Share is the fraction of connections that a toxic applies to. It is drawn once
// for each connection and toxic. Zero means 1, every connection, so that a
// literal which does not mention Share does what it says; to switch a toxic off,
// leave it out of the plan.
//
// # Durations
//
// toxiproxy counts in milliseconds, and in microseconds for [Slicer].Delay. A
// positive duration below that resolution would silently become zero, which
// often means something else (for [Timeout], "never"), and is refused. A longer
// duration that is not a whole number of units is rounded up on real TCP: never
// early. No duration may exceed [MaxDelay].
//
// # Validation
//
// toxiproxy validates nothing, and several attributes crash the process, recurse
// until the stack ends, or do something quite different when they are out of
// range. [Plan.Validate] refuses all of them, all at once: the error joins one
// [*ToxicError] for each broken rule, in the order of the plan. errors.Is(err,
// [ErrInvalid]) recognises the whole, errors.As finds the first [*ToxicError].
// Both engines call it first, so that no plan fails half-way.
//
// A toxic is a value, not a pointer: &Latency{} is refused, as is nil, and as is
// a struct of your own that embeds one.
package toxics
