package blocking

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		Park.String(): "park", Syscall.String(): "syscall", CPU.String(): "cpu", Hang.String(): "hang", Kind(9).String(): "kind(9)",
		Other.String(): "other", Network.String(): "network", DNS.String(): "dns", Disk.String(): "disk",
		Lock.String(): "lock", Channel.String(): "channel", Sleep.String(): "sleep", Process.String(): "process",
		Resource(99).String(): "resource(99)",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestFrameText(t *testing.T) {
	for _, c := range []struct {
		frame Frame
		text  string
	}{
		{Frame{"example.org/app/client.(*C).Fetch.func1", "/src/app/client/client.go", 12}, "client.(*C).Fetch.func1 (client.go:12)"},
		{Frame{"main.main", "/src/main.go", 3}, "main.main (main.go:3)"},
		{Frame{"a/b.F[go.shape.int]", "/a/b/f.go", 1}, "b.F[go.shape.int] (f.go:1)"},
		{Frame{"a/b.F[c.org/d.T].func1", "/a/b/f.go", 1}, "b.F[c.org/d.T].func1 (f.go:1)"},
		{Frame{}, "unknown"},
	} {
		if got := c.frame.String(); got != c.text {
			t.Errorf("got %q, want %q", got, c.text)
		}
	}
	if got := (Frame{File: "/a/b.go", Line: 4}).Location(); got != "/a/b.go:4" {
		t.Error(got)
	}
}

func TestRuleNames(t *testing.T) {
	for _, c := range []struct {
		rule, fn, file string
		want           bool
	}{
		{"a.org/p.F", "a.org/p.F", "/p/f.go", true},
		{"a.org/p.F", "a.org/p.F.func1", "/p/f.go", true},
		{"a.org/p.F", "a.org/p.F.func1.2", "/p/f.go", true},
		{"a.org/p.F", "a.org/p.F.func1.gowrap1", "/p/f.go", true},
		{"a.org/p.F", "a.org/p.F.deferwrap1", "/p/f.go", true},
		{"a.org/p.F", "a.org/p.F-range1", "/p/f.go", true},
		{"a.org/p.(*T).M", "a.org/p.(*T).M-fm", "/p/f.go", true},
		{"a.org/p.F", "a.org/p.Fx", "/p/f.go", false},
		{"a.org/p.T", "a.org/p.T.functions", "/p/f.go", false},
		{"a.org/p.F", "b.org/q.G.F.func2", "/x/p/f.go", true},   // inlined into q.G
		{"a.org/p.F", "b.org/q.G.func1.F.3", "/x/p/f.go", true}, // inlined into a closure of q.G
		{"a.org/p.F", "b.org/q.G.F.func2", "/x/q/g.go", false},  // another F
		{"a.org/p.F", "a.org/p.G", "/p/f.go", false},
	} {
		if got := AllowFunc(c.rule, "r").Names(Frame{Func: c.fn, File: c.file}); got != c.want {
			t.Errorf("rule %s, function %s in %s: %t, want %t", c.rule, c.fn, c.file, got, c.want)
		}
	}
}

func TestEnclosing(t *testing.T) {
	for fn, want := range map[string]string{
		"a.org/p.F":               "a.org/p.F",
		"a.org/p.F.func1":         "a.org/p.F",
		"a.org/p.F.func1.2":       "a.org/p.F",
		"a.org/p.(*T).M.gowrap2":  "a.org/p.(*T).M",
		"a.org/p.(*T).M-fm":       "a.org/p.(*T).M",
		"a.org/p.T.functions":     "a.org/p.T.functions",
		"a.org/p.F[...].func1":    "a.org/p.F[...]",
		"a.org/p.F-range1":        "a.org/p.F",
		"a.org/p%2ev2.F.func12.1": "a.org/p%2ev2.F",
	} {
		if got := (Frame{Func: fn}).WrittenIn(); got != want {
			t.Errorf("%s is in %s, want %s", fn, got, want)
		}
	}
}

type named struct{}

func (*named) method() {}

func generic[T any]() {}

type genericLoop[T any] struct{}

func (*genericLoop[T]) dispatch(f func()) { f() }

func TestFuncName(t *testing.T) {
	for _, c := range []struct {
		f    any
		want string
	}{
		{deep, thisPackage + ".deep"},
		{(*named).method, thisPackage + ".(*named).method"},
		{(&named{}).method, thisPackage + ".(*named).method"},
		{generic[int], thisPackage + ".generic[...]"},
		{(*genericLoop[int]).dispatch, thisPackage + ".(*genericLoop[...]).dispatch"},
	} {
		if got := FuncName(c.f); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	for _, bad := range []any{nil, 3, (func())(nil)} {
		func() {
			defer func() {
				if p, _ := recover().(string); !strings.HasPrefix(p, "blocking: FuncName of ") {
					t.Errorf("FuncName(%T) panicked with %q", bad, p)
				}
			}()
			FuncName(bad)
		}()
	}
}
