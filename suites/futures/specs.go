package futures

import (
	"fmt"
	"regexp"

	"github.com/windtunnel-go/windtunnel/suites/internal/checks"
)

// Specs registers one Ginkgo spec for each property and mode of one subject; it is
// called in a container. It and fail are Ginkgo's It and Fail: this package does not
// import Ginkgo. The runner exists when the specs run, and so it is asked for then;
// report, which may be nil, gets each result, and runs within the spec. Where names the
// container in the command that repeats a spec, which go tool ginkgo runs on the
// package in the working directory.
func Specs(it func(text string, args ...any) bool, fail func(message string, callerSkip ...int), runner func() *Runner, subject, where string, report func(Result)) {
	for _, p := range Properties() {
		for _, when := range p.Whens() {
			name := p.ID() + ": " + p.Name + when.suffix()
			it(name, func() {
				r := runner().Run(subject, p, when)
				if report != nil {
					report(r)
				}
				if r.Bad() {
					focus := regexp.QuoteMeta(where + " " + name)
					fail(r.Text(fmt.Sprintf("go tool ginkgo run --focus '%s' %s", focus, checks.Directory())))
				}
			})
		}
	}
}
