package asynctest

import (
	"fmt"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// Notes ends the recording of the tunnel, as [Tunnel.Blocks] does, and returns what is known
// of its run beside the events of the timeline, for its page: the faults that were in force
// on the network or were injected, and each callback that blocked, with the line at which it
// did. The page that a failing test leaves behind has these notes.
//
//	tunnel.Loop.Timeline().WriteHTML(file, timeline.HTMLOptions{Notes: tunnel.Notes()})
func (t *Tunnel) Notes() []timeline.Note {
	t.mustBe("Notes", made)
	blocks, _ := t.Blocks() // a tunnel without a recording has none
	var blocking []timeline.Note
	var end time.Duration
	for _, b := range blocks {
		for _, n := range b.notes() {
			blocking = append(blocking, n)
			end = max(end, n.At+n.Span)
		}
	}
	notes := faultNotes(t.Loop.Timeline(), end)
	for _, f := range t.Loop.Injected() {
		n := timeline.Note{Kind: timeline.Fault, At: f.At, Label: "injected: " + f.String()}
		if f.Caller != "" {
			n.Text = "the call that goes wrong is at " + f.Caller
		}
		notes = append(notes, n)
	}
	return append(notes, blocking...)
}

// notes are those of a place, one for each callback that is known; if none is, one that is
// about the whole run.
func (b Blocked) notes() []timeline.Note {
	label, text := fmt.Sprintf("%v, on %v", b.User, b.Resource), b.tell()
	if len(b.Callbacks) == 0 {
		return []timeline.Note{{Kind: timeline.Blocking, Label: label, Text: text}}
	}
	var notes []timeline.Note
	for _, c := range b.Callbacks {
		about := c.String()
		if c.Open {
			about += "; it had not returned when the recording ended"
		}
		if c.Virtual > 0 {
			about += fmt.Sprintf("; %v of virtual time passed in it", c.Virtual)
		}
		notes = append(notes, timeline.Note{
			Kind: timeline.Blocking, ID: c.ID, At: c.At, Span: c.Virtual, Label: label, Text: about + "\n" + text,
		})
	}
	return notes
}

// tell says all about a place that is the same in every run.
func (b Blocked) tell() string {
	text := fmt.Sprintf("%v on %v (%q)\nat %v", b.Kind, b.Resource, b.Reason, b.User.Location())
	stack := func(head string, frames []blocking.Frame) {
		if len(frames) > 0 {
			text += "\n" + head
		}
		for _, f := range frames {
			text += fmt.Sprintf("\n  %v", f)
		}
	}
	stack("blocked at", b.Stack)
	stack("woken at", b.Waker)
	return text + "\nto allow it: " + b.AllowLine()
}

// faultNotes are the faults of a network, from their switches at the gate. The run goes on at
// least until end.
func faultNotes(run *timeline.Timeline, end time.Duration) (notes []timeline.Note) {
	on := map[string]int{} // by what it is: which note
	for _, e := range run.All() {
		end = max(end, e.At)
		number, state, what, ok := faultSwitch(e)
		if !ok {
			continue
		}
		fault := fmt.Sprint(number, " ", what)
		if state == "on" {
			on[fault] = len(notes)
			notes = append(notes, timeline.Note{Kind: timeline.Fault, At: e.At, Label: what})
		} else if n, known := on[fault]; known {
			delete(on, fault)
			notes[n].Span = lasting(e.At - notes[n].At)
		}
	}
	for _, n := range on {
		notes[n].Span, notes[n].Text = lasting(end-notes[n].At), "until the end of the run"
	}
	return notes
}

// lasting is a span that is no instant, for a fault that was lifted at once.
func lasting(d time.Duration) time.Duration { return max(d, 1) }

// faultSwitch takes apart how package toxics tells a gate that a fault is switched: "fault 2
// on: severed client, api".
func faultSwitch(e timeline.Event) (number int, state, what string, ok bool) {
	head, what, found := strings.Cut(e.Label, ": ")
	n, _ := fmt.Sscanf(head, "fault %d %s", &number, &state)
	return number, state, what, found && n == 2 && e.Kind == timeline.Passed
}
