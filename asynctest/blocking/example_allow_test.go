package blocking_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
)

// watch records f with rules.
func watch(f func(), rules ...blocking.Rule) *blocking.Report {
	rec, err := blocking.Start(blocking.Config{Allow: rules})
	if err != nil {
		panic(err)
	}
	f()
	report, err := rec.Stop()
	if err != nil {
		panic(err)
	}
	return report
}

func ExampleAllow() {
	report := watch(func() {
		blocking.Callback(func() {
			blocking.Allow("once, before the first client", slowHandler)
		})
	})
	fmt.Println(len(report.Blocks), "count; allowed:", report.Allowed[0].Allowed)
	// Output: 0 count; allowed: once, before the first client
}

func ExampleDisallow() {
	report := watch(func() {
		blocking.Callback(func() {
			blocking.Allow("the library does as it likes", func() {
				blocking.Disallow(slowHandler) // but it calls back into this
			})
		})
	})
	fmt.Println(len(report.Blocks), "counts")
	// Output: 1 counts
}

func ExampleAllowPackage() {
	rule := blocking.AllowPackage("example.org/app/legacy/...", "to be replaced").By(blocking.Syscall)
	fmt.Println(rule)
	// Output: blocking.AllowPackage("example.org/app/legacy/...", "to be replaced").By(blocking.Syscall)
}

func ExampleRule_On() {
	rule := blocking.AllowFunc("example.org/app.dial", "an address of the configuration").On(blocking.DNS)
	report := watch(func() { blocking.Callback(slowHandler) }, rule)
	fmt.Println(len(report.Blocks), "counts, stale:", report.Stale[0])
	// Output: 1 counts, stale: blocking.AllowFunc("example.org/app.dial", "an address of the configuration").On(blocking.DNS)
}

func ExampleRule_By() {
	rule := blocking.AllowFunc(blocking.FuncName(slowHandler), "a small file").By(blocking.Syscall)
	report := watch(func() { blocking.Callback(slowHandler) }, rule) // but it parks
	fmt.Println(len(report.Blocks), "counts, by", report.Blocks[0].Kind)
	// Output: 1 counts, by park
}

func ExampleDisallowFunc() {
	report := watch(func() { blocking.Callback(slowHandler) },
		blocking.AllowPackage("github.com/windtunnel-go/windtunnel/asynctest/blocking_test", "examples"),
		blocking.DisallowFunc(blocking.FuncName(slowHandler), "is on every path"),
	)
	fmt.Println(len(report.Blocks), "counts")
	// Output: 1 counts
}

func ExampleLogWrites() {
	report := watch(func() {
		blocking.Callback(func() { fmt.Print("") })
	}, blocking.LogWrites()...)
	fmt.Println(len(report.Blocks), "count, allowed:", report.Allowed[0].Allowed)
	// Output: 0 count, allowed: printing and logging
}

func ExampleFirstUse() {
	report := watch(func() {
		blocking.Callback(func() {
			_ = time.Now().Local().String() // loads the local time zone, if nobody has yet
			slowHandler()
		})
	}, blocking.FirstUse()...)
	fmt.Println(len(report.Blocks), "counts:", report.Blocks[0].Resource)
	// Output: 1 counts: sleep
}

func ExampleTestFrameworks() {
	for _, rule := range blocking.TestFrameworks() {
		fmt.Println(rule)
	}
	// Output:
	// blocking.AllowPackage("testing/...", "the test framework's own")
	// blocking.AllowPackage("github.com/onsi/ginkgo/...", "the test framework's own")
	// blocking.AllowPackage("github.com/onsi/gomega/...", "the test framework's own")
	// blocking.AllowPackage("github.com/stretchr/testify/...", "the test framework's own")
}

func ExampleNamed() {
	report := watch(func() { blocking.Named("tick", slowHandler) })
	fmt.Println(report.Blocks[0].Name)
	// Output: tick
}

func ExamplePosted() {
	l := &loop{}
	l.queue = append(l.queue, blocking.Posted("refresh", slowHandler))
	report := watch(l.run)
	fmt.Println(report.Blocks[0].Name, "posted by", report.Blocks[0].Posted.Func)
	// Output: refresh posted by github.com/windtunnel-go/windtunnel/asynctest/blocking_test.ExamplePosted
}

func ExampleReport_Known() {
	report := watch(func() { blocking.Callback(func() { time.Sleep(time.Nanosecond) }) })
	err := report.Known("testdata/known.txt") // knows nothing of this
	fmt.Println(errors.Is(err, blocking.ErrKnown))
	// Output: true
}

func ExampleWithinCPU() {
	err := blocking.WithinCPU(time.Second, func() { time.Sleep(time.Millisecond) })
	fmt.Println(err == nil || errors.Is(err, blocking.ErrNoThreadClock))
	// Output: true
}
