package servers

import (
	"fmt"
	"strings"
	"sync"

	"github.com/tidwall/redcon"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// Redis is a server of redcon with strings that can be set, read and appended to, and
// transactions. The zero value has none of them. Its methods may be called from any
// goroutine.
type Redis struct {
	mu     sync.Mutex
	values map[string]string
}

// Serve listens and serves at redis:6379; the function that it returns ends that, and all
// connections. What has been set stays for the next Serve.
func (r *Redis) Serve(n *toxics.Network) (end func(), err error) {
	l, err := n.Listen("redis:6379")
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.values == nil {
		r.values = map[string]string{}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = redcon.Serve(l, r.handle, func(redcon.Conn) bool { return true }, nil)
	}()
	return func() {
		l.Close()
		<-ended
	}, nil
}

func (r *Redis) handle(c redcon.Conn, cmd redcon.Command) {
	r.mu.Lock()
	defer r.mu.Unlock()
	queued, _ := c.Context().([]redcon.Command)
	name := strings.ToUpper(string(cmd.Args[0]))
	switch {
	case name == "MULTI":
		c.SetContext([]redcon.Command{})
		c.WriteString("OK")
	case name == "EXEC":
		c.SetContext(nil)
		c.WriteArray(len(queued))
		for _, cmd := range queued {
			r.do(c, strings.ToUpper(string(cmd.Args[0])), cmd.Args[1:])
		}
	case queued != nil:
		c.SetContext(append(queued, cmd))
		c.WriteString("QUEUED")
	default:
		r.do(c, name, cmd.Args[1:])
	}
}

func (r *Redis) do(c redcon.Conn, name string, args [][]byte) {
	switch name {
	case "PING":
		c.WriteString("PONG")
	case "SET":
		r.values[string(args[0])] = string(args[1])
		c.WriteString("OK")
	case "GET":
		if value, ok := r.values[string(args[0])]; ok {
			c.WriteBulkString(value)
		} else {
			c.WriteNull()
		}
	case "APPEND":
		r.values[string(args[0])] += string(args[1])
		c.WriteInt(len(r.values[string(args[0])]))
	default:
		c.WriteError(fmt.Sprintf("ERR unknown command '%s'", name))
	}
}
