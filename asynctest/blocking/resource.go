package blocking

import "strings"

// The names below are those of Go 1.26's standard library, and of two libraries. The order of the
// questions matters more than their number: a lookup waits in a select, a child
// process is awaited through a file, and both pass through package net or os.

// classify names the resource of a block. asked is the part of the stack below
// the user's own code, leaf first: what the user's line called.
func classify(kind Kind, reason string, asked []Frame, own ownership) Resource {
	if kind == Hang {
		kind, reason = asEvent(reason)
	}
	for _, f := range asked {
		pkg, name := splitFunc(f.Func)
		switch {
		case pkg == "net" && isLookup(name):
			return DNS
		case pkg == "os/exec", pkg == "os" && isProcess(name), isSyscallPackage(pkg) && processCalls[strings.ToLower(name)]:
			return Process
		}
	}
	// The nearer to the leaf decides between os and net: http.ServeFile opens a
	// file, net.sendFile writes to a socket.
	poller := false
	for _, f := range asked {
		pkg, _ := splitFunc(f.Func)
		switch {
		case pkg == "net", strings.HasPrefix(pkg, "net/"), pkg == "crypto/tls", own.virtualNetwork(f), isNetworkClient(pkg):
			return Network
		case pkg == "os":
			return fileResource(kind, reason)
		case pkg == "time" && kind == Syscall:
			return Disk // the files of the time zones
		case pkg == "internal/poll":
			poller = true
		}
	}
	if poller {
		return Network
	}
	if kind == Syscall {
		return syscallResource(asked)
	}
	switch reason {
	case "sleep":
		return Sleep
	case "sync", "sync.(*Cond).Wait":
		return Lock
	case "chan receive", "chan send", "select", "forever":
		return Channel
	}
	return Other
}

// isNetworkClient knows the libraries whose calls wait for a goroutine that reads the
// socket, so that no frame of package net tells what the channel stands for. The runtime
// writes a dot in the last element of a path as %2e.
func isNetworkClient(pkg string) bool {
	return within(pkg, "google.golang.org/grpc") || within(pkg, "github.com/nats-io/nats%2ego")
}

// fileResource is for package os. A regular file never waits in the poller, so
// a park there is a pipe, a terminal or a device.
func fileResource(kind Kind, reason string) Resource {
	switch {
	case kind == Syscall:
		return Disk
	case reason == "sync":
		return Lock
	}
	return Other
}

// syscallResource is for system calls made without package os or net: the
// nearest name that has one meaning decides. syscall.Read and syscall.Write
// have none, since a descriptor does not say what is behind it.
func syscallResource(asked []Frame) Resource {
	for _, f := range asked {
		pkg, name := splitFunc(f.Func)
		if !isSyscallPackage(pkg) {
			continue
		}
		if r, ok := syscallSubjects[strings.ToLower(name)]; ok {
			return r
		}
	}
	return Other
}

func isSyscallPackage(pkg string) bool {
	switch pkg {
	case "syscall", "internal/syscall/unix", "golang.org/x/sys/unix":
		return true
	}
	return false
}

func isLookup(name string) bool {
	return strings.HasPrefix(name, "(*Resolver).") || strings.HasPrefix(name, "(*resolverConfig).") ||
		strings.HasPrefix(name, "dns") || strings.Contains(name, "ookup")
}

func isProcess(name string) bool {
	return strings.Contains(name, "rocess") || strings.Contains(strings.ToLower(name), "pidfd")
}

var processCalls = set("forkexec", "startprocess", "exec", "wait4", "waitid", "kill", "pidfdopen", "pidfdsendsignal")

var syscallSubjects = subjects(map[Resource][]string{
	Network: {
		"accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "getsockoptint", "listen",
		"recvfrom", "recvmsg", "recvmsgn", "sendfile", "sendmsg", "sendmsgn", "sendto", "setsockopt", "setsockoptint",
		"shutdown", "socket", "socketpair",
	},
	Disk: {
		"access", "chdir", "chmod", "chown", "creat", "faccessat", "fallocate", "fchdir", "fchmod", "fchmodat", "fchown",
		"fchownat", "fdatasync", "fstat", "fstatat", "fstatfs", "fsync", "ftruncate", "getcwd", "getdents", "lchown",
		"link", "linkat", "lstat", "mkdir", "mkdirat", "mknod", "mount", "msync", "open", "openat", "pread", "preadv",
		"pwrite", "pwritev", "readdirent", "readlink", "readlinkat", "rename", "renameat", "rmdir", "stat", "statfs",
		"statx", "symlink", "symlinkat", "sync", "syncfilerange", "syncfs", "truncate", "unlink", "unlinkat", "utimensat",
	},
	Sleep: {"nanosleep", "clocknanosleep"},
	Lock:  {"flock"},
})

func set[T comparable](names ...T) map[T]bool {
	m := make(map[T]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

func subjects(by map[Resource][]string) map[string]Resource {
	m := map[string]Resource{}
	for r, names := range by {
		for _, n := range names {
			m[n] = r
		}
	}
	return m
}
