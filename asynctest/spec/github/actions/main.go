// Command actions runs Ginkgo suites in a step of GitHub Actions and tells GitHub what it
// found; see package github. It needs nothing but Go.
//
//	$ go run github.com/windtunnel-go/windtunnel/asynctest/spec/github/actions run -seeds=3 ./...
package main

import (
	"os"

	"github.com/windtunnel-go/windtunnel/asynctest/spec/github"
)

func main() {
	os.Exit(github.Main(os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}
