package spec_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest/spec"
)

// begin is when the clock of a bubble begins.
var begin = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

func virtual() time.Duration { return time.Since(begin) }

var _ = Describe("the nodes of a spec", spec.Bubble, func() {
	var (
		answers chan string
		ticker  *time.Ticker
		order   []string
	)

	BeforeEach(func() {
		order = nil
		Expect(virtual()).To(BeZero())
		answers = make(chan string)
		ticker = time.NewTicker(time.Hour)
		DeferCleanup(func() {
			Expect(virtual()).To(Equal(4 * time.Hour))
			Expect(order).To(Equal([]string{"JustBeforeEach", "It", "JustAfterEach", "AfterEach", "DeferCleanup"}))
			ticker.Stop()
		})
		time.Sleep(time.Hour)
	})

	JustBeforeEach(func() {
		Expect(virtual()).To(Equal(time.Hour))
		order = append(order, "JustBeforeEach")
		go func() {
			time.Sleep(time.Hour)
			answers <- "yes"
			time.Sleep(time.Hour)
			answers <- "no"
		}()
	})

	for range 3 {
		It("share one bubble, whose clock stands still between them", func() {
			DeferCleanup(func() { order = append(order, "DeferCleanup") })
			order = append(order, "It")
			Expect(answers).NotTo(Receive())
			Consistently(answers).WithTimeout(30 * time.Minute).WithPolling(time.Minute).ShouldNot(Receive())
			Eventually(answers).WithTimeout(time.Hour).WithPolling(7 * time.Minute).Should(Receive(Equal("yes")))
			Expect(virtual()).To(BeNumerically("~", 2*time.Hour, 7*time.Minute))
		})
	}

	JustAfterEach(func() {
		order = append(order, "JustAfterEach")
		Expect(<-answers).To(Equal("no"))
	})

	AfterEach(func() {
		order = append(order, "AfterEach")
		<-ticker.C // the first tick has been waiting
		time.Sleep(4*time.Hour - virtual())
		Expect(virtual()).To(Equal(4 * time.Hour))
	})
})

var _ = Describe("a single spec", func() {
	outside := make(chan int, 1)

	BeforeEach(func() { Expect(time.Since(begin)).To(BeNumerically(">", 20*365*24*time.Hour)) })

	It("has a bubble, in which it defers", spec.Bubble, func() {
		never := make(chan int)
		go func() { <-never }()
		DeferCleanup(func() {
			Expect(virtual()).To(Equal(time.Hour))
			close(never)
		})
		outside <- 1
		Expect(<-outside).To(Equal(1))
		time.Sleep(time.Hour)
	})

	AfterEach(func() { Expect(time.Since(begin)).To(BeNumerically(">", 20*365*24*time.Hour)) })
})

var _ = Describe("decorators at several levels", spec.Bubble, func() {
	Context("inside each other", spec.Bubble, func() {
		It("make one bubble", spec.Bubble, func() {
			time.Sleep(time.Hour)
			Expect(virtual()).To(Equal(time.Hour))
		})
	})
})

var _ = DescribeTable("a table", spec.Bubble, func(d time.Duration) {
	time.Sleep(d)
	Expect(virtual()).To(Equal(d))
},
	Entry("has a bubble for each entry", time.Second),
	Entry("whatever it takes", 23*time.Hour),
)

var _ = Describe("an Ordered container", Ordered, spec.Bubble, func() {
	var plain int
	var foreign chan int

	BeforeAll(func() {
		Expect(time.Since(begin)).To(BeNumerically(">", 20*365*24*time.Hour))
		plain, foreign = 1, make(chan int, 1)
		DeferCleanup(func() { Expect(plain).To(Equal(3)) })
	})

	It("has a bubble for each spec", func() {
		plain++
		foreign <- plain
		time.Sleep(time.Hour)
		Expect(virtual()).To(Equal(time.Hour))
	})

	It("whose specs share what BeforeAll has made", func() {
		Expect(virtual()).To(BeZero())
		Expect(<-foreign).To(Equal(plain))
		plain++
	})

	AfterAll(func() { Expect(time.Since(begin)).To(BeNumerically(">", 20*365*24*time.Hour)) })
})

var _ = Describe("the context of a node", spec.Bubble, func() {
	It("can be a parent", func(ctx SpecContext) {
		ctx2, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		<-ctx2.Done()
		Expect(virtual()).To(Equal(time.Hour))
		Expect(ctx2.Err()).To(MatchError(context.DeadlineExceeded))
		Expect(ctx.Err()).NotTo(HaveOccurred())
	})

	It("is taken by Eventually", func(ctx SpecContext) {
		done := make(chan struct{})
		go func() {
			time.Sleep(time.Hour)
			close(done)
		}()
		Eventually(ctx, done).WithTimeout(2 * time.Hour).WithPolling(time.Minute).Should(BeClosed())
	}, NodeTimeout(time.Hour))

	It("ends with the node", func(ctx SpecContext) {
		DeferCleanup(func() { Expect(ctx.Err()).To(MatchError(context.Canceled)) })
		ended := make(chan struct{})
		go func() {
			<-ctx.Done()
			close(ended)
		}()
		DeferCleanup(func() { <-ended })
	})

	It("is cancelled by a timeout of Ginkgo's on real time only", SpecTimeout(time.Hour), func(ctx SpecContext) {
		time.Sleep(23 * time.Hour)
		Expect(ctx.Err()).NotTo(HaveOccurred())
	})
})

var _ = Describe("attempts", spec.Bubble, func() {
	repeated := 0

	It("of a repeated spec have a bubble each", MustPassRepeatedly(3), func() {
		Expect(virtual()).To(BeZero())
		time.Sleep(time.Hour)
		repeated++
	})
})

var _ = It("may have a horizon of years", spec.Horizon(3*365*24*time.Hour), func() {
	time.Sleep(2 * 365 * 24 * time.Hour)
	Expect(time.Now().Year()).To(Equal(2001))
})

var _ = It("must have a horizon", func() {
	Expect(func() { spec.Horizon(0) }).To(PanicWith("spec: Horizon(0s): the horizon must be positive"))
})
