// Package futures is a contract for futures, promises, tasks and whatever else carries
// an outcome that comes later: 180 properties, as checks that run on any Go library
// that somebody writes a small adapter for. It asks above all whether every error
// arrives.
//
// Each [Property] of the table says what must happen and which existing tests of other
// futures (Promises/A+, asyncio, Twisted, Tornado, Java's CompletableFuture, folly,
// Guava, Netty, Scala, kotlinx, bluebird, .NET) cover it. The numbers are fixed.
//
// A future is settled once, with a value or with an error: it is then fulfilled or
// rejected, and before that pending.
//
// # Use
//
// Write an adapter and run the table as subtests:
//
//	func TestFutures(t *testing.T) { futures.Run(t, adapter()) }
//
// That is all: no test framework, no TestMain. [Compare] runs several subjects and
// returns the results, [Table] and [JSON] show them side by side, and Result.Text says
// of one what was observed, which rule that breaks and how to see it again. For Ginkgo
// there are [NewRunner] and [Specs].
//
// # Writing an adapter
//
// Only Name and New are required. New makes a pending future and returns the two
// functions that everybody needs, wrapped in a [Case]:
//
//	futures.Adapter{
//		Name: "mylib",
//		New: func() futures.Case {
//			p := mylib.NewPromise[any]()
//			return futures.Case{
//				Settle: func(v any, err error) error {
//					if err != nil {
//						p.Reject(err)
//					} else {
//						p.Resolve(v)
//					}
//					return nil
//				},
//				Await: func(context.Context) (any, error) { return p.Wait() },
//				Impl:  p,
//			}
//		},
//	}
//
// With that about thirty properties are checked. Then:
//
//   - Say in [Caps] what the library declares. The zero value declares nothing; for
//     instance OwnDeadline if Await heeds its context, or SecondSettle: Reported if
//     a second settle is told so.
//   - Add the functions that the library has: Then, Catch, OnDone, All, Cancel and so
//     on, in any order. Each is a few lines, which find the library's own future in
//     Case.Impl and return a Case around another one. What is nil is not applicable,
//     and the report lists by name what that leaves out.
//   - If every check hangs, declare Caps.RealTime: see below.
//
// Where resolve and reject exist only in a callback that the library calls, New takes
// them out of it:
//
//	settles := make(chan func(any, error), 1)
//	p := mylib.New(func(resolve func(any), reject func(error)) {
//		settles <- func(v any, err error) {
//			if err != nil {
//				reject(err)
//			} else {
//				resolve(v)
//			}
//		}
//	})
//	settle := <-settles
//
// Where the library only starts tasks, New starts one that waits for its outcome on a
// channel. Settle gives it the first one and drops the others; what the properties 4 to 8
// say is then the adapter's doing.
//
// Declare what the documentation says, not what the code happens to do: of what is not
// declared the checks ask least. A nil function that a check passes to OnDone or Both goes
// to the library as nil, if its types allow that.
//
// An adapter must not mend the library: no error turned into another one, no recover,
// no second handler passed where a user would pass one. It must not wait in Settle.
// A case that is derived, or has a task behind it, has no Settle.
//
// A library whose futures belong to a loop makes the loop in Setup and ends it in
// Close; both are called around each check. If its futures move only while somebody
// drives the loop, Await drives it, and so does Idle.
//
// # Bubbles and real time
//
// A check runs in a testing/synctest bubble: "nothing happens" is then certain at once,
// and deadlines cost no time. A library whose waiters block in a way that a bubble does
// not see through (on a mutex, in a system call), or that has goroutines outside,
// declares Caps.RealTime. Its checks wait in real time: for what must happen, as long as
// Adapter.Patience, and for what must not, a moment. So a slow machine fails nobody.
//
// # Processes
//
// A check may crash, hang or spin its process, and that is a verdict like any other.
// So each subject has a process of its own, in which its checks run one behind the
// other: the test binary executes itself again and comes to the same call of Run. A
// process that a check has ruined is replaced, and a check that did not pass is run
// once more in a process of its own; what that does not confirm passes with a note,
// unless the property is stochastic. Build the tests with -race to have data races
// found; the processes are then built so, too.
//
// # Modes
//
// What depends on when the future is settled is checked in three modes: settled
// already when the handler is registered, at once behind it, and later.
//
// # Levels
//
//   - required: of any future that has the functions that the property needs.
//   - optional: of libraries that declare it in Caps or have the function for it.
//   - stochastic: required; found by many rounds, and best with -race.
//   - informational: measured and shown. Only a crash or a hang counts.
//
// # Statuses
//
//   - ok: the rule held.
//   - FAIL: it did not.
//   - HANG: nothing in the check's bubble could go on, or the check had not ended
//     after Adapter.Guard of real time or Adapter.CPU of CPU time.
//   - CRASH: the check panicked, its goroutine ended by runtime.Goexit, or its process
//     ended. It never counts as a pass, unless the library declares that policy for
//     panics and the property is about it.
//   - RACE: the race detector reported a data race.
//   - n/a: the library lacks a function or does not declare the property, or the
//     adapter skips it, or nothing can check it; the result says which.
package futures
