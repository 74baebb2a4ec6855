package suites_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/spec"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// retry calls attempt until its future is resolved, with a pause after each
// failure.
func retry(loop *fakeloop.Loop, pause time.Duration, attempt func() *fakeloop.Future[string]) *fakeloop.Future[string] {
	return fakeloop.Async(loop, "retry", func(co *fakeloop.Coroutine) (string, error) {
		for {
			page, err := fakeloop.Await(co, attempt())
			if err == nil {
				return page, nil
			}
			if err := co.Sleep(pause); err != nil {
				return "", err
			}
		}
	})
}

// fetch fails twice.
func fetch(loop *fakeloop.Loop, call int) *fakeloop.Future[string] {
	promise := fakeloop.NewPromise[string](loop, "page")
	if call < 3 {
		promise.Reject(errors.New("refused"))
	} else {
		promise.Resolve("hello")
	}
	return promise.Future()
}

var _ = It("tries again, without blocking its loop", func() {
	watch := Watch(GinkgoTB())
	loop := fakeloop.New(fakeloop.Config{Sites: true})
	DeferCleanup(loop.Close)

	calls := 0
	page := retry(loop, time.Minute, func() *fakeloop.Future[string] { // the code under test
		calls++
		return fetch(loop, calls)
	})

	Expect(page).To(ResolveWith("hello")) // runs the loop, in virtual time
	Expect(loop.Elapsed()).To(Equal(2 * time.Minute))
	Expect(watch).To(NeverBlock())
})

// pageOf is the code under test: net/http with a timeout of 30 s, off the loop, until it
// succeeds.
func pageOf(tunnel *Tunnel, url string) *fakeloop.Future[string] {
	client := &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{DialContext: tunnel.Net.DialContext, DisableKeepAlives: true},
	}
	return fakeloop.Offload(tunnel.Loop, "page", func(context.Context) (string, error) {
		for {
			if resp, err := client.Get(url); err == nil {
				defer func() { _ = resp.Body.Close() }()
				body, err := io.ReadAll(resp.Body)
				return string(body), err
			}
			time.Sleep(time.Second)
		}
	})
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

var _ = It("outlives a partition of two minutes", spec.Bubble, func() {
	tunnel := spec.Tunnel() // a loop, a network, a detector and a seed; it closes itself
	tunnel.Net.Serve("api:80", http.HandlerFunc(hello))
	tunnel.Net.Apply(toxics.Partition("client", "api").For(2 * time.Minute))

	page := pageOf(tunnel, "http://api/") // net/http, unmodified

	Expect(page).To(ResolveWith("hello"))
	Expect(tunnel.Elapsed()).To(BeNumerically(">=", 2*time.Minute))
	Expect(tunnel).To(NeverBlock())
})

// pageOnce is the code under test: one attempt, off the loop, within a minute.
func pageOnce(tunnel *Tunnel, url string) *fakeloop.Future[string] {
	client := &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{DialContext: tunnel.Net.DialContext, DisableKeepAlives: true},
	}
	page := fakeloop.Offload(tunnel.Loop, "page", func(context.Context) (string, error) {
		resp, err := client.Get(url)
		if err != nil {
			return "", err
		}
		defer func() { _ = resp.Body.Close() }()
		if resp.StatusCode != http.StatusOK {
			return "", errors.New(resp.Status)
		}
		body, err := io.ReadAll(resp.Body)
		return string(body), err
	}, fakeloop.Jump)
	return fakeloop.Timeout(page, time.Minute)
}

var _ = It("tells of whatever goes wrong", func() {
	spec.Sweep(Scenario{
		Run: func(tunnel *Tunnel) any {
			tunnel.Net.Serve("api:80", http.HandlerFunc(hello))
			return pageOnce(tunnel, "http://api/") // a future of any kind
		},
		Leave:     []LeftOut{{Point: "close *", Why: "net/http tells nobody"}},
		EveryByte: true, // streams end behind each byte, too
	})
})

var _ = It("has the specs of the README", func() {
	text, err := os.ReadFile(readme)
	Expect(err).NotTo(HaveOccurred())
	source, err := os.ReadFile("readme_test.go")
	Expect(err).NotTo(HaveOccurred())
	blocks := strings.Split(string(text), "```go\n")[1:]
	Expect(blocks).NotTo(BeEmpty(), "README has no Go block")
	for _, rest := range blocks {
		block, _, _ := strings.Cut(rest, "```")
		Expect(string(source)).To(ContainSubstring(block))
	}
})
