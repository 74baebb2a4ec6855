package asynctest

import (
	"fmt"
	"strings"

	"github.com/onsi/gomega/format"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
)

// blockReader is what the matchers on recordings have in common.
type blockReader struct {
	report *blocking.Report
	tunnel *Tunnel // whose report it is; nil for that of another recording
}

// read returns the report of a recording, which ends if it is still going on.
func (r *blockReader) read(matcher string, actual any) error {
	r.report, r.tunnel = nil, nil
	var err error
	switch a := actual.(type) {
	case *blocking.Recorder:
		if a == nil {
			return fmt.Errorf("%s takes a recording.  Got a nil *blocking.Recorder: did Watch fail?", matcher)
		}
		if r.report, err = a.Stop(); err != nil {
			return fmt.Errorf("%s got a recording that shows nothing about the callbacks: %w", matcher, err)
		}
		return nil
	case *blocking.Report:
		if a == nil {
			return fmt.Errorf("%s takes a recording.  Got a nil *blocking.Report", matcher)
		}
		r.report = a
		return nil
	case *Tunnel:
		if a == nil {
			return fmt.Errorf("%s takes a recording.  Got a nil *asynctest.Tunnel", matcher)
		}
		if a.Loop == nil {
			return fmt.Errorf("%s takes a recording.  Got an *asynctest.Tunnel that has not been made: use Run, spec.Tunnel or NewTunnel", matcher)
		}
		if r.report, err = a.report(); err != nil {
			return fmt.Errorf("%s got a tunnel whose recording shows nothing about the callbacks: %w", matcher, err)
		}
		r.tunnel = a
		return nil
	}
	return fmt.Errorf("%s takes a *blocking.Recorder, which Watch returns, its *blocking.Report, or a *asynctest.Tunnel.  Got:\n%s", matcher, object(actual))
}

// MatchMayChangeInTheFuture is false: a recording that was looked at has ended.
func (r *blockReader) MatchMayChangeInTheFuture(any) bool { return false }

// blocked says that something was expected of the callbacks, and what they did
// instead.
func (r *blockReader) blocked(expected string, blocks []blocking.Block) string {
	if len(blocks) == 0 {
		return fmt.Sprintf("Expected the callbacks %s\nbut none blocked.%s", expected, r.remarks())
	}
	return fmt.Sprintf("Expected the callbacks %s\nbut they blocked (%s):\n%s%s", expected, places(len(blocks)), r.list(blocks), r.remarks())
}

// remarks says what else is in the report and bears on the verdict.
func (r *blockReader) remarks() string {
	var b strings.Builder
	if n := len(r.report.Allowed); n > 0 {
		fmt.Fprintf(&b, "\nNot counted, because a rule allows it (%s):", places(n))
		for _, a := range r.report.Allowed {
			fmt.Fprintf(&b, "\n%s%v; because: %s", format.Indent, a, a.Allowed)
		}
	}
	if n := len(r.report.Truncated); n > 0 {
		fmt.Fprintf(&b, "\nNot counted, because the stack is so deep that the tracer lost whose it is (%s):", places(n))
		for _, t := range r.report.Truncated {
			fmt.Fprintf(&b, "\n%s%v", format.Indent, t)
		}
	}
	if n := len(r.report.Hangs); n > 0 {
		fmt.Fprintf(&b, "\nNot counted, because a hang goes by real time (%s):", places(n))
		for _, h := range r.report.Hangs {
			fmt.Fprintf(&b, "\n%s%v", format.Indent, h)
		}
	}
	for _, rule := range r.report.Stale {
		fmt.Fprintf(&b, "\nThis rule allowed nothing; remove it or correct the name: %v", rule)
	}
	fmt.Fprintf(&b, "\nThe recording holds %d transitions of goroutines.", r.report.Events)
	return b.String()
}

// shownCallbacks is how many of the callbacks that blocked at one place are listed.
const shownCallbacks = 3

// list shows, of each place, how callbacks blocked, where, in which callback, of a tunnel
// also which of the loop's, who posted it if that is known, who ended the wait, and the line
// that allows it.
func (r *blockReader) list(blocks []blocking.Block) string {
	var b strings.Builder
	var known []Blocked
	if r.tunnel != nil {
		known = r.tunnel.identify(blocks)
	}
	for i, block := range blocks {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s%v on %v (%q), %s", format.Indent, block.Kind, block.Resource, block.Reason, times(block.Count))
		if block.Open {
			b.WriteString(", still blocked when the recording ended")
		}
		line := func(what string, detail any) {
			fmt.Fprintf(&b, "\n%s%-10s%v", strings.Repeat(format.Indent, 2), what, detail)
		}
		line("at", block.User)
		line("file", block.User.Location())
		line("callback", block.Callback)
		if block.Name != "" {
			line("named", block.Name)
		}
		if block.Posted != (blocking.Frame{}) {
			line("posted by", block.Posted)
		}
		if known != nil {
			callbacks := known[i].Callbacks
			for _, c := range callbacks[:min(len(callbacks), shownCallbacks)] {
				line("blocked", c)
			}
			if n := len(callbacks) - shownCallbacks; n > 0 {
				line("", fmt.Sprintf("and %d more, the last at %v", n, callbacks[len(callbacks)-1].At))
			}
		}
		if f, ok := waker(block); ok {
			line("woken by", f)
		}
		line("allow", block.AllowLine())
	}
	return b.String()
}

// waker is the first frame of whoever ended the wait that is not the primitive it
// used.
func waker(block blocking.Block) (blocking.Frame, bool) {
	for _, f := range block.Waker {
		if !strings.HasPrefix(f.Func, "runtime.") && !strings.HasPrefix(f.Func, "sync.") && !strings.HasPrefix(f.Func, "internal/sync.") {
			return f, true
		}
	}
	if len(block.Waker) > 0 {
		return block.Waker[0], true
	}
	return blocking.Frame{}, false
}

func places(n int) string {
	if n == 1 {
		return "1 place"
	}
	return fmt.Sprintf("%d places", n)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
