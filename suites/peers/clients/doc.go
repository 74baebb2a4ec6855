// Package clients holds tests that run public clients and servers, unmodified, on the
// virtual network of package toxics, two seconds away from each other, in a bubble.
//
// Each file is about one client, and has scenes: what the client is shown to do. A scene
// runs again and again from one seed. Each run must end clean, with no goroutine and no
// connection left, and all must be the same, event for event; where they are not, the
// scene says why, and which setting of the library helps. What came of it is in testdata,
// and README.md has it as a table, with what to know before a client is brought along.
package clients
