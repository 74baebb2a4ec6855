package loops

import (
	"reflect"
	"slices"
	"strings"

	"github.com/windtunnel-go/windtunnel/fakeloop/progress"
)

// RunAll is a.RunAll, followed by p.
func RunAll(a Adapter, p *progress.Progress) []Result { return a.runAll(p) }

// Only returns a without the optional parts that parts does not name.
func Only(a Adapter, parts string) Adapter {
	keep := strings.Fields(parts)
	a.Options = strings.Join(slices.DeleteFunc(strings.Fields(a.Options), func(o string) bool { return !slices.Contains(keep, o) }), " ")
	whole := a.New
	a.New = func(o Options) *Loop {
		l := whole(o)
		if l.Cancel == nil {
			stop := l.Stop
			l.Cancel = func(t Timer) { stop(t) }
		}
		v := reflect.ValueOf(l).Elem()
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; !slices.Contains(required, name) && !slices.Contains(keep, name) {
				v.Field(i).SetZero()
			}
		}
		return l
	}
	return a
}
