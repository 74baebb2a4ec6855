package loops_test

import (
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/loops"
)

// caseOf is a case with a check of the test's own.
func caseOf(check func(*loops.T)) loops.Case {
	return loops.Case{Number: 99, Name: "a trial", Rule: "R.", Why: "W", Source: "S", Check: check}
}

func TestStatuses(t *testing.T) {
	quick := refAdapter("", loops.Virtual)
	quick.Guard = 50 * time.Millisecond
	gone := func(f func()) { _ = f } // never calls the body
	for _, c := range []struct {
		name    string
		adapter loops.Adapter
		check   func(*loops.T)
		status  loops.Status
		text    string
	}{
		{"ok", refAdapter("", loops.Virtual), func(t *loops.T) { t.New() }, loops.OK, ""},
		{"a failure", refAdapter("", loops.Virtual), func(t *loops.T) { t.Errorf("one is %d", 2) }, loops.Fail, "one is 2"},
		{"a failure that ends it", refAdapter("", loops.Virtual), func(t *loops.T) { t.Fatalf("over"); panic("not reached") }, loops.Fail, "over"},
		{"a panic", refAdapter("", loops.Virtual), func(*loops.T) { panic("boom") }, loops.Crash, "panic: boom"},
		{"Goexit", refAdapter("", loops.Virtual), func(*loops.T) { runtime.Goexit() }, loops.Crash, "ended by runtime.Goexit"},
		{"a hang", quick, func(*loops.T) { select {} }, loops.Hang, "had not ended after 50ms"},
		{"a check not run", loops.Adapter{Around: gone}, func(*loops.T) {}, loops.Crash, "did not run it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.adapter.Run(caseOf(c.check))
			if r.Status != c.status || !strings.Contains(strings.Join(r.Observed, "\n"), c.text) {
				t.Errorf("got %s %q, want %s %q", r.Status, r.Observed, c.status, c.text)
			}
			if bad := c.status != loops.OK; r.Bad() != bad {
				t.Errorf("Bad() = %v", r.Bad())
			}
			if c.status == loops.Hang && !strings.Contains(r.Stack, "run_test.go") {
				t.Errorf("the stacks of a hang do not show the check:\n%s", r.Stack)
			}
		})
	}
}

// A deadlocked bubble is a hang, and takes nobody with it.
func TestDeadlockedBubble(t *testing.T) {
	// The bubble belongs to a test that is over when it is looked at.
	var r loops.Result
	t.Run("bubble", func(t *testing.T) {
		r = loops.InBubble(t, loops.Fakeloop(loops.Bubble)).Run(caseOf(func(*loops.T) { <-make(chan int) }))
	})
	if r.Status != loops.Hang || !strings.Contains(r.Text(""), "deadlock") {
		t.Errorf("got %s", r.Text(""))
	}
}

func TestNotApplicable(t *testing.T) {
	a := tinyAdapter()
	a.Lacks = map[string]string{"Reset": "it has no need of it"}
	a.Skip = map[string]string{"3a": "it takes too long"}
	for id, want := range map[string]string{
		"1b":  "lacks Reset: it has no need of it",
		"3a":  "not tried: it takes too long",
		"28b": "not in mode virtual: a virtual loop does not sleep",
		"39a": "lacks NewPromise; lacks Go",
	} {
		r := a.Run(find(t, id))
		if r.Status != loops.NotApplicable || !strings.Contains(r.Why, want) || r.Bad() {
			t.Errorf("case %s: %s %q, want n/a because %q", id, r.Status, r.Why, want)
		}
		if text := loops.Table([]loops.Result{r}); !strings.Contains(text, id+" ("+r.Case.Name+")") || !strings.Contains(text, want) {
			t.Errorf("the table does not list case %s by name with its reason:\n%s", id, text)
		}
	}
}

func find(t *testing.T, id string) loops.Case {
	t.Helper()
	i := slices.IndexFunc(loops.Cases(), func(c loops.Case) bool { return c.ID() == id })
	if i < 0 {
		t.Fatalf("there is no case %s", id)
	}
	return loops.Cases()[i]
}

// The table is complete and says everything that a failure has to tell.
func TestTable(t *testing.T) {
	names := map[int]string{}
	last := ""
	for _, c := range loops.Cases() {
		if c.Rule == "" || !strings.HasSuffix(c.Rule, ".") || c.Why == "" || c.Source == "" || c.Check == nil {
			t.Errorf("case %s lacks a rule (one sentence), a reason, a source or a check", c.ID())
		}
		if name, ok := names[c.Number]; ok && name != c.Name {
			t.Errorf("the cases of number %d are called %q and %q", c.Number, name, c.Name)
		}
		names[c.Number] = c.Name
		if c.ID() == last {
			t.Errorf("there are two cases %s", last)
		}
		last = c.ID()
	}
	for n := 1; n <= 55; n++ {
		if names[n] == "" {
			t.Errorf("there is no case %d", n)
		}
	}
	if len(names) != 55 {
		t.Errorf("there are %d numbers, want 55", len(names))
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range loops.Parts() {
		if !regexp.MustCompile(`\b` + part + `\b`).Match(doc) {
			t.Errorf("the package comment does not list the part %s", part)
		}
	}
}

// A loop that has nothing but what a case says it needs can have the case.
func TestNeeds(t *testing.T) {
	for _, c := range loops.Cases() {
		if c.Blocks != nil {
			continue
		}
		a := loops.InBubble(t, loops.Fakeloop(loops.Virtual))
		if _, ok := c.Not[loops.Virtual]; ok {
			a = loops.InBubble(t, loops.Fakeloop(loops.Bubble))
		}
		if slices.Contains(strings.Fields(c.Needs), "Jitter") {
			a = refAdapter("", loops.Virtual)
		}
		if r := loops.Only(a, c.Needs).Run(c); r.Status != loops.OK {
			t.Errorf("with nothing but %q: %s", c.Needs, r.Text(""))
		}
		for _, part := range strings.Fields(c.Needs) {
			rest := strings.ReplaceAll(" "+c.Needs+" ", " "+part+" ", " ")
			if r := loops.Only(a, rest).Run(c); r.Status != loops.NotApplicable || !strings.Contains(r.Why, "lacks "+part) {
				t.Errorf("case %s without %s is %s, want n/a", c.ID(), part, r.Status)
			}
		}
	}
}

// brokenOnPurpose names the mutant on which TestBroken runs.
const brokenOnPurpose = "WINDTUNNEL_LOOPS_MUTANT"

// TestBroken runs the table on one mutant, for the test below.
func TestBroken(t *testing.T) {
	if flaw := os.Getenv(brokenOnPurpose); flaw != "" {
		loops.Run(t, refAdapter(flaw, loops.Virtual))
	}
}

// The command that a failure prints shows the failure again, wherever the user stands in
// the module.
func TestReproduce(t *testing.T) {
	const flaw = "a timer that came due cannot be cancelled"
	run := func(dir, command string) string {
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), brokenOnPurpose+"="+flaw)
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Fatalf("%s passed:\n%s", command, out)
		}
		return string(out)
	}
	first := run("../..", "go test -run '^TestBroken$' ./suites/loops")
	_, rest, found := strings.Cut(first, "To reproduce: ")
	command, _, _ := strings.Cut(rest, "\n")
	if !found || command != "go test -run '^TestBroken$/^13a$' github.com/windtunnel-go/windtunnel/suites/loops" {
		t.Fatalf("the failure prints no command to reproduce it, or another one:\n%s", first)
	}
	again := run("..", command)
	for _, want := range []string{"run_test.go:", "case 13a", `in the order "a b c d", want "a c"`, "To reproduce: " + command} {
		if !strings.Contains(again, want) {
			t.Errorf("%s does not print %q:\n%s", command, want, again)
		}
	}
}
