package clients_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/windtunnel-go/windtunnel/suites/peers/servers"
	"github.com/windtunnel-go/windtunnel/toxics"
)

func TestPgx(t *testing.T) {
	perform(t, "pgx",
		scene{name: "session", play: pgxSession,
			shows: "queries, a transaction, an error of the server, an hour idle, the server gone and back"},
		scene{name: "deadlines", play: pgxDeadlines,
			shows: "a statement given up, which is cancelled by a second connection, and a black hole"},
		scene{name: "cancel and go on", play: pgxCancel,
			shows: "a statement cancelled on a connection that is kept"},
		scene{name: "notifications", play: pgxNotifications,
			shows: "listen and notify, after an hour"},
		scene{name: "an hour each way", away: time.Hour, play: pgxHour,
			shows: "queries without timeouts"},
	)
}

func TestPgxpool(t *testing.T) {
	perform(t, "pgxpool",
		scene{name: "pool", play: pgxPool,
			shows: "20 goroutines on a pool of 4 connections, and three hours in which they are closed"},
		scene{name: "restart", play: pgxPoolRestart,
			shows: "10 goroutines that go on while the server restarts"},
		scene{name: "an hour each way", away: time.Hour, play: pgxPoolHour,
			shows: "5 goroutines on 2 connections, with two hours for what a connection takes"},
	)
}

// servePostgres listens and serves at postgres:5432; the function that it returns ends
// that, and all connections.
func servePostgres(s *stage) (end func()) {
	end, err := servers.Postgres(s.Net)
	s.must(err)
	return end
}

// pgxConfig is that of a connection to the server on the network. Without LookupFunc pgx
// would ask net.DefaultResolver, which would leave the bubble. A connection dials again to
// cancel something, maybe just when another one dials: so each dial has a name.
func (s *stage) pgxConfig(name string) *pgx.ConnConfig {
	c, err := pgx.ParseConfig(postgresURL)
	s.must(err)
	var dials atomic.Int32
	c.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		return s.Net.DialContext(toxics.Named(ctx, fmt.Sprint(name, " ", dials.Add(1))), network, address)
	}
	c.LookupFunc = s.Net.Host(toxics.DefaultHost).LookupHost
	return c
}

const postgresURL = "postgres://user@postgres:5432/db?sslmode=disable"

func (s *stage) pgxConnect(c *pgx.ConnConfig) *pgx.Conn {
	conn, err := pgx.ConnectConfig(s.Context(), c)
	s.must(err)
	return conn
}

// query sends a text, and gets it back.
func query(ctx context.Context, q interface {
	QueryRow(context.Context, string, ...any) pgx.Row
}, text string) (got string, err error) {
	err = q.QueryRow(ctx, "select $1", text).Scan(&got)
	return got, err
}

// code is that of an error of the server.
func code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return fmt.Sprint(err)
}

func pgxSession(s *stage) {
	end := servePostgres(s)
	config := s.pgxConfig("first")
	var c *pgx.Conn
	s.takes("connecting", 4*time.Second, func() { c = s.pgxConnect(config) })
	ask := func(text string) {
		got, err := query(s.Context(), c, text)
		s.must(err)
		s.equal("the row", got, text)
	}
	s.takes("a query, which is prepared first", 8*time.Second, func() { ask("one") })
	s.takes("a query that has been prepared", 4*time.Second, func() { ask("two") })
	_, err := c.Exec(s.Context(), "slect")
	s.equal("the error of the server", code(err), "42601")

	tx, err := c.Begin(s.Context())
	s.must(err)
	_, err = tx.Exec(s.Context(), "slect")
	s.equal("the error in the transaction", code(err), "42601")
	s.fails("commit", tx.Commit(s.Context()), pgx.ErrTxCommitRollback)

	time.Sleep(time.Hour)
	ask("three")
	end()
	_, err = query(s.Context(), c, "four")
	s.note("the server is gone: %v", err)
	s.equal("closed", c.IsClosed(), true)
	_, err = pgx.ConnectConfig(s.Context(), config)
	s.fails("nobody listens", err, syscall.ECONNREFUSED)

	s.must(s.Settle()) // a goroutine of pgx dials now, to cancel the query: it is refused, too
	end = servePostgres(s)
	c = s.pgxConnect(s.pgxConfig("second"))
	ask("five")
	s.must(c.Close(s.Context()))
	end()
}

func pgxDeadlines(s *stage) {
	end := servePostgres(s)
	c := s.pgxConnect(s.pgxConfig("first"))
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	s.takes("a statement that sleeps", time.Minute, func() {
		_, err := c.Exec(ctx, "sleep")
		s.fails("given up", err, context.DeadlineExceeded)
	})
	c = s.pgxConnect(s.pgxConfig("second")) // which dials together with the one that cancels
	s.note("%v", s.Net.Open())
	time.Sleep(15 * time.Second)
	s.equal("connections", len(s.Net.Open()), 1)

	hole := s.Net.Apply(toxics.Inject(toxics.Timeout{}))
	ctx, cancel = context.WithTimeout(s.Context(), 90*time.Second)
	defer cancel()
	s.takes("a query into a black hole", 90*time.Second, func() {
		_, err := query(ctx, c, "anybody there?")
		s.fails("no answer", err, context.DeadlineExceeded)
	})
	<-c.PgConn().CleanupDone()
	hole.Lift()
	end()
}

func pgxCancel(s *stage) {
	end := servePostgres(s)
	config := s.pgxConfig("first")
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, CancelRequestDelay: time.Second, DeadlineDelay: time.Minute}
	}
	c := s.pgxConnect(config)
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	s.takes("cancelled", time.Minute+time.Second+4*time.Second, func() {
		_, err := c.Exec(ctx, "sleep")
		s.equal("the error", code(err), "57014")
	})
	got, err := query(s.Context(), c, "still here")
	s.must(err)
	s.note("%s", got)
	s.must(c.Close(s.Context()))
	end()
}

func pgxNotifications(s *stage) {
	end := servePostgres(s)
	from, to := s.pgxConnect(s.pgxConfig("from")), s.pgxConnect(s.pgxConfig("to"))
	_, err := to.Exec(s.Context(), "listen all")
	s.must(err)
	sender := s.Go("sender", func() {
		time.Sleep(time.Hour)
		_, err := from.Exec(s.Context(), "notify $1", "hello")
		s.note("notified: %v", err)
	})
	n, err := to.WaitForNotification(s.Context())
	s.must(err)
	s.equal("the text", n.Payload, "hello")
	<-sender.Done()
	s.must(from.Close(s.Context()))
	s.must(to.Close(s.Context()))
	end()
}

func pgxHour(s *stage) {
	end := servePostgres(s)
	var c *pgx.Conn
	s.takes("connecting", 2*time.Hour, func() { c = s.pgxConnect(s.pgxConfig("first")) })
	s.takes("a query, which is prepared first", 4*time.Hour, func() {
		got, err := query(s.Context(), c, "one")
		s.must(err)
		s.note("%s", got)
	})
	s.must(c.Close(s.Context()))
	time.Sleep(2 * time.Hour)
	end()
}

func (s *stage) pool(size int32) *pgxpool.Config {
	c, err := pgxpool.ParseConfig(postgresURL)
	s.must(err)
	c.ConnConfig.DialFunc, c.ConnConfig.LookupFunc = s.dial, s.Net.Host(toxics.DefaultHost).LookupHost
	c.MaxConns = size
	return c
}

func (s *stage) pgxPool(c *pgxpool.Config) *pgxpool.Pool {
	pool, err := pgxpool.NewWithConfig(s.Context(), c)
	s.must(err)
	return pool
}

func pgxPool(s *stage) {
	end := servePostgres(s)
	pool := s.pgxPool(s.pool(4))
	s.together(20, client, func(i int) {
		for k := range 2 {
			got, err := query(s.Context(), pool, fmt.Sprint(i, k))
			s.note("%s: %q, %v", client(i), got, err)
		}
	})
	s.equal("connections", len(s.Net.Open()), 4)
	time.Sleep(3 * time.Hour)
	s.equal("connections, since all are idle for half an hour", len(s.Net.Open()), 0)
	got, err := query(s.Context(), pool, "again")
	s.must(err)
	s.note("%s", got)
	pool.Close()
	end()
}

func pgxPoolRestart(s *stage) {
	end := servePostgres(s)
	pool := s.pgxPool(s.pool(3))
	restart := s.Go("restart", func() {
		time.Sleep(20 * time.Second)
		end()
		time.Sleep(20 * time.Second)
		end = servePostgres(s)
	})
	s.together(10, client, func(i int) {
		for k := range 8 {
			got, err := query(s.Context(), pool, fmt.Sprint(i, k))
			s.note("%s: %q, %v", client(i), got, err)
			// Goroutines that sleep from one instant to another wake in random order.
			time.Sleep(5*time.Second + time.Duration(i)*time.Millisecond)
		}
	})
	<-restart.Done()
	pool.Close()
	end()
}

func pgxPoolHour(s *stage) {
	end := servePostgres(s)
	config := s.pool(2)
	config.MaxConnIdleTime, config.MaxConnLifetime, config.ConnConfig.ConnectTimeout = 10*time.Hour, 100*time.Hour, 3*time.Hour
	pool := s.pgxPool(config)
	s.together(5, client, func(i int) {
		got, err := query(s.Context(), pool, fmt.Sprint(i))
		s.must(err)
		s.note("%s: %q", client(i), got)
	})
	pool.Close()
	time.Sleep(2 * time.Hour)
	end()
}
