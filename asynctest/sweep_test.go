package asynctest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// lineOf returns the line of the bugs' files that has a text, as a place of a finding.
func lineOf(g Gomega, text string) string {
	files, err := filepath.Glob("sweep_bugs*_test.go")
	g.Expect(err).NotTo(HaveOccurred())
	for _, file := range files {
		if line := lineIn(g, file, text); line != "" {
			return line
		}
	}
	return ""
}

func lineIn(g Gomega, file, text string) string {
	source, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	for i, line := range strings.Split(string(source), "\n") {
		if strings.HasSuffix(line, text) {
			return fmt.Sprintf("%s:%d", file, i+1)
		}
	}
	return ""
}

// Each bug is found by the check that describes it, at its line if that can be known, and
// by no other, and the same code without the bug by none.
func TestSweepFindsEachBug(t *testing.T) {
	for _, b := range slices.Concat(bugs, chainBugs, endBugs) {
		t.Run(b.name, func(t *testing.T) {
			g := NewWithT(t)
			sweep := func(fixed bool) *SweepReport {
				s := b.more
				s.Name, s.Run = t.Name(), func(tunnel *Tunnel) any { return b.run(tunnel, fixed) }
				return mustSweep(g, s)
			}
			found := sweep(false)
			g.Expect(found.Findings).To(HaveLen(1), "%v", found)
			g.Expect(found.Findings[0].Check).To(Equal(b.check), "%v", found)
			if line := lineOf(g, "// bug: "+b.name); line != "" {
				g.Expect(found.Findings[0].Place).To(Equal(line), "%v", found)
			}
			fixed := sweep(true)
			g.Expect(fixed.Findings).To(BeEmpty(), "%v", fixed)
		})
	}
}

// quick is a scenario with two bugs and little to do.
func quick() Scenario {
	return Scenario{Name: "TestQuick", Run: func(tunnel *Tunnel) any {
		a := fakeloop.Catch(patient(ask(tunnel.Loop, "a", "1")), func(err error) (string, error) { return "", errors.New(err.Error()) })
		b := fakeloop.Catch(patient(ask(tunnel.Loop, "b", "2")), func(error) (string, error) { return "2", nil })
		return fakeloop.All(tunnel.Loop, a, b)
	}}
}

func mustSweep(g Gomega, s Scenario) *SweepReport {
	s.Progress.Out = io.Discard
	r, err := s.Sweep()
	g.Expect(err).NotTo(HaveOccurred())
	return r
}

func asJSON(g Gomega, r *SweepReport) string {
	text, err := json.MarshalIndent(r, "", " ")
	g.Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// A sweep finds the same each time, and its shards together what it finds in one piece,
// also if their reports have been files.
func TestShardsOfASweep(t *testing.T) {
	g := NewWithT(t)
	for _, s := range []Scenario{{Shards: 5}, {Shards: 2, Pairs: 1, Seeds: []uint64{0, 5}}} {
		most := s.Shards
		s.Run, s.Name, s.Shards = quick().Run, "TestQuick", 0
		s.Leave = []LeftOut{{Faults: []fakeloop.FaultKind{fakeloop.FaultPanic}, Why: "for a change"}}
		whole := mustSweep(g, s)
		g.Expect(whole.Findings).NotTo(BeEmpty())
		for _, n := range []int{1, 2, 5} {
			if n > most {
				break // pairs and seeds make many runs
			}
			var together *SweepReport
			for i := range n {
				s.Shard, s.Shards = i, n
				var shard SweepReport
				g.Expect(json.Unmarshal([]byte(asJSON(g, mustSweep(g, s))), &shard)).To(Succeed())
				if together == nil {
					together = &shard
				} else {
					together.Merge(&shard)
				}
			}
			g.Expect(asJSON(g, together)).To(Equal(asJSON(g, whole)), "%d shards", n)
			g.Expect(together.String()).To(Equal(whole.String()))
		}
	}
}

// Each finding has a line, of which the variable makes Sweep make that run only, and a
// replay string that makes a tunnel do the same.
func TestFindingsRepeat(t *testing.T) {
	g := NewWithT(t)
	s := quick()
	s.Name = t.Name()
	whole := mustSweep(g, s)
	g.Expect(len(whole.Findings)).To(BeNumerically(">", 1))
	for _, f := range whole.Findings {
		t.Setenv(SweepVariable, f.Fault)
		g.Expect(f.Reproduce).To(HavePrefix(SweepVariable + "='" + f.Fault + "' go test -count=1 -run='^TestFindingsRepeat$' "))
		one := mustSweep(g, s)
		g.Expect(one.Runs).To(Equal(2))
		f.Also = nil
		if f.Unless != nil {
			f.Unless = f.Run.Faults
		}
		g.Expect(one.Findings).To(Equal([]Finding{f}))
		g.Expect(one.String()).To(HavePrefix("sweep of TestFindingsRepeat: 1 finding in 2 runs"))

		Run(t, func(tunnel *Tunnel) {
			outcome := AsFuture(s.Run(tunnel))
			g.Expect(outcome).To(Or(BeResolved(), BeRejected()))
			injected := tunnel.Loop.Injected()
			g.Expect(injected).To(HaveLen(1))
			g.Expect(injected[0].String()).To(Equal(f.Fault))
		}, WithReplay(f.Replay))
	}
}

// A sweep that was stopped goes on from its journal, and comes to the same.
func TestSweepWithAJournal(t *testing.T) {
	g := NewWithT(t)
	s := quick()
	whole := asJSON(g, mustSweep(g, s))
	s.Journal = filepath.Join(t.TempDir(), "journal")
	calls := 0
	run := s.Run
	s.Run = func(tunnel *Tunnel) any { calls++; return run(tunnel) }
	g.Expect(asJSON(g, mustSweep(g, s))).To(Equal(whole))
	first := calls

	text, err := os.ReadFile(s.Journal)
	g.Expect(err).NotTo(HaveOccurred())
	lines := strings.SplitAfter(string(text), "\n")
	half := strings.Join(lines[:len(lines)/2], "") + `{"run":`
	g.Expect(os.WriteFile(s.Journal, []byte(half), 0o600)).To(Succeed())
	calls = 0
	g.Expect(asJSON(g, mustSweep(g, s))).To(Equal(whole))
	g.Expect(calls).To(BeNumerically("<", first))
	g.Expect(calls).To(BeNumerically(">", 2))

	s.Run = func(tunnel *Tunnel) any { // the code has changed, and meets the same points
		a := fakeloop.Catch(patient(ask(tunnel.Loop, "a", "1")), func(err error) (string, error) { return "", err })
		return fakeloop.All(tunnel.Loop, a, patient(ask(tunnel.Loop, "b", "2")))
	}
	for _, f := range mustSweep(g, s).Findings {
		g.Expect(f.Text).To(HaveSuffix("This stands in the journal %s, and did not happen when the run was made again: if the code has changed since, remove that file.", s.Journal))
	}
	s.Run = run

	s.Deadline = time.Hour // another sweep
	_, err = s.Sweep()
	g.Expect(err).To(MatchError(HaveSuffix("remove it or name another file")))
	s.Deadline = 0
	s.Run = func(tunnel *Tunnel) any { return ask(tunnel.Loop, "c", "1") }
	_, err = s.Sweep()
	g.Expect(err).To(MatchError(ContainSubstring("is a journal of code that has changed since")))
}

// Some bugs need two faults: here the second try, that nobody has thought of.
func TestPairs(t *testing.T) {
	g := NewWithT(t)
	s := Scenario{Name: "TestTwice", Handles: []Handled{{Point: "try"}, {Point: "timer *"}}, Run: func(tunnel *Tunnel) any {
		try := func() *fakeloop.Future[string] { return patient(ask(tunnel.Loop, "try", "ok")) }
		return fakeloop.CatchFuture(try(), func(error) *fakeloop.Future[string] {
			return fakeloop.Catch(try(), func(error) (string, error) { return "", nil })
		})
	}}
	g.Expect(mustSweep(g, s).Findings).To(BeEmpty())
	s.Pairs = 100
	found := mustSweep(g, s)
	g.Expect(found.Findings).To(HaveLen(1), "%v", found)
	g.Expect(found.Findings[0].Check).To(Equal(FoundWrongValue))
	g.Expect(found.Findings[0].Fault).To(Equal("error at try #1 + error at try #2"))
	s.Pairs = 1
	g.Expect(mustSweep(g, s).Runs).To(BeNumerically("<", found.Runs))
}

// A fault that is handled is not asked for in an outcome that another one explains, which
// has no error of its own.
func TestPairsOfWhichOneIsHandled(t *testing.T) {
	g := NewWithT(t)
	r := mustSweep(g, Scenario{
		Name: "TestTwice", Pairs: 100,
		Handles: []Handled{{Point: "first"}},
		Leave:   []LeftOut{{Point: "timer *", Why: "it is about the calls"}},
		Run: func(tunnel *Tunnel) any {
			first := fakeloop.Catch(patient(ask(tunnel.Loop, "first", "ok")), func(error) (string, error) { return "ok", nil })
			return fakeloop.ThenFuture(first, func(string) *fakeloop.Future[string] {
				return patient(ask(tunnel.Loop, "second", "ok"))
			})
		},
	})
	g.Expect(r.Findings).To(BeEmpty(), "%v", r)
	g.Expect(r.Runs).To(BeNumerically(">", 20))
}

// Others need a certain order of callbacks, which is that of a seed.
func TestSeedsOfASweep(t *testing.T) {
	g := NewWithT(t)
	s := Scenario{Name: "TestOrder", Handles: []Handled{{Point: "timer *"}}, Run: func(tunnel *Tunnel) any {
		loop := tunnel.Loop
		done := fakeloop.NewPromise[string](loop, "done")
		last := ""
		for _, name := range []string{"a", "b"} {
			_ = loop.PostFrom(name, func() { last = name })
		}
		loop.AfterFunc(time.Second, func() {
			err := loop.Fail("log")
			if err != nil && last == "b" {
				done.Reject(err)
				return
			}
			done.Resolve("ok")
		})
		return done.Future()
	}, Leave: []LeftOut{{Point: "log", Faults: []fakeloop.FaultKind{fakeloop.FaultPanic, fakeloop.FaultGoexit}, Why: "it is no function of its own"}}}
	g.Expect(mustSweep(g, s).Findings).To(BeEmpty())
	s.Seeds = []uint64{0, 1, 2, 3}
	found := mustSweep(g, s)
	g.Expect(found.Findings).To(HaveLen(1), "%v", found)
	g.Expect(found.Findings[0].Fault).To(MatchRegexp(`^error at log #1 \+ seed [123]$`))
	g.Expect(found.Without).To(Equal(4))
}

// Streams are cut behind each byte if that is asked for: half of this one is a value.
func TestEveryByte(t *testing.T) {
	g := NewWithT(t)
	s := Scenario{Name: "TestBytes", Run: func(tunnel *Tunnel) any {
		serve(tunnel, "a1;b2") // two bytes before it
		return fetch(tunnel, func(conn net.Conn) (string, error) {
			text, err := io.ReadAll(conn)
			if err == nil && (len(text) < 4 || text[len(text)-3] != ';' && len(text) != 4) {
				err = io.ErrUnexpectedEOF
			}
			return string(text), err
		})
	}, Leave: []LeftOut{{Point: "* api:80*", Why: "the server is not asked"}, {Point: "accept *", Why: "the server is not asked"}, {Point: "timer *", Why: "there are none"}}}
	g.Expect(mustSweep(g, s).Findings).To(BeEmpty())
	s.EveryByte = true
	found := mustSweep(g, s)
	g.Expect(found.Findings).To(HaveLen(1), "%v", found)
	g.Expect(found.Findings[0].Fault).To(Equal("cut after 4 bytes at read client<api:80 conn 1 #1"))
	text, isFinding := found.Cell("read client<api:80 conn 1 #1", "cut")
	g.Expect(text).To(Equal("wrong value"))
	g.Expect(isFinding).To(BeTrue())
	_, isFinding = found.Cell("read client<api:80 conn 1 #1", "reset")
	g.Expect(isFinding).To(BeFalse())
	g.Expect(found.NotSwept).To(ContainElement("declared as left out, and nothing fits: anything at timer *"))
}

// A value can be judged by the scenario, and a run without faults may come to an error.
func TestValueOfAScenario(t *testing.T) {
	g := NewWithT(t)
	s := quick()
	s.Value = func(value any) error {
		if fmt.Sprint(value) != "[1 2]" {
			return errors.New("it is not 1, 2")
		}
		return nil
	}
	g.Expect(mustSweep(g, s).Findings).To(HaveLen(2))
	s = Scenario{Name: "TestRefusing", Run: func(tunnel *Tunnel) any {
		return fakeloop.Then(patient(ask(tunnel.Loop, "a", "1")), func(string) (int, error) { return 0, io.ErrNoProgress })
	}}
	g.Expect(mustSweep(g, s).Findings).To(BeEmpty())
}

// What depends on more than the decisions is reported, and said to.
func TestWhatDoesNotRepeat(t *testing.T) {
	g := NewWithT(t)
	failed := 0
	s := Scenario{Name: "TestOnce", Run: func(tunnel *Tunnel) any {
		return fakeloop.Catch(patient(ask(tunnel.Loop, "a", "1")), func(err error) (string, error) {
			if failed++; failed == 1 {
				return "2", nil
			}
			return "", err
		})
	}}
	found := mustSweep(g, s)
	g.Expect(found.Findings).To(HaveLen(1))
	g.Expect(found.Findings[0].Text).To(HaveSuffix("This did not happen when the same run was made again: something in it is not decided by the sweep, such as goroutines that race."))
}

// A sweep must have something to compare with.
func TestScenariosThatCannotBeSwept(t *testing.T) {
	begin := "asynctest: sweep of TestIt: the run without faults must be as it should be, and it is not: "
	names, lengths, values, errs, pending := 0, 0, 0, 0, 0
	for name, c := range map[string]struct {
		s    Scenario
		want string
	}{
		"nothing to run":      {Scenario{}, "asynctest: a Scenario without Run cannot be swept"},
		"a negative deadline": {Scenario{Deadline: -1, Run: func(*Tunnel) any { return nil }}, "asynctest: the Deadline of a Scenario must not be negative: -1ns"},
		"a negative shard":    {Scenario{Shard: -1, Run: func(tunnel *Tunnel) any { return nil }}, "explore: shard -1 of 0, 0 pairs: shards are counted from 0, and nothing is negative"},
		"no future":           {Scenario{Run: func(*Tunnel) any { return 7 }}, begin + "Scenario.Run takes a future: "},
		"a panic":             {Scenario{Run: func(*Tunnel) any { panic("boom") }}, begin + "it panicked: boom"},
		"an exit":             {Scenario{Run: func(*Tunnel) any { runtime.Goexit(); return nil }}, begin + "it ended by runtime.Goexit"},
		"never": {Scenario{Run: func(tunnel *Tunnel) any { return fakeloop.NewPromise[int](tunnel.Loop, "reply").Future() }},
			begin + `its outcome, future "reply", made at sweep_test.go:`},
		"late": {Scenario{Deadline: time.Millisecond, Run: func(tunnel *Tunnel) any { return in(tunnel.Loop, time.Millisecond+1, nil) }},
			begin + `its outcome, future "reply", made at runs_test.go:`},
		"two outcomes": {Scenario{Run: func(*Tunnel) any {
			out := make(chan int, 2)
			out <- 1
			out <- 2
			return out
		}}, begin + "it has two outcomes; the second is the value <int>: 2"},
		"a value that is wrong": {Scenario{Value: func(any) error { return errors.New("too small") }, Run: func(tunnel *Tunnel) any { return fakeloop.Resolved(tunnel.Loop, 1) }},
			begin + "its value is <int>: 1: too small"},
		"an error that nobody looks at": {Scenario{Run: func(tunnel *Tunnel) any {
			fakeloop.Rejected[int](tunnel.Loop, io.EOF)
			return fakeloop.Resolved(tunnel.Loop, 1)
		}}, begin + "fakeloop: nobody looked at the error of future, made at sweep_test.go:"},
		"a goroutine that is left": {Scenario{Run: func(tunnel *Tunnel) any {
			go func() { select {} }()
			return fakeloop.Resolved(tunnel.Loop, 1)
		}}, begin + "when the tunnel was closed, there was left: goroutine in select (no cases), started at sweep_test.go:"},
		"a callback that blocks": {Scenario{Run: func(tunnel *Tunnel) any {
			return fakeloop.Then(fakeloop.Resolved(tunnel.Loop, 1), func(n int) (int, error) { time.Sleep(time.Second); return n, nil })
		}}, begin + "a callback blocked: park on sleep"},
		"another run each time": {Scenario{Run: func(tunnel *Tunnel) any {
			names++
			_ = tunnel.Loop.Fail(fmt.Sprint("call ", names))
			return fakeloop.Resolved(tunnel.Loop, 1)
		}}, `asynctest: sweep of TestIt: two runs without faults differ, so there is nothing to compare with: one meets the point "call 1 #1", the other "call 2 #1"`},
		"more points the second time": {Scenario{Run: func(tunnel *Tunnel) any {
			lengths++
			for range lengths {
				_ = tunnel.Loop.Fail("call")
			}
			return fakeloop.Resolved(tunnel.Loop, 1)
		}}, `asynctest: sweep of TestIt: two runs without faults differ, so there is nothing to compare with: one meets 1 points, the other 2`},
		"another value each time": {Scenario{Run: func(tunnel *Tunnel) any {
			values++
			return fakeloop.Resolved(tunnel.Loop, values)
		}}, `asynctest: sweep of TestIt: two runs without faults differ, so there is nothing to compare with: the outcome of one is the value <int>: 1, of the other <int>: 2; if both are right, Scenario.Value says so`},
		"an error the second time": {Scenario{Run: func(tunnel *Tunnel) any {
			if errs++; errs == 2 {
				return fakeloop.Rejected[int](tunnel.Loop, io.EOF)
			}
			return fakeloop.Resolved(tunnel.Loop, 1)
		}}, `asynctest: sweep of TestIt: two runs without faults differ, so there is nothing to compare with: the outcome of one is an error, of the other a value: EOF`},
		"no outcome the second time": {Scenario{Run: func(tunnel *Tunnel) any {
			if pending++; pending == 2 {
				return fakeloop.NewPromise[int](tunnel.Loop, "reply").Future()
			}
			return fakeloop.Resolved(tunnel.Loop, 1)
		}}, `asynctest: sweep of TestIt: two runs without faults differ, so there is nothing to compare with: one has an outcome, the other none`},
		"callbacks for ever": {Scenario{Tunnel: []TunnelOption{WithLoop(fakeloop.Config{Limit: 2000})}, Run: func(tunnel *Tunnel) any {
			var again func()
			again = func() { tunnel.Loop.Post(again) }
			again()
			return fakeloop.NewPromise[int](tunnel.Loop, "reply").Future()
		}}, begin + `its loop gave up before its outcome, future "reply"`},
		"no points": {Scenario{Run: func(tunnel *Tunnel) any { return fakeloop.Resolved(tunnel.Loop, 1) }},
			"asynctest: sweep of TestIt: the run without faults comes to no point at which anything could go wrong, so there is nothing to sweep: "},
		"a deadlock": {Scenario{Run: func(*Tunnel) any { select {} }}, begin + "a deadlock: "},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			c.s.Name = "TestIt"
			r, err := c.s.Sweep()
			g.Expect(r).To(BeNil())
			g.Expect(err).To(MatchError(HavePrefix(c.want)))
		})
	}
	t.Run("in a bubble", func(t *testing.T) {
		Run(t, func(*Tunnel) {
			_, err := quick().Sweep()
			NewWithT(t).Expect(err).To(MatchError("asynctest: a sweep makes bubbles of its own, and cannot be made inside of one: call Sweep outside of Run, spec.Bubble and synctest.Test"))
		})
	})
	t.Run("no such point", func(t *testing.T) {
		g := NewWithT(t)
		t.Setenv(SweepVariable, "error at c #1")
		_, err := quick().Sweep()
		g.Expect(err).To(MatchError(HavePrefix(`asynctest: sweep of TestQuick: the run does not come to "c #1", or that cannot go wrong so; without faults the points are:
  timer answer #1: slow
  a #1: error, timeout, slow, cancel, panic, goexit, never
`)))
		t.Setenv(SweepVariable, "error")
		_, err = quick().Sweep()
		g.Expect(err).To(MatchError(HavePrefix(`asynctest: WINDTUNNEL_SWEEP: explore: "error" is no fault: `)))
	})
}

// Sweep fails a test that has findings, and one that cannot be swept.
func TestSweepOfATest(t *testing.T) {
	g := NewWithT(t)
	for _, c := range []struct {
		s    Scenario
		fail bool
		text string
	}{
		{quick(), true, "sweep of TestFake: "},
		{Scenario{Handles: []Handled{{Point: "dail"}}, Run: func(tunnel *Tunnel) any { return patient(ask(tunnel.Loop, "a", "1")) }}, false, "sweep of TestFake: 0 findings in 9 runs (2 points)"},
		{Scenario{}, true, "asynctest: a Scenario without Run cannot be swept"},
	} {
		var fake fakeT
		c.s.Name, c.s.Progress.Out = "", io.Discard
		Sweep(&fake, c.s)
		g.Expect(fake.failed).To(Equal(c.fail))
		g.Expect(fake.text).To(HavePrefix(c.text))
		if !c.fail {
			g.Expect(fake.text).To(ContainSubstring("not swept:\n  declared as handled, and nothing fits: anything at dail\n"))
		}
	}
}

// fakeT is a test that is not run.
type fakeT struct {
	failed bool
	text   string
}

func (*fakeT) Helper()         {}
func (*fakeT) Name() string    { return "TestFake" }
func (t *fakeT) Failed() bool  { return t.failed }
func (t *fakeT) Skipped() bool { return false }
func (t *fakeT) Logf(format string, args ...any) {
	t.text += fmt.Sprintf(format, args...)
}
func (t *fakeT) Errorf(format string, args ...any) {
	t.failed = true
	t.Logf(format, args...)
}

// net/http, swept: unmodified, and without a finding but for the server's own 400, which
// the client below takes for a page.
func TestSweepOfHTTP(t *testing.T) {
	g := NewWithT(t)
	for _, careful := range []bool{false, true} {
		r := mustSweep(g, Scenario{Name: "TestHTTP", Leave: []LeftOut{
			{Point: "offload *", Faults: []fakeloop.FaultKind{fakeloop.FaultNever, fakeloop.FaultCancel}, Why: "the client has its own timeout"},
			{Point: "accept *", Faults: []fakeloop.FaultKind{fakeloop.FaultError}, Why: "net/http logs it"},
			{Point: "write client>api:80*", Why: "net/http then closes the connection, on which it reads, and returns either error"},
		}, Run: func(tunnel *Tunnel) any {
			tunnel.Net.Serve("api:80", says("hello"))
			client := getter(tunnel)
			context.AfterFunc(tunnel.Context(), client.CloseIdleConnections)
			return fakeloop.Offload(tunnel.Loop, "fetch", func(context.Context) (string, error) {
				resp, err := client.Get("http://api/x")
				if err != nil {
					return "", err
				}
				body, err := io.ReadAll(resp.Body)
				if careful && resp.StatusCode != http.StatusOK {
					err = errors.Join(err, errors.New(resp.Status))
				}
				return string(body), errors.Join(err, resp.Body.Close())
			})
		}})
		if careful {
			g.Expect(r.Findings).To(BeEmpty(), "%v", r)
			continue
		}
		g.Expect(r.Findings).To(HaveLen(1), "%v", r)
		g.Expect(r.Findings[0].Check).To(Equal(FoundWrongValue))
		g.Expect(r.Findings[0].Fault).To(Equal("cut at read api:80<client conn 1 #1"))
	}
}

// A goroutine of Tunnel.Go that is left is told once, by its name and at the line where it
// waits, and not its future too.
func TestSweepTellsOfALeakOnce(t *testing.T) {
	g := NewWithT(t)
	s := Scenario{Name: "TestLeak", Leave: []LeftOut{{Point: "* api:80*", Why: "it is about the client"}}, Run: func(tunnel *Tunnel) any {
		serve(tunnel, "hello")
		reply := fakeloop.NewPromise[string](tunnel.Loop, "reply")
		tunnel.Go("worker", func() {
			conn, err := dial(tunnel, tunnel.Context())
			if err != nil {
				reply.Reject(err)
				return
			}
			defer func() { _ = conn.Close() }()
			text, err := bufio.NewReader(conn).ReadString('o') // bug: a worker without a deadline
			if err != nil {
				reply.Reject(err)
				return
			}
			reply.Resolve(text)
		})
		outcome := fakeloop.NewPromise[string](tunnel.Loop, "outcome")
		giveUp := tunnel.Loop.AfterFunc(2*time.Minute, func() { outcome.Reject(errors.New("no reply")) })
		reply.Future().OnSettled(func(text string, err error) {
			giveUp.Stop()
			outcome.Settle(text, err)
		})
		return outcome.Future()
	}, Handles: []Handled{{Point: "close *"}}}
	s.Leave = append(s.Leave, LeftOut{Faults: []fakeloop.FaultKind{fakeloop.FaultSlow}, Why: "it is about what is lost"})
	r := mustSweep(g, s)
	g.Expect(r.Findings).To(HaveLen(1), "%v", r)
	f := r.Findings[0]
	g.Expect(f.Check).To(Equal(FoundLeftOver))
	g.Expect(f.Place).To(Equal(lineIn(g, "sweep_test.go", "// bug: a worker without a deadline")))
	g.Expect(f.Text).To(MatchRegexp(`there was left: goroutine "worker", begun at sweep_test.go:\d+, which is in sync.Cond.Wait$`))
	g.Expect(f.Fault).To(HavePrefix("black hole at read client<api:80 conn 1"))
	g.Expect(strings.Join(f.Timeline, "\n")).To(ContainSubstring("network: a chunk or an end arrives at the client, client>api:80#1"))
}

// A finding that is none if the fault is handled on purpose has the lines that say so.
func TestHandlesOfAFinding(t *testing.T) {
	g := NewWithT(t)
	s := Scenario{Name: "TestIt", Run: func(tunnel *Tunnel) any {
		return fakeloop.Catch(patient(ask(tunnel.Loop, "a", "1")), func(error) (string, error) { return "1", nil })
	}, Leave: []LeftOut{{Faults: []fakeloop.FaultKind{fakeloop.FaultPanic}, Why: "for a change"}}}
	r := mustSweep(g, s)
	g.Expect(r.Findings).To(HaveLen(1))
	g.Expect(r.String()).To(ContainSubstring(`
   If the code is meant to deal with that, say so in Scenario.Handles:
      {Point: "a", Faults: []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultCancel, fakeloop.FaultGoexit}},
   What happened`))
	s.Handles = []Handled{{Point: "a", Faults: []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultTimeout, fakeloop.FaultCancel, fakeloop.FaultGoexit}}}
	g.Expect(mustSweep(g, s).Findings).To(BeEmpty())
	g.Expect(mustSweep(g, quick()).String()).To(ContainSubstring(`{Point: "b", Faults:`))
	g.Expect(mustSweep(g, quick()).String()).NotTo(ContainSubstring(`{Point: "a", Faults:`), "there the error gets to the outcome, as text")
}

// The report says so if even the run without faults fails.
func TestSweepOfWhatFails(t *testing.T) {
	g := NewWithT(t)
	s := Scenario{Name: "TestIt", Run: func(tunnel *Tunnel) any {
		return fakeloop.Then(patient(ask(tunnel.Loop, "a", "1")), func(string) (string, error) { return "", io.ErrNoProgress })
	}}
	r := mustSweep(g, s)
	g.Expect(r.WithoutError).To(Equal(io.ErrNoProgress.Error()))
	g.Expect(r.String()).To(HavePrefix(`sweep of TestIt: 0 findings in 9 runs (2 points)
Even the run without faults fails, and the others were compared with that. If it should not, mend the scenario first. Its error:
      multiple Read calls return no data or error
`))
}

// The table tells what cannot be from what is left out and from what another shard sweeps.
func TestTableOfAShard(t *testing.T) {
	g := NewWithT(t)
	s := Scenario{Name: "TestIt", Shards: 2, Run: func(tunnel *Tunnel) any {
		return fakeloop.All(tunnel.Loop, patient(ask(tunnel.Loop, "a", "1")), patient(ask(tunnel.Loop, "b", "2")))
	}, Leave: []LeftOut{{Faults: []fakeloop.FaultKind{fakeloop.FaultCancel, fakeloop.FaultPanic, fakeloop.FaultGoexit, fakeloop.FaultNever}, Why: "for a change"}}}
	one := mustSweep(g, s)
	s.Shard = 1
	other := mustSweep(g, s)
	g.Expect(one.Table()).To(Equal(`point            slow       error      timeout    cancel    panic     goexit    never
timer answer #1  ok         -          -          -         -         -         -
a #1             elsewhere  elsewhere  elsewhere  left out  left out  left out  left out
timer answer #2  ok         -          -          -         -         -         -
b #1             elsewhere  elsewhere  elsewhere  left out  left out  left out  left out
`))
	g.Expect(other.Merge(one).Table()).To(Equal(`point            slow  error  timeout  cancel    panic     goexit    never
timer answer #1  ok    -      -        -         -         -         -
a #1             ok    error  error    left out  left out  left out  left out
timer answer #2  ok    -      -        -         -         -         -
b #1             ok    error  error    left out  left out  left out  left out
`))
}

// Where the waiting began for an outcome that is no future of the loop is where a
// coroutine of it waits, and not where the loop or a server does.
func TestWhereAnotherOutcomeWaits(t *testing.T) {
	g := NewWithT(t)
	r := mustSweep(g, Scenario{Name: "TestIt", Run: func(tunnel *Tunnel) any {
		serve(tunnel, "hello")
		go func() { <-tunnel.Context().Done() }() // has no part in it
		return Adapt(func(done func(string, error)) {
			fakeloop.Async(tunnel.Loop, "client", func(co *fakeloop.Coroutine) (string, error) {
				return fakeloop.Await(co, fakeloop.Faulty(fakeloop.Resolved(tunnel.Loop, "1"), "a")) // bug: a wait without a limit
			}).OnSettled(done)
		})
	}})
	g.Expect(r.Findings).To(HaveLen(1), "%v", r)
	g.Expect(r.Findings[0].Check).To(Equal(FoundPending))
	g.Expect(r.Findings[0].Place).To(Equal(lineIn(g, "sweep_test.go", "// bug: a wait without a limit")))
}
