package toxics

// Director grants the events of a network one at a time, when everything else in
// the bubble is durably blocked: so that unmodified clients and servers run the same
// way on every run, and so that a seed can choose which event goes first. A loop of
// package fakeloop is one.
//
// Each event waits in a goroutine of the network's own, and acts when it has been
// granted. Dial, Write and Close never wait for a grant: their caller may hold a
// mutex, and a second goroutine that waits for that mutex would keep the bubble from
// becoming quiet for ever.
type Director interface {
	// Ingest waits until the network may take what an endpoint has written. It is
	// granted before any Gate and is not a choice: all that is written between two
	// grants becomes one stretch of bytes, however often Write was called for it.
	Ingest(id string)

	// Gate waits until the event is granted. The identities are the same on every
	// run; two events that wait at the same time have the same one only if nothing
	// the network can see tells them apart.
	Gate(id string)
}

// free grants everything at once.
type free struct{}

func (free) Ingest(string) {}
func (free) Gate(string)   {}
