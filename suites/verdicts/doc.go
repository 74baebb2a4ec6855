// Package verdicts runs code under faults and says what it did: whether it
// blocked its event loop, on what and where; how many outcomes it delivered;
// which error is reachable from the outcome; and what was left behind.
//
// A [Subject] is code under test together with what it must be found to. A
// [Fault] is what is done to the network, together with the error that must then
// reach whoever asked. [Measure] runs one subject under one fault, for real: a
// net/http server on loopback, a toxiproxy in front of it, a loop on real time,
// and the execution tracer watching the loop. What it measured is a [Cell]; a
// [Table] renders cells, and shows nothing that was not measured. Expectations
// enter only in [Cell.Deviations].
package verdicts
