package explore

// Group is several things of which one stands for all.
type Group[F any] struct {
	First F   // the first one, which is the one with the fewest faults of a sweep's results
	Rest  []F // the others, in order
}

// Grouped puts together what has the same key, in the order of the first of each.
func Grouped[F any](all []F, key func(F) string) []Group[F] {
	var out []Group[F]
	index := map[string]int{}
	for _, f := range all {
		k := key(f)
		i, ok := index[k]
		if !ok {
			index[k] = len(out)
			out = append(out, Group[F]{First: f})
			continue
		}
		out[i].Rest = append(out[i].Rest, f)
	}
	return out
}
