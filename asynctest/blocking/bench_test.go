package blocking

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkCallback shows what watching costs a callback, beside what a watchdog's two
// looks at the clock cost it: nothing when it has no name and does not block. Compare the
// rows of one run.
func BenchmarkCallback(b *testing.B) {
	f, err := os.Open("doc.go")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	buf, c := make([]byte, 1), make(chan int, 1)
	ready := func() { c <- 1; <-c }
	next, stop := coroutine(func(yield func(int) bool) {
		for yield(0) {
		}
	})
	defer stop()
	for _, body := range []struct {
		name string
		f    func()
	}{
		{"ready channel", func() { Callback(ready) }},
		{"ready channel, named", func() { Named("bench", ready) }},
		{"ready channel, with a key", func() { leave := Enter("c000123456/23778145aabbccdd"); Callback(ready); leave() }},
		{"resume of a coroutine", func() { Callback(func() { next() }) }},
		{"file read", func() { Callback(func() { f.ReadAt(buf, 0) }) }},
	} {
		for _, by := range []string{"nobody", "Recorder", "watchdog"} {
			b.Run(body.name+"/"+by, func(b *testing.B) {
				run := body.f
				switch by {
				case "Recorder":
					rec := mustStart(b, Config{})
					// Reading the trace back is not part of the callback.
					rec.raw = func([]byte) []byte { return nil }
				case "watchdog":
					dog := newWatchdog(10 * time.Millisecond)
					defer dog.stop()
					run = func() { dog.watch(body.f) }
				}
				for b.Loop() {
					run()
				}
			})
		}
	}
}

// BenchmarkSpec is what a spec pays for being watched: Start, a hundred callbacks that
// do not block, Stop, and reading the trace.
func BenchmarkSpec(b *testing.B) {
	hundred := func(callback func()) {
		for range 100 {
			callback()
		}
	}
	nothing := func() { Callback(func() {}) }
	b.Run("Recorder", func(b *testing.B) {
		for b.Loop() {
			rec := mustStart(b, Config{})
			hundred(nothing)
			mustStop(b, rec)
		}
	})
	b.Run("watchdog", func(b *testing.B) {
		for b.Loop() {
			dog := newWatchdog(10 * time.Millisecond)
			hundred(func() { dog.watch(nothing) })
			dog.stop()
		}
	})
}

// BenchmarkStop reports how long one transition takes to be read back.
func BenchmarkStop(b *testing.B) {
	steps := 0
	for b.Loop() {
		b.StopTimer()
		rec := mustStart(b, Config{})
		for range 10_000 {
			Callback(napA)
		}
		b.StartTimer()
		steps += mustStop(b, rec).Events
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps), "ns/transition")
}

// BenchmarkDetectors puts the Recorder beside the watchdog that others use: a goroutine
// that looks every millisecond whether the same callback is still running after the
// threshold, and takes its stack. A Recorder and two watchdogs, of 2 and 10 milliseconds,
// watch the same callbacks, of which one in two sleeps for half a millisecond and one in
// two computes for about that. The metrics, a row for each load, are what each missed of
// the first and reported of the second.
func BenchmarkDetectors(b *testing.B) {
	for _, n := range []int{0, 8} {
		b.Run(fmt.Sprint("hogs ", n), func(b *testing.B) {
			defer hogs(b, n)()
			const each = 20
			missed, falsely := map[string]int{}, map[string]int{}
			rounds := 0
			for b.Loop() {
				rounds++
				rec := mustStart(b, Config{})
				dogs := map[string]*watchdog{"dog-2ms": newWatchdog(2 * time.Millisecond), "dog-10ms": newWatchdog(10 * time.Millisecond)}
				for range each {
					for name, barks := range watchAll(dogs, func() { Callback(napShort) }) {
						missed[name] += 1 - barks
					}
					for name, barks := range watchAll(dogs, func() { Callback(compute) }) {
						falsely[name] += barks
					}
				}
				for _, dog := range dogs {
					dog.stop()
				}
				missed["Recorder"] += each
				for _, block := range mustStop(b, rec).Blocks {
					if strings.HasSuffix(block.User.Func, ".napShort") {
						missed["Recorder"] -= block.Count
					} else {
						falsely["Recorder"] += block.Count
					}
				}
			}
			for _, name := range []string{"Recorder", "dog-2ms", "dog-10ms"} {
				of := float64(rounds * each)
				b.ReportMetric(100*float64(missed[name])/of, "%missed-by-"+name)
				b.ReportMetric(100*float64(falsely[name])/of, "%false-by-"+name)
			}
		})
	}
}

// watchAll runs f under several watchdogs and returns how often each barked: 0 or 1.
func watchAll(dogs map[string]*watchdog, f func()) map[string]int {
	barks := map[string]int{}
	for name, dog := range dogs {
		under := f
		f = func() { barks[name] = dog.watch(under) }
	}
	f()
	return barks
}

//go:noinline
func napShort() { time.Sleep(500 * time.Microsecond) }

//go:noinline
func compute() {
	for i := range 200_000 {
		busy.Store(uint64(i))
	}
}

// watchdog is the usual detector: wall time, a threshold, a sampler.
type watchdog struct {
	since atomic.Int64 // when the callback began, 0 between callbacks
	barks atomic.Int64
	end   chan int
	done  sync.WaitGroup
}

func newWatchdog(threshold time.Duration) *watchdog {
	w := &watchdog{end: make(chan int)}
	w.done.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		buf := make([]byte, 64<<10)
		for told := int64(0); ; {
			select {
			case <-w.end:
				return
			case <-tick.C:
			}
			if since := w.since.Load(); since != 0 && since != told && time.Now().UnixNano()-since > int64(threshold) {
				runtime.Stack(buf, true)
				told = since
				w.barks.Add(1)
			}
		}
	})
	return w
}

// watch returns how often the dog barked at f: 0 or 1.
func (w *watchdog) watch(f func()) int {
	before := w.barks.Load()
	w.since.Store(time.Now().UnixNano())
	f()
	w.since.Store(0)
	return int(w.barks.Load() - before)
}

func (w *watchdog) stop() { close(w.end); w.done.Wait() }
