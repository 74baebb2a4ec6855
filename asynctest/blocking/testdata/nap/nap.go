// Package nap calls C, which test files of other packages cannot.
package nap

// #include <unistd.h>
// static void nap(unsigned us) { usleep(us); }
import "C"

// Microseconds sleeps in C.
func Microseconds(n uint) { C.nap(C.uint(n)) }
