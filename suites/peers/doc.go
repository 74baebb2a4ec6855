// Package peers holds tests that need other libraries than the module under test has,
// in a module of its own, so that nobody inherits what it requires: the contract of
// event loops on the loop of goja_nodejs, the contract of futures on public libraries,
// whose verdicts README.md shows side by side, handlers that block in the loops and below
// the clients of public libraries, and properties of package fakeloop that rapid checks on
// programs and scenarios it generates. Package clients, below, runs public clients on the
// virtual network, and package sweeps breaks them at every point.
//
// The number of checks is part of a full count, which WINDTUNNEL_SCALE=1 runs. A
// property that fails names the seed that repeats it, as -rapid.seed.
package peers
