package blocking

import (
	"maps"
	"slices"
	"sync"
)

// shared is the one recording that a process can hold, and the Recorders that look
// at it. It belongs to the tracer's slot, of which a process has one.
var shared recording

type recording struct {
	mu      sync.Mutex
	from    source // nil without Recorders
	live    []*Recorder
	roots   []int64 // of all Recorders since the source was opened
	parents map[int64]int64
}

// join adds a Recorder, and opens the source for the first one.
func (s *recording) join(r *Recorder) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.live) > 0 {
		r.mark, r.late = s.from.mark()
	}
	if r.late {
		maps.Copy(s.parents, parentsOf(everyStack()))
	} else {
		// The Recorders of a source that somebody else has ended are blind. They keep it.
		from, err := openSource()
		if err != nil {
			return err
		}
		r.mark, s.from, s.live, s.roots, s.parents = 0, from, nil, nil, map[int64]int64{}
	}
	r.from = s.from
	r.analyser.family.root = goroutineNumber()
	s.roots = append(s.roots, r.analyser.family.root)
	s.live = append(s.live, r)
	return nil
}

// familyOf is what is known of the goroutines of a Recorder, by who started it, while
// recording goes on.
func (s *recording) familyOf(root int64, parents map[int64]int64) family {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.family(root, parents)
}

func (s *recording) family(root int64, parents map[int64]int64) family {
	f := family{root: root, others: map[int64]bool{}, parents: parents}
	for _, other := range s.roots {
		if other != root {
			f.others[other] = true
		}
	}
	return f
}

// leave removes a Recorder, tells its analyser of the others, and returns what it
// has recorded. The last one closes the source.
func (s *recording) leave(r *Recorder) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.analyser.family = s.family(r.analyser.family.root, maps.Clone(s.parents))
	if r.from != s.from {
		return r.from.rest(r.mark)
	}
	s.live = slices.DeleteFunc(s.live, func(other *Recorder) bool { return other == r })
	if len(s.live) == 0 {
		defer func() { s.from = nil }()
		return s.from.stop(r.mark)
	}
	data := s.from.read(r.mark)
	oldest := s.live[0].mark
	for _, other := range s.live {
		oldest = min(oldest, other.mark)
	}
	s.from.forget(oldest)
	return data
}
