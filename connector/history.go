package connector

import "time"

// Origin says who wrote one version of a property, as far as the CRM tells.
type Origin string

// The origins. Own needs the CRM to name our app; a CRM that does not makes it OriginMachine.
const (
	OriginPerson  Origin = "person"  // somebody in the CRM's own pages, or an import somebody ran
	OriginMachine Origin = "machine" // another integration, an automation or the CRM itself
	OriginOwn     Origin = "own"     // leadsync
	OriginUnknown Origin = "unknown"
)

// Version is one value that a property had. An empty Value means that it was cleared.
type Version struct {
	Value  string
	At     time.Time // when it was written, millisecond resolution, UTC
	Origin Origin
	// Source is the CRM's own word for the origin (HubSpot: CRM_UI, INTEGRATION, ...), and behind it which machine it was if
	// the CRM says so; for explanations.
	Source string
}

// History maps a property to its versions, oldest first. A CRM keeps only the newest versions (HubSpot about
// twenty of a contact's property), so the oldest kept one need not be the first there was.
type History map[string][]Version

// HistoryResult is the answer of a history read, compared with what was asked by id: every id asked for is a
// key of exactly one of Found and Missing, or the call failed.
type HistoryResult struct {
	Found   map[ObjectID]History
	Missing []ObjectID
}
