package toxics

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// attributesOf are an effect's attributes under toxiproxy's names and in its units,
// without those that are zero.
func attributesOf(e Effect) map[string]any {
	const ms = time.Millisecond
	all := map[string]any{}
	switch t := e.(type) {
	case Latency:
		all["latency"], all["jitter"] = number(t.Latency, ms), number(t.Jitter, ms)
		if t.Shape != nil && drawable(t.Shape) {
			all["shape"] = t.Shape.String()
		}
	case Bandwidth:
		all["rate"], all["shared"] = t.Rate, t.Shared
	case SlowClose:
		all["delay"] = number(t.Delay, ms)
	case Timeout:
		all["timeout"], all["absolute"] = number(t.After, ms), t.Absolute
	case ResetPeer:
		all["timeout"] = number(t.After, ms)
	case Slicer:
		all["average_size"], all["size_variation"], all["delay"] = t.Size, t.Variation, number(t.Delay, time.Microsecond)
	case LimitData:
		all["bytes"] = t.Bytes
	case Cut:
		all["after"], all["reset"] = t.After, t.Reset
	case Loss:
		all["rate"], all["timeout"] = json.Number(strconv.FormatFloat(t.Rate, 'g', -1, 64)), number(t.Timeout, ms)
	case Severed:
		all["one_way"] = t.OneWay
	case FailDial:
		all["errno"] = int(t.Errno)
	case SlowDial:
		all["delay"], all["jitter"] = number(t.Delay, ms), number(t.Jitter, ms)
	case FailLookup:
		all["not_found"] = t.NotFound
	case SlowLookup:
		all["delay"] = number(t.Delay, ms)
	}
	maps.DeleteFunc(all, func(_ string, v any) bool {
		text := fmt.Sprint(v)
		return text == "0" || text == "false"
	})
	return all
}

// attributes are decoded one by one; what is left then is not known.
type attributes struct {
	values map[string]json.RawMessage
	errs   []error
}

// effect returns the effect of that kind, or nil if there is none.
func (a *attributes) effect(kind string, d Direction, share float64) Effect {
	const ms = time.Millisecond
	switch kind {
	case "latency":
		return Latency{Direction: d, Latency: a.duration("latency", ms), Jitter: a.duration("jitter", ms), Shape: a.shape("shape"), Share: share}
	case "bandwidth":
		return Bandwidth{Direction: d, Rate: a.whole("rate"), Shared: a.flag("shared"), Share: share}
	case "slow_close":
		return SlowClose{Direction: d, Delay: a.duration("delay", ms), Share: share}
	case "timeout":
		return Timeout{Direction: d, After: a.duration("timeout", ms), Absolute: a.flag("absolute"), Share: share}
	case "reset_peer":
		return ResetPeer{Direction: d, After: a.duration("timeout", ms), Share: share}
	case "slicer":
		return Slicer{Direction: d, Size: int(a.whole("average_size")), Variation: int(a.whole("size_variation")), Delay: a.duration("delay", time.Microsecond), Share: share}
	case "limit_data":
		return LimitData{Direction: d, Bytes: a.whole("bytes"), Share: share}
	case "cut":
		return Cut{Direction: d, After: a.whole("after"), Reset: a.flag("reset"), Share: share}
	case "loss":
		return Loss{Direction: d, Rate: a.float("rate"), Timeout: a.duration("timeout", ms), Share: share}
	case "severed":
		return Severed{OneWay: a.flag("one_way")}
	case "refuse":
		return Refuse{Share: share}
	case "fail_dial":
		return FailDial{Errno: syscall.Errno(a.whole("errno")), Share: share}
	case "slow_dial":
		return SlowDial{Delay: a.duration("delay", ms), Jitter: a.duration("jitter", ms), Share: share}
	case "fail_lookup":
		return FailLookup{NotFound: a.flag("not_found"), Share: share}
	case "slow_lookup":
		return SlowLookup{Delay: a.duration("delay", ms), Share: share}
	}
	return nil
}

func (a *attributes) error(kind string) error {
	for _, name := range slices.Sorted(maps.Keys(a.values)) {
		a.errs = append(a.errs, fmt.Errorf("a %s has no attribute %q", kind, name))
	}
	return errors.Join(a.errs...)
}

// take decodes an attribute into what to points to, if it is there.
func (a *attributes) take(name string, to any) {
	raw, ok := a.values[name]
	if !ok {
		return
	}
	delete(a.values, name)
	if err := json.Unmarshal(raw, to); err != nil {
		a.errs = append(a.errs, fmt.Errorf("attribute %q: %w", name, err))
	}
}

func (a *attributes) flag(name string) (v bool) {
	a.take(name, &v)
	return v
}

func (a *attributes) float(name string) (v float64) {
	a.take(name, &v)
	return v
}

func (a *attributes) whole(name string) int64 {
	return a.parse(name, 0)
}

func (a *attributes) duration(name string, unit time.Duration) time.Duration {
	return time.Duration(a.parse(name, unit))
}

func (a *attributes) shape(name string) Shape {
	var text string
	if a.take(name, &text); text == "" {
		return nil
	}
	for _, s := range []Shape{Uniform{}, Normal{}, Pareto{}} {
		if s.String() == text {
			return s
		}
	}
	a.errs = append(a.errs, fmt.Errorf("attribute %q is %q, must be uniform, normal or pareto", name, text))
	return nil
}

// parse reads a number exactly, in nanoseconds if it has a unit. One that is too large
// becomes the largest there is, which no rule allows.
func (a *attributes) parse(name string, unit time.Duration) int64 {
	var n json.Number
	a.take(name, &n)
	if n == "" {
		return 0
	}
	v, err := parseNumber(string(n), unit)
	if err != nil {
		a.errs = append(a.errs, fmt.Errorf("attribute %q is %s, %w", name, n, err))
	}
	return v
}

func parseNumber(text string, unit time.Duration) (int64, error) {
	scale := int64(max(unit, 1))
	saturated := int64(math.MaxInt64)
	if strings.HasPrefix(text, "-") {
		saturated = math.MinInt64
	}
	if strings.ContainsAny(text, "eE") {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.Abs(f)*float64(scale) >= math.MaxInt64 {
			return saturated, nil
		}
		if v := f * float64(scale); v == math.Trunc(v) {
			return int64(v), nil
		}
		return 0, fmt.Errorf("must be a whole number%s", ofUnit(unit))
	}
	whole, decimals, _ := strings.Cut(text, ".")
	v, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || v > math.MaxInt64/scale-1 || v < math.MinInt64/scale+1 {
		return saturated, nil
	}
	v *= scale
	for _, digit := range strings.TrimRight(decimals, "0") {
		if scale /= 10; scale == 0 {
			return 0, fmt.Errorf("must be a whole number%s", ofUnit(unit))
		}
		part := int64(digit-'0') * scale
		if saturated < 0 {
			part = -part
		}
		v += part
	}
	return v, nil
}

func ofUnit(unit time.Duration) string {
	if unit == 0 {
		return ""
	}
	return " of nanoseconds"
}

// number is a duration in units, with as many decimals as it takes.
func number(d, unit time.Duration) json.Number {
	sign := ""
	whole, rest := d/unit, d%unit
	if d < 0 {
		sign, whole, rest = "-", -whole, -rest
	}
	text := sign + strconv.FormatUint(uint64(whole), 10)
	if rest > 0 {
		digits := strconv.FormatInt(int64(unit+rest), 10)[1:]
		text += "." + strings.TrimRight(digits, "0")
	}
	return json.Number(text)
}
