package blocking

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

var document = append(append([]byte("["), bytes.Repeat([]byte(`"windtunnel",`), 10<<20/13)...), "0]"...)

func hashPassword() { bcrypt.GenerateFromPassword([]byte("secret"), 10) }
func decodeTenMB()  { json.Unmarshal(document, new([]any)) }
func nap20ms()      { time.Sleep(20 * time.Millisecond) }

// The two callbacks that compute for long without ever waiting, and one that waits for
// long without computing: by error, and in the report.
func TestWithinCPU(t *testing.T) {
	const budget = 5 * time.Millisecond
	loop := newLoop()
	defer loop.stop()
	rec := mustStart(t, Config{Markers: testMarkers})
	for _, c := range []struct {
		name   string
		body   func()
		within bool
	}{
		{"a bcrypt hash", hashPassword, false},
		{"10 MB of JSON", decodeTenMB, false},
		{"a nap", nap20ms, true},
		{"nothing", func() {}, true},
	} {
		var err error
		loop.do(func() { err = WithinCPU(budget, c.body) })
		if errors.Is(err, ErrNoThreadClock) {
			return // it says so; TestThreadCPU asks where that may be
		}
		if (err == nil) != c.within || err != nil && (!errors.Is(err, ErrOverBudget) || !strings.Contains(err.Error(), " of 5ms; hand the work")) {
			t.Errorf("%s: %v", c.name, err)
		}
		t.Logf("%s: %v", c.name, err)
	}
	got := map[string]bool{}
	for _, b := range mustStop(t, rec).Blocks {
		got[b.Kind.String()+" "+b.User.Func] = true
		if b.Kind != CPU {
			continue
		}
		if b.Count != 1 || b.CPU <= budget || b.Reason != "over 5ms" || !strings.HasSuffix(b.User.File, "/cpubudget_test.go") || !strings.Contains(b.Callback.Func, "testLoop") {
			t.Errorf("got %s", b.Details())
		}
	}
	want := map[string]bool{"cpu " + FuncName(hashPassword): true, "cpu " + FuncName(decodeTenMB): true, "park " + FuncName(nap20ms): true}
	if len(got) != len(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for place := range want {
		if !got[place] {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

// The function is a callback itself where no loop runs it, and a rule or a scope that
// lets a callback block lets it compute.
func TestWithinCPUIsJudgedLikeOthers(t *testing.T) {
	rec := mustStart(t, Config{Allow: []Rule{AllowFunc(FuncName(harmless), "a rule").By(CPU), AllowFunc(FuncName(compute), "not this").By(Park)}})
	if err := WithinCPU(0, compute); errors.Is(err, ErrNoThreadClock) {
		return
	}
	WithinCPU(0, harmless)
	Callback(func() {
		Allow("a scope", func() { WithinCPU(0, compute) })
	})
	Named("compute", func() { WithinCPU(0, compute) })
	r := mustStop(t, rec)
	if len(r.Blocks) != 2 || len(r.Allowed) != 2 || len(r.Stale) != 1 {
		t.Fatalf("want two blocks, two allowed, one stale, got:\n%s", r)
	}
	for _, b := range r.Blocks {
		if b.Kind != CPU || b.User.Func != FuncName(compute) || b.Count != 1 || b.Name == "" != (b.Callback == b.User) {
			t.Errorf("got %s", b)
		}
	}
}
