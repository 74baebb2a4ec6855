package records

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/windtunnel-go/windtunnel/fakeloop/timeline"
)

func run(label string) *timeline.Timeline {
	t := new(timeline.Timeline)
	t.Append(timeline.Event{At: time.Second, Kind: timeline.Posted, ID: 1, Label: label})
	return t
}

func TestKeep(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	t.Setenv(Variable, dir)
	path, err := Keep(run("first"), "TestX/a part", 5)
	if err != nil || filepath.Dir(path) != dir || !strings.HasPrefix(filepath.Base(path), "TestX-a-part-") {
		t.Fatalf("kept in %q, %v", path, err)
	}
	again, err := Keep(run("second"), "TestX/a part", 5)
	if err != nil || again != path {
		t.Errorf("kept again in %q, %v", again, err)
	}
	other, err := Keep(run("third"), "TestX/a part", 6)
	if err != nil || other == path {
		t.Errorf("another is kept in %q, %v", other, err)
	}
	for path, want := range map[string]*timeline.Timeline{path: run("second"), other: run("third")} {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if got, err := timeline.ReadTrace(file); err != nil || got.Digest() != want.Digest() {
			t.Errorf("read %v, %v, want %v", got, err, want)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 {
		t.Errorf("there are %d files, %v", len(files), err)
	}
	if text := Where(run("x"), path, nil); text != "The whole record of the run, which https://ui.perfetto.dev opens: "+path {
		t.Errorf("got %q", text)
	}
}

// The page stands beside the record, and shows the notes.
func TestKeepPage(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(Variable, dir)
	record, err := Keep(run("first"), "TestX <a>", 5)
	if err != nil {
		t.Fatal(err)
	}
	path, err := KeepPage(run("first"), []timeline.Note{{Kind: timeline.Blocking, ID: 1, Label: "a line that blocks"}}, "TestX <a>", 5)
	if err != nil || strings.TrimSuffix(path, ".html") != strings.TrimSuffix(record, ".json.gz") {
		t.Fatalf("the page is kept in %q, %v, and the record in %q", path, err, record)
	}
	page, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(page), "<!DOCTYPE html>") || !strings.Contains(string(page), "a line that blocks") || !strings.Contains(string(page), "TestX &lt;a&gt;") {
		t.Errorf("read %d bytes, %v", len(page), err)
	}
	if text := WherePage(path, nil); text != "\nThe same as a page, which every browser opens: "+path {
		t.Errorf("got %q", text)
	}
}

func TestOff(t *testing.T) {
	t.Setenv(Variable, "off")
	path, err := Keep(run("x"), "TestX")
	if path != "" || !errors.Is(err, ErrOff) || Where(run("x"), path, err) != "" {
		t.Errorf("kept in %q, %v", path, err)
	}
	path, err = KeepPage(run("x"), nil, "TestX")
	if path != "" || !errors.Is(err, ErrOff) || WherePage(path, err) != "" {
		t.Errorf("the page is kept in %q, %v", path, err)
	}
}

// Without a word of the environment the directory is a user's own, and the same every
// time.
func TestDir(t *testing.T) {
	t.Setenv(Variable, "")
	if dir := Dir(); dir != Dir() || !strings.HasPrefix(dir, os.TempDir()) {
		t.Errorf("the directory is %q", dir)
	}
	t.Chdir(t.TempDir())
	t.Setenv(Variable, "records")
	path, err := Keep(run("x"), "TestX")
	if err != nil || !filepath.IsAbs(path) {
		t.Errorf("kept in %q, %v", path, err)
	}
}

func TestWhatCannotBeKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(Variable, file)
	path, err := Keep(run("x"), "TestX")
	if path != "" || err == nil || !strings.HasPrefix(Where(run("x"), path, err), "The whole record of the run could not be written: mkdir ") {
		t.Errorf("kept in %q, %v", path, err)
	}
	path, err = KeepPage(run("x"), nil, "TestX")
	if path != "" || err == nil || !strings.HasPrefix(WherePage(path, err), "\nThe page of the run could not be written: mkdir ") {
		t.Errorf("the page is kept in %q, %v", path, err)
	}
	// Where a directory stands in the place of the record, nothing is left behind.
	dir := t.TempDir()
	t.Setenv(Variable, dir)
	if err := os.MkdirAll(filepath.Join(dir, name("TestX")+".json.gz", "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	if path, err := Keep(run("x"), "TestX"); path != "" || err == nil {
		t.Errorf("kept in %q, %v", path, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("there are %d files, %v", len(files), err)
	}
}

// A name is a name on every file system, whatever the test is called.
func TestNames(t *testing.T) {
	seen := map[string]string{}
	for _, test := range []string{"", "-", "a", "a/b", "a-b", "../../etc/passwd", "CON", "a\x00b", "é", strings.Repeat("long ", 100), strings.Repeat("long ", 101), "x\ny"} {
		got := name(test)
		if len(got) > 90 || strings.Trim(got, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") != "" || strings.HasPrefix(got, ".") || strings.HasPrefix(got, "-") || strings.Contains(got, "..") {
			t.Errorf("%q is kept in %q", test, got)
		}
		if other, known := seen[got]; known {
			t.Errorf("%q and %q are kept in one file", test, other)
		}
		seen[got] = test
	}
	if name("a", 1) == name("a", 2) || name("a", uint64(1)<<62) == name("a", uint64(1)<<63) {
		t.Error("what tells a test from others does not count")
	}
}

// Of a long run the middle is left out, of the record and of the page, and that is said; what is
// kept is as it was, with its sites.
func TestLongRuns(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(Variable, dir)
	t.Setenv(EventsVariable, "40")
	long := func(n int) *timeline.Timeline {
		run := new(timeline.Timeline)
		for i := range n {
			run.Append(timeline.Event{At: time.Duration(i) * time.Second, Kind: timeline.Posted, ID: timeline.ID(i + 1), Label: fmt.Sprint("event ", i)})
			run.AddSite(timeline.ID(i+1), fmt.Sprintf("x.go:%d", i))
		}
		return run
	}
	for _, c := range []struct {
		events int
		kept   []int
		where  string
	}{
		{40, nil, "The whole record of the run, which https://ui.perfetto.dev opens: "},
		{41, []int{0, 9, 11, 40}, "Of the 41 events of the run 1, from its middle, are left out of its record and its page; WINDTUNNEL_RECORD_EVENTS=41 keeps all.\nThe record, which https://ui.perfetto.dev opens: "},
		{1000, []int{0, 9, 970, 999}, "Of the 1000 events of the run 960, from its middle, are left out of its record and its page; WINDTUNNEL_RECORD_EVENTS=1000 keeps all.\nThe record, which https://ui.perfetto.dev opens: "},
	} {
		run := long(c.events)
		path, err := Keep(run, "TestX", c.events)
		if text := Where(run, path, err); err != nil || text != c.where+path {
			t.Errorf("%d events: %q, %v", c.events, text, err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		got, err := timeline.ReadTrace(file)
		if err != nil || got.Len() != 40 {
			t.Fatalf("%d events: read %d, %v", c.events, got.Len(), err)
		}
		if c.kept == nil {
			if got.Digest() != run.Digest() {
				t.Error("the whole is not the whole")
			}
			continue
		}
		events, sites := got.Events(), got.Sites()
		for k, i := range []int{0, 9, 10, 39} {
			want := run.Events()[c.kept[k]]
			if events[i] != want || sites[want.ID] != fmt.Sprintf("x.go:%d", c.kept[k]) {
				t.Errorf("%d events: the one at %d is %v, made at %s, want %v", c.events, i, events[i], sites[want.ID], want)
			}
		}
		page, err := KeepPage(run, nil, "TestX", c.events)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(page)
		if err != nil || !strings.Contains(string(text), `"event 9"`) || strings.Contains(string(text), `"event 10"`) {
			t.Errorf("%d events: the page has %d bytes, %v", c.events, len(text), err)
		}
	}
	run := long(1000)
	t.Setenv(EventsVariable, "")
	if path, err := Keep(run, "TestX"); err != nil || !strings.HasPrefix(Where(run, path, err), "The whole record ") {
		t.Errorf("a thousand are kept in %q, %v", path, err)
	}
	for _, bad := range []string{"all", "0", "-5"} {
		t.Setenv(EventsVariable, bad)
		path, err := Keep(run, "TestX")
		if want := `The whole record of the run could not be written: WINDTUNNEL_RECORD_EVENTS="` + bad + `": want a number of events, such as 1000000`; Where(run, path, err) != want {
			t.Errorf("got %q, %v", Where(run, path, err), err)
		}
	}
}

func TestStory(t *testing.T) {
	closed := new(timeline.Timeline)
	closed.Append(timeline.Event{Kind: timeline.Chosen, Detail: "0 of 2"})
	closed.Append(timeline.Event{Kind: timeline.Closed})
	if text := Story(closed) + Story(new(timeline.Timeline)); text != "" {
		t.Errorf("of nothing it tells %q", text)
	}
	if text := Story(run("x")); text != run("x").Short(0) {
		t.Errorf("got %q", text)
	}
}
