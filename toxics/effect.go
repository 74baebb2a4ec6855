package toxics

import (
	"net"
	"syscall"
	"time"
)

// Severed is a partition: what one host sends to the other is held back and arrives,
// in order, when the partition ends, since TCP sends again what was not acknowledged.
// A dial that needs the direction tries again 1, 3, 7, 15, 31 and 63 seconds after the
// first time and fails after 127, with ETIMEDOUT, as on Linux. [Partition] and [OneWay]
// make faults of it.
type Severed struct {
	// OneWay holds back only what Source sends to Target; a dial in either
	// direction needs both.
	OneWay bool
}

// Refuse makes dials fail at once with ECONNREFUSED, as if nobody listened.
type Refuse struct {
	// Share is the fraction of dials; 0 means 1.
	Share float64
}

// FailDial makes dials fail with an error of the system's.
type FailDial struct {
	// Errno is the error. 0 means EHOSTUNREACH, "no route to host".
	Errno syscall.Errno
	// Share is the fraction of dials; 0 means 1.
	Share float64
}

// SlowDial makes dials take their time before they succeed, or fail for another
// reason. A dial whose context ends meanwhile returns then.
type SlowDial struct {
	// Delay is the mean time that a dial takes. 0: none.
	Delay time.Duration
	// Jitter varies it: it is uniform in [Delay-Jitter, Delay+Jitter), and what is
	// below zero counts as zero.
	Jitter time.Duration
	// Share is the fraction of dials; 0 means 1.
	Share float64
}

// FailLookup makes lookups of a host's name fail with a *net.DNSError.
type FailLookup struct {
	// NotFound makes the answer "no such host"; otherwise it is the temporary
	// "server misbehaving".
	NotFound bool
	// Share is the fraction of lookups; 0 means 1.
	Share float64
}

// SlowLookup makes lookups of a host's name take their time.
type SlowLookup struct {
	// Delay is how long. 0: no time.
	Delay time.Duration
	// Share is the fraction of lookups; 0 means 1.
	Share float64
}

func (e Severed) Kind() string    { return "severed" }
func (e Refuse) Kind() string     { return "refuse" }
func (e FailDial) Kind() string   { return "fail_dial" }
func (e SlowDial) Kind() string   { return "slow_dial" }
func (e FailLookup) Kind() string { return "fail_lookup" }
func (e SlowLookup) Kind() string { return "slow_lookup" }

// Fraction returns 1: a partition is whole.
func (e Severed) Fraction() float64    { return 1 }
func (e Refuse) Fraction() float64     { return fraction(e.Share) }
func (e FailDial) Fraction() float64   { return fraction(e.Share) }
func (e SlowDial) Fraction() float64   { return fraction(e.Share) }
func (e FailLookup) Fraction() float64 { return fraction(e.Share) }
func (e SlowLookup) Fraction() float64 { return fraction(e.Share) }

func (e Severed) Validate() error    { return alone(e) }
func (e Refuse) Validate() error     { return alone(e) }
func (e FailDial) Validate() error   { return alone(e) }
func (e SlowDial) Validate() error   { return alone(e) }
func (e FailLookup) Validate() error { return alone(e) }
func (e SlowLookup) Validate() error { return alone(e) }

func (Severed) sealed()    {}
func (Refuse) sealed()     {}
func (FailDial) sealed()   {}
func (SlowDial) sealed()   {}
func (FailLookup) sealed() {}
func (SlowLookup) sealed() {}

// error is what a lookup of a name fails with.
func (e FailLookup) error(name string) error {
	if e.NotFound {
		return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
}
