package fakeloop

import (
	"slices"
	"sync"
)

// Recording is a source that writes down what another source answers. Make one with
// Record; it serves one loop. Its methods may be called from any goroutine.
type Recording struct {
	source Source

	mu sync.Mutex
	w  writer
}

// Record returns a source that asks another one and writes down the answers; nil
// means choice 0 everywhere, as in [Config].
//
//	recording := fakeloop.Record(fakeloop.Seed(7))
//	loop := fakeloop.New(fakeloop.Config{Decisions: recording})
//	// ... a run that fails ...
//	fmt.Println(recording) // wt1:..., which ParseReplay takes
//
// An answer that is out of range, a panic and a refusal of the other source are
// passed on and not written down.
func Record(source Source) *Recording { return &Recording{source: source} }

// Choose asks the recorded source, with nothing known of the options.
func (r *Recording) Choose(label string, n int) int {
	choice := 0
	if r.source != nil {
		choice = r.source.Choose(label, n)
	}
	r.add(Decision{Label: label, N: n}, choice)
	return choice
}

// ChooseOption asks the recorded source.
func (r *Recording) ChooseOption(d Decision) (int, error) {
	choice := 0
	if r.source != nil {
		var err error
		if choice, err = ask(r.source, d); err != nil {
			return 0, err
		}
	}
	r.add(d, choice)
	return choice, nil
}

func (r *Recording) add(d Decision, choice int) {
	if choice < 0 || choice >= d.N {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.w.add(d, choice)
}

// Len returns how many decisions have been recorded.
func (r *Recording) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.w.n
}

// String returns the decisions so far as a replay string: "wt1:" and letters,
// digits, "-" and "_", which no shell and no URL needs quoted. ParseReplay takes it.
//
// It has, for each decision, its label, the number of ways and the choice, and for
// what the loop itself asked also the labels and a short hash of the identities of
// what could have gone first. These are left out of decisions among more than 65,536,
// and of all that follow once the recording takes 4 MiB, which is after about half a
// million decisions. One that takes more than 8 MiB is too long for ParseReplay.
func (r *Recording) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return pack(r.w.body)
}

// Replay returns what has been recorded so far, as ParseReplay of String would.
func (r *Recording) Replay() *Replay {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &Replay{pack(r.w.body), slices.Clone(r.w.body), r.w.n}
}
