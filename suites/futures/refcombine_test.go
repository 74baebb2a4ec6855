package futures_test

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// members registers with each of several futures.
func (w *refWorld) members(fs []*ref, each func(i int, v any, err error)) {
	for i, f := range fs {
		f.on(func(v any, err error) { each(i, v, err) }, false)
	}
}

func (w *refWorld) all(fs ...*ref) *ref {
	d := w.fresh(fs...)
	switch {
	case w.has("All of one future twice counts it once"):
		var once []*ref
		for _, f := range fs {
			if !slices.Contains(once, f) {
				once = append(once, f)
			}
		}
		fs = once
	case w.has("All of many forgets some") && len(fs) > 50:
		fs = fs[:50]
	}
	if len(fs) == 0 && !w.has("All of nothing stays pending") {
		d.pass([]any{}, nil)
		return d
	}
	var (
		mu      sync.Mutex
		left    = len(fs)
		results = make([]any, len(fs))
		order   []any
		failure error
	)
	if w.has("All waits for members that were settled before") {
		for _, f := range fs {
			w.mu.Lock()
			if f.settled {
				left++
			}
			w.mu.Unlock()
		}
	}
	w.members(fs, func(i int, v any, err error) {
		mu.Lock()
		defer mu.Unlock()
		left--
		results[i] = v
		order = append(order, v)
		switch {
		case err == nil:
		case failure == nil:
			failure = err
		case w.has("All has the last failure"):
			failure = err
		case w.has("All drops all failures but one"):
		case w.caps.FailFast:
			w.failed(err)
		default:
			failure = errors.Join(failure, err)
		}
		fast := w.caps.FailFast != w.has("All fails when it should not")
		switch {
		case failure != nil && err != nil && fast:
			if err == failure {
				d.pass(nil, failure)
			}
		case left > 0:
		case failure != nil:
			d.settleOnce(nil, failure)
		case w.has("the results of All are in the order of settling"):
			d.pass(order, nil)
		default:
			d.pass(results, nil)
		}
	})
	return d
}

// settleOnce settles a derived future unless it is settled.
func (d *ref) settleOnce(v any, err error) {
	d.w.mu.Lock()
	defer d.w.mu.Unlock()
	if !d.settled {
		d.finish(v, err)
	}
}

func (w *refWorld) any(fs ...*ref) *ref {
	d := w.fresh(fs...)
	if len(fs) == 0 {
		if w.has("Any of nothing succeeds") {
			d.pass(nil, nil)
			return d
		}
		d.pass(nil, errEmpty)
		return d
	}
	var mu sync.Mutex
	var failures []error
	w.members(fs, func(_ int, v any, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			d.settleOnce(v, nil)
			return
		}
		if failures = append(failures, err); len(failures) == len(fs) {
			if w.has("Any has the last failure only") {
				failures = failures[len(failures)-1:]
			}
			d.settleOnce(nil, errors.Join(failures...))
		}
	})
	return d
}

func (w *refWorld) race(fs ...*ref) *ref {
	d := w.fresh(fs...)
	if len(fs) == 0 {
		d.pass(nil, errEmpty)
		return d
	}
	w.members(fs, func(i int, v any, err error) {
		w.mu.Lock()
		late := d.settled
		if !late && (err == nil || !w.has("a race is won by values only")) {
			d.cancelled = isCancel(err)
			d.finish(v, err)
		}
		w.mu.Unlock()
		if late && err != nil && !isCancel(err) {
			w.late(err)
		}
	})
	return d
}

func (w *refWorld) allSettled(fs ...*ref) *ref {
	d := w.fresh(fs...)
	var mu sync.Mutex
	out := make([]futures.Outcome, len(fs))
	var order []futures.Outcome
	w.members(fs, func(i int, v any, err error) {
		mu.Lock()
		defer mu.Unlock()
		out[i] = futures.Outcome{Value: v, Err: err}
		order = append(order, out[i])
		if len(order) < len(fs) {
			return
		}
		if w.has("AllSettled is in the order of settling") {
			out = order
		}
		d.pass(out, nil)
	})
	return d
}

func (w *refWorld) asCompleted(fs ...*ref) func(context.Context) (futures.Outcome, bool) {
	out := make(chan futures.Outcome, len(fs))
	w.members(fs, func(_ int, v any, err error) { out <- futures.Outcome{Value: v, Err: err} })
	left := len(fs)
	return func(ctx context.Context) (futures.Outcome, bool) {
		if left == 0 {
			return futures.Outcome{}, false
		}
		left--
		select {
		case o := <-out:
			if o.Err != nil && w.has("the iteration ends at an error") {
				left = 0
			}
			return o, true
		case <-ctx.Done():
			return futures.Outcome{}, false
		}
	}
}
