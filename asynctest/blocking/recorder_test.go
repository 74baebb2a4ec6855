package blocking

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"runtime/trace"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// wants fails unless err is target and its text holds all parts.
func wants(t *testing.T, err, target error, parts ...string) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("error is %v, want %v", err, target)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q does not say %q", err, p)
		}
	}
}

func TestBadConfig(t *testing.T) {
	for _, c := range []struct {
		config Config
		says   string
	}{
		{Config{Allow: []Rule{AllowFunc("a.F", "ok"), AllowFunc("", "because")}}, `rule 1, blocking.AllowFunc("", "because"), names no function`},
		{Config{Allow: []Rule{AllowFunc("a.F", " ")}}, `rule 0, blocking.AllowFunc("a.F", " "), has no reason`},
		{Config{Allow: []Rule{AllowFunc("F", "because")}}, `blocking.AllowFunc("F", "because"), holds no full function name`},
		{Config{Allow: []Rule{AllowPackage("a/b", "")}}, `rule 0, blocking.AllowPackage("a/b", ""), has no reason`},
		{Config{Allow: []Rule{{Function: "a.F", Package: "a", Reason: "x"}}}, `names both a function and a package: make two rules`},
		{Config{Hang: -1}, `Hang is -1ns, which is negative: 0 is for no guard`},
		{Config{Markers: []string{""}}, `marker 0 is ""`},
		{Config{Markers: []string{"a.F", "dispatch"}}, `marker 1 is "dispatch"`},
	} {
		_, err := Start(c.config)
		wants(t, err, ErrConfig, c.says)
	}
	mustStop(t, mustStart(t, Config{})) // none of them took the tracer
}

func TestStartInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := Start(Config{})
		wants(t, err, ErrBubble, "kill the process", "before synctest.Test")
	})
	if trace.IsEnabled() {
		t.Error("the refused Start left the tracer on")
	}
}

// What happens in a bubble is seen from outside, and Stop may be called inside
// without moving the bubble's clock.
func TestStopInBubble(t *testing.T) {
	rec := mustStart(t, Config{})
	var at Frame
	synctest.Test(t, func(t *testing.T) {
		Callback(func() {
			at = below(1)
			time.Sleep(time.Hour)
		})
		before := time.Now()
		if err := only(mustStop(t, rec), Block{Kind: Park, Resource: Sleep, Reason: "sleep", User: at}); err != nil {
			t.Error(err)
		}
		if d := time.Since(before); d != 0 {
			t.Errorf("Stop took %v of virtual time", d)
		}
	})
}

func TestBubbleNumber(t *testing.T) {
	if b := bubble(); b != "" {
		t.Errorf("bubble %q outside any", b)
	}
	synctest.Test(t, func(t *testing.T) {
		if b := bubble(); strings.Trim(b, "0123456789") != "" || b == "" {
			t.Errorf("bubble %q, want a number", b)
		}
	})
}

func TestStopIsIdempotent(t *testing.T) {
	rec := mustStart(t, Config{})
	Callback(func() { time.Sleep(time.Nanosecond) })
	var wg sync.WaitGroup
	reports := make([]*Report, 8)
	for i := range reports {
		wg.Go(func() { reports[i], _ = rec.Stop() })
	}
	wg.Wait()
	for _, r := range reports {
		if r == nil || r != reports[0] {
			t.Fatalf("reports differ: %p and %p", r, reports[0])
		}
	}
	next := mustStart(t, Config{})
	if r, err := rec.Stop(); r != reports[0] || err != nil {
		t.Errorf("a late Stop gave %p, %v", r, err)
	}
	if !trace.IsEnabled() {
		t.Error("a late Stop of one Recorder stopped another")
	}
	mustStop(t, next)
}

// A test that panics or calls FailNow has its deferred Stop free the tracer.
func TestSlotIsFreedOnTheWayOut(t *testing.T) {
	for name, leave := range map[string]func(){
		"panic":  func() { panic("on purpose") },
		"goexit": runtime.Goexit,
	} {
		var stopErr error
		done := make(chan struct{})
		go func() {
			defer close(done)
			defer func() { recover() }()
			rec, err := Start(Config{})
			if err != nil {
				stopErr = err
				return
			}
			defer func() { _, stopErr = rec.Stop() }()
			Callback(leave)
		}()
		<-done
		if stopErr != nil {
			t.Errorf("%s: %v", name, stopErr)
		}
		mustStop(t, mustStart(t, Config{}))
	}
}

// A recording that lost its end, its beginning or everything is no recording.
func TestBlind(t *testing.T) {
	for name, harm := range map[string]func(*bytes.Buffer){
		"unknown format": func(b *bytes.Buffer) { copy(b.Bytes(), "go 1.99 trace") },
		"empty":          func(b *bytes.Buffer) { b.Reset() },
		"header only":    func(b *bytes.Buffer) { b.Truncate(16) },
		"first half":     func(b *bytes.Buffer) { b.Truncate(b.Len() / 2) },
		"second half":    func(b *bytes.Buffer) { io.CopyN(io.Discard, b, int64(b.Len()/2)) },
		"not a trace":    func(b *bytes.Buffer) { b.Reset(); b.WriteString("hello") },
		"another trace":  func(b *bytes.Buffer) { b.Reset(); trace.Start(b); trace.Stop() },
	} {
		t.Run(name, func(t *testing.T) {
			rec := mustStart(t, Config{})
			rec.raw = func(data []byte) []byte {
				b := bytes.NewBuffer(data)
				harm(b)
				return b.Bytes()
			}
			r, err := rec.Stop()
			wants(t, err, ErrBlind)
			if name == "unknown format" {
				wants(t, err, ErrBlind, "needs a newer one", "go 1.99")
			}
			if r != nil {
				t.Errorf("and a report:\n%s", r)
			}
			mustStop(t, mustStart(t, Config{}))
		})
	}
}

func TestStoppedByOther(t *testing.T) {
	rec := mustStart(t, Config{})
	Callback(func() { time.Sleep(time.Nanosecond) })
	trace.Stop()
	_, err := rec.Stop()
	wants(t, err, ErrBlind, "the block it made at the end", "trace.Stop")
	mustStop(t, mustStart(t, Config{}))
}

func TestStartInsideCallbackReportsNothingOfItsOwn(t *testing.T) {
	Callback(func() {
		if r := mustStop(t, mustStart(t, Config{})); len(r.Blocks) != 0 {
			t.Error(r)
		}
	})
}

func TestMarkNames(t *testing.T) {
	for want, got := range map[string]string{
		FuncName(Callback): callbackMark, FuncName(Allow): allowMark, FuncName(Disallow): disallowMark, FuncName(headProbe): headMark, FuncName(tailProbe): tailMark,
		FuncName(Start): startMark, FuncName((*Recorder).Stop): stopMark, FuncName(hold): holdMark, FuncName(awaitRelease): releaseMark,
		FuncName(arrive): arriveMark, FuncName(depart): departMark, FuncName(WithinCPU): withinMark,
	} {
		if got != want {
			t.Errorf("mark %s, function %s", got, want)
		}
	}
}
