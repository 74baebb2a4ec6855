//go:build !linux && !darwin

package blocking

import "time"

func threadClock() (time.Duration, error) { return 0, ErrNoThreadClock }
