package sweeps_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

func TestKafka(t *testing.T) {
	const module, source = "github.com/twmb/franz-go", "https://github.com/twmb/franz-go/blob/v1.22.2/"
	const retries = "what failed on the network is tried again, if it was a dial [by each caller in its own way](" + source + "pkg/kgo/errors.go#L58-L80): " +
		"[requests](" + source + "pkg/kgo/config.go#L906-L907) 20 times by default, [records](" + source + "docs/producing-and-consuming.md#L62-L64) for ever, and [fetches](" + source + "README.md#L135-L136), too"
	const closes = "[`Close`](https://pkg.go.dev/github.com/twmb/franz-go@v1.22.2/pkg/kgo#Client.Close) returns no error"
	sweep(t,
		subject{
			name: "franz-go", module: module,
			shows:   "A record is produced, and fetched, a second away from kfake each way, with `DisableFetchSessions`, `FetchMaxWait` of a minute, no jitter in `RetryBackoffFn`, and a context that ends after 100 s",
			run:     func(tunnel *asynctest.Tunnel) any { return kafkaRecord(tunnel) },
			network: away,
			rulings: []ruling{{
				of:      []asynctest.Handled{at("lookup *", failure, timeout), at("dial *", failure, timeout, refused), at("write client>*", failure, timeout, reset), at("read client<*", failure, timeout, reset)},
				verdict: documented, why: retries,
			}, {
				of:      []asynctest.Handled{at("close client>*")},
				verdict: documented, why: closes,
			}},
			ours: []string{
				"Some runs without faults had more points than others, in 12 of 60 pairs: with fetch sessions `Close` tells the broker that they end, on one more connection, and goroutines of the client race for that. With `DisableFetchSessions`, and with `Close` while nothing is on its way, 60 of 60 pairs met the same points.",
				"A client that was made before its work began was not closed when the work was never done.",
			},
		},
		subject{
			name: "franz-go, not idempotent", module: module,
			shows:   "The same with `DisableIdempotentWrite`, and streams cut in the middle only",
			halved:  true,
			run:     func(tunnel *asynctest.Tunnel) any { return kafkaRecord(tunnel, kgo.DisableIdempotentWrite()) },
			network: away,
			rulings: []ruling{{
				of: []asynctest.Handled{
					at("lookup *", failure, timeout), at("dial *", failure, timeout, refused), at("write client>*", failure, timeout, reset),
					at("read client<kafka:9092 conn 1", failure, timeout, reset), at("read client<kafka:9092 conn 2 #1", failure, timeout, reset),
					at("read client<kafka:9092 conn 3", failure, timeout, reset), at("read client<kafka:9092 conn 4", failure, timeout, reset),
				},
				verdict: documented, why: retries,
			}, {
				of:      []asynctest.Handled{at("write kafka:9092>client conn 2 #2"), at("read client<kafka:9092 conn 2 #2")},
				found:   asynctest.FoundWrongValue,
				verdict: documented, why: "the broker has the record, its answer is lost or late, and the client sends it once more: that [opts out of deduplication](" + source + "pkg/kgo/config.go#L1212-L1216)",
			}, {
				of:      []asynctest.Handled{at("close client>*")},
				verdict: documented, why: closes,
			}},
		},
	)
}

// kafkaRecord produces a record and fetches it.
func kafkaRecord(tunnel *asynctest.Tunnel, more ...kgo.Opt) any {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "topic"),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return tunnel.Net.Listen("kafka:9092") }))
	if err != nil {
		panic(err)
	}
	context.AfterFunc(tunnel.Context(), cluster.Close)
	options := append([]kgo.Opt{
		kgo.SeedBrokers("kafka:9092"),
		kgo.Dialer(func(ctx context.Context, network, address string) (net.Conn, error) {
			return tunnel.Net.DialContext(toxics.Named(ctx, address), network, address)
		}),
		kgo.DisableClientMetrics(), kgo.RetryBackoffFn(func(int) time.Duration { return time.Second }),
		kgo.DefaultProduceTopic("topic"), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0),
		kgo.DisableFetchSessions(), kgo.FetchMaxWait(time.Minute),
	}, more...)
	return limited(fakeloop.Offload(tunnel.Loop, "record", func(ctx context.Context) (string, error) {
		client, err := kgo.NewClient(options...)
		if err != nil {
			return "", err
		}
		defer client.Close()
		ctx, cancel := context.WithTimeout(ctx, 100*time.Second)
		defer cancel()
		got, err := produceAndFetch(ctx, client)
		if err != nil {
			return "", errors.Join(err, context.Cause(ctx))
		}
		time.Sleep(20 * time.Second) // until the next fetch waits, and nothing is on its way
		return got, nil
	}))
}

func produceAndFetch(ctx context.Context, client *kgo.Client) (string, error) {
	if err := client.ProduceSync(ctx, &kgo.Record{Value: []byte("hello ")}).FirstErr(); err != nil {
		return "", err
	}
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{"topic": {0: kgo.NewOffset().AtStart()}})
	fetched := client.PollFetches(ctx)
	if err := fetched.Err(); err != nil {
		return "", err
	}
	all := ""
	fetched.EachRecord(func(r *kgo.Record) { all += string(r.Value) })
	return all, nil
}
