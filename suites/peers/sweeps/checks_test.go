package sweeps_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// careless overlooks the error of one of its two calls.
var careless = subject{
	name: "careless", shows: "Two calls",
	run: func(tunnel *asynctest.Tunnel) any {
		call := func(what string) *fakeloop.Future[int] {
			p := fakeloop.NewPromise[int](tunnel.Loop, what)
			tunnel.Loop.Named("answer").AfterFunc(time.Second, func() { p.Resolve(1) })
			return limited(fakeloop.Faulty(p.Future(), what))
		}
		return fakeloop.ThenFuture(call("one"), func(int) *fakeloop.Future[int] {
			return fakeloop.Catch(call("two"), func(error) (int, error) { return 1, nil })
		})
	},
	rulings: []ruling{
		{of: []asynctest.Handled{at("timer *", slow), at("one", slow)}, verdict: intended, why: "it waits"},
		{of: []asynctest.Handled{at("two", failure, timeout, cancel, panics, goexit)}, found: asynctest.FoundErrorLost, verdict: defect, why: "the error is caught"},
	},
}

// What is not as README.md has it, and what has no ruling, fails the test.
func TestChecks(t *testing.T) {
	r := mustSweep(t, careless.scenario(t.Name()))
	complain(t, careless.unexplained(r))
	section, problems := careless.section("### careless\n\n", r.Table())
	complain(t, problems)
	complain(t, careless.differs("### careless\n\n", section, r))

	for _, test := range []struct {
		name  string
		mend  func(s *subject, section *string)
		wants []string
	}{
		{"a ruling is missing", func(s *subject, _ *string) { s.rulings = slices.Delete(s.rulings, 1, 2) }, []string{
			"no ruling explains that it is error lost with\n  error at two #1\n  timeout at two #1\n  cancel at two #1\n  panic at two #1\n  goexit at two #1\nThe first finding there, at checks_test.go:",
			`no ruling explains that README.md has "error lost" for error at two #1`,
			"README.md explains careless in other words",
		}},
		{"a ruling is about other faults", func(s *subject, _ *string) {
			s.rulings[1].of = []asynctest.Handled{at("two", failure, cancel, panics, goexit)}
		}, []string{
			"no ruling explains that it is error lost with\n  timeout at two #1\nThe first finding",
		}},
		{"a ruling is about nothing", func(s *subject, _ *string) {
			s.rulings = append(s.rulings, ruling{of: []asynctest.Handled{at("tree")}, found: asynctest.FoundWrongValue})
		}, []string{"a ruling of careless is about no cell: anything at `tree`, wrong value"}},
		{"another cell", func(_ *subject, section *string) {
			*section = strings.Replace(*section, "error lost  error lost", "ok          error lost", 1)
		}, []string{"README.md shows, of two #1\n", "If that is as it should be, go -C suites/peers test ./sweeps -windtunnel.sweeps writes README.md anew"}},
		{"another point", func(_ *subject, section *string) {
			*section = strings.Replace(*section, "\ntwo #1 ", "\ntwo #1  ok\nthree #1 ", 1)
		}, []string{"README.md shows 5 points of careless, and there are 4"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, section := careless, section
			s.rulings = slices.Clone(s.rulings)
			test.mend(&s, &section)
			all := strings.Join(slices.Concat(s.unexplained(r), s.differs("### careless\n\n", section, r)), "\n")
			for _, want := range test.wants {
				if !strings.Contains(all, want) {
					t.Errorf("it does not say %q, but\n%s", want, all)
				}
			}
		})
	}
}

// A handled fault that nothing fits is told.
func TestHandledNothing(t *testing.T) {
	s := careless
	s.rulings = append(slices.Clone(s.rulings), ruling{of: []asynctest.Handled{at("dial *")}, verdict: intended})
	if got := strings.Join(s.unexplained(mustSweep(t, s.scenario(t.Name()))), "\n"); !strings.Contains(got, "a ruling is about nothing: declared as handled, and nothing fits: anything at dial *") {
		t.Error(got)
	}
}
