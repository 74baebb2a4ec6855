package asynctest

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/onsi/gomega/types"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// constructors is what the checks are run against: the real ones, or those of a
// mutant.
type constructors struct {
	bePending   func() types.GomegaMatcher
	beResolved  func() types.GomegaMatcher
	beRejected  func() types.GomegaMatcher
	resolveWith func(any) types.GomegaMatcher
	rejectWith  func(...any) types.GomegaMatcher
	errorAs     func(...types.GomegaMatcher) types.GomegaMatcher // *fs.PathError
	neverBlock  func(...BlockOption) types.GomegaMatcher
	blockOn     func(blocking.Resource) types.GomegaMatcher
	blockAt     func(string) types.GomegaMatcher
	asFuture    func(any, ...FutureOption) any
	on          func(*fakeloop.Loop, any, ...FutureOption) any
}

func genuine() constructors {
	return constructors{
		bePending:   BePending,
		beResolved:  BeResolved,
		beRejected:  BeRejected,
		resolveWith: ResolveWith,
		rejectWith:  RejectWith,
		errorAs:     ErrorAs[*fs.PathError],
		neverBlock:  NeverBlock,
		blockOn:     BlockOn,
		blockAt:     BlockAt,
		asFuture:    func(a any, o ...FutureOption) any { return AsFuture(a, o...) },
		on:          func(l *fakeloop.Loop, a any, o ...FutureOption) any { return On(l, a, o...) },
	}
}

// check is one named statement about the matchers. Its name is
// matcher/subject/statement.
type check struct {
	name string
	run  func(c constructors, s *scene) error
	// outside is for what cannot be in a synctest bubble, such as a recording.
	outside bool
}

// scene is the surroundings of one check, cleared away after it.
type scene struct {
	loop     *fakeloop.Loop
	end      chan struct{} // closed when the check is over
	cleanups []func()
	others   sync.WaitGroup
}

func newScene() *scene {
	s := &scene{loop: fakeloop.New(fakeloop.Config{}), end: make(chan struct{})}
	s.cleanup(func() { close(s.end) })
	return s
}

func (s *scene) cleanup(f func()) { s.cleanups = append(s.cleanups, f) }

func (s *scene) close() {
	for _, f := range slices.Backward(s.cleanups) {
		f()
	}
	s.others.Wait()
	_ = s.loop.Close()
}

// later does something a second later, on a goroutine of its own. In a bubble
// that is after everything else has come to rest.
func (s *scene) later(f func()) {
	s.others.Go(func() {
		time.Sleep(time.Second)
		f()
	})
}

// allChecks is the table.
func allChecks() []check {
	return slices.Concat(kindChecks(), pendingChecks(), valueChecks(), errorChecks(), waitChecks(),
		functionChecks(), oracleChecks(), inputChecks(), blockChecks(), recordChecks())
}

// verdict runs one check in a bubble, where time is virtual: a wait for the guard
// costs nothing, and whoever sleeps wakes only after all others have come to rest.
// A goroutine that a check leaves behind is a failure too.
func (k check) verdict(t *testing.T, c constructors) (err error) {
	if k.outside {
		return k.inScene(c)
	}
	defer func() {
		if e := recover(); e != nil {
			err = errors.Join(err, fmt.Errorf("panic: %v", e))
		}
	}()
	synctest.Test(t, func(*testing.T) { err = k.inScene(c) })
	return err
}

func (k check) inScene(c constructors) (err error) {
	s := newScene()
	defer s.close()
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("panic: %v", e)
		}
	}()
	return k.run(c, s)
}

func TestChecks(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range allChecks() {
		if seen[k.name] {
			t.Errorf("two checks are called %q", k.name)
		}
		seen[k.name] = true
		t.Run(k.name, func(t *testing.T) {
			if err := k.verdict(t, genuine()); err != nil {
				t.Error(err)
			}
		})
	}
}

// yes and no say what the matcher must say of actual, and that it says it without
// an error.
func yes(m types.GomegaMatcher, actual any) error { return says(m, actual, true) }
func no(m types.GomegaMatcher, actual any) error  { return says(m, actual, false) }

func says(m types.GomegaMatcher, actual any, wanted bool) error {
	got, err := m.Match(actual)
	switch {
	case err != nil:
		return fmt.Errorf("error: %w", err)
	case got == wanted:
		return nil
	}
	return fmt.Errorf("the matcher says %v of a %T", got, actual)
}

// fails says that the matcher must return an error, which fails To and NotTo
// alike.
func fails(m types.GomegaMatcher, actual any) error {
	got, err := m.Match(actual)
	switch {
	case err == nil:
		return fmt.Errorf("the matcher returned no error for a %T", actual)
	case got:
		return errors.New("the matcher returned an error and true")
	}
	return nil
}

func thatIs(what string, ok bool) error {
	if ok {
		return nil
	}
	return errors.New(what)
}
