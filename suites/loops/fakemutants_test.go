package loops_test

import (
	"errors"
	"sync"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/loops"
)

// bent is fakeloop with one of its functions replaced.
func bent(name string, mode loops.Mode, kills string, edit func(*loops.Loop)) mutant {
	a := loops.Fakeloop(mode)
	straight := a.New
	a.New = func(o loops.Options) *loops.Loop {
		l := straight(o)
		edit(l)
		return l
	}
	return mutant{name: name, loop: a, kills: kills}
}

// misled is fakeloop with other options than those asked for.
func misled(name, kills string, edit func(*loops.Options)) mutant {
	a := loops.Fakeloop(loops.Virtual)
	straight := a.New
	a.New = func(o loops.Options) *loops.Loop {
		edit(&o)
		return straight(o)
	}
	return mutant{name: name, loop: a, kills: kills}
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
	bent("a foreign post comes when the sleep is over", loops.Wall, "3b 28b 30 31 33b", func(l *loops.Loop) {
		post := l.PostFrom
		l.PostFrom = func(f func()) error {
			time.AfterFunc(600*time.Millisecond, func() { _ = post(f) })
			return nil
		}
	}),
	bent("Jump has work back before it is done", loops.Virtual, "32b", func(l *loops.Loop) {
		l.Jump = func(work, done func()) func() {
			go work()
			return l.Offload(func() {}, done)
		}
	}),
	bent("lock step does not look at the real time", loops.Virtual, "32c", func(l *loops.Loop) { l.LockStep = l.Jump }),

	bent("an error that nobody looked at is dropped", loops.Virtual, "38a 39a", promises(futureEdit{
		made: func(p loops.Promise) { p.Future().OnSettled(func(any, error) {}) },
	})),
	bent("a rejection is reported whoever looked at it", loops.Virtual, "38a 38b 39a 39b", func(l *loops.Loop) {
		var rejected []error
		promises(futureEdit{reject: func(p loops.Promise, err error) bool {
			rejected = append(rejected, err)
			return p.Reject(err)
		}})(l)
		closeLoop := l.Close
		l.Close = func() error { return errors.Join(append(rejected, closeLoop())...) }
	}),
	bent("a handler of a settled future is called at once", loops.Virtual, "40", promises(futureEdit{
		onSettled: func(f loops.Future, fn func(any, error)) {
			if v, err, settled := f.Outcome(); settled {
				fn(v, err)
				return
			}
			f.OnSettled(fn)
		},
	})),
	bent("Resolve always says yes", loops.Virtual, "41a 41b", promises(futureEdit{
		resolve: func(p loops.Promise, v any) bool {
			p.Resolve(v)
			return true
		},
	})),
	bent("settling what is cancelled panics", loops.Virtual, "41a 41b", promises(futureEdit{
		reject: func(p loops.Promise, err error) bool {
			if !p.Reject(err) {
				panic("settled twice")
			}
			return true
		},
	})),
	bent("a chain keeps the text of the error only", loops.Virtual, "42a 42b", promises(futureEdit{
		then: func(f loops.Future, fn func(any) (any, error)) loops.Future {
			return textOnly{f.Then(fn)}
		},
	})),
	bent("a cancellation has no cause", loops.Virtual, "41b 42b", promises(futureEdit{
		cancel: func(f loops.Future, _ error) bool { return f.Cancel(errors.New("cancelled")) },
	})),
	bent("Close leaves futures pending", loops.Virtual, "43b", func(l *loops.Loop) {
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
	bent("waiting in vain does not say for what", loops.Virtual, "46", func(l *loops.Loop) {
		wait := l.Wait
		l.Wait = func(f loops.Future) (any, error) {
			v, err := wait(f)
			if err != nil {
				err = errors.New("timed out")
			}
			return v, err
		}
	}),
	bent("a timeout comes a moment early", loops.Virtual, "25a 25b", func(l *loops.Loop) {
		timeout := l.Timeout
		l.Timeout = func(f loops.Future, d time.Duration) loops.Future { return timeout(f, d-1) }
	}),
	bent("a timeout never comes", loops.Virtual, "25b", func(l *loops.Loop) {
		l.Timeout = func(f loops.Future, _ time.Duration) loops.Future { return f }
	}),
	bent("a tick does not wait for the one before", loops.Virtual, "50", func(l *loops.Loop) {
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
	bent("the clock leaves out what callbacks take", loops.Bubble, "10 21c 53b", func(l *loops.Loop) {
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
	}),
	bent("Close does nothing", loops.Virtual, "38a 39a 43a 43b 44a 45 55a", func(l *loops.Loop) {
		l.Close = func() error { return nil }
	}),
	bent("Close does not wait for the callback in progress", loops.Wall, "44a 55b", func(l *loops.Loop) {
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
	}),
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
