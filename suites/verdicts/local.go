package verdicts

import (
	"errors"
	"path/filepath"
	"runtime"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/subjects"
)

// CPUBudget is how much CPU time a callback may use. One that hands its work to
// others uses some ten microseconds and one that hashes on the loop a hundred
// milliseconds and more, so that no load of the machine brings either near it.
const CPUBudget = 25 * time.Millisecond

// HashCost is how slow the bundled subjects hash.
const HashCost = 12

// Connections is how many idle connections the bundled subject opens.
const Connections = 1000

// NoClock is why the CPU time of a callback is not measured on some systems.
const NoClock = "this system has no clock of a thread's CPU time"

// NoSignals is why a handler of signals is not measured on some systems.
const NoSignals = "this system has no POSIX signals"

const noNetwork = "there is no network in it"

// locals wait for something else than the network, or for nothing.
var locals = []Subject{
	{
		Name:     "file write and fsync",
		Start:    func(r *Run) { r.Finish(subjects.Save(r.file(), []byte(Page))) },
		Local:    noNetwork,
		Blocks:   true,
		Resource: blocking.Disk,
		At:       "subjects.Save",
	},
	{
		Name: "file write and fsync, offloaded",
		Start: func(r *Run) {
			subjects.SaveOffloaded(r.Loop, r.file(), []byte(Page)).OnSettled(func(_ struct{}, err error) { r.Finish(err) })
		},
		Local: noNetwork,
	},
	{
		Name: "lock that another goroutine holds",
		Start: func(r *Run) {
			var counter subjects.Counter
			blocking.Contend(&counter.Mu, counter.Add)
			r.Finish(nil)
		},
		Local:    noNetwork,
		Blocks:   true,
		Resource: blocking.Lock,
		At:       "subjects.(*Counter).Add",
	},
	{
		Name: "lock contended for the whole callback",
		Start: func(r *Run) {
			var counter subjects.Counter
			blocking.Contend(&counter.Mu, func() {
				if err := subjects.Hash("a moment's work", 4); err != nil {
					r.Complain("hashing failed: %v", err)
				}
				counter.Add()
				counter.Add()
			})
			r.Finish(nil)
		},
		Local:    noNetwork,
		Blocks:   true,
		Resource: blocking.Lock,
		At:       "subjects.(*Counter).Add",
	},
	{
		Name: "lock that nobody holds",
		Start: func(r *Run) {
			var counter subjects.Counter
			counter.Add()
			r.Finish(nil)
		},
		Local: noNetwork,
	},
	{
		Name:     "bcrypt",
		Start:    func(r *Run) { r.Finish(subjects.Hash("correct horse", HashCost)) },
		Local:    noNetwork,
		CPU:      true,
		Computes: true,
	},
	{
		Name: "bcrypt, offloaded",
		Start: func(r *Run) {
			subjects.HashOffloaded(r.Loop, "correct horse", HashCost).OnSettled(func(_ struct{}, err error) { r.Finish(err) })
		},
		Local: noNetwork,
		CPU:   true,
	},
	{
		Name:  "1,000 idle connections",
		Start: func(r *Run) { r.Idle(subjects.Wires) },
		Local: "it runs in virtual time, on a network of its own",
	},
}

// Idle opens idle connections on a virtual loop of their own and notes how much
// memory one takes.
func (r *Run) Idle(connector func(*fakeloop.Loop) subjects.Connector) {
	loop := fakeloop.New(fakeloop.Config{})
	before := heap()
	err := subjects.Idle(loop, Connections, 10, 1, connector(loop), func() {
		r.Note("%d bytes of memory a connection, with ten timers each", (heap()-before)/Connections)
	})
	r.Finish(errors.Join(err, loop.Close()))
}

// heap returns how much memory is in use, after a collection.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// file returns the path of a file of the run's own.
func (r *Run) file() string { return filepath.Join(r.Dir, "page") }
