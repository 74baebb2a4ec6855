package blocking

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"runtime/debug"
	"runtime/trace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/template"
	"time"

	"github.com/onsi/gomega"
)

// census is what people call in callbacks without a second thought, and none of
// it blocks.
var census = map[string]func(){
	"fmt": func() { fmt.Fprintf(io.Discard, "%v %d", "x", 1) },
	"json": func() {
		b, _ := json.Marshal(map[string]int{"a": 1})
		json.Unmarshal(b, new(map[string]int))
	},
	"regexp":   func() { regexp.MustCompile(`a+b*[c-f]`).MatchString("aabc") },
	"template": func() { template.Must(template.New("x").Parse("{{.}}")).Execute(io.Discard, 1) },
	"context.WithTimeout": func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		cancel()
		<-ctx.Done()
	},
	"context.AfterFunc": func() {
		ctx, cancel := context.WithCancel(context.Background())
		stop := context.AfterFunc(ctx, func() {})
		cancel()
		stop()
	},
	"time.AfterFunc":      func() { time.AfterFunc(time.Hour, func() {}).Stop() },
	"time.Now":            func() { _ = time.Now().Format(time.RFC1123) },
	"math/rand":           func() { rand.Int() },
	"crypto/rand":         func() { crand.Read(make([]byte, 16)) },
	"os.Getenv":           func() { os.Getenv("HOME") },
	"net.ParseIP":         func() { net.ParseIP("10.0.0.1") },
	"sync.Pool":           func() { pool.Put(&pool); pool.Get() },
	"sync.Map":            func() { var m sync.Map; m.Store(1, 2); m.Load(1) },
	"close and go":        func() { c := make(chan int); go func() { <-c }(); close(c) },
	"errors.Join":         func() { errors.Is(errors.Join(io.EOF, io.ErrClosedPipe), io.EOF) },
	"slog to a discarder": func() { slog.New(slog.NewJSONHandler(io.Discard, nil)).Info("x", "k", 1) },
	"log to a buffer":     func() { log.New(new(bytes.Buffer), "", log.LstdFlags).Print("x") },
	"a handler in the process": func() {
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	},
	"gomega": func() {
		g := gomega.NewGomega(func(message string, _ ...int) { panic(message) })
		g.Expect([]int{1, 2}).To(gomega.ConsistOf(2, 1), "in any order")
		g.Expect(io.EOF).NotTo(gomega.MatchError(io.ErrClosedPipe))
	},
	"runtime.Stack":     func() { runtime.Stack(make([]byte, 4096), false) },
	"runtime.Caller":    func() { runtime.Caller(0) },
	"panic and recover": func() { defer func() { recover() }(); panic(1) },
}

var (
	pool sync.Pool
	busy atomic.Uint64
)

func TestSilenceOfTheCensus(t *testing.T) {
	n := scaled(t, 1_000)
	for name, f := range census {
		t.Run(name, func(t *testing.T) {
			rec := mustStart(t, Config{})
			for range n {
				Callback(f)
			}
			if r := mustStop(t, rec); len(r.Blocks)+len(r.Truncated) != 0 {
				t.Error(r)
			}
		})
	}
}

// hogs keep every processor of the machine busy, from other processes that have begun
// when hogs returns, until the returned function is called.
func hogs(t testing.TB, n int) (stop func()) {
	t.Helper()
	var children []*exec.Cmd
	for range n {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSilenceBesideHogs$")
		cmd.Env = append(os.Environ(), "BLOCKING_HOG=1")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, cmd)
		t.Cleanup(func() { in.Close(); cmd.Process.Kill(); cmd.Wait() })
		if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		for _, cmd := range children {
			cmd.Process.Kill()
		}
	}
}

// hog computes until its parent is gone or ends it.
func hog() {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	os.Stdout.Write([]byte{1})
	for n := uint64(0); ; n++ {
		busy.Store(n)
	}
}

// No report of callbacks that do not block, on a machine with four times more to
// do than it can.
func TestSilenceBesideHogs(t *testing.T) {
	if os.Getenv("BLOCKING_HOG") != "" {
		hog()
	}
	n := scaled(t, 2_000)
	defer hogs(t, 8)()
	quiet(t, n)

	// The callbacks above are over in microseconds. Those that compute for longer are
	// interrupted by the kernel on the way, some of them for long.
	slowest := time.Duration(0)
	rec := mustStart(t, Config{})
	for range n {
		start := time.Now()
		Callback(compute)
		slowest = max(slowest, time.Since(start))
	}
	if r := mustStop(t, rec); len(r.Blocks)+len(r.Truncated) != 0 {
		t.Error(r)
	}
	t.Logf("%d callbacks that compute, none reported; the slowest took %v", n, slowest)
}

// The first collection of a process starts goroutines, which parks the callback
// that happens to cause it with an ordinary "chan receive". A process has one
// first collection.
func TestSilenceOfTheFirstCollection(t *testing.T) {
	if os.Getenv("BLOCKING_FIRST_GC") != "" {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		// Start collects before it records, so this does without.
		var data bytes.Buffer
		if err := trace.Start(&data); err != nil {
			t.Fatal(err)
		}
		prove(headProbe)
		defer debug.SetGCPercent(debug.SetGCPercent(20))
		for range 500 {
			Callback(func() {
				sink = make([]byte, 1<<16)
				harmless()
			})
		}
		prove(tailProbe)
		trace.Stop()
		r, err := newAnalyser(Config{}).run(decode(&data))
		if err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if len(r.Blocks) != 0 {
			t.Error(r)
		}
		if before.NumGC != 0 || after.NumGC == 0 {
			t.Errorf("%d collections before, %d after: no first one was recorded", before.NumGC, after.NumGC)
		}
		t.Log("collected")
		return
	}
	for range scaled(t, 25) {
		cmd := exec.Command(os.Args[0], "-test.run=^TestSilenceOfTheFirstCollection$", "-test.v")
		cmd.Env = append(os.Environ(), "BLOCKING_FIRST_GC=1", "GOGC=off")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "collected") {
			t.Errorf("%v:\n%s", err, out)
		}
	}
}

// The census once more, while the collector parks goroutines as often as it can.
func TestSilenceOfTheCensusUnderGC(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	defer garbage(4)()
	n := scaled(t, 1_000)
	rec := mustStart(t, Config{})
	for range n {
		for _, f := range census {
			Callback(f)
		}
	}
	if r := mustStop(t, rec); len(r.Blocks)+len(r.Truncated) != 0 {
		t.Error(r)
	}
}
