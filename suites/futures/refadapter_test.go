package futures_test

import (
	"context"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// The reference library declares one policy or another.
var (
	onLoop = futures.Caps{
		Panic: futures.Contain, SecondSettle: futures.Reported, LateCancel: futures.Reported,
		Ordered: true, Async: true, LoopAffine: true, FailFast: true, OwnDeadline: true, CtxCause: true, CauseKept: true,
		Broken: true, Debug: true, LookCounts: true,
	}
	onGoroutines = futures.Caps{
		Panic: futures.Contain, NilReject: futures.NilPanics,
		Async: true, OwnDeadline: true, CtxCause: true, CauseKept: true, WrapsOnce: true, CancelsUp: true,
	}
	propagating = futures.Caps{Panic: futures.Propagate, SecondSettle: futures.Panics, LateCancel: futures.Panics, Async: true}
	crashing    = futures.Caps{Panic: futures.Crashes, Async: true, OwnDeadline: true, LookCounts: true}
)

// reference is the adapter of the reference library with a flaw, or none.
func reference(name, flaw string, caps futures.Caps) futures.Adapter {
	var w *refWorld
	impl := func(c futures.Case) *ref {
		f, _ := c.Impl.(*ref)
		return f
	}
	impls := func(cs []futures.Case) (out []*ref) {
		for _, c := range cs {
			out = append(out, impl(c))
		}
		return out
	}
	wrap := func(f *ref) futures.Case { return futures.Case{Await: f.await, Impl: f} }
	many := func(combine func(w *refWorld, fs ...*ref) *ref) func(...futures.Case) futures.Case {
		return func(cs ...futures.Case) futures.Case { return wrap(combine(w, impls(cs)...)) }
	}
	a := futures.Adapter{
		Name:  name,
		Caps:  caps,
		Setup: func() { w = newRefWorld(flaw, caps) },
		Close: func() { _, _ = w.stop() },
		New: func() futures.Case {
			f := w.fresh()
			return futures.Case{Settle: f.settle, Await: f.await, Impl: f}
		},
		Peek:  func(c futures.Case) (any, error, bool) { return impl(c).peek() },
		Spawn: func(task func(context.Context) (any, error)) futures.Case { return wrap(w.spawn(task)) },
		Start: func(executor func(func(any, error))) futures.Case { return wrap(w.start(executor)) },
		RejectNil: func(c futures.Case) error {
			return impl(c).rejectNil()
		},
		Zero: func() futures.Case {
			var f ref
			if w.has("the zero value takes a settle in silence") {
				f.w, f.done, f.locked = w, make(chan struct{}), true
			}
			return futures.Case{Settle: f.settle, Await: f.await, Impl: &f}
		},
		Abandon: func(c futures.Case) { impl(c).abandon() },
		String:  func(c futures.Case) string { return impl(c).describe() },
		OnDone:  func(c futures.Case, cb func(any, error)) func() bool { return impl(c).on(cb, true) },
		Then: func(c futures.Case, f func(any) (any, error)) futures.Case {
			return wrap(impl(c).both(f, nil))
		},
		Catch: func(c futures.Case, f func(error) (any, error)) futures.Case {
			return wrap(impl(c).both(nil, f))
		},
		Both: func(c futures.Case, ok func(any) (any, error), bad func(error) (any, error)) futures.Case {
			return wrap(impl(c).both(ok, bad))
		},
		CatchIs: func(c futures.Case, target error, f func(error) (any, error)) futures.Case {
			return wrap(impl(c).catchIs(target, f))
		},
		Finally: func(c futures.Case, f func() error) futures.Case { return wrap(impl(c).finally(f)) },
		Flat: func(c futures.Case, f func(any) futures.Case) futures.Case {
			return wrap(impl(c).flat(func(v any) (*ref, bool) {
				inner := impl(f(v))
				return inner, inner != nil
			}))
		},
		Adopt:      func(outer, inner futures.Case) error { return impl(outer).adopt(impl(inner)) },
		Link:       func(src, dst futures.Case) { impl(src).link(impl(dst)) },
		Remote:     func(c futures.Case) futures.Case { return wrap(impl(c).remote()) },
		All:        many((*refWorld).all),
		Any:        many((*refWorld).any),
		Race:       many((*refWorld).race),
		AllSettled: many((*refWorld).allSettled),
		AsCompleted: func(cs ...futures.Case) func(context.Context) (futures.Outcome, bool) {
			return w.asCompleted(impls(cs)...)
		},
		Cancel:   func(c futures.Case, cause error) error { return impl(c).cancel(cause) },
		OnCancel: func(c futures.Case, canceller func(error)) { impl(c).onCancel(canceller) },
		Shield:   func(c futures.Case) futures.Case { return wrap(impl(c).shield()) },
		Timeout: func(c futures.Case, d time.Duration) futures.Case {
			return wrap(impl(c).timeout(d, refTimeout{d}))
		},
		TimeoutAs: func(c futures.Case, d time.Duration, err error) futures.Case {
			if w.has("a timeout ignores the caller's error") {
				err = refTimeout{d}
			}
			return wrap(impl(c).timeout(d, err))
		},
		Unobserved:   func(report func(error)) { w.sinks = append(w.sinks, report) },
		HandledLater: func(report func(error)) { w.later = append(w.later, report) },
		Quiet:        func(c futures.Case) { impl(c).quieten() },
		Flush:        func() { w.flush() },
		Errors:       func(report func(error)) { w.errs = append(w.errs, report) },
	}
	if caps.Debug {
		a.Debug = func(on bool) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.debug = on
		}
		a.Site = func(c futures.Case) string { return impl(c).site }
		a.Trace = func(c futures.Case) []string { return impl(c).trace() }
	}
	if !caps.LoopAffine {
		return a
	}
	a.Post = func(f func()) error { return w.post(f) }
	a.OnLoop = func() bool { return w.onLoop() }
	a.After = func(d time.Duration, f func()) { w.after(d, f) }
	a.RunFor = func(c futures.Case) (any, error) {
		v, err := c.Await(context.Background())
		if w.has("running the loop for a future drops its error") {
			err = nil
		}
		return v, err
	}
	a.Stop = func() ([]string, error) { return w.stop() }
	a.Watch = func(body func()) ([]string, error) { return w.watch(body) }
	return a
}
