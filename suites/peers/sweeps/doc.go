// Package sweeps holds tests that break public clients, unmodified, in every way at every
// point of a small scenario, with [asynctest.Sweep], on the virtual network of package
// toxics.
//
// Each file is about one client, and has its subjects: what the client does, and a ruling
// for everything that a sweep of it has found. README.md has it all as tables.
//
// [asynctest.Sweep]: https://pkg.go.dev/github.com/windtunnel-go/windtunnel/asynctest#Sweep
package sweeps
