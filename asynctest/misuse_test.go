package asynctest_test

import (
	"fmt"
	"path"
	"runtime"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	. "github.com/windtunnel-go/windtunnel/asynctest"

	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// located is a test that notes where it fails, as package testing does: at the first caller
// that has not said that it is a helper.
type located struct {
	subject
	helpers map[string]bool
	at      string
}

func (l *located) Helper() {
	pc, _, _, _ := runtime.Caller(1)
	l.helpers[runtime.FuncForPC(pc).Name()] = true
}

func (l *located) Errorf(format string, args ...any) {
	for skip := 1; l.at == ""; skip++ {
		if pc, file, line, _ := runtime.Caller(skip); !l.helpers[runtime.FuncForPC(pc).Name()] {
			l.at = fmt.Sprintf("%s:%d", path.Base(file), line)
		}
	}
	l.subject.Errorf(format, args...)
}

// An option that makes no sense fails the one test, at its line, and says what is wrong with
// it. NewTunnel has no test to fail.
func TestOptionsThatMakeNoSense(t *testing.T) {
	recording := fakeloop.Record(nil)
	for i := range 20 {
		recording.Choose(fmt.Sprint("side ", i), 2)
	}
	replay := recording.String()
	broken := replay[:len(replay)-20] + "!" + replay[len(replay)-19:]
	plan := toxics.Plan{Toxics: []toxics.Toxic{toxics.Latency{Latency: -time.Second}}}
	for _, c := range []struct {
		name    string
		options []TunnelOption
		want    string
	}{
		{"no replay string", []TunnelOption{WithReplay("nonsense")},
			`asynctest: WithReplay: fakeloop: this is no replay string: at byte 0: found 'n', expected "wt1:". The text is "nonsense"`},
		{"nothing", []TunnelOption{WithReplay("")},
			`asynctest: WithReplay: fakeloop: this is no replay string: at byte 0: the string ends, expected "wt1:". The text is ""`},
		{"a long one", []TunnelOption{WithReplay("see " + strings.Repeat("there ", 20))},
			`asynctest: WithReplay: fakeloop: this is no replay string: at byte 0: found 's', expected "wt1:". The text is "see there there " and 108 bytes more`},
		{"one that was changed", []TunnelOption{WithReplay(broken)},
			fmt.Sprintf(`asynctest: WithReplay: fakeloop: this is no replay string: at byte %d: found '!', expected a letter, a digit, '-' or '_'. The text is after %d bytes %q and 4 bytes more`,
				len(replay)-20, len(replay)-36, broken[len(replay)-36:len(replay)-4])},
		{"no horizon", []TunnelOption{WithHorizon(0)}, "asynctest: WithHorizon(0s): the horizon must be positive"},
		{"a horizon in the past", []TunnelOption{WithHorizon(-time.Second)}, "asynctest: WithHorizon(-1s): the horizon must be positive"},
		{"a plan", []TunnelOption{WithPlan(plan)}, "asynctest: WithPlan: toxics: toxic 0 (latency): Latency is -1s, must be 0 or from 1ms"},
		{"the plan of a network", []TunnelOption{WithNetwork(toxics.Config{Plan: plan})}, "asynctest: WithNetwork: toxics: toxic 0 (latency): Latency is -1s"},
		{"the first of two", []TunnelOption{WithHorizon(0), WithReplay("nonsense")}, "asynctest: WithHorizon(0s): "},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			l := &located{subject: subject{name: "TestSubject"}, helpers: map[string]bool{}}
			Run(l, func(*Tunnel) { l.Errorf("it has run") }, c.options...)
			_, _, line, _ := runtime.Caller(0)
			g.Expect(l.errors).To(HaveLen(1))
			g.Expect(l.errors[0]).To(HavePrefix(c.want))
			g.Expect(l.at).To(Equal(fmt.Sprintf("misuse_test.go:%d", line-1)))
			g.Expect(func() { NewTunnel(c.options...) }).To(PanicWith(HavePrefix(c.want)))
			_, err := Scenario{Run: func(*Tunnel) any { return nil }, Tunnel: c.options}.Sweep()
			g.Expect(err).To(MatchError(HavePrefix(c.want)))
		})
	}
}
