package browser

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
	"github.com/windtunnel-go/windtunnel/suites/subjects"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// scene is a run of bundled subjects in a tunnel, and what is known of it.
type scene struct {
	run   *timeline.Timeline
	notes []timeline.Note
}

// play runs subjects on a tunnel beside a server, under faults. The body returns what
// may block.
func play(t *testing.T, seed uint64, body func(loop *fakeloop.Loop, client *http.Client) timeline.ID, faults ...toxics.Fault) scene {
	t.Helper()
	recorder, err := blocking.Start(blocking.Config{Markers: fakeloop.CallbackFrames()})
	if err != nil {
		t.Fatal(err)
	}
	var s scene
	var suspect timeline.ID
	asynctest.Run(t, func(tunnel *asynctest.Tunnel) {
		for _, server := range []string{"api:80", "stats:80"} {
			tunnel.Net.Serve(server, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a page") }))
		}
		for _, f := range faults {
			tunnel.Net.Apply(f)
			s.notes = append(s.notes, timeline.Note{Kind: timeline.Fault, At: f.Start, Span: f.Span, Label: told(f), Text: fmt.Sprintf("%+v", f.Effect)})
			if f.Span == 0 {
				s.notes[len(s.notes)-1].Span = toxics.MaxDelay
			}
		}
		client := &http.Client{
			Timeout:   5 * time.Second,
			Transport: &http.Transport{DialContext: tunnel.Net.DialContext, DisableKeepAlives: true},
		}
		suspect = body(tunnel.Loop, client)
		if err := tunnel.Loop.RunUntilIdle(); err != nil {
			t.Error(err)
		}
		s.run = tunnel.Loop.Timeline()
	}, asynctest.WithSeed(seed))
	report, err := recorder.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if (suspect != 0) != (len(report.Blocks) > 0) {
		t.Errorf("blocked: %v", report)
	}
	for i, b := range report.Blocks {
		if i > 0 {
			s.notes[len(s.notes)-1].Text += "\n\n" + stackOf(b)
			continue
		}
		s.notes = append(s.notes, timeline.Note{
			Kind: timeline.Blocking, ID: suspect, Text: stackOf(b),
			Label: fmt.Sprintf("%v, on %v", culprit(b), b.Resource),
		})
	}
	return s
}

// stackOf says where a callback blocked, in words without real time.
func stackOf(b blocking.Block) string {
	text := b.String()
	for _, f := range b.Stack {
		text += fmt.Sprintf("\n  %v", f)
	}
	return text
}

// culprit returns the frame of the bundled subjects that blocked.
func culprit(b blocking.Block) blocking.Frame {
	for _, f := range b.Stack {
		if strings.Contains(f.File, "suites/subjects/") {
			return f
		}
	}
	return b.User
}

// told says in a few words what a fault is.
func told(f toxics.Fault) string {
	switch e := f.Effect.(type) {
	case toxics.Latency:
		return fmt.Sprintf("latency %v", e.Latency)
	case toxics.FailDial:
		if f.Target != "" {
			return fmt.Sprintf("dials to %s fail: %v", f.Target, e.Errno)
		}
		return fmt.Sprintf("dials fail: %v", e.Errno)
	case toxics.Severed:
		return fmt.Sprintf("partition %s | %s", f.Source, f.Target)
	}
	return f.Effect.Kind()
}

const url = "http://api/page"

func latency() toxics.Fault { return toxics.Inject(toxics.Latency{Latency: 50 * time.Millisecond}) }

// blocked is a fetch that blocks its loop, between two that do not, and one from a host
// that refuses.
func blocked(t *testing.T) scene {
	return play(t, 1, func(loop *fakeloop.Loop, client *http.Client) timeline.ID {
		subjects.Future(loop, client, url).OnSettled(func(string, error) {})
		suspect := subjects.BlockingCoroutine(loop, client, url)
		suspect.OnSettled(func(string, error) {})
		subjects.Coroutine(loop, client, url).OnSettled(func(string, error) {})
		subjects.Cancellable(loop, client, "http://stats/page").OnSettled(func(string, error) {})
		return suspect.ID()
	}, latency(), toxics.Inject(toxics.FailDial{Errno: syscall.ECONNREFUSED}).Between("client", "stats").For(70*time.Millisecond))
}

// styles is the fetch in the styles that do not block.
func styles(t *testing.T, seed uint64) scene {
	return play(t, seed, func(loop *fakeloop.Loop, client *http.Client) timeline.ID {
		subjects.Callback(loop, client, url, func(string, error) {})
		subjects.Future(loop, client, url).OnSettled(func(string, error) {})
		subjects.Coroutine(loop, client, url).OnSettled(func(string, error) {})
		subjects.Chain(loop, client, url).OnSettled(func(string, error) {})
		return 0
	}, latency())
}

// refused is a coroutine that tries again after a dial was refused, beside a chain of
// promises that does not.
func refused(t *testing.T) scene {
	return play(t, 1, func(loop *fakeloop.Loop, client *http.Client) timeline.ID {
		fakeloop.Async(loop, "retry", func(co *fakeloop.Coroutine) (string, error) {
			for {
				page, err := fakeloop.Await(co, subjects.Coroutine(loop, client, url))
				if !errors.Is(err, syscall.ECONNREFUSED) {
					return page, err
				}
				if err := co.Sleep(100 * time.Millisecond); err != nil {
					return "", err
				}
			}
		}).OnSettled(func(string, error) {})
		subjects.Chain(loop, client, url).OnSettled(func(string, error) {})
		return 0
	}, latency(), toxics.Inject(toxics.FailDial{Errno: syscall.ECONNREFUSED}).For(250*time.Millisecond))
}
