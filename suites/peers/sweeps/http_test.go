package sweeps_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

func TestHTTP(t *testing.T) {
	again := ruling{
		of: []asynctest.Handled{
			at("write client>api:80 conn 1 #2", failure, timeout, reset),
			at("write client>api:80 conn 1 #3", failure, timeout, reset),
			at("read client<api:80 conn 1 #3", failure, timeout, reset),
		},
		verdict: documented,
		why: "a connection that has been used is given up, and the request sent once more on a new one, if it [is idempotent](https://pkg.go.dev/net/http@go1.26.8#Transport); " +
			"that POST is, too, if [nothing of it has been written](https://github.com/golang/go/blob/go1.26.8/src/net/http/transport.go#L842-L846)",
	}
	status := "An answer that is not 200 was taken for the page: a server that has read half of a request (cut at `read api:80<client conn 1 #1`) answers 400, which is no error of `net/http`."
	handler := "The handler said nothing of a body that it could not read to the end, which is the answer 200 (cut after 104 bytes at `read api:80<client conn 1 #2`)."
	idle := "Without `IdleConnTimeout` a dial that came late, when its request had been given up, left [a connection in the pool](https://pkg.go.dev/net/http@go1.26.8#Transport) for ever."
	sweep(t,
		subject{
			name:    "net/http",
			shows:   "GET, POST and GET on one connection, with `Client.Timeout` of 30 s and `IdleConnTimeout` of 90 s",
			run:     func(tunnel *asynctest.Tunnel) any { return httpVisit(tunnel, 1) },
			rulings: []ruling{again},
			ours:    []string{status, handler, idle},
		},
		subject{
			name:  "net/http, with retries",
			shows: "The same, with each GET tried up to three times",
			run:   func(tunnel *asynctest.Tunnel) any { return httpVisit(tunnel, 3) },
			rulings: []ruling{again, {
				of:      []asynctest.Handled{at("lookup *"), at("dial *"), at("accept *"), at("* conn 1 #1"), at("* conn 1 #3")},
				verdict: intended, why: "the retries of the scenario, for which each try has its own 30 s",
			}},
		},
	)
}

// httpVisit gets a page, posts something, and gets another page.
func httpVisit(tunnel *asynctest.Tunnel, tries int) any {
	var posted atomic.Int32
	tunnel.Net.Serve("api:80", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			if _, err := io.ReadAll(r.Body); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			fmt.Fprint(w, "posted ", posted.Add(1))
			return
		}
		fmt.Fprint(w, "page ", r.URL.Path)
	}))
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DialContext: tunnel.Net.DialContext, IdleConnTimeout: 90 * time.Second}}
	return limited(fakeloop.Offload(tunnel.Loop, "visit", func(ctx context.Context) (string, error) {
		one, err := retry(tries, func() (string, error) { return request(ctx, client, http.MethodGet, "http://api/one", "") })
		if err != nil {
			return "", err
		}
		two, err := request(ctx, client, http.MethodPost, "http://api/", "hello")
		if err != nil {
			return "", err
		}
		three, err := retry(tries, func() (string, error) { return request(ctx, client, http.MethodGet, "http://api/three", "") })
		return strings.Join([]string{one, two, three}, ", "), err
	}))
}

// limited gives work up that takes too long.
func limited[T any](f *fakeloop.Future[T]) *fakeloop.Future[T] {
	return fakeloop.Timeout(f, 5*time.Minute)
}

// retry calls f until it succeeds, so many times at most.
func retry[T any](tries int, f func() (T, error)) (value T, err error) {
	for range tries {
		if value, err = f(); err == nil {
			return value, nil
		}
	}
	return value, err
}

// request returns the body of an answer, or what went wrong.
func request(ctx context.Context, client *http.Client, method, url, text string) (string, error) {
	var body io.Reader
	if text != "" {
		body = strings.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return "", err
	}
	answer, err := client.Do(r)
	if err != nil {
		return "", err
	}
	got, err := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK {
		err = errors.Join(err, fmt.Errorf("%s %s: %s", method, url, answer.Status))
	}
	return string(got), errors.Join(err, answer.Body.Close())
}
