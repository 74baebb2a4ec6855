package blocking

import (
	"os"
	"testing"
)

// BenchmarkCallback shows what watching costs a callback: nothing when it does
// not block. Compare off with on in one run.
func BenchmarkCallback(b *testing.B) {
	f, err := os.Open("doc.go")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	buf, c := make([]byte, 1), make(chan int, 1)
	for _, body := range []struct {
		name string
		f    func()
	}{
		{"ready channel", func() { c <- 1; <-c }},
		{"file read", func() { f.ReadAt(buf, 0) }},
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
					Callback(body.f)
				}
			})
		}
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
