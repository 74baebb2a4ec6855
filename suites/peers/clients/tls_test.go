package clients_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

func TestTLS(t *testing.T) {
	perform(t, "crypto/tls",
		scene{name: "handshake", shows: "a round trip for TLS 1.3, none for a dial, and 300 kB of data", play: tlsHandshake},
		scene{name: "resumption", shows: "a second connection resumes the session of the first", play: tlsResumption},
		scene{name: "client certificate", shows: "the server asks for one, and refuses who has none", play: tlsMutual},
		scene{name: "dates", shows: "a certificate expires in virtual time, and one of this century is not valid yet", play: tlsDates},
		scene{name: "black hole", shows: "the deadline of a handshake ends it", play: tlsBlackHole},
		scene{name: "https, 10 clients", shows: "net/http agrees on HTTP/2 by ALPN and shares a connection", play: tlsHTTPS},
		scene{name: "an hour each way", shows: "nothing times out of itself", away: time.Hour, play: tlsHour},
	)
}

// authority issues certificates. It is made inside the bubble, where it is the year 2000.
type authority struct {
	s    *stage
	key  ed25519.PrivateKey
	cert *x509.Certificate
	n    int64
}

func newAuthority(s *stage) *authority {
	a := &authority{s: s}
	raw, key := a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: "the authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
	})
	var err error
	a.key = key
	a.cert, err = x509.ParseCertificate(raw)
	s.must(err)
	return a
}

// sign makes a key and a certificate for it; the first one signs itself.
func (a *authority) sign(template *x509.Certificate) (raw []byte, key ed25519.PrivateKey) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	a.s.must(err)
	a.n++
	template.SerialNumber = big.NewInt(a.n)
	parent, by := a.cert, a.key
	if parent == nil {
		parent, by = template, key
	}
	raw, err = x509.CreateCertificate(rand.Reader, template, parent, public, by)
	a.s.must(err)
	return raw, key
}

// issue returns a certificate for a name, valid from an instant on, for so long.
func (a *authority) issue(name string, from time.Time, valid time.Duration) tls.Certificate {
	raw, key := a.sign(&x509.Certificate{
		Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: from, NotAfter: from.Add(valid),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// server is a configuration with a certificate for the host api, for a year.
func (a *authority) server() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{a.issue("api", time.Now().Add(-time.Hour), 365*24*time.Hour)}}
}

func (a *authority) client() *tls.Config { return &tls.Config{RootCAs: a.pool(), ServerName: "api"} }

// echoTLS sends back what comes to api:443, until it is stopped.
func (s *stage) echoTLS(config *tls.Config) (stop func()) {
	l := tls.NewListener(s.listen("api:443"), config)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, err := io.Copy(c, c)
				s.note("the server: %v", err)
			}()
		}
	}()
	return func() {
		s.atRest(func() { _ = l.Close() })
		<-done
	}
}

// dialTLS makes a connection and shakes hands.
func (s *stage) dialTLS(ctx context.Context, config *tls.Config) (*tls.Conn, error) {
	c, err := s.dial(ctx, "tcp", "api:443")
	if err != nil {
		return nil, err
	}
	t := tls.Client(c, config)
	if err := t.HandshakeContext(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return t, nil
}

// ask sends something and reads it again.
func ask(c net.Conn, text string) error {
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if string(got) != text {
		return fmt.Errorf("%d bytes came back as others", len(text))
	}
	return nil
}

func tlsHandshake(s *stage) {
	a := newAuthority(s)
	defer s.echoTLS(a.server())()
	var c *tls.Conn
	s.takes("the handshake", 4*time.Second, func() {
		var err error
		c, err = s.dialTLS(s.Context(), a.client())
		s.must(err)
	})
	s.takes("the answer", 4*time.Second, func() { s.must(ask(c, "hello")) })
	s.takes("300 kB", 4*time.Second, func() { s.must(ask(c, strings.Repeat("x", 300_000))) })
	s.note("%s", tls.VersionName(c.ConnectionState().Version))
	s.must(c.Close())
}

func tlsResumption(s *stage) {
	a := newAuthority(s)
	defer s.echoTLS(a.server())()
	config := a.client()
	config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	for _, resumed := range []bool{false, true} {
		c, err := s.dialTLS(s.Context(), config)
		s.must(err)
		s.must(ask(c, "hello")) // and reads the ticket
		s.equal("resumed", c.ConnectionState().DidResume, resumed)
		s.note("resumed: %v", resumed)
		s.must(c.Close())
		time.Sleep(time.Hour)
	}
}

func tlsMutual(s *stage) {
	a := newAuthority(s)
	server := a.server()
	server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, a.pool()
	defer s.echoTLS(server)()
	config := a.client()
	config.Certificates = []tls.Certificate{a.issue("client", time.Now().Add(-time.Hour), 24*time.Hour)}
	c, err := s.dialTLS(s.Context(), config)
	s.must(err)
	s.must(ask(c, "hello"))
	s.must(c.Close())

	c, err = s.dialTLS(s.Context(), a.client())
	s.must(err) // in TLS 1.3 the client is done before the server has looked
	err = ask(c, "hello")
	s.note("without a certificate: %v", err)
	var remote *net.OpError
	s.equal("the server's alert", errors.As(err, &remote) && remote.Op == "remote error" && remote.Err.Error() == "tls: certificate required", true)
	_ = c.Close()
}

func tlsDates(s *stage) {
	a := newAuthority(s)
	short := &tls.Config{Certificates: []tls.Certificate{a.issue("api", time.Now().Add(-time.Minute), time.Hour)}}
	stop := s.echoTLS(short)
	refused := func(when string) {
		_, err := s.dialTLS(s.Context(), a.client())
		var invalid x509.CertificateInvalidError
		s.note("%s: %v", when, err)
		s.equal(when+": not valid at that time", errors.As(err, &invalid) && invalid.Reason == x509.Expired, true)
	}
	c, err := s.dialTLS(s.Context(), a.client())
	s.must(err)
	s.must(c.Close())
	time.Sleep(2 * time.Hour)
	refused("two hours later")
	stop()

	real := &tls.Config{Certificates: []tls.Certificate{a.issue("api", time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), 100*365*24*time.Hour)}}
	defer s.echoTLS(real)()
	refused("a certificate of 2020")
	config := a.client()
	config.Time = func() time.Time { return time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC) }
	authority := *a.cert
	authority.NotAfter = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	config.RootCAs = x509.NewCertPool()
	config.RootCAs.AddCert(&authority)
	c, err = s.dialTLS(s.Context(), config)
	s.must(err)
	s.must(c.Close())
}

func tlsBlackHole(s *stage) {
	a := newAuthority(s)
	defer s.echoTLS(a.server())()
	s.Net.Apply(toxics.Partition("client", "api").From(time.Second).For(5 * time.Minute))
	ctx, cancel := context.WithTimeout(s.Context(), 30*time.Second)
	defer cancel()
	s.takes("the handshake", 30*time.Second, func() {
		_, err := s.dialTLS(ctx, a.client())
		s.fails("the handshake", err, context.DeadlineExceeded)
		s.note("%v", err)
	})
	time.Sleep(5 * time.Minute) // until the server hears of it
}

func tlsHTTPS(s *stage) {
	a := newAuthority(s)
	server := &http.Server{TLSConfig: a.server(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s", r.Proto, tls.VersionName(r.TLS.Version))
	})}
	l := s.listen("api:443")
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.ServeTLS(l, "", "")
	}()
	client := &http.Client{Transport: &http.Transport{DialContext: s.dial, TLSClientConfig: a.client(), ForceAttemptHTTP2: true}}
	s.takes("the first request", 8*time.Second, func() {
		got, err := get(s.Context(), client, "https://api/")
		s.must(err)
		s.equal("the answer", got, "HTTP/2.0 TLS 1.3")
	})
	s.takes("the others", 4*time.Second, func() {
		s.together(10, func(i int) string { return fmt.Sprintf("client %02d", i) }, func(i int) {
			got, err := get(s.Context(), client, "https://api/")
			s.note("client %02d: %s %v", i, got, err)
		})
	})
	s.equal("open", len(s.Net.Open()), 1)
	s.atRest(client.CloseIdleConnections)
	s.atRest(func() { _ = server.Close() })
	<-done
}

func tlsHour(s *stage) {
	a := newAuthority(s)
	defer s.echoTLS(a.server())()
	s.takes("handshake and answer", 4*time.Hour, func() {
		c, err := s.dialTLS(s.Context(), a.client())
		s.must(err)
		s.must(ask(c, "hello"))
		s.must(c.Close())
	})
}
