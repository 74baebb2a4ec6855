package bubble

import (
	"math"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// scaled returns how much of a full count to run: WINDTUNNEL_SCALE, by default little.
func scaled(t *testing.T, full int) int {
	s := 0.01
	if text := os.Getenv("WINDTUNNEL_SCALE"); text != "" {
		var err error
		if s, err = strconv.ParseFloat(text, 64); err != nil || s < 0 || math.IsInf(s, 0) || math.IsNaN(s) {
			t.Fatalf("WINDTUNNEL_SCALE=%q: want a number, 1 for the full counts", text)
		}
	}
	n := max(100, int(math.Round(float64(full)*s)))
	t.Logf("%d bubbles (full: %d)", n, full)
	return n
}

// Many bubbles leave neither goroutines nor memory behind.
func TestManyBubbles(t *testing.T) {
	play := func(n int) (goroutines int, heap uint64) {
		for range n {
			b := Start()
			var replies chan int
			run(b, func() {
				replies = make(chan int)
				for i := range 10 {
					go func() {
						time.Sleep(time.Duration(i) * time.Minute)
						replies <- i
					}()
				}
			})
			run(b, func() {
				for range 10 {
					<-replies
				}
			})
			equal(t, "end", b.End().Outcome, Returned)
		}
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return runtime.NumGoroutine(), m.HeapAlloc
	}
	before, heap := play(50)
	after, grown := play(scaled(t, 10_000))
	if after > before+2 {
		t.Errorf("%d goroutines, then %d", before, after)
	}
	if grown > heap+4<<20 {
		t.Errorf("%d bytes of heap, then %d", heap, grown)
	}
}
