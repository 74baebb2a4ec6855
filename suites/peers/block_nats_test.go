package peers_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
)

// natsServer is as much of a NATS server as one client needs that publishes to itself.
// What is published it passes on when pass has returned.
type natsServer struct{ pass func() }

// Dial is what nats.SetCustomDialer takes.
func (s natsServer) Dial(string, string) (net.Conn, error) {
	near, far := net.Pipe()
	go s.serve(far)
	return near, nil
}

func (s natsServer) serve(c net.Conn) {
	defer c.Close()
	fmt.Fprint(c, "INFO {\"server_id\":\"peers\",\"version\":\"2.0.0\",\"headers\":true,\"max_payload\":65536}\r\n")
	subscriptions := map[string]string{} // by subject
	lines := bufio.NewReader(c)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		switch words := strings.Fields(line); words[0] {
		case "PING":
			fmt.Fprint(c, "PONG\r\n")
		case "SUB":
			subscriptions[words[1]] = words[len(words)-1]
		case "PUB": // subject, perhaps the subject for replies, size
			size := 0
			fmt.Sscan(words[len(words)-1], &size)
			payload := make([]byte, size+2)
			if _, err := io.ReadFull(lines, payload); err != nil {
				return
			}
			s.pass()
			for subject, id := range subscriptions {
				if prefix, tail := strings.CutSuffix(subject, "*"); subject == words[1] || tail && strings.HasPrefix(words[1], prefix) {
					fmt.Fprintf(c, "MSG %s %s %s\r\n%s", words[1], id, strings.Join(words[2:], " "), payload)
				}
			}
		}
	}
}

func connectNATS(t *testing.T, pass func()) *nats.Conn {
	t.Helper()
	conn, err := nats.Connect("nats://peers:4222", nats.SetCustomDialer(natsServer{pass}), nats.NoReconnect())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func natsCallback(t *testing.T, handler func()) {
	conn := connectNATS(t, func() {})
	done := make(chan struct{})
	if _, err := conn.Subscribe("tick", func(*nats.Msg) { defer close(done); handler() }); err != nil {
		t.Fatal(err)
	}
	if err := conn.Publish("tick", nil); err != nil {
		t.Fatal(err)
	}
	<-done
}
