package checks

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
)

// GoTest is the shortest command that runs one test or subtest of the test binary that runs,
// from anywhere in its module. Flags stand in front of the others.
func GoTest(test string, flags ...string) string {
	words := append([]string{"go test"}, flags...)
	return strings.Join(append(words, "-run '"+Pattern(test)+"'", Package()), " ")
}

// Pattern is the argument of -run, or -test.run, for one test or subtest.
func Pattern(test string) string {
	var out []string
	for name := range strings.SplitSeq(test, "/") {
		out = append(out, "^"+regexp.QuoteMeta(name)+"$")
	}
	return strings.Join(out, "/")
}

// Package is the import path of the package whose test binary runs; where the go command has
// left none in it, its Directory.
func Package() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		if path, ok := strings.CutSuffix(info.Path, ".test"); ok && path != "command-line-arguments" {
			return path
		}
	}
	return Directory()
}

// Directory is the working directory, as commands take it in the root of its module.
func Directory() string {
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
		break
	}
	return "."
}
