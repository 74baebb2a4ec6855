package clients_test

import (
	"math"
	"os"
	"strconv"
	"testing"
)

// defaultScale keeps `go test ./...` short; the nightly workflow sets 1.
const defaultScale = 0.01

// scaled returns how much of a full count to run, at least least of it, and logs it.
// WINDTUNNEL_SCALE says which part.
func scaled(t testing.TB, what string, full, least int) int {
	t.Helper()
	scale := defaultScale
	if text := os.Getenv("WINDTUNNEL_SCALE"); text != "" {
		var err error
		scale, err = strconv.ParseFloat(text, 64)
		if err != nil || scale < 0 || math.IsInf(scale, 0) || math.IsNaN(scale) {
			t.Fatalf("WINDTUNNEL_SCALE=%q: want a number, 1 for the full counts", text)
		}
	}
	n := max(least, int(math.Round(float64(full)*scale)))
	t.Logf("scale %v: %d %s (full: %d)", scale, n, what, full)
	return n
}
