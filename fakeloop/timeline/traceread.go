package timeline

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ReadTrace reads the timeline from a trace that [Timeline.WriteTrace] has written: the
// same events, with the same [Digest] and the sites of their things. The trace may be compressed by gzip, as Perfetto takes
// it. Other tools may have added events, or changed their order. ReadTrace returns an error if r
// is no such trace, or if events are missing from it or have been changed.
func ReadTrace(r io.Reader) (*Timeline, error) {
	in := bufio.NewReader(r)
	r = in
	if magic, _ := in.Peek(2); string(magic) == "\x1f\x8b" {
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("timeline: ReadTrace: %w", err)
		}
		r = unpacked
	}
	var file struct {
		Other struct {
			Format string `json:"format"`
			Events int    `json:"events"`
			Digest string `json:"digest"`
		} `json:"otherData"`
		Events []struct {
			Phase string          `json:"ph"`
			Cat   string          `json:"cat"`
			Args  json.RawMessage `json:"args"`
		} `json:"traceEvents"`
	}
	if err := json.NewDecoder(r).Decode(&file); err != nil {
		return nil, fmt.Errorf("timeline: ReadTrace: %w", err)
	}
	if file.Other.Format != traceFormat {
		return nil, fmt.Errorf("timeline: ReadTrace: otherData.format is %q, want %q: WriteTrace has not written this", file.Other.Format, traceFormat)
	}
	var all []eventArgs
	for _, e := range file.Events {
		if e.Phase != "X" || e.Cat != "event" && e.Cat != "callback" {
			continue
		}
		var a eventArgs
		if err := json.Unmarshal(e.Args, &a); err != nil {
			return nil, fmt.Errorf("timeline: ReadTrace: the arguments of a slice: %w", err)
		}
		all = append(all, a)
	}
	slices.SortStableFunc(all, func(a, b eventArgs) int { return cmp.Compare(a.N, b.N) })
	t := new(Timeline)
	for i, a := range all {
		if a.N != i {
			return nil, fmt.Errorf("timeline: ReadTrace: event %d is missing, or there twice", min(i, a.N))
		}
		e, err := a.event()
		if err != nil {
			return nil, fmt.Errorf("timeline: ReadTrace: event %d: %w", i, err)
		}
		t.Append(e)
		if a.Site != "" {
			t.AddSite(e.ID, a.Site)
		}
	}
	if t.n != file.Other.Events {
		return nil, fmt.Errorf("timeline: ReadTrace: there are %d events, want %d", t.n, file.Other.Events)
	}
	if d := t.Digest(); hex.EncodeToString(d[:]) != file.Other.Digest {
		return nil, fmt.Errorf("timeline: ReadTrace: the digest of the events is %x, want %s: some have been changed, or another version wrote them", d[:], file.Other.Digest)
	}
	return t, nil
}

// event is the reverse of argsOf.
func (a eventArgs) event() (e Event, err error) {
	e = Event{Turn: a.Turn, Label: a.Label, Detail: a.Detail}
	if e.At, err = time.ParseDuration(a.At); err != nil {
		return e, err
	}
	if a.Due != "" {
		if e.Due, err = time.ParseDuration(a.Due); err != nil {
			return e, err
		}
	}
	if e.Kind, err = parseKind(a.Kind); err != nil {
		return e, err
	}
	if e.ID, err = parseID(a.ID); err != nil {
		return e, err
	}
	if a.Cause != "" {
		if e.Cause, err = parseID(a.Cause); err != nil {
			return e, err
		}
	}
	if a.LabelQuoted != "" {
		if e.Label, err = strconv.Unquote(a.LabelQuoted); err != nil {
			return e, fmt.Errorf("label_quoted: %w", err)
		}
	}
	if a.DetailQuoted != "" {
		if e.Detail, err = strconv.Unquote(a.DetailQuoted); err != nil {
			return e, fmt.Errorf("detail_quoted: %w", err)
		}
	}
	return e, nil
}

// parseKind is the reverse of Kind.String.
func parseKind(text string) (Kind, error) {
	if i := slices.Index(kindNames[:], text); i > 0 {
		return Kind(i), nil
	}
	if digits, ok := strings.CutPrefix(text, "kind("); ok {
		if n, err := strconv.ParseUint(strings.TrimSuffix(digits, ")"), 10, 8); err == nil {
			return Kind(n), nil
		}
	}
	return 0, fmt.Errorf("there is no kind %q of events", text)
}

func parseID(text string) (ID, error) {
	n, err := strconv.ParseUint(text, 16, 64)
	return ID(n), err
}

func quotedIfInvalid(text string) string {
	if utf8.ValidString(text) {
		return ""
	}
	return strconv.Quote(text)
}
