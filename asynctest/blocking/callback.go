package blocking

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
)

// Callback calls f. Its frame is a marker of every [Recorder], so whatever f
// does is a callback, on any goroutine and under any loop: wrap the handler
// given to a foreign loop once. It costs one function call when nothing blocks, and
// about two microseconds while a Recorder has a guard, see [Config].Hang.
// A panic of f passes through unchanged, and so does runtime.Goexit. It may be
// called from any goroutine, with or without a running Recorder.
//
// Callback must not be inlined or end in a tail call, or its frame would be
// missing from the stacks; the directive below keeps it so.
//
//go:noinline
func Callback(f func()) {
	if visits.guards.Load() > 0 {
		defer depart(arrive())
	}
	f()
}

// FuncName returns the full name of a function or method, as [Config].Markers
// and [AllowFunc] expect it, so that the compiler checks what a string would not:
//
//	blocking.FuncName((*Loop).dispatch) // "example.org/app.(*Loop).dispatch"
//
// For a method value it names the method. It panics when f is not a function or
// is nil. It may be called from any goroutine.
func FuncName(f any) string {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func || v.IsNil() {
		panic(fmt.Sprintf("blocking: FuncName of %T, which is not a function: give it the function itself, as in FuncName((*Loop).dispatch)", f))
	}
	return strings.TrimSuffix(runtime.FuncForPC(v.Pointer()).Name(), "-fm")
}
