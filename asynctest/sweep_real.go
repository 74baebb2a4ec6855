package asynctest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// Real says which runs of a sweep are made on real TCP, too, with the same fault as a plan of
// package toxics, to see that they come to the same outcome there. The zero value means none.
//
//	fetching := func(loop *fakeloop.Loop, network Network) any {
//		network.Serve("api:80", handler)
//		return client.New(loop, network.DialContext).Fetch("http://api/x")
//	}
//	Sweep(t, Scenario{
//		Run: func(tunnel *Tunnel) any { return fetching(tunnel.Loop, tunnel.Net) },
//		Real: Real{
//			Run:    func(tunnel *RealTunnel) any { return fetching(tunnel.Loop, tunnel.Net) },
//			Listen: func(plan toxics.Plan) (Network, error) { return tcp.Listen(tcp.Config{Plan: plan}) },
//			Faults: []fakeloop.FaultKind{fakeloop.FaultReset, fakeloop.FaultCut},
//		},
//	})
//
// It takes one real run without faults and one for each fault of the sample, with a loop in
// Wall mode. Only the outcome is looked at. Where it is another one than in virtual time,
// that is a finding. What was asked for and cannot be done on real TCP is listed in the
// report, with the reason.
type Real struct {
	// Run is that of the scenario, on real TCP.
	Run func(tunnel *RealTunnel) any

	// Listen opens a network with a plan. If errors.Is finds errors.ErrUnsupported in its
	// error, the network cannot run that plan: then the run is not made.
	Listen func(plan toxics.Plan) (Network, error)

	// Point and Faults choose those that fit both, as in [Handled]; empty means any.
	Point  string
	Faults []fakeloop.FaultKind

	// Found chooses, of those, the ones that found something in virtual time.
	Found bool

	// Every chooses, of those that are left and can be done, each so manieth, from the first
	// on. 0 means all.
	Every int

	// Patience is how much real time an outcome may take. 0 means DefaultPatience.
	Patience time.Duration

	_ struct{}
}

// DefaultPatience is how much real time an outcome may take on real TCP without a
// [Real].Patience.
const DefaultPatience = 10 * time.Second

// Network is what a scenario uses of a network, the tunnel's or one on real TCP: both
// *toxics.Network and *tcp.Network of package toxics/tcp are one.
type Network interface {
	Listen(address string) (net.Listener, error)
	Serve(address string, handler http.Handler) *http.Server
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
	Close() error
}

// RealTunnel is what a scenario works in on real TCP. It is closed when the outcome has
// come.
type RealTunnel struct {
	Loop *fakeloop.Loop // in Wall mode
	Net  Network
	ctx  context.Context
}

// Context returns a context that is cancelled when the run is over, with the cause
// [ErrTunnelClosed].
func (t *RealTunnel) Context() context.Context { return t.ctx }

// Sampled is what came of one run on real TCP.
type Sampled struct {
	Fault   string `json:"fault"`   // the text of the run
	Virtual string `json:"virtual"` // the outcome in virtual time: "ok", "error", or what was found about it
	Real    string `json:"real"`    // on real TCP
}

// FoundDiffers is a run that comes to another outcome on real TCP.
const FoundDiffers SweepCheck = "differs on real TCP"

// candidate is a run that can be asked for on real TCP.
type candidate struct {
	run     explore.Run
	ended   string // how
	redials bool   // it dials again behind the fault
}

func (r Real) isZero() bool { return r.Run == nil && r.Listen == nil }

// check says what is wrong with what is asked for.
func (r Real) check() error {
	switch {
	case r.isZero():
		return nil
	case r.Run == nil || r.Listen == nil:
		return errors.New("asynctest: a Real needs both Run and Listen")
	case r.Every < 0 || r.Patience < 0:
		return fmt.Errorf("asynctest: Every and Patience of a Real must not be negative: %d, %v", r.Every, r.Patience)
	}
	return nil
}

// consider keeps a run that may be made on real TCP.
func (w *sweeper) consider(run explore.Run, v verdict, points []explore.Point) {
	if w.Real.isZero() || len(run.Faults) != 1 || run.Seed != 0 || v.Outcome == cellMissed {
		return
	}
	f := run.Faults[0]
	if covers(w.Real.Point, w.Real.Faults, f) && (len(v.Findings) > 0 || !w.Real.Found) {
		redials := slices.ContainsFunc(points, func(p explore.Point) bool { return strings.HasPrefix(p.Name, "dial ") })
		w.candidates = append(w.candidates, candidate{run, v.Ended, redials})
	}
}

// sample makes the runs on real TCP.
func (w *sweeper) sample() error {
	without := w.without[0]
	if len(w.candidates) == 0 || without == nil {
		return nil
	}
	plain, err := w.real(toxics.Plan{}, without, nil)
	if err != nil {
		return fmt.Errorf("asynctest: sweep of %s, without faults on real TCP: %w", w.Name, err)
	}
	if was := ended(without, without, nil); plain != was {
		return fmt.Errorf("asynctest: sweep of %s: without faults the outcome on real TCP is %s, and %s in virtual time, so there is nothing to compare with", w.Name, plain, was)
	}
	done := 0
	for _, c := range w.candidates {
		f := c.run.Faults[0]
		on := w.report.onWire(f, c.redials)
		why := on.why
		if why == "" {
			if done++; w.Real.Every > 1 && (done-1)%w.Real.Every != 0 {
				continue
			}
			why, err = w.sampleOne(c, on)
		}
		if err != nil {
			return err
		}
		if why != "" {
			w.report.unsampled(f, why)
		}
	}
	return nil
}

// sampleOne makes one run on real TCP, with the first of the plans that the network can
// run; why says that it can run none.
func (w *sweeper) sampleOne(c candidate, on wire) (why string, err error) {
	for _, plan := range on.plans {
		real, err := w.real(plan, w.without[0], &realFault{on.told, w.handles(c.run.Faults[0])})
		if errors.Is(err, errors.ErrUnsupported) {
			why = cmp.Or(why, err.Error())
			continue
		}
		if err != nil {
			return "", fmt.Errorf("asynctest: sweep of %s, %v on real TCP: %w", w.Name, c.run, err)
		}
		w.report.Sampled = append(w.report.Sampled, Sampled{Fault: c.run.String(), Virtual: c.ended, Real: real})
		if real != c.ended {
			point, _, _ := strings.Cut(c.run.Faults[0].Point, " #")
			w.report.all = append(w.report.all, Finding{
				Check: FoundDiffers, Place: point, Run: c.run, Fault: c.run.String(), Reproduce: w.command(c.run),
				Text: fmt.Sprintf("in virtual time the outcome is: %s; on real TCP, with the plan\n%v\nit is: %s", c.ended, plan, real),
			})
		}
		return "", nil
	}
	return why, nil
}

// realFault is the fault of a run on real TCP.
type realFault struct {
	told    func(err error) bool // whether an outcome tells of it; nil if nobody is told
	handled bool
}

// real makes one run on real TCP and returns how it ended.
func (w *sweeper) real(plan toxics.Plan, without *played, f *realFault) (string, error) {
	network, err := w.Real.Listen(plan)
	if err != nil {
		return "", err
	}
	loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall, Sites: true})
	ctx, cancel := context.WithCancelCause(context.Background())
	defer func() {
		cancel(ErrTunnelClosed)
		_ = network.Close() // what is lost there is in the outcome, or nobody asks
		_ = loop.Close()
	}()
	outcome := AsFuture(w.Real.Run(&RealTunnel{Loop: loop, Net: network, ctx: ctx}), WithGuard(cmp.Or(w.Real.Patience, DefaultPatience)))
	if outcome.wrong != nil {
		return "", fmt.Errorf("Real.Run %w", outcome.wrong)
	}
	_ = outcome.await() // what it says is that there is no outcome
	p := &played{}
	outcome.look()
	p.value, p.err, p.settled = outcome.Outcome()
	return w.endedReal(p, without, f), nil
}

// ended is how a run came out, in one word: that of a finding about the outcome, or else
// whether it is an error.
func ended(p, without *played, findings []Finding) string {
	for _, f := range findings {
		switch f.Check {
		case FoundWrongValue, FoundErrorLost, FoundNotHandled:
			return string(f.Check)
		}
	}
	switch {
	case !p.settled:
		return string(FoundPending)
	case p.err != nil && without.err == nil:
		return cellError
	}
	return cellValue
}

// endedReal is the same of a run on real TCP, where errors of the system take the place of
// injected ones.
func (w *sweeper) endedReal(p, without *played, f *realFault) string {
	told := f != nil && f.told != nil && !f.handled
	switch {
	case !p.settled:
		return string(FoundPending)
	case p.err == nil && (without.err != nil && w.Value == nil || w.right(p.value, without.value) != nil):
		return string(FoundWrongValue)
	case p.err == nil && told:
		return string(FoundErrorLost)
	case p.err == nil || without.err != nil && f == nil:
		return cellValue
	case f != nil && f.handled:
		return string(FoundNotHandled)
	case told && !f.told(p.err):
		return string(FoundErrorLost)
	}
	return cellError
}
