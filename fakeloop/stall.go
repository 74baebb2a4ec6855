package fakeloop

import (
	"cmp"
	"fmt"
	"maps"
	"sync"
	"time"
)

// DefaultStall is StallConfig.After if that is zero.
const DefaultStall = 20 * time.Second

// stallLooks is how often a bubble must look the same before it counts as stalled.
const stallLooks = 20

// StallConfig says when a bubble counts as stalled, and what is done then. The zero
// value is the default.
type StallConfig struct {
	// After is for how long, in real time, nothing may have moved; zero means
	// DefaultStall.
	After time.Duration

	// Report is called with each stall, once, on a goroutine outside all bubbles. If it
	// is nil a stall ends the program by a panic, as a timeout of go test does, but sooner
	// and with the reason.
	Report func(*StallError)

	_ struct{}
}

// StallWatch watches bubbles for stalls. Make one with WatchStalls, and end it with
// Stop. Its methods may be called from any goroutine outside a bubble.
type StallWatch struct {
	config StallConfig
	stop   chan struct{}
	once   sync.Once
	done   chan struct{}
	seen   map[uint64]*lookOfBubble
}

// WatchStalls watches the bubbles of the process that have a loop, from outside, until
// Stop: call it before synctest.Test, for example in TestMain. Within a bubble it
// panics.
//
// A bubble stalls if real time passes and its own does not, since one of its goroutines
// waits for what the bubble does not bring: a sync.Mutex whose holder waits in virtual
// time, a real connection, a channel from outside. Neither the runtime nor a timeout
// within the bubble notices that. The watch does: it looks at the stacks, and only if
// the bubble has looked the same each time, with nothing in it that runs, is about to run
// or is in a system call, does it report. How long something takes is never a reason.
//
// While nothing is wrong a look costs next to nothing, but for a bubble in which the
// director has had nothing to do since the last one. The bubbles of package asynctest are
// watched without this.
func WatchStalls(c StallConfig) *StallWatch {
	if thisGoroutine().bubble != 0 {
		panic("fakeloop: WatchStalls in a bubble, whose time stands still when it stalls; call it outside, before synctest.Test")
	}
	if c.After < 0 {
		panic(fmt.Sprintf("fakeloop: WatchStalls: After (%v) must not be negative; zero means the default", c.After))
	}
	c.After = cmp.Or(c.After, DefaultStall)
	w := &StallWatch{
		config: c,
		stop:   make(chan struct{}),
		done:   make(chan struct{}),
		seen:   make(map[uint64]*lookOfBubble),
	}
	go w.run()
	return w
}

// Stop ends the watch, and waits until no report is under way. A second Stop does
// nothing.
func (w *StallWatch) Stop() {
	w.once.Do(func() { close(w.stop) })
	<-w.done
}

func (w *StallWatch) run() {
	defer close(w.done)
	tick := time.NewTicker(max(w.config.After/stallLooks, 1))
	defer tick.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-tick.C:
		}
		for _, err := range w.look(time.Now()) {
			if w.config.Report == nil {
				panic(err)
			}
			w.config.Report(err)
		}
	}
}

// BubbleWatch watches one bubble for a stall, whether it has a loop or not, on behalf of
// somebody who is there anyway and looks: package asynctest watches its bubbles so. Its
// methods are called by one goroutine at a time, outside the bubble.
type BubbleWatch struct {
	bubble uint64
	after  time.Duration
	seen   lookOfBubble
	busy   map[*Loop]*busyLook
}

// WatchBubble returns a watch over a bubble, which goes by the number that the runtime gives
// it. The bubble counts as stalled when nothing has moved for after, which must be positive.
func WatchBubble(bubble uint64, after time.Duration) *BubbleWatch {
	if after <= 0 {
		panic(fmt.Sprintf("fakeloop: WatchBubble: after (%v) must be positive", after))
	}
	return &BubbleWatch{bubble: bubble, after: after, busy: make(map[*Loop]*busyLook)}
}

// Every returns how often, in real time, to call Look.
func (w *BubbleWatch) Every() time.Duration { return max(w.after/stallLooks, 1) }

// Look looks at the bubble, and returns an error, once, when it has stalled. See
// [WatchStalls] for what that means.
func (w *BubbleWatch) Look() *StallError {
	if n := directorsNow()[w.bubble]; w.seen.quiets != n {
		w.seen = lookOfBubble{quiets: n}
		return nil
	}
	err := w.seen.add(bubbleStacks(stacks(dump()), w.bubble), time.Now(), w.after)
	if err != nil {
		err.Bubble = w.bubble
	}
	return err
}

// lookOfBubble is how a bubble has looked for some time.
type lookOfBubble struct {
	quiets   uint64 // of the director
	stacks   string
	since    time.Time
	times    int
	reported bool
}

// look looks at all bubbles, and returns those that have stalled.
func (w *StallWatch) look(now time.Time) []*StallError {
	quiets := directorsNow()
	maps.DeleteFunc(w.seen, func(bubble uint64, _ *lookOfBubble) bool {
		_, exists := quiets[bubble]
		return !exists
	})
	var all []stack // taken if some bubble may have stalled
	var out []*StallError
	for bubble, n := range quiets {
		seen := w.seen[bubble]
		if seen == nil || seen.quiets != n {
			w.seen[bubble] = &lookOfBubble{quiets: n}
			continue
		}
		if all == nil {
			all = stacks(dump())
		}
		if err := seen.add(bubbleStacks(all, bubble), now, w.config.After); err != nil {
			err.Bubble = bubble
			out = append(out, err)
		}
	}
	return out
}

// add is another look at a bubble whose director has not moved. It returns an error once
// that was the last of enough looks.
func (b *lookOfBubble) add(s bubbleOf, now time.Time, after time.Duration) *StallError {
	if s.text != b.stacks || s.moves || len(s.blocked) == 0 {
		b.stacks, b.since, b.times, b.reported = s.text, now, 0, false
		return nil
	}
	b.times++
	if b.reported || b.times < stallLooks || now.Sub(b.since) < after {
		return nil
	}
	b.reported = true
	return s.stallError(now.Sub(b.since))
}

// directorsNow returns how often the director of each bubble has found it quiet.
func directorsNow() map[uint64]uint64 {
	directors.Lock()
	defer directors.Unlock()
	out := make(map[uint64]uint64, len(directors.of))
	for bubble, d := range directors.of {
		out[bubble] = d.quiets.Load()
	}
	return out
}
