package bubble

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What the runtime prints, and what is read from it.
func TestParse(t *testing.T) {
	g := parse("goroutine 26 [sync.Mutex.Lock, 3 minutes, synctest bubble 1]:", `internal/sync.(*Mutex).lockSlow(0x3373afa16148)
	/usr/local/go/src/internal/sync/mutex.go:149 +0x15d
sync.(*Mutex).Lock(...)
	/usr/local/go/src/sync/mutex.go:46
example.org/x.(*Client).Status({0x1, 0x2})
	/src/x/client.go:10 +0x2d
created by example.org/x.Dial.func1 in goroutine 23
	/src/x/dial.go:7 +0xb6
`)
	equal(t, "id", g.ID, uint64(26))
	equal(t, "state", g.State, "sync.Mutex.Lock")
	equal(t, "durable", g.Durable, false)
	equal(t, "frames", fmt.Sprint(g.Frames), "[{internal/sync.(*Mutex).lockSlow /usr/local/go/src/internal/sync/mutex.go 149} "+
		"{sync.(*Mutex).Lock /usr/local/go/src/sync/mutex.go 46} {example.org/x.(*Client).Status /src/x/client.go 10}]")
	equal(t, "created", g.Created, Frame{"example.org/x.Dial.func1", "/src/x/dial.go", 7})
	escaped := parse("goroutine 3 [select]:", "github.com/nats-io/nats%2ego.(*Conn).flusher(0x1)\n\t/src/nats.go:7\ncreated by github.com/nats-io/nats%2ego.Connect in goroutine 1\n\t/src/nats.go:8")
	equal(t, "a path with a dot", escaped.Frames[0].Func, "github.com/nats-io/nats.go.(*Conn).flusher")
	equal(t, "a creator with a dot", escaped.Created.Func, "github.com/nats-io/nats.go.Connect")
	equal(t, "durable", parse("goroutine 2 [select (durable), synctest bubble 1]:", "").Durable, true)
}

func TestUserLine(t *testing.T) {
	std := Frame{"sync.(*Mutex).Lock", library + "sync/mutex.go", 46}
	client := Frame{"example.org/x.Get", "/src/x/client.go", 10}
	test := Frame{"example.org/x.TestGet", "/src/x/client_test.go", 20}
	for _, c := range []struct {
		frames []Frame
		want   Frame
	}{
		{[]Frame{std, client, test, client}, test},
		{[]Frame{std, client}, client},
		{[]Frame{std}, Frame{}},
		{nil, Frame{}},
	} {
		got, ok := Goroutine{Frames: c.frames}.User()
		equal(t, "line", got, c.want)
		equal(t, "found", ok, c.want != Frame{})
	}
}

func TestHints(t *testing.T) {
	for function, part := range map[string]string{
		"net/http.(*persistConn).readLoop":                                   "Close the Body",
		"net/http.(*Server).Serve":                                           "Close the http.Server",
		"google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run": "cc.Close",
		"github.com/jackc/pgx/v5/pgxpool.(*Pool).backgroundHealthCheck":      "pool.Close",
		inToxics + "(*listener).Accept":                                      "Close the listener",
		inToxics + "(*link).write":                                           "Close the connection",
		inFakeloop + "(*Loop).Await":                                         "",
		"github.com/nats-io/nats.go.(*Conn).flusher":                         "nats.Conn",
		"github.com/nats-io/nats-server/v2/server.(*Server).Start.func1":     "WaitForShutdown",
		"github.com/hashicorp/raft.(*Raft).run":                              "CloseStreams",
		"github.com/twmb/franz-go/pkg/kfake.(*Cluster).run":                  "kfake.Cluster",
		"github.com/twmb/franz-go/pkg/kgo.(*Client).updateMetadataLoop":      "kgo.Client",
		"example.org/x.wait":                                                 "",
	} {
		h := Goroutine{State: "select", Durable: true, Frames: []Frame{{Func: function}}}.hint()
		if (h == "") != (part == "") || !strings.Contains(h, part) {
			t.Errorf("%s: %q", function, h)
		}
	}
	// Who waits for a mutex of a client's does not keep the client open.
	h := Goroutine{State: "sync.RWMutex.RLock", Frames: []Frame{{Func: "sync.(*RWMutex).RLock"}, {Func: "github.com/nats-io/nats.go.(*Conn).Status"}}}.hint()
	equal(t, "hint", h, "hint: a mutex: whoever holds it must not wait for virtual time meanwhile")
	loop := Goroutine{Created: Frame{Func: inFakeloop + "join"}}
	equal(t, "hint of a loop", loop.hint(), "hint: call Close of the fakeloop.Loop")
}

// The goroutines of a loop count only while they run a callback, and those of a network while
// there are connections.
func TestServices(t *testing.T) {
	park, serve := Frame{Func: "runtime.gopark", File: library + "runtime/proc.go"}, Frame{Func: "net/http.(*Server).Serve", File: library + "net/http/server.go"}
	user := Frame{Func: "example.org/x.f", File: "/src/x.go"}
	accept, server := Frame{Func: inToxics + "(*listener).Accept"}, Frame{Func: inToxics + "(*Network).Serve.func1"}
	sleep, link := Frame{Func: inFakeloop + "(*Loop).sleep"}, Frame{Func: inToxics + "(*link).write"}
	began := Frame{Func: inFakeloop + "(*Loop).startBeside"}
	for _, c := range []struct {
		name                          string
		g                             Goroutine
		loop, service, bystand, named bool
	}{
		{"a loop", Goroutine{Frames: []Frame{park, sleep}, Created: began}, true, true, true, false},
		{"a callback", Goroutine{Frames: []Frame{user, park, sleep}, Created: began}, false, false, false, false},
		{"who waits for a loop", Goroutine{Frames: []Frame{park, sleep}, Created: user}, false, false, false, false},
		{"a server", Goroutine{Frames: []Frame{park, accept, serve, server}}, false, true, true, false},
		{"the user's server", Goroutine{Frames: []Frame{park, accept, serve, user}}, false, false, false, false},
		{"a server that calls the user", Goroutine{Frames: []Frame{user, serve, server}}, false, false, false, false},
		{"a link", Goroutine{Frames: []Frame{park, link}}, false, false, true, false},
		{"one that has a name", Goroutine{Frames: []Frame{park, user, {Func: namedFrame}}, Created: began}, false, false, false, true},
	} {
		equal(t, c.name+" is a loop", c.g.isLoop(), c.loop)
		equal(t, c.name+" is a service", c.g.isService(), c.service)
		equal(t, c.name+" has no part", c.g.isBystander(), c.bystand)
		equal(t, c.name+" has a name", c.g.IsNamed(), c.named)
	}
}

// What has been told once is not told at the end, and the rest is.
func TestTell(t *testing.T) {
	for _, all := range []bool{true, false} {
		b := Start()
		run(b, func() {
			never := make(chan int)
			go func() { <-never }()
			go func() { select {} }()
			settle()
			text := Tell(func(g Goroutine) bool { return all || g.State == "chan receive" })
			contains(t, text, "1 goroutine [chan receive]:", "created by "+inModule)
			equal(t, "tells of the other", strings.Contains(text, "select"), all)
		})
		r := b.End()
		if all {
			equal(t, "outcome", r.Outcome, Returned)
			continue
		}
		equal(t, "outcome", r.Outcome, Leaked)
		contains(t, r.String(), "1 goroutine was left", "[select (no cases)]")
	}
}

// Long texts are cut, and equal stacks told once.
func TestStacksAreCut(t *testing.T) {
	var goroutines []Goroutine
	for i := range 2 * most {
		g := Goroutine{ID: uint64(i + 1), State: "sleep", Durable: true, Frames: []Frame{{Func: fmt.Sprint("f", i), File: "f.go", Line: 1}}}
		goroutines = append(goroutines, g, g)
	}
	text := stacks(goroutines, 0, false)
	equal(t, "stacks", strings.Count(text, "2 goroutines [sleep]:"), most)
	equal(t, "rest", strings.HasSuffix(text, fmt.Sprintf("and %d other stacks", most)), true)
	slices.Reverse(goroutines)
	equal(t, "another order", stacks(goroutines, 0, false), text)
}
