package naive

import (
	"slices"
	"time"
)

// Push reports whether the scores of a verdict are worth writing for a lead.
func (m *Model) Push(v Verdict, lead Lead) bool {
	if lead.Pushed == nil {
		return true
	}
	for _, s := range v.Scores {
		if d := s.Whole - lead.Pushed[s.Name]; d >= m.pushStep || -d >= m.pushStep {
			return true
		}
	}
	return v.Grade != lead.PushedGrade || v.Tier != lead.PushedTier || !sameSet(v.Reached, lead.PushedReached)
}

// Next tries one step of the grid after the other, up to a horizon: at which is the lead to be written, or does it
// reach other stages, if what is to be written now had been? It is the zero time if there is none, or nothing is
// evaluated at all.
func (r *Reading) Next(now time.Time, horizon time.Duration) (time.Time, Verdict) {
	m, v, lead := r.model, r.At(now), r.lead
	if v.Unprofiled {
		return time.Time{}, Verdict{}
	}
	if m.Push(v, lead) {
		lead.Pushed, lead.PushedReached, lead.PushedGrade, lead.PushedTier = v.Whole(), v.Reached, v.Grade, v.Tier
	}
	grid := m.grid.Microseconds()
	begin := floorDiv(now.UnixMicro(), grid) * grid
	for at := begin + grid; at <= begin+horizon.Microseconds(); at += grid {
		then := time.UnixMicro(at).UTC()
		if later := r.At(then); m.Push(later, lead) || !sameSet(later.Reached, v.Reached) {
			return then, later
		}
	}
	return time.Time{}, Verdict{}
}

func sameSet(a, b []string) bool {
	in := func(all []string) func(string) bool { return func(s string) bool { return !slices.Contains(all, s) } }
	return !slices.ContainsFunc(a, in(b)) && !slices.ContainsFunc(b, in(a))
}
