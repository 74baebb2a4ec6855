package verdicts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/subjects"
)

// Run is one run of a subject: what it works with, and where its outcomes go.
type Run struct {
	Loop     *fakeloop.Loop
	Client   *http.Client
	Resolver *net.Resolver
	URL      string
	Deadline time.Duration // the client's, for those that do not use Client
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
	Dir      string // an empty directory, removed after the run

	// Told is called with each outcome, on the loop; may be nil.
	Told func(body string, err error)

	outcomes   []outcome // touched on the loop only, until the loop is closed
	complaints []string  // likewise
	notes      []string  // likewise
}

type outcome struct {
	body string
	err  error
}

// Deliver takes an outcome. It is called on the loop, once if the subject is
// right.
func (r *Run) Deliver(body string, err error) {
	r.outcomes = append(r.outcomes, outcome{body, err})
	if r.Told != nil {
		r.Told(body, err)
	}
}

// Complain reports what only the subject's driver can see to be wrong. It is called
// on the loop.
func (r *Run) Complain(format string, args ...any) {
	r.complaints = append(r.complaints, fmt.Sprintf(format, args...))
}

// Note adds a figure to the report, about which there is no verdict. It is called on
// the loop.
func (r *Run) Note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// Finish takes the outcome of a subject that fetches nothing.
func (r *Run) Finish(err error) { r.Deliver(done, err) }

// done stands for the value of such an outcome.
const done = "done"

// Subject is code under test and what it must be found to.
type Subject struct {
	Name string
	// Start is run as a callback of the loop. It fetches r.URL and hands every
	// outcome to r.Deliver.
	Start func(r *Run)

	// Blocks says that the subject must be found to block; Resource on what,
	// and At in which function ("subjects.Get").
	Blocks   bool
	Resource blocking.Resource
	At       string
	// Computes says that the subject must be found to use more CPU time in one
	// callback than CPUBudget. Start must not run a coroutine then or when CPU
	// is set, which makes the use of CPU time be measured.
	Computes bool
	CPU      bool
	// Panics is how many callbacks must panic, each of which the loop must
	// report.
	Panics int
	// Cancelled says that the fetch is cancelled before anything can happen to it,
	// whatever the fault.
	Cancelled bool
	// Surfaces is the stage at which the subject's own code must have met a
	// fault's error last; empty: where the fetch failed.
	Surfaces string
	// Resolves says that the subject looks the name up itself, so that a fault
	// of names must strike at that stage.
	Resolves bool
	// Local says why faults of the network make no sense for the subject, which
	// then ends with Finish; empty for one that fetches the page.
	Local string
	// Missing says why this system has no such thing; empty where it has.
	Missing string
}

// Text is what the cell of a sound subject under f says.
func (s Subject) Text(f Fault) string {
	blocks := "free, "
	switch {
	case s.Computes:
		blocks = "BLOCKS cpu, "
	case s.Blocks:
		blocks = "BLOCKS " + s.Resource.String() + ", "
	}
	if s.missing(f) != "" {
		return notApplicable
	}
	text := blocks + cmp.Or(s.want(f), s.value())
	if s.Panics > 0 {
		text += ", " + counted(s.Panics, "loop error")
	}
	return text
}

// missing says why there is nothing to measure under f, if so.
func (s Subject) missing(f Fault) string {
	if s.Missing == "" && !f.none() {
		return s.Local
	}
	return s.Missing
}

// want names the target that must be reachable from the outcome of s under f.
func (s Subject) want(f Fault) string {
	if s.Cancelled {
		return "Canceled"
	}
	return f.Want
}

// signalHandler is the name of the only one of signals.
const signalHandler = "callback registry, POSIX signal"

// Subjects are the rows of the table.
var Subjects = slices.Concat(fetches, signals, locals)

// fetches are the guide's fetch in its styles.
var fetches = []Subject{
	{
		Name:     "synchronous fetch",
		Start:    func(r *Run) { r.Deliver(subjects.Synchronous(r.Client, r.URL)) },
		Blocks:   true,
		Resource: blocking.Network,
		At:       "subjects.Get",
	},
	{
		Name:  "callback fetch",
		Start: func(r *Run) { subjects.Callback(r.Loop, r.Client, r.URL, r.Deliver) },
	},
	{
		Name:  "raw Future fetch",
		Start: func(r *Run) { subjects.Future(r.Loop, r.Client, r.URL).OnSettled(r.Deliver) },
	},
	{
		Name:     "coroutine fetch",
		Start:    func(r *Run) { subjects.Coroutine(r.Loop, r.Client, r.URL).OnSettled(r.Deliver) },
		Surfaces: subjects.StageAwait,
	},
	{
		Name:     "coroutine, blocking inside",
		Start:    func(r *Run) { subjects.BlockingCoroutine(r.Loop, r.Client, r.URL).OnSettled(r.Deliver) },
		Blocks:   true,
		Resource: blocking.Network,
		At:       "subjects.Get",
	},
	{
		Name: "resolver on the loop",
		Start: func(r *Run) {
			subjects.ResolvingOnLoop(r.Loop, r.Resolver, r.Client, r.URL).OnSettled(r.Deliver)
		},
		Blocks:   true,
		Resource: blocking.DNS,
		At:       "subjects.resolve",
		Resolves: true,
	},
	{
		Name: "resolver offloaded",
		Start: func(r *Run) {
			subjects.ResolvingOffloaded(r.Loop, r.Resolver, r.Client, r.URL).OnSettled(r.Deliver)
		},
		Resolves: true,
	},
	{
		Name: "HTTP client driven by the loop",
		Start: func(r *Run) {
			client := subjects.LoopClient{Loop: r.Loop, Dial: r.Dial, Deadline: r.Deadline}
			client.Get(r.URL, r.Deliver)
		},
	},
	{
		Name: "plain goroutines",
		Start: func(r *Run) {
			work := r.Loop.Outside("plain")
			go func() {
				outcome := <-subjects.Plain(r.Client, r.URL)
				// An error means that the run has been given up.
				_ = work.Return(func() { r.Deliver(outcome.Body, outcome.Err) })
			}()
		},
	},
	{
		Name: "delivery to a queue",
		Start: func(r *Run) {
			urls := []string{r.URL, r.URL + "?second", r.URL + "?third"}
			queue := fakeloop.NewQueue[subjects.Item](r.Loop, "pages", 1)
			delivered := subjects.Deliver(r.Loop, r.Client, urls, queue)
			r.Consume(queue, urls, delivered)
		},
	},
	{
		Name:   "callback registry",
		Start:  func(r *Run) { r.Register(fakeloop.NewRegistry[subjects.Outcome](r.Loop), subjects.Announce) },
		Panics: 1,
	},
	{
		Name:  "chain of promises",
		Start: func(r *Run) { subjects.Chain(r.Loop, r.Client, r.URL).OnSettled(r.Deliver) },
	},
	{
		Name: "chain of promises, cancelled",
		Start: func(r *Run) {
			page := subjects.Chain(r.Loop, r.Client, r.URL)
			page.OnSettled(r.Deliver)
			page.Cancel(errors.New("the user went away"))
		},
		Cancelled: true,
	},
}
