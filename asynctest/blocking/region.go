package blocking

import (
	"context"
	"runtime"
	"runtime/trace"
	"strconv"
	"strings"
	"time"
)

// Regions of the trace carry what no stack can: the name of a callback, who
// posted it, the reason of a scope. Their type is a kind and fields, cut by
// separator; none of it is in the way of anybody else's regions.
const (
	regionName     = "windtunnel.blocking.name"
	regionAllow    = "windtunnel.blocking.allow"
	logVirtual     = "windtunnel.blocking.virtual"
	logEnter       = "windtunnel.blocking.in"
	logLeave       = "windtunnel.blocking.out"
	logCPU         = "windtunnel.blocking.cpu"
	separator      = "\x1f"
	yearsOfBubbles = 2020 // a bubble begins in 2000, and no process of today does
)

// Named is [Callback] for a callback with a name, which reports then tell:
//
//	blocking.Named("tick", app.onTick)
//
// It costs a region of the trace, about 0.4 microseconds while a Recorder runs,
// and a few nanoseconds otherwise. Few different names cost less than many. In a
// synctest bubble it also tells how much of the bubble's time has passed
// meanwhile: [Block].Virtual.
func Named(name string, f func()) { runNamed(name, Frame{}, f) }

// Posted returns f as a named callback that also tells who posted it: the line
// that calls Posted.
//
//	loop.Post(blocking.Posted("refresh", cache.refresh))
func Posted(name string, f func()) func() {
	var by Frame
	if pc, file, line, ok := runtime.Caller(1); ok {
		f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
		by = Frame{Func: f.Function, File: file, Line: line}
	}
	return func() { runNamed(name, by, f) }
}

func runNamed(name string, by Frame, f func()) {
	if !trace.IsEnabled() {
		Callback(f)
		return
	}
	ctx := context.Background()
	defer trace.StartRegion(ctx, strings.Join([]string{regionName, name, by.Func, by.File, strconv.Itoa(by.Line)}, separator)).End()
	if start := time.Now(); start.Year() < yearsOfBubbles {
		defer func() {
			if passed := time.Since(start); passed > 0 {
				trace.Log(ctx, logVirtual, strconv.FormatInt(int64(passed), 10))
			}
		}()
	}
	Callback(f)
}

// label is what a region of Named says.
type label struct {
	name   string
	posted Frame
}

func parseLabel(fields []string) label {
	if len(fields) != 4 {
		return label{}
	}
	line, _ := strconv.Atoi(fields[3])
	return label{name: fields[0], posted: Frame{Func: fields[1], File: fields[2], Line: line}}
}

// inRegions is what a goroutine is in, as far as the regions of this package tell.
type inRegions struct {
	labels  []label
	reasons []string // of the scopes of Allow, outermost first
	touched []*spot  // where the innermost named callback has blocked
	entries []keyed  // callbacks with keys, outermost first
}

// note takes one of this package's regions or logs into account.
func (in *inRegions) note(s step) {
	kind, rest, _ := strings.Cut(s.text, separator)
	switch {
	case s.mark == regionBegin && kind == regionName:
		in.labels = append(in.labels, parseLabel(strings.Split(rest, separator)))
		in.touched = nil
	case s.mark == regionBegin && kind == regionAllow:
		in.reasons = append(in.reasons, rest)
	case s.mark == regionEnd && kind == regionName && len(in.labels) > 0:
		in.labels = in.labels[:len(in.labels)-1]
		in.touched = nil
	case s.mark == regionEnd && kind == regionAllow && len(in.reasons) > 0:
		in.reasons = in.reasons[:len(in.reasons)-1]
	case s.mark == logged && kind == logEnter:
		in.enter(rest)
	case s.mark == logged && kind == logLeave:
		ns, _ := strconv.ParseInt(rest, 10, 64)
		in.leave(time.Duration(ns))
	case s.mark == logged && kind == logVirtual:
		ns, _ := strconv.ParseInt(rest, 10, 64)
		for _, sp := range in.touched {
			sp.block.Virtual = max(sp.block.Virtual, time.Duration(ns))
		}
	}
}

func (in *inRegions) label() label {
	if in == nil || len(in.labels) == 0 {
		return label{}
	}
	return in.labels[len(in.labels)-1]
}

func (in *inRegions) scopes() []string {
	if in == nil {
		return nil
	}
	return in.reasons
}
