package sweeps_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/peers/servers"
)

func TestRedis(t *testing.T) {
	redis.SetLogger(noLog{})
	const source = "https://github.com/redis/go-redis/blob/v9.23.0/"
	dials := ruling{
		of:      []asynctest.Handled{at("lookup *"), at("dial *")},
		verdict: documented, why: "a dial is tried [up to five times](" + source + "README.md#dial-retries-and-backoff), which `MaxRetries` has no say in",
	}
	sweep(t,
		subject{
			name: "go-redis, without retries", module: "github.com/redis/go-redis/v9",
			shows:   "SET, APPEND and GET, with `MaxRetries: -1`",
			run:     func(tunnel *asynctest.Tunnel) any { return redisCommands(tunnel, -1) },
			rulings: []ruling{dials},
		},
		subject{
			name: "go-redis", module: "github.com/redis/go-redis/v9",
			shows: "The same with the default of three retries",
			run:   func(tunnel *asynctest.Tunnel) any { return redisCommands(tunnel, 0) },
			rulings: []ruling{dials, {
				of: []asynctest.Handled{
					at("* conn 1 #1", failure, reset, cut), at("* conn 1 #2"), at("* conn 1 #4"),
					at("write client>redis:6379 conn 1 #3"), at("read redis:6379<client conn 1 #3"),
				},
				verdict: documented, why: "commands are tried again, [three times by default](" + source + "options.go#L116-L120); a greeting that times out is not, and its error comes out",
			}, {
				of:      []asynctest.Handled{at("read client<redis:6379 conn 1 #3"), at("write redis:6379>client conn 1 #3")},
				found:   asynctest.FoundWrongValue,
				verdict: defect,
				why: "the server has appended, its answer is lost, and the client sends APPEND once more. [The documentation](" + source + "autopipeline.go#L877-L882) says this of batches, and of a plain client " +
					"the contrary: \"Run commands that must not be retransmitted on a plain client\". [redis_minimal_test.go](redis_minimal_test.go) shows it without windtunnel; `MaxRetries: -1` is what helps",
			}},
		},
	)
}

// redisCommands sets a value, appends to it, and gets it back. What the client does at random
// is off: the pauses before retries.
func redisCommands(tunnel *asynctest.Tunnel, retries int) any {
	end, err := new(servers.Redis).Serve(tunnel.Net)
	if err != nil {
		panic(err)
	}
	client := redis.NewClient(&redis.Options{
		Addr: "redis:6379", Dialer: tunnel.Net.DialContext, Protocol: 2, DisableIdentity: true,
		MaxRetries: retries, MinRetryBackoff: -1, MaxRetryBackoff: -1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	context.AfterFunc(tunnel.Context(), func() {
		_ = client.Close()
		end()
	})
	return limited(fakeloop.Offload(tunnel.Loop, "commands", func(ctx context.Context) (string, error) {
		if err := client.Set(ctx, "key", "a", 0).Err(); err != nil {
			return "", err
		}
		length, err := client.Append(ctx, "key", "b").Result()
		if err != nil {
			return "", err
		}
		value, err := client.Get(ctx, "key").Result()
		return fmt.Sprintf("%d bytes, %s", length, value), err
	}))
}

// noLog drops what go-redis would print about dials that fail, which are meant to.
type noLog struct{}

func (noLog) Printf(context.Context, string, ...any) {}
