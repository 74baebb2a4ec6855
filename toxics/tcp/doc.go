// Package tcp runs a fault plan of package toxics on loopback TCP, through
// Shopify's toxiproxy v2, inside the test process.
//
//	network, err := tcp.Listen(tcp.Config{})
//	...
//	defer network.Close()
//	db, err := network.Proxy("db", "127.0.0.1:5432", toxics.Plan{Toxics: []toxics.Toxic{
//		toxics.Latency{Latency: 100 * time.Millisecond},
//	}})
//	...
//	sql.Open("postgres", "host="+db.Addr())
//
// # The same spec on both engines
//
// A network has named hosts, too: Host, Serve, Listen, DialContext, LookupHost and Apply do
// here what they do on the virtual network of package toxics, so that a spec runs on either if
// one line is changed, toxics.NewNetwork for Listen. Each address is a proxy, and Config.Plan
// is in force at all of them and on the way there. Neither engine is ever early; both deliver
// the same bytes and the same end, and the virtual one also the same pieces on every run.
//
// Whom a fault hits, when and how often both engines decide with one [toxics.Ledger]; what the
// toxics of faults do to a chunk, and those that toxiproxy does not have, is one
// [toxics.Chain]; what comes of a fault point is one [toxics.Points].
//
// # What is possible where
//
// A proxy of Network.Proxy, whose clients dial its address, can do less: it does not know of a
// dial before the kernel has answered it. What it cannot do is refused with [ErrUnsupported].
//
//	                              virtual  by name on TCP  a proxy's address
//	toxics                        yes      yes             yes
//	toxics of faults, switched    yes      yes             yes
//	Start, Span                   yes      yes             yes
//	Count, Share of connections   yes      yes             yes
//	Source, of toxics             yes      yes             refused, but for "client"
//	Target                        yes      yes             its name, or its upstream
//	Severed, of what is sent      yes      yes             yes
//	Severed, of dials             yes      yes             no: they succeed, and nothing comes
//	Refuse                        yes      yes             without Count and Share
//	FailDial, SlowDial            yes      yes             refused
//	FailLookup, SlowLookup        yes      yes             refused
//	Apply, Lift, Change           yes      yes             Proxy.Apply, of a whole plan
//	restart on the same address   yes      yes             yes
//	half-close                    yes      yes             yes
//	fault points                  yes      yes             no: it has no ends
//	Host.Drop, Host.Crash         yes      no              Proxy.Disable
//	one order of events           yes      no              no
//
// Where both say yes, these differ:
//
//   - A schedule goes by real time, or by a [Clock] that the test moves, and has no skew: a
//     fault is in force from its Start, and ends with its Span.
//   - A partition holds back what has reached the proxy. The kernels of both peers go on
//     acknowledging, so that no keep-alive and no TCP_USER_TIMEOUT fires, and once their
//     buffers are full a Write waits.
//   - A write is not a segment. The kernel may join what was written in two calls, so that a
//     toxic which counts bytes does so exactly, and a fault point is met at each Write, but a
//     chunk, which is what the points of reads, and latency and loss, are about, can be two
//     writes that came together.
//   - A reset makes the kernel of the peer drop what it has not read; on the virtual network
//     that can still be read. See below for what is done about it. A connection that is reset
//     before the server has accepted it, the kernel may not show to the server at all.
//   - In a black hole of a fault point the kernel goes on taking data, until its buffer is
//     full; on the virtual network nobody notices.
//
// # What is toxiproxy, and what is not
//
// The data path is toxiproxy's own: its server object, its toxic collections,
// links and stubs, and its toxics latency, bandwidth, slow_close, timeout, slicer
// and limit_data, unmodified, their attributes decoded by toxiproxy. Four things
// are this package's:
//
//   - The accept loop. toxiproxy's dials the upstream one client at a time and
//     without a timeout, gives its port up when it is disabled, and cannot be
//     waited for. As in toxiproxy, a client whose upstream cannot be reached is
//     accepted and then closed, never refused.
//   - reset_peer and cut. toxiproxy's reset_peer cannot be interrupted and makes
//     every connection of its proxy end in RST, also those that it does not apply
//     to. Here only a connection that is reset sees RST.
//   - What toxiproxy does not have: a latency with a Shape, a shared bandwidth, an
//     absolute timeout, and loss; and what it cannot switch without a race, which is the
//     toxics of faults. They run in one stage, behind the toxics of the plan.
//   - A guard, the last stage of every chain in both directions. See below.
//
// The control API of toxiproxy is not started: a plan is installed whole before a
// connection can see it.
//
// # Connections and plans
//
// A connection of a proxy has one plan from its first byte to its last, and what is switched
// on it is the faults of that plan. [Proxy.Apply] closes
// the connections that live under the old plan and returns when they are gone;
// the listener stays, so no dial is refused meanwhile. toxiproxy can change the
// toxics of a live connection, but that is a data race on their attributes, and a
// deadlock if a peer resets at the same time (toxiproxy issue 558).
//
// Wherever this package closes a live connection (Apply, Disable, Close), data in
// flight is dropped and the peers read the end of the stream or a reset.
//
// As in toxiproxy, the end of the stream in one direction closes the connection
// for both, unless Config.HalfClose says otherwise. Data of the other direction that is already
// inside the proxy is still delivered.
//
// # The guard, and Close
//
// In toxiproxy a peer that goes away with data in flight leaves goroutines that
// wait for ever to pass their chunk on, and closing a proxy waits for nothing: a
// chunk inside an hour of latency holds its goroutines for an hour. Here the
// guard learns when its peer can no longer be written to, or that the connection
// is to end; it then takes and drops whatever comes, while the toxics before it
// are interrupted. It uses no timer, so a reader that is merely slow is never cut
// off. [Proxy.Close] and [Network.Close] return when every goroutine they answer
// for is gone, however long a latency is. (A dial that is waiting for the
// system's resolver is waited for.)
//
// # Addresses
//
// A proxy listens on 127.0.0.1, on a port that the kernel chose, and has that
// address for life. While it is disabled a dial is refused (ECONNREFUSED). On
// Linux the port is kept reserved then, so that the kernel does not give it to
// another listener or dial on the machine; elsewhere it could, and Enable would
// fail. While a Refuse of its plan is in force it does not listen either; connections that
// there are go on. Each host that dials a name has an address of its own to dial, since a proxy
// cannot see otherwise who does.
//
// # Reset in mid-stream
//
// For toxics.Cut with Reset the proxy waits until the peer's kernel has
// acknowledged the bytes that were let through, then sends RST to both peers: the
// reader gets exactly those bytes, then ECONNRESET. A reader that does not read
// holds the reset up, and never loses a byte to it. This is exact on Linux;
// elsewhere the proxy waits for a fixed 20 ms instead. If the server speaks first,
// a reset can come before the client's dial has returned, and is then its error.
//
// # Randomness
//
// Real TCP is not deterministic. Shares, shapes and losses are drawn from Plan.Seed, for
// the connections of a proxy in the order in which they are accepted, and as the virtual
// network draws them for a client of the host "client" and a server of the proxy's name.
// Connections are counted from the plan on. Jitter without a Shape, and slices, are drawn by
// toxiproxy from the global math/rand; those of a fault are drawn from the seed.
//
// # Process-wide state
//
// None is changed. No toxic is added to toxiproxy's registry. toxiproxy's server
// logs to a disabled logger. Its bandwidth toxic, however, takes a copy of the
// global logger of zerolog (zerolog/log.Logger) when a connection starts, and
// writes to it when it is interrupted; this package never interrupts it, so that
// nothing is written and your logger is not touched. If you assign to log.Logger,
// do so before a connection with a Bandwidth starts: toxiproxy's read of it is not
// synchronised.
package tcp
