package tcp

import (
	"context"
	"runtime/pprof"
	"slices"
	"strings"
	"testing"
)

// Close waits for whatever carries the proxy's label, also if nothing else knows
// of it.
func TestCloseWaitsForEveryLabelledGoroutine(t *testing.T) {
	p := proxy(t, network(t), serve(t, echo), plan())
	roundTrip(t, dial(t, p.Addr()), "hello")
	release, started := make(chan struct{}), make(chan struct{})
	go pprof.Do(p.labels, pprof.Labels(), func(context.Context) {
		close(started)
		<-release
	})
	<-started
	closed := make(chan error, 1)
	go func() { closed <- p.Close() }()
	waiting := func(g string) bool { return strings.Contains(g, "awaitGoroutines") }
	eventually(t, "Close waits", func() bool {
		if len(closed) > 0 {
			t.Fatal("Close returned while a goroutine was left")
		}
		return slices.ContainsFunc(engineGoroutines(), waiting)
	})
	close(release)
	must(t, <-closed)
}
