// Package bubble runs function after function in one testing/synctest bubble, and says
// what went wrong there: it is what asynctest.Run and package spec have in common.
//
// # One bubble, many functions
//
// A [Bubble] serves the functions that are given to [Bubble.Run] from a channel that
// was made outside of it. To wait for such a channel is not durable, so that virtual
// time stands still between two functions, and moves while one of them runs. Each
// runs on a goroutine of its own: one that panics, or ends by runtime.Goexit, takes
// neither the bubble nor the test process with it, and one that never returns can be
// given up.
//
// # What ends a function that never returns
//
// In the bubble a far timer, the horizon: when it fires, everything else that could
// happen has happened, and the bubble is still alive, so that cleanups can run there.
// testing/synctest, in contrast, panics when all goroutines are blocked, and the bubble
// is gone. Outside of it a watchdog on real time: virtual time stands still as long as
// a goroutine waits for what virtual time cannot end, a mutex, a channel from outside or
// a real connection. It looks at stacks and not at durations: a bubble in which
// anything runs is left alone, however slow the machine, unless it is asked for by
// [Call].Restless that virtual time comes on: then a function that spins is given up, too.
// What it says at once, on standard error, and without an end to anything, is that a
// callback of a loop has been running for long: it may compute for ever.
//
// # Process-wide state
//
// Three traps of bubbles are of the process, and are dealt with there. A lookup of the
// name resolver, made before the first bubble, lets it make its channel outside of
// all. Two garbage collections before each bubble empty the pools in which libraries keep
// timers, which may not be used in two bubbles. And http.DefaultTransport and
// net.DefaultResolver, from when the program begins, refuse to dial inside a bubble and do
// what they did before outside of one. None of this is undone.
package bubble
