package github

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
)

// GitHub draws no diagram with more characters, or more edges.
const (
	diagramCharacters = 50_000
	diagramEdges      = 500
)

// DiagramEntry is the name of a report entry that is a Mermaid diagram. It is drawn in
// the summary if it keeps within GitHub's limits and holds nothing but drawing; otherwise
// it is shown as text, with the reason.
const DiagramEntry = "Diagram"

var (
	diagramKind = regexp.MustCompile(`^(sequenceDiagram|gantt|flowchart|graph|stateDiagram-v2)\b`)
	// What Mermaid takes for more than drawing: configuration, links, calls of scripts, HTML.
	diagramBeyond = regexp.MustCompile(`(?i)%%\{|^\s*(click|links?|properties|details|accDescr)\s|^\s*---|javascript:|</?[a-z!]`)
	diagramBreak  = regexp.MustCompile(`(?i)<br ?/?>`)
	diagramEntity = regexp.MustCompile(`#\w+;`)
	diagramEdge   = regexp.MustCompile(`--|->|==>|-\.-`)
)

// undrawable says why a diagram is not to be drawn, "" if it is.
func undrawable(text string) string {
	if n := len(utf16.Encode([]rune(text))); n > diagramCharacters {
		return fmt.Sprintf("it has %d characters, and GitHub draws no more than %d", n, diagramCharacters)
	}
	if visible(text) != text {
		return "it has control characters in it"
	}
	if !diagramKind.MatchString(text) {
		return "its first line names no kind of diagram that is drawn here"
	}
	edges := 0
	statements := strings.FieldsFunc(diagramEntity.ReplaceAllString(text, "_"), func(r rune) bool { return r == '\n' || r == ';' })
	for _, l := range statements {
		if diagramBeyond.MatchString(diagramBreak.ReplaceAllString(l, "")) {
			return fmt.Sprintf("this line of it does more than draw: %s", cut(line(l), 200))
		}
		edges += len(diagramEdge.FindAllString(l, -1))
	}
	if edges > diagramEdges {
		return fmt.Sprintf("it has %d edges, and GitHub draws no more than %d", edges, diagramEdges)
	}
	return ""
}
