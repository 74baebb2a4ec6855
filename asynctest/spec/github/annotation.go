package github

import (
	"fmt"
	"strings"
)

const (
	// annotationsOfStep is how many error annotations of one step GitHub shows; it drops
	// the others without a word.
	annotationsOfStep = 10
	// annotationMessage is at how many characters it cuts a message, annotationTitle a
	// title. Here they count bytes, of which there are never less.
	annotationMessage = 4096
	annotationTitle   = 255
)

// annotation is an error at a line.
type annotation struct {
	place   place
	title   string
	message string
}

// String is the workflow command, which is one line whatever the texts are.
func (a annotation) String() string {
	var properties []string
	if a.place.File != "" {
		properties = append(properties, "file="+escapeProperty(a.place.File))
		if a.place.Line > 0 {
			properties = append(properties, fmt.Sprintf("line=%d", a.place.Line))
		}
	}
	properties = append(properties, "title="+escapeProperty(cut(line(a.title), annotationTitle)))
	return "::error " + strings.Join(properties, ",") + "::" + escapeData(cut(a.message, annotationMessage))
}

// escapeData escapes what follows the second "::" of a command.
func escapeData(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

// escapeProperty escapes the value of a property.
func escapeProperty(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(text)
}

// annotations returns no more than room annotations. The last counts what has none.
func annotations(groups []group, room int) []annotation {
	shown := len(groups)
	if shown > room {
		shown = max(0, room-1)
	}
	var out []annotation
	for _, g := range groups[:shown] {
		out = append(out, annotationOf(g))
	}
	if rest := len(groups) - shown; rest > 0 && room > 0 {
		out = append(out, annotation{
			title:   fmt.Sprintf("%d more failures", rest),
			message: fmt.Sprintf("GitHub shows %d annotations of a step. %d more failures have none; the job summary tells of them.", annotationsOfStep, rest),
		})
	}
	return out
}

func annotationOf(g group) annotation {
	a := annotation{place: g.at(), title: g.title()}
	var tail string
	if where := g.where(); where != "" {
		tail = "\n\n" + where
	}
	if g.spec != nil && len(g.spec.Reproduce) > 0 {
		tail += "\nTo reproduce: " + visible(g.spec.Reproduce[0])
	}
	tail = cut(tail, annotationMessage/2)
	a.message = cut(visible(g.message()), annotationMessage-len(tail)) + tail
	return a
}
