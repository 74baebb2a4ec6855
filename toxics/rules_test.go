package toxics

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// bad is one attribute out of range: the rule that refuses it, and the text.
type bad struct {
	effect Effect
	rule   string
	text   string
}

const (
	ms       = time.Millisecond
	tooLong  = MaxDelay + 1
	oneMilli = "must be 0 or from 1ms to 876000h0m0s: "
	oneMicro = "must be 0 or from 1µs to 876000h0m0s: "
	backward = "time does not run backwards; use a positive duration, or 0"
	dropped  = "toxiproxy counts in milliseconds and would drop the delay; use at least time.Millisecond, or 0 for none"
	meaning  = "toxiproxy counts in milliseconds and 0 has another meaning; use at least time.Millisecond"
	pause    = "toxiproxy counts in microseconds and would drop the pause; use at least time.Microsecond, or 0 for none"
	overflow = "longer durations overflow when they are added up; use MaxDelay for never"
	unknown  = "must be one of this package's toxics, by value: an engine cannot run it; write Latency{...}, not &Latency{...}, nil or a type of your own"
	shares   = "must be above 0 up to 1, or 0, which means 1: it is a fraction of all connections; leave the toxic out for none of them"
	twoWays  = "must be Downstream or Upstream: a connection has two directions; use the constants"
	rates    = "must be from 1 to 1000000000 KB/s: "
	sizes    = "must be from 1 to 1073741824 bytes: "
	varies   = "must be from 0 to Size-1: "
	probable = "must be above 0 and below 1: it is a probability, and what is lost every time never arrives; use Timeout{} for that"
	shaped   = "must be nil or one of this package's shapes, and a *Custom must have a Func: there is nothing to draw from; leave it out for Uniform{}"
	noBytes  = "must be 0 or more bytes: there is no negative number of bytes; use 0 to "
)

type embedded struct{ Latency }

var table = []bad{
	{nil, "known type", "<nil>: " + unknown},
	{&Latency{}, "known type", "*toxics.Latency: " + unknown},
	{(*Cut)(nil), "known type", "*toxics.Cut: " + unknown},
	{embedded{}, "known type", "toxics.embedded: " + unknown},

	{Timeout{Direction: 2}, "direction", "timeout: Direction is Direction(2), " + twoWays},
	{Cut{Direction: 255}, "direction", "cut: Direction is Direction(255), " + twoWays},

	{Latency{Share: -0.5}, "share", "latency: Share is -0.5, " + shares},
	{Bandwidth{Rate: 1, Share: 1.01}, "share", "bandwidth: Share is 1.01, " + shares},
	{SlowClose{Share: math.NaN()}, "share", "slow_close: Share is NaN, " + shares},
	{Timeout{Share: math.Inf(1)}, "share", "timeout: Share is +Inf, " + shares},
	{ResetPeer{Share: math.Inf(-1)}, "share", "reset_peer: Share is -Inf, " + shares},
	{Slicer{Size: 1, Share: 2}, "share", "slicer: Share is 2, " + shares},
	{LimitData{Share: -1e-300}, "share", "limit_data: Share is -1e-300, " + shares},
	{Cut{Share: 100}, "share", "cut: Share is 100, " + shares},

	{Latency{Latency: -ms}, "latency.Latency negative", "latency: Latency is -1ms, " + oneMilli + backward},
	{Latency{Latency: ms - 1}, "latency.Latency below resolution", "latency: Latency is 999.999µs, " + oneMilli + dropped},
	{Latency{Latency: math.MaxInt64}, "latency.Latency too long", "latency: Latency is 2562047h47m16.854775807s, " + oneMilli + overflow},
	{Latency{Latency: ms, Jitter: -1}, "latency.Jitter negative", "latency: Jitter is -1ns, " + oneMilli + backward},
	{Latency{Latency: ms, Jitter: 1}, "latency.Jitter below resolution", "latency: Jitter is 1ns, " + oneMilli + dropped},
	{Latency{Jitter: 1 << 62}, "latency.Jitter too long", "latency: Jitter is 1281023h53m38.427387904s, " + oneMilli + overflow},
	{SlowClose{Delay: math.MinInt64}, "slow_close.Delay negative", "slow_close: Delay is -2562047h47m16.854775808s, " + oneMilli + backward},
	{SlowClose{Delay: 500 * time.Microsecond}, "slow_close.Delay below resolution", "slow_close: Delay is 500µs, " + oneMilli + dropped},
	{SlowClose{Delay: tooLong}, "slow_close.Delay too long", "slow_close: Delay is 876000h0m0.000000001s, " + oneMilli + overflow},
	{Timeout{After: -time.Hour}, "timeout.After negative", "timeout: After is -1h0m0s, " + oneMilli + backward},
	{Timeout{After: 999 * time.Microsecond}, "timeout.After below resolution", "timeout: After is 999µs, " + oneMilli + meaning},
	{Timeout{After: tooLong}, "timeout.After too long", "timeout: After is 876000h0m0.000000001s, " + oneMilli + overflow},
	{ResetPeer{After: -ms}, "reset_peer.After negative", "reset_peer: After is -1ms, " + oneMilli + backward},
	{ResetPeer{After: 1}, "reset_peer.After below resolution", "reset_peer: After is 1ns, " + oneMilli + meaning},
	{ResetPeer{After: tooLong}, "reset_peer.After too long", "reset_peer: After is 876000h0m0.000000001s, " + oneMilli + overflow},
	{Slicer{Size: 1, Delay: -ms}, "slicer.Delay negative", "slicer: Delay is -1ms, " + oneMicro + backward},
	{Slicer{Size: 1, Delay: 999}, "slicer.Delay below resolution", "slicer: Delay is 999ns, " + oneMicro + pause},
	{Slicer{Size: 1, Delay: tooLong}, "slicer.Delay too long", "slicer: Delay is 876000h0m0.000000001s, " + oneMicro + overflow},

	{Bandwidth{}, "bandwidth.Rate zero", "bandwidth: Rate is 0, " + rates + "toxiproxy swallows everything at rate 0; if you want a black hole, ask for it by name with Timeout{}"},
	{Bandwidth{Rate: -1}, "bandwidth.Rate negative", "bandwidth: Rate is -1, " + rates + "a negative rate makes toxiproxy panic; use a positive rate"},
	{Bandwidth{Rate: math.MinInt64}, "bandwidth.Rate negative", "bandwidth: Rate is -9223372036854775808, " + rates + "a negative rate makes toxiproxy panic; use a positive rate"},
	{Bandwidth{Rate: MaxRate + 1}, "bandwidth.Rate too large", "bandwidth: Rate is 1000000001, " + rates + "a larger rate overflows in toxiproxy; leave the toxic out for no limit"},
	{Slicer{}, "slicer.Size not positive", "slicer: Size is 0, " + sizes + "toxiproxy recurses for ever on slices of no bytes; use 1 for single bytes"},
	{Slicer{Size: -5}, "slicer.Size not positive", "slicer: Size is -5, " + sizes + "toxiproxy recurses for ever on slices of no bytes; use 1 for single bytes"},
	{Slicer{Size: MaxSlice + 1}, "slicer.Size too large", "slicer: Size is 1073741825, " + sizes + "a larger size overflows in toxiproxy; leave the toxic out for no slices"},
	{Slicer{Size: 10, Variation: -1}, "slicer.Variation negative", "slicer: Variation is -1, " + varies + "there is no negative variation; use 0 for equal slices"},
	{Slicer{Size: 10, Variation: 10}, "slicer.Variation not below Size", "slicer: Variation is 10, " + varies + "toxiproxy panics when a slice can get no bytes; use a smaller Variation or a larger Size"},
	{Slicer{Size: 10, Variation: math.MaxInt}, "slicer.Variation not below Size", "slicer: Variation is 9223372036854775807, " + varies + "toxiproxy panics when a slice can get no bytes; use a smaller Variation or a larger Size"},
	{LimitData{Bytes: -1}, "limit_data.Bytes negative", "limit_data: Bytes is -1, " + noBytes + "close at the first data"},
	{Cut{After: -1}, "cut.After negative", "cut: After is -1, " + noBytes + "cut at the first data"},

	{Loss{Rate: 0}, "loss.Rate range", "loss: Rate is 0, " + probable},
	{Loss{Rate: 1}, "loss.Rate range", "loss: Rate is 1, " + probable},
	{Loss{Rate: math.NaN()}, "loss.Rate range", "loss: Rate is NaN, " + probable},
	{Loss{Rate: 0.5, Timeout: -1}, "loss.Timeout negative", "loss: Timeout is -1ns, " + oneMilli + backward},
	{Loss{Rate: 0.5, Timeout: 1}, "loss.Timeout below resolution", "loss: Timeout is 1ns, " + oneMilli + dropped},
	{Loss{Rate: 0.5, Timeout: tooLong}, "loss.Timeout too long", "loss: Timeout is 876000h0m0.000000001s, " + oneMilli + overflow},
	{Loss{Rate: 0.5, Direction: 3}, "direction", "loss: Direction is Direction(3), " + twoWays},
	{Latency{Shape: (*Custom)(nil)}, "latency.Shape known", "latency: Shape is <nil>, " + shaped},
	{Latency{Shape: &Custom{Name: "mine"}}, "latency.Shape known", "latency: Shape is mine, " + shaped},
	{Latency{Shape: oddShape{}}, "latency.Shape known", "latency: Shape is odd, " + shaped},

	{SlowDial{Delay: -1}, "slow_dial.Delay negative", "slow_dial: Delay is -1ns, " + oneMilli + backward},
	{SlowDial{Delay: 1}, "slow_dial.Delay below resolution", "slow_dial: Delay is 1ns, " + oneMilli + dropped},
	{SlowDial{Delay: tooLong}, "slow_dial.Delay too long", "slow_dial: Delay is 876000h0m0.000000001s, " + oneMilli + overflow},
	{SlowDial{Jitter: -1}, "slow_dial.Jitter negative", "slow_dial: Jitter is -1ns, " + oneMilli + backward},
	{SlowDial{Jitter: 1}, "slow_dial.Jitter below resolution", "slow_dial: Jitter is 1ns, " + oneMilli + dropped},
	{SlowDial{Jitter: tooLong}, "slow_dial.Jitter too long", "slow_dial: Jitter is 876000h0m0.000000001s, " + oneMilli + overflow},
	{SlowLookup{Delay: -1}, "slow_lookup.Delay negative", "slow_lookup: Delay is -1ns, " + oneMilli + backward},
	{SlowLookup{Delay: 1}, "slow_lookup.Delay below resolution", "slow_lookup: Delay is 1ns, " + oneMilli + dropped},
	{SlowLookup{Delay: tooLong}, "slow_lookup.Delay too long", "slow_lookup: Delay is 876000h0m0.000000001s, " + oneMilli + overflow},
	{FailDial{Errno: 1<<30 + 1}, "fail_dial.Errno range", "fail_dial: Errno is errno 1073741825, must be an error number of the system, or 0: there is no such error; leave it out for EHOSTUNREACH"},
	{Refuse{Share: -1}, "share", "refuse: Share is -1, " + shares},
	{FailDial{Share: 2}, "share", "fail_dial: Share is 2, " + shares},
	{SlowDial{Share: 2}, "share", "slow_dial: Share is 2, " + shares},
	{FailLookup{Share: 2}, "share", "fail_lookup: Share is 2, " + shares},
	{SlowLookup{Share: 2}, "share", "slow_lookup: Share is 2, " + shares},
	{&Refuse{}, "known type", "*toxics.Refuse: " + unknown},
}

type oddShape struct{ Uniform }

func (oddShape) String() string { return "odd" }

// everywhere is the effect as a fault, and as a toxic if it is one.
func everywhere(e Effect) (plans []Plan, prefixes []string) {
	if t, ok := e.(Toxic); ok || e == nil {
		plans, prefixes = []Plan{{Toxics: []Toxic{t}}}, []string{"toxic"}
	}
	return append(plans, Plan{Faults: []Fault{{Effect: e}}}), append(prefixes, "fault")
}

func TestEveryBadAttributeIsRefused(t *testing.T) {
	for _, b := range table {
		plans, prefixes := everywhere(b.effect)
		for i, p := range plans {
			err := p.Validate()
			want := "toxics: " + prefixes[i] + " 0 (" + strings.Replace(b.text, ": ", "): ", 1)
			if err == nil || err.Error() != want {
				t.Errorf("%#v:\n got %v\nwant %s", b.effect, err, want)
			}
		}
		if !ours(b.effect) {
			continue
		}
		for _, err := range []error{b.effect.Validate(), Inject(b.effect).Validate()} {
			if err == nil || err.Error() != "toxics: "+b.text {
				t.Errorf("%#v alone:\n got %v\nwant toxics: %s", b.effect, err, b.text)
			}
		}
	}
	if len(table) < 70 {
		t.Errorf("the table has %d bad attributes", len(table))
	}
}

// badFaults are faults out of place, or out of time.
var badFaults = []struct {
	fault Fault
	rule  string
	text  string
}{
	{Inject(Refuse{}).From(-1), "Start negative", "Start is -1ns, must be from 0 to 876000h0m0s: " + backward},
	{Inject(Refuse{}).From(tooLong), "Start too long", "Start is 876000h0m0.000000001s, must be from 0 to 876000h0m0s: " + overflow},
	{Inject(Refuse{}).For(-1), "Span negative", "Span is -1ns, must be from 0 to 876000h0m0s: " + backward},
	{Inject(Refuse{}).For(tooLong), "Span too long", "Span is 876000h0m0.000000001s, must be from 0 to 876000h0m0s: " + overflow},
	{Inject(Refuse{}).First(-1), "Count negative", "Count is -1, must be 0 or more: nothing happens a negative number of times; use 0 for no limit"},
	{Partition("a", "b").First(2), "Count of a partition", "Count is 2, must be 0 for a partition: a partition is between hosts, whatever connections they have; leave it out"},
	{Partition("client", "client"), "a partition of a host from itself", `Target is "client", must be another host than Source for a partition: a partition is between two hosts; leave Target empty to cut a host off from all others`},
	{OneWay("API:80", "api"), "a partition of a host from itself", `Target is "api", must be another host than Source for a partition: a partition is between two hosts; leave Target empty to cut a host off from all others`},
	{Inject(Refuse{}).Between("a b", ""), "Source", `Source is "a b", must be a host, host:port or empty: it would match no host; leave it empty for all of them`},
	{Inject(Refuse{}).Between("", ":80"), "Target", `Target is ":80", must be a host, host:port or empty: it would match no host; leave it empty for all of them`},
	{Inject(Refuse{}).Between("client", "api:http"), "Target port", `Target is "api:http", must be a host, host:port or empty: a port is a number from 1 to 65535, written as in an address; write one like "api:80"`},
	{Inject(Refuse{}).Between("client", "api:0"), "Target port", `Target is "api:0", must be a host, host:port or empty: a port is a number from 1 to 65535, written as in an address; write one like "api:80"`},
	{Inject(Refuse{}).Between("client", "api:080"), "Target port", `Target is "api:080", must be a host, host:port or empty: a port is a number from 1 to 65535, written as in an address; write one like "api:80"`},
	{Partition("api:65536", ""), "Source port", `Source is "api:65536", must be a host, host:port or empty: a port is a number from 1 to 65535, written as in an address; write one like "api:80"`},
	{Inject(Refuse{}).Between("client:80", "api"), "Source port of a dial", `Source is "client:80", must be a host or empty, but for a partition: a plan does not know from which port a host dials; leave the port out`},
	{Inject(FailLookup{}).Between("client", "api:80"), "Target port of a lookup", `Target is "api:80", must be a host or empty for a lookup: what is looked up is a name, without a port; leave the port out`},
	{Inject(Refuse{}).Between("", "http://api"), "Target", `Target is "http://api", must be a host, host:port or empty: it would match no host; leave it empty for all of them`},
}

func TestEveryBadFaultIsRefused(t *testing.T) {
	for _, b := range badFaults {
		want := "toxics: fault 0 (" + b.fault.Effect.Kind() + "): " + b.text
		if err := (Plan{Faults: []Fault{b.fault}}).Validate(); err == nil || err.Error() != want {
			t.Errorf("%#v:\n got %v\nwant %s", b.fault, err, want)
		}
		want = "toxics: " + b.fault.Effect.Kind() + ": " + b.text
		if err := b.fault.Validate(); err == nil || err.Error() != want {
			t.Errorf("%#v alone:\n got %v\nwant %s", b.fault, err, want)
		}
	}
	for _, good := range []Fault{
		Inject(Refuse{}).Between("10.0.0.1", "10.0.0.2:80"), Inject(Refuse{}).Between("::1", "[::1]:80"),
		Partition("api:80", "[::1]:65535"), Inject(FailLookup{}).Between("", "::1"),
		Inject(Cut{}).From(MaxDelay).For(MaxDelay).First(1 << 40), OneWay("a:1", "b"),
		Partition("", ""), Partition("a", ""), Partition("", "a"), Inject(Refuse{}).Between("a", "a"),
	} {
		must(t, good.Validate())
	}
}

func TestEveryFaultRuleIsNeeded(t *testing.T) {
	for i, left := range faultRules {
		mutant := slices.Delete(slices.Clone(faultRules), i, i+1)
		needed := false
		for _, b := range badFaults {
			passes := Plan{Faults: []Fault{b.fault}}.validate(rules, mutant) == nil
			needed = needed || passes
			if passes != (b.rule == left.name) {
				t.Errorf("without rule %q, passes %#v: %v", left.name, b.fault, passes)
			}
		}
		if !needed {
			t.Errorf("no case needs rule %q", left.name)
		}
	}
}

// Each rule is left out once. The cases that then pass have to be exactly those
// which the table ascribes to it, and there has to be one: so no rule is idle, none
// does another's work, and the table covers all.
func TestEveryRuleIsNeeded(t *testing.T) {
	for i, left := range rules {
		mutant := slices.Delete(slices.Clone(rules), i, i+1)
		var predicted, observed []int
		for n, b := range table {
			if b.rule == left.name {
				predicted = append(predicted, n)
			}
			if (Plan{Faults: []Fault{{Effect: b.effect}}}).validate(mutant, faultRules) == nil {
				observed = append(observed, n)
			}
		}
		if len(predicted) == 0 {
			t.Errorf("no case needs rule %q", left.name)
		}
		if !slices.Equal(predicted, observed) {
			t.Errorf("without rule %q the cases %v pass, the table says %v", left.name, observed, predicted)
		}
	}
	t.Logf("%d rules, %d cases", len(rules), len(table))
}

func TestRuleNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rules {
		if seen[r.name] {
			t.Errorf("two rules are called %q", r.name)
		}
		seen[r.name] = true
	}
}

func TestTheEdgesAreAllowed(t *testing.T) {
	edges := Plan{Toxics: []Toxic{
		Latency{}, Latency{Latency: ms, Jitter: time.Hour}, Latency{Latency: MaxDelay, Jitter: MaxDelay},
		Latency{Latency: 1500 * time.Microsecond},
		Bandwidth{Rate: 1}, Bandwidth{Rate: MaxRate, Share: 1},
		SlowClose{}, SlowClose{Delay: MaxDelay}, Timeout{}, Timeout{After: ms}, ResetPeer{}, ResetPeer{After: MaxDelay},
		Slicer{Size: 1, Delay: time.Microsecond}, Slicer{Size: MaxSlice, Variation: MaxSlice - 1, Delay: MaxDelay},
		LimitData{}, LimitData{Bytes: math.MaxInt64}, Cut{}, Cut{After: math.MaxInt64, Reset: true},
		Cut{Direction: Upstream, Share: math.SmallestNonzeroFloat64},
		Latency{Shape: Normal{}}, Latency{Shape: Pareto{}}, Latency{Shape: &Custom{Func: Uniform{}.Draw}},
		Bandwidth{Rate: 1, Shared: true}, Timeout{Absolute: true}, Loss{Rate: 0.999, Timeout: MaxDelay},
	}, Faults: []Fault{
		{Effect: Severed{OneWay: true}}, {Effect: Refuse{}}, {Effect: FailDial{Errno: maxErrno}}, {Effect: FailLookup{}},
		{Effect: SlowDial{Delay: MaxDelay, Jitter: ms}}, {Effect: SlowLookup{Delay: MaxDelay}},
	}}
	if err := edges.Validate(); err != nil {
		t.Error(err)
	}
	if err := (Plan{}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	err := Plan{Toxics: []Toxic{
		Latency{Latency: ms},
		Slicer{Direction: 9, Variation: -1, Share: 2},
		nil,
	}}.Validate()
	want := strings.Join([]string{
		"toxics: toxic 1 (slicer): Direction is Direction(9), " + twoWays,
		"toxics: toxic 1 (slicer): Share is 2, " + shares,
		"toxics: toxic 1 (slicer): Size is 0, " + sizes + "toxiproxy recurses for ever on slices of no bytes; use 1 for single bytes",
		"toxics: toxic 1 (slicer): Variation is -1, " + varies + "there is no negative variation; use 0 for equal slices",
		"toxics: toxic 2 (<nil>): " + unknown,
	}, "\n")
	if err == nil || err.Error() != want {
		t.Fatalf("got\n%v\nwant\n%s", err, want)
	}
	if !errors.Is(err, ErrInvalid) {
		t.Error("errors.Is does not find ErrInvalid")
	}
	var first *ToxicError
	if !errors.As(err, &first) {
		t.Fatal("errors.As does not find a ToxicError")
	}
	if first.Index != 1 || first.Toxic != "slicer" || first.Field != "Direction" || first.Value != Direction(9) {
		t.Errorf("the first ToxicError is %#v", first)
	}
}
