package progress_test

import (
	"errors"
	"fmt"
	"os"

	"github.com/windtunnel-go/windtunnel/fakeloop/progress"
)

// Most work says nothing for two seconds. This speaks at once.
func ExampleStart() {
	p := progress.Start(progress.Config{Title: "sweep", Total: 3, Out: os.Stdout, Style: progress.Lines, After: -1})
	for i := range 3 {
		step := p.Begin(fmt.Sprint("dial ", i))
		if i == 1 {
			step.End(errors.New("connection refused"))
			continue
		}
		step.End(nil)
	}
	p.Close()
	// Output:
	// sweep: 0 of 3, 0 failed, after 0s
	// sweep: FAILED dial 1: connection refused
	// sweep: 3 of 3, 1 failed, after 0s; over
}

// Work that finds out by and by how much there is.
func ExampleProgress_Add() {
	p := progress.Start(progress.Config{Title: "search", Out: os.Stdout, Style: progress.Lines, After: -1})
	p.Add(1)
	p.Begin("first").End(nil)
	p.Add(4)
	p.Close()
	// Output:
	// search: 0 done, 0 failed, after 0s
	// search: 1 of 5, 0 failed, after 0s; over
}

// An engine takes one that need not be there.
func ExampleProgress_Begin() {
	run := func(p *progress.Progress) {
		step := p.Begin("the only one")
		defer step.End(nil)
		fmt.Println("working")
	}
	run(nil)
	// Output: working
}
