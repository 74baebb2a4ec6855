package timeline

import (
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// fold is rows that follow one another, several times over, or a number of rows
// that are left out.
type fold struct {
	rows    []laneRow
	times   int
	skipped int
	from    time.Duration // of the rows left out
	until   time.Duration // of the last row
}

// Rows that repeat are looked for in groups of up to longestRepeat, and folded if
// there are as many of a kind as leastRepeats.
const (
	longestRepeat = 12
	leastRepeats  = 3
)

// foldRows joins rows that repeat. Rows are alike that tell the same of the same
// lane, whatever the time.
func foldRows(rows []laneRow) []fold {
	kinds := make(map[string]int)
	kind := make([]int, len(rows))
	for i, r := range rows {
		key := fmt.Sprint(r.lane, r.to, r.text)
		n, ok := kinds[key]
		if !ok {
			n = len(kinds)
			kinds[key] = n
		}
		kind[i] = n
	}
	var out []fold
	for i := 0; i < len(rows); {
		size, times := 1, 1
		for n := 1; n <= longestRepeat && i+n*leastRepeats <= len(rows); n++ {
			k := 1
			for end := i + (k+1)*n; end <= len(rows) && slices.Equal(kind[i:i+n], kind[end-n:end]); end += n {
				k++
			}
			if k >= leastRepeats && k*n > size*times {
				size, times = n, k
			}
		}
		end := i + size*times
		out = append(out, fold{rows: rows[i : i+size], times: times, until: rows[end-1].at})
		i = end
	}
	return out
}

// limitFolds leaves out the middle of what has more lines than the limit, so that
// a quarter of them are from the beginning and the rest from the end.
func limitFolds(folds []fold, limit int) []fold {
	lines := 0
	for _, f := range folds {
		lines += f.lines()
	}
	if lines <= limit {
		return folds
	}
	head, tail, first, last := 0, 0, 0, len(folds)
	for first < last && head+folds[first].lines() <= limit/4 {
		head += folds[first].lines()
		first++
	}
	for last > first && tail+folds[last-1].lines() <= limit-limit/4 {
		tail += folds[last-1].lines()
		last--
	}
	middle := fold{from: folds[first].rows[0].at, until: folds[last-1].until}
	for _, f := range folds[first:last] {
		middle.skipped += len(f.rows) * f.times
	}
	return slices.Concat(folds[:first], []fold{middle}, folds[last:])
}

// lines returns how many lines a fold takes on the page.
func (f fold) lines() int {
	if f.times > 1 {
		return len(f.rows) + 1
	}
	return len(f.rows)
}

// count returns a number of things in words.
func count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return commas(n) + " " + thing
}

// commas returns n, which is not negative, with a comma every three digits.
func commas(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func length(text string) int { return utf8.RuneCountInString(text) }
