package fakeloop_test

import (
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func TestRegistryCallsInTheOrderOfRegistration(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		r := fakeloop.NewRegistry[int](loop)
		var log journal
		for _, name := range []string{"a", "b", "c"} {
			r.On("event", func(e int) { log.add("%s%d", name, e) })
		}
		r.On("other", func(int) { log.add("other") })
		onLoop(t, loop, func() {
			equal(t, "Emit", r.Emit("event", 1), 3)
			equal(t, "Emit", r.Emit("event", 2), 3)
			log.add("emitted") // never inside Emit
		})
		log.want(t, "emitted a1 b1 c1 a2 b2 c2")
		equal(t, "Emit to one", r.Emit("other", 3), 1)
		mustIdle(t, loop)
		log.want(t, "other")
	})
}

func TestRegistryEmitToNobody(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	r := fakeloop.NewRegistry[int](loop)
	equal(t, "Emit", r.Emit("event", 1), 0)
	remove := r.On("event", func(int) { t.Error("a removed handler ran") })
	remove()
	equal(t, "Emit", r.Emit("event", 1), 0)
	// It does not reach those who come later either.
	r.On("event", func(int) { t.Error("a handler heard of what was before it") })
	mustIdle(t, loop)
	equal(t, "events", loop.Timeline().Len(), 0)
}

// One event, one turn: also for handlers that a handler registers or removes.
func TestRegistryChangedByItsHandlers(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		r := fakeloop.NewRegistry[int](loop)
		var log journal
		var first, second, fourth func() bool
		first = r.On("event", func(e int) {
			log.add("first%d", e)
			equal(t, "remove itself", first(), true)
			equal(t, "remove itself again", first(), false)
			equal(t, "remove a later one", fourth(), true)
			r.On("event", func(e int) { log.add("new%d", e) })
		})
		second = r.On("event", func(e int) { log.add("second%d", e) })
		r.On("event", func(e int) {
			log.add("third%d", e)
			second() // it has run: this concerns later events
		})
		fourth = r.On("event", func(e int) { log.add("fourth%d", e) })
		r.On("event", func(e int) { log.add("fifth%d", e) })

		onLoop(t, loop, func() { equal(t, "Emit", r.Emit("event", 1), 5) })
		log.want(t, "first1 second1 third1 fifth1")
		onLoop(t, loop, func() { equal(t, "Emit", r.Emit("event", 2), 3) })
		log.want(t, "third2 fifth2 new2")
		equal(t, "remove one removed by another", second(), false)
		equal(t, "remove one removed by another", fourth(), false)
	})
}

// A handler that is removed between the event and its turn is not called.
func TestRegistryRemoveAfterEmit(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	r := fakeloop.NewRegistry[string](loop)
	var log journal
	remove := r.On("event", func(e string) { log.add("%s", e) })
	r.Emit("event", "early")
	equal(t, "remove", remove(), true)
	equal(t, "remove", remove(), false)
	r.On("event", func(e string) { log.add("again-%s", e) })
	mustIdle(t, loop)
	log.want(t, "")
	r.Emit("event", "late")
	mustIdle(t, loop)
	log.want(t, "again-late")
}

// A function that is registered twice is two handlers.
func TestRegistryTheSameFunctionTwice(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	r := fakeloop.NewRegistry[int](loop)
	calls := 0
	count := func(int) { calls++ }
	first, second := r.On("event", count), r.On("event", count)
	r.Emit("event", 1)
	mustIdle(t, loop)
	equal(t, "calls", calls, 2)
	equal(t, "remove one", first(), true)
	equal(t, "remove one again", first(), false)
	equal(t, "Emit", r.Emit("event", 1), 1)
	mustIdle(t, loop)
	equal(t, "calls", calls, 3)
	equal(t, "remove the other", second(), true)
	equal(t, "Emit", r.Emit("event", 1), 0)
}

// A panic takes neither the other handlers nor the registry with it.
func TestRegistryHandlerPanics(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		r := fakeloop.NewRegistry[int](loop)
		var log journal
		r.On("event", func(e int) { log.add("before%d", e) })
		r.On("event", func(e int) {
			if e == 1 {
				panic(io.EOF)
			}
			log.add("fine%d", e)
		})
		r.On("event", func(e int) { log.add("after%d", e) })
		r.Emit("event", 1)
		err := loop.RunUntilIdle()
		equal(t, "value", as[*fakeloop.PanicError](t, err).Value, any(io.EOF))
		wantErrorText(t, err, `fakeloop: callback "event" (#) panicked at FILE: EOF`)
		log.want(t, "before1 after1")
		r.Emit("event", 2)
		mustIdle(t, loop)
		log.want(t, "before2 fine2 after2")
	})
}

// Handlers emit: turn by turn, and for ever if they do it without end.
func TestRegistryEmitInAHandler(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Limit: 50})
	r := fakeloop.NewRegistry[int](loop)
	var log journal
	r.On("event", func(e int) {
		log.add("a%d", e)
		if e > 0 {
			r.Emit("event", e-1)
		}
	})
	r.On("event", func(e int) { log.add("b%d", e) })
	r.Emit("event", 2)
	mustIdle(t, loop)
	log.want(t, "a2 b2 a1 b1 a0 b0")
	var turns []uint64
	for _, e := range loop.Timeline().All() {
		if e.Kind == timeline.Fired {
			turns = append(turns, e.Turn)
			equal(t, "label", e.Label, "event")
		}
	}
	equal(t, "turns", fmt.Sprint(turns), "[1 1 2 2 3 3]")
	r.On("loop", func(int) { r.Emit("loop", 0) })
	r.Emit("loop", 0)
	as[*fakeloop.LimitError](t, loop.RunUntilIdle())
}

func TestRegistryMisuse(t *testing.T) {
	inAllModes(t, func(t *testing.T, mode fakeloop.Mode) {
		loop := newLoop(t, fakeloop.Config{Mode: mode})
		r := fakeloop.NewRegistry[int](loop)
		wantPanic(t, "fakeloop: Registry.On with a nil function", func() { r.On("event", nil) })
		equal(t, "Emit", r.Emit("event", 1), 0)
		remove := r.On("event", func(int) { t.Error("a handler ran after Close") })
		mustClose(t, loop)
		wantPanic(t, "fakeloop: Post on a closed loop: the callback would never run; a goroutine that may outlive the loop calls PostFrom, which returns an error instead",
			func() { r.Emit("event", 1) })
		equal(t, "Emit to nobody", r.Emit("other", 1), 0)
		equal(t, "remove", remove(), true)
		equal(t, "Emit to nobody any more", r.Emit("event", 1), 0)
	})
}

// Registering, removing and emitting all at once.
func TestRegistryStorm(t *testing.T) {
	for _, mode := range []fakeloop.Mode{fakeloop.Virtual, fakeloop.Wall} {
		t.Run(mode.String(), func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{Mode: mode})
			r := fakeloop.NewRegistry[int](loop)
			var mu sync.Mutex
			stays, goes, emitted := 0, 0, 0
			r.On("event", func(int) { mu.Lock(); defer mu.Unlock(); stays++ })
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					for range 100 {
						remove := r.On("event", func(int) { mu.Lock(); defer mu.Unlock(); goes++ })
						if !remove() || remove() {
							t.Error("a handler was not removed once")
						}
					}
				})
				all.Go(func() {
					for i := range 100 {
						n := r.Emit("event", i)
						mu.Lock()
						emitted += n
						mu.Unlock()
					}
				})
			}
			all.Wait()
			mustIdle(t, loop)
			equal(t, "calls of the handler that stays", stays, 400)
			if stays+goes > emitted {
				t.Errorf("%d calls for %d posts", stays+goes, emitted)
			}
			equal(t, "handlers left", r.Emit("event", 0), 1)
		})
	}
}

// Handlers of a wall loop run, and remove themselves, while Emit still posts.
func TestRegistryRemoveDuringEmit(t *testing.T) {
	const handlers = 2000
	loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Wall})
	for range scaled(t, "events", 200, 20) {
		r := fakeloop.NewRegistry[int](loop)
		calls := 0
		for i := range handlers {
			var remove func() bool
			remove = r.On("event", func(int) {
				calls++
				if i%100 == 0 {
					remove()
				}
			})
		}
		equal(t, "Emit", r.Emit("event", 1), handlers)
		mustIdle(t, loop)
		equal(t, "calls", calls, handlers)
		equal(t, "Emit", r.Emit("event", 2), handlers-handlers/100)
		mustIdle(t, loop)
	}
}

// A fatal panic of a handler reaches the driver like that of any callback, and
// the rest runs when the loop is driven again.
func TestRegistryFatalHandler(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{Fatal: isFatal})
	r := fakeloop.NewRegistry[int](loop)
	var log journal
	r.On("event", func(int) { panic(fatal("failed")) })
	r.On("event", func(int) { log.add("after") })
	r.Emit("event", 1)
	equal(t, "how it ended", ending(func() { _ = loop.RunUntilIdle() }), "panic: failed")
	mustIdle(t, loop)
	log.want(t, "after")
	mustClose(t, loop)
}
