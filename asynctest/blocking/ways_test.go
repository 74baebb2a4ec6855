package blocking

import "fmt"

// way is one way to block: what a callback does once, and what of it must be
// seen each time it does it.
type way struct {
	name string
	// The block that cannot fail to happen. An empty reason is any.
	kind   Kind
	on     Resource
	reason string
	// many says that the line blocks in other ways as well, on the same resource
	// or one of also.
	many bool
	also []Resource
	// live runs one callback with stage.do, and sets stage.at.
	live func(s *stage)
}

// verify returns what is wrong with the report on n callbacks that block this
// way at line at, or nil.
func (w way) verify(r *Report, at Frame, n int) error {
	seen := 0
	for _, b := range r.Blocks {
		if b.User != at {
			return fmt.Errorf("%s: the user frame is not %s %s", b, at, at.Location())
		}
		if b.Kind == w.kind && b.Resource == w.on && (w.reason == "" || b.Reason == w.reason) {
			seen += b.Count
			continue
		}
		if !w.many || b.Resource != w.on && !contains(w.also, b.Resource) {
			return fmt.Errorf("%s: not expected here", b)
		}
	}
	switch {
	case len(r.Truncated)+len(r.Allowed) != 0:
		return fmt.Errorf("want blocks only, got:\n%s", r)
	case seen < n, seen > n && !w.many:
		return fmt.Errorf("seen %d of %d:\n%s", seen, n, r)
	}
	return nil
}

func contains(rs []Resource, r Resource) bool {
	for _, x := range rs {
		if x == r {
			return true
		}
	}
	return false
}

// liveOf returns what a scene does.
func liveOf(name string) func(*stage) {
	for _, sc := range waitScenes {
		if sc.name == name {
			return sc.live
		}
	}
	panic("no scene " + name)
}

// inCoroutine returns a stage.do that runs callbacks in one coroutine, which
// the loop resumes.
func inCoroutine(loop *testLoop) (do func(func()), end func()) {
	var body func()
	next, stop := coroutine(func(yield func(int) bool) {
		for yield(0) {
			body()
		}
	})
	next()
	return func(f func()) {
		body = f
		loop.do(func() { next() })
	}, stop
}
