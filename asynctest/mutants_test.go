package asynctest

import (
	"context"
	"errors"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega/types"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// mutant is a set of matchers with one behavioural edit, and the checks that must
// notice it: exactly those, no fewer and no more.
type mutant struct {
	name  string
	edit  func(c *constructors)
	kills []string // names of checks, or patterns of path.Match
}

// altered is a matcher whose verdict was replaced.
type altered struct {
	types.GomegaMatcher
	match func(actual any) (bool, error)
}

func (m altered) Match(actual any) (bool, error) { return m.match(actual) }

func (m altered) MatchMayChangeInTheFuture(actual any) bool {
	return types.MatchMayChangeInTheFuture(m.GomegaMatcher, actual)
}

// silent is a matcher that does not know when nothing can change.
type silent struct{ types.GomegaMatcher }

// onSeen alters a matcher on futures so that it decides by what was seen.
func onSeen(m types.GomegaMatcher, verdict func(s sight) bool) types.GomegaMatcher {
	var o observer
	return altered{m, func(actual any) (bool, error) {
		if err := o.observe("mutant", actual); err != nil {
			return false, err
		}
		return verdict(o.seen), nil
	}}
}

// misread alters how AsFuture and On understand what they receive.
func misread(c *constructors, read func(s *source, value any, err error) (any, error)) {
	alter := func(f *AnyFuture) any {
		if f.of != nil && f.of.own == nil {
			original := f.of.read
			f.of.read = func(v reflect.Value, ok bool) (any, error) {
				value, err := original(v, ok)
				return read(f.of, value, err)
			}
		}
		return f
	}
	c.asFuture = func(a any, o ...FutureOption) any { return alter(AsFuture(a, o...)) }
	c.on = func(l *fakeloop.Loop, a any, o ...FutureOption) any { return alter(On(l, a, o...)) }
}

func mutants() []mutant {
	return []mutant{
		{"BePending that drives the loop", func(c *constructors) {
			c.bePending = func() types.GomegaMatcher {
				return onSeen(BePending(), func(s sight) bool { return s.state == pending })
			}
		}, []string{"BePending/*/later *", "BePending/*/leaves *", "BePending/AsFuture/*", "BePending/func/*", "RejectWith/func/WithContext"}},
		{"BePending that looks at the error", func(c *constructors) {
			c.bePending = func() types.GomegaMatcher {
				m := BePending()
				return altered{m, func(actual any) (bool, error) {
					if f, ok := actual.(fakeloop.Awaitable); ok && !isNilFuture(f) {
						_, _, _ = f.Outcome()
					}
					return m.Match(actual)
				}}
			}
		}, []string{"BePending/fakeloop/leaves the error unobserved"}},
		{"BePending that is always true", func(c *constructors) {
			c.bePending = func() types.GomegaMatcher {
				return altered{BePending(), func(actual any) (bool, error) {
					_, err := BePending().Match(actual)
					return err == nil, err
				}}
			}
		}, []string{"BePending/*/resolved", "BePending/*/rejected", "BePending/fakeloop/leaves the error unobserved", "BePending/AsFuture/*"}},
		{"BeResolved that takes any outcome", func(c *constructors) {
			c.beResolved = func() types.GomegaMatcher {
				return onSeen(BeResolved(), func(s sight) bool { return s.state != pending })
			}
		}, []string{"BeResolved/*/rejected", "BeResolved/*/later rejected", "RejectWith/closed chan string/*"}},
		{"BeResolved that only looks", func(c *constructors) {
			c.beResolved = func() types.GomegaMatcher {
				return altered{BeResolved(), func(actual any) (bool, error) {
					f, _ := subject(actual)
					if f.wrong != nil {
						return false, f.wrong
					}
					_, err, settled := f.Outcome()
					return settled && err == nil, nil
				}}
			}
		}, []string{
			"BeResolved/*/later resolved", "BeResolved/func*/resolved", "BeResolved/[^f]*/never", "BeResolved/func*/never", "BeResolved/func/cancelled *",
			"BeResolved/fakeloop in a callback/*", "On/virtual loop/every kind", "On/idle loop/nothing delivers", "On/busy loop/gives up", "On/busy loop/LoopOnly is not idle", "On/closed loop/*",
			"NeverBlock/recording/a coroutine*",
		}},
		{"BeRejected that takes pending", func(c *constructors) {
			c.beRejected = func() types.GomegaMatcher {
				return onSeen(BeRejected(), func(s sight) bool { return s.state != resolved })
			}
		}, []string{"BeRejected/fakeloop/never", "On/idle loop/LoopOnly knows"}},
		{"ResolveWith that ignores the error", func(c *constructors) {
			c.resolveWith = func(w any) types.GomegaMatcher {
				if _, ok := w.(types.GomegaMatcher); ok {
					return ResolveWith(w)
				}
				return onSeen(ResolveWith(w), func(s sight) bool { return s.state != pending && reflect.DeepEqual(w, s.value) })
			}
		}, []string{"ResolveWith/*/rejected", "ResolveWith/*/later rejected"}},
		{"ResolveWith that compares texts", func(c *constructors) {
			c.resolveWith = func(w any) types.GomegaMatcher {
				if _, ok := w.(types.GomegaMatcher); ok {
					return ResolveWith(w)
				}
				return onSeen(ResolveWith(w), func(s sight) bool { return s.state == resolved && fmt.Sprint(w) == fmt.Sprint(s.value) })
			}
		}, []string{"ResolveWith/values/types differ"}},
		{"ResolveWith that takes matchers for values", func(c *constructors) {
			c.resolveWith = func(w any) types.GomegaMatcher {
				return onSeen(ResolveWith(w), func(s sight) bool { return s.state == resolved && reflect.DeepEqual(w, s.value) })
			}
		}, []string{"ResolveWith/values/a matcher", "ResolveWith/values/a matcher that refuses"}},
		{"ResolveWith that asks the matcher about a rejection", func(c *constructors) {
			c.resolveWith = func(w any) types.GomegaMatcher {
				sub, ok := w.(types.GomegaMatcher)
				if !ok {
					return ResolveWith(w)
				}
				var o observer
				return altered{ResolveWith(w), func(actual any) (bool, error) {
					if err := o.observe("mutant", actual); err != nil {
						return false, err
					}
					return sub.Match(o.seen.value)
				}}
			}
		}, []string{"ResolveWith/values/a matcher and a rejection"}},
		{"RejectWith that compares texts", func(c *constructors) {
			c.rejectWith = rejectBy(func(w, err error) bool { return w.Error() == err.Error() })
		}, []string{"RejectWith/identity/same text", "RejectWith/identity/wrapped", "RejectWith/identity/joined", "RejectWith/chan of a type of error/not nil", "RejectWith/context/finds the cause", "RejectWith/func/panics with an error"}},
		{"RejectWith that looks for the text", func(c *constructors) {
			c.rejectWith = rejectBy(func(w, err error) bool { return strings.Contains(err.Error(), w.Error()) })
		}, []string{"RejectWith/identity/same text"}},
		{"RejectWith that does not unwrap", func(c *constructors) {
			c.rejectWith = rejectBy(func(w, err error) bool { return w == err })
		}, []string{
			"RejectWith/identity/wrapped", "RejectWith/identity/joined", "RejectWith/chan of a type of error/not nil",
			"RejectWith/context/finds the cause", "RejectWith/func/panics with an error",
		}},
		{"RejectWith that checks the first only", func(c *constructors) {
			c.rejectWith = func(w ...any) types.GomegaMatcher { return RejectWith(w[:min(len(w), 1)]...) }
		}, []string{"RejectWith/identity/all must hold"}},
		{"RejectWith that takes any rejection", func(c *constructors) {
			c.rejectWith = func(w ...any) types.GomegaMatcher {
				m := RejectWith(w...)
				return altered{m, func(actual any) (bool, error) {
					if _, err := m.Match(actual); err != nil {
						return false, err
					}
					return m.(*rejectWith).seen.state == rejected, nil
				}}
			}
		}, []string{"RejectWith/*/rejected", "RejectWith/*/later rejected", "RejectWith/identity/same text", "RejectWith/identity/all must hold", "RejectWith/pointer/no such error", "RejectWith/matcher/gets the error"}},
		{"ErrorAs that ignores its matchers", func(c *constructors) {
			original := c.errorAs
			c.errorAs = func(...types.GomegaMatcher) types.GomegaMatcher { return original() }
		}, []string{"ErrorAs/chain/with a matcher"}},
		{"matchers that take the guard for an answer", func(c *constructors) {
			c.beResolved = func() types.GomegaMatcher { return answering{BeResolved()} }
		}, []string{
			"BeResolved/[^f]*/never", "BeResolved/func*/never", "BeResolved/func/cancelled *", "BeResolved/fakeloop in a callback/*",
			"On/idle loop/nothing delivers", "On/busy loop/gives up", "On/busy loop/LoopOnly is not idle", "On/closed loop/*", "input/*/is refused",
		}},
		{"BeRejected that takes the guard for an answer", func(c *constructors) {
			c.beRejected = func() types.GomegaMatcher { return answering{BeRejected()} }
		}, []string{"BeRejected/[^f]*/never", "BeRejected/func*/never", "input/*/is refused"}},
		{"ResolveWith that takes any error for an answer", func(c *constructors) {
			c.resolveWith = func(w any) types.GomegaMatcher { return answering{ResolveWith(w)} }
		}, []string{
			"ResolveWith/[^fv]*/never", "ResolveWith/func*/never", "input/*/is refused", "ResolveWith/values/a matcher that refuses",
			"On/panicking callback/*", "On/wrong loop/*",
		}},
		{"RejectWith that takes any error for an answer", func(c *constructors) {
			c.rejectWith = func(w ...any) types.GomegaMatcher { return answering{RejectWith(w...)} }
		}, []string{"RejectWith/[^f]*/never", "RejectWith/func*/never", "input/*/is refused", "RejectWith/wanted/*", "RejectWith/matcher/that refuses"}},
		{"ErrorAs that takes any error for an answer", func(c *constructors) {
			original := c.errorAs
			c.errorAs = func(also ...types.GomegaMatcher) types.GomegaMatcher { return answering{original(also...)} }
		}, []string{"ErrorAs/input/no error", "ErrorAs/chain/with a matcher"}},
		{"BlockAt that takes any error for an answer", func(c *constructors) {
			c.blockAt = func(place string) types.GomegaMatcher { return answering{BlockAt(place)} }
		}, []string{"BlockAt/wanted/no place", "NeverBlock/input/no recording", "NeverBlock/recording/blind"}},
		{"BeResolved that is never true", func(c *constructors) {
			c.beResolved = func() types.GomegaMatcher { return refusing(BeResolved()) }
		}, []string{
			"BeResolved/*/resolved", "BeResolved/*/later resolved", "ResolveWith/AsFuture/composes",
			"On/virtual loop/every kind", "NeverBlock/recording/a coroutine*",
		}},
		{"BeRejected that is never true", func(c *constructors) {
			c.beRejected = func() types.GomegaMatcher { return refusing(BeRejected()) }
		}, []string{"BeRejected/*/rejected", "BeRejected/*/later rejected", "BeRejected/func/panics *", "On/virtual loop/every kind"}},
		{"ResolveWith that is never true", func(c *constructors) {
			c.resolveWith = func(w any) types.GomegaMatcher { return refusing(ResolveWith(w)) }
		}, []string{
			"ResolveWith/*/resolved", "ResolveWith/*/later resolved", "ResolveWith/values/deeply equal", "ResolveWith/values/a matcher",
			"ResolveWith/values/an error sent as one", "ResolveWith/chan of */nil", "ResolveWith/chan struct{}/a value",
			"ResolveWith/Adapt/the first call wins", "ResolveWith/AsFuture/composes", "ResolveWith/func/called once", "BePending/AsFuture/*",
			"BeResolved/wall fakeloop/*", "BeResolved/AsFuture/*", "On/virtual loop/[^e]*", "On/idle loop/a *", "On/busy loop/a *", "On/wall loop/*",
			"On/AsFuture/*", "oracle/Eventually/sees a bare channel",
		}},
		{"RejectWith that is never true", func(c *constructors) {
			c.rejectWith = func(w ...any) types.GomegaMatcher { return refusing(RejectWith(w...)) }
		}, []string{
			"RejectWith/*/rejected", "RejectWith/*/later rejected", "RejectWith/chan of */not nil", "RejectWith/closed */is broken*",
			"RejectWith/context/finds the cause", "RejectWith/identity/wrapped", "RejectWith/identity/joined", "RejectWith/identity/through *",
			"RejectWith/pointer/sets the variable", "RejectWith/matcher/gets the error", "RejectWith/fakeloop/a nil rejection *",
			"RejectWith/func/panics *", "RejectWith/func/ends *", "RejectWith/func/value *", "RejectWith/func/WithContext",
			"BeResolved/func/cancelled *", "ErrorAs/chain/found", "ErrorAs/chain/types *",
		}},
		{"BeRejected that takes any outcome", func(c *constructors) {
			c.beRejected = func() types.GomegaMatcher {
				return onSeen(BeRejected(), func(s sight) bool { return s.state != pending })
			}
		}, []string{"BeRejected/*/resolved", "BeRejected/*/later resolved", "ResolveWith/AsFuture/composes"}},
		{"RejectWith that takes success", func(c *constructors) {
			c.rejectWith = taking(RejectWith, resolved)
		}, []string{"RejectWith/*/resolved", "RejectWith/*/later resolved"}},
		{"RejectWith that takes pending", func(c *constructors) {
			c.rejectWith = taking(RejectWith, pending)
		}, []string{"RejectWith/fakeloop/never", "On/idle loop/LoopOnly knows"}},
		{"ResolveWith that takes pending", func(c *constructors) {
			c.resolveWith = func(w any) types.GomegaMatcher {
				return taking(func(...any) types.GomegaMatcher { return ResolveWith(w) }, pending)()
			}
		}, []string{"ResolveWith/fakeloop/never", "On/idle loop/LoopOnly knows", "oracle/Eventually/ends at once"}},
		{"BeResolved that takes pending", func(c *constructors) {
			c.beResolved = func() types.GomegaMatcher {
				return onSeen(BeResolved(), func(s sight) bool { return s.state != rejected })
			}
		}, []string{"BeResolved/fakeloop/never", "On/idle loop/LoopOnly knows"}},
		{"ErrorAs that is never true", func(c *constructors) {
			original := c.errorAs
			c.errorAs = func(also ...types.GomegaMatcher) types.GomegaMatcher { return refusing(original(also...)) }
		}, []string{"ErrorAs/chain/found", "ErrorAs/chain/with a matcher"}},
		{"NeverBlock that is never true", func(c *constructors) {
			c.neverBlock = func(o ...BlockOption) types.GomegaMatcher { return refusing(NeverBlock(o...)) }
		}, []string{
			"NeverBlock/report/nothing", "NeverBlock/report/excepted", "NeverBlock/report/allowed", "NeverBlock/recording/harmless",
			"NeverBlock/recording/a callback sleeps", "NeverBlock/recording/a rule allows it",
		}},
		{"ResolveWith that knows no oracle", func(c *constructors) {
			c.resolveWith = func(w any) types.GomegaMatcher { return silent{ResolveWith(w)} }
		}, []string{
			"oracle/fakeloop/settled", "oracle/fakeloop/idle", "oracle/fakeloop/not idle", "oracle/On/LoopOnly", "oracle/AsFuture/settles", "oracle/input/*",
			"oracle/Eventually/ends at once",
		}},
		{"NeverBlock that knows no oracle", func(c *constructors) {
			c.neverBlock = func(o ...BlockOption) types.GomegaMatcher { return silent{NeverBlock(o...)} }
		}, []string{"oracle/report/is final"}},
		{"an oracle that receives", func(c *constructors) {
			c.bePending = func() types.GomegaMatcher {
				m := BePending()
				return oracular{m, func(actual any) bool {
					if f, bare := subject(actual); bare && f.of != nil && f.of.consume {
						return !f.final()
					}
					return types.MatchMayChangeInTheFuture(m, actual)
				}}
			}
		}, []string{"oracle/bare channel/*"}},
		{"an oracle that forgets the callback under way", func(c *constructors) {
			c.bePending = func() types.GomegaMatcher {
				m := BePending()
				return oracular{m, func(actual any) bool {
					if f, ok := actual.(fakeloop.Awaitable); ok && !isNilFuture(f) && !f.Settled() && f.Loop().Mode() == fakeloop.Virtual && f.Loop().Pending()[0].Kind == fakeloop.PendingFuture {
						return false
					}
					return types.MatchMayChangeInTheFuture(m, actual)
				}}
			}
		}, []string{"oracle/fakeloop/driven by somebody else"}},
		{"BlockAt that counts what is allowed", func(c *constructors) {
			c.blockAt = func(place string) types.GomegaMatcher {
				m := BlockAt(place).(*blockAt)
				return altered{m, func(actual any) (bool, error) {
					ok, err := m.Match(actual)
					return ok || err == nil && slices.ContainsFunc(m.report.Allowed, m.is), err
				}}
			}
		}, []string{"BlockAt/report/allowed"}},
		{"BeResolved that knows no oracle", func(c *constructors) {
			c.beResolved = func() types.GomegaMatcher { return silent{BeResolved()} }
		}, []string{"oracle/fakeloop/settled", "oracle/fakeloop/idle", "oracle/fakeloop/not idle", "oracle/On/LoopOnly", "oracle/AsFuture/settles", "oracle/input/*"}},
		{"channels whose close is success", func(c *constructors) {
			misread(c, func(_ *source, value any, err error) (any, error) {
				if errors.Is(err, ErrBroken) {
					return nil, nil
				}
				return value, err
			})
		}, []string{"RejectWith/closed chan error/*", "RejectWith/closed chan string/*", "On/virtual loop/every kind"}},
		{"channels of errors that carry values", func(c *constructors) {
			misread(c, func(s *source, value any, err error) (any, error) {
				if s.consume && err != nil && !errors.Is(err, ErrBroken) {
					return err, nil
				}
				return value, err
			})
		}, []string{"On/virtual loop/every kind"}},
		{"functions whose Goexit is success", func(c *constructors) {
			misread(c, func(_ *source, value any, err error) (any, error) {
				if errors.Is(err, fakeloop.ErrGoexit) {
					return nil, nil
				}
				return value, err
			})
		}, []string{"RejectWith/func/ends by Goexit"}},
		{"functions whose panic is success", func(c *constructors) {
			misread(c, func(_ *source, value any, err error) (any, error) {
				if _, ok := errors.AsType[*fakeloop.PanicError](err); ok {
					return nil, nil
				}
				return value, err
			})
		}, []string{"RejectWith/func/panics with an error", "BeRejected/func/panics with another value"}},
		{"contexts without their cause", func(c *constructors) {
			misread(c, func(_ *source, value any, err error) (any, error) {
				if errors.Is(err, context.Canceled) && err != context.Canceled {
					return nil, context.Canceled
				}
				return value, err
			})
		}, []string{"RejectWith/context/finds the cause"}},
		{"AsFuture that does not wrap", func(c *constructors) {
			c.asFuture = func(a any, _ ...FutureOption) any { return a }
		}, []string{
			"BePending/AsFuture/*", "ResolveWith/AsFuture/composes", "ResolveWith/func/called once", "BeResolved/func/cancelled *", "RejectWith/func/WithContext",
			"BeResolved/AsFuture/several wait at once", "oracle/AsFuture/settles", "On/AsFuture/*",
		}},
		{"On that does not drive", func(c *constructors) {
			c.on = func(_ *fakeloop.Loop, a any, o ...FutureOption) any { return AsFuture(a, o...) }
		}, []string{
			"On/virtual loop/drives it", "On/virtual loop/stops when settled", "On/virtual loop/unbuffered channel", "On/virtual loop/every kind",
			"On/idle loop/a goroutine posts later", "On/idle loop/LoopOnly knows", "On/busy loop/gives up", "On/panicking callback/*", "On/closed loop/*",
			"On/wrong loop/*", "On/AsFuture/*", "oracle/On/LoopOnly",
		}},
		{"On that runs the loop to its end", func(c *constructors) {
			c.on = func(l *fakeloop.Loop, a any, o ...FutureOption) any {
				f := On(l, a, o...)
				if f.of != nil && f.of.own == nil && len(l.Pending()) > 0 && l.Pending()[0].Kind == fakeloop.PendingTimer {
					_ = l.Advance(2 * time.Hour)
				}
				return f
			}
		}, []string{
			"BePending/On/leaves the loop alone", "On/virtual loop/stops when settled", "On/virtual loop/does not drive for what is settled",
			"On/virtual loop/unbuffered channel", "On/busy loop/gives up",
		}},
		{"NeverBlock that ignores system calls", func(c *constructors) {
			c.neverBlock = reading(func(m *neverBlock) bool {
				return !slices.ContainsFunc(m.blocks, func(b blocking.Block) bool { return b.Kind != blocking.Syscall })
			})
		}, []string{"NeverBlock/report/a system call", "NeverBlock/report/another is excepted", "NeverBlock/recording/a coroutine reads a file"}},
		{"NeverBlock that ignores parks", func(c *constructors) {
			c.neverBlock = reading(func(m *neverBlock) bool {
				return !slices.ContainsFunc(m.blocks, func(b blocking.Block) bool { return b.Kind != blocking.Park })
			})
		}, []string{"NeverBlock/report/a park", "NeverBlock/report/another is excepted", "NeverBlock/recording/a callback sleeps"}},
		{"NeverBlock that ignores Except", func(c *constructors) {
			c.neverBlock = func(...BlockOption) types.GomegaMatcher { return NeverBlock() }
		}, []string{"NeverBlock/report/excepted", "NeverBlock/recording/a callback sleeps"}},
		{"NeverBlock that counts what is allowed", func(c *constructors) {
			c.neverBlock = reading(func(m *neverBlock) bool { return len(m.blocks)+len(m.report.Allowed) == 0 })
		}, []string{"NeverBlock/report/allowed", "NeverBlock/recording/a rule allows it"}},
		{"NeverBlock that passes when blind", func(c *constructors) {
			c.neverBlock = func(o ...BlockOption) types.GomegaMatcher {
				m := NeverBlock(o...)
				return altered{m, func(actual any) (bool, error) {
					ok, err := m.Match(actual)
					if errors.Is(err, blocking.ErrBlind) {
						return true, nil
					}
					return ok, err
				}}
			}
		}, []string{"NeverBlock/recording/blind"}},
		{"BlockOn that counts what is allowed", func(c *constructors) {
			c.blockOn = func(r blocking.Resource) types.GomegaMatcher {
				m := BlockOn(r).(*blockOn)
				return altered{m, func(actual any) (bool, error) {
					ok, err := m.Match(actual)
					return ok || err == nil && slices.ContainsFunc(m.report.Allowed, m.is), err
				}}
			}
		}, []string{"BlockOn/report/allowed", "NeverBlock/recording/a rule allows it"}},
		{"BlockOn any resource", func(c *constructors) {
			c.blockOn = func(r blocking.Resource) types.GomegaMatcher {
				m := BlockOn(r).(*blockOn)
				return altered{m, func(actual any) (bool, error) {
					_, err := m.Match(actual)
					return err == nil && len(m.report.Blocks) > 0, err
				}}
			}
		}, []string{"BlockOn/report/resource"}},
		{"BlockAt that looks for the text", func(c *constructors) {
			c.blockAt = blockAtBy(func(b blocking.Block, place string) bool {
				return strings.Contains(b.User.Location(), place) || strings.Contains(b.User.Func, place)
			})
		}, []string{"BlockAt/report/line", "BlockAt/report/part of a name"}},
		{"BlockAt that wants whole names", func(c *constructors) {
			c.blockAt = blockAtBy(func(b blocking.Block, place string) bool {
				return b.User.Location() == place || b.User.Func == place
			})
		}, []string{"BlockAt/report/line", "BlockAt/report/function", "BlockAt/report/closure", "NeverBlock/recording/a callback sleeps"}},
	}
}

// taking makes a matcher true of futures in one more state.
func taking(original func(...any) types.GomegaMatcher, also state) func(...any) types.GomegaMatcher {
	return func(wanted ...any) types.GomegaMatcher {
		m := original(wanted...)
		return altered{m, func(actual any) (bool, error) {
			ok, err := m.Match(actual)
			if err != nil {
				return false, err
			}
			var o observer
			switch m := m.(type) {
			case *rejectWith:
				o = m.observer
			case *resolveWith:
				o = m.observer
			}
			return ok || o.seen.state == also, nil
		}}
	}
}

// refusing turns a matcher's yes into a no.
func refusing(m types.GomegaMatcher) types.GomegaMatcher {
	return altered{m, func(actual any) (bool, error) {
		_, err := m.Match(actual)
		return false, err
	}}
}

// oracular replaces what a matcher tells Eventually.
type oracular struct {
	types.GomegaMatcher
	may func(actual any) bool
}

func (m oracular) MatchMayChangeInTheFuture(actual any) bool { return m.may(actual) }

// answering turns a matcher's error into a no.
type answering struct{ types.GomegaMatcher }

func (m answering) Match(actual any) (bool, error) {
	ok, _ := m.GomegaMatcher.Match(actual)
	return ok, nil
}

func (m answering) MatchMayChangeInTheFuture(actual any) bool {
	return types.MatchMayChangeInTheFuture(m.GomegaMatcher, actual)
}

// rejectBy alters how RejectWith compares two errors.
func rejectBy(same func(wanted, err error) bool) func(...any) types.GomegaMatcher {
	return func(wanted ...any) types.GomegaMatcher {
		m := RejectWith(wanted...)
		return altered{m, func(actual any) (bool, error) {
			ok, err := m.Match(actual)
			seen := m.(*rejectWith).seen
			if err != nil || seen.state != rejected {
				return ok, err
			}
			for _, w := range wanted {
				if w, isError := w.(error); isError && !same(w, seen.err) {
					return false, nil
				} else if isError {
					continue
				}
				if ok, err := holds(w, seen.err); err != nil || !ok {
					return ok, err
				}
			}
			return true, nil
		}}
	}
}

func reading(verdict func(m *neverBlock) bool) func(...BlockOption) types.GomegaMatcher {
	return func(o ...BlockOption) types.GomegaMatcher {
		m := NeverBlock(o...).(*neverBlock)
		return altered{m, func(actual any) (bool, error) {
			_, err := m.Match(actual)
			return err == nil && verdict(m), err
		}}
	}
}

func blockAtBy(is func(b blocking.Block, place string) bool) func(string) types.GomegaMatcher {
	return func(place string) types.GomegaMatcher {
		m := BlockAt(place).(*blockAt)
		return altered{m, func(actual any) (bool, error) {
			_, err := m.Match(actual)
			return err == nil && slices.ContainsFunc(m.report.Blocks, func(b blocking.Block) bool { return is(b, place) }), err
		}}
	}
}

func isNilFuture(f fakeloop.Awaitable) bool {
	v := reflect.ValueOf(f)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// TestMutants runs the table against every mutant: it must be killed by the checks
// it is predicted to be killed by, and by no other.
func TestMutants(t *testing.T) {
	checks := allChecks()
	killers := map[string]bool{}
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			c := genuine()
			m.edit(&c)
			used := map[string]bool{}
			for _, k := range checks {
				predicted := false
				for _, p := range m.kills {
					if ok, err := path.Match(p, k.name); err != nil {
						t.Fatal(p, err)
					} else if ok {
						predicted, used[p] = true, true
					}
				}
				err := k.verdict(t, c)
				switch {
				case predicted && err == nil:
					t.Errorf("survived %q", k.name)
				case !predicted && err != nil:
					t.Errorf("was killed by %q as well: %v", k.name, err)
				}
				if err != nil {
					killers[k.name] = true
				}
			}
			for _, p := range m.kills {
				if !used[p] {
					t.Errorf("no check is called %q", p)
				}
			}
		})
	}
	for _, k := range checks {
		if !killers[k.name] {
			t.Errorf("%q kills no mutant", k.name)
		}
	}
	t.Logf("%d mutants, all killed as predicted; %d of %d checks kill at least one", len(mutants()), len(killers), len(checks))
}
