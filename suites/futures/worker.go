package futures

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

// worker is a process that runs the checks of one subject, one at a time.
type worker struct {
	cmd      *exec.Cmd
	requests io.WriteCloser
	events   chan event
}

// event is a message of the process, or, with over set, its end. Output is what it
// printed since the last one.
type event struct {
	message
	over   bool
	output string
}

// startWorker executes this test binary again, so that it comes to the call in test
// that made the Runner, and waits there for requests.
func startWorker(test, subject string) (*worker, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	token := "futures-" + rand.Text() + " "
	cmd := exec.Command(program, "-test.run="+checks.Pattern(test), "-test.timeout=0", "-test.count=1")
	cmd.Env = append(os.Environ(), envSubject+"="+subject, envToken+"="+token, "GORACE="+gorace())
	requests, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = in, in // one stream: what is printed lies between the messages it belongs to
	err = cmd.Start()
	_ = in.Close()
	if err != nil {
		_ = out.Close()
		return nil, err
	}
	w := &worker{cmd: cmd, requests: requests, events: make(chan event, 16)}
	go w.read(out, token)
	select {
	case e := <-w.events:
		if e.Kind == isReady {
			return w, nil
		}
		w.stop()
		return nil, fmt.Errorf("the process did not come to the runner in %s, but ended: %s", test, strings.TrimSpace(e.output))
	case <-time.After(startLimit):
		w.stop()
		return nil, fmt.Errorf("the process had not come to the runner in %s after %v", test, startLimit)
	}
}

// startLimit is how long a process may take to come to the runner; what happens before
// is the user's.
const startLimit = 2 * time.Minute

// gorace is the environment's GORACE with what the protocol needs: race reports are
// part of the output, and a process that ends does not sleep for a second first.
func gorace() string {
	return strings.TrimSpace(os.Getenv("GORACE") + " atexit_sleep_ms=0 log_path=stderr halt_on_error=0")
}

// read turns what the process prints into events.
func (w *worker) read(out io.ReadCloser, token string) {
	defer func() { _ = out.Close() }()
	var printed strings.Builder
	in := bufio.NewReader(out)
	for {
		line, err := in.ReadString('\n')
		before, text, isMessage := strings.Cut(line, token)
		if printed.Len() < 1<<20 {
			printed.WriteString(before)
		}
		if isMessage {
			e := event{output: printed.String()}
			if err := json.Unmarshal([]byte(text), &e.message); err == nil {
				printed.Reset()
				w.events <- e
			}
		}
		if err != nil {
			break
		}
	}
	how := w.cmd.Wait()
	if how != nil {
		fmt.Fprintf(&printed, "%v\n", how)
	}
	w.events <- event{over: true, output: printed.String()}
	close(w.events)
}

// stop ends the process.
func (w *worker) stop() {
	_ = w.requests.Close()
	_ = w.cmd.Process.Kill()
	for range w.events {
	}
}

// errGone means that the process must not be used any more.
var errGone = errors.New("the process is gone")

// run has the process run one check. The error is errGone if it cannot be used for
// another one.
func (w *worker) run(r Result, limit time.Duration) (Result, error) {
	line, err := json.Marshal(request{r.Property.Number, r.When})
	if err != nil {
		return r, err
	}
	if _, err := w.requests.Write(append(line, '\n')); err != nil {
		r.Status, r.Observed = Crash, []string{"the process was gone before the check began"}
		return r, errGone
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	crashes := false
	var output strings.Builder
	for {
		select {
		case e := <-w.events:
			output.WriteString(e.output)
			switch {
			case e.over:
				r.ended(crashes, output.String())
				return r, errGone
			case e.Kind == isFailure:
				r.Observed = append(r.Observed, e.Text)
			case e.Kind == isExpected:
				crashes = true
			case e.Kind == isResult:
				r.Status, r.Why, r.Observed, r.Notes, r.Stack = e.Status, e.Why, e.Observed, e.Notes, e.Stack
				if report := race(output.String()); report != "" {
					r.Status, r.Stack = Race, report
					r.Observed = append(r.Observed, "the race detector reported a data race")
				}
				if r.Status == Fail && e.Excuse != "" && strings.Contains(output.String(), e.Excuse) {
					r.Status, r.Observed = OK, nil
					r.Notes = append(r.Notes, "the process printed it")
				}
				return r, nil
			}
		case <-timer.C:
			r.Status = Hang
			r.Observed = append(r.Observed, fmt.Sprintf("the process had not answered after %v, and was killed", limit))
			return r, errGone
		}
	}
}

// ended is the result of a check during which the process ended.
func (r *Result) ended(expected bool, output string) {
	switch {
	case expected && len(r.Observed) > 0:
		r.Status = Fail
	case expected:
		r.Status = OK
		r.Notes = append(r.Notes, "the process ended, as is declared: "+headline(output))
	default:
		r.Status, r.Stack = Crash, strings.TrimSpace(output)
		r.Observed = append(r.Observed, "the process ended: "+headline(output))
	}
}

// headline is the line of a crash that says what it was.
func headline(output string) string {
	var last string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return line
		}
		if line != "" {
			last = line
		}
	}
	return last
}

// race returns the first report of a data race in what a process printed.
func race(output string) string {
	_, report, found := strings.Cut(output, "WARNING: DATA RACE")
	if !found {
		return ""
	}
	report, _, _ = strings.Cut(report, "==================")
	return "WARNING: DATA RACE" + report
}
