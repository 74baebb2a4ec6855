package asynctest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
	"github.com/windtunnel-go/windtunnel/toxics"
)

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

// getter returns an unmodified client on the network of a tunnel.
func getter(tunnel *Tunnel) *http.Client {
	return &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{DialContext: tunnel.Net.DialContext},
	}
}

func get(client *http.Client, url string) (string, error) {
	resp, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// A client with a timeout of 30 s and retries outlives a partition of two minutes, which
// takes no real time to speak of.
func TestTunnelWithAPartition(t *testing.T) {
	Run(t, func(tunnel *Tunnel) {
		g := NewWithT(t)
		tunnel.Net.Serve("api:80", says("ok"))
		tunnel.Net.Apply(toxics.Partition("client", "api").For(2 * time.Minute))
		client := getter(tunnel)
		defer client.CloseIdleConnections()
		tries := 0
		page := fakeloop.Offload(tunnel.Loop, "fetch", func(context.Context) (string, error) {
			for {
				tries++
				if page, err := get(client, "http://api/x"); err == nil {
					return page, nil
				}
				time.Sleep(time.Second)
			}
		})
		g.Expect(page).To(ResolveWith("ok"))
		g.Expect(tunnel.Elapsed()).To(BeNumerically("~", 2*time.Minute+10*time.Second, 20*time.Second))
		g.Expect(tries).To(BeNumerically(">", 3))
		g.Expect(tunnel).To(NeverBlock())
	})
}

// Clients on a shared pool do the same in each run with one seed.
func TestTunnelNetIsDeterministic(t *testing.T) {
	run := func(seed uint64) (digest timeline.Digest) {
		Run(t, func(tunnel *Tunnel) {
			tunnel.Net.Serve("api:80", says("ok"))
			client := getter(tunnel)
			client.Transport.(*http.Transport).MaxConnsPerHost = 2
			var all []*fakeloop.Goroutine
			for i := range 6 {
				all = append(all, tunnel.Go(fmt.Sprint("client ", i), func() {
					if _, err := get(client, "http://api/x"); err != nil {
						t.Error(err)
					}
				}))
			}
			for _, c := range all {
				<-c.Done()
			}
			client.CloseIdleConnections()
			_ = tunnel.Settle()
			digest = tunnel.Loop.Timeline().Digest()
		}, WithSeed(seed), WithNetwork(toxics.Config{Plan: toxics.Plan{Toxics: []toxics.Toxic{
			toxics.Latency{Latency: time.Second, Jitter: time.Second / 2},
		}}}))
		return digest
	}
	g := NewWithT(t)
	digests := map[timeline.Digest]bool{}
	for seed := range uint64(3) {
		first := run(seed + 1)
		g.Expect(run(seed + 1)).To(Equal(first))
		digests[first] = true
	}
	g.Expect(digests).To(HaveLen(3))
}

// What nobody serves is refused, with the kernel's error, outside a bubble too.
func TestTunnelNetOutsideABubble(t *testing.T) {
	g := NewWithT(t)
	tunnel := NewTunnel()
	tunnel.Net.Host("api")
	_, err := get(getter(tunnel), "http://api/x")
	g.Expect(errors.Is(err, syscall.ECONNREFUSED)).To(BeTrue(), "%v", err)
	g.Expect(tunnel.Close()).To(Succeed())
}

// A fault about a host whose name is misspelt does nothing; the tunnel says so in the end.
func TestFaultOfAHostThatNeverWas(t *testing.T) {
	g := NewWithT(t)
	tunnel := NewTunnel()
	tunnel.Net.Serve("api:80", says("ok"))
	tunnel.Net.Apply(toxics.Partition("client", "appi"))
	err := tunnel.Close()
	g.Expect(err).To(MatchError(toxics.ErrUnmatched))
	g.Expect(err).To(MatchError(ContainSubstring(`is about "appi", and there has never been such a host; there were: api, client`)))
}

func TestWithNetworkThatIsNotValid(t *testing.T) {
	g := NewWithT(t)
	g.Expect(func() {
		NewTunnel(WithNetwork(toxics.Config{Plan: toxics.Plan{Toxics: []toxics.Toxic{
			toxics.Latency{Latency: -time.Second},
		}}}))
	}).To(PanicWith(HavePrefix("asynctest: WithNetwork: toxics: ")))
}

// The seed of a plan is the tunnel's, but for a plan that is to do what it did elsewhere.
func TestWithPlan(t *testing.T) {
	plan := toxics.Plan{Toxics: []toxics.Toxic{toxics.Latency{Latency: time.Second, Jitter: time.Second / 2}}}
	took := func(options ...TunnelOption) (elapsed time.Duration) {
		Run(t, func(tunnel *Tunnel) {
			tunnel.Net.Serve("api:80", says("ok"))
			client := getter(tunnel)
			defer client.CloseIdleConnections()
			if _, err := get(client, "http://api/"); err != nil {
				t.Error(err)
			}
			elapsed = tunnel.Elapsed()
		}, append(options, WithLoop(fakeloop.Config{Decisions: zeros{}}))...)
		return elapsed
	}
	g := NewWithT(t)
	zero := took(WithSeed(0), WithNetwork(toxics.Config{Plan: plan}))
	g.Expect(took(WithSeed(1), WithNetwork(toxics.Config{Plan: plan}))).NotTo(Equal(zero))
	g.Expect(took(WithSeed(1), WithPlan(plan))).To(Equal(zero))
	seven := plan
	seven.Seed = 7
	g.Expect(took(WithSeed(1), WithPlan(seven))).To(Equal(took(WithSeed(7), WithNetwork(toxics.Config{Plan: plan}))))
	g.Expect(took(WithSeed(1), WithNetwork(toxics.Config{Plan: plan}), WithPlan(seven))).To(Equal(took(WithSeed(2), WithPlan(seven))))
	g.Expect(func() {
		NewTunnel(WithPlan(toxics.Plan{Toxics: []toxics.Toxic{toxics.Latency{Latency: -time.Second}}}))
	}).To(PanicWith(HavePrefix("asynctest: WithPlan: toxics: ")))
}
