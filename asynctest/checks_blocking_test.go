package asynctest

import (
	"errors"
	"fmt"
	"os"
	"runtime/trace"
	"time"

	"github.com/onsi/gomega/types"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// aBlock is a block as a recording would report it.
func aBlock(kind blocking.Kind, resource blocking.Resource, function, file string) blocking.Block {
	return blocking.Block{
		Kind: kind, Resource: resource, Reason: "reason", Count: 1,
		User:     blocking.Frame{Func: function, File: "/src/app/" + file, Line: 12},
		Callback: blocking.Frame{Func: "example.org/app.onTick", File: "/src/app/loop.go", Line: 40},
	}
}

func reportOf(blocks ...blocking.Block) *blocking.Report {
	return &blocking.Report{Blocks: blocks, Events: 100}
}

// blockChecks is about reports.
func blockChecks() []check {
	park := aBlock(blocking.Park, blocking.DNS, "example.org/app.(*Client).Fetch.func1", "client.go")
	call := aBlock(blocking.Syscall, blocking.Disk, "example.org/app.load", "load.go")
	return []check{
		{name: "NeverBlock/report/nothing", run: func(c constructors, s *scene) error { return yes(c.neverBlock(), reportOf()) }},
		{name: "NeverBlock/report/a park", run: func(c constructors, s *scene) error { return no(c.neverBlock(), reportOf(park)) }},
		{name: "NeverBlock/report/a system call", run: func(c constructors, s *scene) error { return no(c.neverBlock(), reportOf(call)) }},
		{name: "NeverBlock/report/excepted", run: func(c constructors, s *scene) error {
			return errors.Join(
				yes(c.neverBlock(Except(blocking.DNS)), reportOf(park)),
				yes(c.neverBlock(Except(blocking.DNS, blocking.Disk)), reportOf(park, call)),
				yes(c.neverBlock(Except(blocking.DNS), Except(blocking.Disk)), reportOf(park, call)))
		}},
		{name: "NeverBlock/report/another is excepted", run: func(c constructors, s *scene) error {
			return errors.Join(no(c.neverBlock(Except(blocking.Network)), reportOf(park)), no(c.neverBlock(Except(blocking.DNS)), reportOf(park, park, call)))
		}},
		{name: "NeverBlock/report/allowed", run: func(c constructors, s *scene) error {
			return yes(c.neverBlock(), &blocking.Report{Allowed: []blocking.Block{park}})
		}},
		{name: "BlockOn/report/resource", run: func(c constructors, s *scene) error {
			return errors.Join(yes(c.blockOn(blocking.Disk), reportOf(park, call)), no(c.blockOn(blocking.Network), reportOf(park, call)))
		}},
		{name: "BlockOn/report/allowed", run: func(c constructors, s *scene) error {
			return no(c.blockOn(blocking.DNS), &blocking.Report{Allowed: []blocking.Block{park}})
		}},
		{name: "BlockAt/report/line", run: func(c constructors, s *scene) error {
			return errors.Join(yes(c.blockAt("load.go:12"), reportOf(park, call)), yes(c.blockAt("app/load.go:12"), reportOf(call)),
				no(c.blockAt("load.go:1"), reportOf(call)), no(c.blockAt("load.go:13"), reportOf(call)))
		}},
		{name: "BlockAt/report/function", run: func(c constructors, s *scene) error {
			return errors.Join(yes(c.blockAt("app.load"), reportOf(call)), yes(c.blockAt("example.org/app.load"), reportOf(call)), yes(c.blockAt("load"), reportOf(call)))
		}},
		{name: "BlockAt/report/closure", run: func(c constructors, s *scene) error {
			return errors.Join(yes(c.blockAt("app.(*Client).Fetch"), reportOf(park)), yes(c.blockAt("(*Client).Fetch.func1"), reportOf(park)))
		}},
		{name: "BlockAt/report/part of a name", run: func(c constructors, s *scene) error {
			return errors.Join(no(c.blockAt("oad.go:12"), reportOf(call)), no(c.blockAt("oad"), reportOf(call)), no(c.blockAt("pp.load"), reportOf(call)),
				no(c.blockAt("app"), reportOf(call)))
		}},
		{name: "BlockAt/report/allowed", run: func(c constructors, s *scene) error {
			return no(c.blockAt("client.go:12"), &blocking.Report{Allowed: []blocking.Block{park}})
		}},
		{name: "BlockAt/wanted/no place", run: func(c constructors, s *scene) error {
			return errors.Join(fails(c.blockAt(""), reportOf(call)), fails(c.blockAt("."), reportOf(call)))
		}},
		{name: "oracle/report/is final", run: func(c constructors, s *scene) error {
			for _, m := range []types.GomegaMatcher{c.neverBlock(), c.blockOn(blocking.Disk), c.blockAt("load")} {
				if types.MatchMayChangeInTheFuture(m, reportOf()) {
					return fmt.Errorf("%T says that a report may change", m)
				}
			}
			return nil
		}},
		{name: "NeverBlock/input/no recording", run: func(c constructors, s *scene) error {
			var errs []error
			for _, a := range []any{nil, 5, blocking.Report{}, (*blocking.Report)(nil), (*blocking.Recorder)(nil)} {
				errs = append(errs, fails(c.neverBlock(), a), fails(c.blockOn(blocking.Disk), a), fails(c.blockAt("f"), a))
			}
			return errors.Join(errs...)
		}},
	}
}

// recordChecks is about recordings: what our own loop's callbacks do is seen.
func recordChecks() []check {
	return []check{
		{name: "NeverBlock/recording/harmless", outside: true, run: func(c constructors, s *scene) error {
			rec, err := record(s)
			if err != nil {
				return err
			}
			s.loop.Post(func() {})
			return errors.Join(s.loop.RunUntilIdle(), yes(c.neverBlock(), rec), yes(c.neverBlock(), rec))
		}},
		{name: "NeverBlock/recording/a callback sleeps", outside: true, run: func(c constructors, s *scene) error {
			rec, err := record(s)
			if err != nil {
				return err
			}
			s.loop.Post(func() { time.Sleep(time.Nanosecond) })
			return errors.Join(s.loop.RunUntilIdle(), no(c.neverBlock(), rec), yes(c.blockOn(blocking.Sleep), rec),
				yes(c.neverBlock(Except(blocking.Sleep)), rec), yes(c.blockAt("asynctest.recordChecks"), rec))
		}},
		{name: "NeverBlock/recording/a coroutine reads a file", outside: true, run: func(c constructors, s *scene) error {
			rec, err := record(s)
			if err != nil {
				return err
			}
			f := fakeloop.Async(s.loop, "reader", func(*fakeloop.Coroutine) ([]byte, error) { return os.ReadFile("doc.go") })
			return errors.Join(yes(c.beResolved(), f), no(c.neverBlock(), rec), yes(c.blockOn(blocking.Disk), rec))
		}},
		{name: "NeverBlock/recording/a rule allows it", outside: true, run: func(c constructors, s *scene) error {
			rec, err := record(s, blocking.AllowFunc(blocking.FuncName(nap), "this is a test"))
			if err != nil {
				return err
			}
			s.loop.Post(nap)
			return errors.Join(s.loop.RunUntilIdle(), yes(c.neverBlock(), rec), no(c.blockOn(blocking.Sleep), rec))
		}},
		{name: "NeverBlock/recording/blind", outside: true, run: func(c constructors, s *scene) error {
			rec, err := record(s)
			if err != nil {
				return err
			}
			trace.Stop() // somebody else ends the one trace of the process
			return errors.Join(fails(c.neverBlock(), rec), fails(c.blockOn(blocking.Sleep), rec), fails(c.blockAt("f"), rec))
		}},
	}
}

func nap() { time.Sleep(time.Nanosecond) }

// record is Watch for a check, which has no test to end.
func record(s *scene, rules ...blocking.Rule) (*blocking.Recorder, error) {
	rec, err := blocking.Start(blocking.Config{Markers: fakeloop.CallbackFrames(), Allow: rules})
	if err == nil {
		s.cleanup(func() { _, _ = rec.Stop() })
	}
	return rec, err
}
