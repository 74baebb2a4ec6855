package fakeloop

import "fmt"

// Condition lets callbacks and coroutines wait until they are notified, those who
// have waited longest first. It remembers nothing: a notification that finds nobody
// waiting is gone. It needs no mutex beside it, since between two awaits a callback is
// alone on its loop. All methods may be called from any goroutine.
//
// One who gives up ([Future.Cancel], [Timeout], the cancelled coroutine that awaits)
// does not use up a notification. A wait with a limit is Timeout(condition.Wait(), d):
// it is rejected with a *TimeoutError, where Tornado's resolves with False.
type Condition struct {
	object
	waiters waiters
}

// NewCondition returns a condition for which nobody waits. The label names its
// futures.
func NewCondition(l *Loop, label string) *Condition {
	return &Condition{object: l.newObject("NewCondition", label)}
}

// Wait returns a future that is resolved by a notification to come. It panics if the
// loop is closed; a loop that is closed later rejects with ErrClosed who still waits.
func (c *Condition) Wait() *Future[struct{}] {
	c.loop.checkCaller("Wait")
	f := newFuture[struct{}](c.loop)
	c.loop.mu.Lock()
	defer c.loop.mu.Unlock()
	f.begin(c.loop, c.labelFor("wait"), nil)
	c.touch(writing)
	c.waiters.wait(&c.object, f, false)
	return f
}

// Notify wakes those n who have waited longest, or all if there are fewer, and
// returns how many it woke. Who begins to wait after that, in a handler of theirs
// say, is not among them. It panics if n is negative.
func (c *Condition) Notify(n int) int {
	c.loop.checkCaller("Notify")
	if n < 0 {
		panic(fmt.Sprintf("fakeloop: Notify(%d); NotifyAll wakes all who wait", n))
	}
	c.loop.mu.Lock()
	defer c.loop.mu.Unlock()
	return c.notify(n)
}

// NotifyAll wakes all who wait, and returns how many they were.
func (c *Condition) NotifyAll() int {
	c.loop.checkCaller("NotifyAll")
	c.loop.mu.Lock()
	defer c.loop.mu.Unlock()
	return c.notify(c.waiters.len())
}

func (c *Condition) notify(n int) int {
	c.touch(writing)
	woken := 0
	for woken < n && c.waiters.wake(&c.object) {
		woken++
	}
	return woken
}

// String names the condition and says how many wait.
func (c *Condition) String() string {
	c.loop.mu.Lock()
	defer c.loop.mu.Unlock()
	return fmt.Sprintf("condition %s, %d waiting", describe(c.id, c.label), c.waiters.len())
}

// GomegaString is what Gomega prints for a condition.
func (c *Condition) GomegaString() string { return c.String() }
