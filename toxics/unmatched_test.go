package toxics

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// A fault about a host that never was, or a port at which nobody listened, cannot have done
// anything, and Close says so. Others that nothing has met are listed, no more: a
// client that never came may be what a test is about.
func TestUnmatchedFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		latency := Latency{Latency: time.Second}
		for _, test := range []struct {
			f         Fault
			unmatched bool
			text      string // of Close, if there is an error
		}{
			{Inject(latency), false, ""},
			{Inject(latency).Between("client", "api"), false, ""},
			{Inject(latency).Between("Client", "API:80"), false, ""},
			{Inject(latency).Between("client", "10.0.0.1"), true, `is about "10.0.0.1", which is the address of api: a fault knows a host by its name`},
			{Inject(latency).Between("db", "api"), true, ""},
			{Inject(latency).Between("", "api:81"), true, ""},
			{Inject(latency).From(time.Hour).Between("client", "api"), false, ""},
			{Inject(latency).Between("", "ap"), true, `is about "ap", and there has never been such a host; there were: api, client, db`},
			{Inject(latency).Between("clent", ""), true, `is about "clent", and there has never been such a host; there were: api, client, db`},
			{Inject(latency).Between("", "API:82"), true, `is about "API:82", and nobody has ever listened there; there were: api:80, api:81`},
			{Partition("api", "client"), false, ""},
			{Partition("api:80", ""), false, ""},
			{OneWay("api:80", "client").For(time.Second), false, ""},
			{Partition("client", "db"), true, ""},
			{Partition("10.0.0.9", "db"), true, `is about "10.0.0.9", and there has never been such a host; there were: api, client, db`},
			{Inject(Refuse{}).From(time.Hour), false, ""},
			{Inject(Refuse{}).Between("client", "api").First(1), false, ""},
			{Inject(SlowDial{}).Between("client", "web"), true, `is about "web", and there has never been such a host; there were: api, client, db`},
			{Inject(FailLookup{}).Between("", "web"), true, `is about "web", and there has never been such a host; there were: api, client, db`},
			{Inject(FailLookup{NotFound: true}).Between("client", "nowhere"), false, ""},
		} {
			n := newNetwork(t, Config{})
			applied := n.Apply(test.f)
			line := lineBefore(t)
			what := fmt.Sprintf("%s of %q and %q", test.f.Effect.Kind(), test.f.Source, test.f.Target)
			for _, address := range []string{"api:80", "api:81"} {
				_, err := n.Listen(address)
				must(t, err)
			}
			n.Host("db")
			ctx := t.Context()
			_, _ = n.DialContext(ctx, "tcp", "nowhere:80")
			for range 2 { // the second dial comes when the first has been refused, if it is
				if c, err := n.DialContext(ctx, "tcp", "api:80"); err == nil {
					must(t, c.Close())
				}
			}
			synctest.Wait()
			equal(t, what+": unmatched", len(n.Unmatched()) == 1, test.unmatched)
			if test.unmatched {
				equal(t, what+": unmatched", n.Unmatched()[0], test.f)
			}
			applied.Lift()
			err := n.Close()
			if test.text == "" {
				must(t, err)
			} else {
				sameError(t, what, err, ErrUnmatched)
				equal(t, what, fmt.Sprint(err), "toxics: a fault has matched nothing: the "+test.f.Effect.Kind()+" applied at "+line+" "+test.text)
			}
			must(t, n.Close()) // says it once
		}
	})
}

// A fault of the plan has its place there, and others the line that applied them; one that
// was applied where there is no such line has its kind.
func TestWhichFaultIsUnmatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t, Config{Plan: Plan{
			Toxics: []Toxic{Latency{}},
			Faults: []Fault{Inject(Refuse{}), Partition("", "b")},
		}})
		n.Apply(Partition("", "c"))
		line := lineBefore(t)
		const never, rest = "toxics: a fault has matched nothing: ", ", and there has never been such a host; there were: client"
		err := n.Close()
		equal(t, "the error", fmt.Sprint(err), never+`fault 1 of the plan (severed) is about "b"`+rest+"\n"+
			never+`the severed applied at `+line+` is about "c"`+rest)
	})
	equal(t, "no line", origin(Inject(Refuse{}), ""), "an applied refuse")
}

// lineBefore is the line before the call.
func lineBefore(t testing.TB) string {
	t.Helper()
	_, file, line, ok := runtime.Caller(1)
	if !ok {
		t.Fatal("there is no caller")
	}
	return fmt.Sprintf("%s:%d", filepath.Base(file), line-1)
}
