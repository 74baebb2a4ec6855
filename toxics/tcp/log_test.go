package tcp

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/Shopify/toxiproxy/v2/stream"
	tox "github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
	"github.com/rs/zerolog/log"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// buffer is a log that may be written from anywhere.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// userLog is a user's global logger, for the time of the test.
func userLog(t *testing.T) *buffer {
	b := new(buffer)
	old := log.Logger
	log.Logger = zerolog.New(b)
	t.Cleanup(func() { log.Logger = old })
	return b
}

func TestToxiproxyDoesNotLogAndTheUserDoes(t *testing.T) {
	b := userLog(t)
	n := network(t)
	for _, d := range bothWays {
		p, err := n.Proxy(d.String(), serve(t, flood), plan(
			toxics.Bandwidth{Direction: d, Rate: 1},
			toxics.Bandwidth{Direction: d, Rate: toxics.MaxRate},
		))
		must(t, err)
		for range 3 {
			c := dial(t, p.Addr())
			write(t, c, string(pattern(1000)))
			if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	log.Info().Msg("the user's line, meanwhile")
	closeClean(t, n)
	log.Info().Msg("the user's line, later")

	want := `{"level":"info","message":"the user's line, meanwhile"}` + "\n" +
		`{"level":"info","message":"the user's line, later"}` + "\n"
	if got := b.String(); got != want {
		t.Errorf("the global log has\n%swant\n%s", got, want)
	}
}

// The trap is real: toxiproxy's bandwidth writes to the global log when it is
// interrupted. If it stops doing so, fed has lost its reason.
func TestToxiproxysBandwidthLogsWhenInterrupted(t *testing.T) {
	b := userLog(t)
	stub := tox.NewToxicStub(make(chan *stream.StreamChunk), make(chan *stream.StreamChunk))
	close(stub.Interrupt)
	(&tox.BandwidthToxic{Rate: 1}).Pipe(stub)
	if got := b.String(); !strings.Contains(got, "BandwidthToxic was interrupted") {
		t.Errorf("the global log has %q", got)
	}
}
