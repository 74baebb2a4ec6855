package blocking

import (
	"strings"
	"testing"
	"testing/synctest"
)

// The stacks are those of Go 1.26, shortened to the frames that decide.
func TestClassify(t *testing.T) {
	for _, c := range []struct {
		kind   Kind
		reason string
		asked  string
		want   Resource
	}{
		{Park, "select", "runtime.selectgo net/http.(*persistConn).roundTrip net/http.(*Client).Do", Network},
		{Park, "network", "internal/poll.runtime_pollWait internal/poll.(*FD).Read net.(*netFD).Read net.(*conn).Read", Network},
		{Syscall, "syscall.write", "syscall.write internal/poll.(*FD).Write net.(*netFD).Write", Network},
		{Park, "sync", "internal/poll.runtime_Semacquire internal/poll.(*FD).Close net.(*conn).Close", Network},
		{Park, "select", "runtime.selectgo net.(*pipe).read net.(*pipe).Read", Network},
		{Park, "chan receive", "runtime.chanrecv1 crypto/tls.(*Conn).handshakeContext", Network},
		{Syscall, "syscall.sendto", "syscall.sendto syscall.Sendto", Network},
		{Syscall, "x", "golang.org/x/sys/unix.Connect", Network},
		{Park, "network", "internal/poll.runtime_pollWait internal/poll.(*FD).WaitWrite", Network},
		{Park, "select", "runtime.selectgo google.golang.org/grpc/internal/transport.(*recvBufferReader).readClient google.golang.org/grpc.(*ClientConn).Invoke", Network},
		{Park, "select", "runtime.selectgo github.com/nats-io/nats%2ego.(*Conn).newRequestWithContext", Network},
		{Park, "select", "runtime.selectgo google.golang.org/grpcx.F", Channel},

		{Park, "select", "runtime.selectgo net.(*Resolver).lookupIPAddr net.(*Resolver).LookupHost", DNS},
		{Park, "select", "runtime.selectgo net.(*Resolver).lookupIPAddr net.(*Dialer).DialContext net/http.(*Transport).dial", DNS},
		{Syscall, "syscall.openat", "syscall.openat os.OpenFile net.open net.readHosts net.lookupStaticHost net.(*Resolver).goLookupHostOrder", DNS},
		{Syscall, "syscall.openat", "syscall.openat os.OpenFile net.open net.dnsReadConfig", DNS},

		{Syscall, "syscall.openat", "syscall.openat syscall.Open os.Open", Disk},
		{Syscall, "syscall.write", "syscall.write internal/poll.(*FD).Write os.(*File).Write fmt.Fprintln", Disk},
		{Syscall, "syscall.openat", "syscall.openat os.OpenFile net/http.Dir.Open net/http.serveFile", Disk},
		{Syscall, "syscall.fsync", "syscall.Fsync", Disk},
		{Syscall, "x", "golang.org/x/sys/unix.Fdatasync", Disk},

		{Syscall, "syscall.read", "syscall.read os.(*File).Read syscall.forkExec os/exec.(*Cmd).Start", Process},
		{Syscall, "x", "internal/syscall/unix.Waitid os.(*Process).pidfdWait os.(*Process).Wait", Process},
		{Park, "chan receive", "runtime.chanrecv1 os/exec.(*Cmd).awaitGoroutines", Process},
		{Syscall, "syscall.wait4", "syscall.wait4 syscall.Wait4", Process},

		{Park, "sync", "sync.runtime_SemacquireMutex internal/sync.(*Mutex).lockSlow sync.(*Mutex).Lock log.(*Logger).output", Lock},
		{Park, "sync.(*Cond).Wait", "sync.runtime_notifyListWait sync.(*Cond).Wait io.(*pipe).read", Lock},
		{Park, "sync", "internal/poll.runtime_Semacquire internal/poll.(*FD).Write os.(*File).Write", Lock},
		{Syscall, "syscall.Flock", "syscall.Flock", Lock},

		{Park, "sleep", "time.Sleep", Sleep},
		{Syscall, "syscall.Nanosleep", "syscall.Nanosleep", Sleep},

		{Park, "select", "runtime.selectgo io.(*pipe).read", Channel},
		{Park, "forever", "runtime.block", Channel},

		{Park, "network", "internal/poll.runtime_pollWait internal/poll.(*FD).Read os.(*File).Read", Other},
		{Syscall, "syscall.read", "syscall.read syscall.Read", Other},
		{Syscall, "syscall.Syscall", "syscall.Syscall", Other},
		{Park, "synctest", "internal/synctest.Wait testing/synctest.Wait", Other},
	} {
		var asked []Frame
		for _, n := range strings.Fields(c.asked) {
			asked = append(asked, handFrame(n))
		}
		if got := classify(c.kind, c.reason, asked, newOwnership()); got != c.want {
			t.Errorf("%s: got %s, want %s", c.asked, got, c.want)
		}
	}
}

// A callback of a bubble that waits for the bubble blocks, on nothing named.
func TestSynctestWait(t *testing.T) {
	rec := mustStart(t, Config{})
	synctest.Test(t, func(t *testing.T) {
		Callback(synctest.Wait)
	})
	for _, b := range mustStop(t, rec).Blocks {
		if b.Resource != Other {
			t.Errorf("synctest.Wait is %s", b)
		}
	}
}

func TestOwnership(t *testing.T) {
	own := newOwnership()
	if own.stdRoot != "" && !strings.HasSuffix(own.stdRoot, "/src/") {
		t.Errorf("the standard library is at %q", own.stdRoot)
	}
	if own.main != "github.com/windtunnel-go/windtunnel" {
		t.Errorf("the main module is %q", own.main)
	}
	own.stdRoot, own.main, own.deps, own.toolRoot = "/go/src/", "example.org/app", []string{"nodots/lib"}, "/mod/windtunnel@v1.0.0/"
	frame := func(fn, file string) Frame { return Frame{Func: fn, File: file, Line: 1} }
	for _, c := range []struct {
		why   string
		stack []Frame
		want  int
	}{
		{"main module before a dependency nearer the leaf", []Frame{
			frame("time.Sleep", "/go/src/runtime/time.go"), frame("dep.org/d.F", "/mod/dep.org/d@v1.0.0/d.go"), frame("example.org/app/in.F", "/app/in/f.go")}, 2},
		{"package main", []Frame{frame("time.Sleep", "/go/src/runtime/time.go"), frame("main.main", "/app/main.go")}, 1},
		{"external test package", []Frame{frame("time.Sleep", "/go/src/runtime/time.go"), frame("example.org/app_test.F", "/app/f_test.go")}, 1},
		{"another module with the same beginning", []Frame{
			frame("example.org/apple.F", "/mod/example.org/apple@v1.0.0/f.go"), frame("example.org/app.F", "/app/f.go")}, 1},
		{"closure of the standard library inlined into the user's function", []Frame{
			frame("example.org/app.F.OnceFunc.func1", "/go/src/sync/oncefunc.go"), frame("example.org/app.F", "/app/f.go")}, 1},
		{"closure of a dependency inlined into the user's function", []Frame{
			frame("example.org/app.F.Do.func1", "/mod/dep.org/d@v1.0.0/d.go"), frame("example.org/app.F", "/app/f.go")}, 1},
		{"windtunnel as a dependency", []Frame{
			frame("github.com/windtunnel-go/windtunnel/fakeloop.F", "/mod/windtunnel@v1.0.0/fakeloop/f.go"), frame("dep.org/d.F", "/mod/dep.org/d@v1.0.0/d.go")}, 1},
		{"the Go side of a cgo call", []Frame{frame("example.org/app._Cfunc_nap", "_cgo_gotypes.go"), frame("example.org/app.F", "/app/f.go")}, 1},
		{"a wrapper", []Frame{frame("example.org/app.T.M", "<autogenerated>"), frame("example.org/app.F", "/app/f.go")}, 1},
		{"nothing but the standard library", []Frame{frame("time.Sleep", "/go/src/runtime/time.go")}, 1},
	} {
		if got := own.user(c.stack); got != c.want {
			t.Errorf("%s: frame %d, want %d", c.why, got, c.want)
		}
	}

	// -trimpath leaves import paths for the standard library and the main
	// module, and "module@version" for the rest.
	own.stdRoot = ""
	for file, std := range map[string]bool{
		"time.Sleep runtime/time.go": true, "net/http.Get net/http/client.go": true,
		"example.org/app.F.OnceFunc.func1 sync/oncefunc.go": true, "main.main.OnceFunc.3 sync/oncefunc.go": true,
		"example.org/app.F example.org/app/f.go": false, "app.F command-line-arguments/f.go": false, "main.main _testmain.go": false, "nodots/lib.F nodots/lib@v1.0.0/f.go": false, "main.main example.org/app/main.go": false,
	} {
		fn, path, _ := strings.Cut(file, " ")
		if got := own.std(frame(fn, path)); got != std {
			t.Errorf("-trimpath, %s: standard library %t, want %t", file, got, std)
		}
	}
}
