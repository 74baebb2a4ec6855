package toxics

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestPlanJSON(t *testing.T) {
	for _, test := range []struct {
		plan Plan
		text string
	}{
		{Plan{}, `{}`},
		{Plan{Seed: math.MaxUint64}, `{"seed":18446744073709551615}`},
		{
			Plan{Seed: 42, Toxics: []Toxic{
				Latency{Latency: 100 * ms, Jitter: 20*ms + 1, Shape: Pareto{}, Share: 0.25},
				Bandwidth{Direction: Upstream, Rate: 64, Shared: true},
				SlowClose{Delay: 1500 * time.Microsecond},
				Timeout{After: time.Second, Absolute: true}, Timeout{},
				ResetPeer{Direction: Upstream, After: time.Hour},
				Slicer{Size: 100, Variation: 50, Delay: 7 * ms},
				LimitData{Bytes: math.MaxInt64}, Cut{After: 9, Reset: true}, Loss{Rate: 0.1},
			}, Faults: []Fault{
				Partition("a", "b:80").From(10 * time.Second).For(5 * time.Second), OneWay("a", "b"),
				Inject(Latency{Latency: ms}).First(3),
				Inject(Refuse{Share: 0.5}), Inject(FailDial{Errno: syscall.ENETUNREACH}), Inject(SlowDial{Delay: ms, Jitter: ms}),
				Inject(FailLookup{NotFound: true}), Inject(SlowLookup{Delay: time.Second}),
			}},
			`{"seed":42,"toxics":[` +
				`{"type":"latency","stream":"downstream","toxicity":0.25,"attributes":{"jitter":20.000001,"latency":100,"shape":"pareto"}},` +
				`{"type":"bandwidth","stream":"upstream","attributes":{"rate":64,"shared":true}},` +
				`{"type":"slow_close","stream":"downstream","attributes":{"delay":1.5}},` +
				`{"type":"timeout","stream":"downstream","attributes":{"absolute":true,"timeout":1000}},` +
				`{"type":"timeout","stream":"downstream"},` +
				`{"type":"reset_peer","stream":"upstream","attributes":{"timeout":3600000}},` +
				`{"type":"slicer","stream":"downstream","attributes":{"average_size":100,"delay":7000,"size_variation":50}},` +
				`{"type":"limit_data","stream":"downstream","attributes":{"bytes":9223372036854775807}},` +
				`{"type":"cut","stream":"downstream","attributes":{"after":9,"reset":true}},` +
				`{"type":"loss","stream":"downstream","attributes":{"rate":0.1}}],` +
				`"faults":[{"type":"severed","source":"a","target":"b:80","start":"10s","span":"5s"},` +
				`{"type":"severed","attributes":{"one_way":true},"source":"a","target":"b"},` +
				`{"type":"latency","stream":"downstream","attributes":{"latency":1},"count":3},` +
				`{"type":"refuse","toxicity":0.5},{"type":"fail_dial","attributes":{"errno":` + fmt.Sprint(int(syscall.ENETUNREACH)) + `}},` +
				`{"type":"slow_dial","attributes":{"delay":1,"jitter":1}},` +
				`{"type":"fail_lookup","attributes":{"not_found":true}},{"type":"slow_lookup","attributes":{"delay":1000}}]}`,
		},
	} {
		text, err := json.Marshal(test.plan)
		must(t, err)
		equal(t, "JSON", string(text), test.text)
		equal(t, "String", test.plan.String(), test.text)
		var back Plan
		must(t, json.Unmarshal(text, &back))
		if !reflect.DeepEqual(back, test.plan) {
			t.Errorf("%s comes back as %#v", text, back)
		}
	}
}

func TestACustomShapeHasNoJSON(t *testing.T) {
	l := Latency{Latency: ms, Shape: &Custom{Name: "mine", Func: Uniform{}.Draw}}
	for _, test := range []struct {
		plan Plan
		text string
	}{
		{Plan{Toxics: []Toxic{l}}, `toxics: toxic 0 (latency): the shape "mine" is a function and has no JSON; use one of this package's shapes`},
		{Plan{Faults: []Fault{Inject(l)}}, `toxics: fault 0 (latency): the shape "mine" is a function and has no JSON; use one of this package's shapes`},
		{Plan{Toxics: []Toxic{nil}}, `toxics: toxic 0 (<nil>): only this package's toxics have a JSON`},
	} {
		_, err := json.Marshal(test.plan)
		if err == nil || !strings.HasSuffix(err.Error(), test.text) {
			t.Errorf("got %v, want %s", err, test.text)
		}
	}
	equal(t, "printed", Plan{Toxics: []Toxic{l, nil}}.String(), `{"toxics":[{"type":"latency","stream":"downstream","attributes":{"latency":1,"shape":"mine"}},{"type":"\u003cnil\u003e"}]}`)
	equal(t, "printed, invalid", Plan{Toxics: []Toxic{Cut{Share: math.NaN()}}}.String(), "toxics.Plan(json: unsupported value: NaN)")
}

func TestToxiproxysJSON(t *testing.T) {
	for text, want := range map[string]Plan{
		`{"type":"latency"}`: {Toxics: []Toxic{Latency{}}},
		`{"name":"l","type":"latency","stream":"upstream","toxicity":1.0,"attributes":{"latency":1000,"jitter":500}}`: {Toxics: []Toxic{Latency{Direction: Upstream, Latency: time.Second, Jitter: 500 * ms}}},
		`[{"type":"bandwidth","attributes":{"rate":100}},{"type":"noop"},{"type":"cut","toxicity":0}]`:                {Toxics: []Toxic{Bandwidth{Rate: 100}}},
		`[{"name":"web","listen":"127.0.0.1:1","upstream":"api:80"},{"name":"db","upstream":"db:5432","enabled":false}]`: {Faults: []Fault{
			Inject(Refuse{}).Between("", "db:5432"),
		}},
		`{"name":"web","listen":"[::]:1","upstream":"api:80","enabled":true,"toxics":[{"type":"slow_close","stream":"Upstream","name":"x","toxicity":0.5,"attributes":{"delay":10}}]}`: {Faults: []Fault{
			Inject(SlowClose{Direction: Upstream, Delay: 10 * ms, Share: 0.5}).Between("", "api:80"),
		}},
		`{"web":{"name":"web","listen":"","upstream":"api:80","toxics":[{"type":"timeout"},{"type":"noop"}]},"db":{"name":"db","upstream":"db:1","toxics":[{"type":"reset_peer","attributes":{"timeout":5}}]}}`: {Faults: []Fault{
			Inject(ResetPeer{After: 5 * ms}).Between("", "db:1"), Inject(Timeout{}).Between("", "api:80"),
		}},
		` [] `: {}, `null`: {},
	} {
		got, err := ParsePlan([]byte(text))
		must(t, err)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %v\nwant %v", text, got, want)
		}
	}
}

func TestJSONThatIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		``:                              "unexpected end of JSON input",
		`7`:                             "json: cannot unmarshal number into Go value of type map[string]json.RawMessage",
		`[7]`:                           "item 0: json: cannot unmarshal number into Go value of type map[string]json.RawMessage",
		`[{}]`:                          `item 0: neither a toxic, which has a "type", nor a proxy, which has an "upstream"`,
		`[{"type":"lag"}]`:              `item 0: there is no toxic of type "lag"`,
		`{"seeds":1}`:                   `json: unknown field "seeds"`,
		`{"toxics":[{}]}`:               `toxic 0: there is no toxic of type ""`,
		`{"type":"cut","x":1}`:          `json: unknown field "x"`,
		`{"type":"cut","stream":"up"}`:  `the stream is "up", must be "upstream" or "downstream"`,
		`{"type":"cut","attributes":7}`: "attributes: json: cannot unmarshal number into Go value of type map[string]json.RawMessage",
		`{"type":"cut","attributes":{"reset":7}}`:               `attribute "reset": json: cannot unmarshal number into Go value of type bool`,
		`{"type":"cut","attributes":{"bytes":7,"a":1}}`:         "a cut has no attribute \"a\"\na cut has no attribute \"bytes\"",
		`{"type":"cut","attributes":{"after":7.5}}`:             `attribute "after" is 7.5, must be a whole number`,
		`{"type":"cut","attributes":{"after":1e-1}}`:            `attribute "after" is 1e-1, must be a whole number`,
		`{"type":"latency","attributes":{"latency":1.0000001}}`: `attribute "latency" is 1.0000001, must be a whole number of nanoseconds`,
		`{"type":"latency","attributes":{"shape":"flat"}}`:      `attribute "shape" is "flat", must be uniform, normal or pareto`,
		`{"type":"refuse"}`:                                     `"refuse" is no toxic of a connection: put it into "faults"`,
		`{"type":"cut","count":1}`:                              `source, target, start, span and count are a fault's: put it into "faults"`,
		`{"faults":[{"type":"refuse","stream":"upstream"}]}`:    `fault 0: a refuse has no stream; leave it out`,
		`{"faults":[{"type":"refuse","start":"soon"}]}`:         `fault 0: time: invalid duration "soon"`,
		`{"upstream":"x:1","toxics":[{"type":"lag"}]}`:          `toxic 0 of the proxy: there is no toxic of type "lag"`,
		`{"a":{"upstream":""}}`:                                 `proxy "a": neither a toxic, which has a "type", nor a proxy, which has an "upstream"`,

		// What ends toxiproxy's process, or never ends.
		`{"type":"latency","attributes":{"jitter":4611686018427387904}}`: "toxics: toxic 0 (latency): Jitter is 2562047h47m16.854775807s, " + oneMilli + overflow,
		`{"type":"latency","attributes":{"latency":1e300}}`:              "toxics: toxic 0 (latency): Latency is 2562047h47m16.854775807s, " + oneMilli + overflow,
		`{"type":"latency","attributes":{"latency":-1e999999999}}`:       "toxics: toxic 0 (latency): Latency is -2562047h47m16.854775808s, " + oneMilli + backward,
		`{"type":"latency","attributes":{"latency":-0.5}}`:               "toxics: toxic 0 (latency): Latency is -500µs, " + oneMilli + backward,
		`{"type":"bandwidth"}`:                          "toxics: toxic 0 (bandwidth): Rate is 0, " + rates + "toxiproxy swallows everything at rate 0; if you want a black hole, ask for it by name with Timeout{}",
		`{"type":"bandwidth","attributes":{"rate":-1}}`: "toxics: toxic 0 (bandwidth): Rate is -1, " + rates + "a negative rate makes toxiproxy panic; use a positive rate",
		`{"type":"slicer"}`:                             "toxics: toxic 0 (slicer): Size is 0, " + sizes + "toxiproxy recurses for ever on slices of no bytes; use 1 for single bytes",
		`{"type":"slicer","attributes":{"average_size":1,"size_variation":2}}`: "toxics: toxic 0 (slicer): Variation is 2, " + varies + "toxiproxy panics when a slice can get no bytes; use a smaller Variation or a larger Size",
		`{"faults":[{"type":"fail_dial","attributes":{"errno":-1}}]}`:          "toxics: fault 0 (fail_dial): Errno is errno -1, must be an error number of the system, or 0: there is no such error; leave it out for EHOSTUNREACH",
		`{"type":"cut","toxicity":2}`:                                          "toxics: toxic 0 (cut): Share is 2, " + shares,
	} {
		_, err := ParsePlan([]byte(text))
		if err == nil || err.Error() != "toxics: ParsePlan: "+want {
			t.Errorf("%s:\n got %v\nwant toxics: ParsePlan: %s", text, err, want)
		}
		var p Plan
		if err := json.Unmarshal([]byte(text), &p); err == nil {
			t.Errorf("json.Unmarshal takes %s", text)
		}
	}
	_, err := ParsePlan([]byte(`{"type":"bandwidth"}`))
	sameError(t, "a bad plan", err, ErrInvalid)
}

// Every duration that a plan may have comes back to the nanosecond.
func TestNumbersRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 10_000 {
		d := time.Duration(r.Int64N(int64(MaxDelay)) >> r.IntN(60))
		if r.IntN(2) == 0 {
			d = -d
		}
		for _, unit := range []time.Duration{ms, time.Microsecond} {
			got, err := parseNumber(string(number(d, unit)), unit)
			must(t, err)
			equal(t, string(number(d, unit)), time.Duration(got), d)
		}
	}
	for text, want := range map[string]int64{"1e3": 1000, "-2E1": -20, "9223372036854775807": math.MaxInt64, "9e18": 9e18, "1e19": math.MaxInt64, "-1e19": math.MinInt64, "1.000": 1} {
		got, err := parseNumber(text, 0)
		must(t, err)
		equal(t, text, got, want)
	}
}
