package blocking

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// The two callbacks that compute for long without ever waiting, and one that waits for
// long without computing.
func TestWithinCPU(t *testing.T) {
	document := append(append([]byte("["), bytes.Repeat([]byte(`"windtunnel",`), 10<<20/13)...), "0]"...)
	for _, c := range []struct {
		name   string
		body   func()
		within bool
	}{
		{"a bcrypt hash", func() { bcrypt.GenerateFromPassword([]byte("secret"), 10) }, false},
		{"10 MB of JSON", func() { json.Unmarshal(document, new([]any)) }, false},
		{"a nap", func() { time.Sleep(20 * time.Millisecond) }, true},
		{"nothing", func() {}, true},
	} {
		err := WithinCPU(5*time.Millisecond, c.body)
		if errors.Is(err, ErrNoThreadClock) {
			return // it says so; TestThreadCPU asks where that may be
		}
		if (err == nil) != c.within || err != nil && (!errors.Is(err, ErrOverBudget) || !strings.Contains(err.Error(), " of 5ms; hand the work")) {
			t.Errorf("%s: %v", c.name, err)
		}
		t.Logf("%s: %v", c.name, err)
	}
}
