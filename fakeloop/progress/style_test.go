package progress

import (
	"bytes"
	"os"
	"testing"
)

func TestAutoIsWhatTheEnvironmentSays(t *testing.T) {
	for text, want := range map[string]Style{"off": Off, "lines": Lines, "terminal": Terminal, "": Lines} {
		t.Setenv(Variable, text)
		if got := Auto.resolved(new(bytes.Buffer)); got != want {
			t.Errorf("with %q it is %d, want %d", text, got, want)
		}
		if got := Terminal.resolved(new(bytes.Buffer)); got != Terminal {
			t.Errorf("with %q a Terminal is %d", text, got)
		}
	}
	t.Setenv(Variable, "loud")
	defer func() {
		if got, want := recover(), `progress: WINDTUNNEL_PROGRESS="loud": want off, lines or terminal`; got != want {
			t.Errorf("panicked with %v, want %q", got, want)
		}
	}()
	Auto.resolved(new(bytes.Buffer))
}

// Pipes, files and the null device are no terminals.
func TestWhatIsNoTerminal(t *testing.T) {
	t.Setenv(Variable, "")
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	for _, f := range []*os.File{null, w, file} {
		if Auto.resolved(f) != Lines {
			t.Errorf("%s is taken for a terminal", f.Name())
		}
	}
}

// A pseudo terminal is one, unless a CI run or a dumb one asks for lines.
func TestTerminalIsOne(t *testing.T) {
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Logf("there are no pseudo terminals here: %v", err)
		return
	}
	defer tty.Close()
	for name, value := range map[string]string{Variable: "", "CI": "", "TERM": "xterm"} {
		t.Setenv(name, value)
	}
	if got := Auto.resolved(tty); got != Terminal {
		t.Errorf("a terminal is %d", got)
	}
	t.Setenv("CI", "true")
	if got := Auto.resolved(tty); got != Lines {
		t.Errorf("with CI a terminal is %d", got)
	}
	t.Setenv("CI", "")
	t.Setenv("TERM", "dumb")
	if got := Auto.resolved(tty); got != Lines {
		t.Errorf("a dumb terminal is %d", got)
	}
}
