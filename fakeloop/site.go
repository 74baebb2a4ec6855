package fakeloop

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// packagePath is how this package's functions begin in a stack.
const packagePath = "github.com/windtunnel-go/windtunnel/fakeloop"

// The frames below which code is a callback: see CallbackFrames.
const (
	dispatchFrame  = packagePath + ".(*Loop).dispatch"
	coroutineFrame = packagePath + ".(*Coroutine).enter"
)

// CallbackFrames returns the full names of the functions whose frames mark a
// callback in a stack: the loop's dispatch and the coroutine's entry (a
// coroutine body runs on a goroutine of its own, whose stack does not show the
// dispatch). A blocking detector that knows them needs no other mark.
func CallbackFrames() []string { return []string{dispatchFrame, coroutineFrame} }

// place is where in the user's code something was made.
type place struct {
	file string
	line int
}

// site returns the place in the user's code at which something of the loop is
// being made, nil unless the configuration asks for sites.
func (l *Loop) site() *place {
	if !l.sites.Load() {
		return nil
	}
	var pcs [12]uintptr // enough for what of this package lies below a user's call
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		switch {
		case f.Function == dispatchFrame || f.Function == coroutineFrame:
			return nil // the package's own doing; whoever drives it is not the place
		case !ownFrame(f):
			return &place{f.File, f.Line}
		case !more:
			return nil
		}
	}
}

// suffix renders a place for the end of a text; empty for nil.
func (p *place) suffix() string {
	if p == nil {
		return ""
	}
	return ", made at " + p.String()
}

// String returns a place as "file:line"; empty for nil.
func (p *place) String() string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d", filepath.Base(p.file), p.line)
}

// onCallbackStack reports whether the calling goroutine is in a callback or a
// coroutine of some loop.
func onCallbackStack() bool {
	for f := range callers() {
		if f.Function == dispatchFrame || f.Function == coroutineFrame {
			return true
		}
	}
	return false
}

// callers iterates over the frames of the calling goroutine, the innermost
// first.
func callers() func(yield func(runtime.Frame) bool) {
	return func(yield func(runtime.Frame) bool) {
		pcs := make([]uintptr, 32)
		n := runtime.Callers(2, pcs)
		for n == len(pcs) {
			pcs = make([]uintptr, 4*len(pcs))
			n = runtime.Callers(2, pcs)
		}
		frames := runtime.CallersFrames(pcs[:n])
		for {
			f, more := frames.Next()
			if !yield(f) || !more {
				return
			}
		}
	}
}

// ownFrame reports whether a frame is this package's own code, tests excluded.
func ownFrame(f runtime.Frame) bool {
	return strings.HasPrefix(f.Function, packagePath+".") && !strings.HasSuffix(f.File, "_test.go")
}
