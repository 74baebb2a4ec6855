package asynctest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/windtunnel-go/windtunnel/asynctest/blocking"
	"github.com/windtunnel-go/windtunnel/asynctest/internal/bubble"
	"github.com/windtunnel-go/windtunnel/fakeloop"
	"github.com/windtunnel-go/windtunnel/fakeloop/explore"
	"github.com/windtunnel-go/windtunnel/fakeloop/progress"
)

// sweeper makes the runs of a sweep.
type sweeper struct {
	Scenario
	without map[uint64]*played // runs without faults, by their seed
	limit   int                // of the callbacks of one run
	journal *explore.Journal[verdict]
	kept    map[string]bool // runs that the journal had
	report  *SweepReport

	candidates []candidate // for real TCP

	batch    *batch
	progress *progress.Progress // nil if nobody is told
	known    int                // runs, as far as progress has been told
}

// verdict is what is kept of a run.
type verdict struct {
	Findings []Finding `json:"findings,omitempty"`
	Outcome  string    `json:"outcome"` // see cell
	Ended    string    `json:"ended"`   // see ended
}

// batch is the runs that share a bubble and a recording of what blocked, since to begin
// either takes longer than most runs.
type batch struct {
	bubble *bubble.Bubble
	rec    *blocking.Recorder
	runs   []*unjudged
}

// unjudged is a run on which judgement waits until it is known whether it blocked.
type unjudged struct {
	played *played
	points []explore.Point
}

// mostWithout is how many callbacks the run without faults may take: one that never ends
// comes to that within seconds.
const mostWithout = 100_000

// batchSize is how many runs share a bubble.
const batchSize = 64

func newSweeper(s Scenario) *sweeper {
	return &sweeper{Scenario: s, without: map[uint64]*played{}, kept: map[string]bool{}, report: newSweepReport(s)}
}

// rules are those of the tunnels of a scenario.
func (s Scenario) rules() []blocking.Rule {
	c := tunnelConfig{}
	for _, o := range s.Tunnel {
		o.applyTunnel(&c)
	}
	return c.rules
}

// begin begins a batch.
func (w *sweeper) begin() (*batch, error) {
	rec, err := blocking.Start(blocking.Config{Markers: fakeloop.CallbackFrames(), Allow: w.rules()})
	if err != nil {
		return nil, fmt.Errorf("asynctest: a sweep cannot see what blocks: %w", err)
	}
	return &batch{bubble: bubble.Start(), rec: rec}, nil
}

// end ends a batch and says what blocked in it.
func (b *batch) end() ([]blocking.Block, error) {
	_ = b.bubble.End() // what is left in it has been found
	report, err := b.rec.Stop()
	if err != nil {
		return nil, fmt.Errorf("asynctest: the recording of a sweep shows nothing about the callbacks: %w", err)
	}
	return report.Blocks, nil
}

// alone makes one run in a bubble of its own, with a recording of its own.
func (w *sweeper) alone(run explore.Run) (*played, error) {
	b, err := w.begin()
	if err != nil {
		return nil, err
	}
	p, spins := w.play(b.bubble, run)
	blocks, err := b.end()
	if err = cmp.Or(spins, err); err != nil {
		return nil, err
	}
	p.blocks = blocks
	return p, nil
}

// again makes one run in a bubble of its own, with no recording.
func (w *sweeper) again(run explore.Run) (*played, error) {
	b := bubble.Start()
	defer b.End()
	return w.play(b, run)
}

// all makes all runs.
func (w *sweeper) all() (*SweepReport, error) {
	if w.Journal != "" {
		journal, err := explore.OpenJournal[verdict](w.Journal, w.describe())
		if err != nil {
			return nil, err
		}
		w.journal = journal
		defer func() { _ = journal.Close() }() // what was added has been written
	}
	told := w.Progress
	told.Title = cmp.Or(told.Title, "sweep of "+w.Name)
	w.progress = progress.Start(told)
	defer w.progress.Close()
	config := explore.Config{
		Seeds: w.Seeds, Pairs: w.Pairs, EveryByte: w.EveryByte, Shard: w.Shard, Shards: w.Shards,
		Leave: w.leave, Progress: w.count,
	}
	err := explore.Sweep(config, w.make)
	if _, flushed := w.flush(); err == nil {
		err = flushed
	}
	if err == nil {
		err = w.sample()
	}
	if err != nil {
		return nil, err
	}
	return w.report.finish(w.Scenario), w.confirm()
}

// describe names the sweep for its journal.
func (w *sweeper) describe() string {
	return fmt.Sprintf("%s, shard %d of %d, seeds %v, %d pairs, every byte %v, deadline %v", w.Name, w.Shard, w.Shards, w.Seeds, w.Pairs, w.EveryByte, w.Deadline)
}

func (w *sweeper) leave(p explore.Point, f explore.Fault) bool {
	l, left := w.leaves(f)
	if left {
		w.report.leave(p, f, l)
	}
	return left
}

// make makes one run, unless the journal has it, and returns its points.
func (w *sweeper) make(run explore.Run) ([]explore.Point, error) {
	if len(run.Faults) == 0 {
		return w.makeWithout(run)
	}
	if known, ok := w.journal.Find(run); ok {
		w.progress.Begin(run.String()).End(wrongWith(known.Value.Findings))
		w.report.add(run, known.Value)
		w.consider(run, known.Value, known.Points)
		w.kept[run.String()] = true
		return known.Points, nil
	}
	if w.batch == nil {
		b, err := w.begin()
		if err != nil {
			return nil, err
		}
		w.batch = b
	}
	step := w.progress.Begin(run.String())
	p, err := w.play(w.batch.bubble, run)
	if err != nil {
		step.End(err)
		return nil, err
	}
	step.End(wrongWith(w.judge(p, w.without[run.Seed])))
	w.batch.runs = append(w.batch.runs, &unjudged{p, p.points})
	unclean := p.bubble.Outcome != bubble.Returned || p.closing.Outcome != bubble.Returned || len(p.goroutines) > 0
	if unclean || len(w.batch.runs) >= batchSize {
		return w.flushed(p.points)
	}
	return p.points, nil
}

func (w *sweeper) flushed(points []explore.Point) ([]explore.Point, error) {
	_, err := w.flush()
	return points, err
}

// makeWithout makes a run without faults, with which others are compared.
func (w *sweeper) makeWithout(run explore.Run) ([]explore.Point, error) {
	if _, err := w.flush(); err != nil {
		return nil, err
	}
	w.limit = mostWithout
	step := w.progress.Begin(run.String())
	p, err := w.alone(run)
	step.End(err)
	if err != nil {
		return nil, err
	}
	if err := w.unfaulted(p); err != nil {
		return nil, err
	}
	again, err := w.again(run)
	if err != nil {
		return nil, err
	}
	d := p.differs(again)
	if d == "" {
		d = w.outcomesDiffer(p, again)
	}
	if d != "" {
		return nil, fmt.Errorf("asynctest: sweep of %s: two runs without faults differ, so there is nothing to compare with: %s", w.Name, d)
	}
	if len(p.points) == 0 {
		return nil, fmt.Errorf("asynctest: sweep of %s: the run without faults comes to no point at which anything could go wrong, so there is nothing to sweep: does the code under test use the tunnel's Net and Loop?", w.Name)
	}
	w.without[run.Seed] = p
	w.limit = max(20_000, 20*p.log.Len())
	if err := w.journal.Check(run, p.points); err != nil {
		return nil, err
	}
	v := verdict{Outcome: "value"}
	w.report.unfaulted(p)
	return p.points, w.journal.Add(explore.Result[verdict]{Run: run, Points: p.points, Value: v})
}

// differs says in what two runs with the same decisions differ, "" if in nothing that
// matters.
func (p *played) differs(q *played) string {
	if len(p.points) != len(q.points) {
		return fmt.Sprintf("one meets %d points, the other %d", len(p.points), len(q.points))
	}
	a, b := names(p.points), names(q.points)
	for i := range a {
		if a[i] != b[i] {
			return fmt.Sprintf("one meets the point %q, the other %q", a[i], b[i])
		}
	}
	return ""
}

// outcomesDiffer says in what the outcomes of two runs without faults differ, "" if both are
// errors or right values.
func (w *sweeper) outcomesDiffer(p, q *played) string {
	if !q.settled {
		return "one has an outcome, the other none"
	}
	if p.err == nil && q.err == nil {
		if w.right(q.value, p.value) != nil {
			return fmt.Sprintf("the outcome of one is the value %s, of the other %s; if both are right, Scenario.Value says so", show(p.value), show(q.value))
		}
		return ""
	}
	if p.err == nil || q.err == nil {
		return fmt.Sprintf("the outcome of one is an error, of the other a value: %v", cmp.Or(p.err, q.err))
	}
	return ""
}

// names returns the names of points in an order of their own: goroutines that run at one
// time meet theirs in any order.
func names(points []explore.Point) []string {
	var out []string
	for _, p := range points {
		out = append(out, p.Name)
	}
	slices.Sort(out)
	return out
}

// flush ends the batch and judges its runs. If something blocked in it, they are made
// again, one by one, to see which one it was.
func (w *sweeper) flush() (int, error) {
	b := w.batch
	if b == nil {
		return 0, nil
	}
	w.batch = nil
	blocks, err := b.end()
	if err != nil {
		return 0, err
	}
	for _, r := range b.runs {
		if len(blocks) > 0 {
			again, err := w.alone(r.played.run)
			if err != nil {
				return 0, err
			}
			r.played.blocks = again.blocks
		}
		if err := w.settle(r); err != nil {
			return 0, err
		}
	}
	return len(b.runs), nil
}

// settle judges a run, and keeps what came of it.
func (w *sweeper) settle(r *unjudged) error {
	p := r.played
	v := verdict{Findings: w.judge(p, w.without[p.run.Seed])}
	v.Outcome, v.Ended = w.outcomeOf(p, v.Findings), ended(p, w.without[p.run.Seed], v.Findings)
	w.report.add(p.run, v)
	w.consider(p.run, v, r.points)
	return w.journal.Add(explore.Result[verdict]{Run: p.run, Points: r.points, Value: v})
}

// single makes one run only, and the one without faults to compare it with.
func (w *sweeper) single(run explore.Run) (*SweepReport, error) {
	if _, err := w.makeWithout(explore.Run{Seed: run.Seed}); err != nil {
		return nil, err
	}
	if len(run.Faults) > 0 {
		p, err := w.alone(run)
		if err != nil {
			return nil, err
		}
		if len(p.missed) > 0 {
			return nil, fmt.Errorf("asynctest: sweep of %s: the run does not come to %q, or that cannot go wrong so; without faults the points are:\n%s", w.Name, p.missed[0].Point, listPoints(w.report.Points))
		}
		if err := w.settle(&unjudged{p, p.points}); err != nil {
			return nil, err
		}
		if err := w.sample(); err != nil {
			return nil, err
		}
	}
	w.report.one = true
	return w.report.finish(w.Scenario), nil
}

// confirm makes the run of each finding once more.
func (w *sweeper) confirm() error {
	for i := range w.report.Findings {
		f := &w.report.Findings[i]
		if f.Check == FoundDiffers {
			continue // real TCP need not do the same again
		}
		var p *played
		if f.Check == FoundBlocking {
			var err error
			if p, err = w.alone(f.Run); err != nil {
				return err
			}
		} else {
			var err error
			if p, err = w.again(f.Run); err != nil {
				return err
			}
		}
		same := func(g Finding) bool { return g.key() == f.key() }
		again := w.judge(p, w.without[f.Run.Seed])
		switch {
		case slices.ContainsFunc(again, same):
		case w.kept[f.Run.String()]:
			f.Text += fmt.Sprintf("\nThis stands in the journal %s, and did not happen when the run was made again: if the code has changed since, remove that file.", w.Journal)
		default:
			f.Text += "\nThis did not happen when the same run was made again: something in it is not decided by the sweep, such as goroutines that race."
		}
	}
	return nil
}

// count tells how many runs there are to be.
func (w *sweeper) count(_, known int) {
	w.progress.Add(known - w.known)
	w.known = known
}

// wrongWith is the error that progress tells of a run.
func wrongWith(findings []Finding) error {
	if len(findings) == 0 {
		return nil
	}
	return errors.New(string(findings[0].Check) + ", at " + findings[0].Place)
}
