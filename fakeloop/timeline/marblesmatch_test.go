package timeline_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func marbles(t testing.TB, text string) *timeline.Marbles {
	t.Helper()
	m, err := timeline.ParseMarbles(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// happened makes a run of an expression: a settle for each marble, in the order
// in which they are written.
func happened(t testing.TB, text string) *timeline.Timeline {
	t.Helper()
	tl := new(timeline.Timeline)
	at := time.Duration(0)
	for word := range strings.FieldsSeq(text) {
		if d, err := time.ParseDuration(word); err == nil {
			at += d
			continue
		}
		e := timeline.Event{At: at, Kind: timeline.Settled, ID: 1, Label: word, Detail: "resolved"}
		if label, failed := strings.CutPrefix(word, "#"); failed {
			e.Label, e.Detail = label, "rejected: x"
		}
		tl.Append(e)
	}
	return tl
}

func TestMatch(t *testing.T) {
	for _, c := range []struct{ expression, run string }{
		{"", ""},
		{"5ms", ""},
		{"a", "a"},
		{"-a 9ms (b c) #", "1ms a 9ms b c #x"},
		{"a b", "a b"},
		{"(a b)", "a b"},
		{"[a b]", "a b"},
		{"[a b]", "b a"},
		{"[a a b]", "a b a"},
		{"a [b c] d", "a c b d"},
		{"[a b][c d]", "b a d c"},
		{"#x", "#x"},
		{"[# #x]", "#y #x"},
		{"[# #x]", "#x #y"},
		{"[# #x]", "#x #x"},
		{"a---", "a"},
		{"-=1h -a-b", "1h a 1h b"},
		{"a 1h - b", "a 1h 1ms b"},
	} {
		if err := marbles(t, c.expression).Match(happened(t, c.run)); err != nil {
			t.Errorf("%q, %q: %v", c.expression, c.run, err)
		}
	}
}

func TestMismatch(t *testing.T) {
	for _, c := range []struct{ expression, run, want string }{
		{"a", "", `
want a at 0s, got nothing more
          0s
expected  a
actual
          ^
`},
		{"", "1s a", `
want nothing more, got a at 1s
          1s
expected
actual    a
          ^
`},
		{"a 9ms b", "a 10ms b", `
want b at 9ms, got b at 10ms
          0s  9ms  10ms
expected  a   b
actual    a        b
              ^
`},
		{"a 9ms b", "a 8ms b", `
want b at 9ms, got b at 8ms
          0s  8ms  9ms
expected  a        b
actual    a   b
              ^
`},
		{"1ms a 9ms (b c) d", "1ms a 9ms b d c", `
want c at 10ms, got d at 10ms
          1ms  10ms
expected  a    (b c d)
actual    a    (b d c)
                  ^
`},
		{"(a b)", "a b c", `
want nothing more, got c at 0s
          0s
expected  (a b)
actual    (a b c)
               ^
`},
		{"a [b c d] e", "a c x", `
want one of [b d] at 0s, got x at 0s
          0s
expected  (a [b c d] e)
actual    (a c x)
               ^
`},
		{"[b c]", "b 1s c", `
want c at 0s, got c at 1s
          0s     1s
expected  [b c]
actual    b      c
          ^
`},
		{"#", "a", `
want # at 0s, got a at 0s
          0s
expected  #
actual    a
          ^
`},
		{"#x", "#y", `
want #x at 0s, got #y at 0s
          0s
expected  #x
actual    #y
          ^
`},
		{"x", "#x", `
want x at 0s, got #x at 0s
          0s
expected  x
actual    #x
          ^
`},
		{"1ms (ab)", "1ms a b", `
want ab at 1ms, got a at 1ms
(ab is one label; several are written with spaces: a b)
          1ms
expected  ab
actual    (a b)
           ^
`},
		{"1s a 1s b 1s c 1s d 1s e 1s f 1s g 1s h 1s i 1s j 1s k", "1s a 1s b 1s c 1s d 1s e 1s x 1s g", `
want f at 6s, got x at 6s
          2s  3s  4s  5s  6s  7s  8s  9s  10s
expected  b   c   d   e   f   g   h   i   j
actual    b   c   d   e   x   g
                          ^
(1 before and 1 after these are not drawn)
`},
		{"a b c d e f g h i j k l m n", "a b c d e f x h i j k l m n", `
want g at 0s, got x at 0s
          0s
expected  (... c d e f g h i j k ...)
actual    (... c d e f x h i j k ...)
                       ^
`},
		{"'" + strings.Repeat("long ", 20) + "'", "a", `
want 'long long long long long long long long long long long long long long long long long long long long ' at 0s, got a at 0s
          0s
expected  'long long long long long long long l...
actual    a
          ^
`},
	} {
		err := marbles(t, c.expression).Match(happened(t, c.run))
		var d *timeline.MarbleMismatch
		if !errors.As(err, &d) {
			t.Errorf("%q, %q: %v", c.expression, c.run, err)
			continue
		}
		text, prefixed := strings.CutPrefix(err.Error(), "timeline: the run is not as expected: ")
		if want := c.want[1:]; !prefixed || text != want {
			t.Errorf("%q, %q:\ngot\n%s\nwant\n%s", c.expression, c.run, err, want)
		}
		if first := fmt.Sprintf("want %s, got %s\n", d.Want, d.Got); !strings.HasPrefix(text, first) {
			t.Errorf("%q, %q: Want and Got are %q", c.expression, c.run, first)
		}
	}
}

// At is the instant of the first difference, of whichever side.
func TestMismatchAt(t *testing.T) {
	for _, c := range []struct {
		expression, run string
		at              time.Duration
	}{
		{"1s a", "2s a", time.Second},
		{"2s a", "1s a", time.Second},
		{"1s a", "", time.Second},
		{"", "1s a", time.Second},
		{"1s a 1s b", "1s a 1s c", 2 * time.Second},
	} {
		var d *timeline.MarbleMismatch
		if err := marbles(t, c.expression).Match(happened(t, c.run)); !errors.As(err, &d) || d.At != c.at {
			t.Errorf("%q, %q: At is %v in %v", c.expression, c.run, d.At, err)
		}
	}
}
