package blocking

import (
	"context"
	"reflect"
	"runtime"
	"runtime/trace"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tellCPU tells the Recorders, through the trace, that f went over its budget. The stack
// that goes with it says on whose behalf.
func tellCPU(used, budget time.Duration, f Frame) {
	if !trace.IsEnabled() {
		return
	}
	trace.Log(context.Background(), logCPU, strings.Join([]string{
		strconv.FormatInt(int64(used), 10), budget.String(), f.Func, f.File, strconv.Itoa(f.Line),
	}, separator))
}

// entry returns the place where f begins: nobody knows where in it the time went.
func entry(f func()) Frame {
	fn := runtime.FuncForPC(reflect.ValueOf(f).Pointer())
	file, line := fn.FileLine(fn.Entry())
	return Frame{Func: strings.TrimSuffix(fn.Name(), "-fm"), File: file, Line: line}
}

// overBudget reads what tellCPU wrote, if s is that. The function that went over the
// budget stands on the stack that ran it, and is the callback itself if nothing there is
// a marker.
func (a *analyser) overBudget(s step) (used time.Duration, p place, ok bool) {
	rest, ours := strings.CutPrefix(s.text, logCPU+separator)
	fields := strings.Split(rest, separator)
	if s.mark != logged || !ours || len(fields) != 5 {
		return 0, place{}, false
	}
	ns, _ := strconv.ParseInt(fields[0], 10, 64)
	line, _ := strconv.Atoi(fields[4])
	stack := []Frame{{Func: fields[2], File: fields[3], Line: line}}
	if s.stack != nil {
		by := slices.IndexFunc(s.stack.frames, func(f Frame) bool { return f.Func == withinMark })
		stack = append(stack, s.stack.frames[by+1:]...)
	}
	at := a.marker(stack, 0, a.marks)
	if at < 0 {
		at = 1
	}
	p = a.inCallback(stack, at)
	p.reason = "over " + fields[1]
	return time.Duration(ns), p, true
}
