package suites_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var (
	// suiteText is by what the ginkgo command takes a package for a suite, wherever it stands in
	// a test file.
	suiteText = regexp.MustCompile(`package ginkgo|/ginkgo"|/ginkgo/v2"|/ginkgo/v2/dsl/`)

	testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w*)\(\w+ \*testing\.[TF]\)`)
)

// repeated says which test functions of a package ginkgo -p runs in each of its processes,
// where it shares the specs of a suite between them: all that stand in a suite. Such a package
// has only the one that runs the specs; without that, it does not know ginkgo's flags. The test
// files are given by their names.
func repeated(files map[string]string) (complaint string) {
	var suite string
	var functions []string
	runs := false
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if text := suiteText.FindString(files[name]); text != "" && suite == "" {
			suite = fmt.Sprintf("a suite for %s in %s", text, name)
		}
		for _, f := range testFunction.FindAllStringSubmatch(files[name], -1) {
			functions = append(functions, f[1])
		}
		runs = runs || strings.Contains(files[name], "\tRunSpecs(")
	}
	switch {
	case suite == "":
		return ""
	case !runs:
		return suite + ", without RunSpecs"
	case len(functions) > 1:
		return suite + ", with " + strings.Join(functions, ", ")
	}
	return ""
}

var _ = Describe("the tests of a room", func() {
	It("run once, in however many processes", func() {
		for _, r := range rooms {
			names, err := filepath.Glob(filepath.Join("..", r.path, "*_test.go"))
			Expect(err).NotTo(HaveOccurred())
			files := map[string]string{}
			for _, name := range names {
				text, err := os.ReadFile(name)
				Expect(err).NotTo(HaveOccurred())
				files[filepath.Base(name)] = string(text)
			}
			Expect(repeated(files)).To(BeEmpty(), r.path)
		}
	})

	DescribeTable("are told when they do not", func(complaint string, texts ...string) {
		files := map[string]string{}
		for i, text := range texts {
			files[fmt.Sprintf("%c_test.go", 'a'+i)] = text
		}
		Expect(repeated(files)).To(Equal(complaint))
	},
		Entry("specs", "", "import . \"github.com/onsi/ginkgo/v2\"\n\nfunc TestX(t *testing.T) {\n\tRunSpecs(t, \"x\")\n}\n", "var _ = It"),
		Entry("functions", "", "func TestX(t *testing.T) {", "func TestY(t *testing.T) { y(t) }"),
		Entry("both", `a suite for /ginkgo/v2" in b_test.go, with TestX, TestY, FuzzZ`,
			"func TestX(t *testing.T) {\n\tRunSpecs(t, \"x\")\n}\n",
			"import . \"github.com/onsi/ginkgo/v2\"\n\nfunc TestY(t *testing.T) {\n}\n\nfunc FuzzZ(f *testing.F) {\n}\n"),
		Entry("functions with a text of ginkgo's", `a suite for /ginkgo" in a_test.go, without RunSpecs`,
			"func TestX(t *testing.T) { strings.Contains(x, \"onsi/ginkgo\") }"),
	)
})
