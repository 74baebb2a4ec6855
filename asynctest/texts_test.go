package asynctest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

var update = flag.Bool("update", false, "rewrite the texts in testdata, which keeps the reasons")

const textsFile = "testdata/texts.golden"

// text is one text a user may get to read.
type text struct {
	name string
	of   func(s *scene) string
}

// failure is what Expect(actual).To(m) says, negated what NotTo says, and both say
// the error if there is one.
func failure(m types.GomegaMatcher, actual any) string {
	if ok, err := m.Match(actual); err != nil {
		return err.Error()
	} else if ok {
		return "the matcher matched"
	}
	return m.FailureMessage(actual)
}

func negated(m types.GomegaMatcher, actual any) string {
	if ok, err := m.Match(actual); err != nil {
		return err.Error()
	} else if !ok {
		return "the matcher did not match"
	}
	return m.NegatedFailureMessage(actual)
}

func texts() []text {
	promise := func(s *scene) *fakeloop.Promise[string] {
		s.loop = fakeloop.New(fakeloop.Config{Sites: true})
		return fakeloop.NewPromise[string](s.loop, "fetch")
	}
	resolved := func(s *scene) any {
		p := promise(s)
		s.loop.AfterFunc(2*time.Second, func() { p.Resolve("ok") })
		return p.Future()
	}
	rejected := func(s *scene, err error) any {
		p := promise(s)
		s.loop.AfterFunc(2*time.Second, func() { p.Reject(err) })
		return p.Future()
	}
	never := func(s *scene) any {
		p := promise(s)
		s.loop.AfterFunc(2*time.Second, func() {})
		return fakeloop.Then(p.Future(), func(string) (int, error) { return 0, nil })
	}
	reading := &fs.PathError{Op: "open", Path: "/etc/motd", Err: errBoom}
	park := aBlock(blocking.Park, blocking.DNS, "example.org/app.(*Client).Fetch.func1", "client.go")
	park.Waker = []blocking.Frame{{Func: "runtime.chansend1", File: "chan.go", Line: 1}, {Func: "example.org/app.answer", File: "/src/app/dns.go", Line: 7}}
	park.Count = 3
	call := aBlock(blocking.Syscall, blocking.Disk, "example.org/app.load", "load.go")
	call.Open = true
	call.Name, call.Posted = "load", blocking.Frame{Func: "example.org/app.(*Loop).Start", File: "/src/app/loop.go", Line: 9}
	full := &blocking.Report{Blocks: []blocking.Block{park, call}, Events: 100}
	allowed := call
	allowed.Allowed, allowed.Open = "loaded once, at the start", false
	spared := &blocking.Report{
		Allowed: []blocking.Block{allowed}, Truncated: []blocking.Block{aBlock(blocking.Park, blocking.Lock, "example.org/app.walk", "walk.go")},
		Hangs: []blocking.Block{aBlock(blocking.Hang, blocking.Other, "example.org/app.spin", "spin.go")},
		Stale: []blocking.Rule{blocking.AllowFunc("example.org/app.gone", "was slow")}, Events: 100,
	}
	return []text{
		{"BePending: resolved", func(s *scene) string {
			f := resolved(s)
			_ = s.loop.RunUntilIdle()
			return failure(BePending(), f)
		}},
		{"BePending: not, but it is", func(s *scene) string { return negated(BePending(), resolved(s)) }},
		{"BePending: a channel, not, but it is", func(s *scene) string { return negated(BePending(), AsFuture(make(chan int), WithLabel("answers"))) }},
		{"BePending: a channel that was closed", func(s *scene) string {
			ch := make(chan int)
			close(ch)
			return failure(BePending(), ch)
		}},
		{"BePending: a bare function", func(s *scene) string { return failure(BePending(), func(context.Context) error { return nil }) }},
		{"BePending: a number", func(s *scene) string { return failure(BePending(), 5) }},
		{"BeResolved: rejected", func(s *scene) string { return failure(BeResolved(), rejected(s, fmt.Errorf("reading: %w", reading))) }},
		{"BeResolved: several errors", func(s *scene) string { return failure(BeResolved(), rejected(s, errors.Join(errBoom, reading))) }},
		{"BeResolved: never", func(s *scene) string { return failure(BeResolved(), never(s)) }},
		{"BeResolved: not, but it is", func(s *scene) string { return negated(BeResolved(), resolved(s)) }},
		{"BeResolved: nil", func(s *scene) string { return failure(BeResolved(), nil) }},
		{"BeResolved: a context that is never done", func(s *scene) string { return failure(BeResolved(), context.Background()) }},
		{"BeResolved: a zero future", func(s *scene) string { return failure(BeResolved(), new(fakeloop.Future[int])) }},
		{"BeResolved: a future that nobody made", func(s *scene) string { return failure(BeResolved(), new(AnyFuture)) }},
		{"BeResolved: a number", func(s *scene) string { return failure(BeResolved(), 5) }},
		{"BeResolved: a loop", func(s *scene) string { return failure(BeResolved(), s.loop) }},
		{"BeResolved: a nil channel", func(s *scene) string { return failure(BeResolved(), (chan int)(nil)) }},
		{"BeResolved: the guard, a bare channel", func(s *scene) string { return failure(BeResolved(), make(chan int)) }},
		{"BeResolved: the guard, an idle loop", func(s *scene) string {
			s.loop.AfterFunc(time.Hour, func() {})
			return failure(BeResolved(), On(s.loop, func(ctx context.Context) error { <-ctx.Done(); return nil }, WithLabel("dial"), WithGuard(time.Second)))
		}},
		{"BeResolved: the guard, a busy loop", func(s *scene) string {
			var again func()
			again = func() { s.loop.AfterFunc(time.Second, again) }
			again()
			return failure(BeResolved(), On(s.loop, &doneErr{done: make(chan struct{})}, WithLimit(10)))
		}},
		{"BeResolved: the guard, a wall loop", func(s *scene) string {
			wall := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall})
			defer wall.Close()
			return failure(BeResolved(), On(wall, &doneErr{done: make(chan struct{})}))
		}},
		{"BeResolved: LoopOnly", func(s *scene) string {
			s.loop.AfterFunc(time.Hour, func() {})
			return failure(BeResolved(), On(s.loop, make(chan error), LoopOnly()))
		}},
		{"BeResolved: a callback panics", func(s *scene) string {
			s.loop.Post(func() { panic("oops") })
			return failure(BeResolved(), On(s.loop, make(chan error), LoopOnly(), WithGuard(time.Second)))
		}},
		{"BeResolved: a function panics", func(s *scene) string {
			return failure(BeResolved(), AsFuture(func(context.Context) error { panic(errBoom) }))
		}},
		{"BeResolved: On no loop", func(s *scene) string { return failure(BeResolved(), On(nil, make(chan int))) }},
		{"BeResolved: On the wrong loop", func(s *scene) string {
			f := resolved(s)
			return failure(BeResolved(), On(fakeloop.New(fakeloop.Config{}), f))
		}},
		{"BeResolved: Adapt of nothing", func(s *scene) string { return failure(BeResolved(), Adapt[int](nil)) }},
		{"BeRejected: resolved", func(s *scene) string { return failure(BeRejected(), resolved(s)) }},
		{"BeRejected: not, but it is", func(s *scene) string { return negated(BeRejected(), rejected(s, errBoom)) }},
		{"BeRejected: a number", func(s *scene) string { return failure(BeRejected(), 5) }},
		{"BeRejected: a text", func(s *scene) string { return failure(BeRejected(), "boom") }},
		{"ResolveWith: another value", func(s *scene) string { return failure(ResolveWith("no"), resolved(s)) }},
		{"ResolveWith: another type", func(s *scene) string {
			return failure(ResolveWith(1), Adapt(func(settle func(int64, error)) { settle(1, nil) }))
		}},
		{"ResolveWith: a matcher", func(s *scene) string { return failure(ResolveWith(gomega.HavePrefix("x")), resolved(s)) }},
		{"ResolveWith: a matcher, rejected", func(s *scene) string { return failure(ResolveWith(gomega.HavePrefix("x")), rejected(s, errBoom)) }},
		{"ResolveWith: a matcher that refuses", func(s *scene) string { return failure(ResolveWith(gomega.BeNumerically(">", 1)), resolved(s)) }},
		{"ResolveWith: rejected", func(s *scene) string { return failure(ResolveWith("ok"), rejected(s, errBoom)) }},
		{"ResolveWith: a closed channel", func(s *scene) string {
			ch := make(chan string)
			close(ch)
			return failure(ResolveWith("ok"), ch)
		}},
		{"ResolveWith: not, but it is", func(s *scene) string { return negated(ResolveWith("ok"), resolved(s)) }},
		{"ResolveWith: a matcher, not, but it is", func(s *scene) string { return negated(ResolveWith(gomega.HavePrefix("o")), resolved(s)) }},
		{"ResolveWith: a number", func(s *scene) string { return failure(ResolveWith("ok"), 5) }},
		{"RejectWith: another error", func(s *scene) string { return failure(RejectWith(fs.ErrNotExist), rejected(s, reading)) }},
		{"RejectWith: the text but not the error", func(s *scene) string {
			return failure(RejectWith(errBoom), rejected(s, fmt.Errorf("reading: %v", errBoom)))
		}},
		{"RejectWith: errors.As", func(s *scene) string {
			var target *fs.PathError
			return failure(RejectWith(&target), rejected(s, errBoom))
		}},
		{"RejectWith: ErrorAs", func(s *scene) string { return failure(RejectWith(ErrorAs[*fs.PathError]()), rejected(s, errBoom)) }},
		{"RejectWith: a matcher that refuses", func(s *scene) string { return failure(RejectWith(gomega.HaveLen(1)), rejected(s, errBoom)) }},
		{"RejectWith: resolved", func(s *scene) string {
			return failure(RejectWith(errBoom, ErrorAs[*fs.PathError]()), resolved(s))
		}},
		{"RejectWith: never", func(s *scene) string { return failure(RejectWith(errBoom), never(s)) }},
		{"RejectWith: not, but it is", func(s *scene) string {
			return negated(RejectWith(errBoom), rejected(s, fmt.Errorf("reading: %w", errBoom)))
		}},
		{"RejectWith: nothing", func(s *scene) string { return failure(RejectWith(), rejected(s, errBoom)) }},
		{"RejectWith: nil", func(s *scene) string { return failure(RejectWith(nil), rejected(s, errBoom)) }},
		{"RejectWith: a nil pointer", func(s *scene) string { return failure(RejectWith((*fs.PathError)(nil)), rejected(s, errBoom)) }},
		{"RejectWith: a text", func(s *scene) string { return failure(RejectWith("boom"), rejected(s, errBoom)) }},
		{"RejectWith: a number wanted", func(s *scene) string { return failure(RejectWith(5), rejected(s, errBoom)) }},
		{"RejectWith: a number", func(s *scene) string { return failure(RejectWith(errBoom), 5) }},
		{"ErrorAs: none", func(s *scene) string { return failure(ErrorAs[*fs.PathError](), fmt.Errorf("reading: %w", errBoom)) }},
		{"ErrorAs: one that is not right", func(s *scene) string {
			return failure(ErrorAs[*fs.PathError](gomega.WithTransform(func(e *fs.PathError) string { return e.Op }, gomega.Equal("read"))), reading)
		}},
		{"ErrorAs: not, but there is", func(s *scene) string { return negated(ErrorAs[*fs.PathError](), reading) }},
		{"ErrorAs: not, but there is one that is right", func(s *scene) string {
			return negated(ErrorAs[*fs.PathError](gomega.HaveField("Op", "open")), reading)
		}},
		{"ErrorAs: no matcher", func(s *scene) string { return failure(ErrorAs[*fs.PathError](nil), reading) }},
		{"ErrorAs: a number", func(s *scene) string { return failure(ErrorAs[*fs.PathError](), 5) }},
		{"ErrorAs: no error", func(s *scene) string { return failure(ErrorAs[*fs.PathError](), "boom") }},
		{"NeverBlock: two places", func(s *scene) string { return failure(NeverBlock(), full) }},
		{"NeverBlock: one of them excepted", func(s *scene) string { return failure(NeverBlock(Except(blocking.DNS)), full) }},
		{"NeverBlock: not, but none", func(s *scene) string { return negated(NeverBlock(), spared) }},
		{"NeverBlock: a number", func(s *scene) string { return failure(NeverBlock(), 5) }},
		{"NeverBlock: no recorder", func(s *scene) string { return failure(NeverBlock(), (*blocking.Recorder)(nil)) }},
		{"NeverBlock: no report", func(s *scene) string { return failure(NeverBlock(), (*blocking.Report)(nil)) }},
		{"BlockOn: another resource", func(s *scene) string {
			return failure(BlockOn(blocking.Network), &blocking.Report{Blocks: full.Blocks[:1], Events: 100})
		}},
		{"BlockOn: nothing", func(s *scene) string { return failure(BlockOn(blocking.Disk), spared) }},
		{"BlockOn: not, but it does", func(s *scene) string { return negated(BlockOn(blocking.Disk), full) }},
		{"BlockOn: a number", func(s *scene) string { return failure(BlockOn(blocking.Disk), 5) }},
		{"BlockAt: another place", func(s *scene) string {
			return failure(BlockAt("main.go:1"), &blocking.Report{Blocks: full.Blocks[1:], Events: 100})
		}},
		{"BlockAt: not, but it does", func(s *scene) string { return negated(BlockAt("app.load"), full) }},
		{"BlockAt: no place", func(s *scene) string { return failure(BlockAt(""), full) }},
		{"BlockAt: blanks", func(s *scene) string { return failure(BlockAt(" "), full) }},
		{"BlockAt: a number", func(s *scene) string { return failure(BlockAt("app.load"), 5) }},
		{"WithGuard: not positive", func(s *scene) string { return panicOf(func() { WithGuard(0) }) }},
		{"WithLimit: not positive", func(s *scene) string { return panicOf(func() { WithLimit(0) }) }},
	}
}

func panicOf(f func()) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	f()
	return "no panic"
}

// unstable is what differs from machine to machine or from edit to edit.
var unstable = []struct {
	is *regexp.Regexp
	as string
}{
	{regexp.MustCompile(`(?:/\S*/)?(\w+_test\.go):\d+`), "$1:LINE"},
	{regexp.MustCompile(`0x[0-9a-f]{6,}`), "0xADDRESS"},
}

// TestTexts compares every text with the one in the golden file, where each has a
// reason for reading as it does. A text without a reason is a failure.
func TestTexts(t *testing.T) {
	golden := readGolden(t)
	var out strings.Builder
	for _, x := range slices.Concat(texts(), runTexts()) {
		var got string
		synctest.Test(t, func(*testing.T) {
			s := newScene()
			defer s.close()
			got = x.of(s)
		})
		for _, u := range unstable {
			got = u.is.ReplaceAllString(got, u.as)
		}
		wanted, ok := golden[x.name]
		if len(wanted.reason) < 20 && !*update {
			t.Errorf("%s: no reason is given for the text in %s", x.name, textsFile)
		}
		if !*update && (!ok || got != wanted.text) {
			t.Errorf("%s:\n%s\nwanted:\n%s", x.name, got, wanted.text)
		}
		fmt.Fprintf(&out, "=== %s\nwhy: %s\n---\n%s\n", x.name, wanted.reason, got)
		delete(golden, x.name)
	}
	for _, name := range slices.Sorted(maps.Keys(golden)) {
		t.Errorf("%s is in %s, but no text is called so", name, textsFile)
	}
	if *update {
		if err := os.WriteFile(textsFile, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEveryMatcher makes sure that no matcher is forgotten: each has texts for what it says when
// it does not match, when it does, and when it is given a number, and an example, which is
// run without Ginkgo.
func TestEveryMatcher(t *testing.T) {
	var sources strings.Builder
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sources.Write(text)
	}
	found := regexp.MustCompile(`(?m)^func ([A-Z]\w*)[^(]*\(.*\) types\.GomegaMatcher \{`).FindAllStringSubmatch(sources.String(), -1)
	if len(found) < 18 {
		t.Fatalf("there are %d matchers only", len(found))
	}
	for _, f := range found {
		matcher, failures, negated, wrong := f[1], 0, 0, 0
		for _, x := range slices.Concat(texts(), runTexts()) {
			switch what, ok := strings.CutPrefix(x.name, matcher+": "); {
			case !ok:
			case what == "a number":
				wrong++
			case strings.Contains(what, "not, but"):
				negated++
			default:
				failures++
			}
		}
		if failures == 0 || negated == 0 || wrong == 0 {
			t.Errorf("%s has %d texts for failures, %d for NotTo, %d for wrong input", matcher, failures, negated, wrong)
		}
		if !strings.Contains(sources.String(), "func Example"+matcher+"(") {
			t.Errorf("%s has no example", matcher)
		}
	}
}

type goldenText struct{ reason, text string }

func readGolden(t *testing.T) map[string]goldenText {
	t.Helper()
	data, err := os.ReadFile(textsFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	out := map[string]goldenText{}
	for _, section := range strings.Split("\n"+string(data), "\n=== ")[1:] {
		head, text, ok := strings.Cut(section, "\n---\n")
		name, reason, ok2 := strings.Cut(head, "\nwhy: ")
		if !ok || !ok2 {
			t.Fatalf("%s: the section that begins with %q has no reason or no text", textsFile, name)
		}
		out[name] = goldenText{reason, strings.TrimSuffix(text, "\n")}
	}
	return out
}
