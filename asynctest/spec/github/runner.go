package github

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// runner is what GitHub's runner gives to a step.
type runner struct {
	workspace workspace
	summary   string // the file to which the summary is appended; "" if there is none
	out       io.Writer
}

// runnerOf reads the environment, in which GITHUB_ACTIONS says whether there is a runner.
func runnerOf(getenv func(string) string, out io.Writer) (r runner, ok bool) {
	r = runner{workspace(getenv("GITHUB_WORKSPACE")), getenv("GITHUB_STEP_SUMMARY"), out}
	return r, getenv("GITHUB_ACTIONS") == "true"
}

// tell writes the annotations and the summary. Others may have written some in the same
// step, which count for its limits.
func (r runner) tell(v verdicts, artifact string) error {
	before, err := os.ReadFile(r.summary)
	if r.summary != "" && err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("github: reading the summary so far: %w", err)
	}
	all := annotations(v.groups(), annotationsOfStep-annotated(string(before)))
	for _, a := range all {
		if _, err := fmt.Fprintln(r.out, a); err != nil {
			return fmt.Errorf("github: writing the annotations: %w", err)
		}
	}
	if r.summary == "" {
		return nil
	}
	mark := fmt.Sprintf(annotatedMark, len(all))
	text := summarize(v, summaryBytes-len(before)-len(mark), artifact)
	file, err := os.OpenFile(r.summary, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("github: opening the summary: %w", err)
	}
	_, err = file.WriteString(text + mark)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("github: writing the summary: %w", err)
	}
	if text == "" {
		return errors.New("github: the summary of this step is full, so there is nothing in it about this suite")
	}
	return nil
}

// annotatedMark is a line of the summary that counts the annotations made with it.
const annotatedMark = "<!-- windtunnel annotated %d -->\n"

// annotated returns how many annotations the parts of a summary count.
func annotated(summary string) int {
	total := 0
	for l := range strings.Lines(summary) {
		n := 0
		if _, err := fmt.Sscanf(l, annotatedMark, &n); err == nil {
			total += max(0, min(n, annotationsOfStep))
		}
	}
	return min(total, annotationsOfStep)
}
