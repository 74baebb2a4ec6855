package subjects_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/suites/subjects"
	"github.com/windtunnel-go/windtunnel/toxics"
)

func TestLoopClientAgreesWithNetHTTP(t *testing.T) {
	const ms = time.Millisecond
	fine := class{body: page}
	at := func(stage string, targets ...error) class {
		c := class{stage: stage}
		for _, target := range targets {
			c.targets += fmt.Sprint(target, ". ")
		}
		return c
	}
	for _, c := range []struct {
		name     string
		answer   string
		closes   bool
		faults   []toxics.Toxic
		deadline time.Duration
		want     class
	}{
		{"none", plain, false, nil, patient, fine},
		{"none, and no deadline", plain, false, nil, 0, fine},
		{"none, closed", plain, true, nil, patient, fine},
		{"chunked", chunked, false, nil, patient, fine},
		{"to the end", open, true, nil, patient, fine},
		{"interim response", early, false, nil, patient, fine},
		{"500", failed, false, nil, patient, class{stage: subjects.StageStatus, status: 500}},
		{"404", missing, true, nil, patient, class{stage: subjects.StageStatus, status: 404}},
		{"500 cut in the body", failed, false, []toxics.Toxic{toxics.Cut{After: int64(len(failed) - 1), Reset: true}}, patient, class{stage: subjects.StageStatus, status: 500}},
		{"latency", plain, false, []toxics.Toxic{toxics.Latency{Latency: 5 * ms}, toxics.Latency{Latency: 5 * ms, Direction: toxics.Upstream}}, patient, fine},
		{"bandwidth", plain, false, []toxics.Toxic{toxics.Bandwidth{Rate: 10}}, patient, fine},
		{"slow close", plain, true, []toxics.Toxic{toxics.SlowClose{Delay: 5 * ms}}, patient, fine},
		{"slow close, to the end", open, true, []toxics.Toxic{toxics.SlowClose{Delay: 5 * ms}}, patient, fine},
		{"closed early", plain[:len(plain)-1], true, nil, patient, at(subjects.StageBody, io.ErrUnexpectedEOF)},
		{"timeout", plain, false, []toxics.Toxic{toxics.Timeout{}}, 20 * ms, at(subjects.StageRequest, context.DeadlineExceeded)},
		{"timeout in the header", plain[:20], false, nil, 20 * ms, at(subjects.StageRequest, context.DeadlineExceeded)},
		{"reset peer", plain, false, []toxics.Toxic{toxics.ResetPeer{}}, patient, at(subjects.StageRequest, syscall.ECONNRESET)},
		{"garbage, and silence", "SSH-2.0-OpenSSH_9.9\r\n", false, nil, patient, at(subjects.StageRequest)},
		{"no header, and silence", "HTTP/1.1 200 OK\r\nno header\r\n", false, nil, patient, at(subjects.StageRequest)},
	} {
		t.Run(c.name, func(t *testing.T) {
			agree(t, behind(t, raw(t, c.answer, c.closes), c.faults...).Addr(), c.deadline, c.want)
		})
	}
	for size := 1; size <= 7; size++ {
		t.Run(fmt.Sprintf("slices of %d", size), func(t *testing.T) {
			proxy := behind(t, raw(t, chunked, false), toxics.Slicer{Size: size, Variation: min(1, size-1)})
			agree(t, proxy.Addr(), patient, fine)
		})
	}
	t.Run("timeout in the body", func(t *testing.T) {
		url := "http://" + raw(t, plain[:len(plain)-1], false) + "/"
		want := at(subjects.StageBody, context.DeadlineExceeded)
		for name, fetch := range map[string]func(deadline time.Duration) class{
			"net/http": func(d time.Duration) class { return onNetHTTP(url, nil, d) },
			"the loop": func(d time.Duration) class { c, _ := onLoop(t, url, nil, d); return c },
		} {
			// How long the header takes is up to the machine.
			deadline := 20 * ms
			got := fetch(deadline)
			for got.stage == subjects.StageRequest && deadline < patient {
				deadline *= 2
				got = fetch(deadline)
			}
			if got != want {
				t.Errorf("%s: got %+v, want %+v", name, got, want)
			}
		}
	})
	t.Run("refused", func(t *testing.T) {
		proxy := behind(t, raw(t, plain, false))
		if err := proxy.Disable(); err != nil {
			t.Fatal(err)
		}
		agree(t, proxy.Addr(), patient, at(subjects.StageRequest, syscall.ECONNREFUSED))
	})
	t.Run("a real server", func(t *testing.T) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprint(w, r.Method, r.RequestURI, r.Proto, strings.Repeat(page, 10_000))
		}))
		defer server.Close()
		agree(t, server.Listener.Addr().String(), patient, class{body: "GET/page?a=bHTTP/1.1" + strings.Repeat(page, 10_000)})
	})
}

// Death at each byte of a response, by the end of the stream and by a reset.
// net/http is what says which outcome is right.
func TestLoopClientAgreesAtEachByte(t *testing.T) {
	for _, answer := range []string{plain, chunked, early, failed, open} {
		for _, reset := range []bool{false, true} {
			proxy := behind(t, raw(t, answer, false))
			bench := newBench(t)
			for after := range len(answer) {
				if err := proxy.Apply(toxics.Plan{Toxics: []toxics.Toxic{toxics.Cut{After: int64(after), Reset: reset}}}); err != nil {
					t.Fatal(err)
				}
				url := "http://" + proxy.Addr() + "/"
				want := onNetHTTP(url, nil, patient)
				if got, err := bench.fetch(url, nil, patient); got != want {
					t.Errorf("cut after %q, reset %v: got %+v (%v), want %+v", answer[:after], reset, got, err, want)
				}
			}
			bench.finish()
		}
	}
}
