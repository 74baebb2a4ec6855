package fakeloop_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mutant is the package with one thing wrong, and the tests that must notice.
type mutant struct {
	name     string
	file     string
	old, new string
	killedBy []string
}

var mutants = []mutant{
	{"last in, first out", "loop.go",
		"	l.ready = append(l.ready, t)\n",
		"	l.ready = append([]task{t}, l.ready...)\n",
		[]string{"TestPostIsFirstInFirstOut", "TestModel", "TestDeterminismPinned"}},
	{"equal deadlines in reverse", "timerheap.go",
		"k.when == o.when && k.armed < o.armed",
		"k.when == o.when && k.armed > o.armed",
		[]string{"TestEqualDeadlinesFireInTheOrderOfSetting", "TestModel"}},
	{"Reset keeps its place", "timer.go",
		"	t.id, t.parent, t.armed = l.scope.child(), l.scope.id, l.armed\n",
		"	t.id, t.parent = l.scope.child(), l.scope.id\n	if t.armed == 0 {\n		t.armed = l.armed\n	}\n",
		[]string{"TestResetGoesBehindEqualDeadlines", "TestModel"}},
	{"Stop of a sibling in the batch is ignored", "timer.go",
		"	case t.queued:\n		t.queued = false\n",
		"	case t.queued:\n		return false\n",
		[]string{"TestStopASiblingOfTheSameBatch", "TestModel"}},
	{"a timer reset in the batch fires twice", "timer.go",
		"if !t.queued || t.armed != armed {",
		"if !t.queued && t.armed == armed {",
		[]string{"TestResetASiblingOfTheSameBatch", "TestModel"}},
	{"delays overflow", "timer.go",
		"		return never\n	}\n	if d < 0",
		"		return a + d\n	}\n	if d < 0",
		[]string{"TestHugeDelays"}},
	{"a post runs in the same turn", "loop.go",
		"	l.ready = append(l.ready, t)\n",
		"	if l.running {\n		l.batch = append(l.batch, t)\n	} else {\n		l.ready = append(l.ready, t)\n	}\n",
		[]string{"TestPostedInACallbackRunsNextTurn", "TestAwaitOfASettledFutureYields", "TestModel"}},
	{"due timers go before ready callbacks", "queue.go",
		"	l.batch, l.ready = l.ready, l.batch[:0]\n	l.pos = 0\n	l.readClock()\n	l.collectDue()\n",
		"	ready := l.ready\n	l.batch, l.ready = l.batch[:0], nil\n	l.pos = 0\n	l.readClock()\n	l.collectDue()\n	l.batch = append(l.batch, ready...)\n",
		[]string{"TestReadyCallbacksGoBeforeTimersThatAreDue", "TestModel"}},
	{"time goes back", "queue.go",
		"l.now = max(l.now, t.timer.when)",
		"l.now = t.timer.when",
		[]string{"TestNowInACallback", "TestModel"}},
	{"Advance excludes its last instant", "queue.go",
		"when > l.reach(horizon)",
		"when >= l.reach(horizon)",
		[]string{"TestAdvanceIncludesItsLastInstant", "TestModel"}},
	{"time moves while work is outside", "policy.go",
		"case w.holds() || w.policy.kind == isLockStep:",
		"case w.policy.kind == isLockStep:",
		[]string{"TestTimeStandsStillForOutsideWork"}},
	{"lanes are shuffled", "queue.go",
		"t.alive() && !l.lanes[t.parent]",
		"t.alive()",
		[]string{"TestLanesKeepTheirOrder", "TestTimersOfOneCallbackKeepTheirOrder"}},
	{"fatal panics are recorded", "queue.go",
		"if v == nil || l.isFatal(v) {",
		"if v == nil {",
		[]string{"TestFatalPanicReachesTheDriver"}},
	{"a stopped sibling prolongs Run", "run.go",
		"|| l.inTurn() ||",
		"|| l.pos < len(l.batch) ||",
		[]string{"TestStopBesideAStoppedSibling"}},
	{"the limit is one too low", "drive.go",
		"if n >= l.limit && l.hasMore(bound) {",
		"if n >= l.limit {",
		[]string{"TestLimitIsInclusive"}},
	{"a refused driver takes the panics", "drive.go",
		" || errors.Is(err, ErrDriven) {",
		" {",
		[]string{"TestTwoDrivers"}},
	{"Goexit does not reach who waits for a wall loop", "beside.go",
		"if l.beside.escaped == nil {",
		"if l.beside.escaped == nil && v != nil {",
		[]string{"TestGoexitReachesTheDriver", "TestEscapeReachesClose"}},
	{"the last settle wins", "future.go",
		`		l.record(timeline.Refused, f.id, l.scope.id, f.label, detail)
		return false
`,
		"		f.value, f.err = v, err\n		return true\n",
		[]string{"TestSettleOnce", "TestSettleStorm"}},
	{"Reject(nil) resolves", "future.go",
		"		err = ErrNilRejection\n",
		"		err = nil\n",
		[]string{"TestOddOutcomes"}},
	{"handlers of a settled future run inline", "future.go",
		"		s.post(s.handled, h)\n",
		"		s.loop.mu.Unlock()\n		h.fn()\n		s.loop.mu.Lock()\n",
		[]string{"TestHandlersAreNeverInline", "TestHandlerRegisteredInAHandler"}},
	{"rejections are never reported", "future.go",
		"if err != nil && !s.observed {",
		"if false {",
		[]string{"TestUnobserved", "TestCloseReportsEverythingOnce"}},
	{"handled rejections are reported", "future.go",
		"if err != nil && !s.observed {",
		"if err != nil {",
		[]string{"TestUnobserved"}},
	{"handlers and what a coroutine makes share identities", "future.go",
		"mix(s.id, -n)",
		"mix(s.id, n)",
		[]string{"TestIdentitiesAreUnique"}},
	{"errors are wrapped on their way", "chain.go",
		"derived.settle(zero, f.err)",
		"derived.settle(zero, &UnobservedError{Err: f.err})",
		[]string{"TestErrorsPassThroughChains", "TestBranchesAreIndependent"}},
	{"Goexit is a success", "chain.go",
		"f.settle(zero, ErrGoexit)",
		"f.settle(zero, nil)",
		[]string{"TestGoexitInAHandlerRejects", "TestCoroutineOutcomes"}},
	{"a typed nil panics in the settler", "errors.go",
		"return fmt.Sprint(err)",
		"return err.Error()",
		[]string{"TestOddErrorsReject"}},
	{"offloaded work returns as it finishes", "outside.go",
		"	if l.mode == Wall {\n		l.takeBack(w)",
		"	if true {\n		l.takeBack(w)",
		[]string{"TestOffloadReturnsInTheOrderOfLeaving", "TestReturnedWorkComesInTheOrderOfLeaving"}},
	{"Await of a settled future does not yield", "coroutine.go",
		"	at, caller := co.loop.site(), co.caller()\n",
		"	if s.Settled() {\n		return nil\n	}\n	at, caller := co.loop.site(), co.caller()\n",
		[]string{"TestAwaitOfASettledFutureYields"}},
	{"Close leaves coroutines suspended", "close.go",
		"for _, co := range coroutines {",
		"for _, co := range coroutines[:0] {",
		[]string{"TestCloseEndsCoroutines"}},
	{"Close leaves futures pending", "close.go",
		"for l.pending.head != nil {",
		"for false {",
		[]string{"TestCloseDropsWhatIsLeft", "TestEveryMethodAfterClose"}},
	{"identities are counted in the whole run", "identity.go",
		"return mix(s.id, s.n)",
		"return mix(timeline.Driver, s.n)",
		[]string{"TestIdentitiesAreUnique", "TestPostFromIdentities"}},
	{"a slow tick moves the grid", "overrun.go",
		"late-late%period",
		"late",
		[]string{"TestTickerPolicies", "TestTickerIsHeldUp", "TestOverrunOnAWallLoop"}},
	{"a tick that ends on the grid is followed at once", "overrun.go",
		"late := max(0, now-due)",
		"late := max(0, now-due-1)",
		[]string{"TestTickerPolicies"}},
	{"Burst forgets what it missed", "overrun.go",
		"return saturatingAdd(due, period)",
		"return max(now+1, saturatingAdd(due, period))",
		[]string{"TestTickerPolicies", "TestTickerIsHeldUp", "TestTickAsyncIsNotReentered"}},
	{"Delay keeps the grid", "overrun.go",
		"return saturatingAdd(now, period)",
		"return max(now+1, saturatingAdd(due, period))",
		[]string{"TestTickerPolicies", "TestTickerIsHeldUp", "TestTickAsyncIsNotReentered"}},
	{"a tick under way is entered again", "ticker.go",
		"	if !tk.ticking {\n",
		"	if true {\n",
		[]string{"TestResetWhileAFutureIsPending"}},
	{"the first panic ends a ticker", "ticker.go",
		"		if !goesOn {\n",
		"		if v := recover(); v != nil {\n			panic(v)\n		}\n		if !goesOn {\n",
		[]string{"TestPanicOfATick", "TestTickAsyncReportsRejections"}},
	{"a tick fails in silence", "ticker.go",
		"s.err != nil && !cancelled",
		"false && !cancelled",
		[]string{"TestTickAsyncReportsRejections"}},
	{"a cancelled tick is a failure", "ticker.go",
		"s.err != nil && !cancelled",
		"s.err != nil || cancelled",
		[]string{"TestTickAsyncReportsRejections"}},
	{"Stop in a tick is forgotten", "ticker.go",
		"if !tk.active || l.closed {",
		"if l.closed {",
		[]string{"TestATickerStopsAndStartsItself", "TestTickerInBothModes"}},
	{"a tick on a wall loop ends when it began", "ticker.go",
		"tk.period, l.instant())",
		"tk.period, l.now)",
		[]string{"TestOverrunOnAWallLoop"}},
	{"Charge costs nothing", "charge.go",
		"l.now = min(saturatingAdd(l.now, int64(d)), never-1)",
		"_ = saturatingAdd(l.now, int64(d))",
		[]string{"TestChargeMovesTime", "TestTickerPolicies"}},
	{"Charge reaches the end of time", "charge.go",
		"saturatingAdd(l.now, int64(d)), never-1)",
		"saturatingAdd(l.now, int64(d)), never)",
		[]string{"TestChargeSaturates"}},
	{"anybody is charged", "charge.go",
		"called := onCallbackStack()",
		"called := true",
		[]string{"TestMisuseOfCharge"}},
	{"a deadline is a cancellation", "context.go",
		"	t.err = err\n",
		"	t.err = context.Canceled\n",
		[]string{"TestContextDeadline", "TestDerivedContexts", "TestContextsLikePackageContext"}},
	{"the cause of a deadline is lost", "context.go",
		"	t.fail(cause)\n",
		"	t.fail(err)\n",
		[]string{"TestDerivedContexts", "TestContextsLikePackageContext"}},
	{"cancel leaves the timer", "context.go",
		"		c.timer.Stop()\n",
		"",
		[]string{"TestCancelOfAContext", "TestMassStopHoldsNothing"}},
	{"news of a parent's end stop the timer when they come", "context.go",
		"		c.end(func() { c.trigger.pull(err, context.Cause(c.parent)) })\n",
		"		c.end(func() { c.trigger.pull(err, context.Cause(c.parent)) })\n		if c.timer != nil {\n			c.timer.Stop()\n		}\n",
		[]string{"TestTimerOutlivesTheParent"}},
	{"a context does not look at its parent", "context.go",
		"	c.look()\n	return c.Context.Err()\n",
		"	return c.Context.Err()\n",
		[]string{"TestParentIsCancelled"}},
	{"a deadline goes before the parent's end", "context.go",
		"	c.look()\n	c.end(how)\n",
		"	c.end(how)\n",
		[]string{"TestParentWithoutNews"}},
	{"contexts of loops hear of each other by goroutine", "context.go",
		"ok && p.Done() == done {",
		"ok && p.Done() == nil {",
		[]string{"TestNestedContexts"}},
	{"a cancelled context stays with its loop", "context.go",
		"	delete(c.loop.contexts, c)\n",
		"",
		[]string{"TestCancelledContextsAreForgotten"}},
	{"a cancelled context stays with its parent", "context.go",
		"	c.unhook()\n",
		"",
		[]string{"TestCancelledContextsAreForgotten"}},
	{"Close leaves contexts open", "close.go",
		"	l.endContexts()\n",
		"",
		[]string{"TestContextsAndClose", "TestContextsEndBeforeCoroutines"}},
	{"a refusal is asked again", "decision.go",
		"	if l.choices.refusal != nil {\n		return 0, false\n	}\n",
		"",
		[]string{"TestRefusal"}},
	{"a refused callback runs", "queue.go",
		"!released && l.source != nil && !l.decideNext() {\n		return false",
		"!released && l.source != nil && !l.decideNext() {\n		l.pos = l.pos + 0",
		[]string{"TestRefusal"}},
	{"options are not those in front", "queue.go",
		"c.options = append(c.options, Option{t.id, t.label})",
		"c.options = append(c.options, Option{rest[0].id, rest[0].label})",
		[]string{"TestOptionsOfADecision", "TestLenientReplay"}},
	{"decisions allocate", "queue.go",
		"c.first, c.options = c.first[:0], c.options[:0]",
		"c.first, c.options = nil, nil",
		[]string{"TestDecisionsDoNotAllocate"}},
	{"a strict replay does not look at the options", "replay.go",
		"if !alike(r.expand(s.options[i]), o) {",
		"if o.Label == \"\" && !alike(r.expand(s.options[i]), o) {",
		[]string{"TestStrictReplayFindsTheFirstDivergence", "TestDivergenceTexts"}},
	{"a strict replay goes on after it diverged", "replay.go",
		"	s.diverged = e\n	return 0, e",
		"	s.taken++\n	return 0, e",
		[]string{"TestStrictReplayStaysDiverged"}},
	{"a lenient replay goes by the index", "replay.go",
		"if a.known && d.Options != nil {",
		"if a.known && d.Options == nil {",
		[]string{"TestLenientReplay"}},
	{"identities are not recorded", "replaybody.go",
		"return uint16(id >> 48)",
		"return uint16(id >> 63)",
		[]string{"TestDivergenceTexts"}},
	{"the checksum is not compared", "replaytext.go",
		"case checksum(method, data) != sum:",
		"case checksum(method, data) != sum && method > 1:",
		[]string{"TestReplayStringsThatWereDamaged", "TestReplayErrors"}},
	{"unpacking has no bound", "replaytext.go",
		"if len(data) > maxBody {",
		"if len(data) > 9*maxBody {",
		[]string{"TestReplayErrors"}},
	{"the options of all decisions have no bound", "replaybody.go",
		"if s.n < 2 || r.options > maxAllOptions {",
		"if s.n < 2 {",
		[]string{"TestReplayOfTooManyOptions"}},
	{"a long recording keeps its options", "replaybody.go",
		" || len(w.body) > maxBody/2 {",
		" {",
		[]string{"TestLongRecording"}},
	{"traps hold nothing", "trap.go",
		"	if !t.alive() {\n		return false\n	}\n	tr :=",
		"	if !t.alive() || len(l.trapping.traps) > 0 {\n		return false\n	}\n	tr :=",
		[]string{"TestTrapHoldsEveryKindOfCallback", "ExampleLoop_Trap"}},
	{"Wait lets the next callback run", "trap.go",
		"return l.trapping.caught || l.choices.refusal != nil",
		"return l.choices.refusal != nil",
		[]string{"TestTrapWaitStopsThere"}},
	{"what is released is a decision", "trap.go",
		"	tg.released--\n	return true\n",
		"	tg.released--\n	return false\n",
		[]string{"TestReleasedRunsNext", "TestTrapWaitStopsThere"}},
	{"the last released runs first", "trap.go",
		"l.pos+l.trapping.released, h.task",
		"l.pos, h.task",
		[]string{"TestReleasedRunsNext", "TestTrapClose"}},
	{"a held timer cannot be stopped", "queue.go",
		"l.hold(*t) {\n		return false\n	}\n",
		"l.hold(*t) {\n		if t.timer != nil {\n			t.timer.queued = false\n		}\n		return false\n	}\n",
		[]string{"TestStopOfAHeldTimer"}},
	{"Close of a trap keeps what it holds", "trap.go",
		"		if h.trap == tr {\n			h.release()",
		"		if h.trap != tr {\n			h.release()",
		[]string{"TestTrapClose", "ExampleTrap_Close"}},
	{"Close does not tell what is held", "close.go",
		"errors.Join(l.choices.refusal, l.dropHeld())",
		"l.choices.refusal",
		[]string{"TestCloseOfALoopTellsWhatIsHeld"}},
	{"a timeout is settled a turn later", "timeout.go",
		"		f.finish(source.err, detail)\n",
		"		l.enqueue(task{id: f.id, parent: f.id, lane: f.id, fn: func() { f.settle(source.value, source.err) }})\n",
		[]string{"TestTimeoutSettlesWithItsSource", "TestMutexOfACancelledCoroutine", "TestQueueGrantMeetsCancel"}},
	{"a timeout leaves its source alone", "timeout.go",
		"derived.giveUp(err, &CancelError{err}, false)",
		"derived.settle(f.value, err)",
		[]string{"TestTimeout", "TestTimeoutStopsTheWork", "TestMutexTimeout"}},
	{"a timeout cancels what others wait for", "timeout.go",
		"	source.handled++\n",
		"",
		[]string{"TestTimeoutSparesASharedSource"}},
	{"closing the loop is reported by timeouts", "timeout.go",
		"l.closed && source.err == ErrClosed",
		"false",
		[]string{"TestTimeoutWhileClosing"}},
	{"a timeout counts as looked at", "timeout.go",
		"derived.giveUp(err, &CancelError{err}, false)",
		"derived.giveUp(err, &CancelError{err}, true)",
		[]string{"TestTimeoutLosesNoError"}},
	{"the timer of a timeout goes on", "timeout.go",
		"		end()\n",
		"",
		[]string{"TestTimeoutSettlesWithItsSource", "TestCancelOfATimeout"}},
	{"a future keeps the timeouts that are over", "timeout.go",
		"		source.unwatch(watch)\n",
		"		kept := watch.Value\n		watch.Value = func(string) { _ = kept }\n",
		[]string{"TestTimeoutForgets"}},
	{"who gave up stands in the line", "line.go",
		"		ln.waiting.Remove(place)\n",
		"		_ = place\n",
		[]string{"TestMutexPassesOverWhoGaveUp", "TestSemaphoreForgetsWhoGaveUp"}},
	{"the last in the line is served first", "line.go",
		"ln.waiting.Front()",
		"ln.waiting.Back()",
		[]string{"TestMutexIsFirstInFirstOut", "TestSemaphoreModel", "TestConditionNotify", "TestQueueServesThoseWhoWaitInOrder"}},
	{"a closed loop serves who waits", "line.go",
		"first == nil || o.loop.closed {",
		"first == nil {",
		[]string{"TestMutexWhileClosing"}},
	{"giving up is not recorded", "line.go",
		"			o.touch(writing) ",
		"			_ = writing ",
		[]string{"TestUsesOfObjectsAreRecorded"}},
	{"a permit is handed on and kept", "semaphore.go",
		"	if !s.waiters.wake(&s.object) {\n		s.free++\n	}\n",
		"	s.waiters.wake(&s.object)\n	s.free++\n",
		[]string{"TestSemaphore", "TestSemaphoreModel", "TestMutexGrantsAtOnceAndTellsLater"}},
	{"nothing is released too often", "semaphore.go",
		"	if s.free == s.most {\n",
		"	if false {\n",
		[]string{"TestBoundedSemaphore", "TestMutexTexts"}},
	{"With keeps a permit that nobody noticed", "semaphore.go",
		"refused == nil {",
		"refused == nil && false {",
		[]string{"TestMutexCloseMeetsGrant"}},
	{"With stays in the line", "semaphore.go",
		"		f.Cancel(err)\n",
		"",
		[]string{"TestMutexWith"}},
	{"Notify wakes all", "condition.go",
		"for woken < n && ",
		"for ",
		[]string{"TestConditionNotify"}},
	{"Set wakes one", "event.go",
		"	for e.waiters.wake(&e.object) {\n	}\n",
		"	e.waiters.wake(&e.object)\n",
		[]string{"TestEventWakesAll"}},
	{"Clear does nothing", "event.go",
		"	e.set = false\n",
		"",
		[]string{"TestEvent", "TestEventWakesAll"}},
	{"equal items are handed out in any order", "asyncorder.go",
		"return a.number < b.number && !o.less(b.item, a.item)",
		"return false",
		[]string{"TestPriorityQueueIsStable", "TestQueueModel"}},
	{"who waits gets in after the next item is taken", "asyncqueue.go",
		"	if p, ok := q.letIn(); ok {\n		q.items.push(p.item)\n	}\n	return q.items.pop(), true\n",
		"	item = q.items.pop()\n	if p, ok := q.letIn(); ok {\n		q.items.push(p.item)\n	}\n	return item, true\n",
		[]string{"TestStackIsLastInFirstOut", "TestQueueModel"}},
	{"what is put is not to be done", "asyncqueue.go",
		"	q.unfinished++\n	if ok {\n",
		"	if !ok {\n		q.unfinished++\n	}\n	if ok {\n",
		[]string{"TestJoin", "TestQueueModel"}},
	{"what waited for room is not to be done", "asyncqueue.go",
		"		q.unfinished++\n		p.done",
		"		p.done",
		[]string{"TestJoinWithAFullQueue", "TestQueueModel"}},
	{"Join ends with the last Get", "asyncjoin.go",
		"&q.object, f, q.unfinished == 0)",
		"&q.object, f, q.items.len() == 0)",
		[]string{"TestQueueModel"}},
	{"reading is writing", "touch.go",
		`l.touch("TouchRead", name, reading)`,
		`l.touch("TouchRead", name, writing)`,
		[]string{"TestTouch"}},
	{"the digest leaves out the kind", "timeline/digest.go",
		"	b = append(b, byte(e.Kind))\n",
		"",
		[]string{"TestDeterminismEveryFieldCounts", "TestDigestOfEveryField"}},
	{"a cancel touches nothing", "timeline/touch.go",
		"	case Promised, Settled, Refused, Cancelled:\n",
		"	case Promised, Settled, Refused:\n",
		[]string{"TestEveryKindOfTouch"}},
	{"a callback does not touch the timer it is", "timeline/touch.go",
		"if r.armed[e.ID] {",
		"if false {",
		[]string{"TestTouchesOfCoroutines"}},
	{"a resumption does not touch the coroutine", "timeline/touch.go",
		"resumes(e, f.ID) {",
		"false && resumes(e, f.ID) {",
		[]string{"TestTouchesOfCoroutines"}},
	{"an await does not touch the future", "timeline/touch.go",
		"	if e.Kind == Awaited {\n",
		"	if false {\n",
		[]string{"TestTouchesOfCoroutines"}},
	{"two reads conflict", "timeline/touch.go",
		"common && !(r && u.Reads)",
		"common && (!r || !u.Reads || r)",
		[]string{"TestTouchesAreDistinct"}},
	{"a coroutine is in the lane of who started it", "timeline/causal.go",
		"if !ok || c.coroutines[id] {",
		"if !ok {",
		[]string{"TestLanesOfADriver"}},
	{"a future of the driver is a lane of its own", "timeline/causal.go",
		"return by, by != Driver",
		"return by, false",
		[]string{"TestLanesOfDerivedFutures"}},
	{"what a cancelled coroutine posts is a handler", "timeline/causal.go",
		"settled && c.made[e.Cause].label == e.Label",
		"settled",
		[]string{"TestFiresOfACancelledCoroutine"}},
	{"lanes show every fire", "timeline/lanerows.go",
		"case e.Kind == Fired && !r.isNamed(e):",
		"case false:",
		[]string{"TestLanesOfRetries", "TestLanesOfAQueue"}},
	{"failures are left out first", "timeline/lanes.go",
		"cmp.Compare(all.weight[b], all.weight[a])",
		"cmp.Compare(all.weight[a], all.weight[b])",
		[]string{"TestLanesOfAPanic"}},
	{"repeats are not counted right", "timeline/lanefold.go",
		"times: times, until",
		"times: times + 1, until",
		[]string{"TestLanesOfAQueue", "TestLanesKeepTheirLimits"}},
	{"lines are left out without a word", "timeline/lanefold.go",
		"len(f.rows) * f.times\n",
		"len(f.rows)\n",
		[]string{"TestLanesLeaveOutRepeats"}},
	{"a dash is a millisecond whatever the unit", "timeline/marblesparse.go",
		"		p.unit = unit\n",
		"",
		[]string{"TestParseMarbles", "TestMatch"}},
	{"time passes between parentheses", "timeline/marblesparse.go",
		"		if err := p.step(m, wantTogether); err != nil {\n",
		"		if p.accept(\"-\") {\n			p.at += p.unit\n		} else if err := p.step(m, wantTogether); err != nil {\n",
		[]string{"TestParseMarblesErrors"}},
	{"brackets keep their order", "timeline/marblesmatch.go",
		"k = expected(missing, got[n].Marble)",
		"k = expected(missing[:1], got[n].Marble)",
		[]string{"TestMatch", "TestBracketsTakeAnyOrder"}},
	{"a failure without a label is itself only", "timeline/marbles.go",
		"m == got || m.Sign == got.Sign && m.Sign != Plain && m.Label == \"\"",
		"m == got",
		[]string{"TestMatch"}},
	{"marbles ignore the time", "timeline/marblesmatch.go",
		"n < len(got) && got[n].at == s.at {",
		"n < len(got) {",
		[]string{"TestMismatch", "TestMarblesOfARunMatchIt"}},
	{"marbles ignore what comes behind", "timeline/marblesmatch.go",
		"	if n < len(got) {\n		return m.mismatch(len",
		"	if false {\n		return m.mismatch(len",
		[]string{"TestMismatch", "TestMarblesOfARunMatchIt"}},
}

// TestMutants builds the package with one edit each and runs its tests: those
// named must fail. At full scale every mutant faces all tests, and all that
// noticed are printed; below, a few mutants face the tests named.
func TestMutants(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command to build mutants with")
	}
	if os.Getenv("WINDTUNNEL_MUTANT") != "" {
		t.Skip("a mutant's own tests make no mutants")
	}
	sources := readSources(t)
	for _, m := range mutants {
		if n := strings.Count(sources[m.file], m.old); n != 1 || m.old == m.new {
			t.Errorf("%s: found %d times in %s, want once; update the table:\n%s", m.name, n, m.file, m.old)
		}
	}
	if t.Failed() || testing.Short() {
		return
	}
	n := 2 // a build each
	if scale(t) >= 1 {
		n = len(mutants)
	}
	t.Logf("scale %v: %d mutants (full: %d)", scale(t), n, len(mutants))
	for i := range n {
		m := mutants[i*len(mutants)/n]
		t.Run(m.name, func(t *testing.T) {
			dir := t.TempDir()
			writeMutant(t, dir, sources, m)
			named := "^(" + strings.Join(m.killedBy, "|") + ")$"
			if n == len(mutants) {
				named = ""
			}
			failed, out := runMutant(t, dir, named)
			if strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]") {
				t.Fatalf("the mutant does not compile:\n%s", out)
			}
			for _, name := range m.killedBy {
				if slices.Contains(failed, name) {
					continue
				}
				// A test before it may have taken the process down.
				if _, out := runMutant(t, dir, "^"+name+"$"); !strings.Contains(out, "\nFAIL") {
					t.Errorf("%s survives %s:\n%s", m.name, name, out)
				}
				failed = append(failed, name)
			}
			t.Logf("noticed by %d tests: %s", len(failed), strings.Join(failed, ", "))
		})
	}
}

// readSources returns the files of this package and of timeline, by path.
func readSources(t *testing.T) map[string]string {
	t.Helper()
	sources := map[string]string{}
	for _, pattern := range []string{"*.go", "timeline/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v, %v", pattern, files, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sources[filepath.ToSlash(file)] = string(text)
		}
	}
	return sources
}

func writeMutant(t *testing.T, dir string, sources map[string]string, m mutant) {
	t.Helper()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module github.com/windtunnel-go/windtunnel\n\ngo 1.26.0\n")
	for file, text := range sources {
		if file == m.file {
			text = strings.Replace(text, m.old, m.new, 1)
		}
		write("fakeloop/"+file, text)
	}
}

var failedTest = regexp.MustCompile(`(?m)^--- FAIL: (\w+)|^\t((?:Test|Example)\w+)(?:/.*)? \(\d+m?\d*s\)$`)

// runMutant runs the mutant's tests and returns which failed, or ran when the
// time was up.
func runMutant(t *testing.T, dir, run string) (failed []string, out string) {
	t.Helper()
	cmd := exec.Command("go", "test", "-vet=off", "-count=1", "-timeout=60s", "-run="+run, "./fakeloop/...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "WINDTUNNEL_MUTANT=1", "WINDTUNNEL_SCALE=0", "GOWORK=off", "GOFLAGS=-mod=mod")
	text, _ := cmd.CombinedOutput()
	for _, match := range failedTest.FindAllStringSubmatch(string(text), -1) {
		if name := match[1] + match[2]; !slices.Contains(failed, name) {
			failed = append(failed, name)
		}
	}
	return failed, fmt.Sprintf("%s\n%s", cmd, text)
}
