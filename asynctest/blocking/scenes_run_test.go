package blocking

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
)

var scenes = slices.Concat(waitScenes, placeScenes, coroutineScenes, ruleScenes, userScenes, allowScenes, nameScenes)

// shot is a scene that was recorded: what any analyser can be shown.
type shot struct {
	scene
	stage *stage
}

// shots records every scene once per process. The collector rests meanwhile:
// the scenes are about what callbacks do, and the broken analysers in
// mutants_test.go have to break for the predicted reason only.
var shots = sync.OnceValues(func() ([]shot, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var out []shot
	for _, sc := range scenes {
		s := &stage{}
		if sc.live != nil {
			var err error
			s.loop = newLoop()
			s.do = s.loop.do
			sc.steps, err = tape(func() { sc.live(s) })
			for _, f := range s.after {
				f()
			}
			s.loop.stop()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", sc.name, err)
			}
		}
		out = append(out, shot{sc, s})
	}
	return out, nil
})

// judge returns what is wrong with an analyser's view of the shot, or nil.
func (s shot) judge(change func(*analyser)) error {
	a := newAnalyser(Config{Markers: testMarkers, Allow: s.rules})
	change(a)
	r, err := a.run(play(s.steps))
	if s.fails != nil {
		if !errors.Is(err, s.fails) {
			return fmt.Errorf("error is %v, want %v", err, s.fails)
		}
		return nil
	}
	if err != nil {
		return err
	}
	return s.check(r, s.stage)
}

func TestScenes(t *testing.T) {
	all, err := shots()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			if err := s.judge(func(*analyser) {}); err != nil {
				t.Error(err)
			}
		})
	}
}

// Every allow line printed does allow its block, and nothing is left to report.
func TestAllowLinesAllow(t *testing.T) {
	all, err := shots()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range all {
		if s.fails != nil {
			continue
		}
		a := newAnalyser(Config{Markers: testMarkers})
		r, err := a.run(play(s.steps))
		if err != nil {
			t.Fatal(err)
		}
		var rules []Rule
		for _, b := range r.Blocks {
			rules = append(rules, AllowFunc(b.User.Func, "why this may block"))
			if want := rules[len(rules)-1].String(); b.AllowLine() != want {
				t.Errorf("%s: allow line %s, want %s", s.name, b.AllowLine(), want)
			}
			n++
		}
		a = newAnalyser(Config{Markers: testMarkers, Allow: rules})
		if r, err = a.run(play(s.steps)); err != nil {
			t.Fatal(err)
		}
		if len(r.Blocks) != 0 || len(r.Stale) != 0 {
			t.Errorf("%s: with every allow line pasted:\n%s", s.name, r)
		}
	}
	t.Logf("%d allow lines", n)
}

// The same steps give the same report, whatever order maps are walked in.
func TestReportIsDeterministic(t *testing.T) {
	all, err := shots()
	if err != nil {
		t.Fatal(err)
	}
	text := func() (s string) {
		for _, sh := range all {
			if r, err := newAnalyser(Config{Markers: testMarkers}).run(play(sh.steps)); err == nil {
				s += r.String()
			}
		}
		return s
	}
	want := text()
	for range 20 {
		if got := text(); got != want {
			t.Fatalf("the report changed from\n%s\nto\n%s", want, got)
		}
	}
}
