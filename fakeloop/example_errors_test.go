package fakeloop_test

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// A loop of one's own keeps panics in the same form.
func ExampleRecovered() {
	run := func(callback func()) (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = fakeloop.Recovered(v, "the callback")
			}
		}()
		callback()
		return nil
	}
	err := run(func() { panic(fs.ErrClosed) })
	fmt.Println(errors.Is(err, fs.ErrClosed))
	// Output: true
}
