package fakeloop_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// unlucky is a source that lets one point go wrong.
type unlucky struct{ point string }

func (unlucky) Choose(string, int) int { return 0 }
func (unlucky) Faults() bool           { return true }
func (u unlucky) ChooseFault(p fakeloop.FaultPoint) int {
	if p.Name == u.point {
		return 1
	}
	return 0
}

func ExampleFaulty() {
	loop := fakeloop.New(fakeloop.Config{Decisions: unlucky{"charge #2"}})
	defer loop.Close()
	charge := func(cents int) *fakeloop.Future[string] { // a fake
		return fakeloop.Faulty(fakeloop.Resolved(loop, fmt.Sprint(cents, " charged")), "charge")
	}
	fmt.Println(charge(5).Wait())
	_, err := charge(7).Wait()
	fmt.Println(err)
	// Output:
	// 5 charged <nil>
	// failed (injected error at charge #2)
}

func ExampleLoop_Fail() {
	loop := fakeloop.New(fakeloop.Config{Decisions: unlucky{"read a #1"}})
	defer loop.Close()
	read := func(name string) (string, error) { // a fake
		if err := loop.Fail("read " + name); err != nil {
			return "", err
		}
		return "text", nil
	}
	_, err := read("a")
	fmt.Println(errors.Is(err, loop.Injected()[0].Err()), err)
	fmt.Println(read("b"))
	// Output:
	// true failed (injected error at read a #1)
	// text <nil>
}

// A fake that works on goroutines of its own, such as a network, does itself what a fault
// says.
func ExampleLoop_Fault() {
	loop := fakeloop.New(fakeloop.Config{Decisions: unlucky{"tick #1"}})
	defer loop.Close()
	tick := func() {
		wait := time.Second
		if f := loop.Fault(fakeloop.FaultPoint{Name: "tick", Kinds: []fakeloop.FaultKind{fakeloop.FaultSlow}}); f != nil {
			wait += fakeloop.SlowFault
		}
		loop.AfterFunc(wait, func() { fmt.Println(loop.Elapsed()) })
	}
	tick()
	_ = loop.RunUntilIdle()
	// Output: 1m1.007s
}
