// Package loops is a contract for event loops: 55 rules, as checks that run on
// any loop that somebody writes a small adapter for.
//
// Each [Case] of the table says what must happen, what goes wrong otherwise, and
// which existing tests of other loops (Tornado's, asyncio's, libuv's, trio's,
// Kotlin's, Reactor's, Twisted's, tokio's) cover it. The numbers are fixed;
// letters tell the parts of one number apart. Where those loops disagree, the
// table holds the choice that package fakeloop made, and its Source names those
// who chose otherwise: a loop that fails such a case is another kind of loop, and
// not for that alone a broken one.
//
// # Use
//
// Write an adapter and run the table as subtests:
//
//	func TestLoops(t *testing.T) { loops.Run(t, adapter()) }
//
// No test framework is needed: Adapter.Run gives the [Result] of one case,
// Adapter.RunAll of all, [Table] shows them, and Result.Text says of one what was
// observed, which rule that breaks and how to see it again.
//
// # Writing an adapter
//
// New makes a fresh loop and hands over its functions as a [Loop]. Six of them are
// required: Post, After, Cancel, Now, Drive and Close; Stop stands in for Cancel.
// Every other field may be nil. The example of this package is a complete adapter
// with its loop.
//
// A case sets the scene in a posted callback and calls Drive, which returns when
// the loop has nothing left to do. So a loop that runs only while it is driven
// and one that runs by itself pass the same cases. The functions of a loop are
// called on the loop, or by the check while it is not running; but for Post, which
// opens each case, and those that say more of themselves.
//
// A call is refused if it returns an error or panics.
//
// # Modes
//
// The same table runs on three kinds of clock. On [Virtual] time and in a [Bubble]
// instants are exact. On the [Wall] clock a case asserts the order, and that
// nothing comes before its time, and never that something comes soon enough: a slow
// machine is no broken loop. The cases' unit of time is a second where it costs
// nothing, else 5 ms. A case that cannot hold on some clock says why in Case.Not.
//
// # Statuses
//
//   - ok: the rule held.
//   - FAIL: it did not.
//   - HANG: the case had not ended after Adapter.Guard of real time, or its bubble
//     was deadlocked. The result has the stacks. The goroutines of the case are
//     left behind: nothing can end them.
//   - CRASH: the check panicked, for instance with the panic of a callback that the
//     loop let through, or its goroutine ended by runtime.Goexit. It never counts
//     as a pass. A panic on a goroutine of the loop's own ends the process; list
//     such cases in Adapter.Skip.
//   - n/a: the loop lacks an optional part, which the result names, or the mode
//     cannot have the case, or the adapter skips it.
//
// # Optional parts
//
// They are the fields of [Loop] behind the six, the fields of [Options] that
// Adapter.Options names, and Adapter.Watch:
//
//   - timers: Stop, Reset, Pending
//   - driving: Run, Quit, Advance, Turn, Limit
//   - the clock: Charge, SetBack
//   - tickers: Every, Burst, Delay, Jitter, EveryAsync
//   - threads: PostFrom, Offload, Jump, LockStep, Strict
//   - futures: NewPromise, Wait, Timeout, Go
//   - errors: OnError, Fatal
//   - decisions: Seed
//   - blocking: Watch
package loops
