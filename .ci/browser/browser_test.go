// Package browser drives pages of package timeline, and the trace viewer of Chrome on its traces, in a real Chromium,
// without a network.
package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

// chromium is the browser of all tests.
var chromium context.Context

// patience ends what would hang; nothing is measured by it.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	os.Exit(func() int {
		flags := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(os.Getenv("WINDTUNNEL_CHROMIUM")), // empty: one of the names that are looked for
			chromedp.NoSandbox, // which a root user cannot have; the pages are ours
			chromedp.WindowSize(1400, 820),
			chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"),
			chromedp.Flag("force-device-scale-factor", "1"),
		)
		allocator, cancel := chromedp.NewExecAllocator(context.Background(), flags...)
		defer cancel()
		var closeBrowser context.CancelFunc
		chromium, closeBrowser = chromedp.NewContext(allocator)
		defer closeBrowser()
		if err := chromedp.Do(chromium); err != nil {
			fmt.Fprintln(os.Stderr, "browser: Chromium does not start; WINDTUNNEL_CHROMIUM names the program:", err)
			return 1
		}
		return m.Run()
	}())
}

// tab is a page in the browser.
type tab struct {
	t   *testing.T
	ctx context.Context
	url string

	mu         sync.Mutex
	complaints []string // what no page of ours may do
}

// open shows a run. The test fails if the page opens a dialog, throws, says anything on
// the console, breaks its policy or asks for anything from anywhere.
func open(t *testing.T, run *timeline.Timeline, o timeline.HTMLOptions, media ...string) *tab {
	t.Helper()
	var b bytes.Buffer
	if err := run.WriteHTML(&b, o); err != nil {
		t.Fatal(err)
	}
	return openBytes(t, b.Bytes(), media...)
}

func openBytes(t *testing.T, html []byte, prepare ...string) *tab {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run.html")
	if err := os.WriteFile(path, html, 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(chromium)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx, url: "file://" + path}
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatal(err)
	}
	call(p, network.Enable, network.EnableParams{})
	call(p, log.Enable, cdp.Empty{})
	call(p, page.BringToFront, cdp.Empty{})
	p.do(chromedp.Navigate(p.url))
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range p.complaints {
			t.Error("the page", c)
		}
	})
	return p
}

func (p *tab) hear(event any) {
	switch e := event.(type) {
	case *page.EventJavascriptDialogOpening:
		p.complain("opened a dialog: " + e.Message)
		go func() {
			_, _ = chromedp.Call(p.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}()
	case *cdpruntime.EventExceptionThrown:
		p.complain("threw: " + (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	case *cdpruntime.EventConsoleAPICalled:
		p.complain("wrote to the console: " + fmt.Sprint(e.Type))
	case *log.EventEntryAdded:
		p.complain("is complained of: " + e.Entry.Text)
	case *network.EventRequestWillBeSent:
		if url := e.Request.URL; url != p.url && url != "data:," {
			p.complain("asked for " + url)
		}
	}
}

func (p *tab) complain(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, text)
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

func call[P, R any](p *tab, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	out, err := chromedp.Call(p.ctx, command, params)
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

// eval returns the value of an expression in the page; it waits for a promise.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	out, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

// settle waits until the page has drawn what it was asked to.
func (p *tab) settle() {
	p.t.Helper()
	eval[bool](p, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
}

// text returns the words of an element.
func (p *tab) text(id string) string {
	p.t.Helper()
	return eval[string](p, "document.getElementById("+quote(id)+").innerText")
}

func quote(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

// shoot saves a picture of the page in the folder of WINDTUNNEL_PICTURES, if that is set,
// to look at.
func (p *tab) shoot(name string) {
	p.t.Helper()
	folder := os.Getenv("WINDTUNNEL_PICTURES")
	if folder == "" {
		return
	}
	p.settle()
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, strings.ReplaceAll(name, " ", "-")+".png"), picture, 0o644); err != nil {
		p.t.Fatal(err)
	}
}
