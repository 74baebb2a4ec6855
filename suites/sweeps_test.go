package suites_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/subjects"
	"github.com/windtunnel-go/windtunnel/suites/sweeps"
	"github.com/windtunnel-go/windtunnel/suites/verdicts"
)

const sweptReadme = "sweeps/README.md"

// full reports whether WINDTUNNEL_SCALE asks for all there is: streams that end behind each
// byte, and schedules of several seeds.
func full() bool {
	scale, err := strconv.ParseFloat(os.Getenv("WINDTUNNEL_SCALE"), 64)
	return err == nil && scale >= 1
}

// Every bundled subject, swept. What is found is as it should be, and stands in a README.
var _ = Describe("a sweep of the subjects", Label("sweep"), Ordered, ContinueOnFailure, func() {
	var results []sweeps.Result

	for _, subject := range sweeps.Subjects {
		It("finds in "+subject.Name+" what there is", func() {
			if full() {
				subject.More = asynctest.Scenario{EveryByte: true, Seeds: []uint64{0, 1, 2}}
			}
			subject.More.Command = "go tool ginkgo run --focus='finds in " + regexp.QuoteMeta(subject.Name) + " what there is' ./suites"
			result, err := subject.Sweep(GinkgoT().TempDir())
			Expect(err).NotTo(HaveOccurred())
			if result.Report != nil {
				GinkgoWriter.Printf("%d runs (full: %v)\n%v", result.Report.Runs, full(), result.Report)
			}
			Expect(result.Deviations()).To(BeEmpty())
			results = append(results, result)
		})
	}

	It("stands in its README", func() {
		if full() || len(results) < len(sweeps.Subjects) {
			return // it shows each fault alone; and one that failed, or was filtered out, is not to be shown
		}
		const begin, end = "<!-- the sweeps -->\n", "<!-- end of the sweeps -->"
		text, err := os.ReadFile(sweptReadme)
		Expect(err).NotTo(HaveOccurred())
		before, rest, found := strings.Cut(string(text), begin)
		shown, after, foundEnd := strings.Cut(rest, end)
		Expect(found && foundEnd).To(BeTrue(), sweptReadme+" has lost the comments around the sweeps")
		got := "```text\n" + sweeps.Table(results) + "```\n\n" + sweeps.Explain(results)
		if *updateReadme {
			Expect(os.WriteFile(sweptReadme, []byte(before+begin+got+end+after), 0o644)).To(Succeed())
			return
		}
		Expect(shown).To(Equal(got), sweptReadme+" shows other sweeps; go tool ginkgo run --label-filter sweep ./suites -- -windtunnel.readme puts these there")
	})
})

// planted is a bundled subject with a bug, and by what a sweep must find it: at the line
// with its name in a comment.
type planted struct {
	name  string
	of    string
	start func(*verdicts.Run)
	check asynctest.SweepCheck
}

// onError hands the outcome of a callback fetch to another function if it is an error.
func onError(r *verdicts.Run, failed func(error)) {
	subjects.Callback(r.Loop, r.Client, r.URL, func(body string, err error) {
		if err != nil {
			failed(err)
			return
		}
		r.Deliver(body, nil)
	})
}

var bugs = []planted{
	{"forgets whoever waits if it fails", "callback fetch", func(r *verdicts.Run) {
		onError(r, func(error) {})
	}, asynctest.FoundPending},
	{"calls back twice if it fails", "callback fetch", func(r *verdicts.Run) {
		onError(r, func(err error) {
			r.Deliver("", err)
			r.Deliver("", err)
		})
	}, asynctest.FoundTwoOutcomes},
	{"waits on its loop before it tells of an error", "callback fetch", func(r *verdicts.Run) {
		onError(r, func(err error) {
			time.Sleep(time.Second) // bug: waits on its loop before it tells of an error
			r.Deliver("", err)
		})
	}, asynctest.FoundBlocking},
	{"leaves a goroutine behind if it fails", "callback fetch", func(r *verdicts.Run) {
		onError(r, func(err error) {
			var never sync.WaitGroup
			never.Add(1)
			go func() {
				never.Wait() // bug: leaves a goroutine behind if it fails
			}()
			r.Deliver("", err)
		})
	}, asynctest.FoundLeftOver},
	{"tells of an error in its own words", "raw Future fetch", func(r *verdicts.Run) {
		page := subjects.Future(r.Loop, r.Client, r.URL)
		fakeloop.Catch(page, func(err error) (string, error) { // bug: tells of an error in its own words
			return "", errors.New("no page: " + err.Error())
		}).OnSettled(r.Deliver)
	}, asynctest.FoundErrorLost},
	{"takes half a page for a page", "coroutine fetch", func(r *verdicts.Run) {
		page := subjects.Coroutine(r.Loop, r.Client, r.URL)
		fakeloop.Catch(page, func(err error) (string, error) {
			if errors.Is(err, io.ErrUnexpectedEOF) {
				return "half a page", nil
			}
			return "", err
		}).OnSettled(r.Deliver)
	}, asynctest.FoundWrongValue},
	{"tries again for ever", "chain of promises", func(r *verdicts.Run) {
		fakeloop.Offload(r.Loop, "fetch", func(ctx context.Context) (string, error) {
			for {
				body, err := subjects.Get(ctx, r.Client, r.URL)
				if err == nil || ctx.Err() != nil {
					return body, err
				}
				time.Sleep(time.Hour) // bug: tries again for ever
			}
		}).OnSettled(r.Deliver)
	}, asynctest.FoundTooLate},
}

// bugLine is where a bug is, "" if the line is not marked.
func bugLine(name string) string {
	text, err := os.ReadFile("sweeps_test.go")
	Expect(err).NotTo(HaveOccurred())
	for i, line := range strings.Split(string(text), "\n") {
		if strings.HasSuffix(line, "// bug: "+name) {
			return fmt.Sprintf("sweeps_test.go:%d", i+1)
		}
	}
	return ""
}

var _ = Describe("a sweep of a broken subject", Label("sweep"), func() {
	for _, bug := range bugs {
		It("finds that it "+bug.name, func() {
			var broken sweeps.Subject
			for _, s := range sweeps.Subjects {
				if s.Name == bug.of {
					broken = s
				}
			}
			broken.Start, broken.OnTCP = bug.start, false
			if bug.check != asynctest.FoundWrongValue { // the others need no more than a dial that fails
				for _, call := range []string{"accept *", "read *", "write *", "offload *"} {
					broken.More.Leave = append(broken.More.Leave, asynctest.LeftOut{Point: call, Why: "a dial is enough"})
				}
			}
			result, err := broken.Sweep(GinkgoT().TempDir())
			Expect(err).NotTo(HaveOccurred())
			Expect(result.Refused).NotTo(HaveOccurred())
			Expect(result.Deviations()).NotTo(BeEmpty())
			var checks []asynctest.SweepCheck
			for _, f := range result.Report.Findings {
				checks = append(checks, f.Check)
				if line := bugLine(bug.name); line != "" && f.Check == bug.check {
					Expect(f.Place).To(Equal(line), "%v", result.Report)
				}
			}
			Expect(checks).To(ContainElement(bug.check), "%v", result.Report)
		})
	}
})
