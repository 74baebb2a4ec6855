package timeline

// ID identifies a callback, timer, future, coroutine or piece of outside work
// of a run. Zero stands for the test that drives the loop.
type ID uint64

// Driver is the identity of whoever drives the loop: the cause of everything
// that no callback caused.
const Driver ID = 0

// String returns the identity as eight hexadecimal digits, which is enough to
// tell the things of one run apart by eye; "driver" for [Driver].
func (id ID) String() string {
	if id == Driver {
		return "driver"
	}
	var text [8]byte
	for i := range text {
		text[i] = "0123456789abcdef"[uint64(id)>>(60-4*i)&15]
	}
	return string(text[:])
}

// Child returns the identity of the n-th thing that id made: a hash of both, so that
// it does not depend on what others made meanwhile. It is never that of the Driver.
func (id ID) Child(n int64) ID {
	// splitmix64's finalizer, over a combination that keeps (a, b) and (b, a) apart.
	x := (uint64(id)^0x9e3779b97f4a7c15)*0xbf58476d1ce4e5b9 + uint64(n)*0x94d049bb133111eb
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	x ^= x >> 31
	if x == uint64(Driver) {
		x = 1
	}
	return ID(x)
}
