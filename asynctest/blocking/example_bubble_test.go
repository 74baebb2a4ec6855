package blocking_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
)

// In a test of your own the function below is synctest.Test's.
func ExampleStillRunning() {
	synctest.Test(new(testing.T), func(*testing.T) {
		answer := make(chan string)
		var loop sync.WaitGroup
		loop.Go(func() {
			blocking.Callback(func() { <-answer }) // without this line the test would hang here
		})
		for _, stuck := range blocking.StillRunning() {
			fmt.Println(stuck.State, "in", stuck.User.Func)
		}
		answer <- "at last"
		loop.Wait()
	})
	// Output: chan receive (durable) in github.com/windtunnel-go/windtunnel/asynctest/blocking_test.ExampleStillRunning.func1.1.1
}

func ExampleVirtual() {
	synctest.Test(new(testing.T), func(*testing.T) {
		fmt.Println(blocking.Virtual(func() { time.Sleep(time.Hour) }))
		fmt.Println(blocking.Virtual(func() { time.AfterFunc(time.Hour, func() {}) }))
	})
	// Output:
	// 1h0m0s
	// 0s
}

func ExampleConfig_hang() {
	release := make(chan int)
	rec, err := blocking.Start(blocking.Config{
		Hang: time.Millisecond, // ten seconds, in earnest
		OnHang: func(b blocking.Block) {
			fmt.Println(b.Kind, "on", b.Resource)
			close(release)
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	blocking.Callback(func() { <-release })
	report, err := rec.Stop()
	fmt.Println(len(report.Hangs), err)
	// Output:
	// hang on channel
	// 1 <nil>
}
