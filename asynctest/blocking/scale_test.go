package blocking

import (
	"os"
	"strconv"
	"testing"
)

// scaled returns the number of runs of a test whose full count is full. The
// environment variable WINDTUNNEL_SCALE is the fraction to run, 0.02 by
// default; 1 is what the nightly job runs.
func scaled(t *testing.T, full int) int {
	t.Helper()
	scale := 0.02
	if s := os.Getenv("WINDTUNNEL_SCALE"); s != "" {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || v <= 0 {
			t.Fatalf("WINDTUNNEL_SCALE=%q is not a positive number", s)
		}
		scale = v
	}
	n := max(1, int(float64(full)*scale))
	t.Logf("count %d (full %d)", n, full)
	return n
}
