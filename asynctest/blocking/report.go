package blocking

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Report is what one recording found. Its lists are sorted by kind, resource
// and name, never by time, so equal runs give equal reports.
type Report struct {
	// Blocks lists what no rule allows. Empty means that no callback blocked.
	Blocks []Block
	// Allowed lists what a rule of [Config].Allow allows.
	Allowed []Block
	// Truncated lists the waits on stacks so deep that the tracer lost their
	// outer end, with no marker in what it kept: a callback may have made them
	// or not. See the limits in the package comment.
	Truncated []Block
	// Hangs lists the callbacks that had not returned when the guard of [Config].Hang ran
	// out, also those that returned later. It goes by real time, so it is no part of what
	// blocked; a callback that hangs because it waits is in Blocks as well.
	Hangs []Block
	// Stale lists the rules that matched nothing, in the order of the Config.
	// Either the code no longer blocks there, or the name is misspelt.
	Stale []Rule
	// Events is how many goroutine transitions of the whole process were read.
	// It is never 0.
	Events int
	// Unseen says what kinds of wait this recording could not see, "" when it saw all
	// that the package comment promises.
	Unseen string

	_ struct{}
}

// String returns the report as text: a head line, then each list that is not
// empty. It contains no real time.
func (r *Report) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "blocking: %s blocked, %d allowed, %d on truncated stacks, %d stale rules, %d transitions read\n",
		places(len(r.Blocks)), len(r.Allowed), len(r.Truncated), len(r.Stale), r.Events)
	if r.Unseen != "" {
		fmt.Fprintf(&s, "not seen: %s\n", r.Unseen)
	}
	list := func(head string, blocks []Block, detail func(Block)) {
		if len(blocks) == 0 {
			return
		}
		fmt.Fprintf(&s, "%s:\n", head)
		for _, b := range blocks {
			fmt.Fprintf(&s, "  %s\n", b)
			fmt.Fprintf(&s, "    at %s\n", b.User.Location())
			detail(b)
		}
	}
	list("blocked", r.Blocks, func(b Block) {
		if len(b.Waker) > 0 {
			fmt.Fprintf(&s, "    woken by %s\n", wakerFrame(b))
		}
		fmt.Fprintf(&s, "    to allow it: %s\n", b.AllowLine())
	})
	list("hung, which is not counted", r.Hangs, func(b Block) { fmt.Fprintf(&s, "    to allow it: %s\n", b.AllowLine()) })
	list("allowed", r.Allowed, func(b Block) { fmt.Fprintf(&s, "    because: %s\n", b.Allowed) })
	list("on stacks the tracer cut off, so the callback is not known", r.Truncated, func(Block) {})
	if len(r.Stale) > 0 {
		s.WriteString("stale rules, which allowed nothing (remove them, or correct the name):\n")
		for _, rule := range r.Stale {
			fmt.Fprintf(&s, "  %s\n", rule)
		}
	}
	return s.String()
}

// Details returns [Block.Details] of everything in Blocks and Hangs.
func (r *Report) Details() string {
	var s strings.Builder
	for _, b := range slices.Concat(r.Blocks, r.Hangs) {
		s.WriteString(b.Details())
	}
	return s.String()
}

func places(n int) string {
	if n == 1 {
		return "1 place"
	}
	return fmt.Sprintf("%d places", n)
}

// wakerFrame is the waker's first frame that is not the primitive it used.
func wakerFrame(b Block) Frame {
	for _, f := range b.Waker {
		if pkg, _ := splitFunc(f.Func); pkg != "runtime" && pkg != "sync" && pkg != "internal/sync" {
			return f
		}
	}
	return b.Waker[0]
}

func compareBlocks(a, b Block) int {
	return cmp.Or(
		cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Resource, b.Resource),
		compareFrames(a.User, b.User), cmp.Compare(a.Reason, b.Reason), compareFrames(a.Callback, b.Callback),
		cmp.Compare(a.Name, b.Name), compareFrames(a.Posted, b.Posted), cmp.Compare(a.Allowed, b.Allowed),
	)
}

func sortBlocks(bs []Block) []Block {
	slices.SortFunc(bs, compareBlocks)
	return bs
}
