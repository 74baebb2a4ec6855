package clients_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

func TestGRPC(t *testing.T) {
	const jitter = "the pause before the next dial has a jitter of 20 % from math/rand/v2, which has no seed: backoff.Config{Jitter: 0} in WithConnectParams"
	const pickers = "all calls that wait for the connection are woken at once and reach the server in one piece, in the order in which they raced: connect before, or pass the gate of the loop in PerRPCCredentials, where no lock is held"
	perform(t, "gRPC",
		scene{name: "unary", shows: "small and large messages, and the status of an error", play: grpcUnary},
		scene{name: "stream", shows: "messages to and fro, and a context that is cancelled", play: grpcStream},
		scene{name: "deadline", shows: "a deadline ends a call at both ends", play: grpcDeadline},
		scene{name: "20 calls, connected", shows: "calls of one connection, 1 kB each", play: func(s *stage) { grpcCrowd(s, true, false) }},
		scene{name: "20 calls that wait", shows: "calls that begin before there is a connection", varies: pickers, chance: true,
			play: func(s *stage) { grpcCrowd(s, false, false) }},
		scene{name: "20 calls that wait, at the gate", shows: "the same with credentials that pass the gate", play: func(s *stage) { grpcCrowd(s, false, true) }},
		scene{name: "keepalive into a black hole", shows: "Time 30 s and Timeout 20 s end a connection that is dead", play: grpcKeepalive},
		scene{name: "server gone", shows: "crash, refused dials, and WaitForReady until it is back", play: func(s *stage) { grpcServerGone(s, 0) }},
		scene{name: "server gone, default backoff", shows: "the same with the default jitter", varies: jitter,
			play: func(s *stage) { grpcServerGone(s, backoff.DefaultConfig.Jitter) }},
		scene{name: "graceful stop", shows: "GracefulStop lets a call end", play: grpcGracefulStop},
		scene{name: "an hour idle", shows: "a connection goes idle after 30 minutes, and the next call dials", play: grpcIdle},
		scene{name: "an hour each way", shows: "with MinConnectTimeout, ConnectionTimeout and the server's keepalive raised, nothing times out", away: time.Hour, play: grpcHour},
	)
}

// echoService sends back what it gets: Echo in one message, Chat message for message. Wait
// waits for the end of its context.
var echoService = grpc.ServiceDesc{
	ServiceName: "test.Echo",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{
		{MethodName: "Echo", Handler: func(srv any, ctx context.Context, decode func(any) error, before grpc.UnaryServerInterceptor) (any, error) {
			in := new(wrapperspb.BytesValue)
			if err := decode(in); err != nil {
				return nil, err
			}
			echo := func(context.Context, any) (any, error) {
				if len(in.Value) == 0 {
					return nil, status.Error(codes.InvalidArgument, "there is nothing to echo")
				}
				return in, nil
			}
			if before == nil {
				return echo(ctx, in)
			}
			return before(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: "/test.Echo/Echo"}, echo)
		}},
		{MethodName: "Wait", Handler: func(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			in := new(wrapperspb.BytesValue)
			if err := decode(in); err != nil {
				return nil, err
			}
			select {
			case <-ctx.Done():
				srv.(*stage).note("the server: %v", ctx.Err())
				return nil, status.FromContextError(ctx.Err()).Err()
			case <-time.After(20 * time.Second):
				return in, nil
			}
		}},
	},
	Streams: []grpc.StreamDesc{{StreamName: "Chat", ServerStreams: true, ClientStreams: true, Handler: func(srv any, stream grpc.ServerStream) error {
		for {
			in := new(wrapperspb.BytesValue)
			err := stream.RecvMsg(in)
			if err != nil {
				srv.(*stage).note("the server: %v", err)
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if err := stream.SendMsg(in); err != nil {
				return err
			}
		}
	}}},
}

// grpcServe serves echoService, and returns the server and what stops it.
func grpcServe(s *stage, options ...grpc.ServerOption) (server *grpc.Server, stop func()) {
	server = grpc.NewServer(options...)
	server.RegisterService(&echoService, s)
	l := s.listen("api:50051")
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	return server, func() {
		s.atRest(server.Stop)
		<-done
	}
}

// grpcClient makes a client that does not look names up, and whose backoff has no jitter.
func grpcClient(s *stage, options ...grpc.DialOption) *grpc.ClientConn {
	config := backoff.DefaultConfig
	config.Jitter = 0
	cc, err := grpc.NewClient("passthrough:///api:50051", append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) { return s.dial(ctx, "tcp", address) }),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: config, MinConnectTimeout: 20 * time.Second}),
	}, options...)...)
	s.must(err)
	return cc
}

// call calls Echo or Wait with so many bytes.
func call(ctx context.Context, cc *grpc.ClientConn, method string, size int, options ...grpc.CallOption) error {
	in, out := wrapperspb.Bytes(make([]byte, size)), new(wrapperspb.BytesValue)
	err := cc.Invoke(ctx, "/test.Echo/"+method, in, out, options...)
	if err == nil && len(out.Value) != size {
		err = fmt.Errorf("%d bytes came back of %d", len(out.Value), size)
	}
	return err
}

func grpcUnary(s *stage) {
	_, stop := grpcServe(s)
	defer stop()
	cc := grpcClient(s)
	defer s.atRest(func() { _ = cc.Close() })
	for _, size := range []int{10, 10, 300_000, 0} {
		err := call(s.Context(), cc, "Echo", size)
		s.note("%d bytes: %v", size, err)
		s.equal("the status", status.Code(err), map[bool]codes.Code{true: codes.InvalidArgument}[size == 0])
	}
}

func grpcStream(s *stage) {
	_, stop := grpcServe(s)
	defer stop()
	cc := grpcClient(s)
	defer s.atRest(func() { _ = cc.Close() })
	chat := func(ctx context.Context) grpc.ClientStream {
		stream, err := cc.NewStream(ctx, &echoService.Streams[0], "/test.Echo/Chat")
		s.must(err)
		for i := range 5 {
			in, out := wrapperspb.Bytes([]byte(strings.Repeat("x", 1000*i))), new(wrapperspb.BytesValue)
			s.must(stream.SendMsg(in))
			s.must(stream.RecvMsg(out))
			s.note("%d bytes", len(out.Value))
		}
		return stream
	}
	stream := chat(s.Context())
	s.must(stream.CloseSend())
	s.fails("the end", stream.RecvMsg(new(wrapperspb.BytesValue)), io.EOF)

	ctx, cancel := context.WithCancel(s.Context())
	stream = chat(ctx)
	cancel()
	err := stream.RecvMsg(new(wrapperspb.BytesValue))
	s.note("cancelled: %v", err)
	s.equal("the status", status.Code(err), codes.Canceled)
	time.Sleep(10 * time.Second) // until the server hears of it
}

func grpcDeadline(s *stage) {
	_, stop := grpcServe(s)
	defer stop()
	cc := grpcClient(s)
	defer s.atRest(func() { _ = cc.Close() })
	s.must(call(s.Context(), cc, "Echo", 10))
	ctx, cancel := context.WithTimeout(s.Context(), 10*time.Second)
	defer cancel()
	s.takes("the call", 10*time.Second, func() {
		err := call(ctx, cc, "Wait", 10)
		s.note("the client: %v", err)
		s.equal("the status", status.Code(err), codes.DeadlineExceeded)
	})
	time.Sleep(10 * time.Second) // until the server hears of it
}

// gated are credentials that give each call its turn.
type gated struct{ gate *fakeloop.Gate }

type callName struct{}

func (g gated) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	return nil, g.gate.Pass(fakeloop.Passage{What: "call", From: ctx.Value(callName{}).(string)})
}

func (g gated) RequireTransportSecurity() bool { return false }

func grpcCrowd(s *stage, connected, atTheGate bool) {
	var calls atomic.Int64
	_, stop := grpcServe(s, grpc.UnaryInterceptor(func(ctx context.Context, in any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		s.note("call %d has %d bytes", calls.Add(1), len(in.(*wrapperspb.BytesValue).Value))
		return next(ctx, in)
	}))
	defer stop()
	var options []grpc.DialOption
	if atTheGate {
		options = append(options, grpc.WithPerRPCCredentials(gated{s.Loop.Gate()}))
	}
	cc := grpcClient(s, options...)
	defer s.atRest(func() { _ = cc.Close() })
	if connected {
		s.must(call(s.Context(), cc, "Echo", 10))
	}
	name := func(i int) string { return fmt.Sprintf("client %02d", i) }
	s.together(20, name, func(i int) {
		err := call(context.WithValue(s.Context(), callName{}, name(i)), cc, "Echo", 1000+i)
		s.note("%s: %v", name(i), err)
		s.equal("the status", status.Code(err), codes.OK)
	})
	s.equal("open", len(s.Net.Open()), 1)
}

func grpcKeepalive(s *stage) {
	// A server lets clients ping every five minutes, unless it is told otherwise.
	_, stop := grpcServe(s, grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second}))
	defer stop()
	cc := grpcClient(s, grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 20 * time.Second}))
	defer s.atRest(func() { _ = cc.Close() })
	stream, err := cc.NewStream(s.Context(), &echoService.Streams[0], "/test.Echo/Chat")
	s.must(err)
	s.must(stream.SendMsg(wrapperspb.Bytes([]byte("x"))))
	s.must(stream.RecvMsg(new(wrapperspb.BytesValue)))
	time.Sleep(5 * time.Minute) // which pings keep alive
	s.Net.Apply(toxics.Partition("client", "api").For(5 * time.Minute))
	before := s.Elapsed()
	err = stream.RecvMsg(new(wrapperspb.BytesValue))
	s.note("%v", err)
	s.equal("the status", status.Code(err), codes.Unavailable)
	if took := s.Elapsed() - before; took < 20*time.Second || took > 50*time.Second {
		s.t.Errorf("the client noticed after %v", took)
	}
	s.atRest(func() { s.must(cc.Close()) })
	time.Sleep(10 * time.Minute) // until the server hears of it
}

func grpcServerGone(s *stage, jitter float64) {
	_, stop := grpcServe(s)
	config := backoff.DefaultConfig
	config.Jitter = jitter
	cc := grpcClient(s, grpc.WithConnectParams(grpc.ConnectParams{Backoff: config, MinConnectTimeout: 20 * time.Second}))
	defer s.atRest(func() { _ = cc.Close() })
	s.must(call(s.Context(), cc, "Echo", 10))
	time.AfterFunc(5*time.Second, func() {
		s.Net.Host("api").Crash()
		stop()
	})
	err := call(s.Context(), cc, "Wait", 10)
	s.note("in flight: %v", err)
	s.equal("the status", status.Code(err), codes.Unavailable)
	time.Sleep(time.Second)
	err = call(s.Context(), cc, "Echo", 10)
	s.note("gone: %v", err)
	s.equal("the status", status.Code(err), codes.Unavailable)
	time.AfterFunc(time.Minute, func() {
		_, stop = grpcServe(s)
	})
	err = call(s.Context(), cc, "Echo", 10, grpc.WaitForReady(true))
	s.note("back: %v", err)
	s.equal("the status", status.Code(err), codes.OK)
	stop()
}

func grpcGracefulStop(s *stage) {
	server, stop := grpcServe(s)
	defer stop()
	cc := grpcClient(s)
	defer s.atRest(func() { _ = cc.Close() })
	s.must(call(s.Context(), cc, "Echo", 10))
	s.together(2, func(i int) string { return []string{"client", "operator"}[i] }, func(i int) {
		if i == 0 {
			err := call(s.Context(), cc, "Wait", 10)
			s.note("the client: %v", err)
			s.equal("the status", status.Code(err), codes.OK)
			return
		}
		time.Sleep(10 * time.Second)
		s.takes("the stop", 13*time.Second, server.GracefulStop)
		s.note("the server has stopped")
	})
}

func grpcIdle(s *stage) {
	_, stop := grpcServe(s)
	defer stop()
	cc := grpcClient(s)
	defer s.atRest(func() { _ = cc.Close() })
	for _, want := range []string{"client>api:50051#1", "client>api:50051#2"} {
		s.must(call(s.Context(), cc, "Echo", 10))
		s.equal("open", strings.Join(s.Net.Open(), " "), want)
		s.note("%v", cc.GetState())
		time.Sleep(time.Hour)
		s.note("%v", cc.GetState())
		s.equal("open", strings.Join(s.Net.Open(), " "), "")
	}
}

func grpcHour(s *stage) {
	_, stop := grpcServe(s, grpc.ConnectionTimeout(6*time.Hour), grpc.KeepaliveParams(keepalive.ServerParameters{Time: 24 * time.Hour}))
	defer stop()
	cc := grpcClient(s, grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.DefaultConfig, MinConnectTimeout: 6 * time.Hour}))
	s.takes("the first call", 3*time.Hour, func() { s.must(call(s.Context(), cc, "Echo", 10)) })
	s.takes("another one", 2*time.Hour, func() { s.must(call(s.Context(), cc, "Echo", 10_000)) })
	s.atRest(func() { s.must(cc.Close()) })
	time.Sleep(3 * time.Hour) // until the server hears of it
}
