// Package fakeloop is an event loop whose runs repeat: one ordered queue of
// callbacks and timers on virtual time, with futures, coroutines, locks, queues,
// registries and a way to take work outside the loop and back, and a record of
// everything that happened. The same queue also runs in a testing/synctest bubble,
// beside plain goroutines, and on real time.
//
//	loop := fakeloop.New(fakeloop.Config{})
//	loop.AfterFunc(time.Hour, func() { fmt.Println("an hour later") })
//	err := loop.RunUntilIdle() // takes microseconds
//	err = loop.Close()         // says what got lost
//
// # Turns
//
// A turn runs the ready queue as it stood when the turn began, one callback at
// a time, and then the timers that were due at that moment. What a callback
// posts runs in the next turn. A callback can stop a timer that is due behind
// it in the same turn.
//
// # Time
//
// Virtual time starts at 2000-01-01T00:00:00Z, stands still while callbacks
// run, but for what they [Loop.Charge] themselves with, and moves only when
// nothing is ready: straight to the next timer. In a callback Now is the later
// of the loop's time and the callback's due time.
// Time never goes back, and a delay that overflows never comes. Timers with
// equal deadlines fire in the order in which they were set; Reset puts a timer
// behind those already set for the same instant.
//
// A [Ticker] runs a callback again and again, on a grid that does not drift; its
// [Overrun] policy says what becomes of ticks that were missed. Contexts whose
// deadline is on the loop's clock come from [Loop.WithTimeout] and its kin.
//
// # Modes, and who drives
//
// On [Virtual] time, the default, nothing runs until the test drives the loop: by
// [Loop.Run], [Loop.RunUntil], [Loop.RunUntilIdle], [Loop.RunFor], [Loop.Advance],
// [Loop.AdvanceToNext], [Loop.Settle], [Loop.Turn], [Loop.Step], [Loop.Await] or
// [Future.Wait].
//
// In [Bubble] mode the loop runs on a goroutine of its own from New to Close, on the
// virtual time of the testing/synctest bubble in which it was made. It runs a callback
// only when every other goroutine of the bubble is durably blocked. What they have
// posted by then with [Loop.PostFrom] comes in the order of who they are, so that
// their race does not show in the run. Several loops of one bubble take turns. Only one
// goroutine of a bubble can be in synctest.Wait, and that is the loops'; the test calls
// Settle instead. A loop is used inside its bubble only.
//
// In [Wall] mode the loop runs on a goroutine of its own, on real time.
//
// On a loop that runs by itself the driving calls wait for it. Those that move virtual
// time make no sense there and return [ErrNotVirtual]: AdvanceToNext, Turn and Step,
// and on a wall loop Advance.
//
// # The gate of a bubble
//
// Whatever passes through the [Gate] of a loop happens one thing at a time, in an order
// that does not depend on the scheduler: when everything in the bubble is durably
// blocked, one event is let through, or one callback run, and then the next. The start
// of a goroutine with [Loop.Go] is such an event, and so is whatever an in-memory
// network makes of a chunk, a connection, a deadline: unmodified clients and servers
// then run alike every time. Which event of those that wait goes first is a decision.
//
// A gate is a place where code waits, and not every place will do:
//
//   - The goroutine that waits must hold no lock that another may want. One that waits
//     for a sync.Mutex is not durably blocked, the bubble is never quiet, and time
//     stands still for ever. So a gate has no place in Dial, Write or Close, which
//     user code calls under its locks, but in a goroutine of the network's own.
//   - What a call gives to another goroutine must not wait for room. A writer that
//     waits for a reader while it holds a lock stops the bubble in the same way, so a
//     network takes in all that is written, and limits what it delivers.
//   - Whether an event still makes sense is checked behind the gate. A deadline may
//     have been moved while it waited.
//   - Events need names that do not depend on the order in which they come: from, to
//     and which of several. [CallStack] names what has nothing else.
//
// The gate orders what passes through it. Goroutines that one event wakes race until
// they wait again: what they log comes in any order, which a [Journal] puts right; if
// they meet at shared state, two runs may differ. The test's own barrier is
// [Loop.Settle], which comes after all that waits at the gate. Closing the loop lets
// everything through.
//
// What waited longer goes first, counted in intervals from one turn to the next; what
// came in one interval goes in the order of its names, callbacks before events. A
// [Seed] shuffles what waits at one time, and with [Config.Spread] it also moves the
// starts of goroutines, and the latencies of a network of package toxics: a race between
// two events that never wait at one time is found only if something moves them.
//
// # Stalls
//
// If a goroutine of a bubble waits for what the bubble does not bring (a sync.Mutex
// whose holder waits in virtual time, a real connection, a channel from outside) the time
// of the bubble stands still, and nothing inside can notice. [WatchStalls] tells from
// outside who waits for what, and where; package asynctest does so for its own bubbles.
// Package durable has locks for which waiting does not stall.
//
// # Idle
//
// A loop is idle when nothing is ready, no timer is set and no work is outside.
// An idle loop knows that a pending future cannot settle, so waiting for one
// fails at once and says who waits for whom. That holds only if work on other
// goroutines is announced: see [Loop.Outside]. In a bubble another goroutine may sleep,
// which the loop cannot see: there such a call fails when time has moved by
// [Config.Horizon], which takes no real time.
//
// [Loop.Pending], [Loop.Peek] and [Loop.Unfinished] tell what is left, and
// AsyncStack of a future who waits for it.
//
// # Limits
//
// A driving call gives up with a [LimitError] after [Config.Limit] callbacks, to which the
// events at the gate of a bubble count, or when
// time has moved by Config.Horizon and it was not told how far to go; with a
// [StuckError] when what it waits for has not come in [Config.Guard] of real time. In a
// bubble, where a callback costs much more than elsewhere, [Config.InstantLimit] sets after
// how many callbacks at one instant the loop itself gives up, also if nobody waits for it.
// With [Config.Sites] these errors say where the last callbacks come from.
//
// # Work outside
//
// What virtual time does while announced work is outside says a [Policy], of the loop
// or of the single piece of work. Under [Freeze], the default, it stands still: the loop
// takes work back when it has nothing else to do, in the order in which it left,
// however long each piece took. Under [Seeded] the instant of the return is a decision.
// In both the order of a run does not depend on how fast the machine is. Under
// [LockStep] virtual time keeps step with real time, and under [Jump] it moves on as if
// the work were not there.
//
// Offloaded work can wait for a future of the loop. If the loop in turn waits for that
// work, the call that drives the loop ends with a StuckError that names the cycle.
//
// When offloaded work begins says [Config].Offload: as soon as it is offloaded, or, with
// [Between], when the callback that offloads it has ended. Then a callback that waits for its
// own work, as it must not, blocks in every run, and a detector of what blocks is sure to
// see it.
//
// # Goroutines
//
// Whatever a goroutine does to the loop that does not belong to it, but for
// PostFrom and [Work.Return], has no certain place in the order of the run. With
// [Config.Strict] the loop panics on it.
//
// # Futures
//
// A [Future] is settled once, with a value or an error; the first settle wins
// and the loser is told, by a false result or by the [SettledError] of
// [Promise.Settle]. A nil error given to Reject is a rejection with
// [ErrNilRejection], never a success.
//
// Handlers run on the loop, in a later turn, never inside the call that settles or
// registers, and in the order of registration. An error passes through a chain as
// the same value: through [Then], [Catch], [CatchIs], [CatchAs] and [Finally]. What a
// handler returns settles the derived future; a panic of it is a [PanicError] there, and
// a runtime.Goexit is [ErrGoexit].
//
// A future can be settled with another ([ThenFuture], [CatchFuture], [Promise.Adopt]),
// copied ([Link]), shielded ([Shield]) and limited ([Timeout]), and several can be
// combined: [All], [AllSettled], [Any], [Race], [AsCompleted]. What is made of others in
// these ways is settled together with them, not a turn later, so that nothing is lost in
// between. All fails fast. None of them loses an error: each looks at the errors it
// passes on and at no other, and what it has not passed on when it is cancelled is its
// members' own again. A future that would wait for itself is rejected with a
// [CycleError].
//
// Cancelled, timed out and failed are three outcomes: a [CancelError], a [TimeoutError],
// and whatever the producer came to, its own context.Canceled or
// context.DeadlineExceeded included. [Future.Cancel] tells whoever makes the outcome, and
// cancels what the future alone was waiting for, all members of a combination among them.
// [Promise.DecideCancel] lets the producer decide. A fourth is no outcome: the
// [WaitError] of a wait whose context has ended, see [Future.WaitContext].
//
// # Errors that nobody looks at
//
// A rejection that nobody has looked at (no handler registered, nothing derived, no
// Await, Wait, Result or Outcome) is reported. So is an error to which a future comes
// after it was given up, unless it says nothing but that. [Config.OnUnobserved] is told
// while the loop runs, as soon as the loop comes to rest at that instant: whoever looks
// in the same callback, in callbacks posted from there on, or by a timer that is due, is
// in time. [Config.OnObserved] is told if somebody looks later. [Loop.Unobserved] lists
// what nobody has looked at so far, and [Loop.Close] returns what is left. Each is
// reported once, a handled chain not at all, with none of its links, and of several
// branches each. [Future.Quiet] says that an error does not matter.
//
// With [Config.Sites], or from [Loop.SetSites] on, the reports say where a future was
// made, and a settle that comes too late is told who was first.
//
// # Coroutines
//
// [Async] starts a coroutine, which runs on the loop and suspends itself in [Await],
// Sleep and Yield. Cancelling its future interrupts it: the call in which it is
// suspended returns the [CancelError], once, so that deferred calls can await. What
// came before the cancellation is not taken away: the coroutine gets it, and is told at
// its next call. One that has not begun never begins. Closing the loop ends suspended
// coroutines, whose calls return [ErrClosed].
//
// # Locks and queues
//
// Between two awaits a callback is alone on its loop. For what takes longer there are
// [Mutex], [Semaphore], [Condition] and [Event], and a [Queue] hands items over, the
// oldest, the newest or the least first; a full one makes those who put wait. Nobody
// waits but on a future, never on the loop, and who has waited longest is served
// first. What such a future stands for, a lock, a permit, an item, is given at the
// moment in which the future is resolved. Up to then whoever waits can give up (by
// Cancel, by Timeout, by the cancellation of the coroutine that awaits), and it is
// given to the next; from then on giving up comes too late, and says so. So nothing is
// given to somebody who has gone, and nothing is lost in between.
//
// Each use of such an object leaves an event of kind timeline.Touched, and so does
// [Loop.Touch] for the user's own data.
//
// # Registries, signals
//
// A [Registry] calls the handlers registered for a
// name, each as a callback of its own, so that one that panics takes no other with
// it. [Loop.OnSignal] does the same for the signals of the operating system, which
// [Loop.Raise] stands in for on virtual time.
//
// # Errors and panics
//
// A panic of a callback is kept as a [PanicError] with the stack of the panic
// site; the loop goes on, tells [Config.OnError], and the driving call returns all of
// them joined. With [Config.TellDropped] Close returns them once more if nobody looks. A
// panic of a handler, a coroutine or offloaded work rejects the future instead.
// A panic that [Config.Fatal] knows as a test framework's failure, and
// runtime.Goexit, which is what FailNow does, leave the loop and reach the
// goroutine that drives it or waits for it; the loop can be driven again.
// Misuse (a nil callback, a closed loop, Await outside its coroutine) panics
// with a text that begins with "fakeloop: ".
//
// # Decisions and the timeline
//
// Whatever could have gone otherwise is one call of [Loop.Choose], answered by
// the [Source] of the configuration: which of several ready callbacks goes
// first, which finished work comes back first, and what the user's own code
// asks. Without a source every choice is 0: first in first out. Callbacks posted
// by one callback keep their order among themselves whatever is chosen, since
// code relies on it. Two runs with equal choices have equal timelines, event by
// event; see [Loop.Timeline] and package timeline.
//
// [Seed] shuffles all that may legally go another way. [Record] writes down what any
// source answers, as a line of text. [ParseReplay] reads that line:
// [Replay.Strict] repeats the run, and stops it with a [DivergenceError] where it
// asks something else than was recorded; [Replay.Source] follows as far as it can.
//
// # Fault points
//
// If the source is a [FaultSource], whatever can go wrong is a decision, too, of which
// choice 0 is that it does not: a timer set with AfterFunc can be late, and offloaded work
// can fail, be late, be cancelled, panic, end by runtime.Goexit, or never return. So can,
// with [Faulty], the future that a fake returns, and with [Loop.Fail] a call; package
// toxics has the points of a network. [Loop.Injected] lists what went wrong, and
// [Loop.Trail] says how far an error got. Without such a source there are no points,
// and a timeline tells of those only at which something went wrong. Package explore tries
// all, and package asynctest judges what comes of it.
//
// # Traps
//
// [Loop.Trap] holds the callbacks of a label when they are about to run, until the
// test releases them. Several traps force one exact interleaving. A held callback
// does not keep the loop from being idle.
package fakeloop
