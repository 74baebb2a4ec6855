package fakeloop_test

// gateMutants are mutants of the gate and the director of a bubble.
var gateMutants = []mutant{
	{"the loops of a bubble are served in reverse", "gateorder.go",
		"return cmp.Compare(t.loop.beside.number, o.loop.beside.number)",
		"return cmp.Compare(o.loop.beside.number, t.loop.beside.number)",
		[]string{"TestLoopsOfABubbleTakeTurns"}},
	{"one loop of a bubble is served until it has nothing left", "gateorder.go",
		"		l.beside.ready, l.beside.since = true, interval\n",
		"		l.beside.ready, l.beside.since = true, 0\n",
		[]string{"TestLoopsOfABubbleTakeTurns"}},
	{"a director outlives its loops", "director.go",
		"	return len(d.loops) == 0\n}\n\n// await",
		"	return false\n}\n\n// await",
		[]string{"TestLoopsOfABubbleInTurn"}},
	{"synctest.Wait beside a loop passes in silence", "director.go",
		"			l.report(ErrWaitBeside)\n",
		"			_ = l\n",
		[]string{"TestSynctestWaitBesideALoop"}},
}
