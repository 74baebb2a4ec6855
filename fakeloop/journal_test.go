package fakeloop_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// What one event wakes writes in any order, and reads in one.
func TestJournalIsOrderedWithinAnInterval(t *testing.T) {
	run := func() (text string) {
		inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
			journal := fakeloop.NewJournal(loop)
			for round := range 3 {
				start := make(chan struct{})
				var woken sync.WaitGroup
				for i := range 4 {
					woken.Go(func() {
						<-start
						spin(i * 7 % 3)
						journal.Printf("round %d: %d", round, i)
					})
				}
				_ = loop.Gate().Pass(passage("a"))
				close(start)
				woken.Wait()
				time.Sleep(time.Second)
			}
			text = journal.String()
		})
		return text
	}
	const want = `0s: round 0: 0
0s: round 0: 1
0s: round 0: 2
0s: round 0: 3
1s: round 1: 0
1s: round 1: 1
1s: round 1: 2
1s: round 1: 3
2s: round 2: 0
2s: round 2: 1
2s: round 2: 2
2s: round 2: 3
`
	for range scaled(t, "runs", 1000, 50) {
		equal(t, "journal", run(), want)
	}
}

// What happens in two intervals keeps its order, also at one instant: the order of the
// alphabet hides nothing.
func TestJournalKeepsTheOrderOfIntervals(t *testing.T) {
	inBubble(t, func(t *testing.T, loop *fakeloop.Loop) {
		journal := fakeloop.NewJournal(loop)
		var intervals []uint64
		write := func(text string) {
			journal.Printf("%s", text)
			intervals = append(intervals, loop.Interval())
		}
		write("f: the body")
		_ = loop.Gate().Pass(passage("a"))
		write("e: an event")
		loop.Post(func() { write("d: a callback") })
		_ = loop.Settle()
		write("c: after Settle")
		_ = loop.Settle()
		write("b: after another")
		time.Sleep(time.Nanosecond)
		write("a: later")
		equal(t, "journal", journal.String(), "0s: f: the body\n0s: e: an event\n0s: d: a callback\n0s: c: after Settle\n0s: b: after another\n1ns: a: later\n")
		equal(t, "intervals", fmt.Sprint(intervals), "[0 1 2 3 4 4]")
		for i, e := range journal.Entries() {
			equal(t, "interval of the entry", e.Interval, intervals[i])
		}
	})
}

// A loop in another mode has no intervals, and its journal is in the order of writing.
func TestJournalOfOtherLoops(t *testing.T) {
	loop := newLoop(t, fakeloop.Config{})
	journal := fakeloop.NewJournal(loop)
	for _, text := range []string{"b", "a"} {
		loop.AfterFunc(time.Second, func() { journal.Printf("%s", text) })
	}
	mustIdle(t, loop)
	equal(t, "journal", journal.String(), "1s: b\n1s: a\n")
	equal(t, "interval", loop.Interval(), 0)
}

// A journal takes what loggers write, a line an entry.
func TestJournalIsAWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loop := fakeloop.New(fakeloop.Config{Mode: fakeloop.Bubble})
		journal := fakeloop.NewJournal(loop)
		noTime := func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}
		logger := slog.New(slog.NewTextHandler(journal, &slog.HandlerOptions{ReplaceAttr: noTime}))
		loop.Post(func() {
			time.Sleep(time.Minute) // time passes also in a callback that blocks
			logger.Info("up", "port", 80)
		})
		time.Sleep(time.Hour)
		equal(t, "journal", strings.TrimSpace(journal.String()), "1m0s: level=INFO msg=up port=80")
		mustClose(t, loop)
	})
}
