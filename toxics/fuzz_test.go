package toxics

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"reflect"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// FuzzPlanJSON is that no text makes ParsePlan panic, and that every plan it returns
// comes back from its own JSON and can be run.
func FuzzPlanJSON(f *testing.F) {
	for _, seed := range []string{
		`{"seed":1,"toxics":[{"type":"latency","attributes":{"latency":1.5,"jitter":2,"shape":"normal"}}]}`,
		`{"faults":[{"type":"severed","source":"client","start":"1s","span":"1m"},{"type":"slow_dial","attributes":{"delay":9}}]}`,
		`[{"upstream":"server:1","enabled":false,"toxics":[{"type":"cut","attributes":{"after":1e3}}]}]`,
		`{"a":{"upstream":"server:1","toxics":[{"type":"slicer","attributes":{"average_size":10,"size_variation":5,"delay":1}}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParsePlan(text)
		if err != nil || len(p.Toxics)+len(p.Faults) > 30 {
			return
		}
		again, err := json.Marshal(p)
		must(t, err)
		back, err := ParsePlan(again)
		must(t, err)
		if !reflect.DeepEqual(back, p) {
			t.Fatalf("%s comes back as %s", p, back)
		}
		use(t, p)
	})
}

// FuzzPlan is that every plan that passes Validate can be run, and that every other one
// is refused without a panic.
func FuzzPlan(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed, uint8(seed%5))
	}
	f.Fuzz(func(t *testing.T, seed uint64, length uint8) {
		r := rand.New(rand.NewPCG(seed, 0))
		p := Plan{Seed: seed}
		for range length % 8 {
			e := anyEffect(r)
			if toxic, ok := e.(Toxic); ok && r.IntN(2) == 0 {
				p.Toxics = append(p.Toxics, toxic)
				continue
			}
			f := Inject(e).From(anyDuration(r)).For(anyDuration(r)).First(r.IntN(6) - 1)
			if r.IntN(2) == 0 {
				f = f.Between([]string{"", "client", "server", "x y"}[r.IntN(4)], []string{"", "server", "server:1", ":"}[r.IntN(4)])
			}
			p.Faults = append(p.Faults, f)
		}
		if p.Validate() == nil {
			use(t, p)
		}
	})
}

func anyDuration(r *rand.Rand) time.Duration {
	switch r.IntN(8) {
	case 0:
		return time.Duration(r.Uint64())
	case 1:
		return MaxDelay
	case 2, 3:
		return 0
	}
	return time.Duration(r.Int64N(int64(time.Hour))) >> r.IntN(20)
}

func anySize(r *rand.Rand) int64 {
	if r.IntN(10) == 0 {
		return int64(r.Uint64())
	}
	return r.Int64N(500) - 2
}

func anyEffect(r *rand.Rand) Effect {
	d := Direction(r.IntN(2))
	flag := r.IntN(2) == 0
	share := []float64{0, 0, 0, 0.5, 1, -1}[r.IntN(6)]
	switch r.IntN(15) {
	case 0:
		return Latency{d, anyDuration(r), anyDuration(r), []Shape{nil, Normal{}, Pareto{}, (*Custom)(nil)}[r.IntN(4)], share}
	case 1:
		return Bandwidth{d, anySize(r), flag, share}
	case 2:
		return SlowClose{d, anyDuration(r), share}
	case 3:
		return Timeout{d, anyDuration(r), flag, share}
	case 4:
		return ResetPeer{d, anyDuration(r), share}
	case 5:
		return Slicer{d, int(anySize(r)), int(anySize(r)) / 2, anyDuration(r), share}
	case 6:
		return LimitData{d, anySize(r), share}
	case 7:
		return Cut{d, anySize(r), flag, share}
	case 8:
		return Loss{d, r.Float64()*1.2 - 0.1, anyDuration(r), share}
	case 9:
		return Severed{flag}
	case 10:
		return Refuse{share}
	case 11:
		return FailDial{syscall.Errno(anySize(r)), share}
	case 12:
		return SlowDial{anyDuration(r), anyDuration(r), share}
	case 13:
		return FailLookup{flag, share}
	}
	return SlowLookup{anyDuration(r), share}
}

// use runs a plan under some traffic, until all has come, or something has ended it, or
// a day has passed. A bubble that cannot go on, or a goroutine that is left, panics.
func use(t *testing.T, p Plan) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n, err := NewNetwork(Config{Plan: p})
		must(t, err)
		l, err := n.Listen("server:1")
		must(t, err)
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer c.Close()
					io.Copy(c, c)
				}()
			}
		}()
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
			c, err := n.DialContext(ctx, "tcp", "server:1")
			cancel()
			if err != nil {
				continue
			}
			must(t, c.SetDeadline(time.Now().Add(24*time.Hour)))
			text := pattern(300)
			c.Write(text)
			c.Write(text)
			c.(*Conn).CloseWrite()
			got, err := io.ReadAll(c)
			for i, b := range got {
				if b != text[i%300] {
					t.Fatalf("byte %d of %d is wrong, %v", i, len(got), err)
				}
			}
			if e, ok := err.(net.Error); ok && e.Timeout() {
				n.Host("server").Crash()
			}
			c.Close()
		}
		must(t, n.Close())
	})
}
