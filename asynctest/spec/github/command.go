package github

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2/types"
)

const usage = `usage: actions run [flags] [packages]
       actions report [flags] ginkgo-report.json ...
       actions merge [flags] directory

run runs the suites among the packages (default ./...) and tells of them; report tells of
what Ginkgo's --json-report wrote; merge tells of what several shards left in a directory.
actions run -h, and so on, lists the flags.
`

// What a command exits with, besides 0.
const (
	exitFailed = 1 // a spec failed, or something that is no spec
	exitMisuse = 2 // there are no verdicts: the arguments are wrong, or a file is
)

// Main is the command in the directory actions, with the arguments behind its name. It
// returns what the process is to exit with: 0, 1 if run or merge found a failure, 2 if
// they or report could not do what they should.
func Main(args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	c := command{getenv: getenv, out: stdout, errs: stderr, start: start}
	return c.main(args)
}

type command struct {
	getenv    func(string) string
	out, errs io.Writer
	start     starter
	flags     *flag.FlagSet
	artifact  string
	output    string
}

func (c *command) main(args []string) int {
	verbs := map[string]func([]string) (verdicts, error){"run": c.run, "report": c.report, "merge": c.merge}
	if len(args) == 0 || verbs[args[0]] == nil {
		fmt.Fprint(c.errs, usage)
		return exitMisuse
	}
	c.flags = flag.NewFlagSet("actions "+args[0], flag.ContinueOnError)
	c.flags.SetOutput(c.errs)
	c.flags.StringVar(&c.artifact, "artifact", "", "the artifact that will have the whole of what the summary cuts")
	v, err := verbs[args[0]](args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		// Not a command for GitHub, whatever file names are in it.
		fmt.Fprintf(c.errs, "%s: %s\n", c.flags.Name(), strings.ReplaceAll(line(err.Error()), "##[", "# #["))
		return exitMisuse
	case args[0] != "report" && v.failed():
		return exitFailed
	}
	return 0
}

// tell tells GitHub or, where there is no runner, the reader.
func (c *command) tell(v verdicts) error {
	r, ok := runnerOf(c.getenv, c.out)
	if !ok {
		_, err := fmt.Fprint(c.out, summarize(v, summaryBytes, c.artifact))
		return err
	}
	return r.tell(v, c.artifact)
}

// workspace is what files are named relative to.
func (c *command) workspace() (workspace, error) {
	if w := c.getenv("GITHUB_WORKSPACE"); w != "" {
		return workspace(w), nil
	}
	wd, err := os.Getwd()
	return workspace(wd), err
}

// report reads the reports that Ginkgo wrote.
func (c *command) report(args []string) (v verdicts, err error) {
	if err := c.flags.Parse(args); err != nil {
		return v, err
	}
	if c.flags.NArg() == 0 {
		return v, errors.New("want the files that ginkgo --json-report has written")
	}
	root, err := c.workspace()
	if err != nil {
		return v, err
	}
	var runs []run
	for _, name := range c.flags.Args() {
		reports, err := readReports(name)
		if err != nil {
			return v, err
		}
		for _, r := range reports {
			runs = append(runs, runOf(r, root))
		}
	}
	v = verdictsOf(runs...)
	return v, c.tell(v)
}

func readReports(name string) (reports []types.Report, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &reports); err != nil {
		return nil, fmt.Errorf("%s is not a report of Ginkgo's: %w", name, err)
	}
	return reports, nil
}

// verdictsFile is the name of the file in which a shard leaves its verdicts.
const verdictsFile = "verdicts.json"

// merge reads what the shards left, wherever that is in the directory.
func (c *command) merge(args []string) (v verdicts, err error) {
	c.flags.StringVar(&c.output, "output", "", "write the merged verdicts into this directory, too")
	if err := c.flags.Parse(args); err != nil {
		return v, err
	}
	if c.flags.NArg() != 1 {
		return v, errors.New("want one directory")
	}
	var shards []verdicts
	err = filepath.WalkDir(c.flags.Arg(0), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() != verdictsFile {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var one verdicts
		if err := json.Unmarshal(text, &one); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		shards = append(shards, one)
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return v, err
	}
	v = merge(shards)
	if c.output != "" {
		if err := write(c.output, v); err != nil {
			return v, err
		}
	}
	return v, c.tell(v)
}

// write leaves verdicts in a directory.
func write(dir string, v verdicts) error {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, verdictsFile), append(text, '\n'), 0o644)
}

// run runs suites.
func (c *command) run(args []string) (v verdicts, err error) {
	seed := c.flags.String("seed", "", "the first of the seeds; fresh in each workflow run by default")
	seeds := c.flags.Int("seeds", 1, "under how many seeds to run each suite")
	part := c.flags.String("shard", "1/1", "which of how many shards to do")
	more := c.flags.String("ginkgo", "", "flags for ginkgo run, one in a line")
	quiet := c.flags.Bool("quiet", false, "tell of nothing; merge will")
	c.flags.StringVar(&c.output, "output", "", "leave reports, records and verdicts in this directory; a new temporary one by default")
	if err := c.flags.Parse(args); err != nil {
		return v, err
	}
	mine, err := parseShard(*part)
	if err != nil {
		return v, err
	}
	if v.Plan.Seeds, err = c.seeds(*seed, *seeds); err != nil {
		return v, err
	}
	root, err := c.workspace()
	if err != nil {
		return v, err
	}
	if c.output == "" {
		if c.output, err = os.MkdirTemp(c.getenv("RUNNER_TEMP"), "windtunnel-"); err != nil {
			return v, err
		}
	}
	if c.output, err = filepath.Abs(c.output); err != nil {
		return v, err
	}
	flags := slices.DeleteFunc(strings.Split(*more, "\n"), func(f string) bool { return strings.TrimSpace(f) == "" })
	for i, f := range flags {
		flags[i] = strings.TrimSpace(f)
	}
	r := suiteRunner{command: c, root: root, flags: flags}
	dirs, err := r.list(c.flags.Args())
	if err != nil {
		return v, err
	}
	r.ginkgo = c.ginkgoLine()
	v.Plan.Shards, v.Shard = mine.Of, mine.Number
	for _, dir := range dirs {
		v.Plan.Suites = append(v.Plan.Suites, cmp.Or(root.rel(dir), dir))
	}
	// Whoever is stopped in the middle leaves what there is by then.
	if err := c.set("directory", c.output); err != nil {
		return v, err
	}
	for i, item := range v.Plan.items(mine.Number) {
		v.Runs = append(v.Runs, r.run(i+1, item, dirs[slices.Index(v.Plan.Suites, item.Suite)]))
		if err := write(c.output, v); err != nil {
			return v, err
		}
	}
	if err := c.set("failed", strconv.FormatBool(v.failed())); err != nil {
		return v, err
	}
	if *quiet {
		return v, nil
	}
	if mine.Of > 1 {
		return v, c.tell(verdicts{Runs: joinRuns(v.Runs)})
	}
	return v, c.tell(merge([]verdicts{v}))
}

// seeds returns the seeds. If none is given, the first comes from the workflow run: all
// shards of it have the same, the next workflow run has others, and a repetition of this
// one has these again.
func (c *command) seeds(first string, n int) ([]int64, error) {
	if n < 1 {
		return nil, fmt.Errorf("-seeds=%d: want at least one", n)
	}
	base := time.Now().Unix()
	if first == "" {
		first = c.getenv("GITHUB_RUN_ID")
	}
	if first != "" {
		var err error
		if base, err = strconv.ParseInt(first, 10, 64); err != nil {
			return nil, fmt.Errorf("the seed %q is no number: %w", first, err)
		}
	}
	var out []int64
	for i := range int64(n) {
		out = append(out, base+i)
	}
	return out, nil
}

// set sets an output of the step.
func (c *command) set(key, value string) error {
	name := c.getenv("GITHUB_OUTPUT")
	if name == "" {
		return nil
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%s=%s\n", key, value)
	return errors.Join(err, file.Close())
}
