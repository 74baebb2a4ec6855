package blocking

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// ErrKnown: the blocks of a report are not exactly those of a file of known ones.
var ErrKnown = errors.New("blocking: not the known blocks")

// Known compares Blocks with a file of blocks that are known and not yet mended, so
// that a project which blocks in many places can begin to watch today. The file can
// only shrink: a block that is not in it is an error, and so is a line that no block
// matches any more. One line is one block, by kind, resource and the function that
// contains the user frame, with a reason:
//
//	park lock example.org/app.(*Cache).Get # the cache gets a goroutine of its own
//
// Empty lines and lines that begin with # say nothing. It returns [ErrKnown] with the
// lines to add or remove when file and report differ, and the reason why when the file
// cannot be read; a file that does not exist is an empty one.
func (r *Report) Known(path string) error {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("blocking: the file of known blocks: %w", err)
	}
	known := map[string]int{} // by the line without its reason, the number of the line
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		what, reason, _ := strings.Cut(line, " # ")
		if len(strings.Fields(what)) != 3 || strings.TrimSpace(reason) == "" {
			return fmt.Errorf("blocking: %s:%d: %q is no known block: write it as in %q", path, i+1, line, "park lock example.org/app.(*Cache).Get # the reason")
		}
		known[strings.Join(strings.Fields(what), " ")] = i + 1
	}
	var wrong []string
	seen := map[string]bool{}
	for _, b := range r.Blocks {
		line := fmt.Sprintf("%s %s %s", b.Kind, b.Resource, b.User.WrittenIn())
		if known[line] == 0 && !seen[line] {
			wrong = append(wrong, fmt.Sprintf("new: %s\n  mend it, or add to the file: %s # why", b, line))
		}
		seen[line] = true
	}
	for i, line := range strings.Split(string(text), "\n") {
		what, _, _ := strings.Cut(line, " # ")
		what = strings.Join(strings.Fields(what), " ")
		if known[what] == i+1 && !seen[what] {
			wrong = append(wrong, fmt.Sprintf("no longer blocks, so remove the line: %s:%d: %s", path, i+1, what))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%w of %s:\n%s", ErrKnown, path, strings.Join(wrong, "\n"))
	}
	return nil
}
