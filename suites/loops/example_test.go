package loops_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/loops"
)

// tiny is the loop under test: a queue and a sorted list of timers, on virtual
// time. It has one fault that the contract finds.
type tiny struct {
	now    time.Duration
	queue  []func()
	timers []*tinyTimer
	busy   bool
	closed bool
}

type tinyTimer struct {
	at time.Duration
	fn func()
}

func (l *tiny) post(f func()) {
	if l.closed {
		panic("closed")
	}
	l.queue = append(l.queue, f)
}

func (l *tiny) after(d time.Duration, f func()) *tinyTimer {
	t := &tinyTimer{l.now + d, f}
	i := slices.IndexFunc(l.timers, func(o *tinyTimer) bool { return o.at >= t.at })
	if i < 0 {
		i = len(l.timers)
	}
	l.timers = slices.Insert(l.timers, i, t)
	return t
}

func (l *tiny) cancel(t *tinyTimer) {
	l.timers = slices.DeleteFunc(l.timers, func(o *tinyTimer) bool { return o == t })
}

func (l *tiny) drive() error {
	if l.busy || l.closed {
		return errors.New("running already, or closed")
	}
	l.busy = true
	defer func() { l.busy = false }()
	for {
		switch {
		case len(l.queue) > 0:
			f := l.queue[0]
			l.queue = l.queue[1:]
			f()
		case len(l.timers) > 0:
			t := l.timers[0]
			l.timers = l.timers[1:]
			l.now = max(l.now, t.at)
			t.fn()
		default:
			return nil
		}
	}
}

func (l *tiny) close() error {
	if l.busy {
		return errors.New("running")
	}
	l.closed = true
	return nil
}

// tinyAdapter is all that the contract needs to know of it.
func tinyAdapter() loops.Adapter {
	return loops.Adapter{
		Name: "tiny",
		Mode: loops.Virtual,
		New: func(loops.Options) *loops.Loop {
			l := new(tiny)
			return &loops.Loop{
				Post:   l.post,
				After:  func(d time.Duration, f func()) loops.Timer { return l.after(d, f) },
				Cancel: func(t loops.Timer) { l.cancel(t.(*tinyTimer)) },
				Now:    func() time.Duration { return l.now },
				Drive:  l.drive,
				Close:  l.close,
			}
		},
	}
}

func Example() {
	for _, c := range loops.Cases()[:4] { // a test gives t and the adapter to loops.Run
		fmt.Println(c.ID(), tinyAdapter().Run(c).Status)
	}
	// Output:
	// 1a FAIL
	// 1b n/a
	// 2 FAIL
	// 3a ok
}

func ExampleResult_Text() {
	r := tinyAdapter().Run(loops.Cases()[0])
	fmt.Print(r.Text("go test -run TestLoops/1a ."))
	// Output:
	// case 1a, equal deadlines, on tiny, mode virtual: FAIL
	//   observed:  the callbacks ran in the order "e d c a", want "a c d e"
	//   rule:      Timers with equal deadlines fire in the order in which they were armed, also when a sibling was cancelled.
	//   otherwise: code that arms two timers for one instant works or fails by luck
	//   source:    libuv timer_order; twisted test_callLaterKeepsCallsOrdered; contrast tornado test_timeout_with_arguments, which promises no order
	// To reproduce: go test -run TestLoops/1a .
}

func ExampleTable() {
	var results []loops.Result
	for _, c := range loops.Cases()[:2] {
		results = append(results, tinyAdapter().Run(c))
	}
	fmt.Print(loops.Table(results))
	// Output:
	// tiny virtual
	// 1a   equal deadlines  FAIL
	// 1b   equal deadlines  n/a
	//
	// n/a: tiny virtual lacks Reset:
	//   1b (equal deadlines)
	//
	// 1a on tiny virtual: FAIL: the callbacks ran in the order "e d c a", want "a c d e"
}
