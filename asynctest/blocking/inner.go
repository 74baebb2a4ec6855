package blocking

import (
	"path"
	"strings"
)

// Names reports whether f is in the package of r, or is its function or a closure inside it, also one that
// the compiler has named after a function into which it inlined the other.
func (r Rule) Names(f Frame) bool {
	if r.Package != "" {
		return inPackage(f, r.Package)
	}
	if rest, ok := strings.CutPrefix(f.Func, r.Function); ok && (rest == "" || isInner(rest)) {
		return true
	}
	// A closure of a function that was inlined is named after the function it
	// was inlined into, "path/caller.Caller.Func.func1", and only its file
	// still tells the package it was written in.
	pkg, name := splitFunc(r.Function)
	_, inlined := splitFunc(f.Func)
	_, rest, ok := strings.Cut(inlined, "."+name+".")
	return ok && name != "" && isInner("."+rest) && path.Base(path.Dir(f.File)) == path.Base(pkg)
}

// The compiler's suffixes for what is written inside a function: closures,
// bodies of range-over-func loops, wrappers of go and defer statements. All but
// the wrapper of a method value are followed by a number.
var innerMarks = []string{".func", ".gowrap", ".deferwrap", "-range", "-fm"}

// isInner reports whether suffix, which follows a function's name, begins with
// such a mark. A closure inside a closure has the number alone.
func isInner(suffix string) bool {
	if len(suffix) > 1 && suffix[0] == '.' && isDigit(suffix[1]) {
		return true
	}
	for _, p := range innerMarks {
		if markAt(suffix, p, 0) {
			return true
		}
	}
	return false
}

// WrittenIn returns the full name of the function that the frame's code is written in:
// of the frame's own, or of the one around a closure. It survives the renumbering of
// closures, and is what [Report.Known] compares.
func (f Frame) WrittenIn() string {
	pkg, name := splitFunc(f.Func)
	for i := range name {
		for _, p := range innerMarks {
			if markAt(name, p, i) {
				return pkg + "." + name[:i]
			}
		}
	}
	return f.Func
}

// markAt reports whether mark stands at s[i:] as the compiler writes it. A
// method called functions is not a closure.
func markAt(s, mark string, i int) bool {
	rest, ok := strings.CutPrefix(s[i:], mark)
	if !ok || mark == "-fm" {
		return ok && rest == ""
	}
	return rest != "" && isDigit(rest[0])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func inPackage(f Frame, pattern string) bool {
	pkg, _ := splitFunc(f.Func)
	// The runtime escapes the dots in the last element of a path.
	if head, last := path.Split(pkg); strings.Contains(last, "%2e") {
		pkg = head + strings.ReplaceAll(last, "%2e", ".")
	}
	if tree, ok := strings.CutSuffix(pattern, "/..."); ok {
		return within(pkg, tree)
	}
	return pkg == pattern
}
