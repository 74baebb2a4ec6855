package clients_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

func TestHTTP1(t *testing.T) {
	perform(t, "net/http 1.1",
		scene{name: "keep-alive", shows: "requests share a connection, which IdleConnTimeout closes", play: httpKeepAlive},
		scene{name: "stream", shows: "what a handler flushes arrives as it is flushed", play: func(s *stage) { httpStream(s, http1) }},
		scene{name: "timeout", shows: "Client.Timeout ends a request, and the handler's context", play: func(s *stage) { httpTimeout(s, http1) }},
		scene{name: "20 clients, 4 connections", shows: "clients that wait for a connection of one pool each get 50 kB back", play: httpPool},
		scene{name: "retries through a partition", shows: "a timeout of 30 s and retries outlive two minutes", play: func(s *stage) { httpRetries(s, http1) }},
		scene{name: "server gone", shows: "crash, refused dials, and back on its address", play: func(s *stage) { httpServerGone(s, http1) }},
		scene{name: "shutdown", shows: "Shutdown lets a request end, and closes what is idle",
			varies: "Server.Shutdown looks for idle connections at intervals with a jitter from math/rand, which rand.Seed fixes under GODEBUG=randseednop=0",
			play:   func(s *stage) { httpShutdown(s, http1) }},
		scene{name: "shutdown, seeded", shows: "the same after rand.Seed", play: seeded(func(s *stage) { httpShutdown(s, http1) })},
		scene{name: "bodies left unread", shows: "a context that is cancelled ends what an unread body holds", play: httpUnread},
		scene{name: "an hour each way", shows: "nothing times out of itself", away: time.Hour, play: func(s *stage) { httpHour(s, http1) }},
	)
}

// speaks makes a server that is not started, and a client for it, of one version of HTTP.
type speaks func(s *stage, handler http.Handler) (*http.Server, *http.Client)

func http1(s *stage, handler http.Handler) (*http.Server, *http.Client) {
	return &http.Server{Handler: handler}, &http.Client{Transport: &http.Transport{DialContext: s.dial}}
}

// serve starts a server, and returns what stops it.
func (s *stage) serve(server *http.Server, address string) (stop func()) {
	l := s.listen(address)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // says that it was closed
	}()
	return func() {
		s.atRest(func() { _ = server.Close() })
		<-done
	}
}

// get returns the body of an answer, or what went wrong.
func get(ctx context.Context, client *http.Client, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	return send(client, request)
}

func send(client *http.Client, request *http.Request) (string, error) {
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

// echo is a handler that sends back what it gets.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		w.Write(body)
	}
})

func httpKeepAlive(s *stage) {
	server, client := http1(s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.RemoteAddr) }))
	client.Transport.(*http.Transport).IdleConnTimeout = 90 * time.Second
	defer s.serve(server, "api:80")()
	var seen []string
	for range 3 {
		s.takes("a request", 4*time.Second, func() {
			address, err := get(s.Context(), client, "http://api/")
			s.must(err)
			seen = append(seen, address)
		})
	}
	s.equal("connections", strings.Count(strings.Join(seen, " "), seen[0]), 3)
	time.Sleep(89 * time.Second)
	s.equal("open before the IdleConnTimeout", len(s.Net.Open()), 1)
	time.Sleep(2 * time.Second)
	s.equal("open after it", len(s.Net.Open()), 0)
	address, err := get(s.Context(), client, "http://api/")
	s.must(err)
	s.equal("a new connection", address != seen[0], true)
	s.note("%v, then %s", seen, address)
	s.atRest(client.CloseIdleConnections)
}

func httpStream(s *stage, version speaks) {
	server, client := version(s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i := range 3 {
			fmt.Fprintf(w, "line %d\n", i)
			http.NewResponseController(w).Flush()
			time.Sleep(10 * time.Second)
		}
	}))
	defer s.serve(server, "api:80")()
	answer, err := client.Get("http://api/")
	s.must(err)
	defer answer.Body.Close()
	buffer := make([]byte, 100)
	for i := range 3 {
		n, err := answer.Body.Read(buffer)
		s.must(err)
		s.equal("read", string(buffer[:n]), fmt.Sprintf("line %d\n", i))
		s.note("line %d of %s", i, answer.Proto)
	}
	s.takes("the end", 10*time.Second, func() {
		_, err := answer.Body.Read(buffer)
		s.fails("the end", err, io.EOF)
	})
	s.atRest(client.CloseIdleConnections)
}

func httpTimeout(s *stage, version speaks) {
	server, client := version(s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		s.note("the handler: %v", context.Cause(r.Context()))
	}))
	client.Timeout = 30 * time.Second
	defer s.serve(server, "api:80")()
	s.takes("the request", 30*time.Second, func() {
		_, err := get(s.Context(), client, "http://api/")
		s.fails("the request", err, context.DeadlineExceeded)
		s.note("the client: %v", err)
	})
	time.Sleep(10 * time.Second)
	s.atRest(client.CloseIdleConnections)
}

func httpPool(s *stage) {
	server, client := http1(s, echo)
	transport := client.Transport.(*http.Transport)
	transport.MaxConnsPerHost, transport.MaxIdleConnsPerHost = 4, 4
	defer s.serve(server, "api:80")()
	s.together(20, func(i int) string { return fmt.Sprintf("client %02d", i) }, func(i int) {
		text := strings.Repeat(string(rune('a'+i)), 50_000)
		request, _ := http.NewRequestWithContext(s.Context(), http.MethodPost, "http://api/", strings.NewReader(text))
		got, err := send(client, request)
		if err != nil || got != text {
			s.t.Errorf("client %d: %d bytes, %v", i, len(got), err)
		}
		s.note("client %02d", i)
	})
	s.equal("open", len(s.Net.Open()), 4)
	s.atRest(client.CloseIdleConnections)
}

func httpRetries(s *stage, version speaks) {
	server, client := version(s, echo)
	client.Timeout = 30 * time.Second
	defer s.serve(server, "api:80")()
	s.Net.Apply(toxics.Partition("client", "api").For(2 * time.Minute))
	tries := 0
	for {
		tries++
		_, err := get(s.Context(), client, "http://api/")
		s.note("try %d: %v", tries, err)
		if err == nil {
			break
		}
		s.fails("a try", err, context.DeadlineExceeded)
		time.Sleep(time.Second)
	}
	s.equal("tries", tries, 5)
	s.atRest(client.CloseIdleConnections)
	time.Sleep(time.Minute) // for dials that were given up, and are held
}

func httpServerGone(s *stage, version speaks) {
	server, client := version(s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(10 * time.Second):
		case <-r.Context().Done():
			s.note("the handler: %v", context.Cause(r.Context()))
		}
	}))
	stop := s.serve(server, "api:80")
	time.AfterFunc(5*time.Second, func() {
		s.Net.Host("api").Crash()
		stop()
	})
	post := func() error {
		request, _ := http.NewRequestWithContext(s.Context(), http.MethodPost, "http://api/", bytes.NewReader(make([]byte, 10_000)))
		_, err := send(client, request)
		return err
	}
	err := post()
	s.note("in flight: %v", err)
	s.equal("in flight: it ends with the connection", errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), true)
	time.Sleep(time.Second)
	err = post()
	s.note("gone: %v", err)
	s.fails("gone", err, syscall.ECONNREFUSED)
	server, _ = version(s, echo)
	defer s.serve(server, "api:80")()
	s.must(post())
	s.atRest(client.CloseIdleConnections)
}

func httpShutdown(s *stage, version speaks) {
	server, client := version(s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(10 * time.Second)
		io.WriteString(w, "done")
	}))
	defer s.serve(server, "api:80")()
	s.together(2, func(i int) string { return []string{"client", "operator"}[i] }, func(i int) {
		if i == 0 {
			body, err := get(s.Context(), client, "http://api/")
			s.note("the client: %s %v", body, err)
			s.equal("the answer", body, "done")
			return
		}
		time.Sleep(3 * time.Second)
		err := server.Shutdown(s.Context())
		s.note("the server: %v", err)
		s.equal("the end", err, nil)
	})
	time.Sleep(10 * time.Second)
	s.equal("open", len(s.Net.Open()), 0)
	_, err := get(s.Context(), client, "http://api/")
	s.fails("after it", err, syscall.ECONNREFUSED)
}

// A body that is neither read nor closed holds two goroutines of the client. A context that
// is cancelled before the test ends, as the tunnel's is, ends them.
func httpUnread(s *stage) {
	server, client := http1(s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 500_000)) }))
	defer s.serve(server, "api:80")()
	ctx, cancel := context.WithCancel(s.Context())
	for range 3 {
		request, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://api/", nil)
		answer, err := client.Do(request)
		s.must(err)
		s.note("%s", answer.Status)
	}
	time.Sleep(time.Hour)
	s.equal("held", len(s.Net.Open()), 3)
	cancel()
	s.must(s.Settle())
	s.equal("held", len(s.Net.Open()), 0)
}

func httpHour(s *stage, version speaks) {
	server, client := version(s, echo)
	defer s.serve(server, "api:80")()
	var opError *net.OpError
	text := strings.Repeat("x", 10_000)
	request, _ := http.NewRequestWithContext(s.Context(), http.MethodPost, "http://api/", strings.NewReader(text))
	s.takes("the request", 2*time.Hour, func() {
		got, err := send(client, request)
		s.equal("an error of the network", errors.As(err, &opError), false)
		s.must(err)
		s.equal("the answer", got == text, true)
	})
	s.atRest(client.CloseIdleConnections)
}
