package asynctest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// The matchers on when and how a future settles take every kind of future, too.
func TestTimeAndCancellationOfEveryKind(t *testing.T) {
	for _, k := range kinds() {
		// after returns a future that a callback settles in an hour.
		after := func(s *scene, err error) *AnyFuture {
			f, settle := k.make(s)
			s.loop.AfterFunc(time.Hour, func() { settle(err) })
			return On(s.loop, f)
		}
		var outcome error
		if k.only == "rejected" {
			outcome = errBoom
		}
		for name, check := range map[string]func(s *scene) error{
			"settles at":         func(s *scene) error { return yes(SettleAt(time.Hour), after(s, outcome)) },
			"settles at another": func(s *scene) error { return no(SettleAt(time.Minute), after(s, outcome)) },
			"settles within":     func(s *scene) error { return yes(SettleWithin(time.Hour), after(s, outcome)) },
			"settles later":      func(s *scene) error { return no(SettleWithin(time.Minute), after(s, outcome)) },
			"is cancelled": func(s *scene) error {
				return says(BeCancelled(), after(s, context.Canceled), k.only != "resolved" && !errors.Is(k.rejection, ErrBroken))
			},
			"is not cancelled": func(s *scene) error { return says(BeCancelled(), after(s, outcome), k.only == "rejected") },
		} {
			synctest.Test(t, func(t *testing.T) {
				s := newScene()
				defer s.close()
				if err := check(s); err != nil {
					t.Errorf("%s: %s: %v", k.name, name, err)
				}
			})
		}
	}
}
