package github

import (
	"fmt"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible shows what a terminal or a browser would obey: control characters and those
// that change the direction of text. Tabs and line ends stay.
func visible(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	if strings.IndexFunc(text, invisible) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !invisible(r):
			b.WriteRune(r)
		case r < ' ':
			b.WriteRune('\u2400' + r) // the picture of the control character
		case r == 0x7f:
			b.WriteRune('\u2421')
		default:
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
	}
	return b.String()
}

func invisible(r rune) bool {
	return r != '\n' && r != '\t' &&
		(unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp) || r == '\uFEFF')
}

// line is a text in one line.
func line(text string) string {
	return strings.NewReplacer("\n", "\u2424", "\t", " ").Replace(visible(text))
}

// whole is a text without the piece of a rune at its end that cutting has left there.
func whole(text string) string {
	for n := 0; n < utf8.UTFMax && len(text) > 0; n++ {
		if r, size := utf8.DecodeLastRuneInString(text); r != utf8.RuneError || size > 1 {
			break
		}
		text = text[:len(text)-1]
	}
	return text
}

// fromWhole is the same for its beginning.
func fromWhole(text string) string {
	for n := 0; n < utf8.UTFMax && len(text) > 0 && !utf8.RuneStart(text[0]); n++ {
		text = text[1:]
	}
	return text
}

// cut returns at most so many bytes of a text, of which the last say how many bytes are
// not there.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const note = " [%d bytes more]"
	head := whole(text[:max(0, most-len(note)-20)])
	return head + fmt.Sprintf(note, len(text)-len(head))
}

// code is a text as HTML that may stand anywhere in an HTML block.
func code(text string, most int) string {
	return "<code>" + html.EscapeString(cut(line(text), most)) + "</code>"
}

// block is a text as a fenced block of Markdown, in which everything is text.
func block(language, text string) string {
	text = visible(text)
	fence := "```"
	for _, run := range strings.FieldsFunc(text, func(r rune) bool { return r != '`' }) {
		fence += strings.Repeat("`", max(0, len(run)+1-len(fence)))
	}
	return fence + language + "\n" + strings.TrimSuffix(text, "\n") + "\n" + fence + "\n"
}
