package blocking_test

import (
	"fmt"
	"sync"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
)

// loop stands for any event loop: a queue and a function that runs what is in it.
type loop struct{ queue []func() }

func (l *loop) dispatch(f func()) { f() }

func (l *loop) run() {
	for _, f := range l.queue {
		l.dispatch(f)
	}
}

func slowHandler() { time.Sleep(time.Microsecond) }

func ExampleStart() {
	rec, err := blocking.Start(blocking.Config{
		Markers: []string{blocking.FuncName((*loop).dispatch)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	l := &loop{queue: []func(){func() {}, slowHandler}}
	l.run()
	report, err := rec.Stop()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, b := range report.Blocks {
		fmt.Println(b.Kind, b.Resource, b.User.Func)
		fmt.Println(b.AllowLine())
	}
	// Output:
	// park sleep github.com/windtunnel-go/windtunnel/asynctest/blocking_test.slowHandler
	// blocking.AllowFunc("github.com/windtunnel-go/windtunnel/asynctest/blocking_test.slowHandler", "why this may block")
}

func ExampleAllowFunc() {
	rec, err := blocking.Start(blocking.Config{
		Allow: []blocking.Rule{
			blocking.AllowFunc(blocking.FuncName(slowHandler), "runs once, before the first client"),
			blocking.AllowFunc("example.org/app.removed", "was slow in version 1"),
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	blocking.Callback(slowHandler)
	report, err := rec.Stop()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(report.Blocks), "not allowed")
	fmt.Println("allowed:", report.Allowed[0].Allowed)
	fmt.Println("stale:", report.Stale[0].Function)
	// Output:
	// 0 not allowed
	// allowed: runs once, before the first client
	// stale: example.org/app.removed
}

func ExampleCallback() {
	// A handler is wrapped once, where it is given to the foreign loop.
	register := func(handler func()) { handler() }

	rec, err := blocking.Start(blocking.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	register(func() {
		blocking.Callback(func() {
			answer := make(chan int, 1)
			answer <- 42
			<-answer // ready: does not block
		})
	})
	report, err := rec.Stop()
	fmt.Println(len(report.Blocks), err)
	// Output: 0 <nil>
}

func ExampleFuncName() {
	fmt.Println(blocking.FuncName((*loop).dispatch))
	// Output: github.com/windtunnel-go/windtunnel/asynctest/blocking_test.(*loop).dispatch
}

func ExampleRecorder_Stop() {
	rec, err := blocking.Start(blocking.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	report, _ := rec.Stop()
	again, _ := rec.Stop()
	fmt.Println(report == again)
	// Output: true
}

func ExampleContend() {
	var mu sync.Mutex
	hits := 0
	rec, err := blocking.Start(blocking.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	blocking.Callback(func() {
		blocking.Contend(&mu, func() {
			mu.Lock() // free nearly always, so a test would nearly always pass
			hits++
			mu.Unlock()
		})
	})
	report, err := rec.Stop()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, b := range report.Blocks {
		fmt.Println(b.Kind, "on", b.Resource)
	}
	// Output: park on lock
}

func ExampleThreadCPU() {
	used, err := blocking.ThreadCPU(func() { time.Sleep(time.Millisecond) })
	if err != nil {
		fmt.Println(err) // not on this system
		return
	}
	fmt.Println("waiting uses a processor:", used >= time.Millisecond)
}

func ExampleEnter() {
	rec, err := blocking.Start(blocking.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, message := range []string{"hello", "wait", "bye"} {
		leave := blocking.Enter("message " + message)
		blocking.Callback(func() {
			if message == "wait" {
				time.Sleep(time.Millisecond)
			}
		})
		leave()
	}
	report, err := rec.Stop()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range report.Blocks[0].In {
		fmt.Println(o.Key)
	}
	// Output: message wait
}
