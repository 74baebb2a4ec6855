package blocking

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// occurrences tells, of each block, who blocked there and for how long.
func occurrences(r *Report) string {
	var b strings.Builder
	for _, block := range r.Blocks {
		fmt.Fprintf(&b, "%s:", block.User.String())
		for _, o := range block.In {
			fmt.Fprintf(&b, " %s %d %v %t", o.Key, o.Count, o.Virtual, o.Open)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// underKey runs f in a callback with a key.
func underKey(key string, f func()) {
	defer Enter(key)()
	f()
}

func napAsCallback() { Callback(napA) }

// Callbacks with keys that block at one place are one block, which names them; calls are
// nested, and the innermost counts, whatever ends it.
func TestEnter(t *testing.T) {
	r := mustStart(t, Config{})
	for _, key := range []string{"a", "b"} {
		underKey(key, func() {})
		underKey(key, napAsCallback)
	}
	underKey("outer", func() {
		underKey("inner", napAsCallback)
		napAsCallback()
		func() {
			defer func() { _ = recover() }()
			underKey("panics", func() { napAsCallback(); panic("no") })
		}()
		napAsCallback()
	})
	napAsCallback() // has no key
	rep := mustStop(t, r)
	if got, want := occurrences(rep), rep.Blocks[0].User.String()+": a 1 0s false b 1 0s false inner 1 0s false outer 2 0s false panics 1 0s false\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if n := rep.Blocks[0].Count; n != 7 {
		t.Errorf("the place has blocked %d times, want 7", n)
	}
}

// Each goroutine is in callbacks of its own, and one that has not ended is told, too.
func TestEnterOnSeveralGoroutines(t *testing.T) {
	r := mustStart(t, Config{})
	release := make(chan int)
	id := make(chan string)
	done := make(chan int)
	go func() {
		defer close(done)
		underKey("stays", func() { id <- goid(); Callback(func() { <-release }) })
	}()
	underKey("here", func() { untilParked(<-id, "chan receive"); napAsCallback() })
	rep := mustStop(t, r)
	close(release)
	<-done
	var stays, here []Occurrence
	for _, b := range rep.Blocks {
		for _, o := range b.In {
			if o.Key == "stays" && b.Open {
				stays = append(stays, o)
			}
			if o.Key == "here" && b.Resource == Sleep {
				here = append(here, o)
			}
		}
	}
	if want := []Occurrence{{Key: "stays", Count: 1, Open: true}}; !slices.Equal(stays, want) {
		t.Errorf("got %v of the callback that stays, want %v; the report:\n%s", stays, want, occurrences(rep))
	}
	if want := []Occurrence{{Key: "here", Count: 1}}; !slices.Equal(here, want) {
		t.Errorf("got %v of the other callback, want %v; the report:\n%s", here, want, occurrences(rep))
	}
}

// In a bubble each callback tells how much of the bubble's time has passed in it.
func TestEnterInABubble(t *testing.T) {
	r := mustStart(t, Config{})
	synctest.Test(t, func(*testing.T) {
		for i, key := range []string{"one", "two"} {
			underKey(key, func() { Callback(func() { time.Sleep(time.Duration(i+1) * time.Hour) }) })
		}
		c := make(chan int)
		go func() { c <- 1 }()
		underKey("no time", func() { Callback(func() { synctest.Wait(); <-c }) })
	})
	rep := mustStop(t, r)
	got := occurrences(rep)
	if want := " one 1 1h0m0s false two 1 2h0m0s false\n"; !strings.Contains(got, want) {
		t.Errorf("got\n%swant in it\n%s", got, want)
	}
	for _, b := range rep.Blocks {
		if b.Resource == Sleep && b.Virtual != 2*time.Hour {
			t.Errorf("%v: up to %v of virtual time, want 2h", b, b.Virtual)
		}
	}
}

// A callback that began before the recording has no key, and a Block names no more callbacks
// than it says.
func TestEnterHasLimits(t *testing.T) {
	leave := Enter("early")
	r := mustStart(t, Config{})
	leave()
	for i := range mostOccurrences + 5 {
		underKey(fmt.Sprint(i), napAsCallback)
	}
	underKey("0", napAsCallback)
	b := mustStop(t, r).Blocks[0]
	if len(b.In) != mostOccurrences || b.Count != mostOccurrences+6 {
		t.Errorf("%d callbacks are named, which blocked %d times; want %d, and %d", len(b.In), b.Count, mostOccurrences, mostOccurrences+6)
	}
	if first := (Occurrence{Key: "0", Count: 2}); b.In[0] != first {
		t.Errorf("the first is %v, want %v", b.In[0], first)
	}
}
