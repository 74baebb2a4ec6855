//go:build !unix

package verdicts

// signals is empty: this system has no POSIX signals.
var signals []Subject
