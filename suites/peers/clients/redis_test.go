package clients_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/windtunnel-go/windtunnel/suites/peers/servers"
	"github.com/windtunnel-go/windtunnel/toxics"
)

const jitterOfRedis = "the pause before a retry has a jitter from math/rand: MinRetryBackoff: -1 and MaxRetryBackoff: -1, or rand.Seed"

func TestRedis(t *testing.T) {
	redis.SetLogger(noLog{})
	perform(t, "go-redis",
		scene{name: "session", play: redisSession,
			shows: "commands, a pipeline, 45 minutes idle, a cut connection, the server gone and back, a black hole"},
		scene{name: "defaults", play: redisDefaults, varies: jitterOfRedis,
			shows: "the same with all defaults: RESP3, notifications of maintenance, pauses before retries"},
		scene{name: "defaults, seeded", play: seeded(redisDefaults),
			shows: "the same after rand.Seed"},
		scene{name: "pool", play: redisPool,
			shows: "30 goroutines on a pool of 5 connections"},
		scene{name: "pool timeout", play: redisPoolTimeout,
			shows: "a second command that waits for the only connection, in vain"},
		scene{name: "an hour each way", away: time.Hour, play: redisHour,
			shows: "commands and a transaction without timeouts of the client's"},
	)
}

// serveRedis listens and serves; the function that it returns ends that, and all
// connections.
func serveRedis(s *stage, r *servers.Redis) (end func()) {
	end, err := r.Serve(s.Net)
	s.must(err)
	return end
}

// redisOptions are those without what is random, and with the shortest greeting.
func (s *stage) redisOptions() *redis.Options {
	return &redis.Options{
		Addr: "redis:6379", Dialer: s.dial, Protocol: 2, DisableIdentity: true,
		MinRetryBackoff: -1, MaxRetryBackoff: -1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// A connection begins with HELLO, and by default with two more round trips, one for what
// the client is and one for the notifications.
func redisSession(s *stage) { redisTour(s, s.redisOptions(), 4*time.Second) }

func redisDefaults(s *stage) {
	redisTour(s, &redis.Options{Addr: "redis:6379", Dialer: s.dial}, 8*time.Second)
}

func redisTour(s *stage, o *redis.Options, greeting time.Duration) {
	server := new(servers.Redis)
	end := serveRedis(s, server)
	c := redis.NewClient(o)
	ctx := s.Context()
	get := func(when string) error {
		value, err := c.Get(ctx, "key").Result()
		s.note("%s: %q, %v", when, value, err)
		return err
	}

	s.must(c.Set(ctx, "key", "value", 0).Err())
	s.takes("a command on a connection that is there", 4*time.Second, func() { s.must(get("at first")) })
	_, err := c.Get(ctx, "none").Result()
	s.fails("no value", err, redis.Nil)
	s.takes("a pipeline, which has connections of its own", greeting+4*time.Second, func() {
		got, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for range 3 {
				p.Append(ctx, "list", "x")
			}
			return nil
		})
		s.must(err)
		s.equal("the last of the pipeline", got[2].(*redis.IntCmd).Val(), int64(3))
	})

	time.Sleep(45 * time.Minute)
	s.must(get("idle for longer than a connection may be"))

	s.Net.Host("redis").Drop()
	s.must(get("the connection is cut, which a retry is for"))

	end()
	s.Net.Host("redis").Drop()
	s.fails("the server is gone", get("gone"), syscall.ECONNREFUSED)
	end = serveRedis(s, server)
	s.must(get("back"))

	hole := s.Net.Apply(toxics.Inject(toxics.Timeout{}))
	s.fails("a black hole", get("into a black hole"), os.ErrDeadlineExceeded)
	hole.Lift()
	s.must(get("and out of it"))

	s.must(c.Close())
	end()
}

// client names one of many.
func client(i int) string { return fmt.Sprintf("client %02d", i) }

func redisPool(s *stage) {
	defer serveRedis(s, new(servers.Redis))()
	o := s.redisOptions()
	o.PoolSize, o.PoolTimeout = 5, time.Minute
	c := redis.NewClient(o)
	s.together(30, client, func(i int) {
		for k := range 2 {
			n, err := c.Append(s.Context(), "list", "x").Result()
			s.note("%s.%d: %d, %v", client(i), k, n, err)
		}
	})
	s.equal("connections", len(s.Net.Open()), 5)
	s.must(c.Close())
}

func redisPoolTimeout(s *stage) {
	defer serveRedis(s, new(servers.Redis))()
	o := s.redisOptions()
	o.PoolSize, o.PoolTimeout = 1, time.Second
	c := redis.NewClient(o)
	var late atomic.Int32
	s.together(2, client, func(i int) {
		err := c.Set(s.Context(), "key", i, 0).Err()
		if err != nil {
			s.fails("no connection in time", err, redis.ErrPoolTimeout)
			late.Add(1)
		}
		s.note("%s: %v", client(i), err)
	})
	s.equal("how many were late", late.Load(), int32(1))
	s.must(c.Close())
}

func redisHour(s *stage) {
	defer serveRedis(s, new(servers.Redis))()
	o := s.redisOptions()
	o.ReadTimeout, o.ConnMaxIdleTime = -1, -1
	c := redis.NewClient(o)
	s.takes("the first command, behind HELLO", 4*time.Hour, func() { s.must(c.Set(s.Context(), "key", "value", 0).Err()) })
	s.takes("a transaction, on a connection of its own", 4*time.Hour, func() {
		got, err := c.TxPipelined(s.Context(), func(p redis.Pipeliner) error {
			p.Append(s.Context(), "key", "s")
			p.Get(s.Context(), "key")
			return nil
		})
		s.must(err)
		s.equal("the value", got[1].(*redis.StringCmd).Val(), "values")
	})
	s.must(c.Close())
}

// noLog drops what go-redis would print about dials that fail, which are meant to.
type noLog struct{}

func (noLog) Printf(context.Context, string, ...any) {}
