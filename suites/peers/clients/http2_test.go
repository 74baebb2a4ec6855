package clients_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

func TestHTTP2(t *testing.T) {
	const noTokens = "streams that wait for flow control are all woken by one window update and race for it: HTTP2Config.MaxReceiveBufferPerConnection and PerStream, with room for all, and one request ahead, which brings the settings"
	perform(t, "net/http 2",
		scene{name: "streams of one connection", shows: "three requests at once take as long as one", play: http2Streams},
		scene{name: "stream", shows: "what a handler flushes arrives as it is flushed", play: func(s *stage) { httpStream(s, http2) }},
		scene{name: "timeout", shows: "Client.Timeout ends a request, and the handler's context", play: func(s *stage) { httpTimeout(s, http2) }},
		scene{name: "20 clients, 100 kB each", shows: "clients send and get 100 kB on one connection", varies: noTokens, chance: true,
			play: func(s *stage) { http2Crowd(s, nil) }},
		scene{name: "20 clients, room for all", shows: "the same with receive buffers of 8 MiB, behind a first request", play: func(s *stage) {
			http2Crowd(s, &http.HTTP2Config{MaxReceiveBufferPerConnection: 8 << 20, MaxReceiveBufferPerStream: 1 << 20})
		}},
		scene{name: "ping into a black hole", shows: "SendPingTimeout and PingTimeout end a connection that is dead", play: http2Ping},
		scene{name: "retries through a partition", shows: "a timeout of 30 s and retries outlive two minutes", play: func(s *stage) { httpRetries(s, http2) }},
		scene{name: "server gone", shows: "crash, refused dials, and back on its address", play: func(s *stage) { httpServerGone(s, http2) }},
		scene{name: "an hour each way", shows: "nothing times out of itself", away: time.Hour, play: func(s *stage) { httpHour(s, http2) }},
	)
}

// http2 speaks HTTP/2 without TLS.
func http2(s *stage, handler http.Handler) (*http.Server, *http.Client) {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{Handler: handler, Protocols: &protocols},
		&http.Client{Transport: &http.Transport{DialContext: s.dial, Protocols: &protocols}}
}

func http2Streams(s *stage) {
	server, client := http2(s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s over %s from %s", r.URL.Path, r.Proto, r.RemoteAddr)
	}))
	defer s.serve(server, "api:80")()
	s.takes("three requests", 4*time.Second, func() {
		s.together(3, func(i int) string { return fmt.Sprint("client ", i) }, func(i int) {
			got, err := get(s.Context(), client, fmt.Sprintf("http://api/%d", i))
			s.note("%s %v", got, err)
			s.equal("the answer", strings.HasPrefix(got, fmt.Sprintf("/%d over HTTP/2.0 from ", i)), true)
		})
	})
	s.equal("open", len(s.Net.Open()), 1)
	s.atRest(client.CloseIdleConnections)
}

func http2Crowd(s *stage, config *http.HTTP2Config) {
	server, client := http2(s, echo)
	client.Transport.(*http.Transport).HTTP2, server.HTTP2 = config, config
	defer s.serve(server, "api:80")()
	_, err := get(s.Context(), client, "http://api/")
	s.must(err)
	s.together(20, func(i int) string { return fmt.Sprintf("client %02d", i) }, func(i int) {
		text := strings.Repeat(string(rune('a'+i)), 100_000)
		request, _ := http.NewRequestWithContext(s.Context(), http.MethodPost, "http://api/", strings.NewReader(text))
		got, err := send(client, request)
		if err != nil || got != text {
			s.t.Errorf("client %d: %d bytes, %v", i, len(got), err)
		}
		s.note("client %02d", i)
	})
	s.equal("open", len(s.Net.Open()), 1)
	s.atRest(client.CloseIdleConnections)
}

func http2Ping(s *stage) {
	server, client := http2(s, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	client.Transport.(*http.Transport).HTTP2 = &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second}
	defer s.serve(server, "api:80")()
	s.Net.Apply(toxics.Partition("client", "api").From(10 * time.Second).For(5 * time.Minute))
	_, err := get(s.Context(), client, "http://api/")
	s.note("%v", err)
	s.equal("it fails", err != nil, true)
	s.equal("and not by its own timeout", errors.Is(err, s.Context().Err()), false)
	if at := s.Elapsed(); at < 45*time.Second || at > 80*time.Second {
		s.t.Errorf("it fails after %v", at)
	}
	time.Sleep(5 * time.Minute) // until the server hears of it
}
