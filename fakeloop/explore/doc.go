// Package explore runs one scenario many times, each time with other decisions: it is
// the engine of many runs. What is right and what is wrong about a run is for others to
// say: package asynctest has checks that fit.
//
// # The fault sweep
//
// [Sweep] runs a scenario once without faults, and learns from that run at which points
// something could have gone wrong, and in which ways: its fault points (see
// fakeloop.FaultSource), and the decisions that the user's own code takes with
// fakeloop.Loop.Choose. Then it runs the scenario once for each point and way. With
// [Config].Pairs it goes on with a second fault behind the first one, where a retry or a
// cleanup may meet it.
//
// # A run
//
// A [Run] is what distinguishes one run from another: which faults, and the seed of its
// schedule. [Run.Source] makes the source of decisions for a loop; a fakeloop.Record
// around it gives the run as a replay string. A Run has a short text, too, see
// [ParseRun].
//
// # Shards, and going on
//
// Runs are independent of each other. Several processes can share them by the index of
// the point: [Config].Shard. All shards together make the same runs as one that makes
// all. A [Journal] keeps the results of the runs that are done, for a process that goes
// on where another was stopped.
package explore
