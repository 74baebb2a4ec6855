package toxics

import (
	"errors"
	"fmt"
	"strings"
)

// Plan is what a network does wrong. The zero Plan is a network without faults.
// A Plan is data: safe to copy and to share, as long as nobody writes to its
// slice.
type Plan struct {
	// Seed drives everything random (jitter, slices, shares) in an engine that is
	// deterministic. Every value is a seed, 0 too.
	Seed uint64
	// Toxics are applied in this order, for each direction by itself. nil and
	// empty mean no faults.
	Toxics []Toxic

	_ struct{}
}

// ErrInvalid is what errors.Is finds in every error of Validate.
var ErrInvalid = errors.New("invalid toxic")

// ToxicError is one attribute of one toxic that breaks one rule.
type ToxicError struct {
	// Index is the toxic's place in Plan.Toxics, or -1 if it was validated alone.
	Index int
	// Toxic is its Kind, or its Go type if it is not one of this package's.
	Toxic string
	// Field is the name of the Go field, empty if the toxic itself is wrong.
	Field string
	// Value is the field's value.
	Value any
	// Allowed is the range that the value has to be in.
	Allowed string
	// Rule says why, and what to do instead.
	Rule string
}

// Error reads "toxics: toxic 0 (bandwidth): Rate is 0, must be ...: why and what
// to do".
func (e *ToxicError) Error() string {
	var b strings.Builder
	b.WriteString("toxics: ")
	if e.Index >= 0 {
		fmt.Fprintf(&b, "toxic %d (%s): ", e.Index, e.Toxic)
	} else {
		fmt.Fprintf(&b, "%s: ", e.Toxic)
	}
	if e.Field != "" {
		fmt.Fprintf(&b, "%s is %v, ", e.Field, e.Value)
	}
	fmt.Fprintf(&b, "must be %s: %s", e.Allowed, e.Rule)
	return b.String()
}

// Unwrap returns ErrInvalid.
func (e *ToxicError) Unwrap() error { return ErrInvalid }

// Validate returns nil if both engines can run the plan, and otherwise every
// problem at once: errors.Join of one *ToxicError for each rule that an attribute
// breaks, in the order of the plan and then of the rules.
func (p Plan) Validate() error { return validate(p.Toxics, rules) }

func validate(list []Toxic, rules []rule) error {
	var errs []error
	for i, t := range list {
		errs = append(errs, judge(i, t, rules)...)
	}
	return errors.Join(errs...)
}

func alone(t Toxic) error { return errors.Join(judge(-1, t, rules)...) }

func judge(index int, t Toxic, rules []rule) []error {
	var errs []error
	for _, r := range rules {
		value, broken := r.broken(t)
		if !broken {
			continue
		}
		errs = append(errs, &ToxicError{
			Index: index, Toxic: kind(t), Field: r.field, Value: value,
			Allowed: r.allowed, Rule: r.why,
		})
	}
	return errs
}
