package suites_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const module = "github.com/windtunnel-go/windtunnel"

// room is a package that users import, with the packages of other modules and
// rooms that its own (non-test) code may import directly. The standard library
// is always allowed.
type room struct {
	path string
	may  []string // a path, or a prefix that ends in /...
}

// rooms is the order of the house: whoever may import whom. An arrow that is not
// here is a change of the design.
var rooms = []room{
	{"fakeloop/timeline", nil},
	{"fakeloop/durable", nil},
	{"fakeloop/progress", nil},
	{"fakeloop", []string{"fakeloop/timeline"}},
	{"fakeloop/explore", []string{"fakeloop"}},
	{"toxics", []string{"fakeloop", "fakeloop/durable", "github.com/Shopify/toxiproxy/v2/toxics", "github.com/Shopify/toxiproxy/v2/stream"}},
	{"toxics/tcp", []string{"toxics", "github.com/Shopify/toxiproxy/v2/...", "github.com/rs/zerolog/..."}},
	{"asynctest/blocking", []string{"golang.org/x/exp/trace"}},
	{"asynctest/internal/bubble", []string{"fakeloop"}},
	{"asynctest/internal/records", []string{"fakeloop/timeline"}},
	{"asynctest/internal/rerun", nil},
	{"asynctest", []string{"fakeloop", "fakeloop/timeline", "fakeloop/progress", "fakeloop/explore", "toxics", "asynctest/blocking", "asynctest/internal/...", "github.com/onsi/gomega/..."}},
	{"asynctest/spec", []string{"asynctest", "asynctest/internal/...", "asynctest/spec/github", "fakeloop/explore", "github.com/onsi/ginkgo/v2/..."}},
	{"asynctest/spec/github", []string{"asynctest/internal/...", "github.com/onsi/ginkgo/v2/..."}},
	{"asynctest/spec/github/actions", []string{"asynctest/spec/github"}},
	{"suites", nil}, // specs only
	{"suites/subjects", []string{"fakeloop", "golang.org/x/crypto/bcrypt"}},
	{"suites/nameserver", []string{"github.com/miekg/dns"}},
	{"suites/internal/checks", nil},
	{"suites/loops", []string{"fakeloop", "fakeloop/progress", "suites/internal/checks"}},
	{"suites/futures", []string{"fakeloop", "fakeloop/progress", "suites/internal/checks"}},
	{"suites/verdicts", []string{"fakeloop", "toxics", "toxics/tcp", "asynctest", "asynctest/blocking", "suites/subjects", "suites/nameserver"}},
	{"suites/sweeps", []string{"fakeloop", "toxics", "toxics/tcp", "asynctest", "asynctest/blocking", "suites/verdicts", "suites/subjects", "suites/nameserver"}},
}

// banned are packages that must not be linked, however indirectly, into the
// rooms named with them: nobody who imports a matcher gets a proxy server.
var banned = []struct {
	pkg    string // a path, or a prefix that ends in /...
	exempt []string
}{
	{"github.com/onsi/ginkgo/...", []string{"asynctest/spec", "asynctest/spec/github", "asynctest/spec/github/actions"}},
	{"github.com/Shopify/toxiproxy/v2", []string{"toxics/tcp", "suites/verdicts", "suites/sweeps"}},
	{"github.com/miekg/dns/...", []string{"suites/nameserver", "suites/verdicts", "suites/sweeps"}},
	{"golang.org/x/crypto/bcrypt", []string{"suites/subjects", "suites/verdicts", "suites/sweeps"}},
}

// topLevel is everything that may stand in the repository's root, dot files
// aside.
var topLevel = []string{"LICENSE", "README.md", "asynctest", "fakeloop", "go.mod", "go.sum", "suites", "toxics"}

// listed is what go list says of a package.
type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
	Standard   bool
}

// violations checks a set of packages against the rules above.
func violations(packages []listed) []string {
	standard := map[string]bool{}
	for _, p := range packages {
		standard[p.ImportPath] = p.Standard
	}
	var out []string
	for _, p := range packages {
		path, ours := strings.CutPrefix(p.ImportPath, module+"/")
		if !ours {
			continue
		}
		i := slices.IndexFunc(rooms, func(r room) bool { return r.path == path })
		if i < 0 {
			out = append(out, fmt.Sprintf("%s is not a room of the design; add it to the list with what it may import", path))
			continue
		}
		for _, imported := range p.Imports {
			imported = strings.TrimPrefix(imported, module+"/")
			if !standard[imported] && !matches(rooms[i].may, imported) {
				out = append(out, fmt.Sprintf("%s imports %s", path, imported))
			}
		}
		for _, b := range banned {
			for _, dep := range p.Deps {
				if matches([]string{b.pkg}, dep) && !slices.Contains(b.exempt, path) {
					out = append(out, fmt.Sprintf("%s links %s", path, dep))
				}
			}
		}
	}
	return out
}

func matches(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		prefix, tree := strings.CutSuffix(pattern, "/...")
		return path == prefix || tree && strings.HasPrefix(path, prefix+"/")
	})
}

// listPackages asks the go command for all packages and what they link.
func listPackages() []listed {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Deps,Standard", "./...")
	cmd.Dir = ".."
	cmd.Stderr = GinkgoWriter
	text, err := cmd.Output()
	Expect(err).NotTo(HaveOccurred())
	var out []listed
	for decoder := json.NewDecoder(strings.NewReader(string(text))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return out
		} else {
			Expect(err).NotTo(HaveOccurred())
		}
		out = append(out, p)
	}
}

var _ = Describe("the rooms", func() {
	It("import only what the design allows", func() {
		packages := listPackages()
		Expect(violations(packages)).To(BeEmpty())
		for _, r := range rooms {
			Expect(slices.ContainsFunc(packages, func(p listed) bool { return p.ImportPath == module+"/"+r.path })).
				To(BeTrue(), "%s is in the list and not in the tree", r.path)
		}
	})

	It("are told when they do not", func() {
		Expect(violations([]listed{
			{ImportPath: "fmt", Standard: true},
			{ImportPath: module + "/fakeloop", Imports: []string{"fmt", module + "/toxics", "github.com/onsi/gomega"}},
			{ImportPath: module + "/asynctest", Deps: []string{"github.com/onsi/ginkgo/v2", "github.com/Shopify/toxiproxy/v2"}},
			{ImportPath: module + "/toxics", Imports: []string{"github.com/Shopify/toxiproxy/v2/toxics"}, Deps: []string{"github.com/miekg/dns"}},
			{ImportPath: module + "/attic"},
		})).To(Equal([]string{
			"fakeloop imports toxics",
			"fakeloop imports github.com/onsi/gomega",
			"asynctest links github.com/onsi/ginkgo/v2",
			"asynctest links github.com/Shopify/toxiproxy/v2",
			"toxics links github.com/miekg/dns",
			"attic is not a room of the design; add it to the list with what it may import",
		}))
	})

	It("are all named where newcomers look", func() {
		text, err := os.ReadFile("../.github/CONTRIBUTING.md")
		Expect(err).NotTo(HaveOccurred())
		for _, r := range rooms {
			Expect(string(text)).To(MatchRegexp("(?m)^\\|.*`"+r.path+"`.*\\|.*\\|.*\\|$"), "CONTRIBUTING.md has no row for "+r.path)
		}
	})

	It("are all that stands at the top level", func() {
		entries, err := os.ReadDir("..")
		Expect(err).NotTo(HaveOccurred())
		var names []string
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), ".") {
				names = append(names, e.Name())
			}
		}
		Expect(topLevel).To(ContainElements(names))
	})
})
