package toxics_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

func ExamplePlan() {
	plan := toxics.Plan{Seed: 42, Toxics: []toxics.Toxic{
		toxics.Latency{Latency: 100 * time.Millisecond, Jitter: 20 * time.Millisecond},
		toxics.Bandwidth{Direction: toxics.Upstream, Rate: 64},
		toxics.Cut{After: 1000, Reset: true, Share: 0.1},
	}}
	fmt.Println(plan.Validate())
	for _, t := range plan.Toxics {
		fmt.Println(t.Stream(), t.Kind(), t.Fraction())
	}
	// Output:
	// <nil>
	// downstream latency 1
	// upstream bandwidth 1
	// downstream cut 0.1
}

func ExamplePlan_Validate() {
	plan := toxics.Plan{Toxics: []toxics.Toxic{
		toxics.Bandwidth{Rate: 0},
		toxics.Slicer{Size: 100, Variation: 100},
	}}
	err := plan.Validate()
	fmt.Println(err)
	fmt.Println(errors.Is(err, toxics.ErrInvalid))
	// Output:
	// toxics: toxic 0 (bandwidth): Rate is 0, must be from 1 to 1000000000 KB/s: toxiproxy swallows everything at rate 0; if you want a black hole, ask for it by name with Timeout{}
	// toxics: toxic 1 (slicer): Variation is 100, must be from 0 to Size-1: toxiproxy panics when a slice can get no bytes; use a smaller Variation or a larger Size
	// true
}

func ExampleToxicError() {
	err := toxics.Timeout{After: 500 * time.Microsecond}.Validate()
	var wrong *toxics.ToxicError
	if errors.As(err, &wrong) {
		fmt.Println(wrong.Toxic, wrong.Field, wrong.Value)
		fmt.Println(wrong.Allowed)
	}
	// Output:
	// timeout After 500µs
	// 0 or from 1ms to 876000h0m0s
}

func ExampleDirection() {
	var d toxics.Direction
	fmt.Println(d, toxics.Upstream)
	// Output: downstream upstream
}

func ExampleToxic() {
	describe := func(t toxics.Toxic) string {
		switch t := t.(type) {
		case toxics.Timeout:
			if t.After == 0 {
				return "a black hole"
			}
		case toxics.Cut:
			return fmt.Sprintf("%d bytes, then the end", t.After)
		}
		return t.Kind()
	}
	fmt.Println(describe(toxics.Timeout{}))
	fmt.Println(describe(toxics.Cut{After: 7}))
	fmt.Println(describe(toxics.SlowClose{Delay: time.Second}))
	// Output:
	// a black hole
	// 7 bytes, then the end
	// slow_close
}
