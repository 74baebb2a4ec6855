package spec

import (
	"context"
	"reflect"
	"runtime/debug"
	"unsafe"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
)

// failAt is ginkgo.Fail at a given place. Fail itself takes the place from the stack of
// its caller, where a node that is stuck on another goroutine does not stand; and what
// Ginkgo does at a given place (a cleanup that returns an error) it does at the end. So
// this calls the method that Fail calls, and if a future Ginkgo has it no longer, Fail.
func failAt(ctx context.Context, at types.CodeLocation, message string) {
	if fail, ok := method[func(string, types.CodeLocation)](ctx, "Fail"); ok {
		fail(message, at)
		panic(errStopped)
	}
	ginkgo.Fail(message + "\n\nat " + at.String())
}

// recovered is ginkgo.GinkgoRecover, but says where the panic was, and not in the
// runtime, as that does. It must be deferred.
func recovered(ctx context.Context) {
	v := recover()
	if v == nil || isFailure(v) {
		return
	}
	stack := string(debug.Stack())
	at, found := bubble.PanicLine(stack)
	if tell, ok := method[func(types.CodeLocation, any)](ctx, "Panic"); ok && found {
		tell(types.CodeLocation{FileName: at.File, LineNumber: at.Line, FullStackTrace: bubble.PanicTrace(v, stack)}, v)
		return
	}
	defer ginkgo.GinkgoRecover()
	panic(v)
}

// isFailure reports whether a panic is that of Fail or Skip, of which Ginkgo knows
// already.
func isFailure(recovered any) bool {
	e, ok := recovered.(types.GinkgoError)
	return ok && e.Heading == types.GinkgoErrors.UncaughtGinkgoPanic(types.CodeLocation{}).(types.GinkgoError).Heading
}

// method returns a method of what collects the failures of a node.
func method[F any](ctx context.Context, name string) (f F, ok bool) {
	v := reflect.ValueOf(ctx.Value("GINKGO_SPEC_CONTEXT"))
	for _, name := range []string{"suite", "failer"} {
		if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return f, false
		}
		field := v.Elem().FieldByName(name)
		if field.Kind() != reflect.Pointer {
			return f, false
		}
		v = reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem()
	}
	if v.IsNil() {
		return f, false
	}
	m := v.MethodByName(name)
	if !m.IsValid() {
		return f, false
	}
	f, ok = m.Interface().(F)
	return f, ok
}
