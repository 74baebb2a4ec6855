package clients_test

import (
	"io"
	"net/http"
	"testing"
	"time"
)

func TestHTTP1(t *testing.T) {
	perform(t, "net/http 1.1",
		scene{name: "keep-alive", shows: "requests one after the other on one connection", play: httpKeepAlive},
	)
}

func httpKeepAlive(s *stage) {
	s.Net.Serve("api:80", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.RemoteAddr) }))
	client := http.Client{Transport: &http.Transport{DialContext: s.dial, IdleConnTimeout: 90 * time.Second}}
	for range 3 {
		s.takes("a request", 4*time.Second, func() {
			r, err := client.Get("http://api/")
			s.must(err)
			b, err := io.ReadAll(r.Body)
			s.must(err)
			r.Body.Close()
			s.note("%s", b)
		})
	}
	client.CloseIdleConnections()
}
