package fakeloop_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// golden are strings that an earlier build printed, and what they say: they must be
// read for ever, or the version must change. What is printed may change with Go's
// way to compress.
var golden = map[string]string{
	"wt1:AI3vAtIA": "",
	"wt1:AKt2JEdRAAZkaWFsIHgFAwIFAQENbmV4dCBjYWxsYmFjawADAAABYa8zAAABYqf1AAABYyquAQUCAAABC25leHQgcmV0dXJuAAIAAAFwdyMAAAFxL80B": `dial x 3/5
dial x 1/5
next callback 1/3 a:33af0000 b:f5a70000 c:ae2a0000
next callback 0/2 a:33af0000 c:ae2a0000
next return 1/2 p:23770000 q:cd2f0000
`,
	"wt1:AU4HjxdhYmBLyUzMUahgZWBiZWFiZWJiZQQzmGEMEJuRNy-1okQhOTEnJykxOZuBmYGBMXG9MQMDY9LyrwwMjMla6xhYmRgYGbnB6opSS0qL8hiYGBgYC8qVGRgYC_XPMgICAAD__w": `dial x 0/5
dial x 4/5
dial x 2/5
dial x 1/5
dial x 4/5
dial x 3/5
dial x 1/5
dial x 4/5
dial x 4/5
dial x 3/5
next callback 0/3 a:33af0000 b:f5a70000 c:ae2a0000
next callback 1/2 b:f5a70000 c:ae2a0000
next return 1/2 p:23770000 q:cd2f0000
`,
}

func TestGoldenReplays(t *testing.T) {
	for text, want := range golden {
		var b strings.Builder
		asked, choices := decisions(t, mustParse(t, text))
		for i, d := range asked {
			fmt.Fprintf(&b, "%s %d/%d", d.Label, choices[i], d.N)
			for _, o := range d.Options {
				fmt.Fprintf(&b, " %s:%v", o.Label, o.ID)
			}
			b.WriteString("\n")
		}
		equal(t, text, b.String(), want)
	}
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// packed makes a replay string of data as they stand.
func packed(method byte, data []byte, change func(payload []byte) []byte) string {
	payload := []byte{method}
	payload = binary.LittleEndian.AppendUint32(payload, crc32.ChecksumIEEE(append([]byte{method}, data...)))
	payload = binary.AppendUvarint(payload, uint64(len(data)))
	payload = append(payload, data...)
	if change != nil {
		payload = change(payload)
	}
	return "wt1:" + base64.RawURLEncoding.EncodeToString(payload)
}

func deflated(data []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func TestReplayErrors(t *testing.T) {
	// One decision of Loop.Choose: label "ab", 3 ways, choice 2.
	body := []byte{0, 2, 'a', 'b', 3, 2}
	// One of the loop's: label "n", two new options, "x" and "y", choice 1.
	loops := []byte{1, 1, 'n', 0, 2, 0, 0, 1, 'x', 1, 2, 0, 0, 1, 'y', 3, 4, 1}
	equal(t, "decisions", mustParse(t, packed(0, body, nil)).Len(), 1)
	equal(t, "decisions", mustParse(t, packed(1, deflated(loops), nil)).Len(), 1)
	good := packed(0, body, nil)
	inBody := func(at int, expected string) string {
		return fmt.Sprintf("fakeloop: this is no replay string: at byte 4: in the data from here on, at byte %d: expected %s", at, expected)
	}
	header := func(length ...byte) string {
		return "wt1:" + base64.RawURLEncoding.EncodeToString(append(make([]byte, 5), length...))
	}
	edited := func(body []byte, at int, to ...byte) string {
		return packed(0, append(bytes.Clone(body[:at]), to...), nil)
	}
	for _, c := range []struct{ text, want string }{
		{"", `fakeloop: this is no replay string: at byte 0: the string ends, expected "wt1:"`},
		{"wt", `fakeloop: this is no replay string: at byte 2: the string ends, expected "1:"`},
		{"seed=7", `fakeloop: this is no replay string: at byte 0: found 's', expected "wt1:"`},
		{"wt1;", `fakeloop: this is no replay string: at byte 3: found ';', expected ":"`},
		{"wt2:abc", `fakeloop: this is no replay string: at byte 2: version 2 is unknown; this version of the package knows version 1`},
		{"wt10:", `fakeloop: this is no replay string: at byte 2: version 10 is unknown; this version of the package knows version 1`},
		{"wtx:", `fakeloop: this is no replay string: at byte 2: found 'x', expected "1:"`},
		{"wt1:AB+D", `fakeloop: this is no replay string: at byte 6: found '+', expected a letter, a digit, '-' or '_'`},
		{good + "\n", fmt.Sprintf(`fakeloop: this is no replay string: at byte %d: found '\n', expected a letter, a digit, '-' or '_'`, len(good))},
		{"wt1:A", `fakeloop: this is no replay string: at byte 5: the string does not end with a whole byte; expected another last character: it was cut off or changed`},
		{"wt1:", `fakeloop: this is no replay string: at byte 4: the string ends in its header; expected more: it was cut off`},
		{header(5), `fakeloop: this is no replay string: at byte 12: the string ends after 0 bytes of data, expected 5: it was cut off or changed`},
		{header(0, 9), `fakeloop: this is no replay string: at byte 4: there are 1 bytes of data, expected 0: something was added or changed`},
		{header(0x80), `fakeloop: this is no replay string: at byte 12: the string ends in its header; expected a length: it was cut off or changed`},
		{packed(0, body, func(p []byte) []byte { p[len(p)-1] = 1; return p }),
			`fakeloop: this is no replay string: at byte 4: the checksum from here on is 734f6063, expected ea4631d9: the string was changed`},
		{packed(2, body, nil), `fakeloop: this is no replay string: at byte 4: the data are packed by method 2, expected 0 or 1`},
		{packed(1, []byte{7}, nil), `fakeloop: this is no replay string: at byte 4: the data from here on do not unpack: flate: corrupt input before offset 1; expected DEFLATE`},
		{packed(1, deflated(make([]byte, 8<<20+1)), nil), `fakeloop: this is no replay string: at byte 4: the data unpack to more than 8388608 bytes, expected no more`},
		{edited(body, 0, 4), inBody(1, "the number of a label, up to 0")},
		{edited(body, 0, 0x80), inBody(0, "a label, a number up to 9223372036854775807")},
		{edited(body, 1, 9, 'a'), inBody(2, "a label of 9 bytes")},
		{edited(body, 4, 1), inBody(5, "two ways at least")},
		{edited(body, 4), inBody(4, "a number of ways, a number up to 9223372036854775807")},
		{edited(body, 5, 3), inBody(5, "a choice, a number up to 2")},
		{edited(loops, 3, 1), inBody(3, "how many options are the same as before, a number up to 0")},
		{edited(loops, 4, 0xff, 0xff, 0xff, 1), inBody(4, "how many options follow, a number up to 65536")},
		{edited(loops, 4, 1), inBody(5, "two options at least, and 67108864 at most in all")},
		{edited(loops, 5, 1), inBody(5, "the number of an option, a number up to 0")},
		{edited(loops, 6, 2), inBody(6, "the number of a label, a number up to 1")},
		{edited(loops, 9, 1), inBody(9, "two bytes of an identity")},
		{edited(loops, 17, 2), inBody(17, "a choice, a number up to 1")},
	} {
		replay, err := fakeloop.ParseReplay(c.text)
		if err == nil {
			t.Errorf("%.60q is parsed: %v", c.text, replay)
			continue
		}
		equal(t, "text of the error", err.Error(), c.want)
		e := as[*fakeloop.ReplayError](t, err)
		if e.Offset < 0 || e.Offset > len(c.text) {
			t.Errorf("%.60q: offset %d", c.text, e.Offset)
		}
	}
}

// example is the string of a small recording.
func example(t testing.TB) string {
	recording := fakeloop.Record(fakeloop.Seed(1))
	run(t, mixture(1), recording)
	return recording.String()
}

// Every string that was cut off, and every one with one character changed or two
// exchanged, is refused.
func TestReplayStringsThatWereDamaged(t *testing.T) {
	text := example(t)
	refused := func(what, damaged string) {
		if damaged == text {
			return
		}
		if _, err := fakeloop.ParseReplay(damaged); err == nil {
			t.Errorf("%s: %q is parsed, as %q is", what, damaged, text)
		}
	}
	for i := range text {
		refused("cut off", text[:i])
		refused("left out", text[:i]+text[i+1:])
		for _, c := range alphabet {
			refused("changed", text[:i]+string(c)+text[i+1:])
		}
		if i > 0 {
			refused("exchanged", text[:i-1]+text[i:i+1]+text[i-1:i]+text[i+1:])
		}
	}
	refused("twice", text+text)
	refused("longer", text+"A")
	mustParse(t, text)
}

func TestReplayStringsNeedNoQuoting(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Decisions: fakeloop.Record(nil)})
	recording := fakeloop.Record(nil)
	for _, label := range []string{"", "a b", "'\"$`\\", "\x00\xff", "ä", strings.Repeat("long ", 1000)} {
		loop.Choose(label, 2)
		_ = recording.Choose(label, 2)
	}
	text := recording.String()
	if !regexp.MustCompile(`^wt1:[A-Za-z0-9_-]+$`).MatchString(text) {
		t.Errorf("replay string %q", text)
	}
	strict := mustParse(t, text).Strict()
	for _, label := range []string{"", "a b", "'\"$`\\", "\x00\xff", "ä", strings.Repeat("long ", 1000)} {
		if _, err := strict.ChooseOption(fakeloop.Decision{Label: label, N: 2}); err != nil {
			t.Error(err)
		}
	}
}

// Runs of one choice are cheap, and callbacks of the loop cost little.
func TestReplayStringsAreShort(t *testing.T) {
	recording := fakeloop.Record(nil)
	for range 10_000 {
		_ = recording.Choose("does this read fail", 2)
	}
	if n := len(recording.String()); n > 150 {
		t.Errorf("10000 times choice 0 take %d characters", n)
	}
	recording = fakeloop.Record(nil)
	run(t, func(loop *fakeloop.Loop) {
		for i := range 20 {
			var again func()
			n := 0
			again = func() {
				if n++; n < 50 {
					loop.AfterFunc(time.Second, again)
				}
			}
			_ = loop.PostFrom(fmt.Sprint("ticker ", i), again)
		}
	}, recording)
	each := float64(len(recording.String())) / float64(recording.Len())
	if each > 6 {
		t.Errorf("a decision of the loop takes %.1f characters", each)
	}
	t.Logf("%d decisions, %.1f characters each", recording.Len(), each)
}

// Decisions among too many are recorded without their options, and can be replayed.
func TestRecordingOfManyOptions(t *testing.T) {
	options := make([]fakeloop.Option, 1<<16+1)
	recording := fakeloop.Record(fakeloop.Seed(1))
	many := fakeloop.Decision{Label: "next callback", N: len(options), Options: options}
	want, err := recording.ChooseOption(many)
	sameError(t, "ChooseOption", err, nil)
	few := fakeloop.Decision{Label: "next callback", N: 1 << 16, Options: options[:1<<16]}
	_, err = recording.ChooseOption(few)
	sameError(t, "ChooseOption", err, nil)
	replay := mustParse(t, recording.String())
	strict := replay.Strict()
	got, err := strict.ChooseOption(many)
	sameError(t, "strict replay", err, nil)
	equal(t, "choice", got, want)
	few.Options = append([]fakeloop.Option(nil), few.Options...)
	few.Options[1<<16-1].ID = 1 << 50
	_, err = strict.ChooseOption(few)
	equal(t, "recorded options", len(as[*fakeloop.DivergenceError](t, err).Recorded.Options), 1<<16)
	got, err = replay.Source().(fakeloop.OptionSource).ChooseOption(many)
	sameError(t, "lenient replay", err, nil)
	equal(t, "choice", got, want)
}

// A recording of so many options stays short enough to be parsed, by leaving them out.
func TestLongRecording(t *testing.T) {
	const n = 80_000
	recording := fakeloop.Record(fakeloop.Seed(1))
	id := fakeloop.Option{}
	d := fakeloop.Decision{Label: "next callback", N: 64, Options: make([]fakeloop.Option, 64)}
	for range n {
		for i := range d.Options {
			id.ID += 0x9e3779b97f4a7c15
			d.Options[i] = id
		}
		_, _ = recording.ChooseOption(d)
	}
	replay := mustParse(t, recording.String())
	equal(t, "decisions", replay.Len(), n)
	equal(t, "decisions left", replay.Strict().Rest(), n)
}

// A replay of one thousand million options is refused, not read.
func TestReplayOfTooManyOptions(t *testing.T) {
	body := []byte{1, 1, 'n', 0}
	body = binary.AppendUvarint(body, 1<<15)
	body = append(body, 0, 1, 0, 0)                          // the option
	body = append(body, bytes.Repeat([]byte{1}, 1<<15-1)...) // again and again
	body = append(body, 0)                                   // choice
	for range 1 << 15 {
		body = append(body, 3)
		body = binary.AppendUvarint(body, 1<<15-1)
		body = append(body, 1, 1, 0)
	}
	_, err := fakeloop.ParseReplay(packed(1, deflated(body), nil))
	if err == nil || !strings.HasSuffix(err.Error(), "expected two options at least, and 67108864 at most in all") {
		t.Errorf("got error %v", err)
	}
}

// FuzzParseReplay: whatever is parsed either is refused, with a position inside the
// text, or prints back to itself and can be followed to its end.
func FuzzParseReplay(f *testing.F) {
	f.Add(example(f))
	f.Add("wt1:")
	f.Add("wt2:AAAA")
	f.Add(fakeloop.Record(nil).String())
	f.Add(packed(1, deflated([]byte{0, 2, 'a', 'b', 3, 2}), nil))
	f.Add(packed(0, []byte{1, 1, 'n', 0, 2, 0, 0, 1, 'x', 1, 2, 0, 0, 1, 'y', 3, 4, 1}, nil))
	f.Fuzz(func(t *testing.T, text string) {
		// The text itself, and the text as a body with a right checksum, which
		// chance would never find.
		for _, text := range []string{text, packed(0, []byte(text), nil), packed(1, []byte(text), nil)} {
			replay, err := fakeloop.ParseReplay(text)
			if err != nil {
				e := as[*fakeloop.ReplayError](t, err)
				if e.Offset < 0 || e.Offset > len(text) || e.Problem == "" {
					t.Errorf("ParseReplay(%q): %#v", text, e)
				}
				continue
			}
			equal(t, "text", replay.String(), text)
			follow(t, replay)
		}
	})
}

// decisions returns what a replay has recorded, which a strict one tells by refusing.
func decisions(t *testing.T, replay *fakeloop.Replay) (asked []fakeloop.Decision, choices []int) {
	for {
		strict := replay.Strict()
		for i, d := range asked {
			choice, err := strict.ChooseOption(d)
			sameError(t, "a decision that was recorded", err, nil)
			equal(t, "choice", choice, choices[i])
		}
		equal(t, "decisions left", strict.Rest(), replay.Len()-len(asked))
		_, err := strict.ChooseOption(fakeloop.Decision{Label: "no such label", N: 1})
		e := as[*fakeloop.DivergenceError](t, err)
		if e.Recorded == nil {
			equal(t, "decisions", len(asked), replay.Len())
			return asked, choices
		}
		asked = append(asked, *e.Recorded)
		choices = append(choices, e.Choice)
	}
}

// follow asks both sources of a replay what was recorded.
func follow(t *testing.T, replay *fakeloop.Replay) {
	if replay.Len() > 100 {
		return
	}
	lenient := replay.Source().(fakeloop.OptionSource)
	asked, _ := decisions(t, replay)
	for _, d := range asked {
		if choice, err := lenient.ChooseOption(d); err != nil || choice < 0 || choice >= d.N {
			t.Errorf("choice %d, error %v", choice, err)
		}
	}
}
