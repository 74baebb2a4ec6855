package toxics

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// certificate is one that is valid now, which in a bubble is the year 2000.
func certificate(t *testing.T, host string) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	leaf, err := x509.ParseCertificate(der)
	must(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// HTTPS, by HTTP/1.1 and HTTP/2, with an hour each way: two round trips for the first
// answer, one for the second.
func TestHTTPSWithHoursOfLatency(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			protocols := new(http.Protocols)
			protocols.SetHTTP1(!h2)
			protocols.SetHTTP2(h2)
			n := network(t, Config{Plan: Plan{Toxics: []Toxic{Latency{Latency: time.Hour}, Latency{Direction: Upstream, Latency: time.Hour}}}})
			l, err := n.Listen("api:443")
			must(t, err)
			cert := certificate(t, "api")
			server := &http.Server{
				Handler:   http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Proto) }),
				TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}}, Protocols: protocols,
				ErrorLog: log.New(io.Discard, "", 0),
			}
			served := make(chan struct{})
			go func() {
				defer close(served)
				server.ServeTLS(l, "", "")
			}()
			pool := x509.NewCertPool()
			pool.AddCert(cert.Leaf)
			transport := &http.Transport{DialContext: n.DialContext, TLSClientConfig: &tls.Config{RootCAs: pool}, Protocols: protocols}
			elapsed := since()
			for _, want := range []time.Duration{4 * time.Hour, 6 * time.Hour} {
				answer, err := (&http.Client{Transport: transport}).Get("https://api/")
				must(t, err)
				text, err := io.ReadAll(answer.Body)
				must(t, err)
				answer.Body.Close()
				equal(t, "protocol", string(text), map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[h2])
				equal(t, "answered after", elapsed().Truncate(time.Minute), want)
			}
			transport.CloseIdleConnections()
			must(t, server.Close())
			<-served
			must(t, n.Close())
		})
	}
}
