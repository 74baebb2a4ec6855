package tcp

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// randomToxic draws a valid toxic, edges first of all: a valid attribute must not
// be able to crash or hang toxiproxy.
func randomToxic(r *rand.Rand) toxics.Toxic {
	pick := func(list ...int64) int64 { return list[r.IntN(len(list))] }
	d := toxics.Direction(r.IntN(2))
	share := []float64{0, 1, 0.5, math.SmallestNonzeroFloat64}[r.IntN(4)]
	delay := func() time.Duration {
		return time.Duration(pick(0, 0, int64(time.Millisecond), int64(3*time.Millisecond)/2, r.Int64N(int64(5*time.Millisecond))+int64(time.Millisecond), int64(time.Hour), int64(toxics.MaxDelay)))
	}
	switch r.IntN(12) {
	case 0:
		return toxics.Latency{Direction: d, Share: share, Latency: delay(), Jitter: delay()}
	case 8:
		return toxics.Latency{Direction: d, Share: share, Latency: delay(), Jitter: delay(), Shape: toxics.Pareto{}}
	case 9:
		return toxics.Bandwidth{Direction: d, Share: share, Rate: pick(1, 10, 1000, toxics.MaxRate), Shared: true}
	case 10:
		return toxics.Timeout{Direction: d, Share: share, After: delay(), Absolute: true}
	case 11:
		return toxics.Loss{Direction: d, Share: share, Rate: 0.5, Timeout: delay()}
	case 1:
		return toxics.Bandwidth{Direction: d, Share: share, Rate: pick(1, 10, 1000, 1+r.Int64N(toxics.MaxRate), toxics.MaxRate)}
	case 2:
		return toxics.SlowClose{Direction: d, Share: share, Delay: delay()}
	case 3:
		return toxics.Timeout{Direction: d, Share: share, After: delay()}
	case 4:
		return toxics.ResetPeer{Direction: d, Share: share, After: delay()}
	case 5:
		size := int(pick(1, 2, 3, 1+r.Int64N(5000), toxics.MaxSlice))
		pause := min(delay(), time.Millisecond)
		return toxics.Slicer{Direction: d, Share: share, Size: size, Variation: []int{0, size - 1, r.IntN(size)}[r.IntN(3)], Delay: pause}
	case 6:
		return toxics.LimitData{Direction: d, Share: share, Bytes: pick(0, 1, r.Int64N(50_000), math.MaxInt64)}
	default:
		return toxics.Cut{Direction: d, Share: share, After: pick(0, 1, r.Int64N(50_000), math.MaxInt64), Reset: r.IntN(2) == 0}
	}
}

// randomFault draws a fault that a proxy can run.
func randomFault(r *rand.Rand) toxics.Fault {
	f := toxics.Inject(randomToxic(r))
	switch r.IntN(6) {
	case 0:
		f = toxics.Partition("client", "random")
	case 1:
		f = toxics.OneWay("random", "client")
	case 2:
		f = toxics.Inject(toxics.Refuse{})
	case 3:
		f = f.First(1 + r.IntN(3))
	}
	return f.From(time.Duration(r.IntN(5)) * time.Millisecond).For(time.Duration(r.IntN(10)) * time.Millisecond)
}

func TestNoValidPlanCrashesOrHangs(t *testing.T) {
	seed := rand.Uint64()
	server := serve(t, echo)
	for i := range scaled(t, 5000, 50) {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		var p toxics.Plan
		for range r.IntN(6) {
			p.Toxics = append(p.Toxics, randomToxic(r))
		}
		for range r.IntN(4) {
			p.Faults = append(p.Faults, randomFault(r))
		}
		where := fmt.Sprintf("seed %d, plan %d: %+v", seed, i, p)
		if err := p.Validate(); err != nil {
			t.Fatalf("%s: %v", where, err)
		}
		runPlan(t, where, server, p)
	}
}

// runPlan uses the plan for a short time on a few connections and closes. What
// arrives has to be a part of what was sent, from its start.
func runPlan(t *testing.T, where, server string, p toxics.Plan) {
	n, err := Listen(Config{})
	must(t, err)
	made, err := n.Proxy("random", server, p)
	must(t, err)
	sent := pattern(40_000)
	var conns sync.WaitGroup
	for i := range 3 {
		dialled, err := net.Dial("tcp", made.Addr())
		if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ECONNREFUSED) {
			continue // a timeout ends one link, which resets the other, before the dial returns; or it is refused
		}
		must(t, err)
		c := dialled.(*net.TCPConn)
		c.SetDeadline(time.Now().Add(20 * time.Millisecond)) // the short time
		conns.Go(func() {
			c.Write(sent)
			if i > 0 {
				c.CloseWrite()
			}
		})
		conns.Go(func() {
			got, _ := io.ReadAll(c)
			if len(got) > len(sent) || string(got) != string(sent[:len(got)]) {
				t.Errorf("%s: read %d bytes that are not the start of what was sent", where, len(got))
			}
			c.Close()
		})
	}
	conns.Wait()
	closed := make(chan error, 1)
	go func() { closed <- n.Close() }()
	select {
	case err := <-closed:
		must(t, err)
	case <-time.After(time.Minute):
		t.Fatalf("%s: Close hangs", where)
	}
	if left := engineGoroutines(); len(left) > 0 {
		t.Fatalf("%s: %d goroutines are left:\n%s", where, len(left), left[0])
	}
}
