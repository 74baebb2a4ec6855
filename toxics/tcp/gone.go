package tcp

import (
	"bytes"
	"fmt"
	"runtime/pprof"
	"time"
)

// toxiproxy starts its goroutines without a way to wait for them, and its last
// instructions come after anything that this package can see. So every goroutine
// of a proxy carries a profiler label, inherited from the accept loop, and the
// goroutine profile is the judge of whether they are gone.

const labelKey = "windtunnel/toxics/tcp"

// awaitGoroutines returns when no goroutine has the proxy's label. The connections
// must have ended: what is left is a few instructions away from its end.
func (p *Proxy) awaitGoroutines() {
	label := fmt.Appendf(nil, "%q:\"%p\"", labelKey, p)
	for pause := 50 * time.Microsecond; ; pause = min(2*pause, 10*time.Millisecond) {
		var profile bytes.Buffer
		// A bytes.Buffer cannot fail to be written to.
		_ = pprof.Lookup("goroutine").WriteTo(&profile, 1)
		if !bytes.Contains(profile.Bytes(), label) {
			return
		}
		time.Sleep(pause)
	}
}
