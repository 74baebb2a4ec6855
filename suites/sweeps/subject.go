package sweeps

import (
	"errors"
	"strings"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/subjects"
	"github.com/windtunnel-go/windtunnel/suites/verdicts"
)

// Subject is code under test in a tunnel.
type Subject struct {
	verdicts.Subject

	// Handles says with which faults the subject deals, and Because why it may.
	Handles []asynctest.Handled
	Because string

	// Leave are the faults that are not tried, each with its reason.
	Leave []asynctest.LeftOut

	// OnTCP says that resets and cuts of what the client reads are swept on real TCP, too.
	OnTCP bool

	// More is what else its scenario has: Seeds, EveryByte.
	More asynctest.Scenario

	// Expected are the findings that are as they should be.
	Expected []Expected

	// Unfit says why the subject cannot be put into a tunnel; empty if it can.
	Unfit string
	// Pointless says why a run of it comes to no point at which anything could go wrong;
	// empty if it does.
	Pointless string
}

// Expected is a finding that is as it should be, and why.
type Expected struct {
	Check asynctest.SweepCheck
	Fault string // the first that leads to it
	Why   string
}

// Subjects are the rows of the table: all those of package verdicts, in their order.
var Subjects = func() []Subject {
	var all []Subject
	for _, s := range verdicts.Subjects {
		sweeps := Subject{Subject: s, OnTCP: s.Local == "" && !s.Resolves && !s.Cancelled}
		if s.Local == "" {
			sweeps.Leave = []asynctest.LeftOut{{Point: "write client>web:80*", Why: oneOfTwo}}
		}
		if change := changes[s.Name]; change != nil {
			change(&sweeps)
		}
		all = append(all, sweeps)
	}
	return all
}()

const (
	unlimited = "it sets no time limit for work that it offloads"
	notBegun  = "it sets no time limit for work that it offloads, and the one of its client begins when the client is called, which is never"
	oneOfTwo  = "when a write fails, net/http closes the connection, on which it reads at the same time, and chooses at random which of the two errors it returns"
	noCall    = "it makes no call that passes the tunnel's loop or network"
)

// changes say what is special about subjects, by their names.
var changes = map[string]func(*Subject){
	"resolver on the loop": asksTwice,
	"resolver offloaded": func(s *Subject) {
		asksTwice(s)
		s.Expected = []Expected{{asynctest.FoundPending, "never at offload lookup #1", unlimited}}
	},
	"HTTP client driven by the loop": func(s *Subject) {
		s.Leave = nil
		s.Handles = []asynctest.Handled{{Point: "close client>*"}}
		s.Because = "a fetch is over when its connection is closed, and whether closing it went well changes nothing about the page"
		s.Expected = []Expected{{asynctest.FoundPending, "never at offload hang up #1", "the outcome comes when the connection is closed, as the client documents, so if that never comes back there is none"}}
	},
	"delivery to a queue": func(s *Subject) {
		s.Start = consume
		s.OnTCP = false // a plan does not say which of three connections it is about
	},
	"callback registry": func(s *Subject) { s.Start, s.Panics = register, 0 },
	"chain of promises": func(s *Subject) {
		s.Expected = []Expected{{asynctest.FoundPending, "never at offload fetch #1", notBegun}}
	},
	"chain of promises, cancelled": func(s *Subject) {
		s.Handles = []asynctest.Handled{{}}
		s.Because = "it is cancelled before anything else can happen to it, and what comes of a fetch that was given up matters to nobody"
		s.Expected = []Expected{{asynctest.FoundOverlooked, "panic at offload fetch #1", "a panic is a bug of the work, and is told also if nobody waits for the work any more"}}
	},
	"callback registry, POSIX signal": func(s *Subject) {
		s.Unfit = "a signal comes from outside of the process, and so of every tunnel"
	},
	"file write and fsync": func(s *Subject) { s.Pointless = noCall },
	"file write and fsync, offloaded": func(s *Subject) {
		s.Expected = []Expected{{asynctest.FoundPending, "never at offload save #1", unlimited}}
	},
	"lock that another goroutine holds":     func(s *Subject) { s.Pointless = noCall },
	"lock contended for the whole callback": func(s *Subject) { s.Pointless = noCall },
	"lock that nobody holds":                func(s *Subject) { s.Pointless = noCall },
	"bcrypt": func(s *Subject) {
		s.Start = func(r *verdicts.Run) { r.Finish(subjects.Hash("correct horse", hashCost)) }
		s.Pointless = noCall
	},
	"bcrypt, offloaded": func(s *Subject) {
		s.Start = func(r *verdicts.Run) {
			subjects.HashOffloaded(r.Loop, "correct horse", hashCost).OnSettled(func(_ struct{}, err error) { r.Finish(err) })
		}
		s.Expected = []Expected{{asynctest.FoundPending, "never at offload hash #1", unlimited}}
	},
	"1,000 idle connections": func(s *Subject) {
		s.Unfit = "it makes a loop of its own, with connections of its own, and asks the tunnel for nothing"
	},
}

// hashCost is how slow subjects hash in a sweep, which makes many runs and asks nothing
// about computing.
const hashCost = 4

// asksTwice says what package net does when a name server does not answer.
func asksTwice(s *Subject) {
	s.Handles = []asynctest.Handled{{Point: "* client>names*"}, {Point: "* client<names*"}, {Point: "* names:53*"}}
	s.Because = "package net asks a name server a second time"
}

// consume takes what is delivered to a queue, and has the outcome of all pages.
func consume(r *verdicts.Run) {
	urls := []string{r.URL, r.URL + "?second", r.URL + "?third"}
	queue := fakeloop.NewQueue[subjects.Item](r.Loop, "pages", 1)
	delivered := subjects.Deliver(r.Loop, r.Client, urls, queue)
	fakeloop.Async(r.Loop, "consume", func(co *fakeloop.Coroutine) (string, error) {
		var bodies []string
		var errs []error
		for range urls {
			item, err := fakeloop.Await(co, queue.Get())
			bodies, errs = append(bodies, item.Body), append(errs, err, item.Err)
		}
		_, err := fakeloop.Await(co, delivered)
		return strings.Join(bodies, "\n"), errors.Join(append(errs, err)...)
	}).OnSettled(r.Deliver)
}

// register has the outcome that is announced in a registry.
func register(r *verdicts.Run) {
	registry := fakeloop.NewRegistry[subjects.Outcome](r.Loop)
	registry.On(subjects.PageEvent, func(o subjects.Outcome) { r.Deliver(o.Body, o.Err) })
	subjects.Announce(r.Loop, r.Client, r.URL, registry)
}

// rule allows the subject to block where it must be seen to.
func (s Subject) rule() []asynctest.TunnelOption {
	if !s.Blocks {
		return nil
	}
	const rooms = "github.com/windtunnel-go/windtunnel/suites/"
	return []asynctest.TunnelOption{asynctest.WithRules(blocking.Rule{Function: rooms + s.At, Reason: "the subject is one that blocks"})}
}
