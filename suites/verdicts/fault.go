package verdicts

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/subjects"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// Target is an error that a cell looks for in an outcome, by identity.
type Target struct {
	Name string
	In   func(error) bool // whether the error has it in its chain
}

// Targets are the errors a fetch over a faulty network can end with. An outcome
// is tested for each, in this order; the first one reachable names it.
var Targets = []Target{
	{"NXDOMAIN", func(err error) bool {
		var dns *net.DNSError
		return errors.As(err, &dns) && dns.IsNotFound
	}},
	{"DNSError", as[*net.DNSError]},
	{"HTTP 500", func(err error) bool {
		var status *subjects.StatusError
		return errors.As(err, &status) && status.Code == http.StatusInternalServerError
	}},
	{"DeadlineExceeded", is(context.DeadlineExceeded)},
	{"Canceled", is(context.Canceled)},
	{"ECONNREFUSED", is(syscall.ECONNREFUSED)},
	{"ECONNRESET", is(syscall.ECONNRESET)},
	{"ErrUnexpectedEOF", is(io.ErrUnexpectedEOF)},
	{"EOF", is(io.EOF)},
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func as[E error](err error) bool {
	var target E
	return errors.As(err, &target)
}

// Fault is something done to the network between client and server.
type Fault struct {
	Name     string
	Plan     toxics.Plan   // the toxics on the way to the web server
	Refused  bool          // the web server's proxy does not listen
	Status   int           // what the server answers; zero means 200
	Names    toxics.Plan   // the toxics on the way to the name server
	NoNames  bool          // the name server's proxy does not listen
	Nowhere  bool          // the name does not exist
	Deadline time.Duration // the client's own

	// Want names the target that must be reachable from the outcome; empty
	// means that the fetch must succeed.
	Want string
	// Stage is where the fetch must fail, which shows that the fault struck
	// where it was meant to.
	Stage string
	// AtLeast is how long the outcome takes at least; it shows that a fault
	// that changes nothing else was there.
	AtLeast time.Duration
	// Why is the reason for Want.
	Why string
}

// ofNames reports whether the fault strikes lookups and not the fetch.
func (f Fault) ofNames() bool { return len(f.Names.Toxics) > 0 || f.NoNames || f.Nowhere }

// none reports whether nothing is wrong.
func (f Fault) none() bool { return f.Name == Faults[0].Name }

// patient is the deadline of faults that are not about the deadline: far beyond
// what a loaded machine needs.
const patient = time.Minute

func plan(list ...toxics.Toxic) toxics.Plan { return toxics.Plan{Toxics: list} }

// Faults are the columns of the table.
var Faults = []Fault{
	{
		Name:     "no fault",
		Deadline: patient,
		Why:      "nothing is wrong: the page arrives",
	},
	{
		Name:     "latency 50ms",
		Plan:     plan(toxics.Latency{Latency: 50 * time.Millisecond}),
		Deadline: patient,
		AtLeast:  50 * time.Millisecond,
		Why:      "slow is not wrong: the page arrives, later",
	},
	{
		Name:     "reset mid-body",
		Plan:     plan(toxics.Cut{After: half, Reset: true}),
		Deadline: patient,
		Want:     "ECONNRESET",
		Stage:    subjects.StageBody,
		Why:      "an RST makes the kernel fail the read under way with ECONNRESET, which net wraps in *net.OpError",
	},
	{
		Name:     "refused",
		Refused:  true,
		Deadline: patient,
		Want:     "ECONNREFUSED",
		Stage:    subjects.StageRequest,
		Why:      "nobody listens, so the kernel answers the SYN with an RST and connect fails with ECONNREFUSED",
	},
	{
		Name:     "timeout",
		Plan:     plan(toxics.Timeout{}),
		Deadline: 150 * time.Millisecond,
		Want:     "DeadlineExceeded",
		Stage:    subjects.StageRequest,
		AtLeast:  150 * time.Millisecond,
		Why:      "no byte ever arrives, so only the client's own deadline ends the fetch, which is context.DeadlineExceeded",
	},
	{
		Name:     "HTTP 500",
		Status:   http.StatusInternalServerError,
		Deadline: patient,
		Want:     "HTTP 500",
		Stage:    subjects.StageStatus,
		Why:      "the network did nothing wrong, so only the application can make an error of its own type of it",
	},
	{
		Name:     "cut mid-body",
		Plan:     plan(toxics.Cut{After: half}),
		Deadline: patient,
		Want:     "ErrUnexpectedEOF",
		Stage:    subjects.StageBody,
		Why:      "the stream ends properly (FIN) before Content-Length bytes have come: io.ErrUnexpectedEOF, and never a short page",
	},
	{
		Name:     "1 KB/s",
		Plan:     plan(toxics.Bandwidth{Rate: 1}),
		Deadline: patient,
		AtLeast:  pageSize * time.Second / 1000 / 2,
		Why:      "a trickle is not wrong: the page arrives, byte by byte",
	},
	{
		Name:     "slicer",
		Plan:     plan(toxics.Slicer{Size: 7, Variation: 6}),
		Deadline: patient,
		Why:      "how the stream is cut into segments means nothing: the page arrives",
	},
	{
		Name:     "slow close",
		Plan:     plan(toxics.SlowClose{Delay: 100 * time.Millisecond}),
		Deadline: patient,
		Why:      "the page is complete before the connection is closed, so nobody needs to wait for the close",
	},
	{
		Name:     "DNS delayed",
		Names:    plan(toxics.Latency{Latency: 50 * time.Millisecond}),
		Deadline: patient,
		AtLeast:  50 * time.Millisecond,
		Why:      "a slow lookup is not wrong: the page arrives, later",
	},
	{
		Name:     "DNS refused",
		NoNames:  true,
		Deadline: patient,
		Want:     "DNSError",
		Why:      "the lookup fails as a *net.DNSError; package net keeps the text of the refused dial in it and not its identity",
	},
	{
		Name:     "NXDOMAIN",
		Nowhere:  true,
		Deadline: patient,
		Want:     "NXDOMAIN",
		Why:      "the name server denies that the name exists: a *net.DNSError that says not found",
	},
}

// reachable returns the name of the first target reachable from err, "" if none
// is.
func reachable(err error) string {
	for _, t := range Targets {
		if t.In(err) {
			return t.Name
		}
	}
	return ""
}
