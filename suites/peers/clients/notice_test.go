package clients_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// What a scene must not do is noticed.
func TestScenesThatFail(t *testing.T) {
	runs := 0
	for _, test := range []struct {
		name string
		sc   scene
		want string
	}{
		{"a connection is left", scene{play: func(s *stage) {
			s.listen("api:80")
			_, err := s.dial(s.Context(), "tcp", "api:80")
			s.must(err)
		}}, "the connection client>api:80#1 is left open\n"},
		{"a goroutine is left", scene{play: func(s *stage) {
			go func() { select {} }()
		}}, "TestScenesThatFail"},
		{"the client sees something else", scene{play: func(s *stage) {
			runs++
			s.note("run %d", runs)
		}}, "run 2 differs: the events are the same; the first run saw\n0s: run 1\nand another one\n0s: run 2\n"},
		{"something else happens", scene{play: func(s *stage) {
			runs++
			server, client := http1(s, echo)
			defer s.serve(server, "api:80")()
			for range runs%2 + 1 {
				_, err := get(s.Context(), client, "http://api/")
				s.must(err)
			}
			s.atRest(client.CloseIdleConnections)
		}}, "run 2 differs: the runs differ from event "},
		{"something takes longer", scene{play: func(s *stage) {
			s.takes("a nap", time.Second, func() { time.Sleep(2 * time.Second) })
		}}, "at 2s: a nap took 2s, want 1s\n"},
		{"something takes less", scene{play: func(s *stage) {
			s.takes("a nap", time.Second, func() {})
		}}, "at 0s: a nap took 0s, want 1s\n"},
		{"the wrong error", scene{play: func(s *stage) {
			_, err := s.dial(s.Context(), "tcp", "api:80")
			s.fails("the dial", err, http.ErrServerClosed)
		}}, "at 0s: the dial: the error is dial tcp: lookup api: no such host, want http: Server closed\n"},
		{"runs were to differ", scene{varies: "the moon is full", play: func(s *stage) {}}, "all runs are the same, and were to differ: the moon is full\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := &witness{T: t}
			verdictOf(w, test.sc)
			if !strings.Contains(w.texts.String(), test.want) {
				t.Errorf("it fails with\n%s\nwant %s", w.texts.String(), test.want)
			}
		})
	}
}
