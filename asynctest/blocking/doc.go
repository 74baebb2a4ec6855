/*
Package blocking finds callbacks that block their event loop.

A callback blocks when its goroutine parks or enters the kernel before it
returns. That is a fact with a stack, not a duration: there is no threshold, no
sampling and no clock in the verdict. A wait of 300 ns counts, and a callback
that computes for a second does not.

# Use

	rec, err := blocking.Start(blocking.Config{
		Markers: []string{blocking.FuncName((*Loop).dispatch)},
	})
	// handle err
	// run the loop
	report, err := rec.Stop()
	// handle err; report.Blocks lists what blocked, with the line and the waker

A recording covers the whole process, so a Recorder watches every loop in it.
Package asynctest wraps all this for tests.

# What it sees

	what a callback does           seen    as, or why not
	channel, select                yes     park on channel
	Mutex, WaitGroup, Cond, Once   yes     park on lock, if it parks: after 2 us of spinning
	time.Sleep                     yes     park on sleep, from 1 ns
	socket, TLS, http, DNS         yes     park or syscall on network, dns
	file, stdout, child process    yes     syscall on disk, process, though it may not have slept
	pipe, terminal                 yes     park on other, and syscalls
	cgo, other system calls        yes     syscall, on what the name of the call tells
	any of these in a coroutine    yes     if its entry function is a marker
	any of these, 128 frames deep  partly  apart, in Truncated, unless the callback is Named
	computing                      asked   cpu, in what WithinCPU runs: nothing waits
	spinning on a variable         asked   likewise; if it never ends, hang, by Config.Hang
	never returning                yes     what it waits for, still open; and hang, if asked
	page fault                     no      the kernel does not tell the runtime
	waiting for what is ready      no      it did not wait; latency and Contend make it
	lock held for under 2 us       no      Lock spins first; Contend makes it park
	runtime.GC, ReadMemStats       no      the runtime's own waits, like any collection
	raw system call, vDSO          no      the scheduler is not told of os.Getpid, time.Now
	body of iter.Pull, no marker   no      it runs on a goroutine that nothing ties to the callback
	blocked before Start           no      the recording does not show the beginning

Asked means: for those who ask for a budget or a guard, which are durations.

The sections below say it in full, and each line has a test.

# Callbacks and markers

A callback is whatever runs below a marker. A marker is a function, given by its
full name: when its frame is in the stack of a goroutine that waits, the
goroutine is in a callback, and the first frame inside it that is not windtunnel's own says which one.
When several markers are in one stack, the one nearest the leaf counts.

Three kinds of function are worth marking:

  - the function of a loop that calls the user's handlers. It should block on
    nothing of its own, for what it calls cannot be told from a handler. Its own
    channel operations are not counted;
  - the entry function of a coroutine. A coroutine body made with iter.Pull runs
    on a goroutine of its own, whose stack never shows the loop;
  - [Callback], which is always a marker: wrap the handler given to a foreign
    loop in it, and no name is needed.

A misspelt marker sees nothing, and no recorder can tell. Use [FuncName], and
keep one test per loop that blocks on purpose.

# What counts

Every transition of a goroutine from running to waiting ([Park]) and from
running into a system call ([Syscall]), however short:

  - channel receive, send and select that find nothing ready
  - Mutex, RWMutex, WaitGroup, Cond, Once that are not available
  - time.Sleep, of any positive duration
  - sockets, pipes and terminals that are not ready
  - every system call made through package syscall or cgo, whether or not the
    kernel made it wait: opening, reading and writing files, each read and write
    of a socket, starting processes
  - the first use of something that loads a file, such as a time zone

Two more kinds are for those who ask for them, since both have a threshold. [CPU] is a
function run by [WithinCPU] that used more CPU time of its thread than its budget, which
is measured on a clock that a busy machine does not falsify, on Linux and macOS. [Hang] is
a callback that had not returned after [Config].Hang of real time; it is listed apart, in
[Report].Hangs, and never counts as a block.

# What does not count

  - uncontended locks, ready channels, select with a ready case or a default
  - starting goroutines, creating and stopping timers
  - the switches of iter.Pull, on either side
  - the runtime's own waits: a goroutine that starts or assists a garbage
    collection parks with ordinary reasons such as "sync" and "chan receive".
    They are known by the frame that asked for them: package runtime
  - the lock of a windtunnel loop itself, which a callback that posts shares with
    goroutines that hand work in: whoever has it, has it for nanoseconds, and a
    callback that waits for it waits for the tool. Likewise the lock inside
    sync.Pool, which every call of package fmt can meet, and that of package
    os/signal
  - the notes that go test takes, in a file, of what a test reads with os.Getenv,
    os.Open and os.Stat
  - being preempted, runtime.Gosched, and calls the runtime does not announce
    to the scheduler, such as os.Getpid, time.Now and whatever is made with
    syscall.RawSyscall

# What cannot be seen

  - computing, and waiting by spinning on a variable, unless [WithinCPU] runs it
  - page faults, also those of a memory-mapped file
  - a contended lock that is released within about 2 microseconds, since
    sync.Mutex spins first; [Contend] makes a callback that takes a lock wait
  - a wait whose event happened to be ready: a receive that found its sender
    there did not park. Code that may block is caught when it does. For work that
    a callback has offloaded itself fakeloop.Between makes it certain, as in a tunnel
  - runtime.GC and runtime.ReadMemStats, whose waits are the runtime's own
  - who is waiting, on stacks deeper than the 128 frames the tracer records: a
    recursion of 200 below a marker hides it. Such waits are listed apart, in
    [Report].Truncated, because most of them need not be callbacks at all
  - a wait in the body of an iter.Pull that a callback drives, unless the body
    has an entry function that is a marker: nothing in the trace ties its
    goroutine to the callback
  - a callback that was blocked already when the recording began

# Resources

[Resource] says what was waited for. It comes from the names of the standard
library functions that the user's line called, since the reason alone says
little: http.Get parks in a select and in a channel receive (and the lookup that it
has made on another goroutine is Network). A name lookup on the callback's own
goroutine is DNS whatever it waits for inside, a child process is Process although it is
awaited through files, and between os and net the one nearer to the leaf
decides. The libraries of gRPC and NATS count as the network too: a call waits there for
the goroutine that reads the socket.

A system call of package os is Disk. That holds for os.Stdout too: a descriptor
does not say what is behind it, and a log line written by a callback is a write
to a file in production. A park below os.(*File) is Other, because only pipes,
terminals and devices are ever not ready.

# Proof of life

A tool that is silent when it is broken is worse than none. Each recording
holds two blocks that the Recorder makes on purpose, at its start and at its
end. When either is missing, because the trace is cut short, cannot be decoded
by this version of golang.org/x/exp/trace, or was stopped by someone else, Stop
fails with [ErrBlind] and gives no report.

# Names, scopes and rules

A callback run by [Named] or [Posted] is reported with its name and with who posted
it; a loop that keeps a record of its callbacks calls [Enter] with a key that leads there. [Allow] and [Disallow] are scopes; [AllowFunc], [AllowPackage] and
[DisallowFunc] make rules for [Config].Allow, which [Rule.By] and [Rule.On]
narrow. Of all that a stack passes through, whatever is nearest to the leaf
decides. [LogWrites], [FirstUse] and [TestFrameworks] are rules ready made. A rule
that allowed nothing is reported; [Report.Known] holds a project to a list of
blocks that can only shrink.

# Bubbles

A recording that was started outside a testing/synctest bubble sees everything
inside. A bubble has two readings of its own, which need no Recorder:
[StillRunning] tells at once which callbacks have not returned though nothing
else can run, and [Virtual] how much of the bubble's time passed in a callback.

# Process-wide state

Go has one execution tracer per process, and one flight recorder that sees the
same. The first Recorder takes the tracer, or the flight recorder when the tracer
is taken, as it is under go test -trace; the others share the recording, and the
last one to stop gives it back. So tests that run in parallel may each have a
Recorder. A goroutine belongs to the Recorders started on it or on a goroutine
that it descends from, and its waits are reported to those alone; one that
descends from none, such as a loop made in TestMain, is reported to all.

When both are taken, [Start] fails with [ErrBusy], unless [Config].LastResort
allows the block profile. The tracer must be started outside any
testing/synctest bubble; inside, it would kill the process, and Start fails with
[ErrBubble] instead.

# Cost

A callback that does not block costs what it costs without the tracer; but a resume of a
coroutine, whose switches the tracer records, costs 0.3 microseconds more. One that
does costs less than a microsecond more, and some 20 to 40 bytes of memory held
until Stop, as does every other transition in the process. A name or a key costs each
callback about half a microsecond and 50 bytes, whether it blocks or not. Stop reads them back
at about half a microsecond each. The benchmarks of this package show the
figures for a machine.
*/
package blocking
