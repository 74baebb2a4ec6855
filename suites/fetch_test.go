package suites_test

import (
	"context"
	"net"
	"slices"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/suites/subjects"
	"github.com/windtunnel-go/windtunnel/suites/verdicts"
)

// Every cell of the table, measured and judged.
var _ = Describe("a subject", func() {
	for _, subject := range verdicts.Subjects {
		Describe(subject.Name, func() {
			for _, fault := range verdicts.Faults {
				It("under "+fault.Name, func() {
					cell, err := verdicts.Measure(subject, fault)
					Expect(err).NotTo(HaveOccurred())
					attachCell(cell, subject, fault)
					Expect(cell.Deviations(subject, fault)).To(BeEmpty())
					if cell.NA != "" {
						return
					}
					Expect(cell.Text()).To(Equal(subject.Text(fault)))
					if subject.Blocks {
						Expect(cell.Report).To(SatisfyAll(BlockOn(subject.Resource), BlockAt(subject.At)))
						Expect(cell.Report).To(NeverBlock(Except(subject.Resource)))
					} else {
						Expect(cell.Report).To(NeverBlock())
					}
				})
			}
		})
	}
})

// The same fetches in the words in which a user asserts on them.
var _ = Describe("a fetch, asserted on", func() {
	open := func(fault string) (*fakeloop.Loop, *verdicts.Site) {
		GinkgoHelper()
		i := slices.IndexFunc(verdicts.Faults, func(f verdicts.Fault) bool { return f.Name == fault })
		site, err := verdicts.Open(verdicts.Faults[i])
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(site.Close)
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Wall, Sites: true})
		DeferCleanup(loop.Close)
		return loop, site
	}

	It("resolves with the page", func() {
		watch := Watch(GinkgoTB())
		loop, site := open("latency 50ms")
		page := subjects.Future(loop, site.Client, site.URL)
		Expect(page).To(BePending())
		Expect(page).To(ResolveWith(verdicts.Page))
		Expect(watch).To(NeverBlock())
	})

	It("rejects with what the network did", func() {
		watch := Watch(GinkgoTB())
		loop, site := open("reset mid-body")
		page := subjects.Coroutine(loop, site.Client, site.URL)
		Expect(page).To(RejectWith(syscall.ECONNRESET, ErrorAs[*net.OpError](), ErrorAs[*subjects.FetchError](HaveField("Stage", subjects.StageAwait))))
		Expect(watch).To(NeverBlock())
	})

	It("calls back with what the network did", func() {
		loop, site := open("timeout")
		page := Adapt(func(settle func(string, error)) { subjects.Callback(loop, site.Client, site.URL, settle) })
		Expect(On(loop, page)).To(RejectWith(context.DeadlineExceeded))
	})

	It("is seen to block where it blocks", func() {
		watch := Watch(GinkgoTB())
		loop, site := open("refused")
		Expect(subjects.BlockingCoroutine(loop, site.Client, site.URL)).To(RejectWith(syscall.ECONNREFUSED))
		Expect(watch).To(SatisfyAll(BlockOn(blocking.Network), BlockAt("subjects.Get")))
	})
})
