package spec_test

import (
	"context"
	"io"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/spec"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// fetchPage is the code under test: it gets a page, with an unmodified http.Client and a
// timeout of 10 seconds for each try, and tries until it has it or is told to stop.
func fetchPage(loop *fakeloop.Loop, client *http.Client, url string) *fakeloop.Future[string] {
	return fakeloop.Offload(loop, "fetch", func(ctx context.Context) (string, error) {
		for {
			response, err := client.Get(url)
			if err == nil {
				defer func() { _ = response.Body.Close() }()
				body, err := io.ReadAll(response.Body)
				return string(body), err
			}
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(time.Second):
			}
		}
	})
}

var _ = It("outlives a partition", spec.Bubble, func() {
	tunnel := spec.Tunnel()
	tunnel.Net.Serve("api:80", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	tunnel.Net.Apply(toxics.Partition("client", "api").For(2 * time.Minute))
	client := &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{DialContext: tunnel.Net.DialContext, DisableKeepAlives: true},
	}

	page := fetchPage(tunnel.Loop, client, "http://api/")
	Expect(page).To(BePending())
	Expect(page).To(ResolveWith("ok"))
	Expect(tunnel.Elapsed()).To(BeNumerically(">=", 2*time.Minute))
	Expect(tunnel).To(NeverBlock())
})

// The spec of this file is run with the others of its suite.
func ExampleTunnel() {
	// Output:
}
