package checks

import (
	"runtime"
	"strings"
	"testing"
)

func TestGoTest(t *testing.T) {
	const own = "github.com/windtunnel-go/windtunnel/suites/internal/checks"
	if got, want := GoTest("TestX/a+b/c", "-race"), `go test -race -run '^TestX$/^a\+b$/^c$' `+own; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := Directory(); got != "./suites/internal/checks" {
		t.Errorf("the directory is %s", got)
	}
	t.Chdir("../../..")
	if got := Directory(); got != "." {
		t.Errorf("the root is %s", got)
	}
}

func TestAbridged(t *testing.T) {
	long := strings.Repeat("ä", 300) + "é" + strings.Repeat("z", 299)
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{strings.Repeat("x", 300), strings.Repeat("x", 300)},
		{long, strings.Repeat("ä", 100) + " ... 601 bytes ... " + strings.Repeat("z", 100)},
		{"x" + long, "x" + strings.Repeat("ä", 99) + " ... 603 bytes ... " + strings.Repeat("z", 100)},
	} {
		if got := Abridged(c.text, 300); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestCall(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func()
		want End[string] // but for the stack
	}{
		{"a return", func() {}, End[string]{Status: OK}},
		{"failures that tell", func() { panic(Over{}) }, End[string]{Status: OK}},
		{"something lacking", func() { panic(Lacking{Why: "has no wings"}) }, End[string]{Status: NotApplicable, Why: "has no wings"}},
		{"an exit", runtime.Goexit, End[string]{Status: Crash, Text: "the goroutine of the trial ended by runtime.Goexit"}},
		{"a panic", func() { panic("boom") }, End[string]{Status: Crash, Text: "panic: boom"}},
	} {
		got := Call[string]("trial", c.f)
		if (got.Stack != "") != (c.name == "a panic") {
			t.Errorf("%s: the stack is %q", c.name, got.Stack)
		}
		if got.Stack = ""; got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
	if text := Stacks(); !strings.Contains(text, "checks.TestCall") {
		t.Errorf("the stacks do not show the test:\n%s", text)
	}
}
