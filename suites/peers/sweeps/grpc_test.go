package sweeps_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func TestGRPC(t *testing.T) {
	const module, source = "google.golang.org/grpc", "https://github.com/grpc/grpc-go/blob/v1.85.0/"
	sweep(t,
		subject{
			name: "gRPC", module: module,
			shows:   "Three calls, each with a deadline of 30 s, a second away from the server each way",
			run:     func(tunnel *asynctest.Tunnel) any { return grpcCalls(tunnel) },
			network: away,
			leave: []asynctest.LeftOut{{Point: "write client>*", Why: "defect: when a write fails, and no read does, [nobody gives the connection up](" + source + "internal/transport/http2_client.go#L492-L498), " +
				"and [each call behind it is tried again](" + source + "stream.go#L816-L818), without a pause, until its context is over: one processor computes for 30 s, and virtual time stands still. " +
				"[grpc_minimal_test.go](grpc_minimal_test.go) shows it without windtunnel"}},
			ours: []string{
				"A status has a code and a text, and wraps no error: for an error of the network the code is [`Unavailable`](" + source + "codes/codes.go#L176-L186), for the end of a context `Canceled`. The scenario says so to `errors.Is`, as who hands the outcome on in a future must, if others are to tell one error from another.",
				"Two runs without faults had more or fewer fault points, since goroutines of the client race for how many calls of `Write` it takes to send what there is at one instant. `JoinWrites` of `toxics.Config` makes that one point.",
			},
		},
	)
}

// greeter greets.
var greeter = grpc.ServiceDesc{ServiceName: "test.Greeter", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{
	MethodName: "Greet",
	Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		in := new(wrapperspb.StringValue)
		if err := decode(in); err != nil {
			return nil, err
		}
		return wrapperspb.String("hello " + in.Value), nil
	},
}}}

func grpcCalls(tunnel *asynctest.Tunnel) any {
	server := grpc.NewServer()
	server.RegisterService(&greeter, nil)
	l, err := tunnel.Net.Listen("api:50051")
	if err != nil {
		panic(err)
	}
	go func() { _ = server.Serve(l) }()
	config := backoff.DefaultConfig
	config.Jitter = 0
	client, err := grpc.NewClient("passthrough:///api:50051",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return tunnel.Net.DialContext(ctx, "tcp", address)
		}),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: config, MinConnectTimeout: 20 * time.Second}),
	)
	if err != nil {
		panic(err)
	}
	context.AfterFunc(tunnel.Context(), func() {
		_ = client.Close()
		server.Stop()
	})
	return limited(fakeloop.Offload(tunnel.Loop, "calls", func(ctx context.Context) (string, error) {
		all := ""
		for i := range 3 {
			ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
			in, out := wrapperspb.String(fmt.Sprint(i)), new(wrapperspb.StringValue)
			err := client.Invoke(ctx, "/test.Greeter/Greet", in, out)
			cancel()
			if err != nil {
				return "", byCode(ctx, tunnel.Loop, err)
			}
			all += out.Value + " "
		}
		return all, nil
	}))
}

// byCode lets errors.Is find what a status tells by its code only: an error of the network,
// which is Unavailable, and the end of a context.
func byCode(ctx context.Context, loop *fakeloop.Loop, err error) error {
	switch status.Code(err) {
	case codes.Unavailable:
		for _, f := range loop.Injected() {
			err = errors.Join(err, f.Err())
		}
	case codes.Canceled:
		err = errors.Join(err, context.Cause(ctx))
	}
	return err
}
