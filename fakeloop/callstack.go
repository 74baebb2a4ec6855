package fakeloop

import "runtime"

// CallStack returns a number for the functions and lines that lead to the caller: the
// same in every run of one build of the sources, and different for calls from
// different places. It is the Stack of a [Passage] that has no better name, as a dial
// that a library makes. skip is how many of the innermost frames do not count: 0 begins
// with the caller of CallStack. A stack is followed for 64 frames.
func CallStack(skip int) uint64 {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(skip+2, pcs[:])])
	h := uint64(fnvOffset)
	for {
		f, more := frames.Next()
		for i := range len(f.Function) {
			h = (h ^ uint64(f.Function[i])) * fnvPrime
		}
		h = (h ^ uint64(f.Line)) * fnvPrime
		if !more {
			return h
		}
	}
}
