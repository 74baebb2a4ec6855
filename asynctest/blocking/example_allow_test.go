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
	}, append(blocking.LogWrites(), append(blocking.FirstUse(), blocking.TestFrameworks()...)...)...)
	fmt.Println(len(report.Blocks), "count, allowed:", report.Allowed[0].Allowed)
	// Output: 0 count, allowed: printing and logging
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
