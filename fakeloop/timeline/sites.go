package timeline

// sited is a thing and where in the user's code it was made.
type sited struct {
	id   ID
	text uint64 // the number of a string
}

// AddSite notes where in the user's code a thing was made, as "file:line". A site is no
// event: what a run did does not depend on the lines at which it is written, so neither
// the digest nor a divergence knows of sites. Like [Timeline.Append] it must not run at
// the same time as any other use of t.
func (t *Timeline) AddSite(id ID, site string) {
	t.sites = append(t.sites, sited{id, t.texts.number(site, &t.site)})
}

// Sites returns where things were made, as far as that was noted. Of several sites of
// one thing it is the last.
func (t *Timeline) Sites() map[ID]string {
	out := make(map[ID]string, len(t.sites))
	for _, s := range t.sites {
		out[s.id] = t.texts.all[s.text]
	}
	return out
}
