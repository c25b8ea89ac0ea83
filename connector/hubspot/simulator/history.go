package simulator

import (
	"slices"
	"strings"
)

// keptVersions is how many versions of a property an account keeps
// (hubspot-api 5.1: about twenty).
const keptVersions = 20

// past is one former value of a property, as answers show it.
type past struct {
	Value      string `json:"value"`
	Timestamp  string `json:"timestamp"`
	SourceType string `json:"sourceType"`
	SourceID   string `json:"sourceId,omitempty"`
	// SourceLabel names the user or the app; UpdatedBy is the user's number.
	SourceLabel string `json:"sourceLabel,omitempty"`
	UpdatedBy   int64  `json:"updatedByUserId,omitempty"`
}

// withHistory adds the versions of properties, newest first.
func (c *call) withHistory(r *record, names []string) func([]byte) []byte {
	if len(names) == 0 {
		return func(b []byte) []byte { return b }
	}
	return withRaw("propertiesWithHistory", c.json(0, c.a.historyOf(r, names)).body)
}

// historyOf lists the versions of known properties. Calculated ones have them
// too. What was there before the journal knew the record counts as imported.
func (a *Account) historyOf(r *record, names []string) map[string][]past {
	out := map[string][]past{}
	first := map[string]string{}
	for _, n := range names {
		if p := r.t.props[n]; p != nil && !p.Archived {
			out[n] = []past{}
		}
	}
	for _, i := range slices.Backward(r.entries) {
		e := a.journal[i]
		if list, asked := out[e.Property]; asked && len(list) < keptVersions {
			out[e.Property] = append(list, a.pastOf(r.t, e))
			first[e.Property] = e.Old
		}
	}
	for n, list := range out {
		before, changed := first[n]
		if !changed {
			before = r.text(n)
		}
		if before != "" && len(list) < keptVersions {
			out[n] = append(list, past{Value: before, Timestamp: isoMillis(r.created), SourceType: "IMPORT"})
		}
	}
	return out
}

func (a *Account) pastOf(t *table, e Entry) past {
	source, id := changeSource(e.Actor)
	v := past{Value: e.New, Timestamp: isoMillis(e.At.UnixMilli()), SourceType: source, SourceID: id}
	switch e.Actor.Kind {
	case User:
		v.UpdatedBy = parseID(e.Actor.ID)
		for _, o := range a.owners {
			if o.UserID == e.Actor.ID {
				v.SourceLabel = strings.TrimSpace(o.FirstName + " " + o.LastName)
			}
		}
	case Integration, API:
		v.SourceLabel = "App " + e.Actor.ID
	case Import:
		v.SourceLabel = "Import " + e.Actor.ID
	case System:
		if p := t.props[e.Property]; p != nil && p.ReadOnly {
			v.SourceType = "CALCULATED"
		}
	}
	return v
}

// remember adds a journal position to the record's history. It keeps the last
// versions of each property only, so that a record that changes for years costs
// no more than one that changed for a month.
func (r *record) remember(a *Account, position int) {
	r.entries = append(r.entries, position)
	if len(r.entries) < max(r.trimAt, 4*keptVersions) {
		return
	}
	kept := map[string]int{}
	short := make([]int, 0, len(r.entries))
	for _, i := range slices.Backward(r.entries) {
		if name := a.journal[i].Property; kept[name] < keptVersions {
			kept[name]++
			short = append(short, i)
		}
	}
	slices.Reverse(short)
	r.entries, r.trimAt = short, 2*len(short)
}

// inherit gives a survivor the history of the record that won, and of the other
// one what it fills in (hubspot-api 5.5).
func (r *record) inherit(a *Account, winner, loser *record, fill []change) {
	r.entries = slices.Clone(winner.entries)
	filled := map[string]bool{}
	for _, c := range fill {
		filled[r.t.byKey[c.key].Name] = true
	}
	for _, i := range loser.entries {
		if filled[a.journal[i].Property] {
			r.entries = append(r.entries, i)
		}
	}
	slices.Sort(r.entries)
	r.forms = slices.Clone(winner.forms)
	for _, name := range loser.forms {
		if !slices.Contains(r.forms, name) {
			r.forms = append(r.forms, name)
		}
	}
}
