package progress_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/progress"
)

// output is what was written, each Write with the virtual time.
type output struct {
	mu    sync.Mutex
	text  strings.Builder
	began time.Time
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := strings.NewReplacer("\r", "<CR>", "\x1b[K", "<CLEAR>").Replace(string(b))
	fmt.Fprintf(&o.text, "%v|%s", time.Since(o.began), text)
	if !strings.HasSuffix(text, "\n") {
		o.text.WriteString("<STAYS>\n")
	}
	return len(b), nil
}

// follow runs work in a bubble and returns what was shown of it.
func follow(t *testing.T, c progress.Config, work func(p *progress.Progress)) string {
	t.Helper()
	text := ""
	synctest.Test(t, func(t *testing.T) {
		out := &output{began: time.Now()}
		c.Out = out
		p := progress.Start(c)
		work(p)
		p.Close()
		p.Close()
		text = out.text.String()
	})
	return text
}

func wantShown(t *testing.T, got, want string) {
	t.Helper()
	if want = strings.TrimPrefix(want, "\n"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

var errRefused = errors.New("connection refused")

// A hundred steps of half a second, of which every 40th fails, one beside a long one.
func steps(p *progress.Progress) {
	long := p.Begin("the long one")
	for i := range 100 {
		s := p.Begin(fmt.Sprint("step ", i))
		time.Sleep(500 * time.Millisecond)
		if i%40 == 1 {
			s.End(errRefused)
		} else {
			s.End(nil)
		}
	}
	long.End(nil)
	long.End(errRefused) // too late
}

func TestLines(t *testing.T) {
	wantShown(t, follow(t, progress.Config{Title: "sweep", Total: 101, Style: progress.Lines, After: 1700 * time.Millisecond}, steps), `
1.7s|sweep: FAILED step 1: connection refused
1.7s|sweep: 3 of 101, 1 failed, after 2s; running: the long one, step 3
11.7s|sweep: 23 of 101, 1 failed, after 12s; running: the long one, step 23
21s|sweep: FAILED step 41: connection refused
21.7s|sweep: 43 of 101, 2 failed, after 22s; running: the long one, step 43
31.7s|sweep: 63 of 101, 2 failed, after 32s; running: the long one, step 63
41s|sweep: FAILED step 81: connection refused
41.7s|sweep: 83 of 101, 3 failed, after 42s; running: the long one, step 83
50s|sweep: 101 of 101, 3 failed, after 50s; over
`)
}

// On a terminal the status is one line, which failures go above.
func TestTerminal(t *testing.T) {
	wantShown(t, follow(t, progress.Config{Title: "sweep", Style: progress.Terminal, Every: time.Second}, func(p *progress.Progress) {
		p.Add(2)
		p.Add(1)
		a := p.Begin("a")
		time.Sleep(3500 * time.Millisecond)
		a.End(errRefused)
		b := p.Begin("b")
		time.Sleep(time.Second)
		b.End(nil)
		p.Begin("c")
	}), `
2s|sweep: 0 of 3, 0 failed, after 2s; running: a<STAYS>
3s|<CR>sweep: 0 of 3, 0 failed, after 3s; running: a<CLEAR><STAYS>
3.5s|<CR><CLEAR>sweep: FAILED a: connection refused
3.5s|sweep: 1 of 3, 1 failed, after 4s<STAYS>
4s|<CR>sweep: 1 of 3, 1 failed, after 4s; running: b<CLEAR><STAYS>
4.5s|<CR><CLEAR>sweep: 2 of 3, 1 failed, after 5s; running: c
`)
}

// Short work is not spoken of, not even if it fails.
func TestSilence(t *testing.T) {
	for _, c := range []progress.Config{{}, {Style: progress.Lines}, {Style: progress.Terminal}, {Style: progress.Off, After: -1}} {
		if got := follow(t, c, func(p *progress.Progress) {
			p.Begin("a").End(errRefused)
			time.Sleep(1999 * time.Millisecond)
			if p.Failed() != 1 {
				t.Errorf("%d have failed", p.Failed())
			}
		}); got != "" {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}

// What hangs shows, whether or not anything ends.
func TestHanging(t *testing.T) {
	wantShown(t, follow(t, progress.Config{Style: progress.Lines, After: -1, Every: time.Minute}, func(p *progress.Progress) {
		var all []*progress.Step
		for i := range 5 {
			all = append(all, p.Begin(fmt.Sprint("step ", i)))
		}
		time.Sleep(2*time.Minute + time.Second)
		for _, s := range all {
			s.End(nil)
		}
	}), `
0s|progress: 0 done, 0 failed, after 0s
1m0s|progress: 0 done, 0 failed, after 1m0s; running: step 0, step 1, step 2, and 2 more
2m0s|progress: 0 done, 0 failed, after 2m0s; running: step 0, step 1, step 2, and 2 more
2m1s|progress: 5 done, 0 failed, after 2m1s; over
`)
}

func TestManyFailures(t *testing.T) {
	got := follow(t, progress.Config{Title: "many", Style: progress.Lines, After: -1}, func(p *progress.Progress) {
		for i := range 100 {
			p.Begin(fmt.Sprint("step ", i)).End(errRefused)
		}
	})
	if n := strings.Count(got, "FAILED"); n != 20 || !strings.HasSuffix(got, `
0s|many: FAILED step 19: connection refused
0s|many: further failures are counted, and not shown
0s|many: 100 done, 100 failed, after 0s; over
`) {
		t.Errorf("%d failures in\n%s", n, got)
	}
}

// Nobody's text is more than text: each line begins with the title.
func TestHostileTexts(t *testing.T) {
	for _, text := range []string{
		"::error::x", "  ::stop-commands::y", "##[error]x", "a\n::error::b", "\x1b[2J\r", "\xff", "\u202e", "{{red}}x", strings.Repeat("5 MB of it ", 5<<20/11),
	} {
		for _, style := range []progress.Style{progress.Lines, progress.Terminal} {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				p := progress.Start(progress.Config{Title: text, Out: &out, Style: style, After: -1})
				p.Begin(text).End(errors.New(text))
				p.Begin(text)
				p.Close()
				shown := strings.NewReplacer("\r\x1b[K", "\n", "\x1b[K", "", "\r", "\n").Replace(out.String())
				for line := range strings.Lines(shown) {
					line = strings.TrimSuffix(line, "\n")
					if wrong := commandIn(line); wrong != "" || len([]rune(line)) > 500 {
						t.Errorf("%s in %d characters, %.200q", wrong, len(line), line)
					}
				}
			})
		}
	}
}

func commandIn(line string) string {
	switch {
	case strings.HasPrefix(strings.TrimSpace(line), "::"), strings.Contains(line, "##["), strings.Contains(line, "{{"):
		return "a command"
	case strings.ContainsAny(line, "\x1b\x00\x07\r\u202e") || strings.ToValidUTF8(line, "") != line:
		return "a control character"
	}
	return ""
}

func TestCommandIn(t *testing.T) {
	for line, want := range map[string]string{"a: ::error": "", " ::error": "a command", "x##[": "a command", "{{": "a command", "\x1b": "a control character", "\xff": "a control character"} {
		if got := commandIn(line); got != want {
			t.Errorf("in %q found %q", line, got)
		}
	}
}

// Only the first line of an error is shown.
func TestLongErrors(t *testing.T) {
	wantShown(t, follow(t, progress.Config{Title: "work", Style: progress.Lines, After: -1}, func(p *progress.Progress) {
		p.Begin("a").End(errors.New("\nthe reason\nits stack\n"))
		p.Begin("b").End(errors.New(strings.Repeat("é", 300)))
	}), `
0s|work: 0 done, 0 failed, after 0s
0s|work: FAILED a: the reason ...
0s|work: FAILED b: `+strings.Repeat("é", 199)+`~
0s|work: 2 done, 2 failed, after 0s; over
`)
}

// An engine may be given none.
func TestNoProgress(t *testing.T) {
	var p *progress.Progress
	p.Add(1)
	p.Begin("a").End(errRefused)
	p.Close()
	if p.Failed() != 0 {
		t.Error("nothing has failed")
	}
}

// Steps may begin and end anywhere.
func TestConcurrentSteps(t *testing.T) {
	got := follow(t, progress.Config{Title: "many", Total: 100, Style: progress.Lines}, func(p *progress.Progress) {
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				s := p.Begin(fmt.Sprint("step ", i))
				time.Sleep(3 * time.Second)
				s.End(nil)
			})
		}
		all.Wait()
	})
	if !strings.Contains(got, "2s|many: 0 of 100, 0 failed, after 2s; running: step ") || !strings.HasSuffix(got, "3s|many: 100 of 100, 0 failed, after 3s; over\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestStartRefuses(t *testing.T) {
	for _, c := range []progress.Config{{Total: -1}, {Every: -1}} {
		func() {
			defer func() {
				want := fmt.Sprintf("progress: Start: Total (%d) and Every (%v) must not be negative; zero means unknown, and the default", c.Total, c.Every)
				if got := recover(); got != want {
					t.Errorf("panicked with %v, want %q", got, want)
				}
			}()
			progress.Start(c)
		}()
	}
}
