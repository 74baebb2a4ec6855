package timeline

import (
	"strconv"
	"unicode"
	"unicode/utf8"
)

// allShownTexts is how many bytes the texts of a page take, about; each text behind is
// cut to the first shortText bytes.
const (
	allShownTexts = 16 << 20
	shortText     = 64
)

// shownTexts numbers the texts of a page, from 1 on, and sees to it that they are not
// too much.
type shownTexts struct {
	limit int // bytes of each
	total int
	index map[string]int
	all   []string // as they are shown
}

// number returns the number of a text; zero for none.
func (s *shownTexts) number(text string) int {
	if text == "" {
		return 0
	}
	if n, known := s.index[text]; known {
		return n
	}
	if s.index == nil {
		s.index = make(map[string]int)
	}
	s.all = append(s.all, s.cut(text))
	s.index[text] = len(s.all)
	return len(s.all)
}

// cut returns a text as it is shown.
func (s *shownTexts) cut(text string) string {
	limit := s.limit
	if s.total >= allShownTexts {
		limit = min(limit, shortText)
	}
	text = shown(text, limit)
	s.total += len(text)
	return text
}

// shown returns text in printing characters, line breaks and tabs: others are escaped as
// in a Go string. If that takes more than limit bytes it is cut, and says by how much.
func shown(text string, limit int) string {
	var b []byte
	for i, size := 0, 0; i < len(text); i += size {
		size = 0
		for most := min(len(text)-i, limit-len(b)); size < most && ' ' <= text[i+size] && text[i+size] <= '~'; {
			size++
		}
		if size > 0 {
			b = append(b, text[i:i+size]...)
			continue
		}
		var c rune
		c, size = utf8.DecodeRuneInString(text[i:])
		before := len(b)
		switch {
		case c == '\n' || c == '\t' || unicode.IsPrint(c) && !(c == utf8.RuneError && size == 1):
			b = append(b, text[i:i+size]...)
		case c == utf8.RuneError && size == 1:
			b = append(b, `\x`...)
			b = append(b, "0123456789abcdef"[text[i]>>4], "0123456789abcdef"[text[i]&15])
		case c == '\r' && i+1 < len(text) && text[i+1] == '\n':
		default:
			quoted := strconv.QuoteRune(c)
			b = append(b, quoted[1:len(quoted)-1]...)
		}
		if len(b) > limit {
			return string(b[:before]) + "... (" + count(len(text)-i, "more byte") + ")"
		}
	}
	return string(b)
}
