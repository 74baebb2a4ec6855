package fakeloop

import "fmt"

// Overrun says what a ticker does about ticks that came due while an earlier one
// was under way, or while the loop was busy.
type Overrun uint8

const (
	// Skip drops the missed ticks and returns to the grid: the next tick is at
	// the first instant of the grid after the end of this one. It is the default.
	Skip Overrun = iota
	// Burst makes the missed ticks up, one after the other, one in a turn, until
	// the ticker is on its grid again.
	Burst
	// Delay moves the grid: the next tick is a whole period after the end of this
	// one.
	Delay
)

// String returns "skip", "burst" or "delay".
func (o Overrun) String() string {
	switch o {
	case Skip:
		return "skip"
	case Burst:
		return "burst"
	case Delay:
		return "delay"
	}
	return fmt.Sprintf("Overrun(%d)", uint8(o))
}

// next returns when the tick after the one of the instant due comes, if that one
// ended at now. An overflow is never.
func (o Overrun) next(due, period, now int64) int64 {
	switch o {
	case Burst:
		return saturatingAdd(due, period)
	case Delay:
		return saturatingAdd(now, period)
	default:
		late := max(0, now-due)
		return saturatingAdd(due, saturatingAdd(late-late%period, period))
	}
}
