package futures_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// bad is a subject with a defect that its process feels; from property 3 on it is right.
func bad(name string, defect func()) futures.Adapter {
	a := dummyAdapter(name, edit{})
	fresh := a.New
	n := 0
	a.Setup = func() { n++ }
	a.New = func() futures.Case {
		c := fresh()
		if n > 1 {
			return c
		}
		await := c.Await
		c.Await = func(ctx context.Context) (any, error) {
			defect()
			return await(ctx)
		}
		return c
	}
	return a
}

// What ruins a process is a verdict, and the next check has a process again.
func TestProcesses(t *testing.T) {
	var mu sync.Mutex
	mu.Lock()
	spinning := bad("spins", func() {
		for i := 0; ; i++ {
			if i%1000 == 0 {
				runtime.Gosched()
			}
		}
	})
	spinning.Guard = 200 * time.Millisecond
	shared := 0
	cases := []struct {
		subject futures.Adapter
		status  futures.Status
		text    string
	}{
		{bad("is right", func() {}), futures.OK, ""},
		{bad("panics", func() { panic("boom") }), futures.Crash, "panic: boom"},
		{bad("panics elsewhere", func() {
			go panic("boom elsewhere")
			time.Sleep(time.Second)
		}), futures.Crash, "the process ended: panic: boom elsewhere"},
		{bad("exits", func() { os.Exit(3) }), futures.Crash, "the process ended: exit status 3"},
		{bad("locks itself out", mu.Lock), futures.Hang, "no goroutine of the process could go on"},
		{bad("waits for ever", func() { select {} }), futures.Hang, "nothing in the bubble"},
		{spinning, futures.Hang, "had not ended after 200ms"},
		{bad("gives up", runtime.Goexit), futures.Crash, "ended by runtime.Goexit"},
	}
	if futures.RaceEnabled {
		cases = append(cases, struct {
			subject futures.Adapter
			status  futures.Status
			text    string
		}{bad("races", func() {
			done := make(chan bool)
			go func() { shared++; close(done) }()
			shared++
			<-done
		}), futures.Race, "the race detector reported a data race"})
	}
	var adapters []futures.Adapter
	for _, c := range cases {
		adapters = append(adapters, c.subject)
	}
	r := futures.NewRunner(t, adapters...)
	for _, c := range cases {
		t.Run(c.subject.Name, func(t *testing.T) {
			first := r.Run(c.subject.Name, futures.Properties()[1], futures.Once)
			if first.Status != c.status || !strings.Contains(strings.Join(first.Observed, "\n"), c.text) {
				t.Errorf("got %s %q, want %s %q\n%s", first.Status, first.Observed, c.status, c.text, first.Stack)
			}
			if first.Bad() && first.Stack == "" && c.text != "nothing in the bubble" && c.text != "ended by runtime.Goexit" {
				t.Error("nothing shows where it was")
			}
			// Both runs of the first check began a process. In this one it is the first, too.
			next := r.Run(c.subject.Name, futures.Properties()[12], futures.Once)
			if next.Status != futures.NotApplicable {
				t.Errorf("the next one is %s", next.Text(""))
			}
		})
	}
}

// What only happens behind other checks is no verdict, but for what depends on chance.
func TestConfirmation(t *testing.T) {
	a := dummyAdapter("worn out", edit{})
	fresh := a.New
	n := 0
	a.Setup = func() { n++ }
	a.New = func() futures.Case {
		c := fresh()
		if n > 1 {
			c.Await = func(context.Context) (any, error) { return "wrong", nil }
		}
		return c
	}
	r := futures.NewRunner(t, a)
	ps := futures.Properties()
	if first := r.Run(a.Name, ps[1], futures.Once); first.Status != futures.OK || len(first.Notes) > 0 {
		t.Errorf("the first check in the process: %s", first.Text(""))
	}
	second := r.Run(a.Name, ps[1], futures.Once)
	if second.Status != futures.OK || !strings.Contains(strings.Join(second.Notes, ""), "a first run, behind others in one process, did not pass (FAIL: ") {
		t.Errorf("the second check in the process: %s", second.Text(""))
	}
	if third := r.Run(a.Name, ps[1], futures.Once); third.Status != futures.OK || len(third.Notes) > 0 {
		t.Errorf("the process behind the repetition is not a fresh one: %s", third.Text(""))
	}
	chance := r.Run(a.Name, ps[159], futures.Once)
	if chance.Status != futures.Fail || !strings.Contains(strings.Join(chance.Notes, ""), "it depends on chance") {
		t.Errorf("a stochastic check: %s", chance.Text(""))
	}
	failed := futures.Result{Property: ps[1], Status: futures.Fail}
	hung := futures.Result{Property: ps[1], Status: futures.Hang}
	if got := futures.Confirmed(failed, hung); got.Status != futures.Hang {
		t.Errorf("a repetition that hangs is %s", got.Status)
	}
}

// A panic that is printed has been told.
func TestPrinted(t *testing.T) {
	printing := dummyAdapter("prints", edit{})
	hook := printing.Errors
	printing.Errors = nil
	silent := dummyAdapter("is silent", edit{})
	silent.Errors = nil
	print := func() { hook(func(err error) { fmt.Println("lost:", err) }) }
	printing.Setup = print
	r := futures.NewRunner(t, printing, silent)
	p := futures.Properties()[37]
	if got := r.Run("prints", p, futures.Once); got.Status != futures.OK || !strings.Contains(strings.Join(got.Notes, ""), "printed it") {
		t.Errorf("one that prints: %s", got.Text(""))
	}
	if got := r.Run("is silent", p, futures.Once); got.Status != futures.Fail || !strings.Contains(strings.Join(got.Observed, ""), "told to nobody") {
		t.Errorf("one that is silent: %s", got.Text(""))
	}
}

func TestRunnerMisuse(t *testing.T) {
	ok := dummyAdapter("a", edit{})
	nameless := ok
	nameless.Name = ""
	for want, call := range map[string]func(){
		`futures: adapter 0 ("") lacks Name or New, which are required`:                                          func() { futures.NewRunner(t, nameless) },
		`futures: there are two adapters named "a"; give each a name of its own, which says what a process runs`: func() { futures.NewRunner(t, ok, ok) },
		`futures: Run of "b", for which the runner was given no adapter; pass it to NewRunner`: func() {
			futures.NewRunner(t, ok).Run("b", futures.Properties()[0], futures.Once)
		},
	} {
		func() {
			defer func() {
				if v := recover(); v != want {
					t.Errorf("it panicked with %v, want %s", v, want)
				}
			}()
			call()
		}()
	}
	r := futures.NewRunner(t, ok)
	futures.Elsewhere(r, "TestNowhere")
	got := r.Run("a", futures.Properties()[0], futures.Once)
	if got.Status != futures.Crash || !strings.Contains(strings.Join(got.Observed, ""), "did not come to the runner in TestNowhere") {
		t.Errorf("a process that does not come to the runner: %s", got.Text(""))
	}
}

// Specs registers a spec for each check, whose failure prints a command for Ginkgo.
func TestSpecs(t *testing.T) {
	wrong := dummyAdapter("wrong", edit{twice: true})
	r := futures.NewRunner(t, wrong)
	specs := map[string]func(){}
	var failure string
	var reported []futures.Result
	futures.Specs(
		func(text string, args ...any) bool { specs[text] = args[0].(func()); return true },
		func(message string, _ ...int) { failure = message },
		func() *futures.Runner { return r }, "wrong", "futures, on wrong",
		func(r futures.Result) { reported = append(reported, r) },
	)
	checks := 0
	for _, p := range futures.Properties() {
		checks += len(p.Whens())
	}
	if len(specs) != checks {
		t.Errorf("%d specs were registered for %d checks", len(specs), checks)
	}
	specs["2: fulfilled"]()
	if failure != "" || len(reported) != 1 || reported[0].Status != futures.OK {
		t.Errorf("a spec that passes: %q, %v", failure, reported)
	}
	specs["5: value then error, settled later"]()
	if want := `To reproduce: go tool ginkgo run --focus 'futures, on wrong 5: value then error, settled later' ./suites/futures`; !strings.Contains(failure, want) {
		t.Errorf("a spec that fails does not print %s:\n%s", want, failure)
	}
}

// brokenOnPurpose is set for the test below.
const brokenOnPurpose = "WINDTUNNEL_FUTURES_BROKEN"

func TestBroken(t *testing.T) {
	if os.Getenv(brokenOnPurpose) != "" {
		futures.Run(t, dummyAdapter("wrong", edit{twice: true}))
	}
}

// The command that a failure prints shows the failure again, wherever the user stands in the
// module.
func TestReproduce(t *testing.T) {
	run := func(dir, command string) string {
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), brokenOnPurpose+"=1")
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Fatalf("%s passed:\n%s", command, out)
		}
		return string(out)
	}
	race := ""
	if futures.RaceEnabled {
		race = "-race "
	}
	first := run("../..", "go test "+race+"-run '^TestBroken$/^5$' ./suites/futures")
	_, rest, found := strings.Cut(first, "To reproduce: ")
	command, _, _ := strings.Cut(rest, "\n")
	if !found || command != "go test "+race+"-run '^TestBroken$/^5$/^already$' github.com/windtunnel-go/windtunnel/suites/futures" {
		t.Fatalf("the failure prints no command to reproduce it, or another one:\n%s", first)
	}
	again := run("..", command)
	for _, want := range []string{
		"runner_test.go:", "property 5, value then error, on wrong, settled already: FAIL", `a waiter got the error "second"; want the value v and no error`,
		"source:    Twisted testAlreadyCalled_CE", "To reproduce: " + command,
	} {
		if !strings.Contains(again, want) {
			t.Errorf("%s does not print %q:\n%s", command, want, again)
		}
	}
}
