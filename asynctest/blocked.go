package asynctest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Blocked is a place where callbacks of a tunnel blocked, with the callbacks: which of the
// timeline they are, and who posted them.
type Blocked struct {
	blocking.Block
	Callbacks []BlockedCallback // of the tunnel's loop, in the order in which they blocked there; the first 1,000
}

// BlockedCallback is a callback of a tunnel's loop that blocked.
type BlockedCallback struct {
	ID        timeline.ID   // of the callback, by which the timeline has it
	Coroutine timeline.ID   // whose body blocked, when the callback resumed it; zero if it was none
	Poster    timeline.ID   // who posted the callback or set its timer; timeline.Driver is the test
	Label     string        // of the callback; "" if it has none
	At        time.Duration // when it began, on the loop's clock
	Count     int           // how many times it blocked at the place
	Virtual   time.Duration // how much of the bubble's time passed in it; 0 if it has not ended
	Open      bool          // it was still blocked when the recording ended

	told string
}

// String says which callback it is, when it began and where it came from:
//
//	timer "tick" (23778145) at 1s, set by the test at app_test.go:12
func (c BlockedCallback) String() string { return c.told }

// Blocks ends the recording of the tunnel, as [NeverBlock] does, and returns what its
// callbacks waited for, but for what the rules of the tunnel allow. It returns the error
// that the recording has if it shows nothing about the callbacks, and an error if the tunnel
// has no recording.
func (t *Tunnel) Blocks() ([]Blocked, error) {
	t.mustBe("Blocks", made)
	report, err := t.report()
	if err != nil {
		return nil, err
	}
	return t.identify(report.Blocks), nil
}

// identify finds the callbacks of blocks in the timeline.
func (t *Tunnel) identify(blocks []blocking.Block) []Blocked {
	if len(blocks) == 0 {
		return nil
	}
	known := originsOf(t.Loop.Timeline())
	var out []Blocked
	for _, b := range blocks {
		blocked := Blocked{Block: b}
		for _, o := range b.In {
			if c, own := t.callbackOf(o.Key); own {
				m := known.of[c.ID]
				c.Poster, c.Label, c.At = m.cause, m.label, m.fired
				c.Count, c.Virtual, c.Open = o.Count, o.Virtual, o.Open
				c.told = known.tell(c)
				blocked.Callbacks = append(blocked.Callbacks, c)
			}
		}
		out = append(out, blocked)
	}
	return out
}

// announce is the OnCallback of the tunnel's loop: the recording learns which callback
// begins. What the loop was told to call is called as well.
func (t *Tunnel) announce(also func(fakeloop.CallbackInfo) func()) func(fakeloop.CallbackInfo) func() {
	return func(c fakeloop.CallbackInfo) func() {
		leave := blocking.Enter(t.keyOf(c))
		if also == nil {
			return leave
		}
		over := also(c)
		if over == nil {
			return leave
		}
		return func() {
			defer leave()
			over()
		}
	}
}

// keyOf returns by what a recording knows a callback. Callbacks of two loops can have one
// identity, so the tunnel is in it; it is nothing that anybody reads.
func (t *Tunnel) keyOf(c fakeloop.CallbackInfo) string {
	b := append(make([]byte, 0, 64), t.key...)
	b = strconv.AppendUint(b, uint64(c.ID), 16)
	if c.Coroutine != 0 {
		b = append(b, '/')
		b = strconv.AppendUint(b, uint64(c.Coroutine), 16)
	}
	return string(b)
}

// callbackOf is the opposite of keyOf; false is for what does not belong to the tunnel.
func (t *Tunnel) callbackOf(key string) (c BlockedCallback, own bool) {
	rest, own := strings.CutPrefix(key, t.key)
	if !own {
		return c, false
	}
	callback, coroutine, _ := strings.Cut(rest, "/")
	id, _ := strconv.ParseUint(callback, 16, 64)
	body, _ := strconv.ParseUint(coroutine, 16, 64)
	c.ID, c.Coroutine = timeline.ID(id), timeline.ID(body)
	return c, true
}

// anyTunnel is what the keys of the callbacks of all tunnels begin with.
const anyTunnel = "tunnel "

// newKey returns what the keys of a tunnel's callbacks begin with. While the tunnel is in
// use no other one has its address.
func newKey(t *Tunnel) string { return fmt.Sprintf("%s%p/", anyTunnel, t) }

// withoutOthers leaves out what blocked in callbacks of other tunnels, which may be in the same
// bubble: their own recordings tell of it. Of callbacks that are no tunnel's it is unknown whose
// they are, and so they are everybody's.
func (t *Tunnel) withoutOthers(blocks []blocking.Block) []blocking.Block {
	var out []blocking.Block
	for _, b := range blocks {
		whole := b
		b.In, b.Open, b.Virtual = nil, false, 0
		named := 0
		for _, o := range whole.In {
			if strings.HasPrefix(o.Key, anyTunnel) && !strings.HasPrefix(o.Key, t.key) {
				b.Count -= o.Count
				continue
			}
			named += o.Count
			b.In, b.Open, b.Virtual = append(b.In, o), b.Open || o.Open, max(b.Virtual, o.Virtual)
		}
		if b.Count > named { // some have no key, and what is known of all may be known of them
			b.Open, b.Virtual = whole.Open, whole.Virtual
		}
		if b.Count > 0 {
			out = append(out, b)
		}
	}
	return out
}
