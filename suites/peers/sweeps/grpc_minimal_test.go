package sweeps_test

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// A connection on which writing fails, and reading does not, is never given up: the writer
// has ended, the reader is told of nothing, and the connection stays READY. A call that
// begins then is tried again and again on that connection, transparently, without any pause
// and without limit, until its context is over. This is what gRPC was left out of some
// faults for, without windtunnel, on real TCP.
func TestMinimalGRPC(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	server.RegisterService(&greeter, nil)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()

	const enough = 1000
	var broken atomic.Bool
	attempts := new(attemptCounter)
	client, err := grpc.NewClient("passthrough:///"+l.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithStatsHandler(attempts),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
			return deafConn{c, &broken}, err
		}))
	if err != nil {
		t.Fatal(err)
	}
	greet := func(ctx context.Context) error {
		return client.Invoke(ctx, "/test.Greeter/Greet", wrapperspb.String("you"), new(wrapperspb.StringValue))
	}
	patience, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := greet(patience); err != nil {
		t.Fatal(err)
	}

	broken.Store(true)
	short, cancel := context.WithTimeout(patience, 50*time.Millisecond)
	defer cancel()
	if err := greet(short); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("the call of which nothing is written: %v", err)
	}
	ctx, cancel := context.WithCancel(patience)
	defer cancel()
	attempts.transparent.Store(0)
	attempts.at(enough, cancel)
	if err := greet(ctx); status.Code(err) != codes.Canceled {
		t.Errorf("the call behind it: %v", err)
	}
	if n := attempts.transparent.Load(); n < enough {
		t.Errorf("%d transparent retries, which is fewer than %d: has this been mended?", n, enough)
	}
	t.Logf("the connection is %v", client.GetState())
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	server.Stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// deafConn is a connection on which writing can fail, and reading goes on.
type deafConn struct {
	net.Conn
	broken *atomic.Bool
}

func (c deafConn) Write(b []byte) (int, error) {
	if c.broken.Load() {
		return 0, syscall.EPIPE
	}
	return c.Conn.Write(b)
}

// attemptCounter counts transparent retries, and calls something at one of them.
type attemptCounter struct {
	transparent atomic.Int64
	most        atomic.Int64
	enough      atomic.Pointer[func()]
}

func (a *attemptCounter) at(n int64, f func()) {
	a.most.Store(n)
	a.enough.Store(&f)
}

func (a *attemptCounter) HandleRPC(_ context.Context, s stats.RPCStats) {
	if begin, ok := s.(*stats.Begin); ok && begin.IsTransparentRetryAttempt {
		if n := a.transparent.Add(1); n == a.most.Load() {
			(*a.enough.Load())()
		}
	}
}
func (a *attemptCounter) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
func (a *attemptCounter) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return ctx
}
func (a *attemptCounter) HandleConn(context.Context, stats.ConnStats) {}
