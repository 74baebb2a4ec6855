package github

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"a\tb\nc\r\nd":           "a\tb\nc\nd",
		"\x1b[31mred\x00\r\x7f":  "␛[31mred␀␍␡",
		"\u202eright \u2066to":   "<U+202E>right <U+2066>to",
		"\u0085 \u2028 \ufeff":   "<U+0085> <U+2028> <U+FEFF>",
		"no \xff UTF-8":          "no \uFFFD UTF-8",
		"👩‍💻 ä 漢":                "👩‍💻 ä 漢",
		"::error::x %25 <b> `a`": "::error::x %25 <b> `a`",
	} {
		if got := visible(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got, want := line("a\n\tb\r\n"), "a␤ b␤"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Whatever the limit, what is cut is valid, within it, and says how much is missing.
func TestCut(t *testing.T) {
	text := strings.Repeat("aä漢👩", 100)
	for most := 45; most < 200; most++ {
		got := cut(text, most)
		head, note, ok := strings.Cut(got, " [")
		if !ok || len(got) > most || !utf8.ValidString(got) || !strings.HasPrefix(text, head) {
			t.Fatalf("%d: %q", most, got)
		}
		if want := strings.TrimSuffix(note, " bytes more]"); want != itoa(len(text)-len(head)) {
			t.Fatalf("%d: %q, but %d bytes are missing", most, got, len(text)-len(head))
		}
	}
	if got := cut("short", 5); got != "short" {
		t.Errorf("%q", got)
	}
}

func TestKeep(t *testing.T) {
	text := strings.Repeat("漢", keptText)
	got := keep(text)
	if len(got) > keptText || !utf8.ValidString(got) {
		t.Fatalf("%d bytes", len(got))
	}
	head, rest, _ := strings.Cut(got, "\n\n[")
	missing, tail, _ := strings.Cut(rest, " bytes are left out here; Ginkgo's JSON report has them]\n\n")
	if missing != itoa(len(text)-len(head)-len(tail)) || !strings.HasSuffix(text, tail) || !strings.HasPrefix(text, head) {
		t.Errorf("%s bytes are said to be missing of %d, %d and %d", missing, len(text), len(head), len(tail))
	}
	if got := keep("a\xff"); got != "a\uFFFD" {
		t.Errorf("%q", got)
	}
}

func TestBlock(t *testing.T) {
	for text, want := range map[string]string{
		"a":               "```text\na\n```\n",
		"a\n":             "```text\na\n```\n",
		"":                "```text\n\n```\n",
		"```\n`````x":     "``````text\n```\n`````x\n``````\n",
		"~~~\n</details>": "```text\n~~~\n</details>\n```\n",
	} {
		if got := block("text", text); got != want {
			t.Errorf("%q:\n%s\nwant\n%s", text, got, want)
		}
	}
}

func TestCode(t *testing.T) {
	if got, want := code("<b>&amp; \"x\"\n'", 100), "<code>&lt;b&gt;&amp;amp; &#34;x&#34;␤&#39;</code>"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
