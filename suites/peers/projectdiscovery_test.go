package peers_test

import (
	"context"

	"github.com/projectdiscovery/utils/async"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// The adapter of projectdiscovery/utils/async.
func projectdiscovery() futures.Adapter {
	return ofTasks("async", func(task func() (any, error)) futures.Case {
		f := async.Exec(task)
		return futures.Case{Await: func(context.Context) (any, error) { return f.Await() }}
	})
}
