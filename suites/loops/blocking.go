package loops

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

var blocking = []Case{
	{
		Number: 53, Letter: "a", Name: "a slow callback",
		Rule:   "A callback that sleeps is reported, with the function and the line that did.",
		Why:    "the loop is slow and nobody knows why",
		Source: "CPython test_log_slow_callbacks; Temporal TestDeadlockDetectorStackTrace, TestDeadlockDetectorAndAwaitRace",
		Needs:  "Watch",
		Check: func(t *T) {
			t.Do(t.New(), func() { sleepOnTheLoop() })
		},
		Blocks: func(t *T, reports []string) { t.blames(reports, "sleepOnTheLoop", "blocking.go:") },
	},
	{
		Number: 53, Letter: "b", Name: "a slow callback",
		Rule:   "The virtual time that passes in a callback is exactly as long as the callback was blocked.",
		Why:    "how long a loop stands still depends on the machine that tests it",
		Source: "CPython test_log_slow_callbacks, which has to be lenient",
		Not: map[Mode]string{
			Virtual: "what a callback really waits for takes real time, which is not the loop's",
			Wall:    lateness,
		},
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				begin := l.Now()
				l.Post(func() { time.Sleep(t.U(2)) })
				l.After(t.U(1), func() { t.At("a timer behind a callback that slept fired", l.Now()-begin, t.U(2)) })
			})
		},
	},
	{
		Number: 54, Letter: "a", Name: "what counts as blocking",
		Rule:   "A callback that waits to receive is reported.",
		Why:    "a read that happened to be fast hides that it can be slow",
		Source: "none",
		Needs:  "Watch",
		Check: func(t *T) {
			t.Do(t.New(), func() {
				c := make(chan struct{})
				me := checks.Goroutine()
				go func() {
					defer close(c)
					awaitParked(me, "chan receive")
				}()
				receiveOnTheLoop(c)
			})
		},
		Blocks: func(t *T, reports []string) { t.blames(reports, "receiveOnTheLoop", "blocking.go:") },
	},
	{
		Number: 54, Letter: "b", Name: "what counts as blocking",
		Rule:   "A callback that computes is not reported as waiting.",
		Why:    "reports that depend on how fast the machine is are not believed",
		Source: "none",
		Needs:  "Watch",
		Check: func(t *T) {
			t.Do(t.New(), func() { computeOnTheLoop() })
		},
		Blocks: func(t *T, reports []string) {
			if len(reports) > 0 {
				t.Errorf("a callback that only computes was reported: %s", strings.Join(reports, "\n"))
			}
		},
	},
	{
		Number: 54, Letter: "c", Name: "what counts as blocking",
		Rule:   "A callback that waits for a lock is reported, and the case ends.",
		Why:    "a lock that is contended in production stops the loop there, and the clock of a bubble here",
		Source: "none",
		Needs:  "Watch",
		Check: func(t *T) {
			t.Do(t.New(), func() {
				var mu sync.Mutex
				held := make(chan struct{})
				me := checks.Goroutine()
				go func() {
					mu.Lock()
					defer mu.Unlock()
					close(held)
					awaitParked(me, "sync.", "semacquire")
				}()
				<-held
				lockOnTheLoop(&mu)
			})
		},
		Blocks: func(t *T, reports []string) { t.blames(reports, "lockOnTheLoop", "blocking.go:") },
	},
	{
		Number: 55, Letter: "a", Name: "closing under a waiting handler",
		Rule:   "Close ends a coroutine that waits, and its deferred calls run.",
		Why:    "connections stay open, and a bubble ends with \"main bubble goroutine has exited\"",
		Source: "none outside Go's own TestDeadlock",
		Needs:  "NewPromise Go",
		Check: func(t *T) {
			l := t.New()
			t.Do(l, func() {
				never := l.NewPromise("never").Future()
				l.Go("waiting", func(c Coroutine) (any, error) {
					defer t.Mark("deferred")
					t.Mark("waits")
					return c.Await(never)
				})
			})
			t.Order("waits")
			_ = l.Close() // may name the coroutine
			t.Order("deferred")
		},
	},
	{
		Number: 55, Letter: "b", Name: "closing under a waiting handler",
		Rule:   "Close while a callback sleeps waits for it, or names it in an error.",
		Why:    "the callback goes on in the middle of the next test",
		Source: "none outside Go's own TestDeadlock",
		Not:    map[Mode]string{Virtual: "nothing runs but while the check drives the loop"},
		Check: func(t *T) {
			l := t.New()
			begun := make(chan struct{})
			l.Post(func() {
				close(begun)
				time.Sleep(t.U(4))
				t.Mark("slept")
			})
			<-begun
			err := l.Close()
			if slept := t.Marks() == "slept"; !slept && err == nil {
				t.Errorf("Close returned while a callback slept, and said nothing")
			}
			time.Sleep(t.U(5)) // so that the callback has ended in any case
		},
	},
}

// blames checks that one of the reports holds all the words.
func (t *T) blames(reports []string, words ...string) {
	ok := slices.ContainsFunc(reports, func(r string) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(r, w) })
	})
	if !ok {
		t.Errorf("no report names %q; reports: %q", words, reports)
	}
}

// awaitParked returns when a goroutine waits in one of the states, as they stand at the
// head of its stack. It does not wait itself: the clock of a bubble stands while somebody
// waits for a lock, and moves when everybody waits for something else. It gives up after
// some seconds, for a loop that runs its callbacks in a way that no stack shows.
func awaitParked(goroutine string, states ...string) {
	for range 10_000 {
		_, state, _ := strings.Cut("\n"+checks.Stacks(), "\ngoroutine "+goroutine+" [")
		if slices.ContainsFunc(states, func(s string) bool { return strings.HasPrefix(state, s) }) {
			return
		}
		runtime.Gosched()
	}
}

// The callbacks that block, or do not, by name.

//go:noinline
func sleepOnTheLoop() { time.Sleep(time.Millisecond) }

//go:noinline
func receiveOnTheLoop(c <-chan struct{}) { <-c }

//go:noinline
func lockOnTheLoop(mu *sync.Mutex) {
	mu.Lock()
	defer mu.Unlock()
}

//go:noinline
func computeOnTheLoop() {
	for i, n := 0, uint32(1); i < 5_000_000; i++ {
		n = n*1664525 + 1013904223
		if n == 0 {
			runtime.KeepAlive(n)
		}
	}
}
