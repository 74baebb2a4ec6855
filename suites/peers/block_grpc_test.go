package peers_test

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"
)

// healthServer answers Check when its handler has returned.
type healthServer struct {
	grpc_health_v1.UnimplementedHealthServer
	handler func()
}

func (s healthServer) Check(context.Context, *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	s.handler()
	return &grpc_health_v1.HealthCheckResponse{}, nil
}

// dialHealth starts a server and returns a client of it, both until the test is over.
func dialHealth(t *testing.T, handler func(), options ...grpc.ServerOption) grpc_health_v1.HealthClient {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer(options...)
	grpc_health_v1.RegisterHealthServer(server, healthServer{handler: handler})
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///bufconn", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		server.Stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return grpc_health_v1.NewHealthClient(conn)
}

func checkHealth(t *testing.T, client grpc_health_v1.HealthClient) {
	if _, err := client.Check(context.Background(), &grpc_health_v1.HealthCheckRequest{}); err != nil {
		t.Error(err)
	}
}

func grpcHandler(t *testing.T, handler func()) { checkHealth(t, dialHealth(t, handler)) }

func grpcServerInterceptor(t *testing.T, handler func()) {
	checkHealth(t, dialHealth(t, func() {}, grpc.UnaryInterceptor(
		func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			handler()
			return next(ctx, request)
		})))
}
