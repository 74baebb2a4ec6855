package futures

import "errors"

// Errors and values that checks settle with.
var (
	errBoom   = errors.New("boom")
	errSecond = errors.New("second")
	errCause  = errors.New("the cause")
)

// Source makes a case that is settled with v and err when the mode says: before
// register is called with it, right after, or when all has come to rest after it.
func (t *T) Source(v any, err error, register func(c Case)) {
	c := t.Fresh()
	settle := func() {
		if lost := c.Settle(v, err); lost != nil {
			t.Errorf("the first Settle was refused: %v", lost)
		}
	}
	if t.When == Already {
		settle()
		t.Rest()
	}
	register(c)
	switch t.When {
	case AtOnce:
		settle()
	case Later:
		t.Rest()
		settle()
	}
}

// Settled returns a case that is settled with v and err.
func (t *T) Settled(v any, err error) Case {
	c := t.Fresh()
	if lost := c.Settle(v, err); lost != nil {
		t.Errorf("the first Settle was refused: %v", lost)
	}
	return c
}

// Hops is the end of a chain of n steps behind c, each of which takes values only.
func (t *T) Hops(c Case, n int) Case {
	for range n {
		c = t.Then(c, func(v any) (any, error) {
			t.Mark("hop")
			return v, nil
		})
	}
	return c
}
