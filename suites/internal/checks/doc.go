// Package checks is what the runners of suites/loops and suites/futures have in common: how
// a check ends, what is said of a result, and the command that shows it again. Their tables
// and results are their own.
package checks
