package spec

import (
	"context"
	"testing"

	"github.com/onsi/ginkgo/v2/types"
)

// A Ginkgo that has changed inside is no reason to lose a failure: failAt then does what
// Fail does. What follows are contexts of such a Ginkgo.
func TestAnotherGinkgoIsNoticed(t *testing.T) {
	type failer struct{}
	type suite struct{ failer *failer }
	for name, value := range map[string]any{
		"none":             nil,
		"no pointer":       5,
		"nil":              (*struct{ suite *suite })(nil),
		"no suite":         &struct{}{},
		"a suite by value": &struct{ suite suite }{},
		"a nil suite":      &struct{ suite *suite }{},
		"a nil failer":     &struct{ suite *suite }{&suite{}},
		"another failer":   &struct{ suite *suite }{&suite{&failer{}}},
	} {
		if _, ok := method[func(string, types.CodeLocation)](answering{context.Background(), value}, "Fail"); ok {
			t.Errorf("%s: found a method", name)
		}
	}
}

func TestIsFailure(t *testing.T) {
	if isFailure(5) || isFailure(types.GinkgoError{Heading: "another"}) {
		t.Error("takes a panic for a failure of Ginkgo's")
	}
	if !isFailure(types.GinkgoErrors.UncaughtGinkgoPanic(types.CodeLocation{})) {
		t.Error("does not know a failure of Ginkgo's")
	}
}

// answering is a context that has one value for all keys.
type answering struct {
	context.Context
	value any
}

func (a answering) Value(any) any { return a.value }
