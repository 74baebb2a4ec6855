package fakeloop_test

import (
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// What the goroutine of the test posts and notes when a callback has woken it stands in its
// order, also if that callback ends in the middle.
func TestDriverWokenByACallback(t *testing.T) {
	for range scaled(t, "runs", 100, 5) {
		synctest.Test(t, func(t *testing.T) {
			var began, over atomic.Bool
			l := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble, OnCallback: func(fakeloop.CallbackInfo) func() {
				return func() { over.Store(true) }
			}})
			woken := make(chan struct{})
			l.Named("wakes").Post(func() {
				close(woken)
				for !began.Load() {
					runtime.Gosched()
				}
			})
			<-woken
			l.Named("z").Post(func() {})
			must(t, l.PostFrom("y", func() {}))
			l.Gate().Note(fakeloop.Passage{What: "second"})
			began.Store(true)
			for rounds := 0; rounds < 500; rounds++ { // so that the loop knows that it is over
				if runtime.Gosched(); !over.Load() {
					rounds = 0
				}
			}
			l.Named("x").Post(func() {})
			must(t, l.PostFrom("w", func() {}))
			l.Gate().Note(fakeloop.Passage{What: "first"})
			must(t, l.RunUntilIdle())
			mustClose(t, l)
			got := slices.DeleteFunc(told(l.Timeline()), func(line string) bool { return strings.HasSuffix(line, "wakes") })
			equal(t, "the timeline", strings.Join(got, ", "), "0s pass second, 0s pass first, 0s fire z, 0s fire y, 0s fire x, 0s fire w")
		})
	}
}
