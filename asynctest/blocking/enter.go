package blocking

import (
	"context"
	"runtime/trace"
	"strconv"
	"time"
)

// mostOccurrences is how many callbacks a Block names.
const mostOccurrences = 1000

// Occurrence is a callback, known by a key of its loop's, that blocked at a place.
type Occurrence struct {
	Key     string        // which callback: what Enter was given
	Count   int           // how many times it blocked there
	Virtual time.Duration // of a synctest bubble's time that passed in the callback; 0 while it has not ended
	Open    bool          // one of these waits had not ended when the recording did

	_ struct{}
}

// Enter notes that the calling goroutine begins a callback that somebody knows by the key,
// and returns the function to call, on the same goroutine, when that is over: what blocks
// meanwhile is reported with the key, in [Block].In. It is for a loop that keeps a record of
// its callbacks; the key is what leads from a block to that record.
//
//	leave := blocking.Enter(id)
//	defer leave()
//
// Calls may be nested; the innermost counts. Enter is no marker, see [Config].Markers: it
// does not make a callback of what runs. While a Recorder runs it costs two remarks in the
// trace, about as much as [Named] does with few names and half as much as that with many,
// and a few nanoseconds otherwise. It may be called from any goroutine.
func Enter(key string) (leave func()) {
	if !trace.IsEnabled() {
		return left
	}
	trace.Log(context.Background(), logEnter, key)
	start := time.Now()
	if start.Year() >= yearsOfBubbles {
		return left
	}
	return func() {
		if passed := time.Since(start); passed > 0 {
			trace.Log(context.Background(), logLeave, strconv.FormatInt(int64(passed), 10))
			return
		}
		left()
	}
}

func left() {
	if trace.IsEnabled() {
		trace.Log(context.Background(), logLeave, "")
	}
}

// keyed is a callback with a key that has not ended.
type keyed struct {
	key     string
	touched []occasion // where it has blocked
}

// occasion is an occurrence: which of those of its place.
type occasion struct {
	spot *spot
	n    int // below 0 if it is one too many to be named
}

// blocked notes that a callback of that key has blocked at the place.
func (sp *spot) blocked(key string) occasion {
	n, known := sp.in[key]
	if !known {
		if len(sp.block.In) == mostOccurrences {
			return occasion{sp, -1}
		}
		if sp.in == nil {
			sp.in = map[string]int{}
		}
		n = len(sp.block.In)
		sp.in[key] = n
		sp.block.In = append(sp.block.In, Occurrence{Key: key})
	}
	sp.block.In[n].Count++
	return occasion{sp, n}
}

// tell changes what is known of an occurrence.
func (o occasion) tell(change func(*Occurrence)) {
	if o.spot != nil && o.n >= 0 {
		change(&o.spot.block.In[o.n])
	}
}

// enter begins a callback with a key, leave ends the innermost one, in which virtual time
// has passed.
func (in *inRegions) enter(key string) { in.entries = append(in.entries, keyed{key: key}) }

func (in *inRegions) leave(virtual time.Duration) {
	last := len(in.entries) - 1
	if last < 0 { // it began before the recording
		return
	}
	for _, o := range in.entries[last].touched {
		o.spot.block.Virtual = max(o.spot.block.Virtual, virtual)
		o.tell(func(b *Occurrence) { b.Virtual = max(b.Virtual, virtual) })
	}
	in.entries = in.entries[:last]
}

// blockedAt notes that the innermost callback with a key, if there is one, has blocked at a
// place.
func (in *inRegions) blockedAt(sp *spot) (o occasion) {
	if in == nil || len(in.entries) == 0 {
		return occasion{}
	}
	inner := &in.entries[len(in.entries)-1]
	o = sp.blocked(inner.key)
	inner.touched = append(inner.touched, o)
	return o
}
