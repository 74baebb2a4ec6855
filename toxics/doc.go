// Package toxics is a network that does wrong what a plan says: in memory and in the
// virtual time of a testing/synctest bubble, where an hour of latency takes no time.
// Package toxics/tcp runs the same plan on loopback TCP.
//
//	synctest.Test(t, func(t *testing.T) {
//		network, err := toxics.NewNetwork(toxics.Config{Plan: toxics.Plan{Seed: 42, Toxics: []toxics.Toxic{
//			toxics.Latency{Latency: time.Hour, Jitter: 30 * time.Minute},
//		}}})
//		...
//		defer network.Close()
//		network.Serve("api:80", handler)
//		network.Apply(toxics.Partition("client", "api").From(10 * time.Second).For(2 * time.Minute))
//		client := http.Client{Transport: &http.Transport{DialContext: network.DialContext}}
//		...
//	})
//
// # Plan and toxic
//
// A [Toxic] is something wrong with one direction of a connection. A [Fault] says where
// and when, and may be about dials, names and hosts instead. A [Plan] is a seed, an
// ordered list of toxics for every connection, and faults. It is plain data, validated
// as a whole, and has a JSON: see [ParsePlan], which takes toxiproxy's too.
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
// and two of this package, for death in mid-stream and for what TCP makes of the loss of
// packets:
//
//	Cut        cut         the first After bytes arrive, then FIN or RST
//	Loss       loss        chunks are late by retransmission timeouts
//
// Latency has more shapes than toxiproxy's, Bandwidth can be shared and Timeout can be
// absolute. What a fault does to the network is
//
//	Severed                what one host sends to the other is held back
//	Refuse, FailDial       dials fail
//	SlowDial               dials take their time
//	FailLookup, SlowLookup names are not found, or not soon
//
// A fault may name hosts that there are not yet. If there never are, [Network.Close] says
// so, and [Network.Unmatched] lists the faults that nothing has met.
//
// A host can also be told to [Host.Drop] or [Host.Crash] its connections, and a server
// that closes its listener can listen on the same address again.
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
//
// # The virtual network
//
// A [Network] has hosts with names. [Network.Listen] and [Network.Serve] make a host's
// addresses, [Network.DialContext] dials from the host [DefaultHost], and
// [Host.DialContext] from another. A [Conn] does what a TCP connection does: deadlines,
// half-close, linger, resets, and the errors of package net. Whoever waits at one waits
// durably, so that the time of the bubble passes.
//
// Between two ends is, for each direction, a link. It runs toxiproxy's own toxics,
// unmodified, and behaves as toxiproxy's link does, to the nanosecond: as long as both
// are there, a test compares them. Three differences are meant. A link holds no mutex
// while it waits, which would stop virtual time. [Network.Close] ends every goroutine,
// whatever is in flight, where toxiproxy leaves some for good. And a reset by an endpoint
// arrives as a reset, where toxiproxy makes it the end of the stream.
//
// As in toxiproxy, the end of the stream in one direction ends the connection, unless
// [Config].HalfClose says otherwise, and neither the dial nor the end of the stream is
// delayed by a Latency.
//
// # The same on every run
//
// What is random on a connection is drawn from a generator of its own: see [Rand]. So it
// does not matter what others do. Toxics of toxiproxy that draw from the global
// generator get their draws from this package: a stage before the latency says by how
// much later a chunk is to be, and one before the slicer cuts it.
//
// Every virtual delay is longer than the plan says by less than a millisecond. Whole
// seconds of latency meet whole seconds of timeouts, and what is due at one nanosecond is
// done in random order. The excess is drawn from the seed, and shrinks with every chunk
// of a link, so that a later one is never slower than one before.
//
// That leaves what concurrent clients do between two events: who dials first, whose
// chunk is taken first. With a [Gate], which a loop of package fakeloop has, the events
// of the network happen one at a time, in an order that is the same on every run, or that
// a seed chooses: the seed of a loop moves latencies, too. What a program writes in one
// interval is then taken in one piece.
//
// A network that was made in a bubble is the bubble's. Outside a bubble it works in real
// time.
//
// # Engines
//
// [Ledger], [Chain] and [Points] are what both engines decide and work with, and a [Wire] is
// what a ledger knows of a connection. They are for who writes an engine; a test has no use
// for them.
//
// # Process-wide state
//
// None is changed. toxiproxy's bandwidth toxic takes a copy of the global logger of
// zerolog (zerolog/log.Logger) when a connection starts, and writes to it when it is
// interrupted; this package never interrupts it. If you assign to log.Logger, do so
// before a connection with a Bandwidth starts.
package toxics
