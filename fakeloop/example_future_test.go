package fakeloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// after returns a future that is resolved with v in d.
func after[T any](loop *fakeloop.Loop, d time.Duration, v T) *fakeloop.Future[T] {
	p := fakeloop.NewPromise[T](loop, fmt.Sprint(v))
	timer := loop.AfterFunc(d, func() { p.Resolve(v) })
	p.OnCancel(func(error) { timer.Stop() })
	return p.Future()
}

// failAfter returns a future that is rejected with err in d.
func failAfter(loop *fakeloop.Loop, d time.Duration, err error) *fakeloop.Future[string] {
	p := fakeloop.NewPromise[string](loop, "failing")
	timer := loop.AfterFunc(d, func() { p.Reject(err) })
	p.OnCancel(func(error) { timer.Stop() })
	return p.Future()
}

// Settle takes what a function returned, and says who was first if it is too late.
func ExamplePromise_Settle() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	p := fakeloop.NewPromise[string](loop, "name")
	fmt.Println(p.Settle(os.Readlink("/no/such/link")) == nil)
	err := p.Settle("too late", nil)
	fmt.Println(withoutIdentities(err.Error()))
	_, err = p.Future().Wait()
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	// Output:
	// true
	// fakeloop: too late to settle future "name", rejected: readlink /no/such/link: no such file or directory
	// true
}

// In debug mode a settle that loses is told who won; it can be switched on at any time.
func ExampleLoop_SetSites() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	loop.SetSites(true)
	p := fakeloop.NewPromise[int](loop, "answer")
	loop.Named("quick").AfterFunc(time.Second, func() { p.Resolve(42) })
	_ = loop.RunUntilIdle()

	fmt.Println(withoutIdentities(p.Settle(43, nil).Error()))
	fmt.Println(withoutIdentities(p.Future().SettledBy()))
	// Output:
	// fakeloop: too late to settle future "answer", made at example_future_test.go:54, resolved; callback "quick" at 1s in example_future_test.go:55 was first
	// callback "quick" at 1s in example_future_test.go:55
}

func ExampleSettledError() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	p := fakeloop.NewPromise[int](loop, "answer")
	p.Resolve(42)
	var late *fakeloop.SettledError
	fmt.Println(errors.As(p.Settle(43, nil), &late), withoutIdentities(late.Future))
	// Output: true future "answer", resolved
}

// Futures that are settled from the beginning, for functions that have to return one.
func ExampleResolved() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	cache := map[string]string{"a": "from the cache"}
	get := func(key string) *fakeloop.Future[string] {
		if v, ok := cache[key]; ok {
			return fakeloop.Resolved(loop, v)
		}
		return fakeloop.Rejected[string](loop, errors.New("no such key"))
	}
	fmt.Println(get("a").Wait())
	_, err := get("b").Wait()
	fmt.Println(err)
	// Output:
	// from the cache <nil>
	// no such key
}

func ExampleRejected() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	_, err := fakeloop.Rejected[int](loop, io.EOF).Wait()
	fmt.Println(err)
	// Output: EOF
}

// A typed catch takes one kind of error and leaves the others alone.
func ExampleCatchAs() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	open := fakeloop.Rejected[string](loop, &fs.PathError{Op: "open", Path: "x.conf", Err: fs.ErrNotExist})
	fmt.Println(fakeloop.CatchAs(open, func(e *fs.PathError) (string, error) { return "default for " + e.Path, nil }).Wait())

	read := fakeloop.Rejected[string](loop, io.ErrUnexpectedEOF)
	_, err := fakeloop.CatchAs(read, func(e *fs.PathError) (string, error) { return "", nil }).Wait()
	fmt.Println(err)
	// Output:
	// default for x.conf <nil>
	// unexpected EOF
}

func ExampleCatchIs() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	f := fakeloop.Rejected[string](loop, fmt.Errorf("line 7: %w", io.EOF))
	fmt.Println(fakeloop.CatchIs(f, io.EOF, func(error) (string, error) { return "the end", nil }).Wait())
	// Output: the end <nil>
}

// Finally runs on either outcome and passes it on.
func ExampleFinally() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	f := fakeloop.Rejected[string](loop, io.ErrUnexpectedEOF)
	_, err := fakeloop.Finally(f, func() error { return fs.ErrClosed }).Wait()
	fmt.Println(err)
	fmt.Println(errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, fs.ErrClosed))
	// Output:
	// unexpected EOF
	// file already closed
	// true true
}

// A handler that begins something returns its future, and the chain waits for it.
func ExampleThenFuture() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	user := after(loop, time.Second, "ann")
	mail := fakeloop.ThenFuture(user, func(name string) *fakeloop.Future[string] {
		return after(loop, 2*time.Second, name+"@example.org")
	})
	v, err := mail.Wait()
	fmt.Println(v, err, loop.Elapsed())
	// Output: ann@example.org <nil> 3s
}

// A second attempt.
func ExampleCatchFuture() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	primary := failAfter(loop, time.Second, io.ErrUnexpectedEOF)
	page := fakeloop.CatchFuture(primary, func(err error) *fakeloop.Future[string] {
		fmt.Println("again after", err)
		return after(loop, time.Second, "from the backup")
	})
	fmt.Println(page.Wait())
	// Output:
	// again after unexpected EOF
	// from the backup <nil>
}

// A promise that is settled with a future has the outcome of that one and no other.
func ExamplePromise_Adopt() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	p := fakeloop.NewPromise[string](loop, "reply")
	fmt.Println(p.Adopt(after(loop, time.Second, "pong")))
	fmt.Println(p.Resolve("something else"))
	fmt.Println(p.Future().Wait())
	// Output:
	// true
	// false
	// pong <nil>
}

func ExampleCycleError() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	p := fakeloop.NewPromise[string](loop, "egg")
	p.Adopt(fakeloop.Then(p.Future(), func(s string) (string, error) { return s, nil }))
	_, err := p.Future().Wait()
	fmt.Println(withoutIdentities(err.Error()))
	// Output: fakeloop: a future cannot have the outcome of one that waits for it: future "then", which waits for future "egg", which was to wait for the first
}

// Whichever is first settles the promise.
func ExampleLink() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	p := fakeloop.NewPromise[string](loop, "answer")
	fakeloop.Link(after(loop, 2*time.Second, "slow"), p)
	fakeloop.Link(after(loop, time.Second, "quick"), p)
	fmt.Println(p.Future().Wait())
	// Output: quick <nil>
}

// The error of the caller's own, which also tells nested timeouts apart.
func ExampleTimeoutCause() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	errSlow := errors.New("the backend is slow")
	_, err := fakeloop.TimeoutCause(after(loop, time.Hour, "page"), time.Second, errSlow).Wait()
	fmt.Println(withoutIdentities(err.Error()))
	fmt.Println(errors.Is(err, errSlow), errors.Is(err, context.DeadlineExceeded))
	// Output:
	// fakeloop: at 1s future "page" had not settled within 1s: the backend is slow
	// true true
}

// A timeout of a shield gives up waiting and leaves the work alone.
func ExampleShield() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	save := after(loop, 10*time.Second, "saved")
	_, err := fakeloop.Timeout(fakeloop.Shield(save), time.Second).Wait()
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	fmt.Println(save.Wait())
	// Output:
	// true
	// saved <nil>
}

// A wait with a deadline of its own leaves the future to others.
func ExampleFuture_WaitContext() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	f := after(loop, time.Minute, "page")
	ctx, cancel := loop.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err := f.WaitContext(ctx)
	fmt.Println(withoutIdentities(err.Error()))
	fmt.Println(f.Wait())
	// Output:
	// fakeloop: at 1s gave up waiting for future "page": context deadline exceeded
	// page <nil>
}

func ExampleLoop_AwaitContext() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("nobody wants it"))
	err := loop.AwaitContext(ctx, after(loop, time.Minute, "page"))
	var gaveUp *fakeloop.WaitError
	fmt.Println(errors.As(err, &gaveUp), gaveUp.Cause)
	// Output: true nobody wants it
}

// The work decides what becomes of a cancellation: here it is too far to stop.
func ExamplePromise_DecideCancel() {
	loop := fakeloop.New(fakeloop.Config{})
	defer loop.Close()

	p := fakeloop.NewPromise[string](loop, "transfer")
	p.DecideCancel(func(cause error) { p.Resolve("done before " + cause.Error()) })
	p.Future().Cancel(errors.New("the user left"))
	fmt.Println(p.Future().Wait())
	// Output: done before the user left <nil>
}

// A rejection that nobody has looked at is reported when the loop comes to rest; who
// looks later is reported too.
func ExampleConfig_onUnobserved() {
	loop := fakeloop.New(fakeloop.Config{
		OnUnobserved: func(e *fakeloop.UnobservedError) { fmt.Println("lost:", e.Err) },
		OnObserved:   func(e *fakeloop.UnobservedError) { fmt.Println("found:", e.Err) },
	})
	lost := fakeloop.Rejected[int](loop, io.EOF)
	fakeloop.Rejected[int](loop, io.ErrUnexpectedEOF).Quiet()
	_ = loop.RunUntilIdle()
	lost.OnSettled(func(int, error) {})
	_ = loop.RunUntilIdle()
	fmt.Println(loop.Close())
	// Output:
	// lost: EOF
	// found: EOF
	// <nil>
}

// What comes of a future that was given up has no one to go to, unless it is quiet.
func ExampleFuture_Quiet() {
	loop := fakeloop.New(fakeloop.Config{})
	for _, quiet := range []bool{false, true} {
		p := fakeloop.NewPromise[int](loop, "reply")
		if quiet {
			p.Future().Quiet()
		}
		p.Future().Cancel(nil)
		p.Reject(io.ErrUnexpectedEOF)
	}
	fmt.Println(withoutIdentities(loop.Close().Error()))
	// Output: fakeloop: nobody will see the error to which future "reply" came after it had been given up: unexpected EOF; call Quiet if it does not matter
}
