package timeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// How much of a run the drawing of a difference shows.
const (
	instantsAround = 4  // before the difference, and behind it
	marblesAround  = 4  // of one instant, before the marble in question and behind it
	longestMarble  = 40 // characters
)

// difference is where two sides differ: the n-th marble, or bracket, of one
// instant of either side.
type difference struct {
	at       time.Duration
	inWant   int
	inGot    int
	gotThere bool // the run has something at that place
}

// drawMarbles draws both sides over one time axis, which is not to scale, with a
// caret below the difference.
func drawMarbles(steps []marbleStep, got []seen, d difference) string {
	want, have := make(map[time.Duration][]string), make(map[time.Duration][]string)
	all := map[time.Duration]bool{d.at: true}
	for _, s := range steps {
		want[s.at] = append(want[s.at], s.String())
		all[s.at] = true
	}
	for _, s := range got {
		have[s.at] = append(have[s.at], s.String())
		all[s.at] = true
	}
	instants := slices.Sorted(maps.Keys(all))
	focus := slices.Index(instants, d.at)
	from, to := max(0, focus-instantsAround), min(len(instants), focus+instantsAround+1)

	lines := [4]string{"", "expected", "actual", ""}
	for _, at := range instants[from:to] {
		inWant, inGot := 0, 0
		if at == d.at {
			inWant, inGot = d.inWant, d.inGot
		}
		wantText, wantMark := cell(want[at], inWant)
		gotText, gotMark := cell(have[at], inGot)
		start := 0
		for _, line := range lines[:3] {
			start = max(start, length(line)+2)
		}
		for i, text := range []string{at.String(), wantText, gotText} {
			if text != "" {
				lines[i] = pad(lines[i], start) + text
			}
		}
		if at == d.at {
			mark := wantMark
			if d.gotThere {
				mark = gotMark
			}
			lines[3] = pad("", start+mark) + "^"
		}
	}
	text := strings.Join(lines[:], "\n") + "\n"
	if hidden := len(instants) - (to - from); hidden > 0 {
		text += fmt.Sprintf("(%d before and %d after these are not drawn)\n", from, len(instants)-to)
	}
	return text
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", width-length(text))
}

// cell writes what happens at one instant, and tells at which character the n-th
// of it stands. Only those around the n-th are written.
func cell(texts []string, n int) (text string, mark int) {
	from, to := max(0, n-marblesAround), min(len(texts), n+marblesAround+1)
	var words []string
	if from > 0 {
		words = append(words, "...")
	}
	for _, word := range texts[min(from, to):to] {
		if length(word) > longestMarble {
			word = string([]rune(word)[:longestMarble-3]) + "..."
		}
		words = append(words, word)
	}
	n -= from
	if from > 0 {
		n++
	}
	if to < len(texts) {
		words = append(words, "...")
	}
	if len(words) == 0 {
		return "", 0
	}
	if len(words) > 1 {
		mark = 1
	}
	for _, word := range words[:min(n, len(words))] {
		mark += length(word) + 1
	}
	return together(words), mark
}
