package fakeloop_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// Several goroutines that wait for the loop to come to rest are all answered at this
// instant, also those that ask while it is finding out for another one.
func TestSeveralAskWhetherTheLoopRests(t *testing.T) {
	for range 10 {
		synctest.Test(t, func(t *testing.T) {
			loop := newLoop(t, fakeloop.Config{Mode: fakeloop.Bubble})
			begin := time.Now()
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					if err := loop.Settle(); err != nil {
						t.Errorf("Settle: %v", err)
					}
				})
			}
			wg.Wait()
			equal(t, "time that passed", time.Since(begin), 0)
			mustClose(t, loop)
		})
	}
}
