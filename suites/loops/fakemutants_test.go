package loops_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/loops"
)

// bent is fakeloop with some of its functions replaced.
func bent(name, kills string, edit func(*loops.Loop)) mutant {
	return mutant{name: name, whole: loops.Fakeloop, kills: kills, loop: func(mode loops.Mode) loops.Adapter {
		a := loops.Fakeloop(mode)
		straight := a.New
		a.New = func(o loops.Options) *loops.Loop {
			l := straight(o)
			edit(l)
			return l
		}
		return a
	}}
}

// misled is fakeloop with other options than those asked for.
func misled(name, kills string, edit func(*loops.Options)) mutant {
	return mutant{name: name, whole: loops.Fakeloop, kills: kills, loop: func(mode loops.Mode) loops.Adapter {
		a := loops.Fakeloop(mode)
		straight := a.New
		a.New = func(o loops.Options) *loops.Loop {
			edit(&o)
			return straight(o)
		}
		return a
	}}
}

// facing is a mutant that faces only the cases it breaks, since others would take it
// too long: in a bubble, and on a wall clock that goes on while something runs.
func facing(name, kills string, edit func(*loops.Loop)) mutant {
	m := bent(name, "", edit).in(elsewhere{loops.Bubble: kills, loops.Wall: kills})
	all := m.loop
	m.loop = func(mode loops.Mode) loops.Adapter {
		a := all(mode)
		if mode == loops.Wall {
			a.Around = func(body func()) { body() }
		}
		a.Skip = map[string]string{}
		for _, c := range loops.Cases() {
			if !slices.Contains(strings.Fields(kills), c.ID()) {
				a.Skip[c.ID()] = "it would take too long"
			}
		}
		return a
	}
	return m
}

// bentFuture is a future with some of its methods replaced.
type bentFuture struct {
	loops.Future
	edit *futureEdit
}

// futureEdit replaces methods; nil leaves one as it is.
type futureEdit struct {
	made      func(p loops.Promise)
	resolve   func(p loops.Promise, v any) bool
	reject    func(p loops.Promise, err error) bool
	onSettled func(f loops.Future, fn func(any, error))
	then      func(f loops.Future, fn func(any) (any, error)) loops.Future
	cancel    func(f loops.Future, cause error) bool
	outcome   func(f loops.Future) (any, error, bool)
}

// promises replaces methods of all promises of a loop and of their futures.
func promises(e futureEdit) func(*loops.Loop) {
	return func(l *loops.Loop) {
		create, wait, timeout, start := l.NewPromise, l.Wait, l.Timeout, l.Go
		l.NewPromise = func(label string) loops.Promise {
			p := create(label)
			if e.made != nil {
				e.made(p)
			}
			return bentPromise{p, &e}
		}
		l.Wait = func(f loops.Future) (any, error) { return wait(straightened(f)) }
		l.Timeout = func(f loops.Future, d time.Duration) loops.Future { return timeout(straightened(f), d) }
		l.Go = func(label string, body func(loops.Coroutine) (any, error)) loops.Future {
			return start(label, func(c loops.Coroutine) (any, error) { return body(bentCoroutine{c}) })
		}
	}
}

type bentPromise struct {
	loops.Promise
	edit *futureEdit
}

func (p bentPromise) Future() loops.Future { return bentFuture{p.Promise.Future(), p.edit} }

func (p bentPromise) Resolve(v any) bool {
	if p.edit.resolve != nil {
		return p.edit.resolve(p.Promise, v)
	}
	return p.Promise.Resolve(v)
}

func (p bentPromise) Reject(err error) bool {
	if p.edit.reject != nil {
		return p.edit.reject(p.Promise, err)
	}
	return p.Promise.Reject(err)
}

func (f bentFuture) OnSettled(fn func(any, error)) {
	if f.edit.onSettled != nil {
		f.edit.onSettled(f.Future, fn)
		return
	}
	f.Future.OnSettled(fn)
}

func (f bentFuture) Then(fn func(any) (any, error)) loops.Future {
	if f.edit.then != nil {
		return f.edit.then(f.Future, fn)
	}
	return f.Future.Then(fn)
}

func (f bentFuture) Cancel(cause error) bool {
	if f.edit.cancel != nil {
		return f.edit.cancel(f.Future, cause)
	}
	return f.Future.Cancel(cause)
}

func (f bentFuture) Outcome() (any, error, bool) {
	if f.edit.outcome != nil {
		return f.edit.outcome(f.Future)
	}
	return f.Future.Outcome()
}

// straightened is the future that fakeloop's own functions know.
func straightened(f loops.Future) loops.Future {
	if b, ok := f.(bentFuture); ok {
		return b.Future
	}
	return f
}

type bentCoroutine struct{ loops.Coroutine }

func (c bentCoroutine) Await(f loops.Future) (any, error) { return c.Coroutine.Await(straightened(f)) }

// stubborn is a coroutine that waits until what it waits for is settled, and for ever
// if need be.
type stubborn struct{ loops.Coroutine }

func (c stubborn) Await(f loops.Future) (any, error) {
	v, err := c.Coroutine.Await(f)
	if _, _, settled := f.Outcome(); !settled {
		select {}
	}
	return v, err
}

var fakeloopMutants = []mutant{
	misled("the seed is ignored", "27b", func(o *loops.Options) { o.Seed = 0 }),
	misled("each loop has another seed", "27b", func() func(*loops.Options) {
		made := uint64(0)
		return func(o *loops.Options) {
			if o.Seed != 0 {
				made++
				o.Seed = made
			}
		}
	}()),
	misled("strict mode is not strict", "30", func(o *loops.Options) { o.Strict = false }),
	facing("a foreign post comes when the sleep is over", "3b 28b 30 31 33b", func(l *loops.Loop) {
		post := l.PostFrom
		l.PostFrom = func(f func()) error {
			time.AfterFunc(600*time.Millisecond, func() { _ = post(f) })
			return nil
		}
	}).in(elsewhere{loops.Wall: "3b 28b 30 31 33b"}),
	bent("Jump has work back before it is done", "32b", func(l *loops.Loop) {
		l.Jump = func(work, done func()) func() {
			go work()
			return l.Offload(func() {}, done)
		}
	}),
	bent("lock step does not look at the real time", "32c", func(l *loops.Loop) { l.LockStep = l.Jump }),

	bent("an error that nobody looked at is dropped", "38a 39a", promises(futureEdit{
		made: func(p loops.Promise) { p.Future().OnSettled(func(any, error) {}) },
	})),
	bent("a rejection is reported whoever looked at it", "38a 38b 39a 39b", func(l *loops.Loop) {
		var rejected []error
		promises(futureEdit{reject: func(p loops.Promise, err error) bool {
			rejected = append(rejected, err)
			return p.Reject(err)
		}})(l)
		closeLoop := l.Close
		l.Close = func() error { return errors.Join(append(rejected, closeLoop())...) }
	}),
	bent("a handler of a settled future is called at once", "40", promises(futureEdit{
		onSettled: func(f loops.Future, fn func(any, error)) {
			if v, err, settled := f.Outcome(); settled {
				fn(v, err)
				return
			}
			f.OnSettled(fn)
		},
	})),
	bent("Resolve always says yes", "41a 41b", promises(futureEdit{
		resolve: func(p loops.Promise, v any) bool {
			p.Resolve(v)
			return true
		},
	})),
	bent("settling what is cancelled panics", "41a 41b", promises(futureEdit{
		reject: func(p loops.Promise, err error) bool {
			if !p.Reject(err) {
				panic("settled twice")
			}
			return true
		},
	})),
	bent("a chain keeps the text of the error only", "42a 42b", promises(futureEdit{
		then: func(f loops.Future, fn func(any) (any, error)) loops.Future {
			return textOnly{f.Then(fn)}
		},
	})),
	bent("a cancellation has no cause", "41b 42b", promises(futureEdit{
		cancel: func(f loops.Future, _ error) bool { return f.Cancel(errors.New("cancelled")) },
	})),
	bent("Close leaves futures pending", "43b", func(l *loops.Loop) {
		closed := false
		promises(futureEdit{outcome: func(f loops.Future) (any, error, bool) {
			v, err, settled := f.Outcome()
			return v, err, settled && !closed
		}})(l)
		closeLoop := l.Close
		l.Close = func() error {
			closed = true
			return closeLoop()
		}
	}),
	bent("waiting in vain does not say for what", "46", func(l *loops.Loop) {
		wait := l.Wait
		l.Wait = func(f loops.Future) (any, error) {
			v, err := wait(f)
			if err != nil {
				err = errors.New("timed out")
			}
			return v, err
		}
	}),
	bent("a timeout comes a moment early", "25a 25b", func(l *loops.Loop) {
		timeout := l.Timeout
		l.Timeout = func(f loops.Future, d time.Duration) loops.Future { return timeout(f, d-1) }
	}),
	bent("a timeout never comes", "25b", func(l *loops.Loop) {
		l.Timeout = func(f loops.Future, _ time.Duration) loops.Future { return f }
	}),
	bent("a tick does not wait for the one before", "50", func(l *loops.Loop) {
		l.EveryAsync = func(period time.Duration, body func(loops.Coroutine)) func() {
			stop, _ := l.Every(period, func() {
				l.Go("tick", func(c loops.Coroutine) (any, error) {
					body(c)
					return nil, nil
				})
			})
			return stop
		}
	}),
	bent("the clock leaves out what callbacks take", "", func(l *loops.Loop) {
		var taken time.Duration
		post, now := l.Post, l.Now
		l.Post = func(f func()) {
			post(func() {
				begin := time.Now()
				defer func() { taken += time.Since(begin) }()
				f()
			})
		}
		l.Now = func() time.Duration { return now() - taken }
	}).in(elsewhere{loops.Bubble: "10 21c 53b"}),
	bent("Close does nothing", "38a 39a 43a 43b 44a 45 55a", func(l *loops.Loop) {
		l.Close = func() error { return nil }
	}).in(neverEnds),
	facing("Close runs what is left first", "43a", func(l *loops.Loop) {
		closeLoop := l.Close
		l.Close = func() error { return errors.Join(l.Drive(), closeLoop()) }
	}),
	bent("a wait that Close interrupts goes on", "", func(l *loops.Loop) {
		start := l.Go
		l.Go = func(label string, body func(loops.Coroutine) (any, error)) loops.Future {
			return start(label, func(c loops.Coroutine) (any, error) { return body(stubborn{c}) })
		}
	}).in(elsewhere{loops.Bubble: "55a", loops.Wall: "55a"}),
	bent("Close does not wait for the callback in progress", "", func(l *loops.Loop) {
		var mu sync.Mutex
		running := 0
		add := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			running += n
		}
		post, closeLoop := l.Post, l.Close
		l.Post = func(f func()) {
			post(func() {
				add(1)
				defer add(-1)
				f()
			})
		}
		l.Close = func() error {
			mu.Lock()
			busy := running > 0
			mu.Unlock()
			if busy {
				go func() { _ = closeLoop() }()
				return nil
			}
			return closeLoop()
		}
	}).in(elsewhere{loops.Bubble: "44a 55b", loops.Wall: "44a 55b"}),
	bent("the list of what is pending leaves out timers", "43c", func(l *loops.Loop) {
		pending := l.Pending
		l.Pending = func() []string {
			return slices.DeleteFunc(pending(), func(item string) bool { return strings.HasPrefix(item, "timer") })
		}
	}),
	facing("cancelling looks through all timers", "14b", func(l *loops.Loop) {
		var all []loops.Timer
		after, stop := l.After, l.Stop
		l.After = func(d time.Duration, f func()) loops.Timer {
			timer := after(d, f)
			all = append(all, timer)
			return timer
		}
		l.Stop = func(t loops.Timer) bool { return slices.Contains(all, t) && stop(t) }
	}).in(elsewhere{loops.Wall: "14b"}),
	facing("timers wait until nothing is ready", "33a", func(l *loops.Loop) {
		ready := 0 // on the loop
		post, after := l.Post, l.After
		l.Post = func(f func()) {
			ready++
			post(func() {
				ready--
				f()
			})
		}
		l.After = func(d time.Duration, f func()) loops.Timer {
			var again func()
			again = func() {
				if ready == 0 {
					f()
					return
				}
				after(0, again)
			}
			return after(d, again)
		}
	}).in(elsewhere{loops.Wall: "33a"}),
}

// textOnly is a future whose errors have lost their identity.
type textOnly struct{ loops.Future }

func (f textOnly) OnSettled(fn func(any, error)) {
	f.Future.OnSettled(func(v any, err error) {
		if err != nil {
			err = errors.New(err.Error())
		}
		fn(v, err)
	})
}

func (f textOnly) Then(fn func(any) (any, error)) loops.Future { return textOnly{f.Future.Then(fn)} }
