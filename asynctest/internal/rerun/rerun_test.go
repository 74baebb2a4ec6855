package rerun

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The seed of a test is part of what users note down: it must not change by itself.
func TestSeed(t *testing.T) {
	seen := map[uint64]string{}
	for _, c := range []struct {
		base    uint64
		name    string
		attempt int
	}{{1, "a", 1}, {2, "a", 1}, {1, "b", 1}, {1, "a", 2}, {1, "", 1}, {0, "a", 1}} {
		seed := Seed(c.base, c.name, c.attempt)
		if other, twice := seen[seed]; twice {
			t.Errorf("%v has the seed of %v", c, other)
		}
		seen[seed] = fmt.Sprint(c)
		if again := Seed(c.base, c.name, c.attempt); again != seed {
			t.Errorf("%v: %d and %d", c, seed, again)
		}
	}
	if got, want := Seed(1, "a", 1), uint64(10560164205149429548); got != want {
		t.Errorf("got %d, want %d", got, want)
	}
}

func TestBase(t *testing.T) {
	t.Setenv(Variable, "")
	if got := Base(7); got != 7 {
		t.Errorf("without the variable: %d", got)
	}
	if got := Environment(); got != "" {
		t.Errorf("without the variable: %q", got)
	}
	t.Setenv(Variable, "0x10")
	if got := Base(7); got != 16 {
		t.Errorf("with the variable: %d", got)
	}
	if got := Environment(); got != "WINDTUNNEL_SEED=0x10 " {
		t.Errorf("with the variable: %q", got)
	}
	t.Setenv(Variable, "many")
	defer func() {
		if e := recover(); e != `asynctest: WINDTUNNEL_SEED="many": want a number from 0 to 2^64-1` {
			t.Error(e)
		}
	}()
	Base(7)
}

// The line is one that the go command takes: it runs the test named in it, and no other.
func TestGoTest(t *testing.T) {
	for _, name := range []string{"a", "with spaces", "it's $HOME `x` \"y\"", "[a-z]*(b|c)"} {
		t.Run(name, func(t *testing.T) {
			line := GoTest(t.Name())
			prefix := "go test -count=1 -run="
			if !strings.HasPrefix(line, prefix) || !strings.HasSuffix(line, " ./asynctest/internal/rerun") {
				t.Fatalf("got %s", line)
			}
			word := strings.TrimSuffix(strings.TrimPrefix(line, prefix), " ./asynctest/internal/rerun")
			out, err := exec.Command("sh", "-c", "printf %s "+word).Output()
			if err != nil {
				t.Fatal(err)
			}
			patterns, parts := strings.Split(string(out), "/"), strings.Split(t.Name(), "/")
			for i, p := range patterns {
				if !regexp.MustCompile(p).MatchString(parts[i]) {
					t.Errorf("%s does not match %s", p, parts[i])
				}
			}
		})
	}
}

func TestWithin(t *testing.T) {
	_, root := Here()
	for wd, want := range map[string]string{root: ".", filepath.Join(root, "fakeloop", "timeline"): "./fakeloop/timeline"} {
		if dir, r := within(wd); dir != want || r != root {
			t.Errorf("%s: %s in %s", wd, dir, r)
		}
	}
	if dir, r := within("/"); dir != "" || r != "" {
		t.Errorf("outside of modules: %s in %s", dir, r)
	}
}

// The line names the suite and the seed, and its focus matches the text and is one line.
func TestGinkgo(t *testing.T) {
	t.Setenv(Variable, "")
	dir := t.TempDir()
	suite := filepath.Join(dir, "client")
	text := "a <client> fails (.*)\n\x1b[31m it's \u202e"
	focus := `'a <client> fails \(\.\*\)\x{a}\x{1b}\[31m it'\''s \x{202e}$'`
	for _, c := range []struct{ module, want string }{
		{"", os.Args[0] + " --ginkgo.seed=7 --ginkgo.focus=" + focus},
		{"module m\n", "go test -count=1 ./client -ginkgo.seed=7 -ginkgo.focus=" + focus},
		{"module m\ntool github.com/onsi/ginkgo/v2/ginkgo\n", "go tool ginkgo run --seed=7 --focus=" + focus + " ./client"},
		{"module m\ntool (\n\tx\n\tgithub.com/onsi/ginkgo/v2/ginkgo\n)\n", "go tool ginkgo run --seed=7 --focus=" + focus + " ./client"},
	} {
		if c.module != "" {
			if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(c.module), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := Ginkgo(suite, 7, text); got != c.want {
			t.Errorf("%q:\n%s\nwant\n%s", c.module, got, c.want)
		}
	}
	if !regexp.MustCompile(pattern(text) + "$").MatchString(text) {
		t.Error("the pattern does not match the text")
	}
}
