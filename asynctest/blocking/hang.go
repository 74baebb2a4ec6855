package blocking

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A callback that never returns keeps its test from ever reading a report. So the guard
// of a Recorder looks at the callbacks under way from a goroutine of its own, outside any
// bubble, and its verdict is apart from all others: it goes by real time.

// visit is a call of Callback that has not returned.
type visit struct{ g int64 }

// visits are those under way, noted only while a Recorder has a guard.
var visits struct {
	guards atomic.Int32
	mu     sync.Mutex
	all    map[*visit]bool
}

// arrive notes that the calling goroutine begins a callback. Its frame and that of
// depart are known to the analyser: a callback does not wait for their lock.
//
//go:noinline
func arrive() *visit {
	v := &visit{goroutineNumber()}
	visits.mu.Lock()
	defer visits.mu.Unlock()
	if visits.all == nil {
		visits.all = map[*visit]bool{}
	}
	visits.all[v] = true
	return v
}

//go:noinline
func depart(v *visit) {
	visits.mu.Lock()
	defer visits.mu.Unlock()
	delete(visits.all, v)
}

func underWay() []*visit {
	visits.mu.Lock()
	defer visits.mu.Unlock()
	return slices.Collect(maps.Keys(visits.all))
}

// guard is what a Recorder with [Config].Hang has.
type guard struct {
	after time.Duration
	tell  func(Block) // may be nil
	a     *analyser
	since map[*visit]time.Time // when it was first seen, on the guard's clock: that of a bubble stands still
	told  map[*visit]bool
	hung  []place
	end   chan struct{}
	ended sync.WaitGroup
}

func startGuard(c Config, a *analyser) *guard {
	if c.Hang == 0 {
		return nil
	}
	g := &guard{after: c.Hang, tell: c.OnHang, a: a, told: map[*visit]bool{}, end: make(chan struct{})}
	visits.guards.Add(1)
	g.ended.Go(g.watch)
	return g
}

// stop ends the guard and hands what it has seen to the analyser.
func (g *guard) stop() {
	if g == nil {
		return
	}
	visits.guards.Add(-1)
	close(g.end)
	g.ended.Wait()
	g.a.hung = g.hung
}

func (g *guard) watch() {
	ticks := time.NewTicker(max(g.after/4, time.Millisecond))
	defer ticks.Stop()
	for {
		select {
		case <-g.end:
			g.look(time.Now())
			return
		case now := <-ticks.C:
			g.look(now)
		}
	}
}

// look tells of the callbacks that have been under way for too long.
func (g *guard) look(now time.Time) {
	since, over := map[*visit]time.Time{}, map[int64][]*visit{} // by goroutine
	for _, v := range underWay() {
		first, known := g.since[v]
		if !known {
			first = now
		}
		since[v] = first
		if now.Sub(first) >= g.after && !g.told[v] {
			over[v.g] = append(over[v.g], v)
		}
	}
	g.since = since
	if len(over) == 0 {
		return
	}
	dump := everyStack()
	// Whoever is still under way was so in the dump.
	still := set(underWay()...)
	f := shared.familyOf(g.a.family.root, parentsOf(dump))
	for _, one := range bytes.Split(dump, []byte("\n\n")) {
		head, body, _ := strings.Cut(string(one), "\n")
		m := goroutineHead.FindStringSubmatch(head)
		if m == nil {
			continue
		}
		id, _ := strconv.ParseInt(m[1], 10, 64)
		late := slices.DeleteFunc(over[id], func(v *visit) bool { return !still[v] })
		for _, v := range late {
			g.told[v] = true
		}
		if len(late) == 0 || f.foreign(id) {
			continue
		}
		p := g.a.hanging(dumpState(head), parseStack(body))
		g.hung = append(g.hung, p)
		if g.tell != nil {
			b := g.a.spotFor(map[same]*spot{}, Hang, p.reason, p, nil).block
			b.Count = 1
			g.tell(b)
		}
	}
}

// hanging places the stack of a callback that has not returned, whatever it does.
func (a *analyser) hanging(state string, stack []Frame) place {
	p := place{stack: stack}
	if at := a.marker(stack, -1, a.marks); at > 0 {
		p = a.inCallback(stack, at)
	} else {
		p = a.inCode(p)
	}
	p.reason = state
	return p
}

// dumpState returns what the head of a goroutine's dump says that it does:
// "chan receive" of "goroutine 7 [chan receive (durable), 2 minutes, synctest bubble 1]:".
func dumpState(head string) string {
	m := dumpHead.FindStringSubmatch(head)
	if m == nil {
		return ""
	}
	state, _, _ := strings.Cut(m[1], ",")
	return strings.TrimSuffix(state, " (durable)")
}

// asEvent returns the kind and the reason with which the tracer would have told of a
// state. A goroutine that runs is neither parked nor in the kernel, and waits for nothing.
func asEvent(state string) (Kind, string) {
	switch {
	case state == "syscall":
		return Syscall, ""
	case state == "IO wait":
		return Park, "network"
	case strings.HasPrefix(state, "sync."), state == "semacquire":
		return Park, "sync"
	case strings.HasPrefix(state, "select"):
		return Park, "select"
	case strings.HasPrefix(state, "chan receive"):
		return Park, "chan receive"
	case strings.HasPrefix(state, "chan send"):
		return Park, "chan send"
	}
	return Park, state
}
