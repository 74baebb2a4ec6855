package spec_test

import (
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest/spec"
)

// session is the code under test: it expires an hour after its last use, on package time.
type session struct {
	timer   *time.Timer
	expired chan struct{}
}

var errExpired = errors.New("the session has expired")

func openSession() *session {
	s := &session{expired: make(chan struct{})}
	s.timer = time.AfterFunc(time.Hour, func() { close(s.expired) })
	return s
}

func (s *session) use() error {
	select {
	case <-s.expired:
		return errExpired
	default:
		s.timer.Reset(time.Hour)
		return nil
	}
}

func (s *session) close() { s.timer.Stop() }

// All nodes of each spec are in one bubble: what BeforeEach has made can be used in the It.
var _ = Describe("a session", spec.Bubble, func() {
	var s *session

	BeforeEach(func() {
		s = openSession()
		DeferCleanup(s.close)
	})

	It("lives on while it is used", func() {
		for range 5 {
			time.Sleep(59 * time.Minute)
			Expect(s.use()).To(Succeed())
		}
	})

	It("expires an hour after its last use", func() {
		time.Sleep(61 * time.Minute) // takes microseconds
		Expect(s.use()).To(MatchError(errExpired))
	})
})

// The specs of this file are run with the others of their suite.
func ExampleBubble() {
	// Output:
}
