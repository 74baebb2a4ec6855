package blocking

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKnown(t *testing.T) {
	get := Block{Kind: Park, Resource: Lock, Reason: "sync", User: Frame{Func: "example.org/app.(*Cache).Get.func1", File: "/src/cache.go", Line: 3}, Count: 2}
	load := Block{Kind: Syscall, Resource: Disk, Reason: "syscall.read", User: Frame{Func: "example.org/app.load", File: "/src/load.go", Line: 4}, Count: 1}
	const getLine, loadLine = "park lock example.org/app.(*Cache).Get # wants a goroutine\n", "syscall disk example.org/app.load # once\n"
	path := filepath.Join(t.TempDir(), "known.txt")
	for _, c := range []struct {
		name, file string
		blocks     []Block
		says       []string // nothing: no error
	}{
		{"as they are", "# Known\n\n" + getLine + loadLine, []Block{get, load}, nil},
		{"two places of one function", getLine, []Block{get, get}, nil},
		{"nothing", "", nil, nil},
		{"a new one", getLine, []Block{get, load}, []string{"new: syscall on disk", "add to the file: syscall disk example.org/app.load # why"}},
		{"another resource", strings.Replace(getLine, "lock", "sleep", 1), []Block{get}, []string{"new: park on lock", "known.txt:1: park sleep"}},
		{"one less", getLine + loadLine, []Block{get}, []string{"no longer blocks, so remove the line: ", "known.txt:2: syscall disk example.org/app.load"}},
		{"no reason", "park lock example.org/app.f\n", nil, []string{"known.txt:1: ", "is no known block", "# the reason"}},
		{"no function", "park lock # x\n", nil, []string{"is no known block"}},
	} {
		if err := os.WriteFile(path, []byte(c.file), 0o600); err != nil {
			t.Fatal(err)
		}
		err := (&Report{Blocks: c.blocks}).Known(path)
		if (err == nil) != (c.says == nil) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for _, s := range c.says {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%s: %q does not say %q", c.name, err, s)
			}
		}
	}
	if err := (&Report{Blocks: []Block{load}}).Known(path + ".none"); !errors.Is(err, ErrKnown) {
		t.Errorf("without a file: %v", err)
	}
	if err := (&Report{}).Known(t.TempDir()); err == nil || errors.Is(err, ErrKnown) || !strings.HasPrefix(err.Error(), "blocking: the file of known blocks: ") {
		t.Errorf("with a directory: %v", err)
	}
}
