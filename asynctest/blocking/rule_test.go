package blocking

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRuleText(t *testing.T) {
	for _, c := range []struct {
		rule Rule
		want string
	}{
		{AllowFunc("a.F", "r"), `blocking.AllowFunc("a.F", "r")`},
		{DisallowFunc("a.F", "r"), `blocking.DisallowFunc("a.F", "r")`},
		{AllowPackage("a/...", "r"), `blocking.AllowPackage("a/...", "r")`},
		{AllowFunc("a.F", "r").By(Hang, CPU, Syscall), `blocking.AllowFunc("a.F", "r").By(blocking.Syscall, blocking.CPU, blocking.Hang)`},
		{AllowFunc("a.F", "r").On(DNS, Disk).By(Park), `blocking.AllowFunc("a.F", "r").By(blocking.Park).On(blocking.DNS, blocking.Disk)`},
	} {
		if got := c.rule.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if AllowFunc("a.F", "r").On(DNS, Disk) != AllowFunc("a.F", "r").On(Disk).On(DNS) {
		t.Error("equal rules are not equal")
	}
}

func TestRuleNamesPackages(t *testing.T) {
	for _, c := range []struct {
		path, fn string
		want     bool
	}{
		{"a.org/p", "a.org/p.F", true},
		{"a.org/p", "a.org/p.(*T).M.func1", true},
		{"a.org/p", "a.org/p/q.F", false},
		{"a.org/p", "a.org/px.F", false},
		{"a.org/p/...", "a.org/p/q.F", true},
		{"a.org/p/...", "a.org/p.F", true},
		{"a.org/p/...", "a.org/px.F", false},
		{"a.org/p.v2", "a.org/p%2ev2.F", true},
	} {
		if got := AllowPackage(c.path, "r").Names(Frame{Func: c.fn}); got != c.want {
			t.Errorf("%s of %s: %t, want %t", c.fn, c.path, got, c.want)
		}
	}
}

// The line to paste allows the closure that blocks, and no other of its function.
func TestAllowLinesAreNarrow(t *testing.T) {
	one := func() { time.Sleep(time.Nanosecond) }
	other := func() { time.Sleep(time.Nanosecond) }
	both := func(allow ...Rule) *Report {
		rec := mustStart(t, Config{Allow: allow})
		Callback(one)
		Callback(other)
		return mustStop(t, rec)
	}
	blocks := both().Blocks
	if len(blocks) != 2 {
		t.Fatalf("want two blocks, got %v", blocks)
	}
	line := blocks[0].AllowLine()
	if want := `blocking.AllowFunc("` + thisPackage + `.TestAllowLinesAreNarrow.func1", "why this may block")`; line != want {
		t.Errorf("got %s, want %s", line, want)
	}
	r := both(AllowFunc(strings.Split(line, `"`)[1], "pasted"))
	if len(r.Allowed) != 1 || len(r.Blocks) != 1 || len(r.Stale) != 0 || r.Allowed[0].User != blocks[0].User {
		t.Errorf("want the first of two allowed, got:\n%s", r)
	}
}

func TestAllowNeedsAReason(t *testing.T) {
	defer func() {
		if p, _ := recover().(string); p != "blocking: Allow without a reason: say why this may block" {
			t.Errorf("panicked with %q", p)
		}
	}()
	Allow(" ", func() { t.Error("and called the function") })
}

// A preset says what many programs do, not this one: what it does not meet is not stale.
func TestPresetsAreNeverStale(t *testing.T) {
	rules := slices.Concat(LogWrites(), FirstUse(), TestFrameworks())
	rec := mustStart(t, Config{Allow: append(rules, AllowFunc("a.F", "gone"))})
	r := mustStop(t, rec)
	if len(r.Stale) != 1 || r.Stale[0].Function != "a.F" {
		t.Errorf("stale: %v", r.Stale)
	}
	for _, rule := range rules {
		if p := rule.problem(); p != "" || strings.TrimSpace(rule.Reason) == "" {
			t.Errorf("%s %s", rule, p)
		}
	}
}

// Without a recording, names and scopes do what they are given and nothing else.
func TestScopesWithoutARecorder(t *testing.T) {
	n := 0
	count := func() { n++ }
	Allow("x", count)
	Disallow(count)
	Named("x", count)
	Posted("x", count)()
	if n != 4 {
		t.Errorf("%d of 4 were called", n)
	}
}
