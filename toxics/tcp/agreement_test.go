package tcp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// engine is what a spec needs of a network, virtual or real.
type engine interface {
	Listen(address string) (net.Listener, error)
	Serve(address string, handler http.Handler) *http.Server
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
	Apply(f toxics.Fault) *toxics.Applied
	Unmatched() []toxics.Fault
	Close() error
}

var (
	_ engine = (*toxics.Network)(nil)
	_ engine = (*Network)(nil)
)

// outcome is what came of a spec body: what was read, in which pieces, how it ended and
// how long it took.
type outcome struct {
	text     string
	segments string
	end      string
	took     time.Duration
}

// both runs a body on the virtual network and on real TCP. The two differ in one line.
func both(t *testing.T, p toxics.Plan, body func(t *testing.T, n engine) outcome) (virtual, real outcome) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n, err := toxics.NewNetwork(toxics.Config{Plan: p})
		virtual = closing(t, n, err, body)
	})
	n, err := Listen(Config{Plan: p})
	return virtual, closing(t, n, err, body)
}

func closing(t *testing.T, n engine, err error, body func(t *testing.T, n engine) outcome) outcome {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	got := body(t, n)
	got.took = time.Since(start)
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	return got
}

// exchange is a client that asks, and reads the answer to its end.
func exchange(question, answer string) func(t *testing.T, n engine) outcome {
	return func(t *testing.T, n engine) (o outcome) {
		l, err := n.Listen("server:1")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan struct{})
		go func() {
			defer close(served)
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			if _, err := io.ReadFull(c, make([]byte, len(question))); err == nil {
				io.WriteString(c, answer)
			}
			io.Copy(io.Discard, c) // until the client has it all
		}()
		c, err := n.DialContext(t.Context(), "tcp", "server:1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, question); err != nil {
			t.Fatal(err)
		}
		var sizes []string
		for b := make([]byte, 64<<10); len(o.text) < len(answer) && o.end == ""; {
			k, err := c.Read(b)
			if k > 0 {
				o.text += string(b[:k])
				sizes = append(sizes, fmt.Sprint(k))
			}
			switch {
			case errors.Is(err, io.EOF):
				o.end = "EOF"
			case errors.Is(err, syscall.ECONNRESET):
				o.end = "reset"
			case err != nil:
				o.end = err.Error()
			}
		}
		o.segments = strings.Join(sizes, " ")
		c.Close()
		<-served
		return o
	}
}

// One plan does the same on both engines: the same bytes, the same end, the same pieces
// where a toxic makes the pieces, and neither is early. How late they are is logged.
func TestTheEnginesAgree(t *testing.T) { agree(t, false) }

// And so does a plan with the same toxics as faults.
func TestTheEnginesAgreeOnToxicsOfFaults(t *testing.T) { agree(t, true) }

func agree(t *testing.T, asFaults bool) {
	const ms = time.Millisecond
	answer := string(pattern(1000))
	for name, test := range map[string]struct {
		toxics   []toxics.Toxic
		silent   bool // the client does not ask: if that came too late, the kernel would reset
		least    time.Duration
		segments string // if the toxic defines them
	}{
		"none":             {},
		"latency":          {toxics: []toxics.Toxic{toxics.Latency{Latency: 20 * ms}, toxics.Latency{Direction: toxics.Upstream, Latency: 10 * ms}}, least: 30 * ms},
		"shape":            {toxics: []toxics.Toxic{toxics.Latency{Latency: 20 * ms, Jitter: 5 * ms, Shape: toxics.Pareto{}}}, least: 20 * ms},
		"bandwidth":        {toxics: []toxics.Toxic{toxics.Bandwidth{Rate: 20}}, least: 50 * ms},
		"shared bandwidth": {toxics: []toxics.Toxic{toxics.Bandwidth{Rate: 20, Shared: true}}, least: 50 * ms},
		"slow_close":       {toxics: []toxics.Toxic{toxics.LimitData{Bytes: 300}, toxics.SlowClose{Delay: 20 * ms}}, least: 0},
		"timeout":          {silent: true, toxics: []toxics.Toxic{toxics.Timeout{After: 300 * ms}}, least: 300 * ms},
		"absolute timeout": {silent: true, toxics: []toxics.Toxic{toxics.Timeout{After: 300 * ms, Absolute: true}}, least: 300 * ms},
		"reset_peer":       {toxics: []toxics.Toxic{toxics.ResetPeer{After: 20 * ms}}, least: 20 * ms},
		"reset_peer up":    {toxics: []toxics.Toxic{toxics.ResetPeer{Direction: toxics.Upstream, After: 20 * ms}}, least: 20 * ms},
		"slicer":           {toxics: []toxics.Toxic{toxics.Slicer{Size: 400, Delay: 100 * ms}}, least: 300 * ms, segments: "250 250 250 250"},
		"limit_data":       {toxics: []toxics.Toxic{toxics.LimitData{Bytes: 333}}, segments: "333"},
		"cut":              {toxics: []toxics.Toxic{toxics.Cut{After: 333}}, segments: "333"},
		"cut with reset":   {toxics: []toxics.Toxic{toxics.Cut{After: 333, Reset: true}}, segments: "333"},
		"loss":             {toxics: []toxics.Toxic{toxics.Loss{Rate: 0.5, Timeout: 10 * ms}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			question := "?"
			if test.silent {
				question = ""
			}
			p := toxics.Plan{Seed: 3, Toxics: test.toxics}
			if asFaults {
				p = toxics.Plan{Seed: 3}
				for _, x := range test.toxics {
					p.Faults = append(p.Faults, toxics.Inject(x).Between("client", "server:1"))
				}
			}
			virtual, real := both(t, p, exchange(question, answer))
			if virtual.text != real.text || virtual.end != real.end {
				t.Errorf("virtual: %d bytes, %q; real: %d bytes, %q", len(virtual.text), virtual.end, len(real.text), real.end)
			}
			if !strings.HasPrefix(answer, virtual.text) {
				t.Error("the bytes are not those that were sent")
			}
			if virtual.took < test.least || real.took < test.least {
				t.Errorf("virtual %v, real %v: earlier than %v", virtual.took, real.took, test.least)
			}
			if test.segments != "" && (virtual.segments != test.segments || !coarser(real.segments, test.segments)) {
				t.Errorf("segments: virtual %s, real %s, want %s", virtual.segments, real.segments, test.segments)
			}
			t.Logf("at least %v: virtual %v, real %v late", test.least, virtual.took-test.least, real.took-test.least)
		})
	}
}

// coarser reports whether the pieces are those wanted, or some of them joined: a kernel
// gives a reader who comes late what has arrived meanwhile.
func coarser(got, want string) bool {
	borders := func(s string) (all []int) {
		sum := 0
		for _, field := range strings.Fields(s) {
			k := 0
			fmt.Sscan(field, &k)
			sum += k
			all = append(all, sum)
		}
		return all
	}
	w := borders(want)
	for _, b := range borders(got) {
		if !slices.Contains(w, b) {
			return false
		}
	}
	return true
}

// The same body with net/http on both.
func TestTheEnginesAgreeOnHTTP(t *testing.T) {
	body := func(t *testing.T, n engine) (o outcome) {
		n.Serve("api:80", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello ", r.Host) }))
		transport := &http.Transport{DialContext: n.DialContext}
		defer transport.CloseIdleConnections()
		for _, host := range []string{"api", "nowhere"} {
			answer, err := (&http.Client{Transport: transport}).Get("http://" + host + "/")
			if err != nil {
				var dns *net.DNSError
				o.end += fmt.Sprint(errors.As(err, &dns), errors.Is(err, syscall.ECONNREFUSED))
				continue
			}
			text, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			o.text += string(text)
		}
		l, err := n.Listen("gone:1")
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		_, err = n.DialContext(t.Context(), "tcp", "gone:1")
		o.end += fmt.Sprint(errors.Is(err, syscall.ECONNREFUSED))
		return o
	}
	virtual, real := both(t, plan(toxics.Latency{Latency: time.Millisecond}), body)
	if virtual.text != "hello api" || real.text != virtual.text || virtual.end != "true falsetrue" || real.end != virtual.end {
		t.Errorf("virtual %q %q, real %q %q", virtual.text, virtual.end, real.text, real.end)
	}
}

// A proxy whose clients dial its address cannot do all that a network can whose DialContext
// they call; what it cannot do it says by name, and why.
func TestWhatAProxyCannotDo(t *testing.T) {
	const can = "; Config.Plan and Network.DialContext can"
	const cannot = "a proxy cannot do that (unsupported operation): "
	const counts = "(refuse): " + cannot + "while the proxy does not listen, the kernel refuses all dials and counts none" + can
	n := network(t)
	q := proxy(t, n, "127.0.0.1:1", plan())
	for _, test := range []struct {
		fault toxics.Fault
		text  string
	}{
		{toxics.Inject(toxics.Refuse{}).First(1), counts},
		{toxics.Inject(toxics.Refuse{Share: 0.5}), counts},
		{toxics.Inject(toxics.FailDial{}), "(fail_dial): " + cannot + "the kernel makes the connection to a proxy, before the proxy knows of it" + can},
		{toxics.Inject(toxics.SlowDial{}), "(slow_dial): " + cannot + "the kernel makes the connection to a proxy, before the proxy knows of it" + can},
		{toxics.Inject(toxics.FailLookup{}), "(fail_lookup): " + cannot + "a proxy has an address and no name" + can},
		{toxics.Inject(toxics.SlowLookup{}), "(slow_lookup): " + cannot + "a proxy has an address and no name" + can},
		{toxics.Inject(toxics.Latency{}).Between("web", "server"), "(latency): " + cannot + "a proxy cannot tell who dials it" + can},
		{toxics.Inject(toxics.Refuse{}).Between("web", ""), "(refuse): " + cannot + "a proxy cannot tell who dials it" + can},
	} {
		p := toxics.Plan{Faults: []toxics.Fault{test.fault}}
		_, err := n.Proxy("p", "127.0.0.1:1", p)
		wantIs(t, err, ErrUnsupported)
		wantIs(t, err, errors.ErrUnsupported)
		if got := err.Error(); got != `toxics/tcp: proxy "p": fault 0 `+test.text {
			t.Errorf("got  %s\nwant toxics/tcp: proxy \"p\": fault 0 %s", got, test.text)
		}
		wantIs(t, q.Apply(p), ErrUnsupported)
		whole, err := Listen(Config{Plan: p})
		must(t, err)
		err = whole.Close() // where they say what they have not met
		if test.fault.Source == "" && err != nil {
			t.Error(err)
		}
	}
	for _, f := range []toxics.Fault{
		toxics.Inject(toxics.Refuse{Share: 1}), toxics.Partition("web", "server"), toxics.OneWay("server", "client"),
		toxics.Inject(toxics.Cut{Share: 0.5}).Between("client", "elsewhere").From(1).For(2).First(3),
	} {
		must(t, q.Apply(toxics.Plan{Faults: []toxics.Fault{f}}))
	}
}

// A seed hits the same connections on both engines.
func TestTheEnginesDrawTheSame(t *testing.T) {
	body := func(t *testing.T, n engine) (o outcome) {
		n.Serve("api:80", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") }))
		for range 40 {
			transport := &http.Transport{DialContext: n.DialContext}
			answer, err := (&http.Client{Transport: transport}).Get("http://api/")
			if err != nil {
				o.text += "x"
				continue
			}
			o.text += "."
			answer.Body.Close()
			transport.CloseIdleConnections()
		}
		return o
	}
	for _, p := range []toxics.Plan{
		{Seed: 9, Toxics: []toxics.Toxic{toxics.SlowClose{}, toxics.Cut{Share: 0.5}}},
		{Seed: 9, Toxics: []toxics.Toxic{toxics.SlowClose{}}, Faults: []toxics.Fault{hour.From(time.Hour), toxics.Inject(toxics.Cut{Share: 0.5})}},
		{Seed: 9, Faults: []toxics.Fault{toxics.Inject(toxics.Cut{Share: 0.5, After: 1}).First(30)}},
		{Seed: 9, Faults: []toxics.Fault{toxics.Inject(toxics.Refuse{Share: 0.5}), toxics.Inject(toxics.FailDial{Share: 0.1})}},
	} {
		virtual, real := both(t, p, body)
		if virtual.text != real.text || strings.Trim(virtual.text, "x") == "" || strings.Trim(virtual.text, ".") == "" {
			t.Errorf("%v:\nvirtual %s\n   real %s", p, virtual.text, real.text)
		}
	}
}
