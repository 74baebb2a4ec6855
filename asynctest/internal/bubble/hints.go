package bubble

import "strings"

// hints say what ends a goroutine that is found in a function. The first that fits
// counts.
var hints = []struct {
	function string // a part of its full name
	remedy   string
}{
	{"sync.(*Mutex).Lock", "a mutex: whoever holds it must not wait for virtual time meanwhile"},
	{"sync.(*RWMutex).", "a mutex: whoever holds it must not wait for virtual time meanwhile"},
	{"net/http.(*persistConn).", "Close the Body of each http.Response, or cancel the context of its request; then CloseIdleConnections of the Transport"},
	{"net/http.(*conn).serve", "Close the http.Server, and let its handlers return"},
	{"net/http.(*Server).Serve", "Close the http.Server"},
	{"google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run", "call Close of the grpc.ClientConn (cc.Close)"},
	{"google.golang.org/grpc.(*Server).Serve", "call Stop of the grpc.Server"},
	{"google.golang.org/grpc", "call Close of the grpc.ClientConn (cc.Close), and Stop of the grpc.Server"},
	{"github.com/jackc/pgx/v5/pgxpool.", "call Close of the pgxpool.Pool (pool.Close)"},
	{"github.com/nats-io/nats.go.", "call Close of the nats.Conn"},
	{"github.com/nats-io/nats-server/v2/server.", "call Shutdown of the nats-server, then WaitForShutdown"},
	{"github.com/hashicorp/raft.", "wait for raft.Shutdown().Error(), then call CloseStreams and Close of the transport"},
	{"github.com/eclipse/paho.mqtt.golang.", "call Disconnect of the MQTT client"},
	{"github.com/redis/go-redis", "call Close of the redis.Client"},
	{"github.com/twmb/franz-go/pkg/kfake.", "call Close of the kfake.Cluster"},
	{"github.com/twmb/franz-go", "call Close of the kgo.Client"},
	{"database/sql.(*DB).", "call Close of the sql.DB"},
	{inToxics + "(*listener).Accept", "Close the listener, or the toxics.Network"},
	{inToxics + "(*link).", "Close the connection, at both of its ends"},
	{"context.(*cancelCtx).propagateCancel", "cancel the context"},
	{"os/signal.", "call signal.Stop"},
	{"os/exec.(*Cmd).", "wait for the process outside of the bubble"},
	{"internal/poll.(*FD).", "a real connection or file: use one that lives in the bubble, such as net.Pipe"},
}

// hint says what would end the goroutine; "" if that is not known.
func (g Goroutine) hint() string {
	if g.isLoop() {
		return "hint: call Close of the fakeloop.Loop"
	}
	if g.remedy != "" {
		return "hint: " + g.remedy
	}
	for _, h := range hints {
		for _, f := range g.Frames {
			if strings.Contains(f.Func, h.function) {
				return "hint: " + h.remedy
			}
		}
	}
	return ""
}
