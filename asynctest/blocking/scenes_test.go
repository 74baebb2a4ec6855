package blocking

import (
	"fmt"
)

// scene is one named fact about the analyser: something a callback does, and
// what the report has to say about it.
type scene struct {
	name string
	// live does it, under the tracer. Scenes without live are written by hand
	// in steps: what the runtime does cannot be ordered at will.
	live  func(s *stage)
	steps []step
	rules []Rule
	check func(r *Report, s *stage) error
	// fails is the error the analyser must return instead of a report.
	fails error
}

// stage is what a scene's live part leaves for its check.
type stage struct {
	loop  *testLoop
	do    func(func())     // runs a callback on the loop, or in a coroutine that it resumes
	lines map[Frame]string // the lines that block, where there are several, with the callback of each
	at    Frame            // the line that blocks
	after []func()         // to run when the recording has ended
}

func (s *stage) later(f func()) { s.after = append(s.after, f) }

// park arranges that release runs once the calling callback has parked.
func (s *stage) park(state string, release func()) { s.later(whenParked(state, release).Wait) }

// one checks for a single block at the line of the stage.
func one(kind Kind, resource Resource, reason string) func(*Report, *stage) error {
	return func(r *Report, s *stage) error {
		return only(r, Block{Kind: kind, Resource: resource, Reason: reason, User: s.at})
	}
}

// all checks that there are blocks, that all have the resource and the line of
// the stage, and that the given kinds are among them.
func all(resource Resource, kinds ...Kind) func(*Report, *stage) error {
	return func(r *Report, s *stage) error {
		seen := map[Kind]bool{}
		for _, b := range r.Blocks {
			seen[b.Kind] = true
			if b.Resource != resource || b.User != s.at {
				return fmt.Errorf("want only %s at %s, got:\n%s", resource, s.at, r)
			}
		}
		for _, k := range kinds {
			if !seen[k] {
				return fmt.Errorf("no %s at %s, got:\n%s", k, s.at, r)
			}
		}
		return nil
	}
}

func none(r *Report, _ *stage) error {
	if len(r.Blocks)+len(r.Allowed)+len(r.Truncated) != 0 {
		return fmt.Errorf("want nothing, got:\n%s", r)
	}
	return nil
}
