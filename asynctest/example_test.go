package asynctest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// printing is what NewWithT(t) is in a test: an example has no t, and prints.
func printing() gomega.Gomega {
	return gomega.NewGomega(func(message string, _ ...int) { fmt.Println(message) })
}

func ExampleBePending() {
	g := printing()
	loop := fakeloop.New(fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "answer")
	loop.AfterFunc(time.Hour, func() { p.Resolve(42) })

	g.Expect(p.Future()).To(asynctest.BePending())
	fmt.Println(loop.Elapsed())
	g.Expect(p.Future()).To(asynctest.BeResolved())
	g.Expect(p.Future()).NotTo(asynctest.BePending())
	fmt.Println(loop.Elapsed())
	// Output:
	// 0s
	// 1h0m0s
}

func ExampleBeResolved() {
	g := printing()
	loop := fakeloop.New(fakeloop.Config{})
	p := fakeloop.NewPromise[int](loop, "answer")

	g.Expect(p.Future()).To(asynctest.BeResolved())
	// Output:
	// Expected
	//     future "answer" (23778145), pending
	// to be resolved
	// but it will never settle:
	//     fakeloop: at 0s the loop is idle (nothing is ready, no timer is set, no work is outside), so this will never come:
	//     future "answer" (23778145), pending
	//     If another goroutine is going to bring it, announce that work with Loop.Outside.
}

func ExampleResolveWith() {
	g := printing()
	answers := make(chan string, 1)
	answers <- "maybe"

	f := asynctest.AsFuture(answers, asynctest.WithLabel("answer"))
	g.Expect(f).To(asynctest.ResolveWith(gomega.HavePrefix("may")))
	g.Expect(f).To(asynctest.ResolveWith("yes"))
	// Output:
	// Expected
	//     future "answer" of type chan string, resolved
	// to resolve with
	//     <string>: yes
	// but its value is
	//     <string>: maybe
}

func ExampleBeRejected() {
	g := printing()
	ctx, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()

	g.Expect(ctx).To(asynctest.BeRejected())
	// Output:
}

func ExampleRejectWith() {
	g := printing()
	loop := fakeloop.New(fakeloop.Config{})
	f := fakeloop.Async(loop, "fetch", func(*fakeloop.Coroutine) (string, error) {
		return "", fmt.Errorf("fetching: %v", io.EOF) // %w was meant
	})

	g.Expect(f).To(asynctest.RejectWith(io.EOF))
	// Output:
	// Expected
	//     future "fetch" (23778145), rejected: fetching: EOF
	// to be rejected with
	//     <*errors.errorString>: EOF
	// but it was rejected with
	//     <*errors.errorString>: fetching: EOF
	// The loop is at 0s.
	// The text of the wanted error is there, but not the error: was it made anew, or wrapped with %v instead of %w?
}

func ExampleErrorAs() {
	g := printing()
	err := fmt.Errorf("reading: %w", &fs.PathError{Op: "open", Path: "motd", Err: fs.ErrNotExist})

	g.Expect(err).To(asynctest.ErrorAs[*fs.PathError](gomega.HaveField("Op", "open")))
	// Output:
}

func ExampleAsFuture() {
	g := printing()
	calls := 0
	f := asynctest.AsFuture(func(context.Context) (int, error) { calls++; return calls, nil })

	g.Expect(f).To(asynctest.ResolveWith(1))
	g.Expect(f).To(asynctest.ResolveWith(1)) // not called again
	// Output:
}

func ExampleOn() {
	g := printing()
	loop := fakeloop.New(fakeloop.Config{})
	errc := make(chan error, 1)
	loop.AfterFunc(time.Hour, func() { errc <- io.ErrUnexpectedEOF })

	g.Expect(asynctest.On(loop, errc)).To(asynctest.RejectWith(io.ErrUnexpectedEOF))
	fmt.Println(loop.Elapsed())
	// Output: 1h0m0s
}

func ExampleLoopOnly() {
	g := printing()
	loop := fakeloop.New(fakeloop.Config{})
	errc := make(chan error, 1)

	g.Expect(asynctest.On(loop, errc, asynctest.LoopOnly())).To(asynctest.BeResolved())
	// Output:
	// Expected
	//     future of type chan error, pending
	// to be resolved
	// but it will never settle:
	//     at 0s the loop is idle (nothing is ready, no timer is set, no work is outside), and LoopOnly says that nothing else settles it.
}

func ExampleAdapt() {
	g := printing()
	fetch := func(url string, done func(body string, err error)) { done("", errors.New("no route to "+url)) }

	f := asynctest.Adapt(func(settle func(string, error)) { fetch("api", settle) })
	g.Expect(f).To(asynctest.BeRejected())
	// Output:
}

// record is Watch(t) in a test: an example has no t.
func record() *blocking.Recorder {
	rec, err := blocking.Start(blocking.Config{Markers: fakeloop.CallbackFrames()})
	if err != nil {
		panic(err)
	}
	return rec
}

func ExampleNeverBlock() {
	g := printing()
	rec := record()
	loop := fakeloop.New(fakeloop.Config{})
	loop.Post(func() { time.Sleep(time.Microsecond) })
	if err := loop.RunUntilIdle(); err != nil {
		fmt.Println(err)
	}

	g.Expect(rec).NotTo(asynctest.NeverBlock())
	g.Expect(rec).To(asynctest.NeverBlock(asynctest.Except(blocking.Sleep)))
	// Output:
}

func ExampleBlockOn() {
	g := printing()
	rec := record()
	loop := fakeloop.New(fakeloop.Config{})
	loop.Post(func() { time.Sleep(time.Microsecond) })
	if err := loop.RunUntilIdle(); err != nil {
		fmt.Println(err)
	}

	g.Expect(rec).To(asynctest.BlockOn(blocking.Sleep))
	g.Expect(rec).NotTo(asynctest.BlockOn(blocking.Network))
	// Output:
}

func ExampleBlockAt() {
	g := printing()
	rec := record()
	loop := fakeloop.New(fakeloop.Config{})
	loop.Post(func() { time.Sleep(time.Microsecond) })
	if err := loop.RunUntilIdle(); err != nil {
		fmt.Println(err)
	}

	g.Expect(rec).To(asynctest.BlockAt("asynctest_test.ExampleBlockAt"))
	// Output:
}
