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
// A network has named addresses, too: Serve, Listen and DialContext do here what they
// do on the virtual network of package toxics, so that a spec runs on either if one line
// is changed, toxics.NewNetwork for Listen. Each address is a proxy with Config.Plan.
// Neither engine is ever early; both deliver the same bytes and the same end, and the
// virtual one also the same pieces on every run. A plan with faults that have a place or
// a time is refused here, and the error, ErrUnsupported, says why.
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
//     absolute timeout, and loss.
//   - A guard, the last stage of every chain in both directions. See below.
//
// The control API of toxiproxy is not started: a plan is installed whole before a
// connection can see it.
//
// # Connections and plans
//
// A connection has one plan from its first byte to its last. [Proxy.Apply] closes
// the connections that live under the old plan and returns when they are gone;
// the listener stays, so no dial is refused meanwhile. toxiproxy can change the
// toxics of a live connection, but that is a data race on their attributes, and a
// deadlock if a peer resets at the same time (toxiproxy issue 558).
//
// Wherever this package closes a live connection (Apply, Disable, Close), data in
// flight is dropped and the peers read the end of the stream or a reset.
//
// As in toxiproxy, the end of the stream in one direction closes the connection
// for both: there is no half-close. Data of the other direction that is already
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
// fail.
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
// Jitter without a Shape, and slices, are drawn by toxiproxy from the global math/rand.
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
