package toxics_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// bubble runs a function in virtual time, as synctest.Test does in a test.
func bubble(f func()) { synctest.Test(new(testing.T), func(*testing.T) { f() }) }

// echo listens and sends everything back.
func echo(n *toxics.Network, address string) net.Listener {
	l, err := n.Listen(address)
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				io.Copy(c, c)
			}()
		}
	}()
	return l
}

// ask sends a text and reads the answer.
func ask(c net.Conn, text string) string {
	if _, err := io.WriteString(c, text); err != nil {
		return err.Error()
	}
	b := make([]byte, 100)
	n, err := c.Read(b)
	if err != nil {
		return err.Error()
	}
	return string(b[:n])
}

// A client that gives up after 30 seconds and tries again, against a partition of two
// minutes.
func ExampleNetwork() {
	bubble(func() {
		network, _ := toxics.NewNetwork(toxics.Config{})
		defer network.Close()
		network.Serve("api:80", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") }))
		network.Apply(toxics.Partition("client", "api").For(2 * time.Minute))

		transport := &http.Transport{DialContext: network.DialContext}
		defer transport.CloseIdleConnections()
		client := http.Client{Transport: transport, Timeout: 30 * time.Second}
		for start := time.Now(); ; {
			answer, err := client.Get("http://api/x")
			fmt.Println(time.Since(start).Truncate(time.Second), os.IsTimeout(err))
			if err == nil {
				answer.Body.Close()
				return
			}
		}
	})
	// Output:
	// 30s true
	// 1m0s true
	// 1m30s true
	// 2m0s true
	// 2m1s false
}

func ExampleNewNetwork() {
	_, err := toxics.NewNetwork(toxics.Config{Plan: toxics.Plan{Toxics: []toxics.Toxic{toxics.Loss{Rate: 1}}}})
	fmt.Println(err)
	// Output: toxics: toxic 0 (loss): Rate is 1, must be above 0 and below 1: it is a probability, and what is lost every time never arrives; use Timeout{} for that
}

func ExampleNetwork_Apply() {
	bubble(func() {
		network, _ := toxics.NewNetwork(toxics.Config{})
		defer network.Close()
		echo(network, "api:80")
		// From ten seconds on, for five.
		network.Apply(toxics.Inject(toxics.Latency{Latency: time.Second}).From(10 * time.Second).For(5 * time.Second))

		c, _ := network.DialContext(context.Background(), "tcp", "api:80")
		for start := time.Now(); time.Since(start) < 20*time.Second; time.Sleep(4 * time.Second) {
			sent := time.Now()
			ask(c, "?")
			fmt.Println(sent.Sub(start).Truncate(time.Second), time.Since(sent).Truncate(time.Millisecond))
		}
	})
	// Output:
	// 0s 0s
	// 4s 0s
	// 8s 0s
	// 12s 1s
	// 17s 0s
}

func ExampleApplied() {
	bubble(func() {
		network, _ := toxics.NewNetwork(toxics.Config{})
		defer network.Close()
		echo(network, "api:80")
		c, _ := network.DialContext(context.Background(), "tcp", "api:80")
		trip := func() time.Duration {
			sent := time.Now()
			ask(c, "?")
			return time.Since(sent).Truncate(time.Millisecond)
		}
		slow := network.Apply(toxics.Inject(toxics.Latency{Latency: time.Hour}))
		fmt.Println(trip())
		slow.Change(toxics.Latency{Latency: time.Minute})
		fmt.Println(trip())
		slow.Lift()
		fmt.Println(trip())
	})
	// Output:
	// 1h0m0s
	// 1m0s
	// 0s
}

func ExampleFault() {
	network, _ := toxics.NewNetwork(toxics.Config{Plan: toxics.Plan{Faults: []toxics.Fault{
		toxics.Inject(toxics.Refuse{}).Between("client", "api:80").First(2),
	}}})
	defer network.Close()
	echo(network, "api:80")
	for range 3 {
		_, err := network.DialContext(context.Background(), "tcp", "api:80")
		fmt.Println(err)
	}
	// Output:
	// dial tcp 10.0.0.1:80: connect: connection refused
	// dial tcp 10.0.0.1:80: connect: connection refused
	// <nil>
}

func ExampleFault_Validate() {
	fmt.Println(toxics.Partition("a", "b").First(3).Validate())
	// Output: toxics: severed: Count is 3, must be 0 for a partition: a partition is between hosts, whatever connections they have; leave it out
}

func ExampleOneWay() {
	bubble(func() {
		network, _ := toxics.NewNetwork(toxics.Config{})
		defer network.Close()
		echo(network, "api:80")
		c, _ := network.DialContext(context.Background(), "tcp", "api:80")
		network.Apply(toxics.OneWay("api", "client").For(time.Minute)) // answers are held back
		start := time.Now()
		fmt.Println(ask(c, "anybody there?"), time.Since(start).Truncate(time.Second))
	})
	// Output: anybody there? 1m0s
}

func ExampleHost() {
	bubble(func() {
		network, _ := toxics.NewNetwork(toxics.Config{})
		defer network.Close()
		echo(network, "api:80")
		web := network.Host("web")
		c, _ := web.DialContext(context.Background(), "tcp", "api:80")
		fmt.Println(web.Name(), web.IP(), c.LocalAddr(), c.RemoteAddr())

		found, err := web.LookupHost(context.Background(), "api")
		fmt.Println(found, err)
		_, err = web.LookupHost(context.Background(), "apo")
		fmt.Println(err)
	})
	// Output:
	// web 10.0.0.2 10.0.0.2:32768 10.0.0.1:80
	// [10.0.0.1] <nil>
	// lookup apo: no such host
}

func ExampleHost_Crash() {
	bubble(func() {
		network, _ := toxics.NewNetwork(toxics.Config{})
		defer network.Close()
		echo(network, "api:80")
		for _, end := range []func(){network.Host("api").Drop, network.Host("api").Crash} {
			c, _ := network.DialContext(context.Background(), "tcp", "api:80")
			ask(c, "hello")
			end()
			_, err := c.Read(make([]byte, 1))
			fmt.Println(err == io.EOF, errors.Is(err, syscall.ECONNRESET))
		}
	})
	// Output:
	// true false
	// false true
}

// A server goes away, and comes back on its address.
func ExampleNetwork_Listen() {
	bubble(func() {
		network, _ := toxics.NewNetwork(toxics.Config{})
		defer network.Close()
		dial := func() error {
			_, err := network.DialContext(context.Background(), "tcp", "db:5432")
			return err
		}
		l := echo(network, "db:5432")
		fmt.Println(dial())
		l.Close()
		fmt.Println(errors.Is(dial(), syscall.ECONNREFUSED))
		echo(network, "db:5432")
		fmt.Println(dial())
	})
	// Output:
	// <nil>
	// true
	// <nil>
}

func ExampleNetwork_Serve() {
	network, _ := toxics.NewNetwork(toxics.Config{})
	defer network.Close()
	network.Serve("api:80", http.NotFoundHandler())
	client := http.Client{Transport: &http.Transport{DialContext: network.DialContext}}
	answer, err := client.Get("http://api/")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer answer.Body.Close()
	fmt.Println(answer.Status)
	// Output: 404 Not Found
}

func ExampleConn() {
	bubble(func() {
		network, _ := toxics.NewNetwork(toxics.Config{HalfClose: true})
		defer network.Close()
		echo(network, "api:80")
		dialled, _ := network.DialContext(context.Background(), "tcp", "api:80")
		c := dialled.(*toxics.Conn)

		c.SetReadDeadline(time.Now().Add(time.Hour))
		_, err := c.Read(make([]byte, 1))
		fmt.Println(errors.Is(err, os.ErrDeadlineExceeded))

		c.SetDeadline(time.Time{})
		io.WriteString(c, "the answer is read after the end of the question")
		c.CloseWrite()
		answer, err := io.ReadAll(c)
		fmt.Println(string(answer), err)

		c.SetLinger(0) // the end is to be a reset
		c.CloseRead()
		fmt.Println(c.Close())
	})
	// Output:
	// true
	// the answer is read after the end of the question <nil>
	// <nil>
}

// Two clients that dial at one instant and from the same line: their connections are
// accepted in the order of their names.
func ExampleNamed() {
	bubble(func() {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		defer loop.Close()
		network, _ := toxics.NewNetwork(toxics.Config{Gate: loop.Gate()})
		defer network.Close()
		l, _ := network.Listen("api:80")
		for _, name := range []string{"zoe", "adam"} {
			go func() {
				c, _ := network.DialContext(toxics.Named(context.Background(), name), "tcp", "api:80")
				io.WriteString(c, name)
			}()
		}
		for range 2 {
			c, _ := l.Accept()
			b := make([]byte, 10)
			n, _ := c.Read(b)
			fmt.Println(string(b[:n]))
		}
	})
	// Output:
	// adam
	// zoe
}

func ExampleParsePlan() {
	plan, err := toxics.ParsePlan([]byte(`[{"name": "web", "listen": "127.0.0.1:8080", "upstream": "api:80", "enabled": true,
		"toxics": [{"type": "latency", "stream": "upstream", "toxicity": 0.5, "attributes": {"latency": 1000}}]}]`))
	fmt.Println(plan, err)

	text, err := json.Marshal(toxics.Plan{Seed: 42, Toxics: []toxics.Toxic{toxics.Cut{After: 100}}})
	fmt.Println(string(text), err)
	// Output:
	// {"faults":[{"type":"latency","stream":"upstream","toxicity":0.5,"attributes":{"latency":1000},"target":"api:80"}]} <nil>
	// {"seed":42,"toxics":[{"type":"cut","stream":"downstream","attributes":{"after":100}}]} <nil>
}

// The draws of one toxic on one connection, which nothing else has an influence on.
func ExampleRand() {
	r := toxics.Rand(42, "client>api:80", 1, toxics.Upstream, 0)
	again := toxics.Rand(42, "client>api:80", 1, toxics.Upstream, 0)
	fmt.Println(r.IntN(1000) == again.IntN(1000))
	latency := toxics.Latency{Latency: time.Second, Jitter: time.Millisecond}
	fmt.Println(latency.Draw(r) == latency.Draw(again))
	loss := toxics.Loss{Rate: 0.9}
	fmt.Println(loss.Draw(r) == loss.Draw(again))
	fmt.Println(toxics.Slicer{Size: 10}.Split(30, r))
	// Output:
	// true
	// true
	// true
	// [7 8 7 8]
}

func ExampleShape() {
	r := rand.New(rand.NewPCG(1, 2))
	twice := &toxics.Custom{Name: "now or never", Func: func(r *rand.Rand) float64 { return float64(r.IntN(2)) }}
	for _, shape := range []toxics.Shape{toxics.Uniform{}, toxics.Normal{}, toxics.Pareto{}, twice} {
		l := toxics.Latency{Latency: time.Second, Jitter: 100 * time.Millisecond, Shape: shape}
		fmt.Println(shape, l.Draw(r).Round(time.Millisecond), l.Draw(r).Round(time.Millisecond))
	}
	// Output:
	// uniform 1.035s 992ms
	// normal 1.02s 887ms
	// pareto 1.07s 1.018s
	// now or never 1.1s 1s
}

// Which connections a client has left.
func ExampleNetwork_Open() {
	bubble(func() {
		network, _ := toxics.NewNetwork(toxics.Config{})
		defer network.Close()
		echo(network, "api:7")
		for range 2 {
			c, _ := network.DialContext(context.Background(), "tcp", "api:7")
			defer c.Close()
		}
		c, _ := network.DialContext(context.Background(), "tcp", "api:7")
		c.Close()
		synctest.Wait()
		fmt.Println(network.Open())
	})
	// Output: [client>api:7#1 client>api:7#2]
}

// A fault that nothing has met, and one that nothing can meet: nobody is called "appi".
func ExampleNetwork_Unmatched() {
	bubble(func() {
		network, _ := toxics.NewNetwork(toxics.Config{})
		echo(network, "api:7")
		network.Apply(toxics.Partition("client", "api"))
		network.Apply(toxics.Partition("client", "appi"))
		for _, f := range network.Unmatched() {
			fmt.Println(f.Effect.Kind(), f.Source, f.Target)
		}
		err := network.Close()
		fmt.Println(err, errors.Is(err, toxics.ErrUnmatched))
	})
	// Output:
	// severed client api
	// severed client appi
	// toxics: a fault has matched nothing: the severed applied at example_network_test.go:372 is about "appi", and there has never been such a host; there were: api, client true
}

// What an engine asks before it lets a dial through.
func ExampleLedger() {
	ledger := toxics.NewLedger(toxics.LedgerConfig{
		Seed:  42,
		After: func(d time.Duration, _ string, f func()) (stop func()) { return func() {} }, // no schedules here
		Sleep: func(context.Context, time.Duration, *rand.Rand) error { return nil },
	})
	ledger.Install(toxics.Plan{Faults: []toxics.Fault{toxics.Inject(toxics.Refuse{}).Between("", "api").First(1)}})
	for _, server := range []string{"db", "api", "api"} {
		err := ledger.Dial(context.Background(), "client", server, "80", func() error { return nil })
		fmt.Println(server, err)
	}
	// Output:
	// db <nil>
	// api connect: connection refused
	// api <nil>
}
