package blocking

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// mutants are analysers with one wrong answer each. breaks is the prediction:
// exactly the scenes that must notice. blind predicts that the self-test refuses
// the mutant in every scene, so that it can give no wrong report at all. Where it
// does not go without saying why a scene notices, or why not, a comment says it.
var mutants = []struct {
	name   string
	change func(*analyser)
	breaks []string
	blind  bool
}{
	{
		name:   "reports the runtime's own parks",
		change: func(a *analyser) { a.asker = askedByAnyone },
		breaks: []string{"collector", "preempted", "coroutine switch with a stack"},
	},
	{
		name: "drops the runtime's parks by reason alone",
		change: func(a *analyser) {
			a.asker = func(reason string, stack []Frame) (int, bool) {
				_, ok := asker(reason, []Frame{{Func: "example.org/x.f"}})
				return slices.IndexFunc(stack, func(f Frame) bool { return !primitives[f.Func] }), ok
			}
		},
		breaks: []string{"collector", "coroutine switch with a stack"},
	},
	{
		name: "drops the runtime's parks by the leaf alone",
		change: func(a *analyser) {
			a.asker = func(reason string, stack []Frame) (int, bool) {
				return 0, !strings.HasPrefix(stack[0].Func, "runtime.")
			}
		},
		blind: true,
	},
	{
		// The idle marker of the hand-written scene stands below the entry.
		name: "does not know the coroutine's entry",
		change: func(a *analyser) {
			delete(a.marks, FuncName(enter))
		},
		breaks: []string{
			"block in a coroutine", "marker below a marker that is idle", "nested coroutines", "coroutine resumed by another loop",
			"coroutine resumed by a coroutine that then blocks", "scope in a coroutine",
		},
	},
	{
		// What parks as well is seen, but a socket whose check asks for both.
		name: "does not see system calls",
		change: func(a *analyser) {
			a.kind = func(s step) (Kind, bool) { return Park, s.from == running && s.to == waiting }
		},
		breaks: []string{
			"conn read", "file read", "stdout", "child process", "raw file call", "raw read", "preset for logs",
			"preset for first use",
		},
	},
	{
		name: "does not see parks",
		change: func(a *analyser) {
			a.kind = func(s step) (Kind, bool) { return Syscall, s.from == running && s.to == inSyscall }
		},
		blind: true,
	},
	{
		// Who is in two callbacks is in the outer one then. That of the scene "panic" is on
		// the same line.
		name: "takes the outermost marker",
		change: func(a *analyser) {
			a.marker = func(stack []Frame, from int, marks map[string]bool) int {
				at := -1
				for i := from + 1; i < len(stack); i++ {
					if marks[stack[i].Func] {
						at = i
					}
				}
				return at
			}
		},
		breaks: []string{"nested markers", "recorder's own waits", "method value as callback"},
	},
	{
		name: "takes a loop that has nothing to do for a callback",
		change: func(a *analyser) {
			a.marker = func(stack []Frame, _ int, marks map[string]bool) int {
				return slices.IndexFunc(stack, func(f Frame) bool { return marks[f.Func] })
			}
		},
		breaks: []string{"idle marker", "marker below a marker that is idle"},
	},
	{
		// Nothing is allowed, and nothing forbidden. Rules that allow nothing in the right
		// analyser either do not notice.
		name: "matches rules by the leaf only",
		change: func(a *analyser) {
			a.match = func(r Rule, stack []Frame) int { return matchAnywhere(r, stack[:1]) }
		},
		breaks: []string{
			"allow a function", "allow a method", "allow a closure by its function", "allow an inlined function's closure",
			"allow the innermost of two", "allow one path to a line", "stale rule", "rule in a scope", "disallow in a rule",
			"rule of the kind and the resource", "rule for a package", "rule for a tree of packages", "preset for logs",
			"preset for first use", "preset for frameworks",
		},
	},
	{
		// Functions are on the stack of their closures, unless they have been inlined or have
		// returned. A package is no function's name.
		name: "matches rules by the exact name",
		change: func(a *analyser) {
			a.match = func(r Rule, stack []Frame) int {
				return slices.IndexFunc(stack, func(f Frame) bool { return f.Func == r.Function })
			}
		},
		breaks: []string{
			"allow an inlined function's closure", "rule for a package", "rule for a tree of packages", "preset for logs",
			"preset for frameworks",
		},
	},
	{
		// The name of a rule for a package is empty, which everything begins with.
		name: "matches rules by prefix",
		change: func(a *analyser) {
			a.match = func(r Rule, stack []Frame) int {
				return slices.IndexFunc(stack, func(f Frame) bool { return strings.HasPrefix(f.Func, r.Function) || r.Names(f) })
			}
		},
		breaks: []string{"stale rule", "rule for a tree of packages"},
	},
	{
		name:   "takes the first frame outside the standard library for the user's",
		change: func(a *analyser) { a.user = firstOutsideStd },
		breaks: []string{"user beyond a library", "user beyond windtunnel", "virtual network", "library only", "a wait of the loop's"},
	},
	{
		name:   "takes the frame just inside the marker for the callback",
		change: func(a *analyser) { a.glue = func(Frame) bool { return false } },
		breaks: []string{"callback behind windtunnel"},
	},
	{
		name:   "reports incidental locks",
		change: func(a *analyser) { a.incidental = func([]Frame, map[string]bool) bool { return false } },
		breaks: []string{"the loop's own lock", "the lock of a pool", "the lock of os/signal", "the notes of go test"},
	},
	{
		name: "takes a lock that is the callback for the loop's",
		change: func(a *analyser) {
			own := newOwnership()
			a.incidental = func(stack []Frame, _ map[string]bool) bool { return own.incidental(stack, nil) }
		},
		breaks: []string{"a lock that is the callback"},
	},
	{
		name: "takes every wait below the loop for its own lock's",
		change: func(a *analyser) {
			a.incidental = func(stack []Frame, _ map[string]bool) bool {
				return slices.ContainsFunc(stack, func(f Frame) bool { return strings.Contains(f.Func, "/fakeloop.") })
			}
		},
		breaks: []string{
			"user beyond windtunnel", "library only", "callback behind windtunnel", "the lock of a pool", "the lock of os/signal",
			"the notes of go test", "a lock that is the callback", "a lock behind the loop's", "a wait of the loop's",
		},
	},
	{
		// Two files that first use loads from one line differ in the resource alone.
		name: "goes by the reason for the resource",
		change: func(a *analyser) {
			a.about = func(kind Kind, reason string, asked []Frame) Resource {
				return classify(kind, reason, nil, newOwnership())
			}
		},
		breaks: []string{
			"conn read", "http get", "lookup", "file read", "stdout", "child process", "virtual network", "raw file call",
			"preset for first use",
		},
	},
	{
		// Not where the right frame is the last one inside the marker, which is the callback,
		// and the callback stands in for a frame that is missing. The lines of a preset's
		// scene fuse into one place when they are off.
		name: "is one frame off",
		change: func(a *analyser) {
			right := a.user
			a.user = func(stack []Frame) int { return min(right(stack)+1, len(stack)) }
		},
		breaks: []string{
			"sleep", "receive", "send", "select", "mutex", "rwmutex", "waitgroup", "cond", "once", "conn read", "http get", "lookup",
			"file read", "stdout", "pipe read", "child process", "block in a coroutine", "marker below a marker that is idle",
			"panic", "count", "nested coroutines", "coroutine resumed by another loop",
			"coroutine resumed by a coroutine that then blocks", "allow one path to a line", "a lock behind the loop's",
			"preset for logs", "preset for frameworks", "over the CPU budget",
		},
	},
	{
		name:   "forgets who ended the wait",
		change: func(a *analyser) { a.waker = func(step) *stack { return nil } },
		breaks: []string{"receive"},
	},
	{
		name:   "does not hear of CPU time",
		change: func(a *analyser) { a.spent = func(step) (time.Duration, place, bool) { return 0, place{}, false } },
		breaks: []string{"over the CPU budget"},
	},
	{
		// A block in Disallow in Allow counts, as it does without both.
		name: "ignores scopes",
		change: func(a *analyser) {
			a.scope = func(_ Frame, reasons []string) (bool, bool, string, []string) { return false, false, "", reasons }
		},
		breaks: []string{
			"scope", "scope in a coroutine", "scope that is over", "scope left by a panic", "scope in a disallow in a scope",
			"rule in a scope", "disallow in a rule",
		},
	},
	{
		// One scope in another is the only place where there is an outermost one.
		name: "takes the outermost scope",
		change: func(a *analyser) {
			a.scope = func(f Frame, reasons []string) (bool, bool, string, []string) {
				allowed, scope, _, rest := scopeAt(f, reasons)
				if len(reasons) == 0 {
					return allowed, scope, "", rest
				}
				return allowed, scope, reasons[0], rest
			}
		},
		breaks: []string{"scope in a disallow in a scope"},
	},
	{
		// What is allowed anyway does not notice, nor who asks for a kind or a resource.
		name:   "has rules that match everything",
		change: func(a *analyser) { a.match = func(Rule, []Frame) int { return 0 } },
		breaks: []string{
			"allow the innermost of two", "allow one path to a line", "stale rule", "frames beyond the marker allow nothing",
			"rule in a scope", "disallow in a rule", "rule for a tree of packages", "preset for first use",
		},
	},
	{
		name:   "sees nothing",
		change: func(a *analyser) { a.kind = func(step) (Kind, bool) { return 0, false } },
		blind:  true,
	},
	{
		name:   "has no self-test",
		change: func(a *analyser) { a.proven = func(head, tail int) error { return nil } },
		breaks: []string{"blind", "stopped early"},
	},
}

func askedByAnyone(_ string, stack []Frame) (int, bool) {
	i := slices.IndexFunc(stack, func(f Frame) bool { return !primitives[f.Func] })
	return i, i >= 0
}

func firstOutsideStd(stack []Frame) int {
	own := newOwnership()
	if i := slices.IndexFunc(stack, func(f Frame) bool { return !own.std(f) }); i >= 0 {
		return i
	}
	return len(stack)
}

func TestMutants(t *testing.T) {
	all, err := shots()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			var got []string
			for _, s := range all {
				switch err := s.judge(m.change); {
				case m.blind && s.fails == nil && !errors.Is(err, ErrBlind):
					t.Errorf("%s: %v, want ErrBlind", s.name, err)
				case !m.blind && err != nil:
					got = append(got, s.name)
				}
			}
			t.Logf("breaks %q, blind %t", got, m.blind)
			want := slices.Sorted(slices.Values(m.breaks))
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("breaks\n%q\nwant\n%q", got, want)
			}
		})
	}
}

// What no mutant can break is not tested by the scenes that claim to.
func TestEveryMutantIsNoticed(t *testing.T) {
	for _, m := range mutants {
		if len(m.breaks) == 0 && !m.blind {
			t.Errorf("nothing notices an analyser that %s", m.name)
		}
	}
}
