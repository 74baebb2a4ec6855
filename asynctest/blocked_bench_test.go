package asynctest

import (
	"context"
	"testing"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// BenchmarkTunnelCallback shows what it costs a callback that does not block that a tunnel
// knows which one it is: compare "named" with "anonymous", both of which are recorded, of one
// row. What a callback in a bubble costs is mostly that the loop waits until all is quiet.
func BenchmarkTunnelCallback(b *testing.B) {
	many := func(b *testing.B, t *Tunnel) {
		const batch = 1000
		f := func() {}
		for n := 0; n < b.N; n += batch {
			for range min(batch, b.N-n) {
				t.Loop.Post(f)
			}
			if err := t.Loop.RunUntilIdle(); err != nil {
				b.Error(err)
			}
		}
		b.StopTimer()
		_ = t.Close()
		b.StartTimer()
	}
	for _, named := range []bool{false, true} {
		name, options := "anonymous", []TunnelOption{WithLoop(fakeloop.Config{Limit: 1 << 30}), withoutDetector}
		if named {
			name, options = "named", options[:1]
		}
		b.Run("bubble/"+name, func(b *testing.B) {
			Watch(b) // records both
			in := bubble.Start()
			in.Run(bubble.Call{Body: func(context.Context) { many(b, NewTunnel(options...)) }})
			in.End()
		})
		b.Run("virtual/"+name, func(b *testing.B) {
			Watch(b)
			many(b, NewTunnel(options...))
		})
	}
}
