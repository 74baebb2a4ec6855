package blocking

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Handwritten stacks: one name a frame, leaf first. The first path element with
// a dot makes a frame foreign code; names without one are standard library.

func handFrame(name string) Frame { return Frame{Func: name, File: handFile(name), Line: 7} }

func handFile(name string) string {
	pkg, _ := splitFunc(name)
	own := newOwnership()
	if _, ok := handRooms[pkg]; ok {
		return own.toolRoot + handRooms[pkg]
	}
	if pkg == thisPackage {
		return own.toolRoot + "asynctest/blocking/hand_test.go"
	}
	if pkg == "example.org/lib" {
		return "/go/pkg/mod/example.org/lib@v1.2.3/lib.go"
	}
	if strings.HasPrefix(pkg, "github.com/onsi/") {
		return "/go/pkg/mod/" + pkg + "@v2.0.0/x.go"
	}
	if pkg == "example.org/x" {
		return "/home/dev/x/x.go"
	}
	return own.stdRoot + pkg + "/x.go"
}

var handRooms = map[string]string{
	"github.com/windtunnel-go/windtunnel/fakeloop": "fakeloop/loop.go",
	"github.com/windtunnel-go/windtunnel/toxics":   "toxics/conn.go",
	"github.com/windtunnel-go/windtunnel/suites":   "suites/suite.go",
}

func handStack(names []string) *stack {
	s := &stack{}
	for _, n := range names {
		s.frames = append(s.frames, handFrame(n))
	}
	return s
}

func parkOn(reason string, names ...string) step {
	return step{g: 1, from: running, to: waiting, reason: reason, stack: handStack(names)}
}

func callTo(names ...string) step {
	return step{g: 1, from: running, to: inSyscall, stack: handStack(names)}
}

// overBudgetBy is what WithinCPU writes of a function that used 7 ms of 5, on the stack
// that called WithinCPU.
func overBudgetBy(name string, caller ...string) step {
	f := handFrame(name)
	return step{
		g: 1, mark: logged, stack: handStack(append([]string{"runtime/trace.Log", withinMark}, caller...)),
		text: strings.Join([]string{logCPU, "7000000", "5ms", f.Func, f.File, strconv.Itoa(f.Line)}, separator),
	}
}

// byHand puts steps between the proofs of life, and ends each wait.
func byHand(steps ...step) []step {
	out := []step{parkOn("chan send", "runtime.chansend1", "x.f", headMark)}
	for _, s := range steps {
		out = append(out, s, step{g: s.g, from: s.to, to: running})
	}
	return append(out, parkOn("chan send", "runtime.chansend1", "x.f", tailMark))
}

//go:noinline
func napA() { time.Sleep(time.Nanosecond) }

//go:noinline
func napB() { time.Sleep(time.Nanosecond) }

//go:noinline
func closureNap() {
	func() { func() { napA() }() }()
}

// inlinable is small enough to be inlined, and then its closure is named after
// the caller.
func inlinable() func() { return func() { time.Sleep(time.Nanosecond) } }

type napper struct{}

//go:noinline
func (napper) nap() { time.Sleep(time.Nanosecond) }

// allowed checks that everything that blocked is allowed, by the reason given.
func allowed(reasons ...string) func(*Report, *stage) error {
	return func(r *Report, _ *stage) error {
		var got []string
		for _, b := range r.Allowed {
			got = append(got, b.Allowed)
		}
		slices.Sort(got)
		if len(r.Blocks) != 0 || len(r.Stale) != 0 || !slices.Equal(got, reasons) {
			return fmt.Errorf("want all allowed for %q, got %q in:\n%s", reasons, got, r)
		}
		return nil
	}
}

var ruleScenes = []scene{
	{
		name: "allow a function", check: allowed("test"),
		rules: []Rule{AllowFunc(FuncName(napA), "test")},
		live:  func(s *stage) { s.loop.do(func() { napA() }) },
	},
	{
		name: "allow a method", check: allowed("test"),
		rules: []Rule{AllowFunc(FuncName(napper.nap), "test")},
		live:  func(s *stage) { s.loop.do(func() { napper{}.nap() }) },
	},
	{
		name: "allow a closure by its function", check: allowed("test"),
		rules: []Rule{AllowFunc(FuncName(closureNap), "test")},
		live:  func(s *stage) { s.loop.do(func() { closureNap() }) },
	},
	{
		name: "allow an inlined function's closure", check: allowed("test"),
		rules: []Rule{AllowFunc(FuncName(inlinable), "test")},
		live:  func(s *stage) { s.loop.do(inlinable()) },
	},
	{
		name: "allow the innermost of two", check: allowed("inner"),
		rules: []Rule{AllowFunc(FuncName(closureNap), "outer"), AllowFunc(FuncName(napA), "inner")},
		live:  func(s *stage) { s.loop.do(func() { closureNap() }) },
	},
	{
		name:  "allow one path to a line",
		rules: []Rule{AllowFunc(FuncName(closureNap), "test")},
		live: func(s *stage) {
			for _, f := range []func(){napA, closureNap} {
				s.loop.do(func() { f() })
			}
		},
		check: func(r *Report, _ *stage) error {
			if len(r.Blocks) != 1 || len(r.Allowed) != 1 || r.Blocks[0].User != r.Allowed[0].User {
				return fmt.Errorf("want one block and one allowed at the same line, got:\n%s", r)
			}
			return nil
		},
	},
	{
		name:  "stale rule",
		rules: []Rule{AllowFunc(FuncName(napB), "stale"), AllowFunc(FuncName(napA), "used"), AllowFunc("time.Slee", "prefix")},
		live:  func(s *stage) { s.loop.do(func() { napA() }) },
		check: func(r *Report, _ *stage) error {
			if len(r.Blocks) != 0 || len(r.Allowed) != 1 || len(r.Stale) != 2 || r.Stale[0].Reason != "stale" || r.Stale[1].Reason != "prefix" {
				return fmt.Errorf("want two stale rules, got:\n%s", r)
			}
			return nil
		},
	},
	{
		name:  "frames beyond the marker allow nothing",
		rules: []Rule{AllowFunc(FuncName(napB), "outside")},
		steps: byHand(parkOn("sleep", "time.Sleep", FuncName(napA), testMarkers[0], FuncName(napB))),
		check: func(r *Report, _ *stage) error {
			return only(r, Block{Kind: Park, Resource: Sleep, Reason: "sleep", User: handFrame(FuncName(napA))})
		},
	},
}

// userIs checks the user frame of the single block.
func userIs(resource Resource, name string) func(*Report, *stage) error {
	return func(r *Report, _ *stage) error {
		if len(r.Blocks) != 1 || r.Blocks[0].User.Func != name || r.Blocks[0].Resource != resource {
			return fmt.Errorf("want %s at %s, got:\n%s", resource, name, r)
		}
		return nil
	}
}

// callbackIs checks the callback of the single block.
func callbackIs(name string) func(*Report, *stage) error {
	return func(r *Report, _ *stage) error {
		if len(r.Blocks) != 1 || r.Blocks[0].Callback.Func != name {
			return fmt.Errorf("want the callback %s, got:\n%s", name, r)
		}
		return nil
	}
}

var userScenes = []scene{
	{
		name: "user beyond a library", check: userIs(Channel, "github.com/windtunnel-go/windtunnel/suites.onTick"),
		steps: byHand(parkOn("chan receive", "runtime.chanrecv1", "example.org/lib.(*Client).Do",
			"github.com/windtunnel-go/windtunnel/suites.onTick", testMarkers[0])),
	},
	{
		name: "user beyond windtunnel", check: userIs(Channel, "github.com/windtunnel-go/windtunnel/suites.onTick"),
		steps: byHand(parkOn("chan receive", "runtime.chanrecv1", "github.com/windtunnel-go/windtunnel/fakeloop.(*Loop).Await",
			"github.com/windtunnel-go/windtunnel/suites.onTick", testMarkers[0])),
	},
	{
		name: "virtual network", check: userIs(Network, "github.com/windtunnel-go/windtunnel/suites.onTick"),
		steps: byHand(parkOn("sync.(*Cond).Wait", "sync.(*Cond).Wait", "github.com/windtunnel-go/windtunnel/toxics.(*conn).Read",
			"github.com/windtunnel-go/windtunnel/suites.onTick", testMarkers[0])),
	},
	{
		name: "library only", check: userIs(Channel, "example.org/lib.(*Client).Do"),
		steps: byHand(parkOn("chan receive", "runtime.chanrecv1", "github.com/windtunnel-go/windtunnel/fakeloop.(*Loop).Await",
			"example.org/lib.(*Client).Do", testMarkers[0])),
	},
	{
		name: "callback behind windtunnel", check: callbackIs("example.org/x.onTick"),
		steps: byHand(parkOn("sleep", "time.Sleep", "example.org/x.wait", "example.org/x.onTick",
			"github.com/windtunnel-go/windtunnel/fakeloop.Then.func1", testMarkers[0])),
	},
	{
		name: "the loop's own lock", check: none,
		steps: byHand(parkOn("sync", "sync.(*Mutex).Lock", "github.com/windtunnel-go/windtunnel/fakeloop.Named.Post", "example.org/x.onTick", testMarkers[0])),
	},
	{
		name: "the lock of a pool", check: none,
		steps: byHand(parkOn("sync", "internal/sync.(*Mutex).lockSlow", "internal/sync.(*Mutex).Lock", "sync.(*Mutex).Lock", "sync.(*Pool).pinSlow", "sync.(*Pool).pin", "sync.(*Pool).Get",
			"fmt.newPrinter", "fmt.Sprintf", "example.org/x.onTick", testMarkers[0])),
	},
	{
		name: "the lock of os/signal", check: none,
		steps: byHand(parkOn("sync", "sync.(*Mutex).Lock", "os/signal.Stop", "example.org/x.onTick", testMarkers[0])),
	},
	{
		name: "the notes of go test", check: none,
		steps: byHand(callTo("syscall.write", "internal/poll.(*FD).Write", "os.(*File).Write", "bufio.(*Writer).Flush", "testing/internal/testdeps.(*testLog).add",
			"internal/testlog.Getenv", "os.Getenv", "example.org/x.onTick", testMarkers[0])),
	},
	{
		name: "a lock that is the callback", check: callbackIs("sync.(*Mutex).Lock"),
		steps: byHand(parkOn("sync", "sync.(*Mutex).Lock", loopMarker)),
	},
	{
		name: "a lock behind the loop's", check: userIs(Lock, "example.org/x.onTick"),
		steps: byHand(parkOn("sync", "sync.(*Mutex).Lock", "example.org/x.onTick", "github.com/windtunnel-go/windtunnel/fakeloop.Then.func1", testMarkers[0])),
	},
	{
		name: "a wait of the loop's", check: userIs(Channel, "example.org/x.onTick"),
		steps: byHand(parkOn("select", "runtime.selectgo", "github.com/windtunnel-go/windtunnel/fakeloop.(*Loop).Await", "example.org/x.onTick", testMarkers[0])),
	},
	{
		name: "raw file call", check: userIs(Disk, "example.org/x.onTick"),
		steps: byHand(callTo("syscall.pread", "syscall.Pread", "example.org/x.onTick", testMarkers[0])),
	},
	{
		name: "raw read", check: userIs(Other, "example.org/x.onTick"),
		steps: byHand(callTo("syscall.read", "syscall.Read", "example.org/x.onTick", testMarkers[0])),
	},
	{
		name: "synctest wait", check: userIs(Other, "example.org/x.onTick"),
		steps: byHand(parkOn("synctest", "internal/synctest.Wait", "testing/synctest.Wait", "example.org/x.onTick", testMarkers[0])),
	},
}
