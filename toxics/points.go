package toxics

import (
	"errors"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// FaultPoints says, of each thing that happens on a network, whether it goes wrong, and
// how. [*fakeloop.Loop] does, if its source of decisions is a fakeloop.FaultSource. These
// are the points of a network, with what can happen there:
//
//	lookup client>api              error, timeout, slow, black hole
//	dial client>api:80             refused, error, timeout, slow, black hole
//	accept api:80                  error, which is a temporary one, reset
//	read client<api:80 conn 1      error, timeout, reset, cut, slow, black hole
//	write client>api:80 conn 1     error, timeout, reset, cut
//	close client>api:80 conn 1     error
//
// and the same for the server's end, as in "read api:80<client conn 1". A read is one of
// a chunk that has arrived, or of the end of the stream, whichever calls of Read it
// takes; a write is one call of Write, unless [Config].JoinWrites says otherwise. An error
// at the server's end is remote. A connection is the n-th that was dialled from the one to
// the other, and has no points where it is only waited for.
//
// A black hole lets nothing through any more; the deadlines of the connection go on. A
// slow one is late by fakeloop.SlowFault.
type FaultPoints interface {
	Fault(fakeloop.FaultPoint) *fakeloop.Fault
}

var (
	lookupKinds = []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultSlow, fakeloop.FaultBlackHole}
	dialKinds   = []fakeloop.FaultKind{fakeloop.FaultRefused, fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultSlow, fakeloop.FaultBlackHole}
	acceptKinds = []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultReset}
	readKinds   = []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultReset, fakeloop.FaultCut, fakeloop.FaultSlow, fakeloop.FaultBlackHole}
	endKinds    = []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultReset, fakeloop.FaultSlow, fakeloop.FaultBlackHole}
	writeKinds  = []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultReset, fakeloop.FaultCut}
	closeKinds  = []fakeloop.FaultKind{fakeloop.FaultError}
)

// Points asks a [FaultPoints] about what happens on a network, and says what comes of the
// answers: the same on both engines. It is for who writes one. A nil *Points asks nothing. All
// methods are safe for concurrent use if the FaultPoints is.
type Points struct{ faults FaultPoints }

// NewPoints returns nil if there is nothing to ask.
func NewPoints(f FaultPoints) *Points {
	if f == nil {
		return nil
	}
	return &Points{f}
}

// Verdict is what goes wrong at a point. A nil *Verdict is nothing.
type Verdict struct {
	Point string // with its number

	// Late is for how long a call waits before anything else comes of it.
	Late time.Duration
	// Err is what the call returns; nil if it is only late.
	Err error
	// Lasting says that all calls return Err from then on that do the same on this connection.
	Lasting bool
	// Reset says that the connection is reset at both ends.
	Reset bool
	// Hole says that nothing arrives any more.
	Hole bool
	// Pass is how many bytes pass before the stream ends; negative if it does not.
	Pass int

	_ struct{}
}

// What a resolver of package net says.
var (
	errTimeout     = errors.New("i/o timeout")
	errMisbehaving = errors.New("server misbehaving")
)

// unanswered is how long Linux tries to connect.
const unanswered = 127 * time.Second

func (p *Points) ask(name string, kinds []fakeloop.FaultKind, size int, remote bool) *fakeloop.Fault {
	return p.faults.Fault(fakeloop.FaultPoint{Name: name, Kinds: kinds, Bytes: size, Remote: remote})
}

// Lookup is the fault of a lookup of a name.
func (p *Points) Lookup(client, name string) *Verdict {
	if p == nil {
		return nil
	}
	f := p.ask("lookup "+client+">"+name, lookupKinds, 0, false)
	if f == nil {
		return nil
	}
	v, over := delay(f)
	switch {
	case over:
	case f.Kind == fakeloop.FaultTimeout:
		v.Err = &net.DNSError{Err: f.With(errTimeout).Error(), Name: name, IsTimeout: true, IsTemporary: true, UnwrapErr: f.Err()}
	default:
		v.Err = &net.DNSError{Err: f.With(errMisbehaving).Error(), Name: name, IsTemporary: true, UnwrapErr: f.Err()}
	}
	return v
}

// Dial is the fault of a dial.
func (p *Points) Dial(client, server, port string) *Verdict {
	if p == nil {
		return nil
	}
	f := p.ask("dial "+pairOf(client, server, port), dialKinds, 0, false)
	if f == nil {
		return nil
	}
	v, over := delay(f)
	switch {
	case over:
	case f.Kind == fakeloop.FaultTimeout:
		v.Err = f.With(os.NewSyscallError("connect", syscall.ETIMEDOUT))
	case f.Kind == fakeloop.FaultRefused:
		v.Err = f.With(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	default:
		v.Err = f.With(os.NewSyscallError("connect", syscall.EHOSTUNREACH))
	}
	return v
}

// delay returns the verdict on who asks for a name or a connection: all of it, if the fault
// is that the answer is late or does not come.
func delay(f *fakeloop.Fault) (v *Verdict, over bool) {
	v = &Verdict{Point: f.Point, Pass: -1}
	switch f.Kind {
	case fakeloop.FaultSlow:
		v.Late = fakeloop.SlowFault
	case fakeloop.FaultBlackHole:
		v.Late, v.Err = unanswered, os.NewSyscallError("connect", syscall.ETIMEDOUT)
	default:
		return v, false
	}
	return v, true
}

// Accept is the fault of handing over a connection. If it is an error, that connection can be
// accepted later.
func (p *Points) Accept(server, port string) *Verdict {
	if p == nil {
		return nil
	}
	f := p.ask("accept "+net.JoinHostPort(server, port), acceptKinds, 0, true)
	switch {
	case f == nil:
		return nil
	case f.Kind == fakeloop.FaultReset:
		return &Verdict{Point: f.Point, Reset: true, Pass: -1}
	}
	return &Verdict{Point: f.Point, Err: f.With(os.NewSyscallError("accept", syscall.EMFILE)), Pass: -1}
}

// EndPoints are the points of one end of a connection.
type EndPoints struct {
	points   *Points
	from, to string // "client>api:80 conn 1" and "client<api:80 conn 1"
	remote   bool
}

// Ends returns the points of the ends of a connection, the n-th from the one to the other,
// from 1; nil if there is nothing to ask.
func (p *Points) Ends(client, host, port string, n int) (clientEnd, serverEnd *EndPoints) {
	if p == nil {
		return nil, nil
	}
	server, number := net.JoinHostPort(host, port), " conn "+strconv.Itoa(n)
	return &EndPoints{points: p, to: client + ">" + server + number, from: client + "<" + server + number},
		&EndPoints{points: p, to: server + ">" + client + number, from: server + "<" + client + number, remote: true}
}

// Read is called once for each chunk that has arrived, and for the end of the stream, whose
// size is 0, when it is about to be read.
func (e *EndPoints) Read(size int) *Verdict {
	kinds := readKinds
	if size == 0 {
		kinds = endKinds
	}
	f := e.points.ask("read "+e.from, kinds, size, e.remote)
	if f == nil {
		return nil
	}
	v := &Verdict{Point: f.Point, Pass: -1}
	switch f.Kind {
	case fakeloop.FaultTimeout:
		v.Err = f.With(os.ErrDeadlineExceeded)
	case fakeloop.FaultReset:
		v.Err, v.Lasting, v.Reset = f.With(os.NewSyscallError("read", syscall.ECONNRESET)), true, true
	case fakeloop.FaultError:
		v.Err, v.Lasting = f.With(os.NewSyscallError("read", syscall.EIO)), true
	case fakeloop.FaultBlackHole:
		v.Hole = true
	case fakeloop.FaultSlow:
		v.Late = fakeloop.SlowFault
	case fakeloop.FaultCut:
		v.Pass = f.Cut(size)
	}
	return v
}

// Write is called once for each Write, of at least one byte.
func (e *EndPoints) Write(size int) *Verdict {
	f := e.points.ask("write "+e.to, writeKinds, size, e.remote)
	if f == nil {
		return nil
	}
	v := &Verdict{Point: f.Point, Pass: -1}
	switch f.Kind {
	case fakeloop.FaultTimeout:
		v.Err = f.With(os.ErrDeadlineExceeded)
	case fakeloop.FaultReset:
		v.Err, v.Lasting, v.Reset = f.With(os.NewSyscallError("write", syscall.ECONNRESET)), true, true
	default:
		v.Err, v.Lasting = f.With(os.NewSyscallError("write", syscall.EPIPE)), true
	}
	if f.Kind == fakeloop.FaultCut {
		v.Pass = f.Cut(size)
	}
	return v
}

// Close is the error of a Close, which closes all the same.
func (e *EndPoints) Close() error {
	if f := e.points.ask("close "+e.to, closeKinds, 0, e.remote); f != nil {
		return f.With(os.NewSyscallError("close", syscall.EIO))
	}
	return nil
}
