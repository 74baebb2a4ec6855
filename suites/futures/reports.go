package futures

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"weak"
)

// reports installs the hook; the function it returns has what it was told so far.
func (t *T) reports() func() []error {
	var mu sync.Mutex
	var out []error
	t.Unobserved(func(err error) {
		mu.Lock()
		defer mu.Unlock()
		out = append(out, err)
	})
	return func() []error {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(out)
	}
}

// forget gives the library every occasion to find errors that nobody observes, but for
// the shutdown.
func (t *T) forget() {
	t.Rest()
	if t.exact() {
		t.Pass(t.Unit())
	}
	if t.Flush == nil { // twice: what the first one finalizes the second one frees
		runtime.GC()
		runtime.GC()
	}
	t.Rest()
}

// flush is the shutdown, if there is one.
func (t *T) flush() {
	if t.Flush != nil {
		t.Flush()
	}
	t.Rest()
}

// reported checks that these errors are reported, in whatever order, and no others.
func (t *T) reported(reports func() []error, want ...error) {
	t.forget()
	t.flush()
	t.Until(func() bool { return len(reports()) >= len(want) })
	t.Rest()
	got := reports()
	ok := len(got) == len(want)
	for _, w := range want {
		n := 0
		for _, g := range got {
			if errors.Is(g, w) {
				n++
			}
		}
		wanted := 0
		for _, other := range want {
			if other == w {
				wanted++
			}
		}
		ok = ok && n == wanted
	}
	if !ok {
		t.Errorf("reported was %q, want %q", got, want)
	}
}

// inTurn calls two functions in one turn of the loop, if there is one, so that the loop
// does not come to rest in between.
func (t *T) inTurn(one, two func()) {
	if t.Post == nil || !t.Caps.LoopAffine {
		one()
		two()
		return
	}
	waits := false
	t.onLoop(func() {
		one()
		defer func() {
			if recover() != nil {
				waits = true // it cannot wait on the loop
			}
		}()
		two()
	})
	if waits {
		two()
	}
}

// unblocked checks what was seen to block.
func (t *T) unblocked(blocks []string, err error) {
	if err != nil {
		t.Errorf("Watch returned an error: %v", err)
	}
	for _, b := range blocks {
		t.Errorf("the loop was blocked: %s", b)
	}
}

// watchGarbage says whether what keep returns is "retained" or "released" once body is
// over.
func (t *T) watchGarbage(body func(keep func() any)) string {
	var pointer weak.Pointer[[1 << 10]byte]
	func() {
		big := new([1 << 10]byte)
		pointer = weak.Make(big)
		body(func() any { return big[0] })
	}()
	for range 3 {
		runtime.GC()
		if pointer.Value() == nil {
			return "released"
		}
	}
	return "retained"
}

// errLoud is looked for in hooks and in what the process prints.
var errLoud = errors.New("a loud error, number 5417")

// hooks installs the hooks for errors that the library has; the function it returns
// says whether one of them was told of errLoud.
func (t *T) hooks() (told func() bool) {
	var n atomic.Int32
	report := func(err error) {
		if err != nil && (errors.Is(err, errLoud) || strings.Contains(err.Error(), errLoud.Error())) {
			n.Add(1)
		}
	}
	if t.Errors != nil {
		t.Errors(report)
	}
	if t.Unobserved != nil {
		t.Unobserved(report)
	}
	return func() bool { return n.Load() > 0 }
}

// told checks that a hook was told, or that the process printed it.
func (t *T) told(told func() bool, what string) {
	t.Rest()
	if !t.Until(told) && t.Flush != nil {
		t.Flush()
		t.Until(told)
	}
	if !told() {
		t.ErrorUnlessPrinted(errLoud.Error(), "%s was told to nobody: no hook, no output, no crash", what)
	}
}
