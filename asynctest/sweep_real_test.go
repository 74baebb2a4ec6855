package asynctest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
	"github.com/windtunnel-go/windtunnel/toxics/tcp"
)

// greeted is a client that reads a greeting in two parts, and asks for the second one, from so
// many connections, on any network.
func greeted(loop *fakeloop.Loop, network Network, connections int, read func(io.Reader) (string, error)) any {
	l, err := network.Listen("api:80")
	if err != nil {
		return fakeloop.Rejected[string](loop, err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "5he")
			_, _ = conn.Read(make([]byte, 1))
			_, _ = io.WriteString(conn, "llo")
			_ = conn.Close()
		}
	}()
	return fakeloop.Offload(loop, "greet", func(ctx context.Context) (text string, err error) {
		for range connections {
			conn, err := network.DialContext(ctx, "tcp", "api:80")
			if err != nil {
				return "", err
			}
			first := make([]byte, 3)
			_, err = io.ReadFull(conn, first)
			if err == nil {
				_, err = conn.Write([]byte("?"))
			}
			if err == nil {
				text, err = read(conn)
			}
			if err = errors.Join(err, conn.Close()); err != nil {
				return "", err
			}
			text = string(first) + text
		}
		return text, nil
	})
}

// whole reads the second part of a greeting, and half takes what comes of it.
func whole(r io.Reader) (string, error) {
	b := make([]byte, 3)
	_, err := io.ReadFull(r, b)
	return string(b), err
}

func half(r io.Reader) (string, error) {
	b, err := io.ReadAll(r)
	return string(b), err
}

// realTCP is the engine of package toxics/tcp, and inMemory that of package toxics.
func realTCP(plan toxics.Plan) (Network, error) { return tcp.Listen(tcp.Config{Plan: plan}) }

func inMemory(plan toxics.Plan) (Network, error) {
	return toxics.NewNetwork(toxics.Config{Plan: plan})
}

// sampled is a scenario with a sample on real TCP.
func sampled(connections int, read func(io.Reader) (string, error), listen func(toxics.Plan) (Network, error)) Scenario {
	return Scenario{
		Name: "TestSampled",
		Run:  func(tunnel *Tunnel) any { return greeted(tunnel.Loop, tunnel.Net, connections, read) },
		Leave: []LeftOut{
			{Point: "offload *", Why: "it is about the network"}, {Point: "* api:80*", Why: "it is about the client"},
			{Point: "accept *", Why: "it is about the client"},
			{Faults: []fakeloop.FaultKind{fakeloop.FaultBlackHole}, Why: "the client has no timeout"},
		},
		Real: Real{Listen: listen, Run: func(tunnel *RealTunnel) any { return greeted(tunnel.Loop, tunnel.Net, connections, read) }},
	}
}

// What a plan can do comes to the same on real TCP, and the rest is listed by name:
// nothing that was asked for is missing.
func TestSampleOnRealTCP(t *testing.T) {
	g := NewWithT(t)
	r := mustSweep(g, sampled(1, whole, realTCP))
	g.Expect(r.Findings).To(BeEmpty(), "%v", r)
	g.Expect(r.Sampled).To(ContainElements(
		Sampled{"reset at read client<api:80 conn 1 #1", "error", "error"},
		Sampled{"cut at read client<api:80 conn 1 #1", "error", "error"},
		Sampled{"reset at read client<api:80 conn 1 #2", "error", "error"},
		Sampled{"cut at read client<api:80 conn 1 #2", "error", "error"},
	))
	for _, p := range r.Points {
		what, _, _ := strings.Cut(p.Name, " ")
		for _, way := range p.Ways {
			cell, _ := r.Cell(p.Name, way)
			made := func(s Sampled) bool { return s.Fault == way+" at "+p.Name }
			known := cell == "left out"
			for _, s := range r.Sampled {
				known = known || made(s)
			}
			for _, text := range r.NotSampled {
				known = known || strings.HasPrefix(text, way+" at "+what+": ")
			}
			g.Expect(known).To(BeTrue(), "%s at %s\n%v", way, p.Name, r)
		}
	}
	g.Expect(r.NotSampled).To(ContainElements(
		"slow at read: it is about time, which passes there: a run would take minutes",
		"error at read: it is no fault of the network: only a fake can have it",
		"timeout at read: it is no fault of the network: only a fake can have it",
	))
	g.Expect(r.String()).To(SatisfyAll(
		ContainSubstring("\non real TCP, too:\n"),
		ContainSubstring("\n  reset at read client<api:80 conn 1 #1: error, as in virtual time\n"),
		ContainSubstring("\nnot on real TCP:\n"),
	))
}

// A bug that is found in virtual time is one on real TCP, too: of those the sample can be.
func TestSampleOfWhatFoundSomething(t *testing.T) {
	g := NewWithT(t)
	s := sampled(1, half, realTCP)
	s.Real.Found = true
	s.Real.Faults = []fakeloop.FaultKind{fakeloop.FaultCut, fakeloop.FaultReset}
	r := mustSweep(g, s)
	g.Expect(r.Sampled).To(Equal([]Sampled{{"cut at read client<api:80 conn 1 #2", "wrong value", "wrong value"}}))
	g.Expect(r.Findings).To(HaveLen(1), "%v", r)
	g.Expect(r.NotSampled).To(BeEmpty())
}

// Faults with a place can be asked of both engines, and come to the same on both: what there
// is on real TCP is for its engine to say.
func TestSampleWithPlacesInThePlan(t *testing.T) {
	for name, listen := range map[string]func(toxics.Plan) (Network, error){"in memory": inMemory, "on real TCP": realTCP} {
		t.Run(name, func(t *testing.T) { sampleWithPlaces(t, listen) })
	}
}

func sampleWithPlaces(t *testing.T, listen func(toxics.Plan) (Network, error)) {
	g := NewWithT(t)
	s := sampled(2, whole, listen)
	r := mustSweep(g, s)
	g.Expect(r.Findings).To(BeEmpty(), "%v", r)
	g.Expect(r.Sampled).To(Equal([]Sampled{
		{"error at lookup client>api #1", "error", "error"},
		{"refused at dial client>api:80 #1", "error", "error"},
		{"error at dial client>api:80 #1", "error", "error"},
		{"timeout at dial client>api:80 #1", "error", "error"},
		{"reset at read client<api:80 conn 1 #1", "error", "error"},
		{"cut at read client<api:80 conn 1 #1", "error", "error"},
		{"reset at read client<api:80 conn 1 #2", "error", "error"},
		{"cut at read client<api:80 conn 1 #2", "error", "error"},
	}))
	g.Expect(r.NotSampled).To(ContainElements(
		"reset at read: a plan can tell the first one from the others, and no other",
		"refused at dial: a plan can tell the first one from the others, and no other",
	))
	all := len(r.Sampled)
	s.Real.Every = 4
	g.Expect(mustSweep(g, s).Sampled).To(HaveLen((all + 3) / 4))
	s.Real.Point = "dial *"
	g.Expect(mustSweep(g, s).Sampled).To(Equal([]Sampled{{"refused at dial client>api:80 #1", "error", "error"}}))
}

// The union of the samples of shards is that of the whole.
func TestSampleOfShards(t *testing.T) {
	g := NewWithT(t)
	s := sampled(1, half, inMemory)
	whole := mustSweep(g, s)
	var together *SweepReport
	for s.Shards = 2; s.Shard < s.Shards; s.Shard++ {
		if r := mustSweep(g, s); together == nil {
			together = r
		} else {
			together.Merge(r)
		}
	}
	g.Expect(together.Sampled).To(Equal(whole.Sampled))
	g.Expect(together.NotSampled).To(Equal(whole.NotSampled))
	g.Expect(whole.Sampled).NotTo(BeEmpty())
	g.Expect(whole.NotSampled).To(ContainElement("reset at read: a plan breaks a stream where bytes pass, and not at its end"))
	for _, f := range whole.Findings {
		g.Expect(f.Check).NotTo(Equal(FoundDiffers), "%v", whole)
	}
}

// One outcome in virtual time and another on real TCP is a finding.
func TestSampleThatDiffers(t *testing.T) {
	g := NewWithT(t)
	s := sampled(1, whole, func(toxics.Plan) (Network, error) { return inMemory(toxics.Plan{}) })
	s.Real.Faults, s.Real.Point = []fakeloop.FaultKind{fakeloop.FaultReset}, "read * #1"
	r := mustSweep(g, s)
	g.Expect(r.Findings).To(HaveLen(1), "%v", r)
	f := r.Findings[0]
	g.Expect(f.Check).To(Equal(FoundDiffers))
	g.Expect(f.Place).To(Equal("read client<api:80 conn 1"))
	g.Expect(f.Text).To(MatchRegexp(`(?s)^in virtual time the outcome is: error; on real TCP, with the plan\n.*cut.*\nit is: error lost$`))
	g.Expect(r.String()).To(ContainSubstring("  reset at read client<api:80 conn 1 #1: error lost, and error in virtual time\n"))

	t.Setenv(SweepVariable, f.Fault) // the line to reproduce it makes both runs
	one := mustSweep(g, s)
	g.Expect(one.Findings).To(Equal([]Finding{f}))
}

// What gets lost in both is no difference, whichever error the fault stands for.
func TestSampleOfWhatGetsLost(t *testing.T) {
	for name, lose := range map[string]func(error) (string, error){
		"made anew": func(err error) (string, error) { return "", fmt.Errorf("no greeting: %v", err) },
		"dropped":   func(error) (string, error) { return "5hello", nil },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			losing := func(loop *fakeloop.Loop, network Network) any {
				return fakeloop.Catch(greeted(loop, network, 1, whole).(*fakeloop.Future[string]), lose)
			}
			s := sampled(1, whole, realTCP)
			s.Run = func(tunnel *Tunnel) any { return losing(tunnel.Loop, tunnel.Net) }
			s.Real.Run = func(tunnel *RealTunnel) any { return losing(tunnel.Loop, tunnel.Net) }
			s.Leave = append(s.Leave, LeftOut{Point: "close *", Why: "it is not on real TCP"})
			s.Real.Faults = []fakeloop.FaultKind{fakeloop.FaultError, fakeloop.FaultRefused, fakeloop.FaultTimeout, fakeloop.FaultReset}
			r := mustSweep(g, s)
			g.Expect(r.Sampled).To(ContainElement(Sampled{Fault: "error at lookup client>api #1", Virtual: "error lost", Real: "error lost"}))
			g.Expect(r.Sampled).To(HaveEach(HaveField("Real", "error lost")))
			g.Expect(r.Findings).NotTo(ContainElement(HaveField("Check", FoundDiffers)), "%v", r)
		})
	}
}

// How an outcome on real TCP is told from others.
func TestOutcomesOnRealTCP(t *testing.T) {
	faults := errors.New("no errno of a reset")
	for name, c := range map[string]struct {
		outcome func(loop *fakeloop.Loop) any
		handled bool
		want    string
	}{
		"the value":         {func(l *fakeloop.Loop) any { return fakeloop.Resolved(l, "5hello") }, true, "ok"},
		"an error lost":     {func(l *fakeloop.Loop) any { return fakeloop.Resolved(l, "5hello") }, false, "error lost"},
		"another value":     {func(l *fakeloop.Loop) any { return fakeloop.Resolved(l, "5he") }, false, "wrong value"},
		"another error":     {func(l *fakeloop.Loop) any { return fakeloop.Rejected[string](l, faults) }, false, "error lost"},
		"one to be handled": {func(l *fakeloop.Loop) any { return fakeloop.Rejected[string](l, faults) }, true, "not handled"},
		"none":              {func(l *fakeloop.Loop) any { return fakeloop.NewPromise[string](l, "never").Future() }, false, "never settled"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			s := sampled(1, whole, inMemory)
			s.Leave = append(s.Leave, LeftOut{Point: "dial *", Why: "one fault is enough"}, LeftOut{Point: "lookup *", Why: "one fault is enough"}, LeftOut{Point: "close *", Why: "one fault is enough"})
			s.Real.Point, s.Real.Faults, s.Real.Patience = "read * #1", []fakeloop.FaultKind{fakeloop.FaultReset}, time.Minute
			if c.want == "never settled" {
				s.Real.Patience = time.Millisecond
			}
			if c.handled {
				s.Handles = append(s.Handles, Handled{Point: "read *"})
			}
			calls := 0
			s.Real.Run = func(tunnel *RealTunnel) any {
				if calls++; calls == 1 {
					return fakeloop.Resolved(tunnel.Loop, "5hello")
				}
				g.Expect(tunnel.Context().Err()).NotTo(HaveOccurred())
				return c.outcome(tunnel.Loop)
			}
			g.Expect(mustSweep(g, s).Sampled).To(HaveExactElements(HaveField("Real", c.want)))
		})
	}
}

// What cannot be sampled at all says so.
func TestSamplesThatCannotBe(t *testing.T) {
	run := func(tunnel *RealTunnel) any { return greeted(tunnel.Loop, tunnel.Net, 1, whole) }
	broken := errors.New("no ports left")
	times := 0
	for name, c := range map[string]struct {
		real Real
		want string
	}{
		"no Run":     {Real{Listen: inMemory}, "asynctest: a Real needs both Run and Listen"},
		"no Listen":  {Real{Run: run}, "asynctest: a Real needs both Run and Listen"},
		"negative":   {Real{Run: run, Listen: inMemory, Every: -1}, "asynctest: Every and Patience of a Real must not be negative: -1, 0s"},
		"no network": {Real{Run: run, Listen: func(toxics.Plan) (Network, error) { return nil, broken }}, "asynctest: sweep of TestSampled, without faults on real TCP: no ports left"},
		"none with a plan": {Real{Run: run, Listen: func(p toxics.Plan) (Network, error) {
			if times++; times > 1 {
				return nil, broken
			}
			return inMemory(p)
		}}, "asynctest: sweep of TestSampled, error at lookup client>api #1 on real TCP: no ports left"},
		"no future":     {Real{Run: func(*RealTunnel) any { return 7 }, Listen: inMemory}, "asynctest: sweep of TestSampled, without faults on real TCP: Real.Run takes a future: "},
		"another value": {Real{Run: func(tunnel *RealTunnel) any { return fakeloop.Resolved(tunnel.Loop, "bye") }, Listen: inMemory}, "asynctest: sweep of TestSampled: without faults the outcome on real TCP is wrong value, and ok in virtual time, so there is nothing to compare with"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			s := sampled(1, whole, inMemory)
			s.Real = c.real
			s.Leave = append(s.Leave, LeftOut{Point: "dial *", Why: "one fault is enough"}, LeftOut{Point: "read *", Why: "one fault is enough"}, LeftOut{Point: "close *", Why: "one fault is enough"})
			s.Progress.Out = io.Discard
			_, err := s.Sweep()
			g.Expect(err).To(MatchError(HavePrefix(c.want)), fmt.Sprint(err))
		})
	}
}
