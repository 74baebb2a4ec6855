// Package crash is a suite that ends its process.
package crash_test

import . "github.com/onsi/ginkgo/v2"

var _ = It("ends the process", func() {
	go func() {
		var m map[string]int
		m["x"] = 1
	}()
	select {}
})
