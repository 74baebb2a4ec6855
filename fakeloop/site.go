package fakeloop

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
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
	text string // "file:line", the file without its folder
}

// path is the callers of a function of this package that makes something, the
// innermost first, and nothing behind those that were looked at: the user's is mostly
// among the first three, and each further one costs as much time as a callback.
type path [12]uintptr

// places are those of the user's code at which something was made, by the path from
// there, since to find the line of a call takes ten times as long as to find the call.
// nil stands for a path that ends within the package: of those that were followed to
// their end, for what is the package's own doing.
type places struct {
	mu sync.Mutex
	of map[path]*place
}

// site returns the place in the user's code at which something of the loop is
// being made, nil unless the configuration asks for sites. Whoever calls it is not
// the user.
func (l *Loop) site() *place { return l.siteAbove(1) } // above site itself

// siteAbove is site for a caller above which that many are not the user either.
func (l *Loop) siteAbove(callers int) *place {
	if !l.sites.Load() {
		return nil
	}
	return l.places.find(callers)
}

func (ps *places) find(above int) *place {
	skip := 4 + above // runtime.Callers, find, siteAbove and its caller
	var from path
	for n := 3; n <= len(from); n *= 2 {
		runtime.Callers(skip, from[:n])
		if p := ps.at(&from, n); p != nil {
			return p
		}
	}
	return nil
}

// at returns the place at which a path of n callers begins.
func (ps *places) at(from *path, n int) *place {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p, known := ps.of[*from]
	if !known {
		if ps.of == nil {
			ps.of = make(map[path]*place)
		}
		p = usersPlace(slices.Clone(from[:n]))
		ps.of[*from] = p
	}
	return p
}

// usersPlace returns the first place on a way up the stack that is not in this
// package, nil if a callback is met before: then it is the package's own doing, and
// whoever drives it is not the place.
func usersPlace(pcs []uintptr) *place {
	for frames, more := runtime.CallersFrames(pcs), true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		switch {
		case f.Function == dispatchFrame || f.Function == coroutineFrame:
			return nil
		case f.Function != "" && !ownFrame(f):
			return &place{fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line)}
		}
	}
	return nil
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
	return p.text
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

// tunnelFrame is how methods of the tunnel begin that do no more than call the loop's.
const tunnelFrame = "github.com/windtunnel-go/windtunnel/asynctest.(*Tunnel)."

// ownFrame reports whether a frame is this package's own code, tests excluded.
func ownFrame(f runtime.Frame) bool {
	return strings.HasPrefix(f.Function, packagePath+".") && !strings.HasSuffix(f.File, "_test.go") ||
		strings.HasPrefix(f.Function, tunnelFrame)
}
