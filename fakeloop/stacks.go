package fakeloop

import (
	"cmp"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// stack is a goroutine in a dump of the stacks of all.
type stack struct {
	goroutine
	state   string // in the runtime's words: "select", "sync.Mutex.Lock", "running"
	durable bool   // blocked so that the time of its bubble can go on
	frames  []frame
	text    string
}

// frame is a function that waits for the one above it.
type frame struct {
	function string
	file     string
	line     int
}

// dump returns the stacks of all goroutines as the runtime prints them.
func dump() string {
	buf := make([]byte, 64<<10)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	return string(buf[:n])
}

// stacks takes a dump apart, in the order of the goroutines' numbers.
func stacks(dump string) []stack {
	var out []stack
	for text := range strings.SplitSeq(dump, "\n\n") {
		if s, ok := parseStack(strings.TrimSpace(text)); ok {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b stack) int { return cmp.Compare(a.id, b.id) })
	return out
}

// parseStack reads one stack. It begins with a line such as
//
//	goroutine 18 [select (durable), 2 minutes, synctest bubble 3]:
//
// and goes on with two lines a frame: the call, and the place.
func parseStack(text string) (stack, bool) {
	head, rest, _ := strings.Cut(text, "\n")
	number, bracket, ok := strings.Cut(strings.TrimPrefix(head, "goroutine "), " ")
	id, err := strconv.ParseUint(number, 10, 64)
	if !ok || err != nil {
		return stack{}, false
	}
	_, bracket, _ = strings.Cut(bracket, "[")
	bracket, _, _ = strings.Cut(bracket, "]")
	s := stack{goroutine: goroutine{id: id}, text: text}
	for i, part := range strings.Split(bracket, ", ") {
		if bubble, ok := strings.CutPrefix(part, "synctest bubble "); ok {
			s.bubble, _ = strconv.ParseUint(bubble, 10, 64)
		} else if i == 0 {
			s.state, _, s.durable = strings.Cut(part, " (durable)")
			s.state, _ = strings.CutSuffix(s.state, " (scan)")
		}
	}
	lines := strings.Split(rest, "\n")
	for i, line := range lines[1:] {
		if strings.HasPrefix(line, "\t") {
			s.frames = append(s.frames, parseFrame(lines[i], line))
		}
	}
	return s, true
}

func parseFrame(call, place string) frame {
	call, _, _ = strings.Cut(call, " in goroutine ") // of "created by f in goroutine 7"
	if i := strings.LastIndex(call, "("); i > 0 && strings.HasSuffix(call, ")") {
		call = call[:i]
	}
	place, _, _ = strings.Cut(strings.TrimSpace(place), " +0x")
	i := strings.LastIndex(place, ":")
	line, _ := strconv.Atoi(place[i+1:])
	return frame{strings.TrimPrefix(call, "created by "), place[:max(i, 0)], line}
}

// where returns the innermost place that is neither the standard library's nor this
// package's own, "" if there is none.
func (s stack) where() string {
	for _, f := range s.frames {
		own := ownFrame(runtime.Frame{Function: f.function, File: f.file})
		if !own && !f.isStandard() {
			return filepath.Base(f.file) + ":" + strconv.Itoa(f.line)
		}
	}
	return ""
}

// isStandard reports whether a frame is the standard library's.
func (f frame) isStandard() bool { return isStandardFile(f.file, standardRoot()) }

func isStandardFile(file, root string) bool {
	if root != "" {
		return strings.HasPrefix(file, root)
	}
	first, _, _ := strings.Cut(file, "/") // built with -trimpath: "net/http/server.go"
	return !strings.Contains(first, ".")
}

// standardRoot returns the directory of the standard library's sources, "" in a program
// that was built with -trimpath.
func standardRoot() string {
	pcs := make([]uintptr, 1)
	runtime.Callers(0, pcs) // the frame of Callers itself
	f, _ := runtime.CallersFrames(pcs).Next()
	return strings.TrimSuffix(f.File, "runtime/"+filepath.Base(f.File))
}
