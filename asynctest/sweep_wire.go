package asynctest

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"syscall"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// The points at which a plan can do what a sweep does.
var (
	wireDial   = regexp.MustCompile(`^dial ([^>]+)>(\S+) #(\d+)$`)
	wireLookup = regexp.MustCompile(`^lookup ([^>]+)>(\S+) #(\d+)$`)
	wireRead   = regexp.MustCompile(`^read ([^<]+)<(\S+) conn (\d+) #(\d+)$`)
)

// Why a fault is not one of a sample on real TCP.
const (
	notOfNetwork = "it is no fault of the network: only a fake can have it"
	notInTime    = "it is about time, which passes there: a run would take minutes"
	notTheFirst  = "a plan can tell the first one from the others, and no other"
	notAtTheEnd  = "a plan breaks a stream where bytes pass, and not at its end"
	notTheClient = "the server has the error, and how soon the client hears of it is a race there"
)

// wire is what does on real TCP what a fault does in virtual time.
type wire struct {
	plans []toxics.Plan        // the best one first
	told  func(err error) bool // whether an outcome tells of it; nil if nobody is told of an error
	why   string               // there is no such plan
}

// onWire returns what does on real TCP what a fault does in virtual time.
func (r *SweepReport) onWire(f explore.Fault, redials bool) wire {
	kind := kindOf(f)
	if kind == fakeloop.FaultSlow || kind == fakeloop.FaultBlackHole {
		return wire{why: notInTime}
	}
	if at := wireDial.FindStringSubmatch(f.Point); at != nil {
		return dialOnWire(kind, at)
	}
	if at := wireLookup.FindStringSubmatch(f.Point); at != nil {
		if at[3] != "1" {
			return wire{why: notTheFirst}
		}
		if kind != fakeloop.FaultError {
			return wire{why: notOfNetwork}
		}
		return wire{plans: placed(toxics.FailLookup{}, at[1], at[2]), told: ofLookup}
	}
	at := wireRead.FindStringSubmatch(f.Point)
	i := slices.IndexFunc(r.Points, func(p explore.Point) bool { return p.Name == f.Point })
	switch {
	case kind != fakeloop.FaultReset && kind != fakeloop.FaultCut || at == nil || i < 0:
		return wire{why: notOfNetwork}
	case r.Points[i].Remote:
		return wire{why: notTheClient}
	case r.Points[i].Bytes == 0:
		return wire{why: notAtTheEnd}
	}
	cut := toxics.Cut{After: r.passed(at), Reset: kind == fakeloop.FaultReset}
	out := wire{}
	if kind == fakeloop.FaultReset {
		out.told = is(syscall.ECONNRESET)
	} else {
		cut.After += int64((&fakeloop.Fault{After: cutAfter(f)}).Cut(r.Points[i].Bytes))
	}
	if at[3] == "1" {
		out.plans = placed(cut, at[1], at[2])
	}
	if r.connections() == 1 && !redials { // then the whole network may have it
		out.plans = append(out.plans, toxics.Plan{Toxics: []toxics.Toxic{cut}})
	}
	if out.plans == nil {
		return wire{why: notTheFirst}
	}
	return out
}

func dialOnWire(kind fakeloop.FaultKind, at []string) wire {
	errno := map[fakeloop.FaultKind]syscall.Errno{
		fakeloop.FaultError: syscall.EHOSTUNREACH, fakeloop.FaultTimeout: syscall.ETIMEDOUT, fakeloop.FaultRefused: syscall.ECONNREFUSED,
	}[kind]
	switch {
	case errno == 0:
		return wire{why: notOfNetwork}
	case at[3] != "1":
		return wire{why: notTheFirst}
	case kind == fakeloop.FaultRefused:
		return wire{plans: placed(toxics.Refuse{}, at[1], at[2]), told: is(errno)}
	}
	return wire{plans: placed(toxics.FailDial{Errno: errno}, at[1], at[2]), told: is(errno)}
}

// is tells errors in which errors.Is finds one of the system.
func is(errno syscall.Errno) func(error) bool {
	return func(err error) bool { return errors.Is(err, errno) }
}

// ofLookup tells the errors of lookups, each of which is a new one.
func ofLookup(err error) bool {
	_, ok := errors.AsType[*net.DNSError](err)
	return ok
}

// placed is a plan with one effect on the first that goes from one host to another.
func placed(e toxics.Effect, from, to string) []toxics.Plan {
	return []toxics.Plan{{Faults: []toxics.Fault{toxics.Inject(e).Between(from, to).First(1)}}}
}

// passed is how many bytes the reads of a connection have had before one of them.
func (r *SweepReport) passed(at []string) (sum int64) {
	number, _ := strconv.Atoi(at[4]) // digits
	for _, p := range r.Points {
		other := wireRead.FindStringSubmatch(p.Name)
		if other == nil || !slices.Equal(other[1:4], at[1:4]) {
			continue
		}
		if n, _ := strconv.Atoi(other[4]); n < number {
			sum += int64(p.Bytes)
		}
	}
	return sum
}

// connections is how many there are without faults.
func (r *SweepReport) connections() int {
	known := map[string]bool{}
	for _, p := range r.Points {
		if at := wireRead.FindStringSubmatch(p.Name); at != nil && !p.Remote {
			known[fmt.Sprint(at[1:4])] = true
		}
	}
	return len(known)
}

// cutAfter is behind how many bytes a fault cuts, -1 for half of them.
func cutAfter(f explore.Fault) int {
	var n int
	if _, err := fmt.Sscanf(f.Way, "cut after %d bytes", &n); err != nil {
		return -1
	}
	return n
}
