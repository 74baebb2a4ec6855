package blocking

import (
	"bytes"
	"regexp"
	"runtime"
	"strconv"
)

// family says whose goroutine is whose, so that Recorders of tests that run in
// parallel do not report each other's callbacks. A goroutine belongs to the
// Recorders that were started on it or on one it descends from; one that has no such
// ancestor belongs to all.
type family struct {
	root    int64           // the goroutine that started this Recorder
	others  map[int64]bool  // those that started other Recorders meanwhile
	parents map[int64]int64 // of goroutines
}

// born notes that the trace shows a goroutine start another.
func (f *family) born(child, parent int64) {
	if len(f.others) > 0 && parent > 0 {
		f.parents[child] = parent
	}
}

// foreign reports whether a goroutine belongs to another Recorder only.
func (f *family) foreign(g int64) bool {
	if len(f.others) == 0 {
		return false
	}
	found := false
	for known := true; known; g, known = f.parents[g] {
		if g == f.root {
			return false
		}
		found = found || f.others[g]
	}
	return found
}

var (
	goroutineHead = regexp.MustCompile(`(?m)^goroutine (\d+) `)
	goroutineFrom = regexp.MustCompile(`(?m)^created by .* in goroutine (\d+)$`)
)

// parentsOf reads who started whom from a dump of all goroutines.
func parentsOf(dump []byte) map[int64]int64 {
	out := map[int64]int64{}
	for _, stack := range bytes.Split(dump, []byte("\n\n")) {
		head, from := goroutineHead.FindSubmatch(stack), goroutineFrom.FindSubmatch(stack)
		if head == nil || from == nil {
			continue
		}
		child, _ := strconv.ParseInt(string(head[1]), 10, 64)
		out[child], _ = strconv.ParseInt(string(from[1]), 10, 64)
	}
	return out
}

// everyStack returns the stacks of all goroutines.
func everyStack() []byte {
	buf := make([]byte, 256<<10)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	return buf[:n]
}

// goroutineNumber returns the runtime's number of the calling goroutine.
func goroutineNumber() int64 {
	n, _ := strconv.ParseInt(string(goroutine()), 10, 64)
	return n
}
