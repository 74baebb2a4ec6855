package asynctest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

var opened = regexp.MustCompile(` opens: /.*`)

// printer is what t is in a test: an example has no t, and prints.
type printer struct{ failed bool }

func (p *printer) Helper()       {}
func (p *printer) Name() string  { return "TestExample" }
func (p *printer) Failed() bool  { return p.failed }
func (p *printer) Skipped() bool { return false }
func (p *printer) Logf(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Println(opened.ReplaceAllString(text, " opens: ...")) // the paths are others on each machine
}
func (p *printer) Errorf(format string, args ...any) {
	p.failed = true
	fmt.Printf(format+"\n", args...)
}
func (p *printer) FailNow() { runtime.Goexit() }

// t stands for that of a test.
var t = new(printer)

func ExampleRun() {
	asynctest.Run(t, func(tunnel *asynctest.Tunnel) {
		g := printing()
		reply := fakeloop.NewPromise[string](tunnel.Loop, "reply")
		go func() { // the code under test
			time.Sleep(time.Hour)
			_ = tunnel.Loop.PostFrom("client", func() { reply.Resolve("ok") })
		}()
		g.Expect(reply.Future()).To(asynctest.ResolveWith("ok"))
		g.Expect(tunnel).To(asynctest.NeverBlock())
		fmt.Println(tunnel.Elapsed())
	})
	// Output: 1h0m0s
}

// A test that loses an error fails when it is over.
func ExampleRun_lost() {
	asynctest.Run(new(printer), func(tunnel *asynctest.Tunnel) {
		fakeloop.NewPromise[string](tunnel.Loop, "reply").Reject(io.EOF)
	}, asynctest.WithLoop(fakeloop.Config{Limit: 1000}))
	// Output:
	// asynctest: fakeloop: nobody looked at the error of future "reply" (23778145), made at example_runs_test.go:60: EOF; handle it with Catch, OnSettled or Await
	// What led to 1 rejection that nobody looked at (2 of 3 lines):
	//    | driver            | reply
	// 0s | reject reply: EOF |
	// 0s |                   | unobserved reply
	// The whole record of the run, which https://ui.perfetto.dev opens: ...
	// The same as a page, which every browser opens: ...
	// To reproduce: go test -count=1 -run='^TestExample$' ./asynctest
}

// Which callback blocked, who posted it, and for how long.
func ExampleTunnel_Blocks() {
	asynctest.Run(t, func(tunnel *asynctest.Tunnel) {
		tunnel.Loop.Named("refresh").AfterFunc(time.Minute, func() { time.Sleep(time.Second) })
		_ = tunnel.Loop.Advance(time.Hour)
		blocks, err := tunnel.Blocks()
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, c := range blocks[0].Callbacks {
			fmt.Println(c.ID, c.At, c.Virtual)
			fmt.Println(strings.Split(c.String(), " at example_")[0])
		}
	})
	// Output:
	// 23778145 1m0s 1s
	// timer "refresh" (23778145) at 1m0s, set by the test
}

func ExampleNewTunnel() {
	tunnel := asynctest.NewTunnel(asynctest.WithSeed(7), asynctest.WithRules(blocking.AllowFunc("example.org/app.load", "once, at the start")))
	fmt.Println(tunnel)
	fmt.Println(tunnel.Settle(), tunnel.Close())
	fmt.Println(context.Cause(tunnel.Context()) == asynctest.ErrTunnelClosed)
	// Output:
	// tunnel with a virtual loop at 0s, seed 7
	// <nil> <nil>
	// true
}

// Who begins first is said by the seed, and is the same each time.
func ExampleTunnel_Go() {
	clients := func(seed uint64) {
		var order []string
		asynctest.Run(t, func(tunnel *asynctest.Tunnel) {
			for _, name := range []string{"alice", "bob", "carol"} {
				tunnel.Go(name, func() { order = append(order, name) }) // needs no lock
			}
			_ = tunnel.Settle()
		}, asynctest.WithSeed(seed))
		fmt.Println(order)
	}
	clients(1)
	clients(1)
	clients(2)
	// Output:
	// [carol bob alice]
	// [carol bob alice]
	// [alice carol bob]
}

// What the plan draws comes from its own seed, here zero, whatever the seed of the tunnel is.
func ExampleWithPlan() {
	plan := toxics.Plan{Toxics: []toxics.Toxic{toxics.Latency{Latency: time.Second, Jitter: time.Second}}}
	for seed := range uint64(2) {
		asynctest.Run(t, func(tunnel *asynctest.Tunnel) {
			tunnel.Net.Serve("api:80", http.NotFoundHandler())
			client := &http.Client{Transport: &http.Transport{DialContext: tunnel.Net.DialContext, DisableKeepAlives: true}}
			if response, err := client.Get("http://api/"); err == nil {
				_ = response.Body.Close()
			}
			fmt.Println(tunnel.Elapsed().Round(time.Millisecond))
		}, asynctest.WithSeed(seed), asynctest.WithPlan(plan), asynctest.WithLoop(fakeloop.Config{Decisions: zeros{}}))
	}
	// Output:
	// 12ms
	// 12ms
}

func ExampleWithFatal() {
	failure := errors.New("the framework knows")
	tunnel := asynctest.NewTunnel(asynctest.WithFatal(func(v any) bool { return v == failure }))
	defer tunnel.Close()
	defer func() { fmt.Println("the test ends:", recover()) }()
	tunnel.Loop.Post(func() { panic(failure) })
	_ = tunnel.Settle()
	// Output: the test ends: the framework knows
}

func ExampleSettleAt() {
	g := printing()
	tunnel := asynctest.NewTunnel()
	defer tunnel.Close()
	p := fakeloop.NewPromise[string](tunnel.Loop, "reply")
	tunnel.Loop.AfterFunc(time.Minute, func() { p.Resolve("ok") })

	g.Expect(p.Future()).To(asynctest.SettleAt(time.Minute))
	g.Expect(p.Future()).To(asynctest.SettleWithin(0)) // it has settled by now
	// Output:
}

func ExampleSettleWithin() {
	g := printing()
	loop := fakeloop.New(fakeloop.Config{})
	p := fakeloop.NewPromise[string](loop, "reply")
	loop.AfterFunc(time.Minute, func() { p.Resolve("ok") })

	g.Expect(p.Future()).To(asynctest.SettleWithin(time.Second))
	// Output:
	// Expected
	//     future "reply" (23778145), resolved
	// to settle within 1s from 0s
	// but it settled at 1m0s
}

func ExampleBeCancelled() {
	g := printing()
	loop := fakeloop.New(fakeloop.Config{})
	f := fakeloop.NewPromise[string](loop, "reply").Future()
	f.Cancel(nil)
	g.Expect(f).To(asynctest.BeCancelled())
	// Output:
}

func ExampleHaveUnobserved() {
	g := printing()
	loop := fakeloop.New(fakeloop.Config{})
	fakeloop.NewPromise[string](loop, "reply").Reject(io.EOF)
	g.Expect(loop).To(asynctest.HaveUnobserved(io.EOF))
	// Output:
}

func ExampleBlockAtMost() {
	g := printing()
	tunnel := asynctest.NewTunnel()
	defer tunnel.Close()
	tunnel.Loop.Post(func() { time.Sleep(time.Nanosecond) })
	_ = tunnel.Settle()
	g.Expect(tunnel).To(asynctest.BlockAtMost(1))
	// Output:
}

func ExampleLeakNothing() {
	g := printing()
	loop := fakeloop.New(fakeloop.Config{})
	loop.Named("heartbeat").AfterFunc(time.Hour, func() {})
	g.Expect(loop).To(asynctest.LeakNothing())
	// Output:
	// Expected nothing to be left
	// but there is
	//     timer "heartbeat" (23778145), due at 1h0m0s
}

func ExampleHaveSameTimeline() {
	g := printing()
	run := func() *fakeloop.Loop {
		loop := fakeloop.New(fakeloop.Config{})
		loop.Post(func() {})
		_ = loop.RunUntilIdle()
		return loop
	}
	g.Expect(run()).To(asynctest.HaveSameTimeline(run()))
	// Output:
}

func ExampleMatchMarbles() {
	g := printing()
	loop := fakeloop.New(fakeloop.Config{})
	loop.Named("request").Post(func() {})
	loop.Named("retry").AfterFunc(30*time.Second, func() {})
	_ = loop.RunUntilIdle()
	g.Expect(loop).To(asynctest.MatchMarbles("request 30s retry"))
	// Output:
}

func ExampleBeDeterministic() {
	g := printing()
	seen := map[string]bool{"a": true, "b": true}
	g.Expect(func(loop *fakeloop.Loop) {
		for i := range len(seen) { // over the map itself it would not be
			loop.Named(fmt.Sprint(i)).Post(func() {})
		}
	}).To(asynctest.BeDeterministic(10))
	// Output:
}
