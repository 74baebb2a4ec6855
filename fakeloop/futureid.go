package fakeloop

import "github.com/windtunnel-go/windtunnel/fakeloop/timeline"

// ID returns the identity under which the future stands in the timeline of its loop: the
// same in every run.
func (s *state) ID() timeline.ID { return s.id }
