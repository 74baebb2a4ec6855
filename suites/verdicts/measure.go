package verdicts

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/subjects"
)

// guard is how long, in real time, a run may stand still. It ends a run that
// would hang; no verdict depends on it.
const guard = 30 * time.Second

// Measure runs s under f, once, and returns what it did. The error means that
// the measurement itself failed: then there is no verdict.
func Measure(s Subject, f Fault) (cell Cell, err error) {
	cell = Cell{Subject: s.Name, Fault: f.Name}
	defer func() {
		if err != nil {
			err = fmt.Errorf("measuring %q under %q: %w", s.Name, f.Name, err)
		}
	}()

	if cell.NA = s.missing(f); cell.NA != "" {
		return cell, nil
	}
	site, err := Open(f)
	if err != nil {
		return cell, err
	}
	dir, err := os.MkdirTemp("", "windtunnel")
	if err != nil {
		return cell, errors.Join(err, site.Close())
	}
	defer func() { err = errors.Join(err, site.Close(), os.RemoveAll(dir)) }()

	loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall, Sites: true, Guard: guard})
	recorder, err := blocking.Start(blocking.Config{Markers: fakeloop.CallbackFrames()})
	if err != nil {
		return cell, errors.Join(err, loop.Close())
	}
	run := &Run{
		Loop: loop, Client: site.Client, Resolver: site.Resolver, URL: site.URL,
		Deadline: f.Deadline, Dial: site.Dialer.DialContext, Dir: dir,
	}
	began := time.Now()
	loop.Named(s.Name).Post(func() {
		if !s.CPU {
			s.Start(run)
			return
		}
		used, err := blocking.ThreadCPU(func() { s.Start(run) })
		switch {
		case errors.Is(err, blocking.ErrNoThreadClock):
			cell.NA = NoClock
		case err != nil:
			panic(err)
		}
		cell.OverBudget = used > CPUBudget
	})
	runErr := loop.RunUntilIdle()
	took := time.Since(began)
	report, err := recorder.Stop()
	if err != nil {
		return cell, errors.Join(err, loop.Close())
	}
	for _, item := range loop.Pending() {
		cell.Pending = append(cell.Pending, item.String())
	}
	for _, e := range loop.Unobserved() {
		cell.Unobserved = append(cell.Unobserved, e.Error())
	}
	for _, e := range slices.Concat(parts(runErr), parts(loop.Close())) {
		var unobserved *fakeloop.UnobservedError // is in cell.Unobserved
		if !errors.As(e, &unobserved) {
			cell.LoopErrors = append(cell.LoopErrors, e.Error())
		}
	}
	cell.look(run.outcomes)
	cell.Complaints, cell.Notes = run.complaints, run.notes
	cell.Early = took < f.AtLeast && !s.Cancelled
	cell.Blocks, cell.Report = blocksOf(report), report
	return cell, nil
}

// parts returns the errors that were joined to make err.
func parts(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range joined.Unwrap() {
			out = append(out, parts(e)...)
		}
		return out
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// look writes down what the outcomes show.
func (c *Cell) look(outcomes []outcome) {
	c.Outcomes = len(outcomes)
	if len(outcomes) == 0 {
		return
	}
	first := outcomes[0]
	if first.err == nil {
		switch first.body {
		case Page:
			c.Value = "page"
		case done:
			c.Value = done
		default:
			c.Value = fmt.Sprintf("wrong value of %d bytes", len(first.body))
		}
		return
	}
	c.Error = first.err.Error()
	c.Reachable = reachable(first.err)
	var fetch *subjects.FetchError
	for e := first.err; errors.As(e, &fetch); e = fetch.Err {
		c.Stages = append(c.Stages, fetch.Stage)
	}
}

// blocksOf writes a report's blocks down in the form of a cell.
func blocksOf(report *blocking.Report) []Block {
	var out []Block
	for _, b := range report.Blocks {
		out = append(out, Block{
			Kind:     b.Kind.String(),
			Resource: b.Resource.String(),
			Reason:   b.Reason,
			Func:     b.User.Func[strings.LastIndexByte(b.User.Func, '/')+1:],
			At:       shortLocation(b.User),
			Allow:    b.AllowLine(),
		})
	}
	return out
}

// shortLocation is a frame's file and line, the file with its folder only.
func shortLocation(f blocking.Frame) string {
	parts := strings.Split(f.File, "/")
	return fmt.Sprintf("%s:%d", strings.Join(parts[max(0, len(parts)-2):], "/"), f.Line)
}
