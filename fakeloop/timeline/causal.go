package timeline

// causal knows which causal chain each thing of a run belongs to. A chain is what
// one thing that the driver began led to. A coroutine is a chain of its own, and
// so is an origin that posts from outside. A future belongs to the chain that
// made it, where its handlers go on; one that the driver made belongs to the chain
// that settles it.
type causal struct {
	made       map[ID]making
	settled    map[ID]ID // by future: the cause of its settle
	fired      map[ID]bool
	handlers   map[ID]bool // callbacks that were posted because a future had been settled
	coroutines map[ID]bool
	resumed    map[ID]ID     // by callback: the coroutine that it resumed
	origins    map[ID]string // by origin: its name
	chains     map[ID]int    // what is known so far
	roots      []ID          // by chain; that of chain 0 is the driver
}

// making is how a callback or an object came to be.
type making struct {
	kind  Kind // Posted, Promised, Armed or Left
	cause ID
	label string
}

func (t *Timeline) causal() *causal {
	c := &causal{
		made:       make(map[ID]making),
		settled:    make(map[ID]ID),
		fired:      make(map[ID]bool),
		handlers:   make(map[ID]bool),
		coroutines: make(map[ID]bool),
		resumed:    make(map[ID]ID),
		origins:    make(map[ID]string),
		chains:     map[ID]int{Driver: 0},
		roots:      []ID{Driver},
	}
	var running ID
	for _, e := range t.All() {
		switch e.Kind {
		case Fired:
			running = e.ID
			c.fired[e.ID] = true
		case Posted:
			// A coroutine may go on, and post, when its future has been settled.
			if _, settled := c.settled[e.Cause]; settled && c.made[e.Cause].label == e.Label {
				c.handlers[e.ID] = true
			}
			if c.isOrigin(e.Cause) {
				c.origins[e.Cause] = e.Label
			}
			c.made[e.ID] = making{e.Kind, e.Cause, e.Label}
		case Promised, Armed, Left:
			c.made[e.ID] = making{e.Kind, e.Cause, e.Label}
		case Settled:
			c.settled[e.ID] = e.Cause
		}
		if resumes(e, running) && running != Driver {
			c.coroutines[e.Cause] = true
			c.resumed[running] = e.Cause
		}
	}
	return c
}

// isOrigin reports whether nothing of the loop has the identity of a cause.
func (c *causal) isOrigin(cause ID) bool {
	_, made := c.made[cause]
	return cause != Driver && !made
}

// chain returns the number of the chain that a callback or an object belongs to.
// It gives chains their numbers in the order in which it is asked for them.
func (c *causal) chain(id ID) int {
	var path []ID
	for {
		if n, known := c.chains[id]; known {
			for _, p := range path {
				c.chains[p] = n
			}
			return n
		}
		c.chains[id] = len(c.roots) // the chain of its own that this is if the way ends here
		path = append(path, id)
		next, ok := c.cause(id)
		if n, known := c.chains[next]; !ok || known && n == len(c.roots) {
			c.roots = append(c.roots, id)
			next = id
		}
		id = next
	}
}

// cause returns the thing whose chain id belongs to; false if id begins one.
func (c *causal) cause(id ID) (ID, bool) {
	if co, ok := c.resumed[id]; ok {
		return co, true
	}
	m, ok := c.made[id]
	if !ok || c.coroutines[id] {
		return Driver, false
	}
	if m.cause == Driver && m.kind == Promised {
		by := c.settled[id]
		return by, by != Driver
	}
	return m.cause, m.cause != Driver
}

// isNamed reports whether the callback that fires in e has a name of its own, not
// that of a future, a coroutine or a piece of work on whose behalf it was posted.
func (c *causal) isNamed(e Event) bool {
	_, resumes := c.resumed[e.ID]
	return e.Label != "" && !resumes && !c.handlers[e.ID] && c.made[e.Cause].kind != Left
}

// name returns the name of a chain: that of the thing that began it.
func (c *causal) name(chain int) string {
	root := c.roots[chain]
	if root == Driver {
		return "driver"
	}
	m, made := c.made[root]
	switch {
	case made && m.label != "":
		return plain(m.label)
	case c.origins[root] != "":
		return plain(c.origins[root])
	case c.coroutines[root]:
		return "coroutine " + root.String()
	case made && m.kind == Posted:
		return "callback " + root.String()
	case made:
		return classOf(m.kind).String() + " " + root.String()
	}
	return root.String()
}
