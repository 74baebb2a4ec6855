package tcp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"syscall"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
	"github.com/windtunnel-go/windtunnel/toxics/tcp"
)

// start is a web server and a proxy in front of it.
func start(plan toxics.Plan) (proxy *tcp.Proxy, closeAll func()) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "hello")
	}))
	network, err := tcp.Listen(tcp.Config{})
	if err != nil {
		log.Fatal(err)
	}
	proxy, err = network.Proxy("api", server.Listener.Addr().String(), plan)
	if err != nil {
		log.Fatal(err)
	}
	return proxy, func() {
		network.Close()
		server.Close()
	}
}

// get makes one request on a connection of its own.
func get(ctx context.Context, addr string) (string, error) {
	client := http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr, nil)
	if err != nil {
		return "", err
	}
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func Example() {
	api, closeAll := start(toxics.Plan{Toxics: []toxics.Toxic{
		toxics.Latency{Latency: 30 * time.Millisecond},
	}})
	defer closeAll()

	begin := time.Now()
	fmt.Println(get(context.Background(), api.Addr()))
	fmt.Println(time.Since(begin) >= 30*time.Millisecond)
	// Output:
	// hello <nil>
	// true
}

func ExampleListen() {
	network, err := tcp.Listen(tcp.Config{DialTimeout: time.Second})
	fmt.Println(err)
	fmt.Println(network.Close())
	// Output:
	// <nil>
	// <nil>
}

func ExampleNetwork_Proxy() {
	network, err := tcp.Listen(tcp.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	_, err = network.Proxy("db", "127.0.0.1:5432", toxics.Plan{Toxics: []toxics.Toxic{
		toxics.Bandwidth{Rate: -1},
	}})
	fmt.Println(err)
	db, err := network.Proxy("db", "127.0.0.1:5432", toxics.Plan{})
	fmt.Println(db.Name(), err)
	// Output:
	// toxics/tcp: proxy "db": toxics: toxic 0 (bandwidth): Rate is -1, must be from 1 to 1000000000 KB/s: a negative rate makes toxiproxy panic; use a positive rate
	// db <nil>
}

func ExampleNetwork_Close() {
	api, closeAll := start(toxics.Plan{Toxics: []toxics.Toxic{toxics.Latency{Latency: time.Hour}}})
	c, err := net.Dial("tcp", api.Addr())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprint(c, "GET / HTTP/1.0\r\n\r\n")
	closeAll() // does not take an hour
	_, err = net.Dial("tcp", api.Addr())
	fmt.Println(errors.Is(err, syscall.ECONNREFUSED))
	// Output: true
}

func ExampleProxy_Disable() {
	api, closeAll := start(toxics.Plan{})
	defer closeAll()
	api.Disable()
	_, err := get(context.Background(), api.Addr())
	fmt.Println(errors.Is(err, syscall.ECONNREFUSED))
	api.Enable()
	fmt.Println(get(context.Background(), api.Addr()))
	// Output:
	// true
	// hello <nil>
}

func ExampleProxy_Apply() {
	api, closeAll := start(toxics.Plan{})
	defer closeAll()
	fmt.Println(get(context.Background(), api.Addr()))

	// A black hole: the request arrives, the answer never does.
	api.Apply(toxics.Plan{Toxics: []toxics.Toxic{toxics.Timeout{}}})
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err := get(ctx, api.Addr())
	fmt.Println(errors.Is(err, context.DeadlineExceeded))

	// Death in the middle of the body: the header of this server has 116 bytes.
	api.Apply(toxics.Plan{Toxics: []toxics.Toxic{toxics.Cut{After: 118, Reset: true}}})
	body, err := get(context.Background(), api.Addr())
	fmt.Println(body, errors.Is(err, syscall.ECONNRESET))
	// Output:
	// hello <nil>
	// true
	// he true
}

// The same body runs on the virtual network, with toxics.NewNetwork in place of
// tcp.Listen.
func ExampleNetwork_Serve() {
	network, err := tcp.Listen(tcp.Config{Plan: toxics.Plan{Toxics: []toxics.Toxic{toxics.Latency{Latency: time.Millisecond}}}})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	network.Serve("api:80", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello ", r.Host) }))
	transport := &http.Transport{DialContext: network.DialContext}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Get("http://api/")
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	fmt.Println(string(body), err)
	// Output: hello api <nil>
}

func ExampleNetwork_Listen() {
	network, err := tcp.Listen(tcp.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	l, err := network.Listen("db:5432")
	if err != nil {
		log.Fatal(err)
	}
	l.Close()
	_, err = network.DialContext(context.Background(), "tcp", "db:5432")
	fmt.Println(err)
	_, err = network.DialContext(context.Background(), "tcp", "dba:5432")
	fmt.Println(err)
	// Output:
	// dial tcp db:5432: connect: connection refused
	// dial tcp: lookup dba: no such host
}

// What is scheduled comes when the test says that it is time.
func ExampleClock() {
	var clock tcp.Clock
	network, err := tcp.Listen(tcp.Config{Clock: &clock, Plan: toxics.Plan{Faults: []toxics.Fault{
		toxics.Inject(toxics.Refuse{}).Between("client", "api").From(10 * time.Second).For(5 * time.Second),
	}}})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	network.Serve("api:80", http.NotFoundHandler())
	for range 4 {
		c, err := network.DialContext(context.Background(), "tcp", "api:80")
		if err == nil {
			c.Close()
		}
		fmt.Println(clock.Now(), err)
		clock.Advance(6 * time.Second)
	}
	// Output:
	// 0s <nil>
	// 6s <nil>
	// 12s dial tcp api:80: connect: connection refused
	// 18s <nil>
}

// A fault is put in force, and lifted, while the network runs.
func ExampleNetwork_Apply() {
	network, err := tcp.Listen(tcp.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	network.Serve("api:80", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	get := func() {
		transport := &http.Transport{DialContext: network.DialContext}
		defer transport.CloseIdleConnections()
		answer, err := (&http.Client{Transport: transport}).Get("http://api/")
		if err != nil {
			fmt.Println(errors.Is(err, syscall.ECONNRESET))
			return
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		fmt.Println(string(body), err)
	}
	cut := network.Apply(toxics.Inject(toxics.Cut{Reset: true}).Between("client", "api:80").First(2))
	get()
	get()
	get()
	cut.Lift()
	fmt.Println(network.Unmatched())
	// Output:
	// true
	// true
	// hello <nil>
	// []
}

// A fault can be about who dials.
func ExampleNetwork_Host() {
	network, err := tcp.Listen(tcp.Config{Plan: toxics.Plan{Faults: []toxics.Fault{
		toxics.Inject(toxics.FailDial{}).Between("worker", "db"),
	}}})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	if _, err := network.Listen("db:5432"); err != nil {
		log.Fatal(err)
	}
	for _, host := range []string{"web", "worker"} {
		c, err := network.Host(host).DialContext(context.Background(), "tcp", "db:5432")
		if err == nil {
			c.Close()
		}
		fmt.Println(host, err)
	}
	// Output:
	// web <nil>
	// worker dial tcp: connect: no route to host
}
