package servers

import (
	"bytes"
	"net"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// postgres speaks the protocol of PostgreSQL: queries simple and
// extended, transactions, notifications, requests to cancel. Its SQL is small:
//
//	select $1             its parameter, a text, is the only row
//	sleep                 does not end unless it is cancelled
//	begin, commit, rollback
//	listen all            the connection hears what notify says
//	notify $1
//
// and an empty statement, which is what a ping is. All else is a syntax error.
type postgres struct {
	ended chan struct{}

	mu       sync.Mutex
	sessions []*session // by process id, from 1
}

// Postgres listens and serves at postgres:5432; the function that it returns ends that, and
// all connections.
func Postgres(n *toxics.Network) (end func(), err error) {
	p := &postgres{ended: make(chan struct{})}
	l, err := n.Listen("postgres:5432")
	if err != nil {
		return nil, err
	}
	var all sync.WaitGroup
	all.Go(func() {
		accept(l, func(c net.Conn) {
			all.Go(func() {
				defer c.Close()
				p.serve(c)
			})
		})
	})
	return func() {
		l.Close()
		close(p.ended)
		n.Host("postgres").Drop()
		all.Wait()
	}, nil
}

func (p *postgres) serve(c net.Conn) {
	b := pgproto3.NewBackend(c, c)
	first, err := b.ReceiveStartupMessage()
	if err != nil {
		return
	}
	switch first := first.(type) {
	case *pgproto3.CancelRequest:
		p.cancel(first)
	case *pgproto3.StartupMessage:
		s := p.enter(b)
		s.send(&pgproto3.AuthenticationOk{}, &pgproto3.BackendKeyData{ProcessID: s.id, SecretKey: s.secret}, s.ready())
		for s.receive() {
		}
	}
}

// enter makes a session, which has a number from then on.
func (p *postgres) enter(b *pgproto3.Backend) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := uint32(len(p.sessions) + 1)
	s := &session{server: p, id: id, backend: b, secret: []byte{'k', 'e', 'y', byte(id)}, cancelled: make(chan struct{}, 1),
		status: 'I', statements: map[string]string{}}
	p.sessions = append(p.sessions, s)
	return s
}

// cancel ends the statement that sleeps in the session of the request.
func (p *postgres) cancel(r *pgproto3.CancelRequest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sessions {
		if s.id == r.ProcessID && bytes.Equal(s.secret, r.SecretKey) {
			select {
			case s.cancelled <- struct{}{}:
			default:
			}
		}
	}
}

// notify tells all sessions that listen.
func (p *postgres) notify(from uint32, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.sessions {
		if s.listens {
			s.send(&pgproto3.NotificationResponse{PID: from, Channel: "all", Payload: text})
		}
	}
}

// session is one connection to the server.
type session struct {
	server    *postgres
	id        uint32
	secret    []byte
	cancelled chan struct{}
	listens   bool // with server.mu

	writing sync.Mutex
	backend *pgproto3.Backend

	status     byte // of the transaction: 'I' none, 'T' open, 'E' failed
	statements map[string]string
	bound      string // the statement that is to be executed
	parameter  string
	skipping   bool // up to the next Sync, behind an error
	answers    []pgproto3.BackendMessage
}

// send writes messages in one piece. That the connection is gone, the next read tells.
func (s *session) send(messages ...pgproto3.BackendMessage) {
	s.writing.Lock()
	defer s.writing.Unlock()
	for _, m := range messages {
		s.backend.Send(m)
	}
	_ = s.backend.Flush()
}

func (s *session) answer(m pgproto3.BackendMessage) { s.answers = append(s.answers, m) }

func (s *session) ready() pgproto3.BackendMessage { return &pgproto3.ReadyForQuery{TxStatus: s.status} }

// receive takes one message, and answers at the end of a request. It is false at the end
// of the connection.
func (s *session) receive() bool {
	message, err := s.backend.Receive()
	if err != nil {
		return false
	}
	switch m := message.(type) {
	case *pgproto3.Terminate:
		return false
	case *pgproto3.Query:
		s.execute(m.String, "")
		s.flush()
	case *pgproto3.Sync:
		s.flush()
	default:
		if !s.skipping {
			s.extended(message)
		}
	}
	return true
}

// flush ends a request.
func (s *session) flush() {
	s.skipping = false
	s.send(append(s.answers, s.ready())...)
	s.answers = nil
}

// extended takes one of the messages that come before a Sync.
func (s *session) extended(message pgproto3.FrontendMessage) {
	switch m := message.(type) {
	case *pgproto3.Parse:
		if !strings.HasSuffix(m.Query, " $1") {
			s.fail("42601", "syntax error")
			return
		}
		s.statements[m.Name] = m.Query
		s.answer(&pgproto3.ParseComplete{})
	case *pgproto3.Describe:
		s.answer(&pgproto3.ParameterDescription{ParameterOIDs: []uint32{25}})
		if s.statements[m.Name] == "select $1" {
			s.answer(row)
		} else {
			s.answer(&pgproto3.NoData{})
		}
	case *pgproto3.Bind:
		s.bound, s.parameter = s.statements[m.PreparedStatement], string(m.Parameters[0])
		s.answer(&pgproto3.BindComplete{})
	case *pgproto3.Execute:
		s.execute(s.bound, s.parameter)
	case *pgproto3.Close:
		s.answer(&pgproto3.CloseComplete{})
	}
}

// row has one column, a text.
var row = &pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{Name: []byte("text"), DataTypeOID: 25, DataTypeSize: -1, TypeModifier: -1}}}

func (s *session) execute(statement, parameter string) {
	switch statement {
	case "", "-- ping":
		s.answer(&pgproto3.EmptyQueryResponse{})
		return
	case "select $1":
		s.answer(&pgproto3.DataRow{Values: [][]byte{[]byte(parameter)}})
	case "sleep":
		select {
		case <-s.cancelled:
			s.fail("57014", "canceling statement due to user request")
			return
		case <-s.server.ended:
		}
	case "begin":
		s.status = 'T'
	case "commit", "rollback":
		if s.status == 'E' {
			statement = "rollback"
		}
		s.status = 'I'
	case "listen all":
		s.server.mu.Lock()
		s.listens = true
		s.server.mu.Unlock()
	case "notify $1":
		s.server.notify(s.id, parameter)
	default:
		s.fail("42601", "syntax error")
		return
	}
	s.answer(&pgproto3.CommandComplete{CommandTag: []byte(strings.ToUpper(statement))})
}

// fail answers with an error, which makes a transaction fail.
func (s *session) fail(code, text string) {
	if s.status == 'T' {
		s.status = 'E'
	}
	s.skipping = true
	s.answer(&pgproto3.ErrorResponse{Severity: "ERROR", Code: code, Message: text})
}
