package toxics

import (
	"errors"
	"fmt"
	"strings"
)

// Plan is what a network does wrong. The zero Plan is a network without faults.
// A Plan is data: safe to copy and to share, as long as nobody writes to its
// slices. It prints itself, and is JSON: see [ParsePlan].
type Plan struct {
	// Seed drives everything random (jitter, slices, shares) in an engine that is
	// deterministic. Every value is a seed, 0 too.
	Seed uint64
	// Toxics are applied to every connection, in this order, for each direction by
	// itself. nil and empty mean none.
	Toxics []Toxic
	// Faults have a place and a time. Those that are toxics come behind Toxics, in
	// this order. Package toxics/tcp says what of them is possible where.
	Faults []Fault

	_ struct{}
}

// ErrInvalid is what errors.Is finds in every error of Validate.
var ErrInvalid = errors.New("invalid toxic")

// ToxicError is one attribute of one toxic that breaks one rule.
type ToxicError struct {
	// Index is the toxic's place in Plan.Toxics, or -1 if it was validated alone.
	Index int
	// Fault says that the place is one in Plan.Faults.
	Fault bool
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
	switch {
	case e.Index < 0:
		fmt.Fprintf(&b, "%s: ", e.Toxic)
	case e.Fault:
		fmt.Fprintf(&b, "fault %d (%s): ", e.Index, e.Toxic)
	default:
		fmt.Fprintf(&b, "toxic %d (%s): ", e.Index, e.Toxic)
	}
	if e.Field != "" {
		fmt.Fprintf(&b, "%s is %v, ", e.Field, e.Value)
	}
	fmt.Fprintf(&b, "must be %s: %s", e.Allowed, e.Rule)
	return b.String()
}

// Unwrap returns ErrInvalid.
func (e *ToxicError) Unwrap() error { return ErrInvalid }

// Validate returns nil if an engine can run the plan, and otherwise every problem at
// once: errors.Join of one *ToxicError for each rule that an attribute breaks, in the
// order of the plan and then of the rules.
func (p Plan) Validate() error { return p.validate(rules, faultRules) }

func (p Plan) validate(rules []rule[Effect], faultRules []rule[Fault]) error {
	var errs []error
	for i, t := range p.Toxics {
		errs = append(errs, judge(i, kind(t), Effect(t), rules)...)
	}
	for i, f := range p.Faults {
		for _, list := range [][]error{
			judge(i, kind(f.Effect), f.Effect, rules),
			judge(i, kind(f.Effect), f, faultRules),
		} {
			for _, err := range list {
				err.(*ToxicError).Fault = true
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// Validate reports every attribute of the fault and of its effect that is out of
// range, as [Plan.Validate] does for a whole plan.
func (f Fault) Validate() error {
	return errors.Join(append(judge(-1, kind(f.Effect), f.Effect, rules), judge(-1, kind(f.Effect), f, faultRules)...)...)
}

func alone(e Effect) error { return errors.Join(judge(-1, kind(e), e, rules)...) }

func judge[T any](index int, kind string, t T, rules []rule[T]) []error {
	var errs []error
	for _, r := range rules {
		value, broken := r.broken(t)
		if !broken {
			continue
		}
		errs = append(errs, &ToxicError{
			Index: index, Toxic: kind, Field: r.field, Value: value,
			Allowed: r.allowed, Rule: r.why,
		})
	}
	return errs
}
