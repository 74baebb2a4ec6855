package asynctest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
)

// subtests are the subtests of a test that wait in t.Parallel until it is over. When it is,
// package testing waits for them in its turn, on channels that those which began in a bubble
// made there, and the runtime answers that by ending the process. So Run takes them off the
// list of package testing and says which they were. They are not run any further.
type subtests struct {
	list  *[]*testing.T // nil if the test is none of package testing's
	known int           // how many are not of the bubble
}

// subtestsOf returns those of a *testing.T, or of a struct that embeds one. Package testing
// gives nobody its list; if a future one has it no longer, nothing is taken off.
func subtestsOf(t TestingT) subtests {
	v := reflect.Indirect(reflect.ValueOf(t))
	if v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[testing.T]() {
		if v = v.FieldByName("T"); v.IsValid() {
			v = reflect.Indirect(v)
		}
	}
	if !v.IsValid() || v.Type() != reflect.TypeFor[testing.T]() {
		return subtests{}
	}
	field := v.FieldByName("sub")
	if !field.IsValid() || field.Type() != reflect.TypeFor[[]*testing.T]() {
		return subtests{}
	}
	list := (*[]*testing.T)(unsafe.Pointer(field.UnsafeAddr()))
	return subtests{list, len(*list)}
}

// cut takes those off the list that have come since, and returns their names.
func (s subtests) cut() []string {
	if s.list == nil || len(*s.list) <= s.known {
		return nil
	}
	var names []string
	for _, t := range (*s.list)[s.known:] {
		names = append(names, t.Name())
		hold(t)
	}
	*s.list = slices.Clip((*s.list)[:s.known])
	return names
}

// hold keeps a subtest where it is when package testing wakes it together with those that it
// still has on its list: the test may be over then. What a subtest asks next is the state of
// the whole run, whether it may have its turn. One without turns does not answer, on a channel
// that is not of the bubble: so nobody else in there goes on either.
func hold(t *testing.T) {
	field := reflect.ValueOf(t).Elem().FieldByName("tstate")
	if field.Kind() != reflect.Pointer {
		return
	}
	state := reflect.New(field.Type().Elem())
	if turns := state.Elem().FieldByName("startParallel"); turns.IsValid() && turns.Type() == reflect.TypeFor[chan bool]() {
		*(*chan bool)(unsafe.Pointer(turns.UnsafeAddr())) = make(chan bool)
		*(*unsafe.Pointer)(unsafe.Pointer(field.UnsafeAddr())) = state.UnsafePointer()
	}
}

// gaveUp says what became of subtests that were cut, and what to do.
func gaveUp(names []string, at []bubble.Frame) string {
	var lines []string
	for _, f := range at {
		lines = append(lines, fmt.Sprintf("%s:%d", f.File, f.Line))
	}
	return fmt.Sprintf("t.Parallel was called at %s, in what began inside Run: %s.  "+
		"Such a subtest waits until the test that has called Run is over, and what is in the bubble must end before, so it was given up there.  "+
		"Call t.Run and t.Parallel outside, and Run in each subtest; or start with tunnel.Go what is to go on at the same time in one.",
		strings.Join(lines, " and "), strings.Join(names, ", "))
}
