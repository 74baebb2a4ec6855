package asynctest

import (
	"os"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/records"
)

// tell says what happened on the loop of a tunnel whose test has failed, in a few lines,
// and keeps the whole record and its page. It is "" if there is no tunnel, or if nothing happened there.
func tell(t *Tunnel, test string) string {
	if t == nil {
		return ""
	}
	run := t.Loop.Timeline()
	story := records.Story(run)
	if story == "" {
		return ""
	}
	here, _ := os.Getwd() // which tells tests of one name apart
	path, err := records.Keep(run, test, here, t.seed)
	return story + records.Where(run, path, err) +
		records.WherePage(records.KeepPage(run, t.Notes(), test, here, t.seed))
}
