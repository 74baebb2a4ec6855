package toxics

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// arrival is what one Read gave, and when.
type arrival struct {
	at   time.Duration
	text string
}

// arrivals reads to the end, which is the last of them, "EOF" or the error's text.
func arrivals(c net.Conn, elapsed func() time.Duration) (all []arrival) {
	for {
		b := make([]byte, 64<<10)
		n, err := c.Read(b)
		at := elapsed()
		if n > 0 {
			all = append(all, arrival{at, string(b[:n])})
		}
		if err != nil {
			text := "EOF"
			if err != io.EOF {
				text = err.(*net.OpError).Err.Error()
			}
			return append(all, arrival{at, text})
		}
	}
}

func arrive(t testing.TB, got []arrival, want ...arrival) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("arrived:\n got %v\nwant %v", got, want)
	}
}

const reset = "read: connection reset by peer"

func TestLatencyHoldsEachChunkBack(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		from, to := ends(t, exact(t, Latency{Direction: d, Latency: time.Hour + 1}), d)
		elapsed := since()
		send(t, from, "one")
		time.Sleep(time.Minute)
		send(t, from, "two")
		must(t, from.Close()) // the end only waits for the data in front of it
		arrive(t, arrivals(to, elapsed),
			arrival{time.Hour + 1, "one"}, arrival{time.Hour + time.Minute + 1, "two"}, arrival{time.Hour + time.Minute + 1, "EOF"})
	})
}

// Latencies are toxiproxy's where toxiproxy can say them, and exact where it cannot.
func TestTwoLatenciesAddUp(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		l := Latency{Direction: d, Latency: 1500 * time.Microsecond}
		from, to := ends(t, exact(t, l, l, Latency{Direction: d, Jitter: time.Second, Shape: &Custom{Name: "one", Func: func(*rand.Rand) float64 { return 1 }}}), d)
		elapsed := since()
		send(t, from, "x")
		must(t, from.Close())
		at := time.Second + 3*time.Millisecond
		arrive(t, arrivals(to, elapsed), arrival{at, "x"}, arrival{at, "EOF"})
	})
}

// Every virtual latency is longer than the plan says by less than a millisecond, and
// by less than it was for the chunk before.
func TestTheSkewShrinks(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		n := network(t, Config{Plan: Plan{Toxics: []Toxic{Latency{Direction: d, Latency: time.Second}}}})
		from, to := ends(t, n, d)
		last := time.Millisecond
		for range 1000 {
			elapsed := since()
			send(t, from, "x")
			equal(t, "read", readOnce(to), "x")
			over := elapsed() - time.Second
			if over <= 0 || over >= last {
				t.Fatalf("a chunk is late by %v, the one before by %v", over, last)
			}
			last = over
		}
	})
}

func TestBandwidthPaces(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		from, to := ends(t, exact(t, Bandwidth{Direction: d, Rate: 1}), d)
		elapsed := since()
		send(t, from, strings.Repeat("x", 250))
		must(t, from.Close())
		ms := time.Millisecond
		arrive(t, arrivals(to, elapsed),
			arrival{100 * ms, strings.Repeat("x", 100)}, arrival{200 * ms, strings.Repeat("x", 100)},
			arrival{250 * ms, strings.Repeat("x", 50)}, arrival{250 * ms, "EOF"})
	})
}

func TestSharedBandwidthIsShared(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		for _, shared := range []bool{false, true} {
			n := exact(t, Bandwidth{Direction: d, Rate: 1, Shared: shared})
			elapsed := since()
			var last []*Conn
			for range 4 {
				from, to := ends(t, n, d)
				send(t, from, strings.Repeat("x", 1000))
				must(t, from.Close())
				last = append(last, to)
			}
			for _, to := range last {
				got := arrivals(to, since())
				equal(t, "reads", len(got), 11)
			}
			want := time.Second
			if shared {
				want = 4 * time.Second
			}
			equal(t, "4 times 1000 bytes at 1 KB/s take", elapsed(), want)
		}
	})
}

func TestSlowCloseHoldsTheEndBack(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		from, to := ends(t, exact(t, SlowClose{Direction: d, Delay: time.Hour}), d)
		elapsed := since()
		send(t, from, "bye")
		must(t, from.Close())
		arrive(t, arrivals(to, elapsed), arrival{0, "bye"}, arrival{time.Hour, "EOF"})
	})
}

func TestTimeoutIsIdleOrAbsolute(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		for _, absolute := range []bool{false, true} {
			from, to := ends(t, exact(t, Timeout{Direction: d, After: time.Hour, Absolute: absolute}), d)
			elapsed := since()
			for range 3 {
				time.Sleep(30 * time.Minute)
				if _, err := from.Write([]byte("swallowed")); err != nil {
					break
				}
			}
			want := 150 * time.Minute
			if absolute {
				want = time.Hour
			}
			if got := arrivals(to, elapsed); len(got) != 1 || got[0].text != "EOF" || !absolute && got[0].at != want {
				t.Errorf("absolute %v: arrived %v", absolute, got)
			}
			synctest.Wait()
			_, err := from.Write([]byte("x"))
			fails(t, "a write after it", err, "write", syscall.EPIPE)
		}
	})
}

func TestAbsoluteTimeoutComesOnTime(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		from, to := ends(t, exact(t, Timeout{Direction: d, After: time.Hour, Absolute: true}), d)
		elapsed := since()
		go func() {
			for {
				time.Sleep(time.Minute)
				if _, err := from.Write([]byte("x")); err != nil {
					return
				}
			}
		}()
		arrive(t, arrivals(to, elapsed), arrival{time.Hour, "EOF"})
		time.Sleep(time.Hour) // the writer ends
	})
}

func TestTheBlackHole(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		from, to := ends(t, exact(t, Timeout{Direction: d}), d)
		send(t, from, "x")
		must(t, to.SetReadDeadline(time.Now().Add(1000*time.Hour)))
		_, err := to.Read(make([]byte, 1))
		if err == nil || !err.(net.Error).Timeout() {
			t.Errorf("read %v", err)
		}
		send(t, to, "the other way is open")
		equal(t, "the other way", readOnce(from), "the other way is open")
	})
}

// A reset reaches both peers, at the instant, and only once there was data.
func TestResetPeer(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		from, to := ends(t, exact(t, ResetPeer{Direction: d, After: time.Minute}), d)
		elapsed := since()
		time.Sleep(time.Hour)
		send(t, from, "first")
		arrive(t, arrivals(to, elapsed), arrival{time.Hour + time.Minute, reset})
		arrive(t, arrivals(from, elapsed), arrival{time.Hour + time.Minute, reset})
		_, err := from.Write([]byte("x"))
		fails(t, "write", err, "write", syscall.ECONNRESET)
	})
}

func TestSlicerCuts(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		body := pattern(1000)
		for _, variation := range []int{0, 30} {
			from, to := ends(t, exact(t, Slicer{Direction: d, Size: 100, Variation: variation, Delay: time.Second}), d)
			elapsed := since()
			send(t, from, string(body))
			must(t, from.Close())
			got := arrivals(to, elapsed)
			var joined []byte
			for i, a := range got[:len(got)-1] {
				equal(t, "a slice each second", a.at, time.Duration(i)*time.Second)
				if len(a.text) > 100+variation {
					t.Errorf("a slice of %d", len(a.text))
				}
				joined = append(joined, a.text...)
			}
			if !bytes.Equal(joined, body) || len(got) < 8 {
				t.Errorf("%d slices, %d bytes", len(got)-1, len(joined))
			}
		}
	})
}

func TestLimitDataAndCut(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		for _, test := range []struct {
			toxic Toxic
			end   string
		}{
			{LimitData{Direction: d, Bytes: 5}, "EOF"},
			{Cut{Direction: d, After: 5}, "EOF"},
			{Cut{Direction: d, After: 5, Reset: true}, reset},
		} {
			// The latency behind it holds the last bytes, and so the end, up.
			from, to := ends(t, exact(t, test.toxic, Latency{Direction: d, Latency: time.Second}), d)
			elapsed := since()
			send(t, from, "abc")
			send(t, from, "defgh")
			arrive(t, arrivals(to, elapsed), arrival{time.Second, "abc"}, arrival{time.Second, "de"}, arrival{time.Second, test.end})
			arrive(t, arrivals(from, elapsed), arrival{time.Second, test.end})
		}
		for _, toxic := range []Toxic{LimitData{Direction: d}, Cut{Direction: d}, Cut{Direction: d, Reset: true}} {
			from, to := ends(t, exact(t, toxic), d)
			send(t, from, "nothing arrives")
			equal(t, "reads", len(arrivals(to, since())), 1)
		}
	})
}

// Loss is late, never gone, and never out of order.
func TestLossIsRetransmission(t *testing.T) {
	eachWay(t, func(t *testing.T, d Direction) {
		from, to := ends(t, exact(t, Loss{Direction: d, Rate: 0.5, Timeout: time.Second}), d)
		late := map[time.Duration]int{}
		for i := range 500 {
			elapsed := since()
			send(t, from, fmt.Sprint(i))
			equal(t, "read", readOnce(to), fmt.Sprint(i))
			late[elapsed()]++
		}
		for at, count := range late {
			sum := time.Duration(0)
			for wait := time.Second; sum < at; wait = min(2*wait, 2*time.Minute) {
				sum += wait
			}
			if sum != at {
				t.Errorf("%d chunks are late by %v, which is no sum of 1, 2, 4... s", count, at)
			}
		}
		if in := late[0]; in < 200 || in > 300 {
			t.Errorf("%d of 500 chunks in time at a rate of 0.5", in)
		}
	})
	equal(t, "a Timeout of its own", Loss{Timeout: time.Second}.timeout(), time.Second)
	equal(t, "the default", Loss{}.timeout(), 200*time.Millisecond)
	equal(t, "the longest", Loss{Rate: 1}.Draw(rand.New(rand.NewPCG(1, 1))), 804600*time.Millisecond)
}
