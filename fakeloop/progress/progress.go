package progress

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Config says what to show where. Its zero value works.
type Config struct {
	Title string        // what the work is, in front of each line; "" is "progress"
	Total int           // how many steps there will be; 0 if nobody knows
	Out   io.Writer     // nil is os.Stderr
	Style Style         // how to write; the zero value is Auto
	After time.Duration // how long to be silent; 0 is 2s, less begins at once
	Every time.Duration // from one status to the next; 0 is 10s, on a terminal 200ms

	_ struct{}
}

// The defaults, and how much is shown of many.
const (
	defaultAfter   = 2 * time.Second
	everyLine      = 10 * time.Second
	everyRedraw    = 200 * time.Millisecond
	mostFailures   = 20
	mostRunning    = 3
	longestName    = 100 // characters
	longestError   = 200
	terminalColumn = 79
)

// Progress follows work that consists of steps. Make one with Start.
type Progress struct {
	config Config
	style  Style
	began  time.Time
	quit   chan struct{}
	over   chan struct{}
	once   sync.Once

	mu       sync.Mutex
	total    int
	ended    int
	failed   int
	running  []*Step
	failures []string // that have not been written
	written  int      // failures that have been
	shown    bool     // the silence is over
	status   bool     // there is a line on the terminal to be overwritten
}

// Start begins to follow work; end it with Close. It panics if c.Total or c.Every is
// negative.
func Start(c Config) *Progress {
	if c.Total < 0 || c.Every < 0 {
		panic(fmt.Sprintf("progress: Start: Total (%d) and Every (%v) must not be negative; zero means unknown, and the default", c.Total, c.Every))
	}
	c.Title = clean(cmp.Or(strings.TrimLeft(c.Title, ": "), "progress"), longestName)
	if c.Out == nil {
		c.Out = os.Stderr
	}
	p := &Progress{config: c, style: c.Style.resolved(c.Out), began: time.Now(), quit: make(chan struct{}), over: make(chan struct{}), total: c.Total}
	if p.style == Off {
		close(p.over)
		return p
	}
	if c.After < 0 {
		p.show()
	}
	go p.run()
	return p
}

// run writes the status from time to time.
func (p *Progress) run() {
	defer close(p.over)
	every := cmp.Or(p.config.Every, everyLine)
	if p.style == Terminal {
		every = cmp.Or(p.config.Every, everyRedraw)
	}
	if p.config.After >= 0 {
		silence := time.NewTimer(cmp.Or(p.config.After, defaultAfter))
		defer silence.Stop()
		select {
		case <-silence.C:
			p.show()
		case <-p.quit:
			return
		}
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.mu.Lock()
			p.writeStatus()
			p.mu.Unlock()
		case <-p.quit:
			return
		}
	}
}

// show ends the silence.
func (p *Progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shown = true
	p.writeFailures()
	p.writeStatus()
}

// Add says that there are n more steps than was known.
func (p *Progress) Add(n int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total += n
}

// Step is one part of the work, which runs.
type Step struct {
	progress *Progress
	name     string
	ended    bool
}

// Begin says that a step begins. End it with Step.End.
func (p *Progress) Begin(name string) *Step {
	if p == nil {
		return nil
	}
	s := &Step{progress: p, name: clean(name, longestName)}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running = append(p.running, s)
	return s
}

// End says that the step has ended, with an error if it failed. Further calls do nothing.
func (s *Step) End(err error) {
	if s == nil {
		return
	}
	p := s.progress
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	p.running = slices.DeleteFunc(p.running, func(other *Step) bool { return other == s })
	p.ended++
	if err == nil {
		return
	}
	p.failed++
	if p.written+len(p.failures) < mostFailures {
		first, _, more := strings.Cut(strings.TrimSpace(err.Error()), "\n")
		if more {
			first += " ..."
		}
		p.failures = append(p.failures, fmt.Sprintf("FAILED %s: %s", s.name, clean(first, longestError)))
	} else if p.failed == mostFailures+1 {
		p.failures = append(p.failures, "further failures are counted, and not shown")
	}
	if p.shown && len(p.failures) > 0 {
		p.writeFailures()
		if p.style == Terminal {
			p.writeStatus()
		}
	}
}

// Failed returns how many steps have failed.
func (p *Progress) Failed() int {
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

// Close ends the following: if anything has been shown it writes a last line. Further calls
// do nothing.
func (p *Progress) Close() {
	if p == nil {
		return
	}
	p.once.Do(func() {
		close(p.quit)
		<-p.over
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.shown {
			text := p.text()
			if len(p.running) == 0 {
				text += "; over"
			}
			p.writeLine(text)
			p.shown = false
		}
	})
}

// text is the status. The caller holds the lock, as for all that follows.
func (p *Progress) text() string {
	text := fmt.Sprint(p.ended)
	if p.total > 0 {
		text += fmt.Sprint(" of ", p.total)
	} else {
		text += " done"
	}
	text += fmt.Sprintf(", %d failed, after %v", p.failed, time.Since(p.began).Round(time.Second))
	var names []string
	for _, s := range p.running[:min(len(p.running), mostRunning)] {
		names = append(names, s.name)
	}
	if n := len(p.running) - len(names); n > 0 {
		names = append(names, fmt.Sprintf("and %d more", n))
	}
	if len(names) > 0 {
		text += "; running: " + strings.Join(names, ", ")
	}
	return text
}

func (p *Progress) writeFailures() {
	for _, text := range p.failures {
		p.writeLine(text)
	}
	p.written += len(p.failures)
	p.failures = nil
}

// writeLine writes a line that stays.
func (p *Progress) writeLine(text string) {
	line := p.config.Title + ": " + text + "\n"
	if p.status {
		line = "\r\x1b[K" + line
		p.status = false
	}
	_, _ = io.WriteString(p.config.Out, line)
}

// writeStatus writes the status: a line, or what stands on the terminal until the next.
func (p *Progress) writeStatus() {
	if p.style == Lines {
		p.writeLine(p.text())
		return
	}
	text := cut(p.config.Title+": "+p.text(), terminalColumn)
	if p.status {
		text = "\r" + text + "\x1b[K"
	}
	p.status = true
	_, _ = io.WriteString(p.config.Out, text)
}
