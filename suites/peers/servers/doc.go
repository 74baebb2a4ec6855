// Package servers has servers on the virtual network of package toxics, for the tests of
// public clients: of other libraries where there is one that can be given a listener, and
// else as much of one as these tests need.
package servers
