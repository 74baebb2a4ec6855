package fakeloop

import (
	"bytes"
	"fmt"
	"runtime"
	"strconv"
	"strings"
)

// goroutine is a goroutine as the runtime knows it.
type goroutine struct {
	id     uint64
	bubble uint64 // of testing/synctest; 0 outside
}

// thisGoroutine returns the calling goroutine, which package runtime tells in no
// other way than at the head of a stack:
//
//	goroutine 18 [running, synctest bubble 3]:
func thisGoroutine() goroutine {
	var buf [128]byte
	head := buf[:runtime.Stack(buf[:], false)]
	number := func(after string) uint64 {
		_, rest, found := bytes.Cut(head, []byte(after))
		if !found {
			return 0
		}
		end := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		n, err := strconv.ParseUint(string(rest[:max(end, 0)]), 10, 64)
		if err != nil {
			panic("fakeloop: the runtime's stack begins in an unknown way: " + string(head))
		}
		return n
	}
	head, _, _ = bytes.Cut(head, []byte("\n"))
	return goroutine{number("goroutine "), number("synctest bubble ")}
}

// CurrentBubble returns the number that the runtime gives to the testing/synctest bubble in
// which it is called, 0 outside of bubbles. It takes about a microsecond.
func CurrentBubble() uint64 { return thisGoroutine().bubble }

// stackOf returns the stack of a goroutine, "" if it is gone.
func stackOf(id uint64) string {
	for _, stack := range strings.Split(dump(), "\n\n") {
		if strings.HasPrefix(stack, fmt.Sprintf("goroutine %d ", id)) {
			return strings.TrimSpace(stack)
		}
	}
	return ""
}

// tracksGoroutines reports whether the loop needs to know on which goroutine it
// runs.
func (l *Loop) tracksGoroutines() bool { return l.strict || l.mode != Virtual }

// runsOn reports whether a goroutine is the one on which the loop's callbacks run,
// or that of the coroutine whose body is running. The caller holds l.mu.
func (l *Loop) runsOn(id uint64) bool {
	return id == l.beside.owner || l.inside != nil && l.inside.goroutine == id
}

// isBeside reports whether the calling goroutine is another than the one on which
// the loop's callback is running. The caller holds l.mu.
func (l *Loop) isBeside() bool { return !l.runsOn(thisGoroutine().id) }

// checkMade panics if there is no loop, or one that New did not make.
func (l *Loop) checkMade(what string) {
	if l == nil || l.wakeup == nil {
		panic("fakeloop: " + what + " with a nil or zero Loop, or on a value that belongs to none; New makes a loop, and what lives on it comes from its methods and from functions that take it")
	}
}

// checkCaller panics if there is no loop, if the calling goroutine is outside its
// bubble, and, in strict mode, if it does not belong to the loop. The caller does not
// hold l.mu.
func (l *Loop) checkCaller(what string) {
	if l == nil || !l.trusting {
		l.lookAtCaller(what)
	}
}

func (l *Loop) lookAtCaller(what string) {
	l.checkBubble(what)
	if !l.strict {
		return
	}
	caller := thisGoroutine().id
	l.mu.Lock()
	own := l.closed || l.runsOn(caller) || caller == l.maker.id
	l.mu.Unlock()
	if !own {
		panic(fmt.Sprintf("fakeloop: %s by goroutine %d, which does not belong to this strict loop: the order of the run would depend on the scheduler; announce the work with Outside and hand it over with Work.Return, or call PostFrom", what, caller))
	}
}

// checkBubble panics if there is no loop, or if it lives in a bubble and the calling
// goroutine does not: waking the loop would be a use of a channel from outside its bubble, which
// the runtime answers by ending the process. It returns the calling goroutine, zero
// if the loop does not live in a bubble.
func (l *Loop) checkBubble(what string) uint64 {
	l.checkMade(what)
	if l.mode != Bubble {
		return 0
	}
	caller := thisGoroutine()
	if caller.bubble != l.maker.bubble {
		l.mu.Lock()
		closed := l.closed
		l.mu.Unlock()
		if closed {
			panic(fmt.Sprintf("fakeloop: %s on a closed loop, from outside its bubble (bubble %d, the caller's is %d; 0 is none): the test that made it is over; make a loop for each test", what, l.maker.bubble, caller.bubble))
		}
		panic(fmt.Sprintf("fakeloop: %s from outside the bubble of the loop (bubble %d, the caller's is %d; 0 is none): start the goroutine inside the function given to synctest.Test", what, l.maker.bubble, caller.bubble))
	}
	l.outlast(caller.id)
	return caller.id
}
