package records

import (
	"fmt"
	"os"
	"strconv"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// EventsVariable is the environment variable that says how many events of a run are kept at
// most: of a longer one the middle is left out, so that a quarter of what is kept is from its
// beginning. A client that tries again for a day of virtual time makes a million, and a hundred
// megabytes of them.
const EventsVariable = "WINDTUNNEL_RECORD_EVENTS"

// defaultEvents is how many are kept without a word of the environment. They take some ten
// megabytes, the page and the trace together.
const defaultEvents = 150_000

// mostEvents returns how many events are kept at most.
func mostEvents() (int, error) {
	text := os.Getenv(EventsVariable)
	if text == "" {
		return defaultEvents, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		return defaultEvents, fmt.Errorf("%s=%q: want a number of events, such as 1000000", EventsVariable, text)
	}
	return n, nil
}

// shorten returns a run without the middle, if it has more events than are to be kept.
func shorten(t *timeline.Timeline, most int) *timeline.Timeline {
	if t.Len() <= most {
		return t
	}
	short, kept := new(timeline.Timeline), map[timeline.ID]bool{}
	head := most / 4
	for i, e := range t.All() {
		if i < head || i >= t.Len()-(most-head) {
			short.Append(e)
			kept[e.ID] = true
		}
	}
	sites := t.Sites()
	for _, e := range short.All() { // in their order
		if site, there := sites[e.ID]; there && kept[e.ID] {
			short.AddSite(e.ID, site)
			delete(kept, e.ID)
		}
	}
	return short
}
