package toxics

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Half of connections with a share of a half, each wholly, and the same ones again.
func TestShareIsDecidedOnce(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		hits := func(seed uint64) (s string) {
			n := network(t, Config{Plan: Plan{Seed: seed, Toxics: []Toxic{Latency{Direction: d, Latency: time.Hour, Share: 0.5}}}})
			for range 40 {
				from, to := ends(t, n, d)
				hit := ""
				for range 3 {
					elapsed := since()
					send(t, from, "x")
					readOnce(to)
					hit += map[bool]string{true: "H", false: "."}[elapsed() > 0]
				}
				if hit != "HHH" && hit != "..." {
					t.Errorf("a connection is hit %s", hit)
				}
				s += hit[:1]
			}
			return s
		}
		first := hits(1)
		equal(t, "again", hits(1), first)
		if hits(2) == first || strings.Count(first, "H") < 8 || strings.Count(first, "H") > 32 {
			t.Errorf("seeds 1 and 2: %s %s", first, hits(2))
		}
	})
}

func TestShapes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, test := range []struct {
		shape            Shape
		name             string
		mean, below, low float64 // the share of draws below 1, and the least draw
	}{
		{Uniform{}, "uniform", 0, 1, -1},
		{Normal{}, "normal", 0, 0.841, -6},
		{Pareto{}, "pareto", 0.5, 0.875, 0},
	} {
		const draws = 200_000
		sum, below := 0., 0.
		for range draws {
			x := test.shape.Draw(r)
			sum += x
			if x < 1 {
				below++
			}
			if x < test.low || x > 1000 {
				t.Fatalf("%s drew %v", test.name, x)
			}
		}
		equal(t, "name", test.shape.String(), test.name)
		if mean := sum / draws; mean < test.mean-0.02 || mean > test.mean+0.02 {
			t.Errorf("%s: mean %v, want %v", test.name, mean, test.mean)
		}
		if got := below / draws; got < test.below-0.01 || got > test.below+0.01 {
			t.Errorf("%s: %v are below 1, want %v", test.name, got, test.below)
		}
	}
	equal(t, "nil is uniform", Latency{Jitter: ms}.Draw(rand.New(rand.NewPCG(1, 1))), Latency{Jitter: ms, Shape: Uniform{}}.Draw(rand.New(rand.NewPCG(1, 1))))
	odd := func(x float64) *Custom { return &Custom{Name: "odd", Func: func(*rand.Rand) float64 { return x }} }
	for x, want := range map[float64]time.Duration{-1e300: 0, 1e300: 2 * MaxDelay, 2: 3 * ms} {
		equal(t, "a custom shape", Latency{Latency: ms, Jitter: ms, Shape: odd(x)}.Draw(r), want)
	}
}

// The seed decides, and nothing else: not what other connections do.
func TestRandomnessIsPerConnection(t *testing.T) {
	delays := func(seed uint64, noise int) (all []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			n := network(t, Config{Plan: Plan{Seed: seed, Toxics: []Toxic{Latency{Latency: time.Second, Jitter: time.Second}}}})
			from, to := ends(t, n, Downstream)
			l, err := n.Listen("other:1")
			must(t, err)
			for range noise {
				c, err := n.DialContext(t.Context(), "tcp", "other:1")
				must(t, err)
				s, err := l.Accept()
				must(t, err)
				send(t, s, "noise")
				readOnce(c)
			}
			for range 20 {
				elapsed := since()
				send(t, from, "x")
				readOnce(to)
				all = append(all, elapsed())
			}
		})
		return all
	}
	first := delays(7, 0)
	if !slices.Equal(first, delays(7, 5)) {
		t.Error("other connections change the delays of this one")
	}
	if slices.Equal(first, delays(8, 0)) {
		t.Error("another seed gives the same delays")
	}
}

func TestTheSkewStartsAgain(t *testing.T) {
	s := newSkew(rand.New(rand.NewPCG(1, 2)))
	last, ups, chunks := time.Millisecond, 0, 200_000
	for range chunks {
		next := s.next()
		if next > last {
			ups++
		}
		if next <= 0 || next == last || next >= time.Millisecond {
			t.Fatalf("skew %v after %v", next, last)
		}
		last = next
	}
	if ups < 3 || ups > 5 {
		t.Errorf("%d chunks started the skew again %d times, want about one in 48,000", chunks, ups)
	}
}
