package sweeps_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/tidwall/redcon"
)

// A plain client sends a command twice if the answer to it is lost, though the documentation
// of Client.AutoPipeline says: "Run commands that must not be retransmitted on a plain
// client". This is the finding "wrong value" of go-redis without windtunnel, on real TCP.
func TestMinimalRedis(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var appended atomic.Int64
	served := make(chan error, 1)
	go func() {
		served <- redcon.Serve(l, func(c redcon.Conn, cmd redcon.Command) {
			if string(cmd.Args[0]) != "append" {
				c.WriteError("ERR unknown command")
				return
			}
			n := appended.Add(1)
			if n == 1 {
				c.Close() // behind the command, and before its answer
				return
			}
			c.WriteInt64(n)
		}, nil, nil)
	}()
	for _, test := range []struct {
		retries, want int64
		fails         bool
	}{{retries: 0, want: 2}, {retries: -1, want: 1, fails: true}} {
		appended.Store(0)
		client := redis.NewClient(&redis.Options{Addr: l.Addr().String(), MaxRetries: int(test.retries)})
		_, err := client.Append(context.Background(), "key", "x").Result()
		if (err != nil) != test.fails || appended.Load() != test.want {
			t.Errorf("MaxRetries %d: appended %d times, error %v; want %d times, an error: %v", test.retries, appended.Load(), err, test.want, test.fails)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := errors.Join(l.Close(), <-served); err != nil && !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}
