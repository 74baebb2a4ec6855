package asynctest

import (
	"errors"
	"slices"
	"strings"

	"github.com/onsi/gomega/types"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
)

// BlockAt succeeds if some callback blocked at the place, which is compared with
// the first frame of the user's own code. It takes what [NeverBlock] takes, and
// counts what that counts. The place is a line or a function, as they stand in
// the texts of failures, with as much of the path as is wanted:
//
//	Expect(rec).To(BlockAt("client.go:12"))
//	Expect(rec).To(BlockAt("client.(*Client).Fetch"))
//	Expect(rec).To(BlockAt("example.org/app/client.dial"))
//
// A function stands for the closures written in it too.
func BlockAt(place string) types.GomegaMatcher { return &blockAt{place: place} }

type blockAt struct {
	blockReader
	place string
}

func (m *blockAt) Match(actual any) (bool, error) {
	if strings.Trim(m.place, "/. ") == "" {
		return false, errors.New(`BlockAt takes a place, such as "client.go:12" or "client.(*Client).Fetch".  Got an empty one`)
	}
	if err := m.read("BlockAt", actual); err != nil {
		return false, err
	}
	return slices.ContainsFunc(m.report.Blocks, m.is), nil
}

func (m *blockAt) is(b blocking.Block) bool {
	return endsIn(b.User.Location(), m.place, "/") || endsIn(b.User.WrittenIn(), m.place, "/.") || endsIn(b.User.Func, m.place, "/.") ||
		blocking.AllowFunc(m.place, "").Names(b.User)
}

// endsIn reports whether full ends in part, and part begins with a whole element
// of the path.
func endsIn(full, part, separators string) bool {
	rest, ok := strings.CutSuffix(full, part)
	return ok && (rest == "" || strings.ContainsAny(rest[len(rest)-1:], separators))
}

func (m *blockAt) FailureMessage(any) string {
	return m.blocked("to block at "+m.place, m.report.Blocks)
}

func (m *blockAt) NegatedFailureMessage(any) string {
	return m.blocked("not to block at "+m.place, pick(m.report.Blocks, m.is))
}
