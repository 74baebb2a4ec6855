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

// BenchmarkCallback shows what watching costs a callback: nothing when it has no name
// and does not block. Compare off with on in one run.
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
		{"resume of a coroutine", func() { Callback(func() { next() }) }},
		{"file read", func() { Callback(func() { f.ReadAt(buf, 0) }) }},
	} {
		for _, on := range []bool{false, true} {
			name := body.name + "/off"
			if on {
				name = body.name + "/on"
			}
			b.Run(name, func(b *testing.B) {
				if on {
					rec := mustStart(b, Config{})
					// Reading the trace back is not part of the callback.
					rec.raw = func([]byte) []byte { return nil }
				}
				for b.Loop() {
					body.f()
				}
			})
		}
	}
}

// BenchmarkSpec is what a spec pays for being watched: Start, a hundred callbacks that
// do not block, Stop, and reading the trace.
func BenchmarkSpec(b *testing.B) {
	for b.Loop() {
		rec := mustStart(b, Config{})
		for range 100 {
			Callback(func() {})
		}
		mustStop(b, rec)
	}
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
// threshold, and takes its stack. Both watch the same callbacks, of which one in two
// sleeps for half a millisecond and one in two computes for about one. The metrics are
// what each missed of the first and reported of the second.
func BenchmarkDetectors(b *testing.B) {
	for _, hogging := range []int{0, 8} {
		b.Run(fmt.Sprint("hogs ", hogging), func(b *testing.B) {
			var blocked, harmless, missed, falsely, missedByDog, falseByDog int
			var end atomic.Bool
			var hogs sync.WaitGroup
			for range hogging {
				hogs.Go(func() {
					for n := uint64(0); !end.Load(); n++ {
						busy.Store(n)
					}
				})
			}
			for b.Loop() {
				rec := mustStart(b, Config{})
				dog := newWatchdog(2 * time.Millisecond)
				for i := range 40 {
					if i%2 == 0 {
						blocked++
						missedByDog += 1 - dog.watch(func() { Callback(napShort) })
					} else {
						harmless++
						falseByDog += dog.watch(func() { Callback(compute) })
					}
				}
				dog.stop()
				seen := 0
				for _, block := range mustStop(b, rec).Blocks {
					if strings.HasSuffix(block.User.Func, ".napShort") {
						seen += block.Count
					} else {
						falsely += block.Count
					}
				}
				missed += 20 - seen
			}
			end.Store(true)
			hogs.Wait()
			percent := func(n, of int) float64 { return 100 * float64(n) / float64(of) }
			b.ReportMetric(percent(missed, blocked), "%missed")
			b.ReportMetric(percent(falsely, harmless), "%false")
			b.ReportMetric(percent(missedByDog, blocked), "%missed-by-watchdog")
			b.ReportMetric(percent(falseByDog, harmless), "%false-by-watchdog")
		})
	}
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
