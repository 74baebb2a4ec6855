package futures_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// variants are the policies of the reference library.
var variants = []struct {
	name string
	caps futures.Caps
}{
	{"on a loop", onLoop},
	{"on goroutines", onGoroutines},
	{"propagating", propagating},
	{"crashing", crashing},
}

// The reference library keeps every property that it declares, and between its policies
// every property there is.
func TestReference(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) { futures.Run(t, reference(v.name, "", v.caps)) })
	}
	for _, p := range futures.Properties() {
		checked := slices.ContainsFunc(variants, func(v struct {
			name string
			caps futures.Caps
		}) bool {
			return futures.Excludes(reference(v.name, "", v.caps), p) == ""
		})
		if !checked && p.Unverified == "" {
			t.Errorf("property %s (%s) is checked with none of the policies", p.ID(), p.Name)
		}
	}
}

// trial is a property with a check of the test's own.
func trial(check func(*futures.T)) futures.Property {
	return futures.Property{Number: 999, Name: "a trial", Rule: "R.", Source: "S", Level: futures.Required, Check: check}
}

func TestStatuses(t *testing.T) {
	quick := reference("ref", "", onLoop)
	quick.Guard = 100 * time.Millisecond
	ref := func() futures.Adapter { return reference("ref", "", onLoop) }
	patient := reference("ref", "", onLoop)
	patient.Guard = 2 * time.Second // what other tests left running hides that nothing can go on
	noisy := reference("ref", "", onLoop)
	noisy.Close = func() { panic("at the end") }
	bubbleless := reference("ref", "", onLoop)
	var mu sync.Mutex
	mu.Lock() // for ever: who hangs on it stays there
	for _, c := range []struct {
		name    string
		adapter futures.Adapter
		check   func(*futures.T)
		status  futures.Status
		text    string
	}{
		{"ok", ref(), func(t *futures.T) { t.Fresh() }, futures.OK, ""},
		{"a failure", ref(), func(t *futures.T) { t.Errorf("one is %d", 2) }, futures.Fail, "one is 2"},
		{"a failure that ends it", ref(), func(t *futures.T) { t.Fatalf("over"); panic("not reached") }, futures.Fail, "over"},
		{"a panic", ref(), func(*futures.T) { panic("boom") }, futures.Crash, "panic: boom"},
		{"Goexit", ref(), func(*futures.T) { runtime.Goexit() }, futures.Crash, "ended by runtime.Goexit"},
		{"Goexit behind a failure", ref(), func(t *futures.T) { t.Errorf("one is 2"); runtime.Goexit() }, futures.Crash, "one is 2"},
		{"a bubble that is stuck", ref(), func(*futures.T) { select {} }, futures.Hang, "nothing in the bubble"},
		{"a mutex that is stuck", patient, func(*futures.T) { mu.Lock() }, futures.Hang, "the check had not ended"},
		{"spinning", quick, func(t *futures.T) {
			for !t.Failed() {
				runtime.Gosched()
			}
		}, futures.Hang, "had not ended after 100ms"},
		{"something lacking", ref(), func(t *futures.T) { t.Lack("has no wings") }, futures.NotApplicable, ""},
		{"a panic at the end", noisy, func(*futures.T) {}, futures.Crash, "at the end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var under atomic.Pointer[futures.T]
			r := c.adapter.Check(t, trial(func(t *futures.T) { under.Store(t); c.check(t) }), futures.Once)
			if r.Status != c.status || !strings.Contains(strings.Join(r.Observed, "\n"), c.text) {
				t.Errorf("got %s %q, want %s %q", r.Status, r.Observed, c.status, c.text)
			}
			if bad := c.status != futures.OK && c.status != futures.NotApplicable; r.Bad() != bad {
				t.Errorf("Bad() = %v", r.Bad())
			}
			under.Load().Errorf("the end of spinning, and too late for anybody")
			if c.status == futures.Hang && c.name != "a bubble that is stuck" && !strings.Contains(r.Stack, "run_test.go") {
				t.Errorf("the stacks of a hang do not show the check:\n%s", r.Stack)
			}
		})
	}
	r := bubbleless.Check(nil, futures.Properties()[0], futures.Once)
	if r.Status != futures.Crash || !strings.Contains(strings.Join(r.Observed, " "), "declare RealTime, or pass the test") {
		t.Errorf("without a test for the bubble the result is %s %q", r.Status, r.Observed)
	}
}

// Each of the three modes settles when it says.
func TestModes(t *testing.T) {
	for when, want := range map[futures.When]string{
		futures.Already: "settled, registered", futures.AtOnce: "registered, settled", futures.Later: "registered, rested, settled",
	} {
		var log []string
		a := reference("ref", "", onLoop)
		a.Idle = func() {
			if len(log) == 1 && log[0] == "registered" {
				log = append(log, "rested")
			}
		}
		fresh := a.New
		a.New = func() futures.Case {
			c := fresh()
			settle := c.Settle
			c.Settle = func(v any, err error) error {
				log = append(log, "settled")
				return settle(v, err)
			}
			return c
		}
		r := a.Check(t, trial(func(t *futures.T) {
			t.Source("v", nil, func(futures.Case) { log = append(log, "registered") })
		}), when)
		if got := strings.Join(log, ", "); got != want || r.Bad() {
			t.Errorf("mode %s: %s, want %s; %s", when, got, want, r.Text(""))
		}
	}
	three := 0
	for _, p := range futures.Properties() {
		if len(p.Whens()) == 3 {
			three++
		}
	}
	if three < 60 {
		t.Errorf("%d properties are checked in three modes; there were more", three)
	}
}

func TestNotApplicable(t *testing.T) {
	a := adapter()
	a.Lacks = map[string]string{"RejectNil": "it has no need of it"}
	a.Skip = map[int]string{3: "it takes too long"}
	a.Caps.SingleWaiter = true
	for id, want := range map[int]string{
		11: "lacks RejectNil: it has no need of it",
		3:  "not tried: it takes too long",
		16: "declares SingleWaiter: one waiter at a time is its documented limit",
		31: "lacks OnDone; does not declare Ordered",
		94: "lacks Flat or Adopt",
		92: "lacks Spawn; does not declare Panic=crash",
	} {
		p := futures.Properties()[id-1]
		r := a.Check(t, p, futures.Once)
		if r.Status != futures.NotApplicable || r.Why != want || r.Bad() {
			t.Errorf("property %d: %s %q, want n/a because %q", id, r.Status, r.Why, want)
		}
		if text := futures.Table([]futures.Result{r}); !strings.Contains(text, fmt.Sprintf("%d (%s)", id, p.Name)) || !strings.Contains(text, want) {
			t.Errorf("the table does not list property %d by name with its reason:\n%s", id, text)
		}
	}
}

// The table is complete and says everything that a failure has to tell.
func TestTable(t *testing.T) {
	doc, err := os.ReadFile("adapter.go")
	if err != nil {
		t.Fatal(err)
	}
	letter := "A"
	for i, p := range futures.Properties() {
		if p.Number != i+1 {
			t.Fatalf("behind property %d there is %d", i, p.Number)
		}
		if p.Name == "" || !strings.HasSuffix(p.Rule, ".") || p.Source == "" || p.Level == "" || (p.Check == nil) == (p.Unverified == "") {
			t.Errorf("property %d lacks a name, a rule (one sentence), a source, a level, or a check or the reason why there is none", p.Number)
		}
		if p.Part < letter {
			t.Errorf("property %d of part %s stands behind part %s", p.Number, p.Part, letter)
		}
		letter = p.Part
		for need := range strings.FieldsFuncSeq(p.Needs, func(r rune) bool { return r == ' ' || r == '|' }) {
			name, _, _ := strings.Cut(strings.TrimPrefix(need, "Caps."), "=")
			if !strings.HasPrefix(need, "Caps.") && !regexp.MustCompile(`(?m)^\t`+name+`\b`).Match(doc) {
				t.Errorf("property %d needs %s, which is no function of an adapter", p.Number, need)
			}
		}
	}
	if n := len(futures.Properties()); n != 180 || letter != "N" {
		t.Errorf("there are %d properties, up to part %s; want 180, up to N", n, letter)
	}
	levels := map[futures.Level]int{}
	for _, p := range futures.Properties() {
		levels[p.Level]++
	}
	t.Logf("levels: %v", levels)
}

// A check that a core library does not need is not asked of it: with New alone these are
// what is left.
func TestCore(t *testing.T) {
	core := futures.Adapter{Name: "core", New: func() futures.Case {
		c, cancel := context.WithCancelCause(context.Background())
		return futures.Case{
			Settle: func(v any, err error) error { cancel(err); return nil },
			Await:  func(context.Context) (any, error) { return nil, context.Cause(c) },
		}
	}}
	var ids []string
	for _, p := range futures.Properties() {
		if futures.Excludes(core, p) == "" {
			ids = append(ids, p.ID())
		}
	}
	want := "1 2 3 4 5 6 7 8 9 10 12 15 16 44 64 65 66 67 68 69 71 72 73 74 75 77 89 160 161 162 166 167"
	if got := strings.Join(ids, " "); got != want {
		t.Errorf("with nothing but New and no declaration there are\n%s\nwant\n%s", got, want)
	}
}

// The error of a chain whose steps name themselves is as long as the chain; what is told of it
// is not.
func TestAbridgedFailure(t *testing.T) {
	a := reference("ref", "", onLoop)
	then, steps := a.Then, 0
	a.Then = func(c futures.Case, f func(any) (any, error)) futures.Case {
		steps++
		c = then(c, f)
		await := c.Await
		c.Await = func(ctx context.Context) (any, error) {
			v, err := await(ctx)
			if err != nil {
				err = errors.New(strings.Repeat("step: ", steps) + err.Error())
			}
			return v, err
		}
		return c
	}
	const manyHops = 48
	i := slices.IndexFunc(futures.Properties(), func(p futures.Property) bool { return p.Number == manyHops })
	r := a.Check(t, futures.Properties()[i], futures.Later)
	text := r.Text("go test")
	if r.Status != futures.Fail || len(r.Observed) != 3 || len(text) > 1024 {
		t.Errorf("%s, %d bytes:\n%s", r.Status, len(text), text)
	}
	for _, part := range []string{"the end of 1 steps", " bytes ... ", "boom"} {
		if !strings.Contains(text, part) {
			t.Errorf("does not tell %q:\n%s", part, text)
		}
	}
}
