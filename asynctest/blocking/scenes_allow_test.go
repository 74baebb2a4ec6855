package blocking

import (
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
)

// counted checks what counts and what is allowed, by the function of the user frame
// and by reason.
func counted(blocks int, reasons ...string) func(*Report, *stage) error {
	return func(r *Report, _ *stage) error {
		var got []string
		for _, b := range r.Allowed {
			got = append(got, b.Allowed)
		}
		slices.Sort(got)
		if len(r.Blocks) != blocks || !slices.Equal(got, reasons) {
			return fmt.Errorf("want %d blocks and %q allowed, got:\n%s", blocks, reasons, r)
		}
		return nil
	}
}

// stale checks that one rule allowed nothing, beside what else is checked.
func stale(rule string, check func(*Report, *stage) error) func(*Report, *stage) error {
	return func(r *Report, s *stage) error {
		if len(r.Stale) != 1 || !strings.Contains(r.Stale[0].String(), rule) {
			return fmt.Errorf("want the stale rule %s, got:\n%s", rule, r)
		}
		return check(r, s)
	}
}

// allowScenes: scopes and rules, and which of them wins.
var allowScenes = []scene{
	{name: "scope", check: counted(0, "scope"), live: func(s *stage) {
		s.do(func() { Allow("scope", napA) })
	}},
	{name: "scope in a coroutine", check: counted(1, "scope"), live: func(s *stage) {
		resume, stop := pull(func(yield func() bool) {
			Allow("scope", napA)
			yield()
			napB()
		})
		s.do(resume)
		s.do(resume)
		s.do(stop)
	}},
	{name: "scope that is over", check: counted(1, "scope"), live: func(s *stage) {
		s.do(func() {
			Allow("scope", napA)
			napA()
		})
	}},
	{name: "scope left by a panic", check: counted(1, "scope"), live: func(s *stage) {
		s.do(func() {
			func() {
				defer func() { recover() }()
				Allow("scope", func() { napA(); panic("on purpose") })
			}()
			napA()
		})
	}},
	{name: "disallow in a scope", check: counted(1), live: func(s *stage) {
		s.do(func() { Allow("scope", func() { Disallow(napA) }) })
	}},
	{name: "scope in a disallow in a scope", check: counted(1, "inner", "outer"), live: func(s *stage) {
		s.do(func() {
			Allow("outer", func() {
				Disallow(func() {
					Allow("inner", napA)
					napB()
				})
				napA()
			})
		})
	}},
	{
		name: "rule in a scope", check: counted(1, "scope"),
		rules: []Rule{DisallowFunc(FuncName(napA), "never")},
		live: func(s *stage) {
			s.do(func() { Allow("scope", func() { napA(); napB() }) })
		},
	},
	{
		name: "disallow in a rule", check: counted(1, "rule"),
		rules: []Rule{AllowFunc(FuncName(allowedNaps), "rule")},
		live:  func(s *stage) { s.do(func() { allowedNaps() }) },
	},
	{
		name: "allow and disallow at one frame", check: counted(1),
		rules: []Rule{AllowFunc(FuncName(napA), "yes"), DisallowFunc(FuncName(napA), "no")},
		live:  func(s *stage) { s.do(func() { napA() }) },
	},
	{
		name: "rule of another kind", check: stale("By(blocking.Syscall)", counted(1)),
		rules: []Rule{AllowFunc(FuncName(napA), "x").By(Syscall)},
		live:  func(s *stage) { s.do(func() { napA() }) },
	},
	{
		name: "rule on another resource", check: stale("On(blocking.DNS, blocking.Disk)", counted(1)),
		rules: []Rule{AllowFunc(FuncName(napA), "x").On(Disk, DNS)},
		live:  func(s *stage) { s.do(func() { napA() }) },
	},
	{
		name: "rule of the kind and the resource", check: counted(0, "x"),
		rules: []Rule{AllowFunc(FuncName(napA), "x").On(Sleep).By(Park)},
		live:  func(s *stage) { s.do(func() { napA() }) },
	},
	{
		name: "rule for a package", check: counted(0, "x"),
		rules: []Rule{AllowPackage(thisPackage, "x")},
		live:  func(s *stage) { s.do(func() { napA() }) },
	},
	{
		name: "rule for a tree of packages", check: stale("walker/...", counted(0, "x")),
		rules: []Rule{AllowPackage("github.com/windtunnel-go/windtunnel/...", "x"), AllowPackage("github.com/windtunnel-go/wind/walker/...", "y")},
		live:  func(s *stage) { s.do(func() { napA() }) },
	},
	{
		name: "preset for logs", check: counted(0, "printing and logging", "printing and logging"), rules: LogWrites(),
		live: func(s *stage) {
			null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
			if err != nil {
				panic(err)
			}
			s.later(func() { null.Close() })
			logger := log.New(null, "", 0)
			s.do(func() { fmt.Print("") })
			s.do(func() { logger.Print("x") })
		},
	},
	{
		name: "preset for first use", check: counted(1, "loaded at the first use", "loaded at the first use"), rules: FirstUse(),
		steps: byHand(
			callTo("syscall.openat", "syscall.open", "time.open", "time.loadTzinfoFromDirOrZip", "time.loadTzinfo", "time.loadLocation", "time.initLocal", "sync.(*Once).doSlow", "time.(*Location).get", "example.org/x.onTick", testMarkers[0]),
			callTo("syscall.openat", "os.OpenFile", "net.open", "net.dnsReadConfig", "net.(*resolverConfig).init", "sync.(*Once).doSlow", "net.(*Resolver).LookupHost", "example.org/x.onTick", testMarkers[0]),
			parkOn("select", "runtime.selectgo", "net.(*Resolver).lookupIPAddr", "net.(*Resolver).LookupHost", "example.org/x.onTick", testMarkers[0]),
		),
	},
	{
		name: "preset for frameworks", check: counted(0, "the test framework's own", "the test framework's own"), rules: TestFrameworks(),
		steps: byHand(
			parkOn("sync", "sync.(*Mutex).Lock", "testing.(*common).Log", "example.org/x.onTick", testMarkers[0]),
			parkOn("sync", "sync.(*Mutex).Lock", "github.com/onsi/ginkgo/v2/internal.(*Writer).Write", "example.org/x.onTick", testMarkers[0]),
		),
	},
}

//go:noinline
func allowedNaps() {
	napA()
	Disallow(napB)
}

// labelled checks the names of the blocks, in order, and that each was posted here.
func labelled(names ...string) func(*Report, *stage) error {
	return func(r *Report, s *stage) error {
		var got []string
		for _, b := range r.Blocks {
			got = append(got, b.Name)
			if b.Posted != s.at {
				return fmt.Errorf("posted by %s, want %s", b.Posted.Location(), s.at.Location())
			}
		}
		if slices.Sort(got); !slices.Equal(got, names) {
			return fmt.Errorf("want names %q, got:\n%s", names, r)
		}
		return nil
	}
}

// nameScenes: callbacks with a name.
var nameScenes = []scene{
	{name: "named", check: labelled("", "tick", "tock"), live: func(s *stage) {
		for _, name := range []string{"tick", "tock"} {
			s.do(func() { Named(name, napA) })
		}
		s.do(func() { napA() })
	}},
	{name: "named in a named one", check: labelled("inner", "outer"), live: func(s *stage) {
		s.do(func() {
			Named("outer", func() {
				Named("inner", napA)
				napA()
			})
		})
	}},
	{name: "named, left by a panic", check: labelled("", "panics"), live: func(s *stage) {
		s.do(func() {
			func() {
				defer func() { recover() }()
				Named("panics", func() { napA(); panic("on purpose") })
			}()
			napB()
		})
	}},
	{name: "posted", check: labelled("refresh"), live: func(s *stage) {
		s.at = below(1)
		f := Posted("refresh", napA)
		s.do(f)
		s.do(f)
	}},
}
