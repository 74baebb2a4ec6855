package subjects

import (
	"context"
	"net/http"
	"strings"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// The guide's section "Asynchronous" names four styles: callback argument, return a
// placeholder (Future, Promise, Deferred), deliver to a queue, and callback registry
// (for example POSIX signals). Callback and Future are the first two; here are the
// others, and the placeholder as a chain of promises.

// Item is what Deliver puts into a queue. An error is an item like any other: a
// queue has no other place for it.
type Item struct {
	URL string
	Outcome
}

// Deliver fetches pages, all at once, and delivers them to a queue in the order of
// their URLs. A full queue holds it back; it waits then, and the loop does not. The
// queue is closed behind the last one.
func Deliver(loop *fakeloop.Loop, client *http.Client, urls []string, to *fakeloop.Queue[Item]) *fakeloop.Future[struct{}] {
	pages := make([]*fakeloop.Future[string], len(urls))
	for i, url := range urls {
		pages[i] = Future(loop, client, url)
	}
	return fakeloop.Async(loop, "deliver", func(co *fakeloop.Coroutine) (struct{}, error) {
		defer to.Close()
		for i, url := range urls {
			body, err := fakeloop.Await(co, pages[i])
			if _, err := fakeloop.Await(co, to.Put(Item{url, Outcome{body, err}})); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
}

// PageEvent is the name under which Announce emits.
const PageEvent = "page"

// Announce fetches a page and emits its outcome to whoever has registered for
// PageEvent.
func Announce(loop *fakeloop.Loop, client *http.Client, url string, registry *fakeloop.Registry[Outcome]) {
	Callback(loop, client, url, func(body string, err error) { registry.Emit(PageEvent, Outcome{body, err}) })
}

// Cancellable fetches a page on another goroutine, where cancelling the future ends
// it. A fetch that was given up may fail as it likes: nobody waits for it.
func Cancellable(loop *fakeloop.Loop, client *http.Client, url string) *fakeloop.Future[string] {
	return fakeloop.Offload(loop, "fetch", func(ctx context.Context) (string, error) { return Get(ctx, client, url) }).Quiet()
}

// Chain fetches a page as a chain of promises, in which each step is a handler of
// the one before: it takes the page apart into words and puts it together again.
// An error passes by all of them; cancelling the end of the chain cancels the fetch
// at its beginning.
func Chain(loop *fakeloop.Loop, client *http.Client, url string) *fakeloop.Future[string] {
	words := fakeloop.Then(Cancellable(loop, client, url), func(body string) ([]string, error) {
		return strings.Split(body, " "), nil
	})
	return fakeloop.Then(words, func(words []string) (string, error) {
		return strings.Join(words, " "), nil
	})
}
