package spec_test

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest/spec"
)

// scaled returns how much of a full count to run: WINDTUNNEL_SCALE, by default little.
func scaled(full, least int) int {
	s := 0.005
	if text := os.Getenv("WINDTUNNEL_SCALE"); text != "" {
		var err error
		if s, err = strconv.ParseFloat(text, 64); err != nil || s < 0 || math.IsInf(s, 0) || math.IsNaN(s) {
			panic(fmt.Sprintf("WINDTUNNEL_SCALE=%q: want a number, 1 for the full counts", text))
		}
	}
	return max(least, int(math.Round(float64(full)*s)))
}

// footprint is what a process holds.
type footprint struct {
	goroutines int
	heap       int64
}

func measure() footprint {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{runtime.NumGoroutine(), int64(m.HeapAlloc)}
}

// Many specs leave neither goroutines nor memory behind, but for the few kilobytes that Ginkgo
// keeps of every spec to report it.
var _ = Describe("many specs", Ordered, func() {
	const full, kept = 10_000, 8 << 10
	n := scaled(full, 50)
	var start footprint

	many := func(n int, text string) {
		Context(text, spec.Bubble, func() {
			var done chan int
			BeforeEach(func() { done = make(chan int) })
			for i := range n {
				It(fmt.Sprint("number ", i), func() {
					for k := range 10 {
						go func() {
							time.Sleep(time.Duration(k) * time.Minute)
							done <- k
						}()
					}
					for range 10 {
						<-done
					}
				})
			}
		})
	}
	many(20, "to begin with")
	It("are measured", func() { start = measure() })
	many(n, "in bubbles")
	It("leave nothing behind", func() {
		end := measure()
		AddReportEntry("soak", fmt.Sprintf("%d specs (full: %d) left %d goroutines where there were %d, and %d bytes a spec",
			n, full, end.goroutines, start.goroutines, (end.heap-start.heap)/int64(n)))
		Expect(end.goroutines).To(BeNumerically("<=", start.goroutines+2))
		Expect(end.heap - start.heap).To(BeNumerically("<=", n*kept+4<<20))
	})
})
