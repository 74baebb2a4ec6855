package suites_test

import (
	"errors"
	"os"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/windtunnel-go/windtunnel/asynctest"
	"github.com/windtunnel-go/windtunnel/fakeloop"
)

// retry calls attempt until its future is resolved, with a pause after each
// failure.
func retry(loop *fakeloop.Loop, pause time.Duration, attempt func() *fakeloop.Future[string]) *fakeloop.Future[string] {
	return fakeloop.Async(loop, "retry", func(co *fakeloop.Coroutine) (string, error) {
		for {
			page, err := fakeloop.Await(co, attempt())
			if err == nil {
				return page, nil
			}
			if err := co.Sleep(pause); err != nil {
				return "", err
			}
		}
	})
}

// fetch fails twice.
func fetch(loop *fakeloop.Loop, call int) *fakeloop.Future[string] {
	promise := fakeloop.NewPromise[string](loop, "page")
	if call < 3 {
		promise.Reject(errors.New("refused"))
	} else {
		promise.Resolve("hello")
	}
	return promise.Future()
}

var _ = It("tries again, without blocking its loop", func() {
	watch := Watch(GinkgoTB())
	loop := fakeloop.New(fakeloop.Config{Sites: true})
	DeferCleanup(loop.Close)

	calls := 0
	page := retry(loop, time.Minute, func() *fakeloop.Future[string] { // the code under test
		calls++
		return fetch(loop, calls)
	})

	Expect(page).To(ResolveWith("hello")) // runs the loop, in virtual time
	Expect(loop.Elapsed()).To(Equal(2 * time.Minute))
	Expect(watch).To(NeverBlock())
})

var _ = It("is the spec in the README", func() {
	text, err := os.ReadFile(readme)
	Expect(err).NotTo(HaveOccurred())
	source, err := os.ReadFile("readme_test.go")
	Expect(err).NotTo(HaveOccurred())
	_, rest, found := strings.Cut(string(text), "```go\n")
	Expect(found).To(BeTrue(), "README has no Go block")
	spec, _, _ := strings.Cut(rest, "```")
	Expect(string(source)).To(ContainSubstring(spec))
})
