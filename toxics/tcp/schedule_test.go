package tcp

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// clocked is a proxy in front of an echo, with a plan whose schedules go by a clock.
func clocked(t *testing.T, faults ...toxics.Fault) (*Proxy, *Clock) {
	t.Helper()
	clock := new(Clock)
	n, err := Listen(Config{Clock: clock})
	must(t, err)
	t.Cleanup(func() { closeClean(t, n) })
	return proxy(t, n, serve(t, echo), toxics.Plan{Seed: 1, Faults: faults}), clock
}

// outage is what came of a dial to a proxy and a question there.
func outage(t *testing.T, p *Proxy) string {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		return ending(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	return (&caller{c, nil}).exchange("hello")
}

func sequence(t *testing.T, p *Proxy, n int) (all []string) {
	t.Helper()
	for range n {
		all = append(all, outage(t, p))
	}
	return all
}

func wantText(t *testing.T, what string, got any, want string) {
	t.Helper()
	if fmt.Sprint(got) != want {
		t.Errorf("%s:\n got %v\nwant %s", what, got, want)
	}
}

// While a proxy refuses, it does not listen: the kernel refuses. Who is connected already
// does not notice.
func TestAProxyRefusesForAWhile(t *testing.T) {
	refuse := toxics.Inject(toxics.Refuse{})
	p, clock := clocked(t, refuse.From(10).For(5), refuse.Between("", "server").From(12).For(5), refuse.Between("", "elsewhere"))
	c := dial(t, p.Addr())
	addr := p.Addr()
	var got []string
	for range 7 { // at 0, 3, 6, ... 18
		roundTrip(t, c, "goes on")
		got = append(got, outage(t, p))
		clock.Advance(3)
	}
	wantText(t, "refused", got, "[hello hello hello hello refused refused hello]")
	wantText(t, "the address", p.Addr(), addr)
}

// A plan that refuses from the start lets nobody in before its end, whatever else is done
// with the proxy meanwhile; and what a former plan refused does not matter.
func TestRefusingWhileItIsControlled(t *testing.T) {
	refuse := toxics.Inject(toxics.Refuse{}).For(10)
	p, clock := clocked(t, refuse)
	wantText(t, "from the start", outage(t, p), "refused")
	must(t, p.Disable())
	must(t, p.Enable())
	wantText(t, "enabled again", outage(t, p), "refused")
	must(t, p.Disable())
	clock.Advance(10)
	wantText(t, "at its end, disabled", outage(t, p), "refused")
	must(t, p.Enable())
	wantText(t, "at its end, enabled", outage(t, p), "hello")

	must(t, p.Apply(toxics.Plan{Faults: []toxics.Fault{refuse}}))
	wantText(t, "applied", outage(t, p), "refused")
	must(t, p.Apply(plan()))
	wantText(t, "another plan", outage(t, p), "hello")
	must(t, p.Apply(toxics.Plan{Faults: []toxics.Fault{refuse.From(3)}}))
	must(t, p.Apply(plan()))
	clock.Advance(5)
	wantText(t, "a schedule that was replaced", outage(t, p), "hello")
	must(t, p.Apply(toxics.Plan{Faults: []toxics.Fault{refuse.From(3)}}))
	must(t, p.Apply(plan()))
	wantText(t, "what is left of it", len(clock.armed), "0")
}

// A proxy is known by its name, and by its upstream, which is what the plans call it that
// toxiproxy has.
func TestHowAPlanCallsAProxy(t *testing.T) {
	one := toxics.Inject(toxics.Cut{After: 1})
	upstream := serve(t, echo)
	n := network(t)
	for _, test := range []struct {
		name, target, want string
	}{
		{"db", "db", "h EOF"},
		{"db", "DB", "h EOF"},
		{"db", "api", "hello"},
		{"db", "", "h EOF"},
		{"db", upstream, "h EOF"},
		{"db", "127.0.0.1", "h EOF"},
		{"db", "127.0.0.1:1", "hello"},
		{"db:5432", "db", "h EOF"},
		{"db:5432", "db:5432", "h EOF"},
		{"db:5432", "db:5433", "hello"},
	} {
		p, err := n.Proxy(test.name, upstream, toxics.Plan{Faults: []toxics.Fault{one.Between("client", test.target)}})
		must(t, err)
		wantText(t, test.name+" called "+test.target, outage(t, p), test.want)
		must(t, p.Close())
	}
	disabled, err := toxics.ParsePlan(fmt.Appendf(nil, `{"name": "db", "listen": "127.0.0.1:0", "upstream": %q, "enabled": false}`, upstream))
	must(t, err)
	p, err := n.Proxy("db", upstream, disabled)
	must(t, err)
	wantText(t, "a plan of toxiproxy", outage(t, p), "refused")
}

// The connections of a proxy are counted from its plan on, in the order of the dials,
// however it is enabled and disabled.
func TestTheFirstConnectionsOfAProxy(t *testing.T) {
	first := toxics.Inject(toxics.Cut{After: 1}).First(2)
	p, _ := clocked(t, first)
	got := sequence(t, p, 1)
	must(t, p.Disable())
	must(t, p.Enable())
	wantText(t, "the first two", append(got, sequence(t, p, 2)...), "[h EOF h EOF hello]")
	must(t, p.Apply(toxics.Plan{Faults: []toxics.Fault{first}}))
	wantText(t, "of another plan", sequence(t, p, 3), "[h EOF h EOF hello]")

	// Nobody waits for an answer here: the kernel has the dials in their order.
	var all []*caller
	must(t, p.Apply(toxics.Plan{Faults: []toxics.Fault{first}}))
	for range 10 {
		all = append(all, &caller{dial(t, p.Addr()), nil})
	}
	var answers []string
	for _, c := range all {
		answers = append(answers, c.exchange("hello"))
	}
	wantText(t, "dials that do not wait", answers, "[h EOF h EOF hello hello hello hello hello hello hello hello]")
}

// A partition holds back what a proxy has, and lets it go; a dial succeeds meanwhile, which
// is where it differs from one that a name is dialled by.
func TestAProxyIsCutOff(t *testing.T) {
	p, clock := clocked(t, toxics.Partition("client", "server").From(10).For(5))
	w := &world{t: t}
	old := &caller{dial(t, p.Addr()), w}
	old.ask("before")
	clock.Advance(12)
	says := old.asks("held")
	late := &caller{dial(t, p.Addr()), w}
	also := late.asks("held too")
	other := proxyAt(t, p.network, "other", serve(t, echo))
	for range 20 {
		roundTrip(t, other, "busy")
	}
	w.step.Add(1)
	clock.Advance(8)
	says()
	also()
	wantText(t, "said", w.said, "[before held behind 1 held too behind 1]")
}

func proxyAt(t *testing.T, n *Network, name, upstream string) net.Conn {
	t.Helper()
	p, err := n.Proxy(name, upstream, plan())
	must(t, err)
	return dial(t, p.Addr())
}

// By real time, nothing that is scheduled comes early. That it comes at all is awaited.
func TestRealTimeIsNeverEarly(t *testing.T) {
	const ms = time.Millisecond
	start := time.Now()
	n, err := Listen(Config{Plan: toxics.Plan{Faults: []toxics.Fault{
		toxics.Inject(toxics.Cut{After: 1}).Between("", "cut").From(30 * ms),
		toxics.Partition("client", "held").For(30 * ms),
	}}})
	must(t, err)
	defer closeClean(t, n)
	w := &world{engine: n, t: t}
	w.echoes("held:1")
	w.echoes("cut:1")

	held, err := n.Listen("held:2")
	must(t, err)
	c := dial(t, held.Addr().String()) // a dial by name would try again each second
	s, err := held.Accept()
	must(t, err)
	defer s.Close()
	write(t, s, "held")
	wantText(t, "held", (&caller{c, w}).answer(4), "held")
	atLeast(t, start, 30*ms)

	eventually(t, "the cut is in force", func() bool {
		c, err := n.DialContext(t.Context(), "tcp", "cut:1")
		must(t, err)
		defer c.Close()
		switch got := (&caller{c, w}).exchange("hello"); got {
		case "hello":
			return false
		case "h EOF":
			return true
		default:
			t.Fatalf("read %s", got)
			return false
		}
	})
	atLeast(t, start, 30*ms)
}
