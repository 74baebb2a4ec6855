package toxics

import "testing"

func TestToxicsAnswerForThemselves(t *testing.T) {
	for _, test := range []struct {
		toxic    Toxic
		kind     string
		fraction float64
	}{
		{Latency{Direction: Upstream, Share: 0.25}, "latency", 0.25},
		{Bandwidth{Direction: Upstream, Rate: 1}, "bandwidth", 1},
		{SlowClose{Direction: Upstream, Share: 1}, "slow_close", 1},
		{Timeout{Direction: Upstream}, "timeout", 1},
		{ResetPeer{Direction: Upstream}, "reset_peer", 1},
		{Slicer{Direction: Upstream, Size: 1}, "slicer", 1},
		{LimitData{Direction: Upstream}, "limit_data", 1},
		{Cut{Direction: Upstream, Share: 0.5}, "cut", 0.5},
		{Loss{Direction: Upstream, Rate: 0.5}, "loss", 1},
	} {
		if got := test.toxic.Kind(); got != test.kind {
			t.Errorf("%#v: Kind is %q, want %q", test.toxic, got, test.kind)
		}
		if got := test.toxic.Stream(); got != Upstream {
			t.Errorf("%#v: Stream is %v", test.toxic, got)
		}
		if got := test.toxic.Fraction(); got != test.fraction {
			t.Errorf("%#v: Fraction is %v, want %v", test.toxic, got, test.fraction)
		}
		if err := test.toxic.Validate(); err != nil {
			t.Error(err)
		}
	}
}

func TestDirectionNames(t *testing.T) {
	for d, want := range map[Direction]string{Downstream: "downstream", Upstream: "upstream", 7: "Direction(7)"} {
		if got := d.String(); got != want {
			t.Errorf("Direction %d is %q, want %q", uint8(d), got, want)
		}
	}
	var zero Direction
	if zero != Downstream {
		t.Error("the zero value is not toxiproxy's default")
	}
}

func TestEffectsAnswerForThemselves(t *testing.T) {
	for _, test := range []struct {
		effect   Effect
		kind     string
		fraction float64
	}{
		{Severed{}, "severed", 1},
		{Refuse{Share: 0.5}, "refuse", 0.5},
		{FailDial{Share: 0.25}, "fail_dial", 0.25},
		{SlowDial{}, "slow_dial", 1},
		{FailLookup{}, "fail_lookup", 1},
		{SlowLookup{Share: 1}, "slow_lookup", 1},
	} {
		equal(t, "Kind", test.effect.Kind(), test.kind)
		equal(t, test.kind+": Fraction", test.effect.Fraction(), test.fraction)
		must(t, test.effect.Validate())
		if _, ok := test.effect.(Toxic); ok {
			t.Errorf("%s is a toxic", test.kind)
		}
	}
}
