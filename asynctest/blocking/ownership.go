package blocking

import (
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// ownership tells whose code a frame is. Names alone do not: the compiler names
// a closure of an inlined function after the function it was inlined into, so
// the closure inside sync.OnceFunc can be called "example.org/app.main.OnceFunc.func1".
// The file is right in both cases, and is asked first.
type ownership struct {
	main     string   // path of the main module, "" when the binary does not say
	deps     []string // paths of the modules it needs
	stdRoot  string   // prefix of the standard library's files, "" under -trimpath
	toolRoot string   // prefix of windtunnel's own files
}

func newOwnership() ownership {
	o := ownership{
		stdRoot:  strings.TrimSuffix(fileOf(time.Now), "time/time.go"),
		toolRoot: strings.TrimSuffix(fileOf(newOwnership), "asynctest/blocking/ownership.go"),
	}
	if bi, ok := debug.ReadBuildInfo(); ok {
		o.main = bi.Main.Path
		for _, d := range bi.Deps {
			o.deps = append(o.deps, d.Path)
		}
	}
	return o
}

func fileOf(f any) string {
	fn := runtime.FuncForPC(reflect.ValueOf(f).Pointer())
	file, _ := fn.FileLine(fn.Entry())
	return file
}

// user returns the index of the first frame of the user's own code, from the
// leaf: the main module, else anything that is neither the standard library nor
// windtunnel, else len(stack).
func (o ownership) user(stack []Frame) int {
	foreign := func(f Frame) bool { return o.std(f) || o.library(f) || f.generated() || isCgoStub(f) }
	if i := slices.IndexFunc(stack, func(f Frame) bool { return !foreign(f) && o.mainModule(f) }); i >= 0 {
		return i
	}
	if i := slices.IndexFunc(stack, func(f Frame) bool { return !foreign(f) }); i >= 0 {
		return i
	}
	return len(stack)
}

func (o ownership) mainModule(f Frame) bool {
	if inModuleCache(f.File) {
		return false
	}
	pkg, _ := splitFunc(f.Func)
	// Go names the main package of every build "main", and calls a package
	// made of files on the command line "command-line-arguments".
	return pkg == "main" || pkg == "command-line-arguments" || o.main != "" && within(strings.TrimSuffix(pkg, "_test"), o.main)
}

func (o ownership) std(f Frame) bool {
	if o.stdRoot != "" && filepath.IsAbs(f.File) {
		return strings.HasPrefix(f.File, o.stdRoot)
	}
	// What -trimpath leaves of a file's name is the path of its package.
	pkg := path.Dir(f.File)
	if pkg == "." || filepath.IsAbs(f.File) {
		pkg, _ = splitFunc(f.Func)
	}
	if pkg == "main" || pkg == "command-line-arguments" || o.main != "" && within(strings.TrimSuffix(pkg, "_test"), o.main) {
		return false
	}
	first, _, _ := strings.Cut(pkg, "/")
	inDeps := func(dep string) bool { return within(pkg, dep) }
	return !strings.Contains(first, ".") && !inModuleCache(f.File) && !slices.ContainsFunc(o.deps, inDeps)
}

// library reports whether f belongs to the rooms of windtunnel that stand
// between a test and the code under test. Their own tests are users.
func (o ownership) library(f Frame) bool {
	if strings.HasSuffix(f.File, "_test.go") {
		return false
	}
	return slices.ContainsFunc([]string{"fakeloop/", "asynctest/", "toxics/"}, func(room string) bool {
		return strings.HasPrefix(f.File, o.toolRoot+room)
	})
}

// incidental reports whether a stack waits for something that is nobody's in
// particular. One is the notes that package testing takes of each file and variable
// that a test asks for, by which go test knows whether a result may be cached. The
// others are three locks that are held for nanoseconds, so that a wait means that the
// kernel has interrupted whoever had it:
//
//   - that of a windtunnel loop, which a callback that posts shares with goroutines
//     that hand work in: a wait there is the tool's doing;
//   - that inside sync.Pool, which package fmt uses on every call: no caller can
//     avoid it, or tell that it was there;
//   - that of package os/signal, which registering a handler shares with the delivery
//     of every signal of the process.
func (o ownership) incidental(stack []Frame, marks map[string]bool) bool {
	if slices.ContainsFunc(stack, func(f Frame) bool { return strings.HasPrefix(f.Func, "testing/internal/testdeps.(*testLog).") }) {
		return true
	}
	for i, f := range stack {
		if pkg, _ := splitFunc(f.Func); pkg == "os/signal" {
			return i > 0
		} else if pkg != "sync" && pkg != "internal/sync" {
			// Below a marker it is the callback itself that is a method of sync.
			return i > 0 && !marks[f.Func] && o.library(f) && strings.HasPrefix(f.File, o.toolRoot+"fakeloop/")
		}
		if strings.HasPrefix(f.Func, "sync.(*Pool).") {
			return true
		}
	}
	return false
}

// virtualNetwork reports whether f is windtunnel's stand-in for a socket.
func (o ownership) virtualNetwork(f Frame) bool {
	return strings.HasPrefix(f.File, o.toolRoot+"toxics/") && !strings.HasSuffix(f.File, "_test.go")
}

func within(pkg, module string) bool {
	rest, ok := strings.CutPrefix(pkg, module)
	return ok && (rest == "" || rest[0] == '/')
}

// inModuleCache knows the "@version" in the directory names of the cache, which
// -trimpath keeps.
func inModuleCache(file string) bool { return strings.Contains(path.Dir(file), "@v") }

// isCgoStub knows the Go side of a cgo call. It is generated into the caller's
// package and has no line of its own.
func isCgoStub(f Frame) bool {
	_, name := splitFunc(f.Func)
	return strings.HasPrefix(name, "_Cfunc_")
}
