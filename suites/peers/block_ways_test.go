package peers_test

import (
	"iter"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
)

// blockWays are calls of client libraries that wait for the network though another
// goroutine reads the socket, so that nothing on their own stack belongs to package net.
// Each makes a client whose requests are answered when answer has returned, and returns a
// function that makes one request, and the line that makes it.
var blockWays = map[string]func(t *testing.T, answer func()) (request func() blocking.Frame){
	"a call of gRPC":    grpcCall,
	"a request of NATS": natsRequest,
}

func grpcCall(t *testing.T, answer func()) func() blocking.Frame {
	client := dialHealth(t, answer)
	return func() blocking.Frame {
		at := nextLine()
		_, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
		if err != nil {
			t.Error(err)
		}
		return at
	}
}

func natsRequest(t *testing.T, answer func()) func() blocking.Frame {
	conn := connectNATS(t, answer)
	if _, err := conn.Subscribe("ask", func(m *nats.Msg) { m.Respond(m.Data) }); err != nil {
		t.Fatal(err)
	}
	return func() blocking.Frame {
		at := nextLine()
		_, err := conn.Request("ask", nil, time.Minute)
		if err != nil {
			t.Error(err)
		}
		return at
	}
}

// nextLine returns the line below the one that calls it.
func nextLine() blocking.Frame {
	pc, file, line, _ := runtime.Caller(1)
	f, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return blocking.Frame{Func: f.Function, File: file, Line: line + 1}
}

// clientsCoroutine is where a coroutine of these tests begins.
//
//go:noinline
func clientsCoroutine(body func()) { body() }

// Every request parks, each time, in a callback and in a coroutine: on the network, at
// the line that makes it.
func TestLivenessOfClients(t *testing.T) {
	for name, make := range blockWays {
		for _, in := range []string{"callback", "coroutine"} {
			t.Run(name+" in a "+in, func(t *testing.T) {
				n := scaled(t, "requests", 1_000, 10)
				var asking atomic.Value // the goroutine that waits for an answer, "" for none
				asking.Store("")
				request := make(t, func() {
					if id := asking.Load().(string); id != "" {
						untilSelecting(id)
					}
				})
				request() // connects
				var at blocking.Frame
				body := func() {
					asking.Store(goroutineID())
					at = request()
				}
				do, end := func() { blocking.Callback(body) }, func() {}
				if in == "coroutine" {
					next, stop := iter.Pull(func(yield func(int) bool) {
						clientsCoroutine(func() {
							for yield(0) {
								body()
							}
						})
					})
					next()
					do, end = func() { blocking.Callback(func() { next() }) }, stop
				}
				rec, err := blocking.Start(blocking.Config{Markers: []string{blocking.FuncName(clientsCoroutine)}})
				if err != nil {
					t.Fatal(err)
				}
				for range n {
					do()
				}
				report, err := rec.Stop()
				end()
				if err != nil {
					t.Fatal(err)
				}
				parks := 0
				for _, b := range report.Blocks {
					if b.User != at || b.Resource != blocking.Network {
						t.Errorf("want network at %s, got %s", at.Location(), b.Details())
					}
					if b.Kind == blocking.Park && b.Reason == "select" {
						parks += b.Count
					}
				}
				if parks < n || len(report.Truncated) != 0 {
					t.Errorf("seen %d of %d:\n%s", parks, n, report)
				}
				asking.Store("")
			})
		}
	}
}

func goroutineID() string {
	b := make([]byte, 64)
	return strings.Fields(string(b[:runtime.Stack(b, false)]))[1]
}

// untilSelecting returns once a goroutine is parked in a select.
func untilSelecting(id string) {
	b := make([]byte, 1<<20)
	for !strings.Contains(string(b[:runtime.Stack(b, true)]), "goroutine "+id+" [select") {
		runtime.Gosched()
	}
}
