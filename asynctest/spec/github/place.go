package github

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/onsi/ginkgo/v2/types"
)

// workspace is the directory that annotations are relative to: GitHub shows one at its
// line only if the file is named so, with slashes, and without "./" in front.
type workspace string

// rel names a file or directory relative to the workspace; "" if it is not in there.
func (w workspace) rel(path string) string {
	if w == "" || path == "" {
		return ""
	}
	for _, of := range []func(string) string{filepath.Clean, resolved} {
		rel, err := filepath.Rel(of(string(w)), of(path))
		if err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
	}
	return ""
}

// resolved is a path without symbolic links in it, as far as there are such files.
func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if dir := filepath.Dir(path); dir != path {
		return filepath.Join(resolved(dir), filepath.Base(path))
	}
	return path
}

const longestPath = 1024 // bytes

// file names a source file relative to the workspace. A binary built with -trimpath
// knows its files by import path: then it is the longest end of the path that there is
// in the workspace.
func (w workspace) file(name string) string {
	if len(name) > longestPath || line(name) != name {
		return "" // such a name would not be understood
	}
	if filepath.IsAbs(name) {
		return w.rel(name)
	}
	for rest, ok := filepath.ToSlash(name), true; ok && w != ""; _, rest, ok = strings.Cut(rest, "/") {
		if !filepath.IsLocal(rest) {
			continue
		}
		if info, err := os.Stat(filepath.Join(string(w), filepath.FromSlash(rest))); err == nil && info.Mode().IsRegular() {
			return rest
		}
	}
	return ""
}

// place returns the first of the locations that is in the workspace.
func (w workspace) place(locations ...types.CodeLocation) place {
	for _, l := range locations {
		if file := w.file(l.FileName); file != "" {
			return place{file, l.LineNumber}
		}
	}
	return place{}
}

// named is a line of a Go file as the compiler and stacks name it.
var named = regexp.MustCompile(`([^\s:]+\.go):(\d+)`)

// problem is a problem of the suite in a directory, at the first line in the workspace
// that its text names.
func (w workspace) problem(text, dir string) problem {
	p := problem{Text: keep(text)}
	for _, m := range named.FindAllStringSubmatch(p.Text, 100) {
		name := m[1]
		if !filepath.IsAbs(name) {
			if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
				name = filepath.Join(dir, name) // the compiler's, which runs there
			}
		}
		if file := w.file(name); file != "" {
			p.Place.File = file
			p.Place.Line, _ = strconv.Atoi(m[2])
			break
		}
	}
	return p
}
