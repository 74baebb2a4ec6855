package tcp

import (
	"reflect"
	"strings"
	"testing"
)

// What no constructor made refuses each call, by name, and says who makes it.
func TestZeroValuesSayWhoMakesThem(t *testing.T) {
	const (
		network = "toxics/tcp: CALL with a nil or zero Network; Listen makes one"
		host    = "toxics/tcp: CALL with a nil or zero Host, which is of no network; Network.Host makes one"
	)
	refuses := 0
	for _, c := range []struct {
		value any
		want  string
	}{
		{&Network{}, network}, {(*Network)(nil), network},
		{&Host{}, host}, {(*Host)(nil), host},
	} {
		v := reflect.ValueOf(c.value)
		for i := range v.NumMethod() {
			name := v.Type().Method(i).Name
			if _, is := c.value.(*Host); is && name == "Name" { // which says nothing
				continue
			}
			var args []reflect.Value
			for j := range v.Method(i).Type().NumIn() {
				args = append(args, reflect.Zero(v.Method(i).Type().In(j)))
			}
			func() {
				defer func() {
					if got, want := recover(), strings.Replace(c.want, "CALL", name, 1); got != want {
						t.Errorf("%s of a %T: panicked with %v, want %q", name, c.value, got, want)
					}
				}()
				v.Method(i).Call(args)
			}()
			refuses++
		}
	}
	if refuses != 2*(8+2) {
		t.Errorf("%d methods were called", refuses)
	}
}
