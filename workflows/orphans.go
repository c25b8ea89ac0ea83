package workflows

import (
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// OrphanWhy says why nobody works on a lead (C21).
type OrphanWhy string

// The reasons, in the order in which people are shown them.
const (
	OrphanLeft    OrphanWhy = "left"    // the owner has left, is deactivated, or is no person
	OrphanUnknown OrphanWhy = "unknown" // the account does not have the owner
	OrphanNone    OrphanWhy = "none"    // there is none, although sales answers for the stage
)

// OrphanWhys are all reasons.
func OrphanWhys() []OrphanWhy { return []OrphanWhy{OrphanLeft, OrphanUnknown, OrphanNone} }

// Orphan is a lead that nobody works on. Since is when its stage was entered (business time), LeftAt when its owner was
// first seen to have left (operating time); zero if nobody knows.
type Orphan struct {
	Contact connector.ObjectID `json:"contact"`
	Why     OrphanWhy          `json:"why"`
	Owner   string             `json:"owner,omitempty"`
	Since   time.Time          `json:"stage_since,omitzero"`
	LeftAt  time.Time          `json:"owner_left_at,omitzero"`
}

// Compare sorts orphans by how long they have been there, the longest first, those of whom nobody knows before all, then
// by id.
func (o Orphan) Compare(other Orphan) int {
	if c := o.Since.Compare(other.Since); c != 0 {
		return c
	}
	return strings.Compare(string(o.Contact), string(other.Contact))
}

// OrphanStage is a stage in which leads should have an owner, as the account calls it. Needs says that sales answers for
// it, so that one without any owner is an orphan too.
type OrphanStage struct {
	Value string
	Needs bool
}

// OrphanQuery says where to look for orphaned leads.
type OrphanQuery struct {
	StageProperty, OwnerProperty string
	Stages                       []OrphanStage
}

// OrphanCount counts orphaned leads by the reason.
type OrphanCount struct {
	Why      OrphanWhy `json:"why"`
	Contacts int       `json:"contacts"`
}

// marketingQualified is the stage from which on leads are worth a person's time (S15).
const marketingQualified = "mql"

// Orphans is where leads should have an owner: the mapped stages of the forward order from mql on. In a model without
// mql it is those that sales answers for.
func (p *Portal) Orphans(m *scoring.Model) OrphanQuery {
	q := OrphanQuery{StageProperty: p.Names.Stage, OwnerProperty: p.Names.Owner}
	stages := m.Stages()
	from := slices.IndexFunc(stages, func(s scoring.Stage) bool { return s.Name == marketingQualified })
	for i, s := range stages {
		needs := s.Owner == scoring.SideSales
		if value := p.Stages[s.Name]; value != "" && !s.SideTrack && (from >= 0 && i >= from || from < 0 && needs) {
			q.Stages = append(q.Stages, OrphanStage{value, needs})
		}
	}
	return q
}

// CountOrphans counts orphaned leads by the reason, those with none left out.
func CountOrphans(orphans []Orphan) []OrphanCount {
	var counts []OrphanCount
	for _, why := range OrphanWhys() {
		n := 0
		for _, o := range orphans {
			if o.Why == why {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, OrphanCount{why, n})
		}
	}
	return counts
}
