package tcp

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// faultSpec is the body of a spec that says the same on both engines.
type faultSpec struct {
	name   string
	faults []toxics.Fault
	body   func(w *world)
	want   string
	least  time.Duration // that it takes, by the clock of either engine
	blind  []string      // mutants that it does not notice, and need not
}

var (
	hour = toxics.Inject(toxics.Latency{Latency: time.Hour})
	cut  = toxics.Inject(toxics.Cut{After: 3})
)

var faultSpecs = []faultSpec{
	{
		name:   "the first two connections",
		faults: []toxics.Fault{cut.First(2)},
		body: func(w *world) {
			w.echoes("api:80")
			for range 3 {
				w.try("client", "api:80")
			}
		},
		want: "hel EOF, hel EOF, hello",
	},
	{
		name:   "one port of one host",
		faults: []toxics.Fault{cut.Between("", "api:81")},
		body: func(w *world) {
			for _, address := range []string{"api:80", "api:81", "db:81"} {
				w.echoes(address)
				w.try("client", address)
			}
		},
		want: "hello, hel EOF, hello",
	},
	{
		name:   "one client",
		faults: []toxics.Fault{cut.Between("web", "")},
		body: func(w *world) {
			w.echoes("api:80")
			for _, host := range []string{"client", "web", "db", "web"} {
				w.try(host, "api:80")
			}
		},
		want: "hello, hel EOF, hello, hel EOF",
	},
	{
		name:   "up and down",
		faults: []toxics.Fault{toxics.Inject(toxics.Cut{Reset: true, Direction: toxics.Upstream}).First(1), toxics.Inject(toxics.Cut{After: 1}).First(2)},
		body: func(w *world) {
			w.echoes("api:80")
			for range 3 {
				w.try("client", "api:80")
			}
		},
		want:  "reset, h EOF, hello",
		blind: []string{"a byte more"}, // the reset overtakes the answer
	},
	{
		name:   "a toxic that comes and goes",
		faults: []toxics.Fault{cut.From(10 * time.Second).For(5 * time.Second)},
		body: func(w *world) {
			w.echoes("api:80")
			old := w.call("client", "api:80")
			w.later(5 * time.Second)
			old.ask("before")
			w.try("client", "api:80")
			w.later(7 * time.Second) // 12 s
			old.ask("during")
			w.try("client", "api:80")
			w.later(8 * time.Second) // 20 s
			w.try("client", "api:80")
		},
		want: "before, hello, dur EOF, hel EOF, hello",
	},
	{
		name:   "a latency that comes and goes",
		faults: []toxics.Fault{hour.Between("", "api").From(10 * time.Second).For(5 * time.Second)},
		body: func(w *world) {
			w.echoes("api:80")
			w.echoes("db:80")
			c, other := w.call("client", "api:80"), w.call("client", "db:80")
			says := c.asks("a")
			says()
			w.later(12 * time.Second)
			says = c.asks("b")
			w.busy(other)
			w.later(8 * time.Second)
			says() // what a latency holds goes on when it is lifted
			says = c.asks("c")
			says()
		},
		want: "a behind 0, b behind 2, c behind 2",
	},
	{
		name:   "a partition that comes and goes",
		faults: []toxics.Fault{toxics.Partition("api:80", "client").From(10 * time.Second).For(5 * time.Second)},
		body: func(w *world) {
			w.echoes("api:80")
			w.echoes("db:80")
			c, others := w.call("client", "api:80"), []*caller{w.call("client", "db:80"), w.call("db", "api:80")}
			c.ask("a")
			w.later(12 * time.Second)
			says := c.asks("b")
			w.busy(others...)
			w.later(8 * time.Second)
			says()
		},
		want: "a, b behind 2",
	},
	{
		name:   "a partition of one direction",
		faults: []toxics.Fault{toxics.OneWay("web", "api").From(10 * time.Second).For(5 * time.Second)},
		body: func(w *world) {
			client, server := w.ends("web", "api:80")
			w.echoes("db:80")
			w.echoes("api:81")
			others := []*caller{w.call("web", "db:80"), w.call("client", "api:81")}
			w.later(12 * time.Second)
			w.say("%s", client.send("up"))
			says := server.hears("up")
			w.busy(others...)
			w.say("%s", server.send("down"))
			client.hears("down")()
			w.later(8 * time.Second)
			says()
		},
		want: ", , down behind 1, up behind 2",
	},
	{
		name:   "a partition of the other direction",
		faults: []toxics.Fault{toxics.OneWay("api", "web").From(10 * time.Second).For(5 * time.Second)},
		body: func(w *world) {
			client, server := w.ends("web", "api:80")
			w.echoes("db:80")
			w.echoes("api:81")
			others := []*caller{w.call("web", "db:80"), w.call("client", "api:81")}
			w.later(12 * time.Second)
			w.say("%s", server.send("down"))
			says := client.hears("down")
			w.busy(others...)
			w.say("%s", client.send("up"))
			server.hears("up")()
			w.later(8 * time.Second)
			says()
		},
		want: ", , up behind 1, down behind 2",
	},
	{
		name:   "refused for a while",
		faults: []toxics.Fault{toxics.Inject(toxics.Refuse{}).Between("", "api:80").From(10 * time.Second).For(5 * time.Second)},
		body: func(w *world) {
			w.echoes("api:80")
			w.echoes("api:81")
			w.echoes("db:80")
			old := w.call("client", "api:80")
			w.later(12 * time.Second)
			w.try("client", "api:80")
			w.try("client", "api:81")
			w.try("client", "db:80")
			old.ask("goes on")
			w.later(8 * time.Second)
			w.try("client", "api:80")
		},
		want: "refused, hello, hello, goes on, hello",
	},
	{
		name:   "refused twice",
		faults: []toxics.Fault{toxics.Inject(toxics.Refuse{}).First(2)},
		body: func(w *world) {
			w.echoes("api:80")
			for range 3 {
				w.try("client", "api:80")
			}
		},
		want: "refused, refused, hello",
	},
	{
		name:   "dials that fail",
		faults: []toxics.Fault{toxics.Inject(toxics.FailDial{}).Between("web", "").First(1), toxics.Inject(toxics.FailDial{Errno: syscall.ENETDOWN}).Between("db", "")},
		body: func(w *world) {
			w.echoes("api:80")
			for _, host := range []string{"client", "web", "web", "db"} {
				w.try(host, "api:80")
			}
		},
		want: "hello, unreachable, hello, down",
	},
	{
		name:   "a slow dial",
		faults: []toxics.Fault{toxics.Inject(toxics.SlowDial{Delay: 20 * time.Millisecond}).First(1), toxics.Inject(toxics.SlowDial{Delay: time.Hour}).Between("web", "")},
		body: func(w *world) {
			w.echoes("api:80")
			w.try("client", "api:80")
			w.say("%s", ending(w.soon("web", "api:80")))
		},
		want:  "hello, too late",
		least: 40 * time.Millisecond,
		blind: []string{"one more", "always"}, // the second one ends by its context
	},
	{
		name:   "no dial gets through a partition",
		faults: []toxics.Fault{toxics.OneWay("api", "web").From(10 * time.Second).For(time.Hour)},
		body: func(w *world) {
			w.echoes("api:80")
			w.later(time.Minute)
			w.echoes("db:80")
			w.try("client", "api:80")
			w.try("web", "db:80")
			w.say("%s", ending(w.soon("web", "api:80")))
			w.later(2 * time.Hour)
			w.try("web", "api:80")
		},
		want:  "hello, hello, too late, hello",
		blind: []string{"both ways", "at once", "turned"}, // a dial needs both directions
	},
	{
		name:   "a dial outlasts a partition",
		faults: []toxics.Fault{toxics.Partition("client", "api").For(10 * time.Second)},
		body: func(w *world) {
			w.echoes("api:80")
			connected := make(chan int32)
			go func() {
				w.try("client", "api:80")
				connected <- w.step.Load()
			}()
			w.echoes("db:80")
			w.busy(w.call("client", "db:80"), w.call("db", "api:80"))
			w.later(20 * time.Second)
			w.say("behind %d", <-connected)
		},
		want:  "hello, behind 1",
		blind: []string{"at once"},
	},
	{
		name:   "lookups",
		faults: []toxics.Fault{toxics.Inject(toxics.FailLookup{NotFound: true}).Between("", "api").First(1), toxics.Inject(toxics.FailLookup{}).Between("web", "api").First(1), toxics.Inject(toxics.SlowLookup{Delay: 20 * time.Millisecond}).Between("", "db")},
		body: func(w *world) {
			w.echoes("api:80")
			w.echoes("db:80")
			for _, host := range []string{"client", "client", "web", "web"} {
				w.try(host, "db:80")
				w.try(host, "api:80")
			}
			w.try("client", "nowhere:80")
		},
		want:  "hello, no such host, hello, hello, hello, no answer, hello, hello, no such host",
		least: 80 * time.Millisecond,
	},
	{
		name: "a server that starts again",
		body: func(w *world) {
			closes := w.echoes("api:80")
			old := w.call("client", "api:80")
			old.ask("old")
			closes()
			w.try("client", "api:80")
			old.ask("goes on")
			w.echoes("api:80")
			w.try("client", "api:80")
		},
		want: "old, refused, goes on, hello",
	},
	{
		name: "applied and lifted",
		body: func(w *world) {
			w.echoes("api:80")
			c := w.call("client", "api:80")
			c.ask("a")
			a := w.Apply(cut)
			c.ask("hello")
			w.try("client", "api:80")
			a.Change(toxics.Cut{After: 4})
			w.try("client", "api:80")
			a.Lift()
			w.try("client", "api:80")
			w.Apply(toxics.Inject(toxics.Refuse{}))
			w.try("client", "api:80")
			w.say("%d unmatched", len(w.Unmatched()))
		},
		want: "a, hel EOF, hel EOF, hell EOF, hello, refused, 0 unmatched",
	},
	{
		name:   "nobody is called that",
		faults: []toxics.Fault{cut.Between("", "appi")},
		body: func(w *world) {
			w.echoes("api:80")
			w.try("client", "api:80")
			w.say("%d unmatched", len(w.Unmatched()))
		},
		want:  "hello, 1 unmatched, ErrUnmatched",
		blind: []string{"never", "turned", "a byte more"}, // it does nothing anyway
	},
}

// soon dials, and gives up soon.
func (w *world) soon(host, address string) error {
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Millisecond)
	defer cancel()
	c, err := w.dial(ctx, host, address)
	if err == nil {
		c.Close()
		return fmt.Errorf("connected")
	}
	return err
}

// Where and when a fault is in force is the same on both engines, and so is what comes of it.
// Neither is early; how late real TCP was is logged.
func TestTheEnginesAgreeOnFaults(t *testing.T) {
	for _, s := range faultSpecs {
		t.Run(s.name, func(t *testing.T) {
			p := toxics.Plan{Seed: 5, Faults: s.faults}
			for engine, run := range map[string]func(*testing.T, toxics.Plan, func(*world)) (string, time.Duration){"virtual": virtually, "real": really} {
				said, took := run(t, p, s.body)
				if said != s.want {
					t.Errorf("%s:\n got %s\nwant %s", engine, said, s.want)
				}
				if took < s.least {
					t.Errorf("%s: took %v, which is earlier than %v", engine, took, s.least)
				}
				t.Logf("%s: %v", engine, took)
			}
		})
	}
}

// mutants are what an engine does that gets one thing about a fault wrong.
var mutants = map[string]func(toxics.Fault) toxics.Fault{
	"never":     func(f toxics.Fault) toxics.Fault { f.Start = toxics.MaxDelay; return f },
	"at once":   func(f toxics.Fault) toxics.Fault { f.Start = 0; return f },
	"for ever":  func(f toxics.Fault) toxics.Fault { f.Span = 0; return f },
	"one more":  func(f toxics.Fault) toxics.Fault { f.Count += min(1, f.Count); return f },
	"always":    func(f toxics.Fault) toxics.Fault { f.Count = 0; return f },
	"anybody":   func(f toxics.Fault) toxics.Fault { f.Source = ""; return f },
	"any port":  func(f toxics.Fault) toxics.Fault { f.Target, _, _ = strings.Cut(f.Target, ":"); return f },
	"any place": func(f toxics.Fault) toxics.Fault { f.Target = ""; return f },
	"both ways": func(f toxics.Fault) toxics.Fault { f.Effect = toxics.Severed{}; return f },
	"a byte more": func(f toxics.Fault) toxics.Fault {
		if c, ok := f.Effect.(toxics.Cut); ok {
			c.After++
			f.Effect = c
		}
		return f
	},
	"turned": func(f toxics.Fault) toxics.Fault { f.Source, f.Target = f.Target, f.Source; return f },
}

// Each spec notices each mutant that makes a difference to its first fault, unless it says
// why not: otherwise it would not notice such an engine.
func TestTheSpecsNoticeAWrongEngine(t *testing.T) {
	runs := 0
	for _, s := range faultSpecs {
		if len(s.faults) == 0 {
			continue
		}
		for name, mutate := range mutants {
			faults := slices.Clone(s.faults)
			faults[0] = mutate(faults[0])
			if faults[0] == s.faults[0] || slices.Contains(s.blind, name) || faults[0].Validate() != nil {
				continue
			}
			severed, severs := s.faults[0].Effect.(toxics.Severed)
			if name == "both ways" && !severs || name == "turned" && severs && !severed.OneWay {
				continue
			}
			runs++
			said, took := virtually(t, toxics.Plan{Seed: 5, Faults: faults}, s.body)
			if said == s.want && took >= s.least {
				t.Errorf("%s: %q is not noticed", s.name, name)
			}
		}
	}
	t.Logf("%d mutants", runs)
}
