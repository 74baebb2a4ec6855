package github

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/onsi/ginkgo/v2/types"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestPlaces(t *testing.T) {
	root := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(root, link); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "client", "inner"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"client/a_test.go", "top_test.go"} {
		if err := os.WriteFile(filepath.Join(root, file), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ why, workspace, file, want string }{
		{"an absolute path", root, root + "/client/a_test.go", "client/a_test.go"},
		{"no ./ and no ..", root, root + "/client/../client/./a_test.go", "client/a_test.go"},
		{"a file that is not there yet", root, root + "/client/b_test.go", "client/b_test.go"},
		{"the workspace is a link, the file is not", link, root + "/client/a_test.go", "client/a_test.go"},
		{"the file is a link, the workspace is not", root, link + "/client/a_test.go", "client/a_test.go"},
		{"and it is not there", root, link + "/client/gone/b_test.go", "client/gone/b_test.go"},
		{"a neighbour whose name begins alike", root, root + "2/client/a_test.go", ""},
		{"the standard library", root, "/usr/lib/go/src/testing/testing.go", ""},
		{"-trimpath: the module is the workspace", root, "example.org/demo/client/a_test.go", "client/a_test.go"},
		{"-trimpath: at its top", root, "example.org/demo/top_test.go", "top_test.go"},
		{"-trimpath: another module", root, "example.org/other@v1.0.0/b.go", ""},
		{"a relative path that leaves", root, "../x/../../etc/passwd", ""},
		{"no file", root, "", ""},
		{"no workspace", "", root + "/client/a_test.go", ""},
		{"no workspace, -trimpath", "", "example.org/demo/client/a_test.go", ""},
	} {
		if got := workspace(c.workspace).file(c.file); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}

	at := func(file string, line int) types.CodeLocation {
		return types.CodeLocation{FileName: file, LineNumber: line}
	}
	if got, want := workspace(root).place(at("/usr/lib/go/x.go", 1), at(root+"/top_test.go", 2)), (place{"top_test.go", 2}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if got, want := workspace(root).place(at("/x.go", 1)).String(), "outside of the workspace"; got != want {
		t.Errorf("%v, want %v", got, want)
	}
	for text, want := range map[string]place{
		"./a_test.go:16:27: undefined":               {"client/a_test.go", 16},
		"at /usr/x.go:1\n\t" + root + "/y.go:7 +0x1": {"y.go", 7},
		"exit status 2":                              {},
	} {
		if got := workspace(root).problem(text, filepath.Join(root, "client")); got.Place != want || got.Text != text {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// A failure outside of the workspace stands at the spec, and says where it was.
func TestFailureOutside(t *testing.T) {
	r := recorded(t, "bad")
	for _, s := range r.SpecReports {
		if s.FullText() != "a bad client fails" {
			continue
		}
		s.Failure.Location = types.CodeLocation{FileName: "/usr/lib/go/src/testing/testing.go", LineNumber: 9}
		got := specOf(s, r, home)
		if got.at() != got.Place || got.Place.Line == 0 {
			t.Errorf("at %v, the spec is at %v", got.at(), got.Place)
		}
		if want := "Expected\n    <string>: free\nto equal\n    <string>: BLOCKS network\n\nat /usr/lib/go/src/testing/testing.go:9"; got.Failures[0].Text != want {
			t.Errorf("%q, want %q", got.Failures[0].Text, want)
		}
		return
	}
	t.Error("there is no such spec")
}
