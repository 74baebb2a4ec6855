// Package durable has a Mutex, an RWMutex and a Once for code that runs in a
// testing/synctest bubble and holds a lock while time passes.
//
// A goroutine is durably blocked if only its bubble can wake it; when all goroutines
// of a bubble are, its time moves on. Waiting for a channel of the bubble, a
// sync.Cond or a sync.WaitGroup of the bubble, and time.Sleep are durable. Waiting for
// a sync.Mutex is not: the package cannot know who holds it. So where one goroutine
// sleeps, or waits for the network, with a sync.Mutex locked, and another wants that
// lock, time stands still, the first never wakes, and the test hangs:
//
//	mu.Lock()
//	time.Sleep(time.Second) // never ends once another goroutine is in mu.Lock
//	mu.Unlock()
//
// The types of this package have the methods of those of package sync and can take
// their places: their zero values are ready for use, they must not be copied after
// first use, and outside a bubble they do the same. Waiting for them is durable. Two
// things differ: who has waited longest is served first, always, and misuse is a panic,
// which can be recovered.
//
// A lock that is contended is used in one bubble, or outside all of them: a goroutine
// of another one cannot wake who waits, and the runtime ends the program.
package durable
