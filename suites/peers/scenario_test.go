package peers_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// act is one thing that a scenario does; its Body is done by the callback or the
// coroutine that it starts.
type act struct {
	Kind string
	N    int
	Body []act
}

// withBody are the kinds of acts that start something.
var withBody = []string{"post", "from", "after", "offload", "go", "lock", "acquire", "get"}

var withoutBody = []string{"stop", "reset", "put", "set", "cancel", "choose", "panic", "sleep", "yield", "charge", "tick"}

// scenario draws the acts of a scenario.
func scenario(depth int) *rapid.Generator[[]act] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) act {
		kinds := withBody
		if depth > 0 {
			kinds = append(append([]string(nil), withBody...), withoutBody...)
		}
		a := act{Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), N: rapid.IntRange(0, 9).Draw(t, "n")}
		for _, kind := range withBody {
			if a.Kind == kind && depth < deepest {
				a.Body = scenario(depth+1).Draw(t, "body")
			}
		}
		return a
	}), 1, 6-depth)
}

// long draws the acts of a scenario of some hundred events.
var long = rapid.Map(rapid.SliceOfN(scenario(0), 10, 10), func(parts [][]act) []act {
	return slices.Concat(parts...)
})

// stage is where a scenario takes place: a loop and what its callbacks share.
type stage struct {
	loop   *fakeloop.Loop
	mutex  *fakeloop.Mutex
	permit *fakeloop.Semaphore
	queue  *fakeloop.Queue[int]
	event  *fakeloop.Event
	timers []*fakeloop.Timer
	gets   []*fakeloop.Future[int]

	resets int
	works  int
	ended  func(work int)
}

// run performs a scenario on a fresh loop and returns the record. Ended, unless it is
// nil, is told of each piece of work outside that ends, by its number, on a goroutine of
// that work.
func run(c fakeloop.Config, acts []act, ended func(work int)) *timeline.Timeline {
	c.Guard = 10 * time.Minute // no machine is that slow
	loop := fakeloop.New(c)
	s := &stage{
		loop:   loop,
		ended:  ended,
		mutex:  fakeloop.NewMutex(loop, "mutex"),
		permit: fakeloop.NewSemaphore(loop, "permit", 2),
		queue:  fakeloop.NewQueue[int](loop, "queue", 2),
		event:  fakeloop.NewEvent(loop, "event"),
	}
	_ = s.perform(nil, acts)
	_ = loop.Advance(3 * time.Millisecond) // the errors are in the record
	_ = loop.RunUntilIdle()
	_ = loop.Close()
	return loop.Timeline()
}

// perform does one act after the other. In a coroutine it waits for what takes time,
// and ends with the error of a wait; elsewhere the rest goes on at once.
func (s *stage) perform(co *fakeloop.Coroutine, acts []act) error {
	for _, a := range acts {
		if err := s.do(co, a); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) do(co *fakeloop.Coroutine, a act) error {
	label, pause := fmt.Sprint(a.Kind, " ", a.N), time.Duration(a.N-1)*time.Millisecond
	body := func() { _ = s.perform(nil, a.Body) }
	switch a.Kind {
	case "post":
		s.loop.Named(label).Post(body)
	case "from":
		return s.loop.PostFrom(label, body)
	case "after":
		s.timers = append(s.timers, s.loop.Named(label).AfterFunc(pause, body))
	case "stop", "reset":
		if len(s.timers) == 0 {
			break
		}
		if timer := s.timers[a.N%len(s.timers)]; a.Kind == "stop" {
			timer.Stop()
		} else if s.resets++; s.resets < 20 { // else a timer may keep itself alive
			timer.Reset(pause)
		}
	case "offload":
		s.works++
		number := s.works
		f := fakeloop.Offload(s.loop, label, func(context.Context) (int, error) {
			if s.ended != nil {
				defer s.ended(number)
			}
			return work(a.N)
		})
		return settled(co, f, body)
	case "go":
		fakeloop.Async(s.loop, label, func(co *fakeloop.Coroutine) (int, error) {
			return a.N, s.perform(co, a.Body)
		})
	case "lock":
		return settled(co, s.mutex.Lock(), func() { defer s.mutex.Unlock(); body() })
	case "acquire":
		return settled(co, s.permit.Acquire(), func() { defer s.permit.Release(); body() })
	case "put":
		return settled(co, s.queue.Put(a.N), func() {})
	case "get":
		get := s.queue.Get()
		s.gets = append(s.gets, get)
		return settled(co, fakeloop.Timeout(get, pause+time.Millisecond), body)
	case "set":
		s.event.Set()
		return settled(co, s.event.Wait(), s.event.Clear)
	case "cancel":
		if len(s.gets) > 0 {
			s.gets[a.N%len(s.gets)].Cancel(errors.New("not needed any more"))
		}
	case "choose":
		s.loop.Touch(fmt.Sprint("choice ", s.loop.Choose("choose", a.N+1)))
	case "panic":
		panic(label)
	case "sleep":
		if co != nil {
			return co.Sleep(pause)
		}
	case "charge":
		s.loop.Charge(time.Duration(a.N) * time.Millisecond / 2)
	case "tick":
		s.tick(label, a.N)
	case "yield":
		if co != nil {
			return co.Yield()
		}
	}
	return nil
}

// tick starts a ticker some of whose ticks take longer than its period, and that stops
// itself.
func (s *stage) tick(label string, n int) {
	overrun := []fakeloop.Overrun{fakeloop.Skip, fakeloop.Burst, fakeloop.Delay}[n%3]
	ticks := 0
	var ticker *fakeloop.Ticker
	ticker = s.loop.Named(label).TickFunc(2*time.Millisecond, overrun, func() {
		if ticks++; ticks > n/2 {
			ticker.Stop()
		}
		s.loop.Charge(time.Duration(n*ticks) * time.Millisecond / 4)
	})
}

// settled calls body once f is resolved: at once and as part of the coroutine co, or in
// a callback if there is none. A coroutine goes on after a failure.
func settled[T any](co *fakeloop.Coroutine, f *fakeloop.Future[T], body func()) error {
	if co == nil {
		f.OnSettled(func(_ T, err error) {
			if err == nil {
				body()
			}
		})
		return nil
	}
	_, err := fakeloop.Await(co, f)
	if err == nil {
		body()
	}
	if errors.Is(err, fakeloop.ErrClosed) {
		return err
	}
	return nil
}

// work takes a really random time.
func work(n int) (int, error) {
	for range rand.IntN(5) {
		for range rand.IntN(500) {
			rand.Int()
		}
		runtime.Gosched()
	}
	switch n {
	case 7:
		return 0, errors.New("the work failed")
	case 8:
		panic("the work panicked")
	}
	return n, nil
}
