package clients_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/windtunnel-go/windtunnel/toxics"
)

const raceOfKafka = "goroutines of one client race, within one instant, for when metadata is asked for again and what a fetch begins with: " +
	"there is no setting, but on one processor nearly all runs are the same"

func TestKafka(t *testing.T) {
	perform(t, "franz-go",
		scene{name: "produce and consume", play: kafkaBoth, varies: raceOfKafka, chance: true,
			shows: "records produced and consumed, an hour idle, a cut connection"},
		scene{name: "on one processor", play: onOneProcessor(kafkaBoth), varies: raceOfKafka, chance: true,
			shows: "the same with GOMAXPROCS 1"},
		scene{name: "group", play: kafkaGroup, chance: true,
			shows:  "two consumers share two partitions, and one leaves; with DisableAutoCommit, since autocommit stops time: see below",
			varies: "kfake draws the names of members, by which partitions are shared, from crypto/rand, and " + raceOfKafka},
		scene{name: "black hole", play: kafkaBlackHole, varies: raceOfKafka, chance: true,
			shows: "a record that is produced into a black hole arrives when there is a way"},
		scene{name: "five minutes each way", away: 5 * time.Minute, play: kafkaFar, varies: raceOfKafka, chance: true,
			shows: "records produced and consumed; RequestTimeoutOverhead may not be longer than 15 minutes"},
	)
}

// serveKafka starts a cluster of one broker.
func serveKafka(s *stage, options ...kfake.Opt) *kfake.Cluster {
	c, err := kfake.NewCluster(append([]kfake.Opt{
		kfake.NumBrokers(1), kfake.SeedTopics(2, "topic"),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return s.Net.Listen("kafka:9092") }),
	}, options...)...)
	s.must(err)
	return c
}

func kafkaClient(s *stage, options ...kgo.Opt) *kgo.Client {
	c, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers("kafka:9092"), kgo.Dialer(s.Net.DialContext), kgo.ProducerLinger(0),
	}, options...)...)
	s.must(err)
	return c
}

func produce(s *stage, c *kgo.Client, text string) {
	s.t.Helper()
	record := &kgo.Record{Topic: "topic", Key: []byte("key"), Value: []byte(text)}
	s.fails("producing", c.ProduceSync(s.Context(), record).FirstErr(), nil)
	s.note("produced %s", text)
}

// consume consumes n records, or until the context is done, and returns how many it had.
func consume(ctx context.Context, s *stage, name string, c *kgo.Client, n int) (got int) {
	for got < n {
		fetched := c.PollFetches(ctx)
		if ctx.Err() != nil {
			return got
		}
		for _, e := range fetched.Errors() {
			s.note("%s: %v", name, e.Err) // and it tries again
		}
		fetched.EachRecord(func(r *kgo.Record) {
			got++
			s.note("%s: %s, partition %d, offset %d", name, r.Value, r.Partition, r.Offset)
		})
	}
	return got
}

func kafkaBoth(s *stage) {
	cluster := serveKafka(s)
	from, to := kafkaClient(s), kafkaClient(s, kgo.ConsumeTopics("topic"))
	for i := range 3 {
		produce(s, from, fmt.Sprint("record ", i))
	}
	consume(s.Context(), s, "consumer", to, 3)
	time.Sleep(time.Hour)
	produce(s, from, "after an hour")
	consume(s.Context(), s, "consumer", to, 1)
	s.Net.Host("kafka").Drop()
	produce(s, from, "after a cut")
	consume(s.Context(), s, "consumer", to, 1)
	from.Close()
	to.Close()
	s.must(s.Settle())
	cluster.Close()
}

func kafkaGroup(s *stage) {
	cluster := serveKafka(s)
	from := kafkaClient(s, kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	var consumed atomic.Int32
	member := func(name string) (leave func()) {
		ctx, cancel := context.WithCancel(s.Context())
		g := s.Go(name, func() {
			c := kafkaClient(s, kgo.ConsumeTopics("topic"), kgo.ConsumerGroup("group"), kgo.DisableAutoCommit())
			consumed.Add(int32(consume(ctx, s, name, c, 100)))
			s.fails("committing", c.CommitUncommittedOffsets(s.Context()), nil)
			c.Close()
		})
		return func() {
			cancel()
			<-g.Done()
		}
	}
	first, second := member("first"), member("second")
	time.Sleep(5 * time.Minute) // until both have joined
	for i := range 4 {
		produce(s, from, fmt.Sprint("record ", i))
	}
	time.Sleep(time.Minute)
	first()
	time.Sleep(5 * time.Minute)
	for i := range 4 {
		produce(s, from, fmt.Sprint("another ", i))
	}
	time.Sleep(time.Minute)
	second()
	s.equal("consumed", consumed.Load(), int32(8))
	from.Close()
	s.must(s.Settle())
	cluster.Close()
}

func kafkaBlackHole(s *stage) {
	cluster := serveKafka(s)
	c := kafkaClient(s)
	produce(s, c, "one")
	hole := s.Net.Apply(toxics.Inject(toxics.Timeout{}))
	done := s.Go("producer", func() { produce(s, c, "two") })
	time.Sleep(5 * time.Minute)
	hole.Lift()
	<-done.Done()
	c.Close()
	s.must(s.Settle())
	cluster.Close()
}

func kafkaFar(s *stage) {
	cluster := serveKafka(s)
	c := kafkaClient(s, kgo.ConsumeTopics("topic"), kgo.RequestTimeoutOverhead(15*time.Minute), kgo.ConnIdleTimeout(15*time.Minute))
	produce(s, c, "record")
	consume(s.Context(), s, "consumer", c, 1)
	c.Close()
	time.Sleep(10 * time.Minute)
	cluster.Close()
}
