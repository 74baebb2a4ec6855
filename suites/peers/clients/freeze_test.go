package clients_test

import (
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// A client that holds a mutex while it waits for an answer stops virtual time, and with
// it the answer, as soon as another goroutine wants that mutex: waiting for a mutex is not
// waiting for virtual time. No network can help that, but the test fails soon, and says
// who waits, for what and where.
func TestAMutexThatIsHeldOverTheNetwork(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(s *stage)
		want []string
	}{
		// Whoever reconnects with nats.go should wait for its ReconnectHandler.
		{"nats.go is asked during a handshake", askDuringAHandshake, []string{
			"[sync.RWMutex.RLock], the one that runs the test", "github.com/nats-io/nats.go.(*Conn).Status", "freeze_test.go:",
		}},
		// DisableAutoCommit of franz-go keeps it from that.
		{"franz-go commits while it joins a group", commitWhileJoining, []string{
			"[sync.RWMutex.RLock]", "github.com/twmb/franz-go/pkg/kgo.(*groupConsumer).loopCommit",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("WINDTUNNEL_GUARD", "500ms")
			w := &witness{T: t}
			asynctest.Run(w, func(tunnel *asynctest.Tunnel) {
				c.play(&stage{tunnel, w, fakeloop.NewJournal(tunnel.Loop)})
			}, asynctest.WithSeed(seed))
			for _, want := range append(c.want, "virtual time stands still", "hint: a lock of package sync, and whoever holds it waits too") {
				if !strings.Contains(w.texts.String(), want) {
					t.Errorf("the failure does not say %q:\n%s", want, w.texts.String())
				}
			}
		})
	}
}

func askDuringAHandshake(s *stage) {
	serveNATS(s, natsServer(s))
	c := natsConnect(s)
	s.Net.Apply(toxics.Inject(toxics.Latency{Latency: 2 * time.Second}))
	s.Net.Host("nats").Drop()
	s.must(s.Settle())
	for len(s.Net.Open()) == 0 {
		time.Sleep(time.Second)
	}
	c.Status() // it has dialled, and is not answered yet
}

func commitWhileJoining(s *stage) {
	s.Net.Apply(toxics.Inject(toxics.Latency{Latency: 2 * time.Second}))
	serveKafka(s)
	c := kafkaClient(s, kgo.ConsumeTopics("topic"), kgo.ConsumerGroup("group"))
	c.PollFetches(s.Context())
}
