package tcp

import (
	"errors"
	"fmt"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// ErrUnsupported is found in the error for a plan that is valid and that real TCP cannot
// run. It wraps errors.ErrUnsupported.
var ErrUnsupported = fmt.Errorf("real TCP cannot do that (%w)", errors.ErrUnsupported)

// check is nil for a plan that this engine can run.
func check(plan toxics.Plan) error {
	if err := plan.Validate(); err != nil {
		return err
	}
	var errs []error
	for i, f := range plan.Faults {
		errs = append(errs, fmt.Errorf("fault %d (%s): %w: %s; the virtual network of package toxics can",
			i, f.Effect.Kind(), ErrUnsupported, whyNot(f.Effect)))
	}
	return errors.Join(errs...)
}

func whyNot(e toxics.Effect) string {
	switch e.(type) {
	case toxics.Severed:
		return "a proxy ends connections, it has no packets to hold back"
	case toxics.Refuse:
		return "refusing some dials and not others takes a listener of its own for each; Proxy.Disable refuses all"
	case toxics.FailDial, toxics.SlowDial:
		return "the kernel makes the connection to a proxy, before the proxy knows of it"
	case toxics.FailLookup, toxics.SlowLookup:
		return "a proxy has an address and no name"
	}
	return "a connection has one chain of toxics from its first byte to its last; put it into Toxics and change it with Proxy.Apply"
}
