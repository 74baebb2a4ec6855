package tcp

import (
	"reflect"
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/toxics"
)

// What no constructor made refuses each call, by name, and says who makes it, in both engines.
func TestZeroValuesSayWhoMakesThem(t *testing.T) {
	const ofHost = "CALL with a nil or zero Host, which is of no network; Network.Host makes one"
	for _, c := range []struct {
		zero, null any
		silent     string // the methods that say nothing
		refuse     int
		want       string
	}{
		{&toxics.Network{}, (*toxics.Network)(nil), "", 9, "toxics: CALL with a nil or zero Network; NewNetwork makes one, and a tunnel of package asynctest has one"},
		{&toxics.Host{}, (*toxics.Host)(nil), "Name IP", 4, "toxics: " + ofHost},
		{&toxics.Applied{}, (*toxics.Applied)(nil), "", 3, "toxics: CALL with a nil or zero Applied; Network.Apply returns one"},
		{&Network{}, (*Network)(nil), "", 8, "toxics/tcp: CALL with a nil or zero Network; Listen makes one"},
		{&Host{}, (*Host)(nil), "Name", 2, "toxics/tcp: " + ofHost},
	} {
		for _, value := range []any{c.zero, c.null} {
			v := reflect.ValueOf(value)
			refused := 0
			for i := range v.NumMethod() {
				name := v.Type().Method(i).Name
				if strings.Contains(" "+c.silent+" ", " "+name+" ") {
					continue
				}
				var args []reflect.Value
				for j := range v.Method(i).Type().NumIn() {
					args = append(args, reflect.Zero(v.Method(i).Type().In(j)))
				}
				func() {
					defer func() {
						if got, want := recover(), strings.Replace(c.want, "CALL", name, 1); got != want {
							t.Errorf("%s of a %T: panicked with %v, want %q", name, value, got, want)
						}
					}()
					v.Method(i).Call(args)
				}()
				refused++
			}
			if refused != c.refuse {
				t.Errorf("%d methods of a %T were called, want %d", refused, value, c.refuse)
			}
		}
	}
}
