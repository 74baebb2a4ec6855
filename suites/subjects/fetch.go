// Package subjects holds the code that the suites judge: the running example of
// Tornado's guide "Asynchronous and non-Blocking I/O", in idiomatic Go.
//
// The guide writes one function, fetch a page and return its body, in several
// styles. The styles differ in what happens to the caller while the page is on
// its way, and in where an error goes:
//
//   - [Synchronous] returns when it is finished. Called on an event loop it
//     blocks: it waits for the network before it returns, and nothing else
//     runs on the loop meanwhile. (Section "Blocking".)
//   - [Callback] returns before it is finished and later calls a function it
//     was given: a callback argument, the oldest asynchronous style. (Section
//     "Asynchronous", with the note that there is no way to make it transparent
//     to its callers.)
//   - [Future] returns a placeholder that will have the outcome. (Sections
//     "Asynchronous" and "Examples", where the raw Future version is the more
//     complex one.)
//   - [Coroutine] reads like the synchronous one and returns a future; the
//     error of what it awaits surfaces at the await. (Section "Examples".)
//   - [BlockingCoroutine] is the mistake that the coroutine's looks invite: it
//     calls the synchronous fetch inside. A function can be asynchronous in
//     form and block all the same.
//
// None of this is part of the public API: it is what the suites are shown to
// tell apart.
package subjects

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// The stages at which a fetch can fail, in FetchError.Stage.
const (
	StageResolve = "resolve" // in a lookup that the fetch made itself
	StageRequest = "request" // before the response's header had come
	StageStatus  = "status"  // the server answered, and said no
	StageBody    = "body"    // while the body was read
	StageAwait   = "await"   // where a coroutine awaited the fetch
)

// FetchError says at which stage a fetch failed. It unwraps to the cause.
type FetchError struct {
	Stage string
	URL   string
	Err   error
}

func (e *FetchError) Error() string { return fmt.Sprintf("fetch %s: %s: %v", e.URL, e.Stage, e.Err) }

// Unwrap returns the cause.
func (e *FetchError) Unwrap() error { return e.Err }

// StatusError is an answer that is no page. The network did nothing wrong, so
// no library reports it: that is the application's to do.
type StatusError struct {
	Code int // of HTTP, such as 500
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("the server answered %d %s", e.Code, http.StatusText(e.Code))
}

// Synchronous fetches a page and returns its body when it has all of it.
func Synchronous(client *http.Client, url string) (string, error) {
	return Get(context.Background(), client, url)
}

// Get is Synchronous with a context that can end it.
func Get(ctx context.Context, client *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", &FetchError{StageRequest, url, err}
	}
	response, err := client.Do(request)
	if err != nil {
		return "", &FetchError{StageRequest, url, err}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", &FetchError{StageStatus, url, &StatusError{response.StatusCode}}
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", &FetchError{StageBody, url, err}
	}
	return string(body), nil
}

// Callback fetches a page and returns at once. Later, on the loop, it calls
// done with the outcome, once.
func Callback(loop *fakeloop.Loop, client *http.Client, url string, done func(body string, err error)) {
	work := loop.Outside("fetch")
	go func() {
		body, err := Synchronous(client, url)
		// An error means that the loop was closed first: nobody waits.
		_ = work.Return(func() { done(body, err) })
	}()
}

// Future fetches a page and returns at once, with the future of its body.
func Future(loop *fakeloop.Loop, client *http.Client, url string) *fakeloop.Future[string] {
	promise := fakeloop.NewPromise[string](loop, "page")
	Callback(loop, client, url, func(body string, err error) {
		if err != nil {
			promise.Reject(err)
			return
		}
		promise.Resolve(body)
	})
	return promise.Future()
}

// Coroutine fetches a page in a coroutine that awaits Future.
func Coroutine(loop *fakeloop.Loop, client *http.Client, url string) *fakeloop.Future[string] {
	return fakeloop.Async(loop, "fetch", func(co *fakeloop.Coroutine) (string, error) {
		body, err := fakeloop.Await(co, Future(loop, client, url))
		if err != nil {
			return "", &FetchError{StageAwait, url, err}
		}
		return body, nil
	})
}

// BlockingCoroutine fetches a page in a coroutine that calls Synchronous, and
// so blocks the loop it runs on.
func BlockingCoroutine(loop *fakeloop.Loop, client *http.Client, url string) *fakeloop.Future[string] {
	return fakeloop.Async(loop, "blocking fetch", func(*fakeloop.Coroutine) (string, error) {
		return Synchronous(client, url)
	})
}
