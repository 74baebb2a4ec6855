package peers_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/windtunnel-go/windtunnel/suites/futures"
)

var updateVerdicts = flag.Bool("windtunnel.verdicts", false, "write what came of each cell into testdata/futures, and the table into README.md")

// peers are the futures that are held to the contract.
var peers = []func() futures.Adapter{
	cancelCause, chebyrash, fanliao, workivaFuture, selectable, projectdiscovery,
	errGroup, singleFlight, concGroup, concPool, multiError, errorOrNil,
}

// Each library keeps the contract, and breaks it, as its verdicts say, in each of
// several passes. Cells that are to hang take long: a pass has a third of them.
func TestFutures(t *testing.T) {
	passes := scaled(t, "passes over all libraries", 20, 3)
	for _, peer := range peers {
		a := peer()
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			r := futures.NewRunner(t, a)
			if *updateVerdicts {
				rewrite(t, r, a)
				return
			}
			want := readVerdicts(t, a.Name)
			got, counts, runs := maps.Clone(want), map[futures.Status]int{}, 0
			for pass := range passes {
				hangs := 0
				for _, p := range futures.Properties() {
					for _, when := range p.Whens() {
						v := want[cell{p.Number, when}]
						if v.allows(futures.Hang) {
							if hangs++; hangs%3 != pass%3 {
								continue
							}
						}
						result := r.Run(a.Name, p, when)
						counts[result.Status]++
						runs++
						if !v.is(result.Status) {
							result.Stack = result.Stack[:min(len(result.Stack), 4000)] // who spins may have a thousand goroutines
							t.Errorf("pass %d, want %s, but %s", pass, v.status, result.Text("go -C suites/peers test -run '^TestFutures$/^"+strings.ReplaceAll(a.Name, " ", "_")+"$' ."))
							got[cell{p.Number, when}] = judged(result)
						}
					}
				}
				r.Close()
			}
			if t.Failed() {
				t.Errorf("to accept what came of it, put this into %s and say why:\n%s", verdictsFile(a.Name), formatVerdicts(got))
			}
			t.Logf("%d checks in %d passes: %v", runs, passes, counts)
		})
	}
}

// judged is the verdict of what came of a cell, but for the reason, which somebody has
// to find.
func judged(r futures.Result) ruling {
	v := ruling{status: r.Status}
	if r.Bad() {
		v.reason = unexplained
	}
	return v
}

const unexplained = "?"

// rewrite runs the table once and writes its verdicts, with the reasons that are known.
func rewrite(t *testing.T, r *futures.Runner, a futures.Adapter) {
	known := map[cell]ruling{}
	if _, err := os.Stat(verdictsFile(a.Name)); err == nil {
		known = readVerdicts(t, a.Name)
	}
	got := map[cell]ruling{}
	for _, result := range r.RunAll(a.Name) {
		c := cell{result.Property.Number, result.When}
		if got[c] = judged(result); known[c].is(result.Status) {
			got[c] = known[c]
		}
		if got[c].reason == unexplained {
			t.Log(result.Text(""))
		}
	}
	if err := os.MkdirAll(filepath.Dir(verdictsFile(a.Name)), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(verdictsFile(a.Name), []byte(formatVerdicts(got)), 0o666); err != nil {
		t.Fatal(err)
	}
}
