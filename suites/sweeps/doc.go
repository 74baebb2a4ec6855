// Package sweeps puts the bundled subjects of package verdicts into a tunnel, where a fault
// sweep breaks everything that they come to, one thing at a time.
//
// A [Subject] is one of those, with what a sweep of it must be found to: the faults with
// which it deals, and the findings that are as they should be, each with the reason.
// [Subject.Sweep] sweeps it, with the same code that runs on real TCP elsewhere. What came
// of it is a [Result]; [Table] renders results and [Explain] the findings. README.md has
// both, which a spec compares.
package sweeps
