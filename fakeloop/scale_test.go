package fakeloop_test

import (
	"math"
	"os"
	"strconv"
	"testing"
)

// scale returns WINDTUNNEL_SCALE: which part of the full counts the heavy tests
// run. The default keeps `go test ./...` short; the nightly workflow sets 1.
func scale(t testing.TB) float64 {
	t.Helper()
	text := os.Getenv("WINDTUNNEL_SCALE")
	if text == "" {
		return defaultScale
	}
	s, err := strconv.ParseFloat(text, 64)
	if err != nil || s < 0 || math.IsInf(s, 0) || math.IsNaN(s) {
		t.Fatalf("WINDTUNNEL_SCALE=%q: want a number, 1 for the full counts", text)
	}
	return s
}

// scaled returns how much of a full count to run, at least least of it, and
// logs it.
func scaled(t testing.TB, what string, full, least int) int {
	t.Helper()
	n := max(least, int(math.Round(float64(full)*scale(t))))
	t.Logf("scale %v: %d %s (full: %d)", scale(t), n, what, full)
	return n
}
