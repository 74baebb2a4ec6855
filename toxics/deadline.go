package toxics

import (
	"sync"
	"time"
)

// deadline is one deadline of one endpoint.
type deadline struct {
	mu         sync.Mutex
	timer      *time.Timer
	generation int // of the deadline that counts
	late       bool
}

// set replaces the deadline; the zero time is none. pass stands between the instant
// and its effect, since what else is due at that instant may have to go first; by
// then the deadline may have been replaced. wake tells those who wait.
func (d *deadline) set(t time.Time, pass, wake func()) {
	d.mu.Lock()
	d.generation++
	generation := d.generation
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.late = false
	if !t.IsZero() {
		if left := time.Until(t); left <= 0 {
			d.late = true
		} else {
			d.timer = time.AfterFunc(left, func() {
				if !d.is(generation) {
					return
				}
				pass()
				d.expire(generation)
				wake()
			})
		}
	}
	d.mu.Unlock()
	wake()
}

func (d *deadline) is(generation int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.generation == generation
}

func (d *deadline) expire(generation int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.generation == generation {
		d.late = true
	}
}

func (d *deadline) passed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.late
}
