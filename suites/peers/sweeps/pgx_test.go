package sweeps_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/peers/servers"
	"github.com/windtunnel-go/windtunnel/toxics"
)

func TestPgx(t *testing.T) {
	const module, source = "github.com/jackc/pgx/v5", "https://github.com/jackc/pgx/blob/v5.12.0/"
	sweep(t,
		subject{
			name: "pgx", module: module,
			shows: "Two queries and `Close` on one connection, with a context that ends after 100 s",
			run:   pgxQueries,
			rulings: []ruling{{
				of:      []asynctest.Handled{at("write client>postgres:5432 conn 1 #5", failure, timeout, reset)},
				verdict: documented, why: "`Close` tells the server that it goes, and [ignores on purpose](" + source + "pgconn/pgconn.go#L817-L823) what becomes of that, as libpq does",
			}},
			ours: []string{
				"The server left a goroutine when a black hole had swallowed the end of a connection: `Drop` of a host of the network did not reach a connection any more that the client had closed. It does now.",
				"The scenario did not look at the error of `Close` (error at `close client>postgres:5432 conn 1 #1`).",
			},
		},
		subject{
			name: "pgxpool", module: module,
			shows: "Three queries through a pool, a second away from each other each way, with a context that ends after 100 s",
			run:   pgxPoolQueries,
			rulings: []ruling{{
				of: []asynctest.Handled{
					at("write client>postgres:5432 conn 1 #2", failure, timeout, reset),
					at("read client<postgres:5432 conn 1 #2", failure, timeout, reset),
				},
				verdict: documented, why: "that is a ping, of [a connection that has been idle for a second](" + source + "pgxpool/pool.go#L158-L160): if it fails, the pool takes another one",
			}},
			network: away,
		},
	)
}

// servePostgres serves until the tunnel is closed. A config gets what it takes to dial: each
// dial has a name, for the client dials again to cancel something, maybe just when another
// one dials.
func servePostgres(tunnel *asynctest.Tunnel, c *pgx.ConnConfig) {
	end, err := servers.Postgres(tunnel.Net)
	if err != nil {
		panic(err)
	}
	context.AfterFunc(tunnel.Context(), end)
	var dials atomic.Int32
	c.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		return tunnel.Net.DialContext(toxics.Named(ctx, fmt.Sprint("dial ", dials.Add(1))), network, address)
	}
	c.LookupFunc = tunnel.Net.Host(toxics.DefaultHost).LookupHost
}

const postgresURL = "postgres://user@postgres:5432/db?sslmode=disable"

// queries sends numbers, and gets them back.
func queries(ctx context.Context, n int, q interface {
	QueryRow(context.Context, string, ...any) pgx.Row
}) (string, error) {
	all := ""
	for i := range n {
		var text string
		if err := q.QueryRow(ctx, "select $1", fmt.Sprint(i)).Scan(&text); err != nil {
			return "", err
		}
		all += text
	}
	return all, nil
}

func pgxQueries(tunnel *asynctest.Tunnel) any {
	config, err := pgx.ParseConfig(postgresURL)
	if err != nil {
		panic(err)
	}
	servePostgres(tunnel, config)
	return limited(fakeloop.Offload(tunnel.Loop, "queries", func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, 100*time.Second)
		defer cancel()
		conn, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			return "", err
		}
		got, err := queries(ctx, 2, conn)
		return got, errors.Join(err, conn.Close(ctx))
	}))
}

func pgxPoolQueries(tunnel *asynctest.Tunnel) any {
	config, err := pgxpool.ParseConfig(postgresURL)
	if err != nil {
		panic(err)
	}
	servePostgres(tunnel, config.ConnConfig)
	pool, err := pgxpool.NewWithConfig(tunnel.Context(), config)
	if err != nil {
		panic(err)
	}
	context.AfterFunc(tunnel.Context(), pool.Close)
	return limited(fakeloop.Offload(tunnel.Loop, "queries", func(ctx context.Context) (string, error) {
		ctx, cancel := context.WithTimeout(ctx, 100*time.Second)
		defer cancel()
		return queries(ctx, 3, pool)
	}))
}
