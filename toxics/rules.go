package toxics

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The largest values that a plan may hold. They are far above anything useful
// and far below what overflows in toxiproxy's arithmetic.
const (
	MaxDelay = 100 * 365 * 24 * time.Hour // of every duration
	MaxRate  = 1_000_000_000              // of Bandwidth.Rate, KB/s
	MaxSlice = 1 << 30                    // of Slicer.Size, bytes
)

// rule is one thing that can be wrong with an effect, or with a fault. The rules do not overlap: a
// value breaks at most one rule of its field, so that each rule can be shown to
// be needed by leaving it out.
type rule[T any] struct {
	name    string // "Type.Field what"
	field   string
	allowed string
	why     string
	broken  func(T) (value any, broken bool)
}

var rules = func() []rule[Effect] {
	list := []rule[Effect]{known, direction, share}
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
	list = append(list, duration("Timeout", time.Millisecond, latency, func(t Loss) time.Duration { return t.Timeout })...)
	list = append(list, duration("Delay", time.Millisecond, latency, func(e SlowDial) time.Duration { return e.Delay })...)
	list = append(list, duration("Jitter", time.Millisecond, latency, func(e SlowDial) time.Duration { return e.Jitter })...)
	list = append(list, duration("Delay", time.Millisecond, latency, func(e SlowLookup) time.Duration { return e.Delay })...)

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
		on("known", "Shape", "nil or one of this package's shapes, and a *Custom must have a Func", "there is nothing to draw from; leave it out for Uniform{}",
			func(t Latency) Shape { return t.Shape }, func(_ Latency, v Shape) bool { return !drawable(v) }),
		on("range", "Rate", "above 0 and below 1", "it is a probability, and what is lost every time never arrives; use Timeout{} for that",
			func(t Loss) float64 { return t.Rate }, func(_ Loss, v float64) bool { return !(v > 0 && v < 1) }),
		on("range", "Errno", "an error number of the system, or 0", "there is no such error; leave it out for EHOSTUNREACH",
			func(e FailDial) syscall.Errno { return e.Errno }, func(_ FailDial, v syscall.Errno) bool { return v > maxErrno }),
		on("negative", "Bytes", "0 or more bytes", "there is no negative number of bytes; use 0 to close at the first data",
			func(t LimitData) int64 { return t.Bytes }, func(_ LimitData, v int64) bool { return v < 0 }),
		on("negative", "After", "0 or more bytes", "there is no negative number of bytes; use 0 to cut at the first data",
			func(t Cut) int64 { return t.After }, func(_ Cut, v int64) bool { return v < 0 }),
	)
}()

// maxErrno is above every error number, those that package syscall invents for Windows
// included.
const maxErrno = 1 << 30

var known = rule[Effect]{
	name: "known type", allowed: "one of this package's toxics, by value",
	why: "an engine cannot run it; write Latency{...}, not &Latency{...}, nil or a type of your own",
	broken: func(e Effect) (any, bool) {
		return nil, !ours(e)
	},
}

var direction = rule[Effect]{
	name: "direction", field: "Direction", allowed: "Downstream or Upstream",
	why: "a connection has two directions; use the constants",
	broken: func(e Effect) (any, bool) {
		t, ok := e.(Toxic)
		if !ok || !ours(e) {
			return nil, false
		}
		d := t.Stream()
		return d, d != Downstream && d != Upstream
	},
}

var share = rule[Effect]{
	name: "share", field: "Share", allowed: "above 0 up to 1, or 0, which means 1",
	why: "it is a fraction of all connections; leave the toxic out for none of them",
	broken: func(e Effect) (any, bool) {
		if !ours(e) {
			return nil, false
		}
		f := e.Fraction()
		return f, !(f > 0 && f <= 1) // NaN compares false with everything
	},
}

// on is a rule about one field of one type.
func on[T Effect, V any](what, field, allowed, why string, get func(T) V, bad func(T, V) bool) rule[Effect] {
	var zero T
	return rule[Effect]{
		name: zero.Kind() + "." + field + " " + what, field: field, allowed: allowed, why: why,
		broken: func(e Effect) (any, bool) {
			typed, ok := e.(T)
			if !ok {
				return nil, false
			}
			v := get(typed)
			return v, bad(typed, v)
		},
	}
}

// duration is the three rules that every duration has.
func duration[T Effect](field string, unit time.Duration, below string, get func(T) time.Duration) []rule[Effect] {
	allowed := fmt.Sprintf("0 or from %v to %v", unit, MaxDelay)
	return []rule[Effect]{
		on("negative", field, allowed, "time does not run backwards; use a positive duration, or 0", get,
			func(_ T, v time.Duration) bool { return v < 0 }),
		on("below resolution", field, allowed, below, get,
			func(_ T, v time.Duration) bool { return v > 0 && v < unit }),
		on("too long", field, allowed, "longer durations overflow when they are added up; use MaxDelay for never", get,
			func(_ T, v time.Duration) bool { return v > MaxDelay }),
	}
}

// faultRules are about where and when.
var faultRules = func() []rule[Fault] {
	const backward, overflow = "time does not run backwards; use a positive duration, or 0", "longer durations overflow when they are added up; use MaxDelay for never"
	times := "from 0 to " + MaxDelay.String()
	var list []rule[Fault]
	for _, f := range []struct {
		field string
		get   func(Fault) time.Duration
	}{
		{"Start", func(f Fault) time.Duration { return f.Start }},
		{"Span", func(f Fault) time.Duration { return f.Span }},
	} {
		list = append(list,
			rule[Fault]{f.field + " negative", f.field, times, backward, func(x Fault) (any, bool) { return f.get(x), f.get(x) < 0 }},
			rule[Fault]{f.field + " too long", f.field, times, overflow, func(x Fault) (any, bool) { return f.get(x), f.get(x) > MaxDelay }},
		)
	}
	const (
		places = "a host, host:port or empty"
		place  = "it would match no host; leave it empty for all of them"
		number = "a port is a number from 1 to 65535, written as in an address; write one like \"api:80\""
		dialer = "a plan does not know from which port a host dials; leave the port out"
		named  = "what is looked up is a name, without a port; leave the port out"
	)
	return append(list,
		rule[Fault]{"Count negative", "Count", "0 or more", "nothing happens a negative number of times; use 0 for no limit",
			func(f Fault) (any, bool) { return f.Count, f.Count < 0 }},
		rule[Fault]{"Count of a partition", "Count", "0 for a partition", "a partition is between hosts, whatever connections they have; leave it out",
			func(f Fault) (any, bool) {
				_, severed := f.Effect.(Severed)
				return f.Count, severed && f.Count > 0
			}},
		rule[Fault]{"a partition of a host from itself", "Target", "another host than Source for a partition", "a partition is between two hosts; leave Target empty to cut a host off from all others",
			func(f Fault) (any, bool) {
				_, severed := f.Effect.(Severed)
				return strconv.Quote(f.Target), severed && f.Source != "" && strings.EqualFold(hostOf(f.Source), hostOf(f.Target))
			}},
		rule[Fault]{"Source", "Source", places, place,
			func(f Fault) (any, bool) { return strconv.Quote(f.Source), !isPlace(f.Source) }},
		rule[Fault]{"Target", "Target", places, place,
			func(f Fault) (any, bool) { return strconv.Quote(f.Target), !isPlace(f.Target) }},
		rule[Fault]{"Source port", "Source", places, number,
			func(f Fault) (any, bool) { return strconv.Quote(f.Source), isPlace(f.Source) && !hasNumber(f.Source) }},
		rule[Fault]{"Target port", "Target", places, number,
			func(f Fault) (any, bool) { return strconv.Quote(f.Target), isPlace(f.Target) && !hasNumber(f.Target) }},
		rule[Fault]{"Source port of a dial", "Source", "a host or empty, but for a partition", dialer,
			func(f Fault) (any, bool) {
				_, severed := f.Effect.(Severed)
				return strconv.Quote(f.Source), !severed && isPlace(f.Source) && portOf(f.Source) != ""
			}},
		rule[Fault]{"Target port of a lookup", "Target", "a host or empty for a lookup", named,
			func(f Fault) (any, bool) {
				return strconv.Quote(f.Target), isLookup(f.Effect) && isPlace(f.Target) && portOf(f.Target) != ""
			}},
	)
}()

// isPlace reports whether a Source or Target can be one.
func isPlace(s string) bool {
	if host, port, err := net.SplitHostPort(s); err == nil {
		return host != "" && port != "" && !strings.ContainsAny(s, " /")
	}
	return net.ParseIP(s) != nil || !strings.ContainsAny(s, " /:[]")
}

// CheckHost returns an error if a name cannot be that of a host. It is for who writes an
// engine.
func CheckHost(name string) error {
	if name != "" && isPlace(name) && (!strings.Contains(name, ":") || net.ParseIP(name) != nil) {
		return nil
	}
	return fmt.Errorf("%q is not the name of a host; write one like \"api\"", name)
}

// hostOf returns a place without its port.
func hostOf(place string) string {
	if host, _, err := net.SplitHostPort(place); err == nil {
		return host
	}
	return place
}

// portOf returns the port of a place, "" if it has none.
func portOf(place string) string {
	_, port, err := net.SplitHostPort(place)
	if err != nil {
		return ""
	}
	return port
}

// hasNumber reports whether the port of a place, if it has one, can be one of an address.
func hasNumber(place string) bool {
	port := portOf(place)
	n, err := strconv.ParseUint(port, 10, 16)
	return port == "" || err == nil && n > 0 && strconv.FormatUint(n, 10) == port
}

func isLookup(e Effect) bool {
	switch e.(type) {
	case FailLookup, SlowLookup:
		return true
	}
	return false
}

func drawable(s Shape) bool {
	switch s := s.(type) {
	case nil, Uniform, Normal, Pareto:
		return true
	case *Custom:
		return s != nil && s.Func != nil
	}
	return false
}

// ours reports whether an effect is a value of one of this package's types. A pointer
// to one, or a struct that embeds one, has their methods but no engine knows it.
func ours(e Effect) bool {
	switch e.(type) {
	case Latency, Bandwidth, SlowClose, Timeout, ResetPeer, Slicer, LimitData, Cut, Loss,
		Severed, Refuse, FailDial, SlowDial, FailLookup, SlowLookup:
		return true
	}
	return false
}

func kind(e Effect) string {
	if !ours(e) {
		return fmt.Sprintf("%T", e)
	}
	return e.Kind()
}
