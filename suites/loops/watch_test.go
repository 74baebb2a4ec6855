package loops_test

import (
	"strings"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/loops"
)

// watched is fakeloop with package blocking watching it.
func watched(mode loops.Mode) loops.Adapter {
	a := loops.Fakeloop(mode)
	a.Watch = watch
	return a
}

func watch(body func()) ([]string, error) {
	rec, err := blocking.Start(blocking.Config{Markers: fakeloop.CallbackFrames()})
	if err != nil {
		return nil, err
	}
	body()
	report, err := rec.Stop()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, b := range report.Blocks {
		out = append(out, b.String()+" at "+b.User.Location())
	}
	return out, nil
}

// watchedBut is watched, with an edit of the reports.
func watchedBut(name, kills string, edit func(reports []string) []string) mutant {
	return mutant{name: name, whole: watched, kills: kills, loop: func(mode loops.Mode) loops.Adapter {
		a := watched(mode)
		a.Watch = func(body func()) ([]string, error) {
			reports, err := watch(body)
			return edit(reports), err
		}
		return a
	}}
}

// silent leaves out the reports that hold a word.
func silent(word string) func([]string) []string {
	return func(reports []string) []string {
		var out []string
		for _, r := range reports {
			if !strings.Contains(r, word) {
				out = append(out, r)
			}
		}
		return out
	}
}

var watchMutants = []mutant{
	watchedBut("sleeping does not count as blocking", "53a", silent("sleep")),
	watchedBut("receiving does not count as blocking", "54a", silent("chan receive")),
	watchedBut("waiting for a lock does not count as blocking", "54c", silent("sync")),
	watchedBut("reports do not say where", "53a 54a 54c", func(reports []string) []string {
		for i := range reports {
			reports[i] = "a callback blocked"
		}
		return reports
	}),
	watchedBut("each watch reports something", "54b", func(reports []string) []string {
		return append(reports, "the loop was slow")
	}),
}
