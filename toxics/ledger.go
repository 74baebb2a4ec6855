package toxics

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Ledger is the faults that a network was given, and decides for each of them when it is in
// force and whom it hits: by place, schedule, count and share. It is for who writes an
// engine, such as the virtual network and package toxics/tcp, which decide alike since they
// decide with this. All methods are safe for concurrent use, and wait for nothing but where
// that is said.
type Ledger struct {
	config LedgerConfig

	mu       sync.Mutex
	closed   bool
	wires    []Wire         // in the order in which they began
	numbers  map[string]int // of connections, by pair
	attempts map[string]int // dials and lookups, by who wants what
	applied  []*Applied     // but for those that were lifted
	faults   []*Applied     // all
}

// LedgerConfig is what a Ledger needs of its engine.
type LedgerConfig struct {
	// Seed is that of the plan.
	Seed uint64

	// After calls f after d, which is the instant that what says, unless stop is called
	// before. The ledger waits for neither. stop is called once at most.
	After func(d time.Duration, what string, f func()) (stop func())

	// Skew is by how much before its Start, and after its Span, a fault is in force, given
	// its slot; nil means not at all.
	Skew func(slot int) time.Duration

	// Sleep waits, unless the context or the network ends, which is an error. It may draw
	// an excess from r.
	Sleep func(ctx context.Context, d time.Duration, r *rand.Rand) error

	// AtOnce is told when a fault is switched by Install, Apply or Lift, in the words of After;
	// nil is told nothing. It must not call the ledger.
	AtOnce func(what string)

	// Switched is told when a fault that is no toxic was switched; nil is told nothing. It
	// must not call the ledger.
	Switched func(f Fault, on bool)

	_ struct{}
}

// Wire is a connection of an engine, as its Ledger knows it. The methods are called by the
// ledger, one at a time, and must not call it.
type Wire interface {
	// Route is who dialled, and whom.
	Route() (client, server, port string)
	// Number is what Ledger.Number said.
	Number() int
	// Lot is what the names of the connection's generators have at their end.
	Lot() string
	// Hold counts the partitions that hold a direction.
	Hold(d Direction, by int)
	// Add gives a toxic its place, behind the others of the direction. r is where it draws
	// from.
	Add(d Direction, a *Applied, r *rand.Rand, on bool)
	// Set switches a toxic, if it has been added, or changes what it does.
	Set(d Direction, a *Applied, on bool)
}

// NewLedger returns a ledger without faults.
func NewLedger(c LedgerConfig) *Ledger {
	return &Ledger{config: c, numbers: map[string]int{}, attempts: map[string]int{}}
}

// Install applies a plan that is valid, at once.
func (l *Ledger) Install(p Plan) {
	for _, t := range p.Toxics {
		l.apply(Inject(t), "")
	}
	for i, f := range p.Faults {
		l.apply(f, fmt.Sprintf("fault %d of the plan (%s)", i, f.Effect.Kind()))
	}
}

// Apply applies a fault that is valid, and remembers the line of the user's code that
// called. It returns nil if the ledger is closed.
func (l *Ledger) Apply(f Fault) *Applied { return l.apply(f, origin(f, fakeloop.UserLine())) }

// origin says which fault it is: the one applied at that line.
func origin(f Fault, line string) string {
	if line == "" {
		return "an applied " + f.Effect.Kind()
	}
	return "the " + f.Effect.Kind() + " applied at " + line
}

// about says what a fault is, and where: "severed client, api".
func about(f Fault) string {
	if f.Source == "" && f.Target == "" {
		return f.Effect.Kind()
	}
	return fmt.Sprintf("%s %s, %s", f.Effect.Kind(), cmp.Or(f.Source, "*"), cmp.Or(f.Target, "*"))
}

func (l *Ledger) apply(f Fault, origin string) *Applied {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	a := &Applied{ledger: l, fault: f, slot: len(l.faults), name: about(f), origin: origin, effect: f.Effect}
	l.applied = append(l.applied, a)
	l.faults = append(l.faults, a)
	for _, w := range l.wires {
		a.reach(w, false)
	}
	if f.Start == 0 {
		a.start()
		a.tell("on")
	} else {
		a.after(f.Start-l.skew(a.slot), "on", a.start)
	}
	return a
}

// Close ends all schedules: what is in force stays so, and nothing is switched any more.
func (l *Ledger) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, a := range l.applied {
		a.disarm()
	}
}

func (l *Ledger) skew(slot int) time.Duration {
	if l.config.Skew == nil {
		return 0
	}
	return l.config.Skew(slot)
}

// Number counts the connections of a client to a port of a server: it returns 1 for the
// first, and so on.
func (l *Ledger) Number(client, server, port string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	pair := pairOf(client, server, port)
	l.numbers[pair]++
	return l.numbers[pair]
}

// Begin gives a new connection the faults that are now in force, and those that will be.
func (l *Ledger) Begin(w Wire) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wires = append(l.wires, w)
	for _, a := range l.applied {
		a.reach(w, true)
	}
}

// End forgets a connection.
func (l *Ledger) End(w Wire) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wires = slices.DeleteFunc(l.wires, func(o Wire) bool { return o == w })
}

// Injects reports whether there are toxics among the faults.
func (l *Ledger) Injects() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.applied, func(a *Applied) bool {
		_, ok := a.effect.(Toxic)
		return ok
	})
}

// Lookup is what a lookup goes through before it is answered. It waits for as long as the
// faults say. The error is the context's, or a *net.DNSError.
func (l *Ledger) Lookup(ctx context.Context, client, name string) error {
	hits, _ := l.strike(client, name, "", "lookup")
	for _, hit := range hits {
		var err error
		switch e := hit.effect.(type) {
		case SlowLookup:
			err = l.config.Sleep(ctx, e.Delay, hit.rand)
		case FailLookup:
			err = e.error(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Dial is what a dial goes through before there is a connection, with points in the middle,
// which are what an engine does besides. It waits for as long as the faults say. The error is
// that of the points, the context's or an *os.SyscallError.
func (l *Ledger) Dial(ctx context.Context, client, server, port string, points func() error) error {
	hits, attempt := l.strike(client, server, port, "dial")
	for _, hit := range hits {
		var err error
		switch effect := hit.effect.(type) {
		case SlowDial:
			err = l.config.Sleep(ctx, effect.draw(hit.rand), hit.rand)
		case FailDial:
			err = os.NewSyscallError("connect", cmp.Or(effect.Errno, syscall.EHOSTUNREACH))
		case Refuse:
			err = os.NewSyscallError("connect", syscall.ECONNREFUSED)
		}
		if err != nil {
			return err
		}
	}
	if err := points(); err != nil {
		return err
	}
	// As Linux does it: seven attempts, and a wait after each, which doubles.
	var late *rand.Rand
	for wait := time.Second; l.severed(client, server, port); wait *= 2 {
		if late == nil {
			late = Rand(l.config.Seed, "syn "+pairOf(client, server, port), attempt, Upstream, 0)
		}
		if err := l.config.Sleep(ctx, wait, late); err != nil {
			return err
		}
		if wait == 64*time.Second {
			return os.NewSyscallError("connect", syscall.ETIMEDOUT)
		}
	}
	return nil
}

func (e SlowDial) draw(r *rand.Rand) time.Duration {
	return Latency{Latency: e.Delay, Jitter: e.Jitter}.Draw(r)
}

// struck is an effect that hits one dial or lookup.
type struck struct {
	effect Effect
	rand   *rand.Rand
}

// strike returns what hits a dial of client to server, or, without a port, a lookup, and
// which of those it is, from 1.
func (l *Ledger) strike(client, server, port, what string) (hits []struck, attempt int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := what + " " + client + ">" + server + ":" + port
	l.attempts[name]++
	attempt = l.attempts[name]
	for _, a := range l.applied {
		lookup := false
		switch a.effect.(type) {
		case Refuse, FailDial, SlowDial:
		case FailLookup, SlowLookup:
			lookup = true
		default:
			continue
		}
		if lookup != (what == "lookup") || !a.fault.Dials(client, server, port) {
			continue
		}
		a.matched = true
		if !a.on {
			continue
		}
		r := Rand(l.config.Seed, name, attempt, Upstream, a.slot)
		if r.Float64() < a.effect.Fraction() && a.counts() {
			hits = append(hits, struck{a.effect, r})
		}
	}
	return hits, attempt
}

// severed reports whether a partition stands between a dial and its answer.
func (l *Ledger) severed(client, server, port string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := false
	for _, a := range l.applied {
		for d := range Direction(Directions) {
			if a.fault.severs(client, server, port, d) {
				a.matched = true
				found = found || a.on
			}
		}
	}
	return found
}
