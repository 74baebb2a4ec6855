package spec_test

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/windtunnel-go/windtunnel/asynctest/spec"
)

// A certificate is valid for two years, and its renewal begins a month before. A spec that
// takes longer than a week of virtual time says so.
var _ = It("renews the certificate in time", spec.Horizon(3*365*24*time.Hour), func() {
	issued := time.Now()
	expires := issued.AddDate(2, 0, 0)
	renewed := make(chan time.Time)
	go func() { // the code under test
		time.Sleep(time.Until(expires.AddDate(0, -1, 0)))
		renewed <- time.Now()
	}()
	Expect(<-renewed).To(BeTemporally("<", expires))
	Expect(time.Since(issued)).To(BeNumerically(">=", 700*24*time.Hour))
})

// The spec of this file is run with the others of its suite.
func ExampleHorizon() {
	// Output:
}
