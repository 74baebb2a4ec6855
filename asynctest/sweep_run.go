package asynctest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
	"github.com/windtunnel-go/windtunnel/asynctest/internal/rerun"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// linger is how much virtual time there is behind the outcome before what is left is
// counted: for what comes late, and what a pool keeps for a while.
const linger = 3 * time.Minute

// played is one run and what was seen of it.
type played struct {
	run    explore.Run
	points []explore.Point // as explore.Sweep takes them
	missed []explore.Fault
	faults []*fakeloop.Fault
	early  int           // how many of the faults came before the outcome
	events int           // of the timeline, when the waiting for the outcome ended
	at     time.Duration // when that was
	replay *fakeloop.Recording

	bubble  bubble.Result // of the scenario's own code
	closing bubble.Result

	outcome bool // there is a future
	wrong   error
	settled bool
	late    bool // it is not settled by the deadline, and not yet or later
	idle    bool // nothing happens any more
	value   any
	err     error
	future  string
	wait    string            // where the waiting began, if it is not settled
	beside  map[leftover]bool // goroutines that there are when the outcome of the run without faults comes
	storm   string            // why its loop was given up, if it ran callbacks for ever
	second  string            // the outcome that came behind the first

	secondErr error  // if it is one
	secondAt  string // the line from which it came, if that is known

	lost       []error // what nobody looked at, and what else the loop says
	left       []leftover
	goroutines []leftover
	blocks     []blocking.Block
	trails     []fakeloop.Trail // of the faults
	log        *timeline.Timeline
}

// leftover is something that has not ended, and the line in the user's code that tells
// what it is. One that is named is a goroutine of Loop.Go; the place of one that is own is
// not in the user's code, since no line of that is on its stack.
type leftover struct {
	what, text, place string
	named, own        bool
}

// play makes one run in a bubble. An error means that it spins.
func (w *sweeper) play(b *bubble.Bubble, run explore.Run) (*played, error) {
	source := run.Source()
	recording := fakeloop.Record(source)
	p := &played{run: run, replay: recording}
	seed := rerun.Seed(rerun.Base(defaultBase), w.Name, 1)
	if run.Seed != 0 {
		seed = run.Seed
	}
	options := append([]TunnelOption{}, w.Tunnel...)
	options = append(options, WithSeed(seed), withDecisions(recording), withoutDetector, w.bounds())
	var tunnel *Tunnel
	p.bubble = b.Run(bubble.Call{Restless: true, Horizon: bubble.DefaultHorizon + 3*w.Deadline, Body: func(context.Context) {
		tunnel = NewTunnel(options...)
		outcome := w.Run(tunnel)
		p.await(w, tunnel, outcome, source)
	}})
	source.End()
	if p.bubble.Outcome == bubble.Spinning {
		return p, w.spins(p) // what is in the bubble goes on, and writes to p
	}
	p.closing = b.Run(bubble.Call{Restless: true, Body: func(context.Context) {
		if tunnel == nil {
			return
		}
		p.look(tunnel)
		p.lost = append(p.lost, flatten(tunnel.Close())...)
		p.goroutines = leftGoroutines(time.Minute)
	}})
	p.points, p.missed = source.Points(), source.Missed()
	if len(run.Faults) > 0 {
		p.points = source.Behind()
	}
	return p, w.spins(p)
}

// bounds keeps a run that has gone astray from running for long.
func (w *sweeper) bounds() TunnelOption {
	return tunnelOption(func(c *tunnelConfig) {
		c.loop.Horizon = w.Deadline
		if w.limit > 0 && c.loop.Limit == 0 {
			c.loop.Limit = w.limit
		}
	})
}

// await waits for the outcome, up to the deadline, and as long again to see whether it
// comes at all.
func (p *played) await(w *sweeper, tunnel *Tunnel, outcome any, source *explore.Source) {
	f := AsFuture(outcome, WithGuard(w.Deadline))
	if f.wrong != nil {
		p.wrong = f.wrong
		return
	}
	p.outcome = true
	err := throughEscapes(tunnel.Loop, f.await)
	p.early, p.events, p.at = source.Struck(), tunnel.Loop.Timeline().Len(), tunnel.Loop.Elapsed()
	if !f.look() {
		p.late = true
		if l, ok := errors.AsType[*fakeloop.LimitError](err); ok && l.Horizon == 0 {
			p.storm = l.Error()
		}
		events := tunnel.Loop.Timeline().Len()
		if errors.Is(err, fakeloop.ErrClosed) {
			return
		}
		_ = throughEscapes(tunnel.Loop, f.await)
		p.idle = tunnel.Loop.Timeline().Len() == events && !sleeping(tunnel.Loop)
	}
	if tunnel.Loop.Elapsed() > w.Deadline {
		p.late = true
	}
	p.future = plain(f.String())
	p.value, p.err, p.settled = f.Outcome()
	if !p.settled {
		p.wait = w.whereItWaits(p, tunnel.Loop, f)
		return
	}
	if len(p.run.Faults) == 0 {
		p.beside = map[leftover]bool{}
		for _, g := range leftGoroutines(0) {
			p.beside[g] = true
		}
	}
	if own, ok := f.of.own.(interface{ ID() timeline.ID }); ok {
		p.early = struckBefore(tunnel.Loop.Timeline(), own.ID())
	}
	p.lost = flatten(throughEscapes(tunnel.Loop, func() error { return tunnel.Loop.RunFor(linger) }))
	p.second, p.secondAt, p.secondErr = f.second()
}

// throughEscapes makes a call that waits for the loop. An injected runtime.Goexit leaves the
// loop, as that of a test's failure does, and reaches whoever waits; then the call is made
// again, since what counts is what became of the future. What else leaves the loop goes on.
func throughEscapes(loop *fakeloop.Loop, call func() error) (err error) {
	injected := func() (n int) {
		for _, f := range loop.Injected() {
			if f.Kind == fakeloop.FaultGoexit {
				n++
			}
		}
		return n
	}
	for escaped := 0; ; escaped++ {
		var value any
		returned := false
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() {
				if !returned {
					value = recover()
				}
			}()
			err = call()
			returned = true
		}()
		<-done
		switch {
		case returned:
			return err
		case value != nil:
			panic(value)
		case escaped >= injected():
			runtime.Goexit()
		}
	}
}

// sleeping reports whether a goroutine of the bubble is in time.Sleep. It looks at no
// round instant, at which one that sleeps again and again would be awake.
func sleeping(loop *fakeloop.Loop) bool {
	_ = loop.RunFor(7 * time.Millisecond)
	return slices.ContainsFunc(bubble.Left(), func(g bubble.Goroutine) bool { return g.State == "sleep" })
}

// struckBefore returns how many faults came before a future was settled.
func struckBefore(log *timeline.Timeline, id timeline.ID) int {
	n := 0
	for _, e := range log.All() {
		switch {
		case e.Kind == timeline.Settled && e.ID == id:
			return n
		case e.Kind == timeline.Chosen && strings.HasPrefix(e.Label, "fault: "):
			n++
		}
	}
	return n
}

// second returns the outcome that has come behind the one that settled the future, of a
// channel or of what Adapt has made; "" if there is none, or the future is of another kind.
func (f *AnyFuture) second() (outcome, at string, err error) {
	if f.of.own != nil {
		return "", "", nil
	}
	if f.of.consume {
		if v, ok := f.of.ready.TryRecv(); ok {
			value, err := f.of.read(v, ok)
			f.of.again(value, err, "")
		}
	}
	f.of.mu.Lock()
	defer f.of.mu.Unlock()
	switch e := f.of.extra; {
	case e == nil:
		return "", "", nil
	case e.err != nil:
		return "the error " + e.err.Error(), e.at, e.err
	default:
		return "the value " + show(e.value), e.at, nil
	}
}

// look takes stock of what is left when the scenario is over.
func (p *played) look(tunnel *Tunnel) {
	loop := tunnel.Loop
	p.faults = loop.Injected()
	for _, f := range p.faults {
		p.trails = append(p.trails, loop.Trail(f))
	}
	p.log = loop.Timeline()
	p.left = leftItems(loop)
	for _, c := range tunnel.Net.Unclosed() {
		_, at, _ := strings.Cut(c, ", dialled at ")
		p.left = append(p.left, leftover{what: "connection", text: "connection " + c + ", which nobody has closed", place: at})
	}
}

// flatten takes joined errors apart.
func flatten(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range joined.Unwrap() {
			out = append(out, flatten(e)...)
		}
		return out
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// leftGoroutines returns the goroutines that are left in the bubble, when those that need
// no more than so much time have ended.
func leftGoroutines(patience time.Duration) []leftover {
	if len(bubble.Left()) == 0 {
		return nil
	}
	time.Sleep(patience)
	var out []leftover
	for _, g := range bubble.Left() {
		l := leftover{what: "goroutine", text: "goroutine in " + g.State, named: g.IsNamed()}
		if at, ok := g.User(); ok {
			l.place, l.own = fmt.Sprintf("%s:%d", base(at.File), at.Line), at.IsOwn()
		}
		if g.Created.Func != "" {
			l.text += fmt.Sprintf(", started at %s:%d", base(g.Created.File), g.Created.Line)
		}
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b leftover) int { return strings.Compare(a.place+a.text, b.place+b.text) })
	return out
}

func base(file string) string { return file[strings.LastIndexByte(file, '/')+1:] }

// whereItWaits returns the line in the user's code at which the waiting for what does not
// come began, followed from the outcome: where a coroutine is suspended, or the future
// was made that waits, if a fault keeps the other from coming, or else the one that does
// not come. If the outcome is no future of the loop, it is where a goroutine waits that does
// not when the run without faults comes to its outcome, or else it is followed from the
// first future for which no other waits.
func (w *sweeper) whereItWaits(p *played, loop *fakeloop.Loop, f *AnyFuture) string {
	own, ofLoop := f.of.own.(interface{ ID() timeline.ID })
	if !ofLoop {
		without := w.without[p.run.Seed]
		for _, g := range leftGoroutines(0) {
			if g.place != "" && !g.own && (without == nil || !without.beside[g]) {
				return g.place
			}
		}
	}
	items := map[string]fakeloop.Item{}
	awaited := map[string]bool{}
	var at fakeloop.Item
	pending := loop.Pending()
	for _, i := range pending {
		if i.Kind == fakeloop.PendingFuture {
			items[futureName(i)] = i
			awaited[i.Awaiting] = true
			if ofLoop && i.ID == own.ID() {
				at = i
			}
		}
	}
	for _, i := range pending {
		if !ofLoop && at.ID == 0 && i.Kind == fakeloop.PendingFuture && !awaited[futureName(i)] {
			at = i
		}
	}
	suspended := suspensions(loop)
	waiter := at
	for range len(items) {
		next, known := items[at.Awaiting]
		if !known {
			break
		}
		waiter, at = at, next
	}
	if line := suspended[futureName(waiter)]; line != "" {
		return line
	}
	for _, f := range loop.Injected() {
		if f.Kind == fakeloop.FaultNever {
			return waiter.Site
		}
	}
	return at.Site
}

// leftItems returns what the loop still has to do or waits for. Of futures that wait for
// each other it is the last one, or the coroutine that waits for that.
func leftItems(loop *fakeloop.Loop) []leftover {
	items, suspended := loop.Pending(), suspensions(loop)
	waiter := map[string]fakeloop.Item{}
	for _, i := range items {
		if i.Awaiting != "" {
			waiter[i.Awaiting] = i
		}
	}
	var out []leftover
	for _, i := range items {
		at := i.Site
		switch w, ok := waiter[futureName(i)]; {
		case i.Kind == fakeloop.PendingFuture && i.Awaiting != "" && !strings.Contains(i.Awaiting, ", "):
			continue // the one for which it waits is there
		case i.Kind == fakeloop.PendingFuture && ok && suspended[futureName(w)] != "":
			i, at = w, suspended[futureName(w)]
		}
		text := plain(i.String())
		if cut := strings.Index(text, ", due at "); cut >= 0 && i.Site != "" {
			text = text[:cut] + ", made at " + i.Site
		}
		out = append(out, leftover{what: i.Kind.String(), text: text, place: at})
	}
	return out
}

// futureName is how fakeloop names a future for which another waits.
func futureName(i fakeloop.Item) string {
	i.Site, i.Awaiting = "", ""
	return strings.TrimSuffix(i.String(), ", pending")
}

// suspensions returns the lines at which coroutines are suspended, by the names of their
// futures.
func suspensions(loop *fakeloop.Loop) map[string]string {
	out := map[string]string{}
	for _, err := range loop.Unfinished() {
		if u, ok := errors.AsType[*fakeloop.UnfinishedError](err); ok {
			name, _, _ := strings.Cut(u.Coroutine, ", made at ")
			out["future"+strings.TrimPrefix(name, "coroutine")] = u.At
		}
	}
	return out
}
