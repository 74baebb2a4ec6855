package tcp

import (
	"errors"
	"fmt"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// ErrUnsupported is found in the error for a plan that is valid and that a proxy of its own
// cannot run. It wraps errors.ErrUnsupported.
var ErrUnsupported = fmt.Errorf("a proxy cannot do that (%w)", errors.ErrUnsupported)

// check is nil for a plan that a proxy can run whose clients dial its address, and not a name
// of the network.
func check(plan toxics.Plan) error {
	if err := plan.Validate(); err != nil {
		return err
	}
	var errs []error
	for i, f := range plan.Faults {
		if why := whyNot(f); why != "" {
			errs = append(errs, fmt.Errorf("fault %d (%s): %w: %s; Config.Plan and Network.DialContext can",
				i, f.Effect.Kind(), ErrUnsupported, why))
		}
	}
	return errors.Join(errs...)
}

// whyNot says why a proxy cannot run a fault; empty if it can.
func whyNot(f toxics.Fault) string {
	switch f.Effect.(type) {
	case toxics.Refuse:
		if f.Count > 0 || f.Effect.Fraction() < 1 {
			return "while the proxy does not listen, the kernel refuses all dials and counts none"
		}
	case toxics.FailDial, toxics.SlowDial:
		return "the kernel makes the connection to a proxy, before the proxy knows of it"
	case toxics.FailLookup, toxics.SlowLookup:
		return "a proxy has an address and no name"
	}
	if f.Source != "" && !isAt(f.Source, toxics.DefaultHost) {
		if _, severed := f.Effect.(toxics.Severed); !severed {
			return "a proxy cannot tell who dials it"
		}
	}
	return ""
}
