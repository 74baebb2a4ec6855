package fakeloop_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// model is the reference for the queue: what the package comment says about
// turns, timers and time, in the plainest way.
type model struct {
	time         int64
	armed        int
	ready, batch []*modelTask
	timers       []*modelTask // in the order in which they fire
}

type modelTask struct {
	m     *model
	f     func()
	when  int64
	armed int
}

func (m *model) post(f func()) { m.ready = append(m.ready, &modelTask{m: m, f: f}) }

func (m *model) arm(d time.Duration, f func()) settable {
	t := &modelTask{m: m, f: f}
	t.set(d)
	return t
}

func (t *modelTask) set(d time.Duration) {
	m := t.m
	m.armed++
	t.armed = m.armed
	t.when = m.time + int64(d)
	if d > 0 && t.when < m.time {
		t.when = math.MaxInt64 // overflow: never
	}
	m.timers = append(m.timers, t)
	slices.SortFunc(m.timers, func(a, b *modelTask) int {
		if a.when != b.when {
			if a.when < b.when {
				return -1
			}
			return 1
		}
		return a.armed - b.armed
	})
}

func (t *modelTask) stop() bool {
	for _, queue := range []*[]*modelTask{&t.m.timers, &t.m.batch} {
		if i := slices.Index(*queue, t); i >= 0 {
			*queue = slices.Delete(*queue, i, i+1)
			return true
		}
	}
	return false
}

func (t *modelTask) reset(d time.Duration) bool {
	pending := t.stop()
	t.set(d)
	return pending
}

func (m *model) stepUpTo(horizon int64) bool {
	if len(m.batch) == 0 {
		if len(m.ready) == 0 && (len(m.timers) == 0 || m.timers[0].when > m.time) {
			if len(m.timers) == 0 || m.timers[0].when > horizon || m.timers[0].when == math.MaxInt64 {
				return false
			}
			m.time = m.timers[0].when
		}
		m.batch, m.ready = m.ready, nil
		for len(m.timers) > 0 && m.timers[0].when <= m.time {
			m.batch, m.timers = append(m.batch, m.timers[0]), m.timers[1:]
		}
	}
	t := m.batch[0]
	m.batch = m.batch[1:]
	t.f()
	return true
}

func (m *model) step() bool { return m.stepUpTo(math.MaxInt64) }

func (m *model) advance(d time.Duration) {
	target := m.time + int64(d)
	for m.stepUpTo(target) {
	}
	m.time = target
}

func (m *model) elapsed() time.Duration { return time.Duration(m.time) }

// machine is what the model and the loop have in common.
type machine interface {
	post(f func())
	arm(d time.Duration, f func()) settable
	step() bool
	advance(d time.Duration)
	elapsed() time.Duration
}

type settable interface {
	stop() bool
	reset(d time.Duration) bool
}

type realLoop struct {
	t    *testing.T
	loop *fakeloop.Loop
}

type realTimer struct{ *fakeloop.Timer }

func (r realTimer) stop() bool                 { return r.Stop() }
func (r realTimer) reset(d time.Duration) bool { return r.Reset(d) }

func (r realLoop) post(f func()) { r.loop.Post(f) }
func (r realLoop) arm(d time.Duration, f func()) settable {
	return realTimer{r.loop.AfterFunc(d, f)}
}
func (r realLoop) advance(d time.Duration) { mustAdvance(r.t, r.loop, d) }
func (r realLoop) elapsed() time.Duration  { return r.loop.Elapsed() }
func (r realLoop) step() bool {
	ran, err := r.loop.Step()
	sameError(r.t, "Step", err, nil)
	return ran
}

// op is one operation of a random program; a callback has operations of its
// own.
type op struct {
	kind   string
	delay  time.Duration
	target int
	body   []op
}

// program draws operations. Delays are few, so that deadlines are often equal.
func program(r *rand.Rand, depth int) []op {
	kinds := []string{"post", "arm", "arm", "stop", "reset"}
	if depth == 0 {
		kinds = append(kinds, "advance", "step", "step")
	}
	delays := []time.Duration{-2, -1, 0, 0, 1, 1, 2, 3, 5, math.MinInt64, math.MaxInt64}
	ops := make([]op, r.IntN(12-3*depth))
	for i := range ops {
		ops[i] = op{kind: kinds[r.IntN(len(kinds))], delay: delays[r.IntN(len(delays))], target: r.IntN(1000)}
		if depth < 3 && (ops[i].kind == "post" || ops[i].kind == "arm") {
			ops[i].body = program(r, depth+1)
		}
	}
	return ops
}

// play runs a program and returns what happened: each callback with its time,
// and what the operations said.
func play(m machine, ops []op) []string {
	var log []string
	var timers []settable
	names := 0
	var run func(ops []op)
	callback := func(o op) func() {
		names++
		name, fired := names, 0
		return func() {
			log = append(log, fmt.Sprintf("%s %d at %d", o.kind, name, m.elapsed()))
			if fired++; fired == 1 { // else a timer that resets itself would go on for ever
				run(o.body)
			}
		}
	}
	run = func(ops []op) {
		for _, o := range ops {
			switch o.kind {
			case "post":
				m.post(callback(o))
			case "arm":
				timers = append(timers, m.arm(o.delay, callback(o)))
			case "stop", "reset":
				if len(timers) == 0 {
					continue
				}
				said, timer := false, timers[o.target%len(timers)]
				if o.kind == "stop" {
					said = timer.stop()
				} else {
					said = timer.reset(o.delay)
				}
				log = append(log, fmt.Sprintf("%s says %v", o.kind, said))
			case "advance":
				m.advance(max(0, min(o.delay, 7)))
				log = append(log, fmt.Sprint("advanced to ", m.elapsed()))
			case "step":
				log = append(log, fmt.Sprint("step says ", m.step()))
			}
		}
	}
	run(ops)
	for m.step() {
	}
	return append(log, fmt.Sprint("ended at ", m.elapsed()))
}

// The loop and the model agree on the order and the times of all callbacks, on
// random programs. On failure:
//
//	$ WINDTUNNEL_SEED=<seed> go test -run TestModel ./fakeloop
func TestModel(t *testing.T) {
	base, runs := rand.Uint64(), scaled(t, "random programs", 100_000, 2_000)
	if text := os.Getenv("WINDTUNNEL_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("WINDTUNNEL_SEED: %v", err)
		}
		base, runs = seed, 1
	}
	callbacks := 0
	for i := range uint64(runs) {
		seed := base + i
		ops := program(rand.New(rand.NewPCG(seed, 0)), 0)
		loop := fakeloop.New(fakeloop.Config{})
		got, want := play(realLoop{t, loop}, ops), play(new(model), ops)
		callbacks += strings.Count(strings.Join(got, "\n"), " at ")
		if !slices.Equal(got, want) {
			t.Fatalf("To reproduce: WINDTUNNEL_SEED=%d go test -run TestModel ./fakeloop\nprogram: %+v\nloop:\n%s\nmodel:\n%s",
				seed, ops, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		mustClose(t, loop)
	}
	t.Logf("%d programs from seed %d, %d callbacks, no difference", runs, base, callbacks)
}
