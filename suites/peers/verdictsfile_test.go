package peers_test

import (
	"maps"
	"os"
	"testing"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

// The files of verdicts are as the test prints them, so that a diff shows what changed.
func TestVerdictFiles(t *testing.T) {
	for _, peer := range peers {
		name := peer().Name
		text, err := os.ReadFile(verdictsFile(name))
		if err != nil {
			t.Fatal(err)
		}
		got := formatVerdicts(readVerdicts(t, name))
		switch {
		case got == string(text):
		case !*updateVerdicts:
			t.Errorf("%s is not as it would be printed:\n%s", verdictsFile(name), got)
		default:
			if err := os.WriteFile(verdictsFile(name), []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestParseVerdict(t *testing.T) {
	blank := map[cell]ruling{{1, futures.Once}: {status: futures.NotApplicable}, {2, futures.Once}: {status: futures.NotApplicable}}
	for _, when := range []futures.When{futures.Already, futures.AtOnce, futures.Later} {
		blank[cell{3, when}] = ruling{status: futures.NotApplicable}
	}
	vs := maps.Clone(blank)
	for _, line := range []string{"FAIL 3/at-once: why: because", "ok: 1-2"} {
		if err := parseVerdict(line, vs); err != nil {
			t.Errorf("%q: %v", line, err)
		}
	}
	for c, want := range map[cell]ruling{
		{1, futures.Once}:   {futures.OK, ""},
		{2, futures.Once}:   {futures.OK, ""},
		{3, futures.AtOnce}: {futures.Fail, "why: because"},
		{3, futures.Later}:  {futures.NotApplicable, ""},
	} {
		if vs[c] != want {
			t.Errorf("the verdict of %v is %v, want %v", c, vs[c], want)
		}
	}
	for line, want := range map[string]string{
		"FAIL 1":                  "there is no reason",
		"SAD|ok 1: it rains":      `there is no status "SAD"`,
		"FAIL 4: no such":         `there is no cell "4"`,
		"FAIL 1/later: no mode":   `there is no cell "1/later"`,
		"FAIL one: not a number":  `there is no cell "one"`,
		"FAIL 1 1-2: one of them": "1-2 has two verdicts",
	} {
		if err := parseVerdict(line, maps.Clone(blank)); err == nil || err.Error() != want {
			t.Errorf("%q: the error is %v, want %q", line, err, want)
		}
	}
}

// Chance allows ok and FAIL, and a data race is no surprise where something is wrong.
func TestRuling(t *testing.T) {
	for _, c := range []struct {
		want, got futures.Status
		is        bool
	}{
		{futures.OK, futures.OK, true},
		{futures.OK, futures.Race, false},
		{futures.Fail, futures.Race, true},
		{futures.Fail, futures.Hang, false},
		{futures.NotApplicable, futures.Race, false},
		{"FAIL|ok", futures.OK, true},
		{"FAIL|ok", futures.Fail, true},
		{"FAIL|ok", futures.Crash, false},
	} {
		if is := (ruling{status: c.want}).is(c.got); is != c.is {
			t.Errorf("want %s, got %s: agreed is %v", c.want, c.got, is)
		}
	}
}
