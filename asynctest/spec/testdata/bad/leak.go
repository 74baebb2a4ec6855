package bad_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest/spec"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// pipes is a listener whose connections are net.Pipes.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	close  func()
}

func newPipes() *pipes {
	closed := make(chan struct{})
	return &pipes{make(chan net.Conn), closed, sync.OnceFunc(func() { close(closed) })}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.close()
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// stream is an endless body.
func stream(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush()
	<-r.Context().Done()
}

var _ = Describe("a goroutine left", spec.Bubble, func() {
	It("by an It", func() {
		go func() { select {} }()
	})

	It("by BeforeEach of several", func() {
		for range 5 {
			go func() { select {} }()
		}
		go time.Sleep(time.Hour)
	})

	It("ends within a minute", func() {
		go time.Sleep(59 * time.Second)
	})

	It("by a loop that is not closed", func() {
		fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
	})

	It("by tunnel.Go", func() {
		tunnel := spec.Tunnel()
		tunnel.Go("client", func() { select {} })
	})

	It("by a context that is not cancelled", func() {
		ctx, cancel := context.WithCancel(context.Background())
		_ = cancel
		go func() { <-ctx.Done() }()
	})

	It("by an http.Response whose Body is not closed", func() {
		l := newPipes()
		server := &http.Server{Handler: http.HandlerFunc(stream)}
		go func() { _ = server.Serve(l) }()
		DeferCleanup(l.Close)
		client := &http.Client{Transport: &http.Transport{DialContext: l.DialContext}}
		response, err := client.Get("http://api/")
		Expect(err).NotTo(HaveOccurred())
		Expect(response.StatusCode).To(Equal(200))
	})

	It("by nobody when all of net/http is closed", func() {
		l := newPipes()
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })}
		go func() { _ = server.Serve(l) }()
		DeferCleanup(server.Close)
		transport := &http.Transport{DialContext: l.DialContext}
		DeferCleanup(transport.CloseIdleConnections)
		client := &http.Client{Transport: transport}
		response, err := client.Get("http://api/")
		Expect(err).NotTo(HaveOccurred())
		Expect(io.ReadAll(response.Body)).To(BeEquivalentTo("ok"))
		Expect(response.Body.Close()).To(Succeed())
	})
})

var _ = Describe("something lost", spec.Bubble, func() {
	It("an error that nobody looked at", func() {
		tunnel := spec.Tunnel()
		fakeloop.NewPromise[string](tunnel.Loop, "reply").Reject(errBoom)
	})
})
