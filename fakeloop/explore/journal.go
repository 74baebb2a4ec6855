package explore

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
)

// Journal keeps the results of runs in a file, one line of JSON each, so that a sweep
// that was stopped can go on. Close it when done. A nil Journal keeps nothing.
type Journal[R any] struct {
	file  *os.File
	known map[string]Result[R]
}

// Result is what came of one run.
type Result[R any] struct {
	Run    Run     `json:"run"`
	Points []Point `json:"points,omitempty"` // as Sweep is told of them
	Value  R       `json:"value"`
}

// head is the first line of a journal.
type head struct {
	Journal string `json:"journal"`
	Of      string `json:"of"`
}

const journalFormat = "windtunnel sweep 1"

// OpenJournal opens the journal in a file, and makes the file if there is none. of names
// what is swept, and how, in words that change when old results say nothing about it any
// more. The error of a journal of something else, or of a file that is no journal, says
// so. A last line that was cut off, when the process was stopped, is dropped.
func OpenJournal[R any](file, of string) (*Journal[R], error) {
	j := &Journal[R]{known: map[string]Result[R]{}}
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("explore: the journal cannot be read: %w", err)
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	if err := j.read(text, file, of); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("explore: the journal cannot be written: %w", err)
	}
	j.file = f
	if err := f.Truncate(int64(len(text))); err != nil {
		return nil, errors.Join(fmt.Errorf("explore: the journal cannot be written: %w", err), f.Close())
	}
	_, _ = f.Seek(0, 2) // of a file that can be truncated
	if len(text) == 0 {
		err = j.write(head{journalFormat, of})
	}
	return j, err
}

// read takes the lines of a journal.
func (j *Journal[R]) read(text []byte, file, of string) error {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for n := 1; lines.Scan(); n++ {
		if n == 1 {
			var h head
			if err := json.Unmarshal(lines.Bytes(), &h); err != nil || h.Journal != journalFormat {
				return fmt.Errorf("explore: %s is no journal of a sweep, and is left alone: remove it or name another file", file)
			}
			if h.Of != of {
				return fmt.Errorf("explore: %s is the journal of another sweep (%s, not %s): remove it or name another file", file, h.Of, of)
			}
			continue
		}
		var r Result[R]
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("explore: line %d of the journal %s: %w", n, file, err)
		}
		j.known[r.Run.String()] = r
	}
	return nil
}

// Len returns how many runs the journal has.
func (j *Journal[R]) Len() int {
	if j == nil {
		return 0
	}
	return len(j.known)
}

// Close closes the file.
func (j *Journal[R]) Close() error {
	if j == nil {
		return nil
	}
	return j.file.Close()
}

// Find returns the result of a run that has been made. It finds none of a run without
// faults: that is made each time, see Check.
func (j *Journal[R]) Find(r Run) (Result[R], bool) {
	if j == nil || len(r.Faults) == 0 {
		return Result[R]{}, false
	}
	result, ok := j.known[r.String()]
	return result, ok
}

// Check compares the points that a run without faults has met with those that it met when
// the journal was begun. The error says that they are others: then the code has changed,
// or the run does not repeat.
func (j *Journal[R]) Check(r Run, points []Point) error {
	if j == nil {
		return nil
	}
	if before, ok := j.known[r.String()]; ok && !reflect.DeepEqual(before.Points, points) {
		return fmt.Errorf("explore: %s is a journal of code that has changed since: the run without faults met %d points then, and meets %d now: remove it", j.file.Name(), len(before.Points), len(points))
	}
	return nil
}

// Add keeps a result.
func (j *Journal[R]) Add(r Result[R]) error {
	if j == nil {
		return nil
	}
	if _, ok := j.known[r.Run.String()]; ok && len(r.Run.Faults) == 0 {
		return nil
	}
	j.known[r.Run.String()] = r
	return j.write(r)
}

func (j *Journal[R]) write(line any) error {
	text, err := json.Marshal(line)
	if err == nil {
		_, err = j.file.Write(append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("explore: the journal cannot be written: %w", err)
	}
	return nil
}
