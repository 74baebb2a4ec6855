// Package records keeps the whole record of a run that has failed in a file, and a page that
// shows it in another, for whoever wants to see more than the report has room for.
package records

import (
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Variable is the environment variable that names the directory of the records. "off" keeps
// none. Without it they are in a directory of the user's among the temporary files.
const Variable = "WINDTUNNEL_RECORDS"

// Dir returns the directory of the records; "" if none are to be kept.
func Dir() string {
	switch dir := os.Getenv(Variable); dir {
	case "":
		return filepath.Join(os.TempDir(), fmt.Sprint("windtunnel-records-", os.Getuid()))
	case "off":
		return ""
	default:
		return dir
	}
}

// ErrOff means that no records are to be kept.
var ErrOff = errors.New("records: " + Variable + " is off")

// Keep writes a run as a trace (see [timeline.Timeline.WriteTrace]), compressed by gzip, and
// returns the absolute path of the file. The name of the file comes from that of the test, and from
// whatever else tells it from others, so that a test that is run again overwrites what it
// has left before. Of a long run it is not the whole, see [EventsVariable].
func Keep(t *timeline.Timeline, test string, others ...any) (path string, err error) {
	return keep(name(test, others...)+".json.gz", func(w io.Writer, most int) error {
		packed, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // which is a level
		return errors.Join(shorten(t, most).WriteTrace(packed), packed.Close())
	})
}

// KeepPage writes a run as a page (see [timeline.Timeline.WriteHTML]) beside what Keep
// writes. The title of the page is the name of the test.
func KeepPage(t *timeline.Timeline, notes []timeline.Note, test string, others ...any) (path string, err error) {
	return keep(name(test, others...)+".html", func(w io.Writer, most int) error {
		return t.WriteHTML(w, timeline.HTMLOptions{Title: test, Notes: notes, Events: most})
	})
}

// keep writes a file of the directory of the records, and returns its absolute path.
func keep(name string, write func(w io.Writer, most int) error) (path string, err error) {
	dir := Dir()
	if dir == "" {
		return "", ErrOff
	}
	most, err := mostEvents()
	if err != nil {
		return "", err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	file, err := os.CreateTemp(dir, ".record-*")
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, name)
	err = errors.Join(write(file, most), file.Chmod(0o644), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return path, nil
}

// longestName is how many characters of the name of a test are in that of its file.
const longestName = 60

// name returns a name, but for what tells the kind of file, that every file system takes, and that no other test has.
func name(test string, others ...any) string {
	h := fnv.New64a()
	fmt.Fprintf(h, "%#v", append([]any{test}, others...))
	var b strings.Builder
	for _, c := range test {
		switch {
		case b.Len() >= longestName:
		case c < unicode.MaxASCII && (unicode.IsLetter(c) || unicode.IsDigit(c)):
			b.WriteRune(c)
		case !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return fmt.Sprintf("%s-%016x", cmp.Or(strings.Trim(b.String(), "-"), "test"), h.Sum64())
}

// Where says in a sentence where the record of a run is, and what is not in it, or why there
// is none; "" if none was wanted.
func Where(t *timeline.Timeline, path string, err error) string {
	switch {
	case errors.Is(err, ErrOff):
		return ""
	case err != nil:
		return fmt.Sprintf("The whole record of the run could not be written: %v", err)
	}
	if most, _ := mostEvents(); t.Len() > most {
		return fmt.Sprintf("Of the %d events of the run %d, from its middle, are left out of its record and its page; %s=%d keeps all.\nThe record, which https://ui.perfetto.dev opens: %s",
			t.Len(), t.Len()-most, EventsVariable, t.Len(), path)
	}
	return "The whole record of the run, which https://ui.perfetto.dev opens: " + path
}

// WherePage says in a line behind that of Where where the page of a run is, or why there is
// none; "" if none was wanted.
func WherePage(path string, err error) string {
	switch {
	case errors.Is(err, ErrOff):
		return ""
	case err != nil:
		return fmt.Sprintf("\nThe page of the run could not be written: %v", err)
	}
	return "\nThe same as a page, which every browser opens: " + path
}

// Story says what happened in a run, in a few lines; "" if nothing did but that decisions
// were taken, and that the loop was closed.
func Story(t *timeline.Timeline) string {
	for _, e := range t.All() {
		if e.Kind != timeline.Closed && e.Kind != timeline.Chosen {
			return t.Short(0)
		}
	}
	return ""
}

// Diagram draws what led to the failure of a run as a Mermaid diagram that GitHub takes.
func Diagram(t *timeline.Timeline) string { return t.Mermaid(timeline.LaneOptions{}) }
