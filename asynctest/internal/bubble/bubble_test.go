package bubble

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

var errBoom = errors.New("boom")

var numbers = regexp.MustCompile(`:\d+\b`)

// here is this file as stacks name it.
var here = func() string {
	_, file, _, _ := runtime.Caller(0)
	return file
}()

func run(b *Bubble, f func()) Result {
	return b.Run(Call{Body: func(context.Context) { f() }})
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in:\n%s", part, text)
		}
	}
}

// Functions share the bubble: its channels, its goroutines and its time, which
// stands still between them.
func TestFunctionsShareABubble(t *testing.T) {
	b := Start()
	var ticks chan int
	var began time.Time
	equal(t, "first", run(b, func() {
		began = time.Now()
		ticks = make(chan int)
		go func() {
			for i := range 3 {
				time.Sleep(time.Minute)
				ticks <- i
			}
		}()
		<-ticks
	}).Outcome, Returned)
	for range 100 {
		runtime.Gosched()
	}
	equal(t, "second", run(b, func() {
		if d := time.Since(began); d != time.Minute {
			t.Errorf("between two functions time moved to %v", d)
		}
		<-ticks
		<-ticks
		if d := time.Since(began); d != 3*time.Minute {
			t.Errorf("it is %v", d)
		}
	}).Outcome, Returned)
	equal(t, "end", b.End().Outcome, Returned)
	equal(t, "second end", b.End().Outcome, Returned)
	equal(t, "a function after it", run(b, func() {}).Outcome, Busy)
}

func TestAFunctionThatPanics(t *testing.T) {
	b := Start()
	r := b.Run(Call{Body: func(context.Context) { panic(errBoom) }})
	equal(t, "outcome", r.Outcome, Panicked)
	equal(t, "value", r.Value, any(errBoom))
	if text := numbers.ReplaceAllString(r.String(), ":LINE"); text != `panicked: boom

    github.com/windtunnel-go/windtunnel/asynctest/internal/bubble.TestAFunctionThatPanics.func1
        `+here+`:LINE` {
		t.Error(text)
	}
	equal(t, "the next", run(b, func() {}).Outcome, Returned)
	equal(t, "end", b.End().Outcome, Returned)
}

//go:noinline
func read(p *int) int { return *p }

// The stack begins with the panic, not with who found it, and of a misuse nothing is shown
// but who did it.
func TestTraceOfAPanic(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func()
		want string
		not  string
	}{
		{"of the library", func() { _ = strings.Repeat("x", -1) }, "strings.Repeat", "runtime/panic.go"},
		{"of the runtime", func() { read(nil) }, "bubble.read", "runtime."},
		{"in a deferred call", func() {
			defer func() { panic("second") }()
			panic("first")
		}, "TestTraceOfAPanic", "    panic\n"},
		{"misuse", func() { Start() }, "TestTraceOfAPanic", "bubble.Start"},
	} {
		b := Start()
		r := run(b, c.f)
		contains(t, r.String(), c.want)
		if strings.Contains(r.String(), c.not) || strings.Contains(r.String(), "debug.Stack") || strings.Contains(r.String(), "protect") {
			t.Errorf("%s: there is something in it of which the reader knows nothing:\n%v", c.name, r)
		}
		equal(t, "end", b.End().Outcome, Returned)
	}
	for v, want := range map[any]bool{"fakeloop: no": true, "fakeloop": false, "other: no": false, 5: false} {
		equal(t, fmt.Sprint(v), isMisuse(v), want)
	}
}

func TestAFunctionThatExits(t *testing.T) {
	b := Start()
	r := run(b, runtime.Goexit)
	equal(t, "outcome", r.Outcome, Exited)
	contains(t, r.String(), "runtime.Goexit")
	equal(t, "the next", run(b, func() {}).Outcome, Returned)
	equal(t, "end", b.End().Outcome, Returned)
}

// A deadlock is found at the horizon, and the bubble goes on: what is done there later
// can end it.
func TestADeadlockIsFoundAndTheBubbleGoesOn(t *testing.T) {
	b := Start()
	var never chan int
	reached := false
	r := run(b, func() {
		never = make(chan int)
		<-never
		reached = true
	})
	equal(t, "outcome", r.Outcome, Stuck)
	equal(t, "virtual time", r.Moved, DefaultHorizon)
	equal(t, "file", r.User.File[strings.LastIndex(r.User.File, "/")+1:], "bubble_test.go")
	contains(t, r.String(), "a deadlock: this has not come by 168h0m0s of virtual time", "goroutine [chan receive], the one that runs the test:", "TestADeadlockIsFoundAndTheBubbleGoesOn.func1")
	equal(t, "cleanup", run(b, func() { close(never) }).Outcome, Returned)
	equal(t, "end", b.End().Outcome, Returned)
	equal(t, "the function went on", reached, true)
}

// What is left of a function that was given up is not reported twice.
func TestADeadlockIsReportedOnce(t *testing.T) {
	b := Start()
	r := b.Run(Call{Horizon: time.Minute, Body: func(context.Context) { select {} }})
	equal(t, "outcome", r.Outcome, Stuck)
	equal(t, "virtual time", r.Moved, time.Minute)
	equal(t, "end", b.End().Outcome, Returned)
}

func TestALongSleepIsNoDeadlock(t *testing.T) {
	b := Start()
	r := b.Run(Call{Horizon: 3 * 365 * 24 * time.Hour, Body: func(context.Context) { time.Sleep(2 * 365 * 24 * time.Hour) }})
	equal(t, "outcome", r.Outcome, Returned)
	equal(t, "end", b.End().Outcome, Returned)
}

func TestHorizonChangesFromWithin(t *testing.T) {
	b := Start()
	r := b.Run(Call{Horizon: 100 * time.Hour, Body: func(ctx context.Context) {
		time.Sleep(time.Minute)
		SetHorizon(ctx, time.Minute)
		select {}
	}})
	equal(t, "outcome", r.Outcome, Stuck)
	equal(t, "virtual time", r.Moved, 2*time.Minute)
	SetHorizon(context.Background(), time.Minute) // no function of a bubble: nothing happens
	equal(t, "end", b.End().Outcome, Returned)
}

// The context ends with the function; it has the values of one outside, and is
// cancelled when that is.
func TestContextOfAFunction(t *testing.T) {
	b := Start()
	type key struct{}
	outer, cancel := context.WithCancelCause(context.WithValue(context.Background(), key{}, 5))
	var kept context.Context
	equal(t, "first", b.Run(Call{Context: outer, Body: func(ctx context.Context) {
		kept = ctx
		equal(t, "value", ctx.Value(key{}), any(5))
		equal(t, "error", ctx.Err(), nil)
	}}).Outcome, Returned)
	equal(t, "second", b.Run(Call{Context: outer, Body: func(ctx context.Context) {
		<-kept.Done()
		equal(t, "cause", context.Cause(kept), errEnded)
		cancel(errBoom)
		for j := ctx.Value(jobKey{}).(*job); !j.cancelled.Load(); { // heard outside, before a week of virtual time is over
			runtime.Gosched()
		}
		<-ctx.Done()
		equal(t, "cause", context.Cause(ctx), errBoom)
	}}).Outcome, Returned)
	equal(t, "end", b.End().Outcome, Returned)
}

// Goroutines that end by themselves within a minute are not left behind.
func TestGoroutinesMayLinger(t *testing.T) {
	b := Start()
	run(b, func() { go time.Sleep(59 * time.Second) })
	equal(t, "end", b.End().Outcome, Returned)
}

func TestGoroutinesThatAreLeft(t *testing.T) {
	b := Start()
	run(b, func() {
		never := make(chan int)
		for range 3 {
			go func() { <-never }()
		}
		go time.Sleep(2 * time.Minute)
	})
	r := b.End()
	equal(t, "outcome", r.Outcome, Leaked)
	contains(t, r.String(), "4 goroutines were left in the bubble", "3 goroutines [chan receive]:", "1 goroutine [sleep]:",
		"created by github.com/windtunnel-go/windtunnel/asynctest/internal/bubble.TestGoroutinesThatAreLeft")
}

// frozenBubble has a short guard: the watchdog looks often.
func frozenBubble() *Bubble {
	b := Start()
	b.guard = 100 * time.Millisecond
	return b
}

func TestTheWatchdogNamesAMutex(t *testing.T) {
	b := frozenBubble()
	var mu sync.Mutex
	mu.Lock()
	r := run(b, func() { mu.Lock() })
	equal(t, "outcome", r.Outcome, Frozen)
	contains(t, r.String(), "virtual time stands still", "goroutine [sync.Mutex.Lock], the one that runs the test:", "hint: a lock of package sync")
	equal(t, "the next", run(b, func() {}).Outcome, Busy)
	equal(t, "end", b.End().Outcome, Returned)
	mu.Unlock()
	<-b.ended
}

func TestTheWatchdogNamesAForeignChannel(t *testing.T) {
	b := frozenBubble()
	foreign := make(chan int)
	r := run(b, func() {
		go time.Sleep(time.Hour) // durable, and no culprit
		<-foreign
	})
	equal(t, "outcome", r.Outcome, Frozen)
	contains(t, r.String(), "goroutine [chan receive], the one", "hint: a channel that was made outside the bubble")
	if strings.Contains(r.String(), "sleep") {
		t.Errorf("names one that is durably blocked:\n%v", r)
	}
	close(foreign)
	<-b.finish()
}

// finish ends the bubble and returns what is closed when it has.
func (b *Bubble) finish() <-chan struct{} {
	b.End()
	return b.ended
}

// A loop that has been closed is not kept for its name.
func TestName(t *testing.T) {
	b := Start()
	run(b, func() {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		Name(loop, "a loop")
		equal(t, "name", b.names[loop], "a loop")
		equal(t, "Close", loop.Close(), nil)
		Name(loop, "")
	})
	equal(t, "names", len(b.names), 0)
	equal(t, "end", b.End().Outcome, Returned)
	Name(nil, "outside of bubbles")
}

func TestTheWatchdogGuardsTheEnd(t *testing.T) {
	b := frozenBubble()
	var mu sync.Mutex
	mu.Lock()
	run(b, func() { go mu.Lock() })
	r := b.End()
	equal(t, "outcome", r.Outcome, Leaked)
	contains(t, r.String(), "1 goroutine was left", "[sync.Mutex.Lock]")
	mu.Unlock()
	<-b.ended
}

// A restless function is given up when it runs and runs, whatever else there is in the bubble.
func TestTheWatchdogEndsWhatSpins(t *testing.T) {
	b := frozenBubble()
	var stop atomic.Bool
	r := b.Run(Call{Restless: true, Body: func(context.Context) {
		go time.Sleep(time.Hour) // durable, and no culprit
		for !stop.Load() {
		}
	}})
	equal(t, "outcome", r.Outcome, Spinning)
	contains(t, r.String(), "goroutines have been running in the bubble for 600ms of real time, in which virtual time did not move by 1m0s: somebody computes",
		"A goroutine that runs cannot be stopped, and may keep a processor until the process ends.  These run:", ", the one that runs the test:", "bubble.TestTheWatchdogEndsWhatSpins.func1")
	if strings.Contains(r.String(), "sleep") {
		t.Errorf("names one that is durably blocked:\n%v", r)
	}
	equal(t, "the next", run(b, func() {}).Outcome, Busy)
	stop.Store(true)
	<-b.finish()
}

// Between two of its steps everything in the bubble may be durably blocked: then all are told.
func TestWhatSpinsMayBlock(t *testing.T) {
	j := &job{}
	sleeper := Goroutine{ID: 7, State: "sleep", Durable: true, Frames: []Frame{{Func: "main.retry", File: "main.go", Line: 3}}}
	contains(t, j.spinning([]Goroutine{sleeper}, time.Second).String(), "for 6s of real time", "1 goroutine [sleep]:\n    main.retry\n        main.go:3")
}

// Only looks at one step of virtual time count, and only of a restless function.
func TestSpinWatch(t *testing.T) {
	for _, restless := range []bool{true, false} {
		j := &job{Call: Call{Restless: restless}}
		w := spinWatch{of: j, most: 3}
		for range 10 {
			w.look()
			equal(t, "the second look at a step", w.look(), false)
			j.steps.Add(1)
		}
		w.look()
		w.look()
		equal(t, "the third look at a step", w.look(), restless)
	}
}

// Virtual time moves by steps, of which a restless function makes more.
func TestSteps(t *testing.T) {
	for restless, want := range map[bool]uint64{true: 180, false: 3} {
		b := Start()
		b.Run(Call{Restless: restless, Body: func(ctx context.Context) {
			time.Sleep(3*time.Hour + time.Second)
			equal(t, "steps", ctx.Value(jobKey{}).(*job).steps.Load(), want)
		}})
		equal(t, "end", b.End().Outcome, Returned)
	}
}

// Something is done outside, where it may use what a bubble must not.
func TestOutside(t *testing.T) {
	b := Start()
	equal(t, "run", run(b, func() {
		began := time.Now()
		inside := ID()
		ok := Outside(func() {
			equal(t, "bubble outside", ID(), uint64(0))
			time.Sleep(time.Microsecond)
		})
		equal(t, "ran", ok, true)
		equal(t, "time that passed", time.Since(began), time.Duration(0))
		equal(t, "bubble", ID() == inside && inside != 0, true)
	}).Outcome, Returned)
	equal(t, "end", b.End().Outcome, Returned)

	called := false
	equal(t, "outside of bubbles", Outside(func() { called = true }) && called, true)
	synctest.Test(t, func(t *testing.T) {
		equal(t, "in another's bubble", Outside(func() { t.Error("ran") }), false)
	})
}

func TestNoBubbleInABubble(t *testing.T) {
	b := Start()
	r := run(b, func() { Start() })
	equal(t, "outcome", r.Outcome, Panicked)
	contains(t, r.String(), "asynctest: a bubble cannot begin inside another one")
	equal(t, "end", b.End().Outcome, Returned)
}

// What the process shares does not leave a bubble, and works outside of one.
func TestRealConnectionsAreRefused(t *testing.T) {
	server := &http.Server{Handler: http.NotFoundHandler()}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	url := "http://" + l.Addr().String()
	for range 2 { // the second bubble is the one that would die
		b := Start()
		equal(t, "run", run(b, func() {
			_, err := http.Get(url)
			equal(t, "refused", errors.Is(err, ErrReal), true)
			contains(t, err.Error(), "asynctest: a real connection inside a bubble: http.DefaultTransport was asked to dial 127.0.0.1:")
			_, err = net.DefaultResolver.Dial(context.Background(), "udp", "192.0.2.1:53")
			equal(t, "refused", errors.Is(err, ErrReal), true)
			contains(t, err.Error(), "net.DefaultResolver was asked to dial 192.0.2.1:53")
			_, err = (&net.Resolver{PreferGo: true, Dial: net.DefaultResolver.Dial}).LookupHost(context.Background(), "windtunnel.invalid.")
			contains(t, err.Error(), "net.DefaultResolver was asked to dial")
			var lookup *net.DNSError // which gRPC tells of only if it is temporary
			equal(t, "temporary", errors.As(err, &lookup) && lookup.IsTemporary, true)
		}).Outcome, Returned)
		equal(t, "end", b.End().Outcome, Returned)
	}
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	equal(t, "status", response.StatusCode, http.StatusNotFound)
	c, err := net.DefaultResolver.Dial(context.Background(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// A pool that keeps a timer of one bubble would kill the process in the next.
func TestPoolsAreEmptiedBetweenBubbles(t *testing.T) {
	var pool sync.Pool
	for range 5 {
		b := Start()
		equal(t, "run", run(b, func() {
			timer, _ := pool.Get().(*time.Timer)
			if timer == nil {
				timer = time.NewTimer(time.Hour)
			}
			timer.Reset(time.Second)
			<-timer.C
			pool.Put(timer)
		}).Outcome, Returned)
		equal(t, "end", b.End().Outcome, Returned)
	}
}

func TestGuardOfTheEnvironment(t *testing.T) {
	equal(t, "default", guard(), DefaultGuard)
	t.Setenv("WINDTUNNEL_GUARD", "3s")
	equal(t, "guard", guard(), 3*time.Second)
	t.Setenv("WINDTUNNEL_GUARD", "-3s")
	defer func() {
		contains(t, recover().(string), `asynctest: WINDTUNNEL_GUARD="-3s": want a positive duration`)
	}()
	guard()
}

// What is to be done at the end is done outside, the last first, whatever became of the
// functions of the bubble.
func TestAtEnd(t *testing.T) {
	AtEnd(func() { t.Error("outside of bubbles it is not called") })
	for _, f := range []func(){func() {}, func() { panic(errBoom) }, func() { select {} }} {
		b := Start()
		order := ""
		run(b, func() {
			AtEnd(func() { order += fmt.Sprint("first ", ID()) })
			AtEnd(func() { order += "second " })
		})
		b.Run(Call{Horizon: time.Minute, Body: func(context.Context) { f() }})
		equal(t, "before the end", order, "")
		b.End()
		equal(t, "at the end", order, "second first 0")
		b.End()
		equal(t, "at the second end", order, "second first 0")
	}
}

// A bubble that is abandoned is not waited for, and what was to be done at its end is done.
func TestAbandon(t *testing.T) {
	b := Start()
	b.guard = time.Hour // which End would wait
	var mu sync.Mutex
	mu.Lock()
	ended := 0
	equal(t, "run", run(b, func() {
		AtEnd(func() { ended++ })
		go mu.Lock()
	}).Outcome, Returned)
	b.Abandon()
	b.Abandon()
	equal(t, "ends", ended, 1)
	equal(t, "the next", run(b, func() {}).Outcome, Busy)
	equal(t, "end", b.End().Outcome, Returned)
	mu.Unlock()
	<-b.ended
}

// What is noted stays in its bubble.
func TestNotes(t *testing.T) {
	Note(errBoom)
	equal(t, "outside", len(Noted()), 0)
	for range 2 {
		b := Start()
		run(b, func() {
			equal(t, "before", len(Noted()), 0)
			Note(errBoom)
		})
		run(b, func() { equal(t, "notes", slices.Equal(Noted(), []error{errBoom}), true) })
		equal(t, "end", b.End().Outcome, Returned)
	}
	synctest.Test(t, func(t *testing.T) {
		Note(errBoom)
		equal(t, "in another's bubble", len(Noted()), 0)
	})
}
