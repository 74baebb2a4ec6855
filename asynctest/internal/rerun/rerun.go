// Package rerun is about running one test again with all that was random in it: seeds
// that depend on nothing but a base and the name of the test, and command lines that a
// shell takes.
package rerun

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Variable is the environment variable that replaces the base of all seeds.
const Variable = "WINDTUNNEL_SEED"

// Base returns the base of all seeds: what the environment says, or else fallback. It
// panics if the environment says something that is no number.
func Base(fallback uint64) uint64 {
	text := os.Getenv(Variable)
	if text == "" {
		return fallback
	}
	n, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		panic(fmt.Sprintf("asynctest: %s=%q: want a number from 0 to 2^64-1", Variable, text))
	}
	return n
}

// Seed returns the seed of one attempt of a test. It depends on its arguments only: not
// on the order of tests, the process they run in, nor on what else runs. Attempts begin
// with 1.
func Seed(base uint64, name string, attempt int) uint64 {
	h := fnv.New64a()
	var numbers [16]byte
	binary.LittleEndian.PutUint64(numbers[:8], base)
	binary.LittleEndian.PutUint64(numbers[8:], uint64(attempt))
	h.Write(numbers[:])
	h.Write([]byte(name))
	return h.Sum64()
}

// Environment returns the assignment that a command line begins with, "" if the
// environment has nothing to say.
func Environment() string {
	text := os.Getenv(Variable)
	if text == "" {
		return ""
	}
	return Variable + "=" + Quote(text) + " "
}

// GoTest returns the line that runs a test of package testing again; name is that of
// testing.T.
func GoTest(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	pattern := Quote(strings.Join(parts, "/"))
	dir, root := Here()
	if root == "" {
		return Environment() + Quote(os.Args[0]) + " -test.run=" + pattern
	}
	return Environment() + "go test -count=1 -run=" + pattern + " " + Quote(dir)
}

// Ginkgo returns the line that runs a spec of Ginkgo's again; dir is the directory of its
// suite, text that of the spec.
func Ginkgo(dir string, seed int64, text string) string {
	focus := Quote(pattern(text) + "$")
	pkg, root := within(dir)
	switch {
	case root == "":
		return Environment() + fmt.Sprintf("%s --ginkgo.seed=%d --ginkgo.focus=%s", Quote(os.Args[0]), seed, focus)
	case hasTool(root):
		return GinkgoTool(pkg, seed, text)
	}
	return Environment() + fmt.Sprintf("go test -count=1 %s -ginkgo.seed=%d -ginkgo.focus=%s", Quote(pkg), seed, focus)
}

// GinkgoTool returns the same line for the package of a module that has Ginkgo among its
// tools.
func GinkgoTool(pkg string, seed int64, text string) string {
	return Environment() + fmt.Sprintf("go tool ginkgo run --seed=%d --focus=%s %s", seed, Quote(pattern(text)+"$"), Quote(pkg))
}

// pattern matches a text, and is one line, whatever there is in the text.
func pattern(text string) string {
	var b strings.Builder
	for _, r := range regexp.QuoteMeta(text) {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\x{%x}`, r)
		}
	}
	return b.String()
}

// hasTool reports whether go tool ginkgo works in a module.
func hasTool(root string) bool {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	return err == nil && tool.Match(text)
}

var tool = regexp.MustCompile(`(?m)^\s*(tool\s+)?github\.com/onsi/ginkgo/v2/ginkgo\s*$`)

// Here returns the directory in which the test runs, which is that of its package, as
// the go command names it in the root of its module, and that root; "" if there is none.
func Here() (dir, root string) {
	wd, err := os.Getwd()
	if err != nil {
		return "", ""
	}
	return within(wd)
}

func within(wd string) (dir, root string) {
	for root = wd; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(root) == root {
			return "", ""
		}
	}
	rel := strings.TrimPrefix(filepath.ToSlash(strings.TrimPrefix(wd, root)), "/")
	return cmp.Or(strings.TrimSuffix("./"+rel, "/"), "."), root
}

// plain is what a shell takes as it is.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+-]+$`)

// Quote makes one word of text for a shell.
func Quote(text string) string {
	if plain.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
