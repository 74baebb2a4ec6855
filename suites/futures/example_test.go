package futures_test

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// promise is the library under test: a value or an error that comes later. It has one
// fault, which the contract finds.
type promise struct {
	mu      sync.Mutex
	settled bool
	done    chan struct{}
	v       any
	err     error
}

func newPromise() *promise { return &promise{done: make(chan struct{})} }

func (p *promise) resolve(v any) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.settled {
		return false
	}
	p.settled, p.v = true, v
	close(p.done)
	return true
}

func (p *promise) reject(err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err // the fault: it does not ask first
	if p.settled {
		return false
	}
	p.settled = true
	close(p.done)
	return true
}

func (p *promise) wait() (any, error) {
	<-p.done
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return nil, p.err
	}
	return p.v, nil
}

func (p *promise) then(f func(any) (any, error)) *promise {
	q := newPromise()
	go func() {
		v, err := p.wait()
		if err == nil {
			v, err = f(v)
		}
		if err != nil {
			q.reject(err)
			return
		}
		q.resolve(v)
	}()
	return q
}

// adapter is all that the contract needs to know of it.
func adapter() futures.Adapter {
	wrap := func(p *promise) futures.Case {
		return futures.Case{
			Settle: func(v any, err error) error {
				if err != nil && p.reject(err) || err == nil && p.resolve(v) {
					return nil
				}
				return futures.ErrRefused
			},
			Await: func(context.Context) (any, error) { return p.wait() },
			Impl:  p,
		}
	}
	return futures.Adapter{
		Name: "promise",
		Caps: futures.Caps{SecondSettle: futures.Reported},
		New:  func() futures.Case { return wrap(newPromise()) },
		Then: func(c futures.Case, f func(any) (any, error)) futures.Case {
			return wrap(c.Impl.(*promise).then(f))
		},
	}
}

// A test gives t and the adapter to futures.Run. Here, without one, the checks run in
// real time and in this process.
func Example() {
	a := adapter()
	a.Caps.RealTime = true
	for _, p := range futures.Properties()[3:7] {
		fmt.Println(p.ID(), p.Name+":", a.Check(nil, p, futures.Already).Status)
	}
	// Output:
	// 4 value then value: ok
	// 5 value then error: FAIL
	// 6 error then value: ok
	// 7 error then error: FAIL
}

func ExampleResult_Text() {
	a := adapter()
	a.Caps.RealTime = true
	r := a.Check(nil, futures.Properties()[4], futures.Already)
	fmt.Print(r.Text("go test -run '^TestFutures$/^5$/^already$' ."))
	// Output:
	// property 5, value then error, on promise, settled already: FAIL
	//   observed:  a waiter got the error "second"; want the value v and no error
	//   rule:      Of two settles the first one wins, and the second changes nothing, for whomever.
	//   level:     required
	//   source:    Twisted testAlreadyCalled_CE
	// To reproduce: go test -run '^TestFutures$/^5$/^already$' .
}

func ExampleTable() {
	a := adapter()
	a.Caps.RealTime = true
	var results []futures.Result
	for _, p := range futures.Properties()[9:11] {
		results = append(results, a.Check(nil, p, futures.Already))
	}
	fmt.Print(futures.Table(results))
	// Output:
	//                            promise
	// A10   an error as a value  ok
	// A11   rejection with nil   n/a
	//
	// promise: 1 ok, 1 n/a
	//
	// n/a: promise lacks RejectNil:
	//   11 (rejection with nil)
}

func ExampleJSON() {
	a := adapter()
	a.Caps.RealTime = true
	text, err := futures.JSON([]futures.Result{a.Check(nil, futures.Properties()[4], futures.Later)})
	fmt.Println(string(text), err)
	// Output:
	// [
	//   {
	//     "Subject": "promise",
	//     "Property": 5,
	//     "Part": "A",
	//     "Name": "value then error",
	//     "Level": "required",
	//     "When": "later",
	//     "Status": "FAIL",
	//     "Observed": [
	//       "a waiter got the error \"second\"; want the value v and no error"
	//     ]
	//   }
	// ] <nil>
}

func ExampleSorted() {
	ps := futures.Properties()
	results := []futures.Result{{Property: ps[3], When: futures.Later}, {Property: ps[3], When: futures.Already}, {Property: ps[0]}}
	for _, r := range futures.Sorted(results) {
		fmt.Printf("%s %q\n", r.Property.ID(), r.When)
	}
	// Output:
	// 1 ""
	// 4 "already"
	// 4 "later"
}

func ExampleFakeloop() {
	a := futures.Fakeloop(fakeloop.Wall)
	fmt.Println(a.Name+":", a.Check(nil, futures.Properties()[1], futures.Once).Status)
	// Output: fakeloop wall: ok
}

func ExampleWorst() {
	already := futures.Result{When: futures.Already, Status: futures.OK}
	later := futures.Result{When: futures.Later, Status: futures.Hang}
	fmt.Println(futures.Worst([]futures.Result{already, later}))
	// Output: HANG
}

// A library whose futures belong to a loop makes one for each check.
func ExampleAdapter_loop() {
	var loop *refWorld
	a := futures.Adapter{
		Name:  "with a loop",
		Caps:  futures.Caps{LoopAffine: true, Ordered: true, RealTime: true},
		Setup: func() { loop = newRefWorld("", futures.Caps{LoopAffine: true}) },
		Close: func() { _, _ = loop.stop() },
		New: func() futures.Case {
			f := loop.fresh()
			return futures.Case{Settle: f.settle, Await: f.await, Impl: f}
		},
		Post:     func(f func()) error { return loop.post(f) },
		Patience: time.Minute,
	}
	fmt.Println(a.Check(nil, futures.Properties()[1], futures.Once).Status)
	// Output: ok
}
