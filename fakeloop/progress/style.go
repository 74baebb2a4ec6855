package progress

import (
	"fmt"
	"io"
	"os"
)

// Style is how a [Progress] writes.
type Style uint8

const (
	Auto     Style = iota // Terminal if Out is one and CI is not set in the environment, otherwise Lines
	Lines                 // line by line
	Terminal              // one line that changes, and failures above it
	Off                   // not at all
)

// Variable is the environment variable that takes the place of Auto: "off", "lines" or
// "terminal".
const Variable = "WINDTUNNEL_PROGRESS"

// resolved returns what Auto stands for. It panics if the environment asks for what is no
// style.
func (s Style) resolved(out io.Writer) Style {
	if s != Auto {
		return s
	}
	switch text := os.Getenv(Variable); text {
	case "off":
		return Off
	case "lines":
		return Lines
	case "terminal":
		return Terminal
	case "":
	default:
		panic(fmt.Sprintf("progress: %s=%q: want off, lines or terminal", Variable, text))
	}
	if file, ok := out.(*os.File); ok && isTerminal(file) && os.Getenv("CI") == "" && os.Getenv("TERM") != "dumb" {
		return Terminal
	}
	return Lines
}

// isTerminal reports whether a file is a terminal, as far as one knows without a system
// call of its own: a character device that is not the null device.
func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
