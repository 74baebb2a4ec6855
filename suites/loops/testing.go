package loops

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
)

// Run runs the table as subtests of t, one for each case, named by number and
// letter, and logs the cases that are not applicable with what they lack. In
// mode Bubble it puts a testing/synctest bubble around each case unless the
// adapter does.
func Run(t *testing.T, a Adapter) {
	t.Helper()
	var results []Result
	for _, c := range Cases() {
		t.Run(c.ID(), func(t *testing.T) {
			t.Helper() // a failure is at the line that calls Run
			r := InBubble(t, a).Run(c)
			results = append(results, r)
			if r.Bad() {
				t.Error(r.Text(command(t.Name())))
			}
		})
	}
	if text := reasons(results); text != "" {
		t.Log(text)
	}
}

// InBubble returns a with the bubble around its cases that mode Bubble needs, if
// there is none yet. The bubble belongs to t.
func InBubble(t *testing.T, a Adapter) Adapter {
	if a.Mode == Bubble && a.Around == nil {
		a.Around = func(body func()) { synctest.Test(t, func(*testing.T) { body() }) }
	}
	return a
}

// command is the shortest that runs one test of the package in whose directory
// the process runs.
func command(test string) string {
	var pattern []string
	for _, name := range strings.Split(test, "/") {
		pattern = append(pattern, "^"+name+"$")
	}
	return "go test -run '" + strings.Join(pattern, "/") + "' " + here()
}

// here is the package of the working directory as the go command takes it in
// the root of its module.
func here() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	for root := dir; root != filepath.Dir(root); root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
			continue
		}
		if rel, err := filepath.Rel(root, dir); err == nil && rel != "." {
			return "./" + filepath.ToSlash(rel)
		}
	}
	return "."
}
