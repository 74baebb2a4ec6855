package tcp

import (
	"io"
	"net"
	"testing"
	"testing/synctest"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// An answer that comes behind the end of the question arrives if the network can half close,
// and is lost if it cannot, on both engines. The end of the stream that a toxic makes closes
// both directions either way.
func TestTheEnginesAgreeOnHalfClose(t *testing.T) {
	body := func(t *testing.T, n engine, hangUp bool) string {
		l, err := n.Listen("api:80")
		must(t, err)
		served := make(chan struct{})
		go func() {
			defer close(served)
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			question, _ := io.ReadAll(c)
			io.WriteString(c, "got "+string(question))
		}()
		c, err := n.DialContext(t.Context(), "tcp", "api:80")
		must(t, err)
		write(t, c, "question")
		if hangUp {
			must(t, c.(interface{ CloseWrite() error }).CloseWrite())
		}
		answer, _ := io.ReadAll(c)
		c.Close()
		<-served
		must(t, n.Close())
		return string(answer)
	}
	limit := toxics.Plan{Toxics: []toxics.Toxic{toxics.LimitData{Bytes: 3, Direction: toxics.Upstream}}}
	for _, test := range []struct {
		plan   toxics.Plan
		half   bool
		hangUp bool // the client does, and not the toxic
		want   string
	}{
		{toxics.Plan{}, true, true, "got question"},
		{toxics.Plan{}, false, true, ""},
		{plan(toxics.Slicer{Size: 3}, toxics.Cut{After: 5}), true, true, "got q"},
		{limit, true, false, ""},
		{limit, false, false, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			n, err := toxics.NewNetwork(toxics.Config{Plan: test.plan, HalfClose: test.half})
			must(t, err)
			wantText(t, "virtual", body(t, n, test.hangUp), test.want)
		})
		n, err := Listen(Config{Plan: test.plan, HalfClose: test.half})
		must(t, err)
		wantText(t, "real", body(t, n, test.hangUp), test.want)
	}
}

// Without the question's end a half closed connection is one that both peers keep; closing
// the network ends it.
func TestCloseEndsWhatIsHalfClosed(t *testing.T) {
	n, err := Listen(Config{HalfClose: true})
	must(t, err)
	c := dial(t, proxy(t, n, serve(t, func(c *net.TCPConn) {
		io.Copy(io.Discard, c)
		c.Write([]byte("x"))
		c.Read(make([]byte, 1))
		io.Copy(io.Discard, c)
		<-t.Context().Done()
	}), plan()).Addr())
	must(t, c.CloseWrite())
	_, err = io.ReadFull(c, make([]byte, 1))
	must(t, err)
	closeClean(t, n)
}
