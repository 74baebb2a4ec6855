package blocking

import (
	"context"
	"runtime/trace"
	"strings"
)

// Allow calls f, and what f blocks on is allowed, for the reason given:
//
//	blocking.Allow("the pool is warmed up once", func() { pool.dial() })
//
// It holds for the goroutine that calls it and as long as f runs. When scopes and
// rules disagree, the one nearest to the leaf of the stack wins: [Disallow] inside
// f takes the permission back. It panics when the reason is blank. Without a
// Recorder it calls f and no more.
//
//go:noinline
func Allow(reason string, f func()) {
	if strings.TrimSpace(reason) == "" {
		panic("blocking: Allow without a reason: say why this may block")
	}
	if trace.IsEnabled() {
		defer trace.StartRegion(context.Background(), regionAllow+separator+reason).End()
	}
	f()
}

// Disallow calls f, and what f blocks on counts, also inside [Allow] and below
// functions that a rule allows.
//
//go:noinline
func Disallow(f func()) { f() }

// scopeAt returns what a frame of Allow or Disallow says, if f is one. reasons are
// those of the scopes not yet passed on the way from the leaf, innermost last.
func scopeAt(f Frame, reasons []string) (allowed, scope bool, reason string, rest []string) {
	switch f.Func {
	case disallowMark:
		return false, true, "", reasons
	case allowMark:
		n := len(reasons)
		if n == 0 { // it began before the recording
			return true, true, "a scope of Allow that began before the recording", nil
		}
		return true, true, reasons[n-1], reasons[:n-1]
	}
	return false, false, "", reasons
}
