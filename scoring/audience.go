package scoring

import (
	"slices"
	"time"
)

// Audience is a static list of the account that follows the model (S96, S100, S102). A lead belongs on it as long as
// everything that is given is so.
type Audience struct {
	// Name is that of the list in the portal's mapping.
	Name string
	// When is a condition as it stands in the file, empty if there is none; Model.Audience says what it is.
	When string
	// Stages are those in which a lead belongs on it, Tiers those that it has to have; empty: any.
	Stages []string
	Tiers  []string
}

// Advertising says who may be addressed at all: conditions over facts, as they stand in the file. A model without
// audiences has none.
type Advertising struct {
	Consent string // only true is consent
	Never   string // true is a ban; empty: nothing is
}

// Ranking says in which order sales should work (S46, S109): a priority from 0 to 100 that depends on the lead alone, so
// that one lead that moves changes nobody else's.
type Ranking struct {
	// Stages are those whose leads have a priority.
	Stages []string
	// Tiers or Grades give it, by name; Otherwise is that of the others.
	Tiers, Grades map[string]int64
	Otherwise     int64
}

// Priority is that of a lead that is in a stage; false if a lead there has none.
func (r *Ranking) Priority(e Evaluation, stage string) (int64, bool) {
	if r == nil || e.Unprofiled || !slices.Contains(r.Stages, stage) {
		return 0, false
	}
	if n, ok := r.Tiers[e.Tier]; ok {
		return n, true
	}
	if n, ok := r.Grades[e.Grade]; ok {
		return n, true
	}
	return r.Otherwise, true
}

// outreach is what the model says of audiences and priorities.
type outreach struct {
	audiences      []Audience
	whens          []*condition // of each of them; nil: always
	advertising    *Advertising
	consent, never *condition
	ranking        *Ranking
}

// Audiences are the lists that follow the model, in the order of the file. The lists inside are shared: do not change
// them.
func (m *Model) Audiences() []Audience { return slices.Clone(m.outreach.audiences) }

// Advertising says who may be addressed; nil in a model without audiences.
func (m *Model) Advertising() *Advertising { return m.outreach.advertising }

// Ranking is how leads are put in order; nil if the model does not say. What is inside is shared: do not change it.
func (m *Model) Ranking() *Ranking { return m.outreach.ranking }

// MayAdvertise reports whether a lead has given its consent and nothing forbids to address it. What is unknown is no
// consent, and no ban. In a model without audiences nobody may be addressed.
func (m *Model) MayAdvertise(lead Lead) bool {
	o := &m.outreach
	if o.consent == nil {
		return false
	}
	f := m.prepare(&lead, time.Time{}) // conditions over facts see no time
	defer f.release()
	return f.truth(o.consent) == mayTrue && (o.never == nil || f.truth(o.never) != mayTrue)
}

// AudienceTruth says of which audiences the condition is true of a lead at a moment, in their order in the file, and
// when time alone will change that first: the beginning of a step within a year, zero if it does not. A look ahead that
// becomes too long ends early: nothing changes before that.
type AudienceTruth struct {
	When       []bool
	NextChange time.Time
}

// Audience is what the conditions of the audiences say. Stages and tiers are not looked at: see Audiences.
func (m *Model) Audience(lead Lead, now time.Time) AudienceTruth {
	told := AudienceTruth{When: make([]bool, len(m.outreach.whens))}
	f := m.prepare(&lead, now)
	defer f.release()
	f.rules = &m.following
	f.settle(lead.Activities)
	var moving []turning
	for i, c := range m.outreach.whens {
		told.When[i] = c == nil || f.truth(c) == mayTrue
		if c != nil && c.moves {
			moving = append(moving, turning{c, told.When[i]})
		}
	}
	if len(moving) > 0 {
		if step, found := f.firstTurn(f.step+1, f.step+horizonDays*m.perDay, moving); found {
			told.NextChange = m.moment(step)
		}
	}
	return told
}

// turning is a condition that time can change, and whether it is true now.
type turning struct {
	of   *condition
	true bool
}

// firstTurn is the first step of a span at which one of the conditions is true and was not, or the other way round. As
// in firstChange a span that cannot contain one is skipped as a whole, any other is halved, the earlier half first.
func (f *frame) firstTurn(a, b int64, moving []turning) (int64, bool) {
	if f.spent >= mostAhead {
		return a, true // nothing before it: whoever looks then looks further
	}
	f.a, f.b = a, b
	if !slices.ContainsFunc(moving, f.mayTurn) {
		return 0, false
	}
	if a == b {
		return a, true
	}
	middle := a + (b-a)/2
	if step, found := f.firstTurn(a, middle, moving); found {
		return step, true
	}
	return f.firstTurn(middle+1, b, moving)
}

func (f *frame) mayTurn(t turning) bool {
	f.spent += int64(len(t.of.source)) // at least as many as it has nodes
	can := f.truth(t.of)
	return t.true && can&^mayTrue != 0 || !t.true && can&mayTrue != 0
}

// audienceStreams are the streams of activities that the conditions of audiences look at.
func (m *Model) audienceStreams() []int {
	var list []int
	for _, c := range m.outreach.whens {
		if c != nil {
			list = append(list, c.streams...)
		}
	}
	return list
}
