package bubble

import (
	"bytes"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Goroutine is a goroutine of a bubble as a dump of all stacks shows it.
type Goroutine struct {
	ID      uint64
	State   string // "chan receive", "sync.Mutex.Lock", "running"
	Durable bool   // it waits for what only the bubble itself can bring
	Frames  []Frame
	Created Frame // by whom; zero for the first of a bubble

	remedy string // of one that keeps virtual time from moving
}

// Frame is a line of a stack.
type Frame struct {
	Func string
	File string
	Line int
}

// ID returns the number of the bubble in which it is called, 0 outside of bubbles.
func ID() uint64 { return fakeloop.CurrentBubble() }

// current returns the number of the calling goroutine. The runtime tells it in no other way
// than at the head of a stack:
//
//	goroutine 18 [running, synctest bubble 3]:
func current() uint64 { return number(head(), "goroutine ") }

func head() []byte {
	buf := make([]byte, 128)
	text, _, _ := bytes.Cut(buf[:runtime.Stack(buf, false)], []byte("\n"))
	return text
}

func number(text []byte, after string) uint64 {
	_, rest, found := bytes.Cut(text, []byte(after))
	if !found {
		return 0
	}
	end := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	n, err := strconv.ParseUint(string(rest[:max(end, 0)]), 10, 64)
	if err != nil {
		panic("asynctest: the runtime's stack begins in an unknown way: " + string(text))
	}
	return n
}

// Goroutines returns the goroutines of a bubble, but for those that make it a bubble, and
// for the calling one.
func Goroutines(bubble uint64) []Goroutine {
	var out []Goroutine
	self := current()
	for _, text := range strings.Split(dump(), "\n\n") {
		head, rest, _ := strings.Cut(text, "\n")
		if bubble == 0 || number([]byte(head), "synctest bubble ") != bubble {
			continue
		}
		g := parse(head, rest)
		if g.ID != self && !g.isMachinery() {
			out = append(out, g)
		}
	}
	return out
}

func dump() string {
	buf := make([]byte, 64<<10)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			return string(buf[:n])
		}
		buf = make([]byte, 2*len(buf))
	}
}

// parse reads one goroutine of a dump.
func parse(head, rest string) Goroutine {
	g := Goroutine{ID: number([]byte(head), "goroutine ")}
	_, state, _ := strings.Cut(head, "[")
	state, _, _ = strings.Cut(state, "]")
	state, _, _ = strings.Cut(state, ",") // how long, and which bubble
	g.State, g.Durable = strings.CutSuffix(state, " (durable)")
	lines := strings.Split(strings.TrimSpace(rest), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		// The runtime escapes the dots in the last element of an import path, nats.go's too.
		name, created := strings.CutPrefix(strings.ReplaceAll(lines[i], "%2e", "."), "created by ")
		f := Frame{Func: name}
		if created {
			f.Func, _, _ = strings.Cut(name, " in goroutine ")
		} else if open := strings.LastIndexByte(name, '('); open > 0 {
			f.Func = name[:open]
		}
		at, _, _ := strings.Cut(strings.TrimSpace(lines[i+1]), " +0x")
		if colon := strings.LastIndexByte(at, ':'); colon >= 0 {
			f.File = at[:colon]
			f.Line, _ = strconv.Atoi(at[colon+1:])
		}
		if created {
			g.Created = f
		} else {
			g.Frames = append(g.Frames, f)
		}
	}
	return g
}

var (
	serveFrame   = reflect.TypeFor[*Bubble]().Elem().PkgPath() + ".(*Bubble).serve"
	performFrame = strings.TrimSuffix(serveFrame, "serve") + "perform.func"
	protectFrame = strings.TrimSuffix(serveFrame, "(*Bubble).serve") + "protect"
	runFrame     = inModule + "asynctest.Run.func"
	repeatFrame  = inModule + "asynctest.runTunnel.func"
	namedFrame   = inFakeloop + "(*Goroutine).run"
)

const (
	inFakeloop = inModule + "fakeloop."
	inToxics   = inModule + "toxics."
)

// isEntry reports whether a frame is how a test gets into its bubble, or a goroutine to its
// name, as is all below.
func (f Frame) isEntry() bool {
	return strings.HasPrefix(f.Func, performFrame) || f.Func == protectFrame || f.Func == namedFrame || strings.HasPrefix(f.Func, runFrame) || strings.HasPrefix(f.Func, repeatFrame) ||
		strings.HasPrefix(f.Func, "github.com/onsi/ginkgo/v2/internal.")
}

// isMatcher reports whether a frame is how an assertion gets to what it waits for.
func (f Frame) isMatcher() bool {
	return strings.HasPrefix(f.Func, inGomega) || strings.HasPrefix(f.Func, inModule+"asynctest.") && !strings.HasSuffix(f.File, "_test.go")
}

// isMachinery reports whether the goroutine belongs to the bubble itself.
func (g Goroutine) isMachinery() bool {
	for _, f := range g.Frames {
		switch f.Func {
		case "internal/synctest.Run", "testing/synctest.testingSynctestTest", serveFrame:
			return true
		}
	}
	return false
}

// isLoop reports whether the goroutine is one that a fakeloop.Loop keeps, and runs no code
// of anybody else's.
func (g Goroutine) isLoop() bool {
	return strings.HasPrefix(g.Created.Func, inFakeloop) && g.runsOnly(inFakeloop)
}

// isServer reports whether the goroutine is one that waits for connections to a server of a
// toxics.Network.
func (g Goroutine) isServer() bool {
	return slices.ContainsFunc(g.Frames, func(f Frame) bool { return strings.HasPrefix(f.Func, inToxics+"(*Network).Serve.") }) && g.runsOnly(inToxics)
}

// isLink reports whether the goroutine carries what is written on a connection of a
// toxics.Network to its other end.
func (g Goroutine) isLink() bool {
	return slices.ContainsFunc(g.Frames, func(f Frame) bool { return strings.HasPrefix(f.Func, inToxics+"(*link).") })
}

// isService reports whether the goroutine is there as long as the loop or the network to which
// it belongs is. It is no leak before they are closed.
func (g Goroutine) isService() bool { return g.isLoop() || g.isServer() }

// isBystander reports whether the goroutine has no part in a deadlock.
func (g Goroutine) isBystander() bool { return g.isService() || g.isLink() }

// IsNamed reports whether the goroutine has been started by Loop.Go of a fakeloop.Loop.
func (g Goroutine) IsNamed() bool {
	return slices.ContainsFunc(g.Frames, func(f Frame) bool { return f.Func == namedFrame })
}

// runsOnly reports whether all functions of the goroutine are of the standard library or
// have names that begin with prefix.
func (g Goroutine) runsOnly(prefix string) bool {
	return !slices.ContainsFunc(g.Frames, func(f Frame) bool { return !f.isStandard() && !strings.HasPrefix(f.Func, prefix) })
}

// User returns the line of the goroutine that its author would look at first: the
// innermost in a test file, or else the innermost outside of the standard library, and of
// this module if there is one.
func (g Goroutine) User() (Frame, bool) {
	var first, own *Frame
	for i, f := range g.Frames {
		switch {
		case strings.HasSuffix(f.File, "_test.go"):
			return f, true
		case f.isStandard() || strings.HasPrefix(f.Func, performFrame):
		case f.IsOwn() && own == nil:
			own = &g.Frames[i]
		case !f.IsOwn() && first == nil:
			first = &g.Frames[i]
		}
	}
	switch {
	case first != nil:
		return *first, true
	case own != nil:
		return *own, true
	}
	return Frame{}, false
}

// IsOwn reports whether a frame is of what this module puts between a test and the code
// under test: loop, network, tunnel.
func (f Frame) IsOwn() bool {
	return !strings.HasSuffix(f.File, "_test.go") && slices.ContainsFunc([]string{inFakeloop, inToxics, inModule + "asynctest."}, func(room string) bool {
		return strings.HasPrefix(f.Func, room)
	})
}

// library is the directory of the standard library's sources, "" if they are not named
// by a full path.
var library = func() string {
	f := runtime.FuncForPC(reflect.ValueOf(strings.ToUpper).Pointer())
	file, _ := f.FileLine(f.Entry())
	return strings.TrimSuffix(file, "strings/strings.go")
}()

func (f Frame) isStandard() bool {
	if library != "" {
		return strings.HasPrefix(f.File, library)
	}
	first, _, _ := strings.Cut(f.Func, "/")
	return !strings.Contains(first, ".") || !strings.Contains(f.Func, "/")
}
