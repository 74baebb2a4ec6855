/*
Package spec puts each Ginkgo spec into one testing/synctest bubble, where time is
virtual and a goroutine that is left behind fails the spec. The suite is as ginkgo
bootstrap makes it.

	var _ = Describe("the session", spec.Bubble, func() {
		var session *Session

		BeforeEach(func() {
			session = Open()
			DeferCleanup(session.Close)
		})

		It("expires after an hour", func() {
			time.Sleep(time.Hour) // takes microseconds
			Expect(session.Expired()).To(BeTrue())
		})
	})

# What is in the bubble

[Bubble] decorates a container, a table or a single spec. At a container it puts
BeforeEach, JustBeforeEach, It, JustAfterEach, AfterEach, DeferCleanup and
DeferOnFailure of each spec into one bubble, in which they share channels, timers and
goroutines. At an It only the It and what it defers are in the bubble: the nodes
of its containers run outside, as always. Every attempt of a spec has a bubble of its own.

The clock begins at 2000-01-01T00:00:00Z and moves only while a node runs and
everything in the bubble waits. Between two nodes it stands still. Ginkgo's own clocks,
those of NodeTimeout, SpecTimeout and progress reports, stay outside, on real time.

The SpecContext of a node is cancelled when the node has ended, as usual, and when
Ginkgo cancels it because of a timeout, as soon as virtual time has moved by an hour.
Contexts and Eventually may be based on it.

# How a spec can go wrong

Each of these fails one spec, at the user's line, with the stacks of its bubble, and
the next spec runs:

  - a failure, a panic, or runtime.Goexit in a node
  - a deadlock: a node waits for what does not come within its [Horizon], a week of
    virtual time. The bubble goes on, and the cleanups run in it
  - time that stands still: somebody waits for a mutex, for a channel from outside or
    for a real connection, and nothing else runs. A watchdog says so after 10 seconds of
    real time, or after WINDTUNNEL_GUARD. Of a callback that computes for that long it
    says so on standard error, and where: nothing but a timeout ends that
  - goroutines that are left when all cleanups have run and virtual time has gone on for
    another minute: each with its stack, where it was made, and what closes it, if that
    is known
  - a timeout of Ginkgo's. Its progress report shows what is in the bubble

# Limits

  - BeforeSuite, BeforeAll, AfterAll and what they defer run outside of bubbles.
    Channels and timers that they make can be used inside, but whoever waits for one
    keeps virtual time from moving. In an Ordered container each spec has a bubble of its
    own: what one makes there is not for the next. BeforeEach with OncePerOrdered runs
    in the bubble of the first spec, and must make nothing but plain values
  - A panic on a goroutine that the spec itself has started ends the process, as
    always; defer GinkgoRecover there
  - Channels and timers must not leave their bubble: the runtime ends the process,
    without a chance to recover, when another bubble or nobody's uses them. Package-level
    variables, caches, sync.Pool and sync.Once are where that happens. Two collections
    between bubbles empty the pools, http.DefaultTransport and net.DefaultResolver
    refuse to dial inside a bubble, and the resolver is woken up outside
  - Real sockets, files and processes work inside, and keep virtual time from moving
    meanwhile
  - By and AddReportEntry stamp what they are told inside with virtual time

# Reproduction

The report of a spec that failed has the line that runs it again with the same seed, and,
for each tunnel, what led to the failure on the loop ([TimelineEntry]; for the reporter of
package github also as a [DiagramEntry]) and the paths of the whole record, a trace that
https://ui.perfetto.dev opens, and of its page ([RecordEntry]). The records are
in a directory of the user's among the temporary files, or in WINDTUNNEL_RECORDS, of which
"off" keeps none. Progress reports say what the tunnel waits for.
*/
package spec
