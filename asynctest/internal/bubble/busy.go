package bubble

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Name says whose a loop of the bubble is in which it is called, for what the watchdog says of
// its callbacks; "" is for one that has been closed. It does nothing where Outside returns
// false, and outside of bubbles.
func Name(l *fakeloop.Loop, name string) {
	if found, ok := bubbles.Load(ID()); ok {
		b := found.(*Bubble)
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.names == nil {
			b.names = make(map[*fakeloop.Loop]string)
		}
		if b.names[l] = name; name == "" {
			delete(b.names, l)
		}
	}
}

// warn says on standard error that a callback has been running for long: at once, since if it
// computes for ever nothing that is said at the end of the test is ever read, and without more
// than words, since nobody can know that it does.
func (b *Bubble) warn(c *fakeloop.BusyCallback) {
	b.mu.Lock()
	name := cmp.Or(b.names[c.Loop], "a loop without a tunnel")
	b.mu.Unlock()
	head, rest, _ := strings.Cut(c.Stack, "\n")
	fmt.Fprintf(os.Stderr, "asynctest: %s: %v If it computes for ever, only the timeout of go test ends it; if it takes that long, nothing is wrong. It is here:\n\ngoroutine %s\n", name, c, parse(head, rest).text(false, false))
}
