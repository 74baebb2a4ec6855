package progress

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean returns text as it is if it prints on one line, otherwise with escapes, and cut.
func clean(text string, most int) string {
	text = cut(text, most)
	if strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }) || !utf8.ValidString(text) || strings.Contains(text, "##[") || strings.Contains(text, "{{") {
		text = cut(noCommand.Replace(strconv.Quote(text)), most)
	}
	return text
}

// noCommand escapes what GitHub Actions takes for a command anywhere in a line, and what
// Ginkgo takes for a style. Other commands begin a line, which here begins with the title.
var noCommand = strings.NewReplacer("##[", `#\x23[`, "{{", `{\x7b`)

// cut returns text, or the beginning of it with a ~ behind.
func cut(text string, most int) string {
	n := 0
	for i := range text {
		if n++; n > most {
			return string([]rune(text[:i])[:most-1]) + "~"
		}
	}
	return text
}
