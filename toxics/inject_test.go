package toxics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// injector injects one fault, at a point with a number, as a loop does.
type injector struct {
	point string
	kind  fakeloop.FaultKind
	after int // of a cut; 0 means half

	mu     sync.Mutex
	met    map[string]int
	points []fakeloop.FaultPoint
	fault  *fakeloop.Fault
}

func (i *injector) Fault(p fakeloop.FaultPoint) *fakeloop.Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.met == nil {
		i.met = map[string]int{}
	}
	i.met[p.Name]++
	p.Name = fmt.Sprintf("%s #%d", p.Name, i.met[p.Name])
	i.points = append(i.points, p)
	if p.Name != i.point {
		return nil
	}
	choice := slices.Index(p.Kinds, i.kind) + 1
	if choice == 0 {
		return nil
	}
	if i.after > 0 {
		choice = len(p.Kinds) + 1 + i.after
	}
	i.fault = p.Fault(choice)
	return i.fault
}

// said is what an error tells, without the addresses.
func said(err error, injected *fakeloop.Fault) string {
	if err == nil {
		return "nil"
	}
	text := ""
	if injected != nil && errors.Is(err, injected.Err()) {
		text = "injected "
	}
	for _, known := range []error{
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, os.ErrDeadlineExceeded, context.DeadlineExceeded, syscall.ECONNREFUSED, syscall.ECONNRESET,
		syscall.EPIPE, syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.EIO, syscall.EMFILE,
	} {
		if errors.Is(err, known) {
			return text + strings.ReplaceAll(known.Error(), " ", "-")
		}
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return text + "dns:" + strings.ReplaceAll(dns.Err, " ", "-")
	}
	return text + err.Error()
}

// converse is a client that asks and a server that answers and closes, each within five
// minutes, and what each has seen, in words.
func converse(t *testing.T, faults *injector) (client, server string) {
	t.Helper()
	c := Config{}
	if faults != nil {
		c.Faults = faults
	}
	n := network(t, c)
	n.exact = true
	l, err := n.Listen("server:7")
	must(t, err)
	began := time.Now()
	served := make(chan string)
	go func() {
		defer close(served)
		text := ""
		defer func() { served <- text }()
		conn, err := l.Accept()
		if err != nil && faults != nil {
			text = "accept:" + said(err, faults.fault)
			if conn, err = l.Accept(); err == nil { // it was temporary
				text += " "
			}
		}
		if err != nil {
			return
		}
		must(t, conn.SetDeadline(began.Add(5*time.Minute)))
		text += exchange(conn, faults)
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	conn, err := n.DialContext(ctx, "tcp", "server:7")
	synctest.Wait() // without a gate, what is done at one time is done in any order
	if err != nil {
		client = "dial:" + said(err, faults.fault)
	} else {
		must(t, conn.SetDeadline(began.Add(4*time.Minute)))
		_, err := conn.Write([]byte("ask"))
		if err != nil {
			client = "write:" + said(err, faults.fault) + " "
		}
		client += answer(conn, faults)
	}
	client = fmt.Sprint(time.Since(began).Truncate(time.Second), " ", client)
	synctest.Wait()
	must(t, l.Close())
	return client, <-served
}

// exchange is the server's part.
func exchange(conn net.Conn, faults *injector) string {
	var fault *fakeloop.Fault
	buf := make([]byte, len("ask"))
	n, err := io.ReadFull(conn, buf)
	if faults != nil {
		fault = faults.fault
	}
	text := string(buf[:n])
	if err != nil {
		text += " read:" + said(err, fault)
	} else if _, err := conn.Write([]byte("hello, world")); err != nil {
		text += " write:" + said(err, faults.fault)
	}
	if err := conn.Close(); err != nil {
		text += " close:" + said(err, faults.fault)
	}
	return text
}

// answer reads all that the client gets.
func answer(conn net.Conn, faults *injector) string {
	body, err := io.ReadAll(conn)
	text := fmt.Sprintf("%q", body)
	if err != nil {
		text += " read:" + said(err, faults.fault)
	}
	if err := conn.Close(); err != nil {
		text += " close:" + said(err, faults.fault)
	}
	return text
}

// What each fault at each point makes of a conversation.
func TestFaultPoints(t *testing.T) {
	const (
		dial, lookup, accept    = "dial client>server:7 #1", "lookup client>server #1", "accept server:7 #1"
		read, end               = "read client<server:7 conn 1 #1", "read client<server:7 conn 1 #2"
		write, closing          = "write client>server:7 conn 1 #1", "close client>server:7 conn 1 #1"
		serverRead, serverWrite = "read server:7<client conn 1 #1", "write server:7>client conn 1 #1"
		serverClose             = "close server:7>client conn 1 #1"
		ok                      = `0s "hello, world"`
		nobody                  = "accept:use-of-closed-network-connection"
	)
	for _, c := range []struct {
		kind           fakeloop.FaultKind
		point          string
		client, server string
	}{
		{"", "", ok, "ask"},
		{fakeloop.FaultError, lookup, "0s dial:injected dns:server-misbehaving-(injected-error-at-lookup-client>server-#1)", nobody},
		{fakeloop.FaultTimeout, lookup, "0s dial:injected dns:i/o-timeout-(injected-timeout-at-lookup-client>server-#1)", nobody},
		{fakeloop.FaultSlow, lookup, `1m0s "hello, world"`, "ask"},
		{fakeloop.FaultBlackHole, lookup, "2m7s dial:connection-timed-out", nobody},
		{fakeloop.FaultRefused, dial, "0s dial:injected connection-refused", nobody},
		{fakeloop.FaultError, dial, "0s dial:injected no-route-to-host", nobody},
		{fakeloop.FaultTimeout, dial, "0s dial:injected connection-timed-out", nobody},
		{fakeloop.FaultSlow, dial, `1m0s "hello, world"`, "ask"},
		{fakeloop.FaultBlackHole, dial, "2m7s dial:connection-timed-out", nobody},
		{fakeloop.FaultError, accept, ok, "accept:injected too-many-open-files ask"},
		{fakeloop.FaultReset, accept, `0s write:connection-reset-by-peer "" read:connection-reset-by-peer`, nobody},
		{fakeloop.FaultError, read, `0s "" read:injected input/output-error`, "ask"},
		{fakeloop.FaultTimeout, read, `0s "" read:injected i/o-timeout`, "ask"},
		{fakeloop.FaultReset, read, `0s "" read:injected connection-reset-by-peer`, "ask"},
		{fakeloop.FaultCut, read, `0s "hello,"`, "ask"},
		{fakeloop.FaultSlow, read, `1m0s "hello, world"`, "ask"},
		{fakeloop.FaultBlackHole, read, `4m0s "" read:i/o-timeout`, "ask"},
		{fakeloop.FaultError, end, `0s "hello, world" read:injected input/output-error`, "ask"},
		{fakeloop.FaultTimeout, end, `0s "hello, world" read:injected i/o-timeout`, "ask"},
		{fakeloop.FaultReset, end, `0s "hello, world" read:injected connection-reset-by-peer`, "ask"},
		{fakeloop.FaultSlow, end, `1m0s "hello, world"`, "ask"},
		{fakeloop.FaultBlackHole, end, `4m0s "hello, world" read:i/o-timeout`, "ask"},
		{fakeloop.FaultError, write, `4m0s write:injected broken-pipe "" read:i/o-timeout`, " read:EOF"},
		{fakeloop.FaultTimeout, write, `4m0s write:injected i/o-timeout "" read:i/o-timeout`, " read:EOF"},
		{fakeloop.FaultReset, write, `0s write:injected connection-reset-by-peer "" read:connection-reset-by-peer`, " read:connection-reset-by-peer"},
		{fakeloop.FaultCut, write, `0s write:injected broken-pipe ""`, "a read:unexpected-EOF"},
		{fakeloop.FaultError, closing, ok + " close:injected input/output-error", "ask"},
		{fakeloop.FaultError, serverRead, `0s ""`, " read:injected input/output-error"},
		{fakeloop.FaultCut, serverRead, `0s ""`, "a read:unexpected-EOF"},
		{fakeloop.FaultCut, serverWrite, `0s "hello,"`, "ask write:injected broken-pipe"},
		{fakeloop.FaultReset, serverWrite, `0s "" read:connection-reset-by-peer`, "ask write:injected connection-reset-by-peer"},
		{fakeloop.FaultError, serverClose, ok, "ask close:injected input/output-error"},
	} {
		t.Run(fmt.Sprint(c.kind, " at ", c.point), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := &injector{point: c.point, kind: c.kind}
				client, server := converse(t, i)
				equal(t, "client", client, c.client)
				equal(t, "server", server, c.server)
				equal(t, "injected", i.fault != nil, c.point != "")
			})
		})
	}
}

// A stream can be cut behind each of its bytes.
func TestCutAtEachByte(t *testing.T) {
	const text = "hello, world"
	for after := range len(text) {
		if after == 0 {
			continue // what 0 means to the injector
		}
		synctest.Test(t, func(t *testing.T) {
			client, _ := converse(t, &injector{point: "read client<server:7 conn 1 #1", kind: fakeloop.FaultCut, after: after})
			equal(t, "client", client, fmt.Sprintf("0s %q", text[:after]))
		})
	}
}

// The points of a conversation, and which of them are remote. A network without fault
// points does the same.
func TestPointsOfAConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &injector{}
		client, server := converse(t, i)
		without, withoutServer := converse(t, nil)
		equal(t, "client", client, without)
		equal(t, "server", server, withoutServer)
		var got []string
		for _, p := range i.points {
			text := fmt.Sprintf("%s, %d ways", p.Name, p.Ways())
			if p.Remote {
				text += ", remote"
			}
			got = append(got, text)
		}
		slices.Sort(got)
		equal(t, "points", strings.Join(got, "\n"), strings.Join([]string{
			"accept server:7 #1, 3 ways, remote",
			"close client>server:7 conn 1 #1, 2 ways",
			"close server:7>client conn 1 #1, 2 ways, remote",
			"dial client>server:7 #1, 6 ways",
			"lookup client>server #1, 5 ways",
			"read client<server:7 conn 1 #1, 19 ways",
			"read client<server:7 conn 1 #2, 6 ways",
			"read server:7<client conn 1 #1, 10 ways, remote",
			"write client>server:7 conn 1 #1, 8 ways",
			"write server:7>client conn 1 #1, 17 ways, remote",
		}, "\n"))
	})
}

// Writes that are joined are one point, whose fault strikes them all.
func TestJoinWrites(t *testing.T) {
	for _, test := range []struct {
		joins  bool
		kind   fakeloop.FaultKind // at the first point; "" is no fault
		writes string             // points
		fails  []bool
	}{
		{false, "", "#1 #2 #3", []bool{false, false, false}},
		{true, "", "#1 #2", []bool{false, false, false}},
		{false, fakeloop.FaultTimeout, "#1 #2 #3", []bool{true, false, false}},
		{true, fakeloop.FaultTimeout, "#1", []bool{true, true, true}},
		{true, fakeloop.FaultError, "#1", []bool{true, true, true}},
	} {
		t.Run(fmt.Sprintf("%v %s", test.joins, test.kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := &injector{point: "write client>server:7 conn 1 #1", kind: test.kind}
				loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
				defer loop.Close()
				n, err := NewNetwork(Config{Faults: i, Gate: loop.Gate(), JoinWrites: test.joins})
				must(t, err)
				defer n.Close()
				_, err = n.Listen("server:7")
				must(t, err)
				c, err := n.DialContext(context.Background(), "tcp", "server:7")
				must(t, err)
				for k, fails := range test.fails {
					if _, err := c.Write([]byte("ask")); (err != nil) != fails {
						t.Errorf("write %d: %v", k+1, err)
					}
					if k == 1 {
						must(t, loop.Settle())
					}
				}
				var writes []string
				for _, p := range i.points {
					if number, ok := strings.CutPrefix(p.Name, "write client>server:7 conn 1 "); ok {
						writes = append(writes, number)
					}
				}
				equal(t, "points", strings.Join(writes, " "), test.writes)
				must(t, c.Close())
			})
		})
	}
}

// A connection that is reset before it is handed over, which waits at a gate, arrives as
// one that was.
func TestResetBeforeTheHandOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &injector{point: "write client>server:7 conn 1 #1", kind: fakeloop.FaultReset}
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		defer loop.Close()
		n, err := NewNetwork(Config{Faults: i, Gate: loop.Gate()})
		must(t, err)
		defer n.Close()
		l, err := n.Listen("server:7")
		must(t, err)
		c, err := n.DialContext(context.Background(), "tcp", "server:7")
		must(t, err)
		_, err = c.Write([]byte("ask"))
		fails(t, "write", err, "write", syscall.ECONNRESET)
		s, err := l.Accept()
		must(t, err)
		_, err = s.Read(make([]byte, 1))
		fails(t, "the server's read", err, "read", syscall.ECONNRESET)
		_, err = c.Write([]byte("ask"))
		fails(t, "the next write", err, "write", i.fault.Err())
		must(t, c.Close())
		must(t, s.Close())
	})
}

// What a black hole has swallowed does not keep a network from being closed, nor its
// reader from noticing that, or that its host drops the connection, even if the other end
// has closed it before.
func TestCloseBehindABlackHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, kind := range []fakeloop.FaultKind{fakeloop.FaultBlackHole, fakeloop.FaultSlow} {
			for _, drop := range []bool{false, true} {
				for _, closed := range []bool{false, true} {
					if closed && !drop {
						continue // what has ended is not the network's to close
					}
					n, err := NewNetwork(Config{Faults: &injector{point: "read client<server:7 conn 1 #1", kind: kind}})
					must(t, err)
					l, err := n.Listen("server:7")
					must(t, err)
					c, err := n.DialContext(context.Background(), "tcp", "server:7")
					must(t, err)
					s, err := l.Accept()
					must(t, err)
					send(t, s, "hello")
					ended := make(chan error)
					go func() {
						_, err := io.ReadAll(c)
						ended <- err
					}()
					synctest.Wait()
					if closed {
						must(t, s.Close())
						synctest.Wait()
					}
					if drop {
						n.Host(DefaultHost).Drop()
						<-ended
						must(t, n.Close())
						continue
					}
					must(t, n.Close())
					<-ended
				}
			}
		}
	})
}

// Unclosed tells of connections that whoever dialled them has forgotten, also if they have
// ended.
func TestUnclosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network(t, Config{Faults: &injector{}})
		l, err := n.Listen("server:7")
		must(t, err)
		var all []net.Conn
		for range 3 {
			c, err := n.DialContext(context.Background(), "tcp", "server:7")
			must(t, err)
			s, err := l.Accept()
			must(t, err)
			all = append(all, c)
			must(t, s.Close())
		}
		must(t, all[1].Close())
		synctest.Wait()
		if got := strings.Join(n.Unclosed(), " "); !regexp.MustCompile(`^client>server:7, dialled at inject_test.go:(\d+) client>server:7, dialled at inject_test.go:(\d+)$`).MatchString(got) {
			t.Errorf("unclosed: %s", got)
		}
	})
}
