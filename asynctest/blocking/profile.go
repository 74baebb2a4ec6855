package blocking

import (
	"bytes"
	"flag"
	"iter"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The block profile is the last resort. It counts waits by stack, exactly, but only
// those for channels and locks that have ended, and of all goroutines together.

const unseenByProfile = "only the block profile was to be had, which shows no sleep, no network, no system call, no CPU time, no wait that has not ended, " +
	"and does not tell the goroutines of one Recorder from another's"

// startProfile begins a recording with the block profile. It shares it with others:
// counts are compared, never reset.
func (r *Recorder) startProfile(c Config) (*Recorder, error) {
	runtime.SetBlockProfileRate(1)
	before := blockProfile()
	prove(headProbe)
	r.guard = startGuard(c, r.analyser)
	r.stopped = sync.OnceValues(func() (*Report, error) {
		r.guard.stop()
		prove(tailProbe)
		after := blockProfile()
		runtime.SetBlockProfileRate(profileRate())
		report, err := r.analyser.run(profileSteps(before, after))
		if report != nil {
			report.Unseen = unseenByProfile
		}
		return report, err
	})
	return r, nil
}

// profileRate is the rate that go test -blockprofile has asked for, or 0. The runtime
// does not tell the present one.
func profileRate() int {
	out, rate := flag.Lookup("test.blockprofile"), flag.Lookup("test.blockprofilerate")
	if out == nil || rate == nil || out.Value.String() == "" {
		return 0
	}
	n, _ := strconv.Atoi(rate.Value.String())
	return n
}

// blockProfile returns how often each stack has blocked.
func blockProfile() map[*stack]int64 {
	n, _ := runtime.BlockProfile(nil)
	var records []runtime.BlockProfileRecord
	for ok := false; !ok; {
		records = make([]runtime.BlockProfileRecord, n+100)
		n, ok = runtime.BlockProfile(records)
	}
	out := map[*stack]int64{}
	for _, r := range records[:n] {
		s := &stack{}
		for frames, more := runtime.CallersFrames(r.Stack()), true; more; {
			var f runtime.Frame
			f, more = frames.Next()
			s.frames = append(s.frames, Frame{Func: f.Function, File: f.File, Line: f.Line})
		}
		out[s] += r.Count
	}
	return out
}

// profileSteps yields the blocks that are in after and not in before as steps.
func profileSteps(before, after map[*stack]int64) iter.Seq2[step, error] {
	key := func(s *stack) string {
		var b bytes.Buffer
		for _, f := range s.frames {
			b.WriteString(f.Func + separator + f.Location() + separator)
		}
		return b.String()
	}
	old := map[string]int64{}
	for s, n := range before {
		old[key(s)] += n
	}
	return func(yield func(step, error) bool) {
		for s, n := range after {
			for range n - old[key(s)] {
				if !yield(step{from: running, to: waiting, reason: profileReason(s.frames), stack: s}, nil) ||
					!yield(step{from: waiting, to: elsewhere}, nil) {
					return
				}
			}
		}
	}
}

// profileReason is the tracer's word for what the primitive at the leaf waits for.
func profileReason(stack []Frame) string {
	is := func(names ...string) bool {
		return slices.ContainsFunc(stack[:min(2, len(stack))], func(f Frame) bool { return slices.Contains(names, f.Func) })
	}
	switch {
	case is("runtime.chanrecv1", "runtime.chanrecv2", "runtime.chanrecv"):
		return "chan receive"
	case is("runtime.chansend1", "runtime.chansend"):
		return "chan send"
	case is("runtime.selectgo"):
		return "select"
	case len(stack) > 0 && strings.HasPrefix(stack[0].Func, "sync.(*Cond)"):
		return "sync.(*Cond).Wait"
	}
	return "sync"
}
