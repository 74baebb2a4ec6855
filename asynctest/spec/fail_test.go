package spec

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"
)

// A Ginkgo that has changed inside is no reason to lose a failure: failAt then does what
// Fail does. What follows are contexts of such a Ginkgo.
var _ = Describe("another Ginkgo", func() {
	type failer struct{}
	type suite struct{ failer *failer }
	DescribeTable("is noticed by a context with", func(value any) {
		_, ok := method[func(string, types.CodeLocation)](answering{context.Background(), value}, "Fail")
		Expect(ok).To(BeFalse())
	},
		Entry("nothing", nil),
		Entry("no pointer", 5),
		Entry("a nil pointer", (*struct{ suite *suite })(nil)),
		Entry("no suite", &struct{}{}),
		Entry("a suite by value", &struct{ suite suite }{}),
		Entry("a nil suite", &struct{ suite *suite }{}),
		Entry("a nil failer", &struct{ suite *suite }{&suite{}}),
		Entry("a failer without the method", &struct{ suite *suite }{&suite{&failer{}}}),
	)
})

var _ = Describe("a panic", func() {
	It("is a failure if it comes from Fail or Skip", func() {
		Expect(isFailure(types.GinkgoErrors.UncaughtGinkgoPanic(types.CodeLocation{}))).To(BeTrue())
	})

	It("is none if it is anything else", func() {
		Expect(isFailure(5)).To(BeFalse())
		Expect(isFailure(types.GinkgoError{Heading: "another"})).To(BeFalse())
	})
})

// answering is a context that has one value for all keys.
type answering struct {
	context.Context
	value any
}

func (a answering) Value(any) any { return a.value }
