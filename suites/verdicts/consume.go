package verdicts

import (
	"net/http"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/subjects"
)

// Consume takes items from a queue that holds one, and complains if they come in
// another order than that of the URLs, if the queue ever holds more than it may, or
// if the producer is done before the consumer has made room for it. The first
// item's outcome is the run's.
func (r *Run) Consume(queue *fakeloop.Queue[subjects.Item], urls []string, delivered *fakeloop.Future[struct{}]) {
	fakeloop.Async(r.Loop, "consume", func(co *fakeloop.Coroutine) (struct{}, error) {
		for i := range urls {
			item, err := fakeloop.Await(co, queue.Get())
			if err != nil {
				r.Complain("item %d of %d did not come: %v", i+1, len(urls), err)
				return struct{}{}, nil
			}
			if item.URL != urls[i] {
				r.Complain("item %d is of %s; it must be of %s", i+1, item.URL, urls[i])
			}
			if n := queue.Len(); n > 1 {
				r.Complain("the queue holds %d items; it has room for one", n)
			}
			if i < len(urls)-2 && delivered.Settled() {
				r.Complain("the producer is done with %d items to come; a full queue must hold it back", len(urls)-1-i)
			}
			if i == 0 {
				r.Deliver(item.Body, item.Err)
			}
		}
		return struct{}{}, nil
	}).OnSettled(func(struct{}, error) {})
	delivered.OnSettled(func(_ struct{}, err error) {
		if err != nil {
			r.Complain("the producer failed: %v", err)
		}
	})
}

// Register registers four handlers for the outcome of a fetch and complains if one
// is called that must not be: the first removes itself and the second, the third
// panics, the fourth delivers the outcome. What is emitted once more must then
// reach the third and fourth only.
func (r *Run) Register(registry *fakeloop.Registry[subjects.Outcome], announce func(*fakeloop.Loop, *http.Client, string, *fakeloop.Registry[subjects.Outcome])) {
	var removeFirst, removeSecond func() bool
	emissions := 0
	removeFirst = registry.On(subjects.PageEvent, func(subjects.Outcome) {
		if emissions++; emissions > 1 {
			r.Complain("a handler that had removed itself was called again")
		}
		if !removeFirst() || !removeSecond() {
			r.Complain("a registered handler could not be removed inside a handler")
		}
	})
	removeSecond = registry.On(subjects.PageEvent, func(subjects.Outcome) {
		r.Complain("a handler was called that an earlier one had removed")
	})
	failed := false
	registry.On(subjects.PageEvent, func(subjects.Outcome) {
		if !failed {
			failed = true
			panic("a handler that fails, on purpose")
		}
	})
	calls := 0
	registry.On(subjects.PageEvent, func(o subjects.Outcome) {
		if calls++; calls > 1 {
			return
		}
		r.Deliver(o.Body, o.Err)
		if n := registry.Emit(subjects.PageEvent, o); n != 2 {
			r.Complain("%d handlers are registered after one has failed and two were removed; 2 must be", n)
		}
	})
	announce(r.Loop, r.Client, r.URL, registry)
}
