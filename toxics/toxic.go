package toxics

import "time"

// Effect is what a fault does: a [Toxic], to the bytes of a connection, or one of
// [Severed], [Refuse], [FailDial], [SlowDial], [FailLookup] and [SlowLookup], to the
// network. The interface is sealed. Effects are plain values: safe to copy, to compare
// with == and to share between goroutines.
type Effect interface {
	// Validate reports every attribute out of range, as [Plan.Validate] does for
	// a whole plan. The Index of its errors is -1.
	Validate() error
	// Kind is toxiproxy's name of the type, such as "slow_close"; what toxiproxy
	// does not have is named alike, such as "cut" or "slow_dial".
	Kind() string
	// Fraction is the Share field with its zero value resolved: 1 for 0.
	Fraction() float64

	sealed()
}

// Toxic is one fault on one direction of a connection: [Latency], [Bandwidth],
// [SlowClose], [Timeout], [ResetPeer], [Slicer], [LimitData], [Cut] or [Loss]. The
// interface is sealed, so an engine's type switch over these nine is complete.
type Toxic interface {
	Effect

	// Stream is the Direction field.
	Stream() Direction
}

// Latency holds every chunk back. Order is kept, so a late chunk delays all that
// are behind it. The dial and the end of the stream are not delayed: the end only
// waits for the data in front of it.
type Latency struct {
	Direction Direction
	// Latency is the mean delay of a chunk, one way. 0: none.
	Latency time.Duration
	// Jitter varies it: the delay is uniform in [Latency-Jitter, Latency+Jitter),
	// and what is below zero counts as zero. 0: every delay is Latency.
	Jitter time.Duration
	// Shape is another distribution of the jitter; nil means Uniform{}.
	Shape Shape
	// Share is the fraction of connections; 0 means 1.
	Share float64
}

// Bandwidth limits each connection for itself, or, if it is Shared, all together.
type Bandwidth struct {
	Direction Direction
	// Rate is in KB/s, KB = 1000 bytes, from 1 to MaxRate. There is no zero: what
	// toxiproxy does at rate 0 is a black hole, and its name is Timeout{}.
	Rate int64
	// Shared makes one limit of it for all connections that it applies to, each
	// direction by itself. toxiproxy has no such thing.
	Shared bool
	// Share is the fraction of connections; 0 means 1.
	Share float64
}

// SlowClose holds back the end of the stream (FIN), not the data.
type SlowClose struct {
	Direction Direction
	// Delay is how long the end is held back. 0: not at all.
	Delay time.Duration
	// Share is the fraction of connections; 0 means 1.
	Share float64
}

// Timeout swallows all data, from the first byte on, and closes the connection
// when none came for a while. The zero Timeout is the black hole: nothing arrives
// and nothing closes.
type Timeout struct {
	Direction Direction
	// After is an idle timer, as in toxiproxy: each chunk restarts it. 0: the
	// connection stays open for as long as its peers keep it.
	After time.Duration
	// Absolute makes After count from the start of the connection, or from when the
	// toxic was switched on, whatever comes.
	Absolute bool
	// Share is the fraction of connections; 0 means 1.
	Share float64
}

// ResetPeer swallows all data and resets the connection (RST, both peers read
// "connection reset by peer"). As in toxiproxy it is the first data, or the end
// of the stream, that starts it: an idle connection is never reset. Use Cut to
// let some data through first.
type ResetPeer struct {
	Direction Direction
	// After is the time from the first data to the reset. 0: at once.
	After time.Duration
	// Share is the fraction of connections; 0 means 1.
	Share float64
}

// Slicer cuts every chunk into small ones, so that a reader sees short reads.
type Slicer struct {
	Direction Direction
	// Size is the mean size of a slice in bytes, from 1 to MaxSlice.
	Size int
	// Variation is how much larger or smaller a slice may be, in bytes, from 0
	// to Size-1.
	Variation int
	// Delay is the pause after each slice, with a resolution of 1 microsecond.
	// 0: none.
	Delay time.Duration
	// Share is the fraction of connections; 0 means 1.
	Share float64
}

// LimitData closes the connection (FIN) once so many bytes went through.
type LimitData struct {
	Direction Direction
	// Bytes is the number of bytes let through. 0: the first data closes the
	// connection and does not arrive.
	Bytes int64
	// Share is the fraction of connections; 0 means 1.
	Share float64
}

// Cut is death in mid-stream: the peer receives exactly the first After bytes,
// then the connection ends. With Reset false it does what LimitData does.
type Cut struct {
	Direction Direction
	// After is the number of bytes let through. 0: the first data cuts the
	// connection and does not arrive.
	After int64
	// Reset ends the connection with RST instead of FIN, for both peers. The
	// After bytes are delivered first.
	Reset bool
	// Share is the fraction of connections; 0 means 1.
	Share float64
}

// Loss is what the loss of packets looks like to those who use TCP: no byte is
// missing, but what was lost comes later, and so does all that is behind it.
type Loss struct {
	Direction Direction
	// Rate is the probability that a chunk is lost, and that it is lost again,
	// above 0 and below 1.
	Rate float64
	// Timeout is after how long a chunk is sent again; it doubles with each loss,
	// up to two minutes. 0 means 200 milliseconds, as on Linux.
	Timeout time.Duration
	// Share is the fraction of connections; 0 means 1.
	Share float64
}

func (t Latency) Kind() string   { return "latency" }
func (t Bandwidth) Kind() string { return "bandwidth" }
func (t SlowClose) Kind() string { return "slow_close" }
func (t Timeout) Kind() string   { return "timeout" }
func (t ResetPeer) Kind() string { return "reset_peer" }
func (t Slicer) Kind() string    { return "slicer" }
func (t LimitData) Kind() string { return "limit_data" }
func (t Cut) Kind() string       { return "cut" }
func (t Loss) Kind() string      { return "loss" }

func (t Latency) Stream() Direction   { return t.Direction }
func (t Bandwidth) Stream() Direction { return t.Direction }
func (t SlowClose) Stream() Direction { return t.Direction }
func (t Timeout) Stream() Direction   { return t.Direction }
func (t ResetPeer) Stream() Direction { return t.Direction }
func (t Slicer) Stream() Direction    { return t.Direction }
func (t LimitData) Stream() Direction { return t.Direction }
func (t Cut) Stream() Direction       { return t.Direction }
func (t Loss) Stream() Direction      { return t.Direction }

func (t Latency) Fraction() float64   { return fraction(t.Share) }
func (t Bandwidth) Fraction() float64 { return fraction(t.Share) }
func (t SlowClose) Fraction() float64 { return fraction(t.Share) }
func (t Timeout) Fraction() float64   { return fraction(t.Share) }
func (t ResetPeer) Fraction() float64 { return fraction(t.Share) }
func (t Slicer) Fraction() float64    { return fraction(t.Share) }
func (t LimitData) Fraction() float64 { return fraction(t.Share) }
func (t Cut) Fraction() float64       { return fraction(t.Share) }
func (t Loss) Fraction() float64      { return fraction(t.Share) }

func (t Latency) Validate() error   { return alone(t) }
func (t Bandwidth) Validate() error { return alone(t) }
func (t SlowClose) Validate() error { return alone(t) }
func (t Timeout) Validate() error   { return alone(t) }
func (t ResetPeer) Validate() error { return alone(t) }
func (t Slicer) Validate() error    { return alone(t) }
func (t LimitData) Validate() error { return alone(t) }
func (t Cut) Validate() error       { return alone(t) }
func (t Loss) Validate() error      { return alone(t) }

func (Latency) sealed()   {}
func (Bandwidth) sealed() {}
func (SlowClose) sealed() {}
func (Timeout) sealed()   {}
func (ResetPeer) sealed() {}
func (Slicer) sealed()    {}
func (LimitData) sealed() {}
func (Cut) sealed()       {}
func (Loss) sealed()      {}

func fraction(share float64) float64 {
	if share == 0 {
		return 1
	}
	return share
}
