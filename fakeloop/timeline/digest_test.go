package timeline_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func digest(events ...timeline.Event) timeline.Digest {
	var t timeline.Timeline
	for _, e := range events {
		t.Append(e)
	}
	return t.Digest()
}

func TestDigestIsOfTheEventsOnly(t *testing.T) {
	a, b := record(1000), record(1000)
	if a.Digest() != b.Digest() || a.Digest() != a.Snapshot().Digest() {
		t.Error("equal timelines have different digests")
	}
	if record(999).Digest() == a.Digest() {
		t.Error("a shorter timeline has the same digest")
	}
	sum := a.Digest()
	if got := sum.String(); len(got) != 16 || fmt.Sprintf("%x", sum[:8]) != got {
		t.Errorf("String() = %q", got)
	}
	if got := new(timeline.Timeline).Digest().String(); got != "e3b0c44298fc1c14" { // SHA-256 of nothing
		t.Errorf("the digest of an empty timeline is %s", got)
	}
}

// Every bit of every number and every byte of every string counts, in every
// field, by reflection.
func TestDigestOfEveryField(t *testing.T) {
	full := timeline.Event{At: time.Second, Turn: 7, Kind: timeline.Armed, ID: 1 << 40, Cause: 1 << 50, Label: "label", Detail: "detail", Due: time.Minute}
	typ := reflect.TypeFor[timeline.Event]()
	seen := map[timeline.Digest]string{digest(full): "the original"}
	add := func(e timeline.Event, what string) {
		t.Helper()
		d := digest(e)
		if other, ok := seen[d]; ok {
			t.Errorf("%s and %s have one digest", what, other)
		}
		seen[d] = what
	}
	for i := range typ.NumField() {
		name := typ.Field(i).Name
		if reflect.ValueOf(full).Field(i).IsZero() {
			t.Errorf("field %s is new: give it a value above", name)
		}
		change := func(what string, f func(v reflect.Value)) {
			e := full
			f(reflect.ValueOf(&e).Elem().Field(i))
			add(e, name+" "+what)
		}
		switch kind := typ.Field(i).Type.Kind(); kind {
		case reflect.String:
			change("emptied", func(v reflect.Value) { v.SetString("") })
			for at := range reflect.ValueOf(full).Field(i).Len() {
				change(fmt.Sprint("changed at ", at), func(v reflect.Value) {
					b := []byte(v.String())
					b[at] ^= 1
					v.SetString(string(b))
				})
			}
			change("longer by a zero", func(v reflect.Value) { v.SetString(v.String() + "\x00") })
		case reflect.Int64:
			for bit := range 64 {
				change(fmt.Sprint("bit ", bit), func(v reflect.Value) { v.SetInt(v.Int() ^ 1<<bit) })
			}
		case reflect.Uint64, reflect.Uint8:
			for bit := range typ.Field(i).Type.Bits() {
				change(fmt.Sprint("bit ", bit), func(v reflect.Value) { v.SetUint(v.Uint() ^ 1<<bit) })
			}
		default:
			t.Errorf("field %s is a %v: teach this test to change it", name, kind)
		}
	}
}

// No two lists of events look alike: what moves from one field, or one event,
// to the next is seen.
func TestDigestIsUnambiguous(t *testing.T) {
	lists := map[string][]timeline.Event{
		"nothing":           {},
		"a zero event":      {{}},
		"two zero events":   {{}, {}},
		"label ab":          {{Label: "ab"}},
		"detail ab":         {{Detail: "ab"}},
		"label a, detail b": {{Label: "a", Detail: "b"}},
		"a and b":           {{Label: "a"}, {Label: "b"}},
		"b and a":           {{Label: "b"}, {Label: "a"}},
		"ab and nothing":    {{Label: "ab"}, {}},
		"nothing and ab":    {{}, {Label: "ab"}},
		"label of zeros":    {{Label: "\x00\x00"}},
		"ID":                {{ID: 1}},
		"Cause":             {{Cause: 1}},
		"At":                {{At: 1}},
		"Turn":              {{Turn: 1}},
		"Due":               {{Due: 1}},
		"Kind":              {{Kind: 1}},
		"huge":              {{At: math.MaxInt64, Due: math.MinInt64}},
		"a long label":      {{Label: string(make([]byte, 300))}},
		"a longer label":    {{Label: string(make([]byte, 301))}},
	}
	seen := map[timeline.Digest]string{}
	for name, events := range lists {
		d := digest(events...)
		if other, ok := seen[d]; ok {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[d] = name
	}
}
