package futures_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// dummy is a future that is settled, waited for and observed, each in a way that can be
// replaced by one that does nothing, or does it twice.
type dummy struct {
	mu      sync.Mutex
	settled bool
	v       any
	err     error
	done    chan struct{}
	on      []func(any, error)
	report  *func(error)
}

// edit says what is wrong with a dummy; the zero value is right.
type edit struct {
	never, nothing, twice, drops, again bool
}

func (d *dummy) settle(e edit, v any, err error) error {
	if e.never {
		return nil
	}
	d.mu.Lock()
	if d.settled && !e.twice {
		d.mu.Unlock()
		return futures.ErrRefused
	}
	d.v, d.err = v, err
	if err != nil {
		d.v = nil
	}
	if !d.settled {
		close(d.done)
	}
	d.settled = true
	on := d.on
	if !e.twice {
		d.on = nil
	}
	d.mu.Unlock()
	for _, f := range on {
		d.call(e, f)
	}
	return nil
}

func (d *dummy) call(e edit, f func(any, error)) {
	go func() {
		defer func() {
			if v := recover(); v != nil {
				if *d.report != nil {
					(*d.report)(fmt.Errorf("panic: %v", v))
				}
			}
		}()
		d.mu.Lock()
		v, err := d.v, d.err
		d.mu.Unlock()
		f(v, err)
		if e.again {
			f(v, err)
		}
	}()
}

func (d *dummy) await(e edit, ctx context.Context) (any, error) {
	if e.nothing {
		return nil, nil
	}
	select {
	case <-d.done:
	case <-ctx.Done():
		select {
		case <-d.done: // the outcome wins
		default:
			return nil, ctx.Err()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.v, d.err
}

func (d *dummy) observe(e edit, f func(any, error)) {
	if f == nil {
		panic("nil")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case e.drops:
	case d.settled:
		d.call(e, f)
	default:
		d.on = append(d.on, f)
	}
}

// then is a derived future.
func (d *dummy) then(e edit, f func(any) (any, error)) *dummy {
	out := &dummy{done: make(chan struct{}), report: d.report}
	d.observe(e, func(v any, err error) {
		finished := false
		defer func() {
			if p := recover(); p != nil || !finished {
				_ = out.settle(e, nil, fmt.Errorf("panic: %v", p))
			}
		}()
		if err == nil {
			v, err = f(v)
		}
		finished = true
		_ = out.settle(e, v, err)
	})
	return out
}

func dummyAdapter(name string, e edit) futures.Adapter {
	report := new(func(error))
	wrap := func(d *dummy) futures.Case {
		return futures.Case{
			Settle: func(v any, err error) error { return d.settle(e, v, err) },
			Await:  func(ctx context.Context) (any, error) { return d.await(e, ctx) },
			Impl:   d,
		}
	}
	return futures.Adapter{
		Name:   name,
		Caps:   futures.Caps{OwnDeadline: true, Async: true, SecondSettle: futures.Reported},
		New:    func() futures.Case { return wrap(&dummy{done: make(chan struct{}), report: report}) },
		Errors: func(f func(error)) { *report = f },
		OnDone: func(c futures.Case, f func(any, error)) func() bool {
			c.Impl.(*dummy).observe(e, f)
			return nil
		},
		Then: func(c futures.Case, f func(any) (any, error)) futures.Case {
			return wrap(c.Impl.(*dummy).then(e, f))
		},
	}
}

// A future that does nothing, or everything twice, must break nearly all that a library
// with these functions is asked for; what it keeps has been looked at.
func TestDummies(t *testing.T) {
	for _, d := range []struct {
		name string
		edit edit
		bad  int
		kept string // if there are few
	}{
		{"does what it should", edit{}, 0, ""},
		{"never settles", edit{never: true}, 59, "1 19 22 23"},
		{"is always nil", edit{nothing: true}, 47, "8 19 23 27 28 29 30 34 37 38 39 40 47 62 72"},
		{"settles twice", edit{twice: true}, 7, ""},
		{"drops handlers", edit{drops: true}, 44, "1 2 3 8 9 12 15 16 17 18 19 20 21 22 23 24 58 86 162"},
		{"runs handlers twice", edit{again: true}, 20, ""},
	} {
		if futures.RaceEnabled && (d.edit.nothing || d.edit.again) {
			continue // who does not wait, or calls a handler again behind a check, races with it
		}
		t.Run(d.name, func(t *testing.T) {
			bad := 0
			var kept []string
			for _, p := range futures.Properties() {
				if p.Level == futures.Stochastic {
					continue // a few rounds in which chance decides
				}
				worst := futures.NotApplicable
				for _, when := range p.Whens() {
					r := futures.Quick(dummyAdapter(d.name, d.edit)).Check(t, p, when)
					worst = futures.Worst([]futures.Result{{Status: worst}, r})
				}
				switch worst {
				case futures.OK:
					if p.Level != futures.Info {
						kept = append(kept, p.ID())
					}
				case futures.NotApplicable:
				default:
					bad++
				}
			}
			if text := strings.Join(kept, " "); bad != d.bad || d.kept != "" && text != d.kept {
				t.Errorf("it breaks %d properties, and keeps %q; expected %d and %q", bad, text, d.bad, d.kept)
			}
		})
	}
}
