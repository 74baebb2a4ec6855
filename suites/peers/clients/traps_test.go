package clients_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// witness is a test that may fail: it writes down why.
type witness struct {
	*testing.T
	failed bool
	texts  strings.Builder
}

func (w *witness) Errorf(format string, args ...any) {
	w.failed = true
	fmt.Fprintf(&w.texts, format+"\n", args...)
}
func (w *witness) Logf(string, ...any) {}
func (w *witness) Failed() bool        { return w.failed }

// What a scene must not leave, or must not use: a test that does so fails, is told what to
// do about it, and the next test runs.
func TestTraps(t *testing.T) {
	// The resolver of some systems does not dial, so there is nothing to refuse.
	defer func(prefer bool) { net.DefaultResolver.PreferGo = prefer }(net.DefaultResolver.PreferGo)
	net.DefaultResolver.PreferGo = true
	for _, test := range []struct {
		name string
		play func(s *stage)
		want []string
	}{
		{"a body that is neither read nor closed", func(s *stage) {
			server, client := http1(s, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 500_000)) }))
			defer s.serve(server, "api:80")()
			_, err := client.Get("http://api/")
			s.must(err)
		}, []string{
			"net/http.(*persistConn).readLoop",
			"hint: Close the Body of each http.Response, or cancel the context of its request; then CloseIdleConnections of the Transport",
		}},
		{"http.Get, whose transport leaves the bubble", func(s *stage) {
			_, err := http.Get("http://192.0.2.1/")
			s.t.Errorf("%v", err)
		}, []string{"http.DefaultTransport was asked to dial 192.0.2.1:80"}},
		{"a lookup, which leaves the bubble", func(s *stage) {
			_, err := net.LookupHost("windtunnel.invalid.")
			s.t.Errorf("%v", err)
		}, []string{"net.DefaultResolver was asked to dial", "use an IP address, or a net.Resolver with PreferGo and a Dial function that stays in the bubble"}},
		{"a gRPC client that looks its server up", func(s *stage) {
			cc, err := grpc.NewClient("windtunnel.invalid:1", grpc.WithTransportCredentials(insecure.NewCredentials()))
			s.must(err)
			defer cc.Close()
			s.t.Errorf("%v", call(s.Context(), cc, "Echo", 1))
		}, []string{"net.DefaultResolver was asked to dial"}},
		{"a gRPC client that is not closed", func(s *stage) {
			_, stop := grpcServe(s)
			defer stop()
			s.must(call(s.Context(), grpcClient(s), "Echo", 1))
		}, []string{"grpcsync.(*CallbackSerializer).run", "hint: call Close of the grpc.ClientConn (cc.Close)"}},
		{"a pgx client that looks its server up", func(s *stage) {
			config := s.pgxConfig("first")
			config.LookupFunc = net.DefaultResolver.LookupHost // the default
			_, err := pgx.ConnectConfig(s.Context(), config)
			s.t.Errorf("%v", err)
		}, []string{"net.DefaultResolver was asked to dial"}},
		{"a pool of pgx that is not closed", func(s *stage) {
			defer servePostgres(s)()
			_, err := query(s.Context(), s.pgxPool(s.pool(1)), "text")
			s.must(err)
		}, []string{"pgxpool.(*Pool).backgroundHealthCheck", "hint: call Close of the pgxpool.Pool (pool.Close)"}},
		{"a handler that does not end", func(s *stage) {
			server, client := http1(s, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { select {} }))
			defer s.serve(server, "api:80")()
			ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
			defer cancel()
			_, err := get(ctx, client, "http://api/")
			s.fails("the request", err, context.DeadlineExceeded)
		}, []string{"hint: Close the http.Server, and let its handlers return"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &witness{T: t}
			asynctest.Run(w, func(tunnel *asynctest.Tunnel) {
				test.play(&stage{tunnel, w, fakeloop.NewJournal(tunnel.Loop)})
			}, asynctest.WithSeed(seed))
			for _, want := range test.want {
				if !strings.Contains(w.texts.String(), want) {
					t.Errorf("the failure does not say %q:\n%s", want, w.texts.String())
				}
			}
			asynctest.Run(t, func(tunnel *asynctest.Tunnel) { // the next test
				s := &stage{tunnel, t, fakeloop.NewJournal(tunnel.Loop)}
				server, client := http1(s, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
				defer s.serve(server, "api:80")()
				got, err := get(s.Context(), client, "http://api/")
				s.must(err)
				s.equal("the answer", got, "ok")
				client.CloseIdleConnections()
			})
		})
	}
}
