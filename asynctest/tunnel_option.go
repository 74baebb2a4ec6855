package asynctest

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/toxics"
)

// defaultBase is the base of the seeds of tests that package testing runs: a plain go
// test does the same each time.
const defaultBase = 1

// TunnelOption says how a [Tunnel] is made: [WithSeed], [WithReplay], [WithLoop], [WithHorizon],
// [WithNetwork], [WithPlan], [WithRules], [WithFatal], [WithHelper]. One that is nil says nothing.
type TunnelOption interface{ applyTunnel(*tunnelConfig) }

type tunnelConfig struct {
	seed   uint64
	seeded bool
	loop   fakeloop.Config
	net    toxics.Config
	plan   *toxics.Plan // in the place of the one in net
	rules  []blocking.Rule
	fatal  func(any) bool
	helper func(skip int)
	blind  bool   // without a detector
	test   string // whose tunnel it is: "TestX, "; may be empty

	horizon time.Duration // in the place of the one in loop; 0 for that

	decisions fakeloop.Source // takes the place of what loop has

	misuse error // the first option that makes no sense
}

// DefaultInstantLimit is the InstantLimit of a tunnel's loop, if [WithLoop] gives none: how
// many callbacks it may run at one instant of a bubble before it takes them for ones that
// post each other for ever. That takes about a second to find out.
const DefaultInstantLimit = 20_000

type tunnelOption func(*tunnelConfig)

func newTunnelConfig(options []TunnelOption) tunnelConfig {
	c := tunnelConfig{}
	for _, o := range options {
		if o != nil {
			o.applyTunnel(&c)
		}
	}
	c.loop.Horizon = cmp.Or(c.horizon, c.loop.Horizon)
	from, plan := "WithNetwork", c.net.Plan
	if c.plan != nil {
		from, plan = "WithPlan", *c.plan
	}
	if err := plan.Validate(); err != nil {
		c.refuse(fmt.Errorf("%s: %w", from, err))
	}
	return c
}

// refuse notes that an option makes no sense: whoever makes the tunnel says so.
func (c *tunnelConfig) refuse(err error) {
	c.misuse = cmp.Or(c.misuse, fmt.Errorf("asynctest: %w", err))
}

// bubbleHorizon is how far a function may move virtual time in the bubble of its tunnel: as
// many times as far as a call that waits for the loop as it is without an option, and no less.
func (c *tunnelConfig) bubbleHorizon() time.Duration {
	const times = bubble.DefaultHorizon / fakeloop.DefaultHorizon
	if c.loop.Horizon > math.MaxInt64/times {
		return math.MaxInt64
	}
	return max(bubble.DefaultHorizon, times*c.loop.Horizon)
}

func (o tunnelOption) applyTunnel(c *tunnelConfig) { o(c) }

// WithSeed gives a tunnel its seed. Without it the seed comes from the name of the test
// and from WINDTUNNEL_SEED, or Ginkgo's seed.
func WithSeed(seed uint64) TunnelOption {
	return tunnelOption(func(c *tunnelConfig) { c.seed, c.seeded = seed, true })
}

// WithReplay makes the run of a tunnel take the decisions of a replay string, faults
// included, as fakeloop.Recording.String and a [Finding] have them. A run that asks for
// something else stops with a *fakeloop.DivergenceError. If the text is no replay string,
// [Run] fails its test, and says from which byte on; NewTunnel panics.
func WithReplay(text string) TunnelOption {
	replay, err := fakeloop.ParseReplay(text)
	if err != nil {
		return refused(fmt.Errorf("WithReplay: %w%s", err, excerpt(text, err)))
	}
	return withDecisions(replay.Strict())
}

// refused is an option that makes no sense.
func refused(why error) TunnelOption {
	return tunnelOption(func(c *tunnelConfig) { c.refuse(why) })
}

// excerpt shows the part of a text in which err found that it is no replay string.
func excerpt(text string, err error) string {
	bad, ok := errors.AsType[*fakeloop.ReplayError](err)
	if !ok {
		return ""
	}
	const around = 16
	from, to := max(bad.Offset-around, 0), min(bad.Offset+around, len(text))
	show := strconv.Quote(text[from:to])
	if from > 0 {
		show = fmt.Sprintf("after %d bytes %s", from, show)
	}
	if left := len(text) - to; left > 0 {
		show += fmt.Sprintf(" and %d bytes more", left)
	}
	return ". The text is " + show
}

func withDecisions(s fakeloop.Source) TunnelOption {
	return tunnelOption(func(c *tunnelConfig) { c.decisions = s })
}

// WithLoop configures the loop of a tunnel. The tunnel sets Sites and TellDropped. It chooses
// the mode, unless that is Wall, and unless they are given, Decisions, to fakeloop.Seed of its
// seed, Fatal, SetBy, InstantLimit, to [DefaultInstantLimit], and in a bubble Offload, to
// fakeloop.Between: a callback that waits for work that it has offloaded then blocks every
// time.
func WithLoop(config fakeloop.Config) TunnelOption {
	return tunnelOption(func(c *tunnelConfig) { c.loop = config })
}

// setBy says by which option a field of the configuration of a tunnel's loop is set.
func setBy(field string) string {
	if field == "Horizon" {
		return "asynctest.WithHorizon"
	}
	return fmt.Sprintf("asynctest.WithLoop(fakeloop.Config{%s: ...})", field)
}

// WithHorizon sets how far, in virtual time, one call that waits for the loop of a tunnel may
// move it before it gives up: the Horizon of fakeloop.Config, in the place of the one of
// [WithLoop]. Without either it is a day in a bubble, and there is none outside of one. The
// function of [Run] may move time seven times as far, and at least a week, before it counts as
// a deadlock. If d is not positive, Run fails its test, and NewTunnel panics.
func WithHorizon(d time.Duration) TunnelOption {
	if d <= 0 {
		return refused(fmt.Errorf("WithHorizon(%v): the horizon must be positive", d))
	}
	return tunnelOption(func(c *tunnelConfig) { c.horizon = d })
}

// WithNetwork configures the network of a tunnel. If its plan is not valid, Run fails its
// test, and NewTunnel panics. Unless they are given, the tunnel sets the seed of the plan to
// its own, and the gate to that of its loop. See [WithPlan] for a plan whose seed may be zero.
func WithNetwork(config toxics.Config) TunnelOption {
	return tunnelOption(func(c *tunnelConfig) { c.net = config })
}

// WithPlan gives the network of a tunnel a plan, in the place of the one of [WithNetwork],
// and takes the seed of that as it is, zero too: so that the plan draws what it drew
// elsewhere. What the gate of the loop moves comes from the decisions of the loop all the same.
// If the plan is not valid, Run fails its test, and NewTunnel panics.
func WithPlan(plan toxics.Plan) TunnelOption {
	return tunnelOption(func(c *tunnelConfig) { c.plan = &plan })
}

// WithRules allows single functions to block: see [NeverBlock].
func WithRules(rules ...blocking.Rule) TunnelOption {
	return tunnelOption(func(c *tunnelConfig) { c.rules = append(c.rules, rules...) })
}

// WithFatal tells the failures of a test framework from other panics: see
// fakeloop.Config. Package spec gives that of Ginkgo.
func WithFatal(fatal func(recovered any) bool) TunnelOption {
	return tunnelOption(func(c *tunnelConfig) { c.fatal = fatal })
}

// WithHelper tells a test framework which functions of a tunnel are none in which a failure is:
// before a method refuses to be misused, with a panic, helper is called with 0, 1 and so on,
// for the function that calls it, for the caller of that, as far as the method. Package spec
// gives that of Ginkgo, which then names the line of the user.
func WithHelper(helper func(skip int)) TunnelOption {
	return tunnelOption(func(c *tunnelConfig) { c.helper = helper })
}

// ofTest says whose tunnel it is, for what is said of it while the test goes on.
func ofTest(name string) TunnelOption {
	return tunnelOption(func(c *tunnelConfig) { c.test = name + ", " })
}

// withoutDetector is for runs that nobody asks whether they blocked.
var withoutDetector = tunnelOption(func(c *tunnelConfig) { c.blind = true })
