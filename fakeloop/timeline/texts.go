package timeline

// table numbers strings in the order of their first use.
type table struct {
	all   []string
	index map[string]uint64
}

// numbered is a string and its number.
type numbered struct {
	text   string
	number uint64
	known  bool
}

// number returns the number of s; recent is what the caller asked for last, since
// labels come in runs.
func (t *table) number(s string, recent *numbered) uint64 {
	if recent.known && s == recent.text {
		return recent.number
	}
	n, ok := t.index[s]
	if !ok {
		if t.index == nil {
			t.index = make(map[string]uint64)
			for i, text := range t.all {
				t.index[text] = uint64(i)
			}
		}
		if n, ok = t.index[s]; !ok {
			n = uint64(len(t.all))
			t.index[s] = n
			t.all = append(t.all, s)
		}
	}
	*recent = numbered{s, n, true}
	return n
}
