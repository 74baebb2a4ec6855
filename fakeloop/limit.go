package fakeloop

import (
	"slices"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// placedPosts is of how many callbacks before a limit the loop notes where they were posted,
// if it has Sites: to note it of all would cost more than to run them.
const placedPosts = 16

// approach notes that n callbacks have run, of limit. The caller holds l.mu.
func (l *Loop) approach(n, limit int) { l.nearLimit = l.nearLimit || n+placedPosts >= limit }

// placePost notes, when a limit is near, where the callback is posted that is made next. The
// caller holds l.mu.
func (l *Loop) placePost() {
	if l.nearLimit {
		l.recordSite(l.scope.id.Child(l.scope.n+1), l.site())
	}
}

// limitError describes what kept the loop busy: the callbacks it ran last.
func (l *Loop) limitError(n int, began int64) *LimitError {
	return &LimitError{Callbacks: n, At: l.elapsed(), Moved: time.Duration(l.now - began), Last: l.lastFired(3), setting: l.setting("Limit")}
}

// horizonError is a limitError for a loop that would move time too far.
func (l *Loop) horizonError(n int, began int64) *LimitError {
	err := l.limitError(n, began)
	err.Horizon, err.setting = time.Duration(l.horizon), l.setting("Horizon")
	return err
}

// setting says how the user sets a field of the configuration.
func (l *Loop) setting(field string) string {
	if l.setBy != nil {
		if how := l.setBy(field); how != "" {
			return how
		}
	}
	return "Config." + field
}

// lastFired names the last callbacks that began, at most n, the latest last, and where they
// come from if that is known.
func (l *Loop) lastFired(n int) []string { return l.lastOf(n, timeline.Fired) }

// lastOf is lastFired for events of these kinds.
func (l *Loop) lastOf(n int, kinds ...timeline.Kind) []string {
	var last []timeline.Event
	came := map[timeline.ID]timeline.Event{} // how callbacks and what makes them came to be
	for _, e := range l.log.All() {
		switch {
		case slices.Contains(kinds, e.Kind):
			if len(last) == n {
				last = append(last[:0], last[1:]...)
			}
			last = append(last, e)
		case !l.sites.Load():
		case e.Kind == timeline.Posted || e.Kind == timeline.Armed || e.Kind == timeline.Promised || e.Kind == timeline.Left:
			came[e.ID] = e
		}
	}
	var sites map[timeline.ID]string
	if l.sites.Load() {
		sites = l.log.Sites()
	}
	var out []string
	for _, e := range last {
		text := "callback " + describe(e.ID, e.Label)
		if e.Kind == timeline.Passed {
			text = "event " + describe(e.ID, e.Label)
		}
		switch site, maker := sites[e.ID], came[e.Cause]; {
		case site != "" && came[e.ID].Kind == timeline.Armed:
			text += " set at " + site
		case site != "":
			text += " posted at " + site
		case sites[e.Cause] != "":
			text += " of " + describe(e.Cause, maker.Label) + " made at " + sites[e.Cause]
		}
		out = append(out, text)
	}
	return out
}
