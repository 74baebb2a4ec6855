/*
Package asynctest has Gomega matchers on futures of every kind, on what callbacks
wait for and on whole runs, and the tunnel, in which a test has all it needs for them.
It works with go test and with Ginkgo, and imports no test framework.

	var _ = It("gives up after three tries", func() {
		loop := fakeloop.New(fakeloop.Config{})
		DeferCleanup(loop.Close)
		rec := Watch(GinkgoT())

		f := client.New(loop).Fetch("http://api/x")

		Expect(f).To(BePending())
		Expect(f).To(RejectWith(client.ErrGaveUp))
		Expect(rec).To(NeverBlock())
	})

Under go test the same matchers are used through NewWithT(t), and t takes the
place of GinkgoT().

# The tunnel

A [Tunnel] is a loop, a network, a detector of blocking callbacks and a seed in one
value. [Run] makes one for a test of package testing, in a testing/synctest bubble of its
own, and closes it:

	func TestRetries(t *testing.T) {
		Run(t, func(tunnel *Tunnel) {
			g := NewWithT(t)
			tunnel.Net.Serve("api:80", handler)
			tunnel.Net.Apply(toxics.Partition("client", "api").For(2 * time.Minute))
			c := client.New(tunnel.Loop, tunnel.Net.DialContext)
			g.Expect(c.Fetch("http://api/x")).To(ResolveWith("ok"))
			g.Expect(tunnel.Elapsed()).To(BeNumerically(">=", 2*time.Minute))
			g.Expect(tunnel).To(NeverBlock())
		})
	}

The detector of a tunnel knows the callbacks of its loop: a failure of [NeverBlock] tells
which one blocked, by its label and the identity that it has in the timeline, when it
began, and who posted it, or set the timer, or settled the future whose handler it is.
[Tunnel.Blocks] has all that as values. Of several tunnels in one bubble each tells of the
callbacks of its own loop, and of those that are no tunnel's.

In the bubble time is virtual for package time, too, so code under test may sleep, and a
goroutine that is left behind, a deadlock and time that stands still each fail the test,
and only that. Package spec does the same for Ginkgo, and tells in detail what can go
wrong.

All that is random in a tunnel comes from its seed. The seed comes from the name of the
test, so that a plain go test does the same each time; WINDTUNNEL_SEED=n tries another.
A test that fails prints the line that repeats it, what led to the failure on the loop, as
lanes over virtual time, and the paths of the whole record: a trace that
https://ui.perfetto.dev opens, and a page that shows in red which callbacks blocked, and
which faults there were. The records are in a directory of the user's among the
temporary files, or in WINDTUNNEL_RECORDS, of which "off" keeps none. Of a run of more than
150,000 events, or WINDTUNNEL_RECORD_EVENTS, the middle is left out.

Importing this package makes http.DefaultTransport and net.DefaultResolver refuse to
dial inside of testing/synctest bubbles, where a real connection stops time, and can end
the process later. Elsewhere they do what they did.

# The fault sweep

[Sweep] breaks everything in a [Scenario], one thing at a time, each time in a run of its
own, and finds the places at which an error gets lost:

	func TestEveryFault(t *testing.T) {
		Sweep(t, Scenario{
			Run: func(tunnel *Tunnel) any {
				tunnel.Net.Serve("api:80", handler)
				c := client.New(tunnel.Loop, tunnel.Net.DialContext)
				return c.Fetch("http://api/x")
			},
			Handles: []Handled{{Point: "dial *", Faults: []fakeloop.FaultKind{fakeloop.FaultRefused}}},
		})
	}

The points at which something can go wrong are those of the network, timers, offloaded
work, and what the scenario names: a future of a fake with fakeloop.Faulty, a call with
fakeloop.Loop.Fail, and any decision with fakeloop.Loop.Choose. Without a sweep they are
nothing: they cost no time and leave no trace in a timeline.

Each finding has the command line that makes its run again, with the environment variable
WINDTUNNEL_SWEEP, and a replay string for [WithReplay]. It says at which line of the
user's code the error was last seen, or the waiting began. Under Ginkgo, spec.Sweep does
the same.

# Settled

A future is pending, and then, once and for all, resolved with a value or
rejected with an error: it is settled.

[BePending] looks at a future. [BeResolved], [ResolveWith], [BeRejected] and
[RejectWith] wait until it is settled or cannot be any more, so Expect is enough:
neither Eventually nor a sleep is needed. How they wait depends on who can settle
the future:

  - a callback of a virtual loop: the matcher drives the loop, and stops as soon
    as the future has settled. When the loop is idle before that, the future will
    never settle, which the failure says at once, together with who waits for
    whom;
  - a callback of a wall loop, which runs by itself: the matcher waits until the
    loop is idle, or for the loop's own Guard. Work on a goroutine that the loop
    has not been told of (Loop.Outside) does not keep it from being idle;
  - a goroutine: the matcher waits in real time, and gives up after
    [DefaultGuard]. Inside a testing/synctest bubble that time is virtual too.

A future that never settles is neither resolved nor rejected, so NotTo(BeResolved())
holds for it. When a matcher gives up, however, it does not know, and fails
whichever way it was used. It also fails both ways when it is given something that
is no future.

All matchers but BePending count as looking at the error of a rejected future.

# What is a future

  - a *fakeloop.Future[T], or any other [fakeloop.Awaitable]
  - <-chan error, also bidirectional: the first value settles it, nil resolves it
    with nil. An element type that is itself a type of error counts the same
  - <-chan T: the first value resolves it. A channel closed without a value
    rejects it with [ErrBroken], one of errors too: that nobody answers is not
    success. Only a channel of struct{} is resolved by closing it
  - func(context.Context) (T, error) and func(context.Context) error: called once
    per assertion, on a goroutine of its own. A panic rejects it, runtime.Goexit
    rejects it with [fakeloop.ErrGoexit]. The context is cancelled when the
    function has returned and when the matcher gives up
  - a value with Done() <-chan struct{} and Err() error, such as a
    context.Context: when Done is closed, Err says whether it is resolved with nil
    or rejected. A context that was cancelled with a cause is rejected with both
    errors
  - what [Adapt] makes of anything else that reports an outcome

[AsFuture] and [On] wrap any of these. A wrapped future keeps its outcome, so many
assertions can be made on it, and And and SatisfyAll can combine matchers. A bare
channel gives its value to one assertion, and a bare function is called by each.

# Futures that a loop settles

A channel does not say who will send on it. [On] names the loop:

	errc := make(chan error, 1)
	client.Start(loop, func(err error) { errc <- err }) // code under test
	Expect(On(loop, errc)).To(RejectWith(io.EOF))

With [LoopOnly] an idle loop is the end, as for a fakeloop.Future. Without it, a
goroutine might still deliver, and the matcher waits for it up to the guard
([WithGuard]): a passing test never waits in vain, and a slow machine cannot make
it fail.

# Errors

[RejectWith] compares errors by identity, with errors.Is and errors.As, since an
error that was made anew on the way is a bug that its text hides. [ErrorAs] is a
matcher for errors of a type.

[BeCancelled] tells a cancellation from a failure and from a timeout, [HaveUnobserved]
finds errors that nobody has looked at.

# Time and runs

[SettleAt] and [SettleWithin] are about when a future settles, on the clock of its loop.
[MatchMarbles] compares a whole run with an expectation over a time axis,
[HaveSameTimeline] with another run, and [BeDeterministic] runs a function many times.
[LeakNothing] asserts that everything that was begun has ended.

# Blocking

[Watch] records what callbacks wait for. [NeverBlock] asserts that they never
wait, [BlockOn] and [BlockAt] that they do, and [BlockAtMost] at how many places. A
[Tunnel] records from the start. What counts as blocking, and what no recording can
show, is told by package blocking.

# Eventually

The matchers tell Eventually and Consistently when nothing can change any more:
the future is settled, or the virtual loop on which it depends is idle. They then
end at once. Eventually does not drive a loop, but the matchers do.

# Texts

A failure says what was expected and what was the case, with the future's label
and, if the loop has Sites, where it was made, the errors with their types, and how
late it was on the loop. The texts are for people and may change.
*/
package asynctest
