package peers_test

import (
	"flag"
	"math"
	"os"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// defaultScale keeps `go test ./...` short; the nightly workflow sets 1.
const defaultScale = 0.01

// scaled returns how much of a full count to run, at least least of it, and logs it.
// WINDTUNNEL_SCALE says which part.
func scaled(t *testing.T, what string, full, least int) int {
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

// check is rapid.Check with a number of checks of its own. It writes nothing into the
// tree; a failure is repeated with the seed it names.
func check(t *testing.T, checks int, property func(*rapid.T)) {
	t.Helper()
	for name, value := range map[string]string{"rapid.checks": strconv.Itoa(checks), "rapid.nofailfile": "true"} {
		kept := flag.Lookup(name).Value.String()
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = flag.Set(name, kept) }()
	}
	rapid.Check(t, property)
}
