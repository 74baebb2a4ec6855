package clients_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"github.com/windtunnel-go/windtunnel/toxics"
)

func TestRaft(t *testing.T) {
	perform(t, "raft",
		scene{name: "elections", play: raftElections,
			shows: "three nodes: an election, the leader cut off, another one, an hour, all logs equal",
			varies: "timeouts of elections, heartbeats and commits are drawn from math/rand, by goroutines that race for what it gives: " +
				"there is no setting; rand.Seed and one processor make most runs the same"},
		scene{name: "elections, seeded, on one processor", play: onOneProcessor(seeded(raftElections)), chance: true,
			shows:  "the same after rand.Seed, with GOMAXPROCS 1",
			varies: "most runs are the same, unless the scheduler preempts one of two goroutines that draw: nothing more"},
	)
}

// node is one of three that hold the same log.
type node struct {
	*raft.Raft
	s         *stage
	host      *toxics.Host
	transport *raft.NetworkTransport

	mu  sync.Mutex
	log []string // what was applied
}

func (n *node) Apply(l *raft.Log) any {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.log = append(n.log, string(l.Data))
	return len(n.log)
}

func (n *node) applied() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.log, " ")
}

// Snapshots are not taken: there are too few entries.
func (n *node) Snapshot() (raft.FSMSnapshot, error) { return nil, fmt.Errorf("no snapshots") }
func (n *node) Restore(io.ReadCloser) error         { return fmt.Errorf("no snapshots") }

// layer lets a node listen and dial on the network.
type layer struct {
	net.Listener
	host *toxics.Host
}

func (l layer) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return l.host.DialContext(ctx, "tcp", string(address))
}

// cluster starts three nodes, a, b and c.
func cluster(s *stage) []*node {
	var nodes []*node
	var servers []raft.Server
	for _, name := range []string{"a", "b", "c"} {
		n := &node{s: s, host: s.Net.Host(name)}
		l := s.listen(name + ":1")
		n.transport = raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
			Stream: layer{l, n.host}, MaxPool: 3, Timeout: 10 * time.Second, Logger: hclog.NewNullLogger(),
		})
		nodes = append(nodes, n)
		servers = append(servers, raft.Server{ID: raft.ServerID(name), Address: raft.ServerAddress(l.Addr().String())})
	}
	for i, n := range nodes {
		config := raft.DefaultConfig()
		config.LocalID = servers[i].ID
		config.HeartbeatTimeout, config.ElectionTimeout = time.Minute, time.Minute
		config.LeaderLeaseTimeout, config.CommitTimeout = 50*time.Second, 20*time.Second
		config.Logger = hclog.NewNullLogger()
		logs := raft.NewInmemStore()
		snapshots := raft.NewInmemSnapshotStore()
		s.must(raft.BootstrapCluster(config, logs, logs, snapshots, n.transport, raft.Configuration{Servers: servers}))
		var err error
		n.Raft, err = raft.NewRaft(config, n, logs, logs, snapshots, n.transport)
		s.must(err)
	}
	return nodes
}

// leader waits until one of the nodes is the leader.
func leader(s *stage, nodes ...*node) *node {
	s.t.Helper()
	for range 3600 {
		for _, n := range nodes {
			if n.State() == raft.Leader {
				s.note("%s leads", n.host.Name())
				return n
			}
		}
		time.Sleep(time.Second)
	}
	s.t.Fatalf("at %v: no leader in an hour", s.Elapsed())
	return nil
}

func raftElections(s *stage) {
	nodes := cluster(s)
	first := leader(s, nodes...)
	apply := func(n *node, text string) {
		s.must(n.Raft.Apply([]byte(text), time.Minute).Error())
		s.note("%s is applied", text)
	}
	for i := range 3 {
		apply(first, fmt.Sprint("one-", i))
	}
	others := slices.DeleteFunc(slices.Clone(nodes), func(n *node) bool { return n == first })
	var apart []*toxics.Applied
	for _, n := range others {
		apart = append(apart, s.Net.Apply(toxics.Partition(first.host.Name(), n.host.Name())))
	}
	second := leader(s, others...)
	apply(second, "two")
	// The one that was cut off may not have noticed yet.
	if err := first.Raft.Apply([]byte("lost"), time.Minute).Error(); !errors.Is(err, raft.ErrLeadershipLost) {
		s.fails("the one that was cut off", err, raft.ErrNotLeader)
	}
	for _, p := range apart {
		p.Lift()
	}
	time.Sleep(time.Hour)
	apply(leader(s, nodes...), "three")
	time.Sleep(time.Minute) // until the others know that it is committed
	for _, n := range nodes {
		s.equal(n.host.Name(), n.applied(), "one-0 one-1 one-2 two three")
	}
	for _, n := range nodes {
		s.must(n.Shutdown().Error())
		n.transport.CloseStreams() // which Close does not: it would leave pooled connections
		s.must(n.transport.Close())
	}
}
