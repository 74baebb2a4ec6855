package fakeloop

import "testing"

// A dump is taken apart whatever the runtime adds to a header.
func TestParseStack(t *testing.T) {
	for _, c := range []struct {
		text    string
		want    stack
		where   string
		nothing bool
	}{
		{text: "goroutine 18 [select (durable), 2 minutes, synctest bubble 3]:\nmain.f(0x1)\n\t/home/x/a.go:12 +0x1d\n",
			want: stack{goroutine: goroutine{18, 3}, state: "select", durable: true}, where: "a.go:12"},
		{text: "goroutine 7 [chan receive (nil chan) (scan) (durable), locked to thread, synctest bubble 1]:\n",
			want: stack{goroutine: goroutine{7, 1}, state: "chan receive (nil chan)", durable: true}},
		{text: "goroutine 9 [IO wait]:\ninternal/poll.f()\n\t" + standardRoot() + "internal/poll/fd.go:1 +0x1\nmain.(*T).g(...)\n\t/home/x/b.go:3\n...additional frames elided...\ncreated by main.main in goroutine 1\n\t/home/x/main.go:5 +0x2",
			want: stack{goroutine: goroutine{9, 0}, state: "IO wait"}, where: "b.go:3"},
		{text: "goroutine 9 [running]:\n" + packagePath + ".(*Gate).Pass()\n\t/x/fakeloop/gate.go:9 +0x1\ncreated by main.main in goroutine 1\n\t/home/x/main.go:5 +0x2",
			want: stack{goroutine: goroutine{9, 0}, state: "running"}, where: "main.go:5"},
		{text: "SIGQUIT: quit", nothing: true},
		{text: "", nothing: true},
	} {
		got, ok := parseStack(c.text)
		if ok == c.nothing || got.goroutine != c.want.goroutine || got.state != c.want.state || got.durable != c.want.durable || got.where() != c.where {
			t.Errorf("%q:\n got %+v, %v, %q\nwant %+v, %q", c.text, got, ok, got.where(), c.want, c.where)
		}
	}
}

// What is the standard library's is told by where its sources are, or, in a program
// built with -trimpath, by a path whose first part has no dot.
func TestStandardFrames(t *testing.T) {
	root := standardRoot()
	for path, want := range map[string]bool{
		root + "net/http/server.go": true,
		"/home/x/net/server.go":     false,
	} {
		if got := (frame{file: path}).isStandard(); root != "" && got != want {
			t.Errorf("%s is standard: %v", path, got)
		}
	}
	for path, want := range map[string]bool{
		"net/http/server.go":                true,
		"github.com/x/y@v1.2.3/z/server.go": false,
	} {
		if got := isStandardFile(path, ""); got != want {
			t.Errorf("%s is standard: %v", path, got)
		}
	}
}
