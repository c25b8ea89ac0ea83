package naive

import (
	"slices"
	"time"
)

// Word is what conditions see of a text fact, empty if it is unknown or no text.
func (r *Reading) Word(name string) string {
	word, _ := r.facts[name].(string)
	return word
}

// Says reports whether a text fact is one of some values, as conditions compare texts.
func (r *Reading) Says(name string, values []string) bool {
	word := r.Word(name)
	alike := func(value string) bool { return fold(value) == fold(word) }
	return word != "" && slices.ContainsFunc(values, alike)
}

// Closed are the gates of a stage that do not hold, without those that a person establishes, in the order of the file;
// none if the stage is reached all the same, or is not there.
func (r *Reading) Closed(stage string, now time.Time) []string {
	s := scope{reading: r, now: now.UnixMicro(), names: r.fact}
	_, t := s.topics()
	st, there := t.stage(stage)
	if !there || !r.has(st) || slices.Contains(r.At(now).Reached, stage) {
		return nil
	}
	var out []string
	for _, name := range st.gates {
		if g := t.gates[name]; !g.confirmation && !s.opens(g) {
			out = append(out, name)
		}
	}
	return out
}

// WaitsForPerson reports whether all that keeps a lead from a stage are gates that a person establishes. That its direct
// way is not open does not count.
func (r *Reading) WaitsForPerson(stage string, now time.Time) bool {
	s := scope{reading: r, now: now.UnixMicro(), names: r.fact}
	_, t := s.topics()
	st, there := t.stage(stage)
	v := r.At(now)
	if !there || !r.has(st) || st.manual || slices.Contains(v.Reached, stage) || !s.answer(st.when) {
		return false
	}
	for _, sc := range v.Scores {
		if want, asked := st.scores[sc.Name]; asked && sc.Points < want {
			return false
		}
	}
	return s.gatesWait(t, st)
}

// gatesWait reports whether gates of a stage that a person establishes are closed, and no others.
func (s scope) gatesWait(t topics, st stage) bool {
	waits := false
	for _, name := range st.gates {
		g := t.gates[name]
		open := s.opens(g)
		waits = waits || g.confirmation && !open
		if !g.confirmation && !open {
			return false
		}
	}
	return waits
}

// WithoutPoints is the furthest stage that a lead has reached without being asked for points: by its direct way, or
// because no score is among its criteria. It is empty if there is none.
func (r *Reading) WithoutPoints(now time.Time) string {
	s := scope{reading: r, now: now.UnixMicro(), names: r.fact}
	_, t := s.topics()
	var free []string
	for _, name := range r.At(now).Reached {
		st, _ := t.stage(name)
		if len(st.scores) == 0 || st.direct != nil && s.answer(st.direct) {
			free = append(free, name)
		}
	}
	return r.furthest(t, free)
}

// stage is the one of a name, and whether there is one.
func (t topics) stage(name string) (stage, bool) {
	i := slices.IndexFunc(t.stages, func(st stage) bool { return st.name == name })
	if i < 0 {
		return stage{}, false
	}
	return t.stages[i], true
}
