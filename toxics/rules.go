package toxics

import (
	"fmt"
	"time"
)

// The largest values that a plan may hold. They are far above anything useful
// and far below what overflows in toxiproxy's arithmetic.
const (
	MaxDelay = 100 * 365 * 24 * time.Hour // of every duration
	MaxRate  = 1_000_000_000              // of Bandwidth.Rate, KB/s
	MaxSlice = 1 << 30                    // of Slicer.Size, bytes
)

// rule is one thing that can be wrong with a toxic. The rules do not overlap: a
// value breaks at most one rule of its field, so that each rule can be shown to
// be needed by leaving it out.
type rule struct {
	name    string // "Type.Field what"
	field   string
	allowed string
	why     string
	broken  func(Toxic) (value any, broken bool)
}

var rules = func() []rule {
	list := []rule{known, direction, share}
	const (
		latency = "toxiproxy counts in milliseconds and would drop the delay; use at least time.Millisecond, or 0 for none"
		timer   = "toxiproxy counts in milliseconds and 0 has another meaning; use at least time.Millisecond"
		slice   = "toxiproxy counts in microseconds and would drop the pause; use at least time.Microsecond, or 0 for none"
	)
	list = append(list, duration("Latency", time.Millisecond, latency, func(t Latency) time.Duration { return t.Latency })...)
	list = append(list, duration("Jitter", time.Millisecond, latency, func(t Latency) time.Duration { return t.Jitter })...)
	list = append(list, duration("Delay", time.Millisecond, latency, func(t SlowClose) time.Duration { return t.Delay })...)
	list = append(list, duration("After", time.Millisecond, timer, func(t Timeout) time.Duration { return t.After })...)
	list = append(list, duration("After", time.Millisecond, timer, func(t ResetPeer) time.Duration { return t.After })...)
	list = append(list, duration("Delay", time.Microsecond, slice, func(t Slicer) time.Duration { return t.Delay })...)

	rate := func(t Bandwidth) int64 { return t.Rate }
	rates := fmt.Sprintf("from 1 to %d KB/s", MaxRate)
	size := func(t Slicer) int { return t.Size }
	sizes := fmt.Sprintf("from 1 to %d bytes", MaxSlice)
	variation := func(t Slicer) int { return t.Variation }
	return append(list,
		on("zero", "Rate", rates, "toxiproxy swallows everything at rate 0; if you want a black hole, ask for it by name with Timeout{}",
			rate, func(_ Bandwidth, v int64) bool { return v == 0 }),
		on("negative", "Rate", rates, "a negative rate makes toxiproxy panic; use a positive rate",
			rate, func(_ Bandwidth, v int64) bool { return v < 0 }),
		on("too large", "Rate", rates, "a larger rate overflows in toxiproxy; leave the toxic out for no limit",
			rate, func(_ Bandwidth, v int64) bool { return v > MaxRate }),
		on("not positive", "Size", sizes, "toxiproxy recurses for ever on slices of no bytes; use 1 for single bytes",
			size, func(_ Slicer, v int) bool { return v < 1 }),
		on("too large", "Size", sizes, "a larger size overflows in toxiproxy; leave the toxic out for no slices",
			size, func(_ Slicer, v int) bool { return v > MaxSlice }),
		on("negative", "Variation", "from 0 to Size-1", "there is no negative variation; use 0 for equal slices",
			variation, func(_ Slicer, v int) bool { return v < 0 }),
		on("not below Size", "Variation", "from 0 to Size-1", "toxiproxy panics when a slice can get no bytes; use a smaller Variation or a larger Size",
			variation, func(t Slicer, v int) bool { return v > 0 && v >= t.Size }),
		on("negative", "Bytes", "0 or more bytes", "there is no negative number of bytes; use 0 to close at the first data",
			func(t LimitData) int64 { return t.Bytes }, func(_ LimitData, v int64) bool { return v < 0 }),
		on("negative", "After", "0 or more bytes", "there is no negative number of bytes; use 0 to cut at the first data",
			func(t Cut) int64 { return t.After }, func(_ Cut, v int64) bool { return v < 0 }),
	)
}()

var known = rule{
	name: "known type", allowed: "one of this package's toxics, by value",
	why: "an engine cannot run it; write Latency{...}, not &Latency{...}, nil or a type of your own",
	broken: func(t Toxic) (any, bool) {
		return nil, !ours(t)
	},
}

var direction = rule{
	name: "direction", field: "Direction", allowed: "Downstream or Upstream",
	why: "a connection has two directions; use the constants",
	broken: func(t Toxic) (any, bool) {
		if !ours(t) {
			return nil, false
		}
		d := t.Stream()
		return d, d != Downstream && d != Upstream
	},
}

var share = rule{
	name: "share", field: "Share", allowed: "above 0 up to 1, or 0, which means 1",
	why: "it is a fraction of all connections; leave the toxic out for none of them",
	broken: func(t Toxic) (any, bool) {
		if !ours(t) {
			return nil, false
		}
		f := t.Fraction()
		return f, !(f > 0 && f <= 1) // NaN compares false with everything
	},
}

// on is a rule about one field of one type.
func on[T Toxic, V any](what, field, allowed, why string, get func(T) V, bad func(T, V) bool) rule {
	var zero T
	return rule{
		name: zero.Kind() + "." + field + " " + what, field: field, allowed: allowed, why: why,
		broken: func(t Toxic) (any, bool) {
			typed, ok := t.(T)
			if !ok {
				return nil, false
			}
			v := get(typed)
			return v, bad(typed, v)
		},
	}
}

// duration is the three rules that every duration has.
func duration[T Toxic](field string, unit time.Duration, below string, get func(T) time.Duration) []rule {
	allowed := fmt.Sprintf("0 or from %v to %v", unit, MaxDelay)
	return []rule{
		on("negative", field, allowed, "time does not run backwards; use a positive duration, or 0", get,
			func(_ T, v time.Duration) bool { return v < 0 }),
		on("below resolution", field, allowed, below, get,
			func(_ T, v time.Duration) bool { return v > 0 && v < unit }),
		on("too long", field, allowed, "longer durations overflow when they are added up; use MaxDelay for never", get,
			func(_ T, v time.Duration) bool { return v > MaxDelay }),
	}
}

// ours reports whether t is a value of one of the eight types. A pointer to one,
// or a struct that embeds one, has their methods but no engine knows it.
func ours(t Toxic) bool {
	switch t.(type) {
	case Latency, Bandwidth, SlowClose, Timeout, ResetPeer, Slicer, LimitData, Cut:
		return true
	}
	return false
}

func kind(t Toxic) string {
	if !ours(t) {
		return fmt.Sprintf("%T", t)
	}
	return t.Kind()
}
