package blocking

import "strconv"

// Kind says how a callback blocked.
type Kind uint8

const (
	// Park is a goroutine that gave up its thread to wait: a channel, a lock,
	// a sleep, a socket that was not ready.
	Park Kind = iota
	// Syscall is a goroutine that entered the kernel through a call that may
	// sleep there. The trace does not tell a call that slept from one that
	// returned at once, so each one counts.
	Syscall
	// CPU is a function run by [WithinCPU] that used more CPU time of its thread than
	// its budget. It is the only kind with a threshold, and nobody has it who does not
	// ask for it.
	CPU
	// Hang is a callback that had not returned after [Config].Hang of real time. A hang is
	// never counted as a block: see [Report].Hangs.
	Hang
)

var kindNames = [...]string{Park: "park", Syscall: "syscall", CPU: "cpu", Hang: "hang"}

// String returns the constant's name in lower case: "park", "syscall", "cpu", "hang".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind(" + strconv.Itoa(int(k)) + ")"
}

// Resource says what a callback waited for, as far as the names of the
// standard library's functions in its stack tell.
type Resource uint8

const (
	// Other is a wait that fits none of the resources below: a pipe or a
	// terminal that was not ready, a system call of no known subject,
	// synctest.Wait; or no wait at all, as with [CPU].
	Other Resource = iota
	// Network is a wait below package net, net/http or crypto/tls, below the libraries
	// of gRPC and NATS, or in windtunnel's own virtual network.
	Network
	// DNS is a name lookup of package net, whatever it waits for inside.
	DNS
	// Disk is a system call of package os, or one on files made directly. A
	// file descriptor does not say what is behind it, so a write to os.Stdout
	// is Disk as well.
	Disk
	// Lock is a wait of package sync: Mutex, RWMutex, WaitGroup, Cond, Once.
	Lock
	// Channel is a receive, a send or a select that nothing above explains. A
	// receive from a timer's channel or from ctx.Done() is one of them.
	Channel
	// Sleep is time.Sleep, or the system call of that name.
	Sleep
	// Process is starting, signalling or awaiting a child process.
	Process
)

var resourceNames = [...]string{
	Other: "other", Network: "network", DNS: "dns", Disk: "disk",
	Lock: "lock", Channel: "channel", Sleep: "sleep", Process: "process",
}

// String returns the constant's name in lower case: "network", "dns", "disk",
// "lock", "channel", "sleep", "process", "other".
func (r Resource) String() string {
	if int(r) < len(resourceNames) {
		return resourceNames[r]
	}
	return "resource(" + strconv.Itoa(int(r)) + ")"
}
