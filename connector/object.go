package connector

import "time"

// PortalID is the CRM's own number for one account, in decimal ("247187887"). It is the first column of
// every table and part of every idempotency key, so it must never be an operator's nickname.
type PortalID string

// ObjectID is the CRM's id of one record, in decimal; up to 64 bits.
type ObjectID string

// ObjectType names a kind of record in leadsync's own vocabulary (singular); connectors translate.
type ObjectType string

// The kinds of record that leadsync reads.
const (
	TypeContact ObjectType = "contact"
	TypeCompany ObjectType = "company"
	TypeDeal    ObjectType = "deal"
	TypeCall    ObjectType = "call"
	TypeMeeting ObjectType = "meeting"
	TypeTask    ObjectType = "task"

	TypeEmail         ObjectType = "email"
	TypeNote          ObjectType = "note"
	TypeCommunication ObjectType = "communication" // SMS, WhatsApp, LinkedIn messages
)

// Object is one record as the CRM showed it. Properties holds only what was asked for and is not empty;
// values are the CRM's own strings, date-times normalised to RFC 3339 in UTC.
type Object struct {
	Type       ObjectType
	ID         ObjectID
	Properties map[string]string
	CreatedAt  time.Time
	// UpdatedAt is the CRM's last modification time, millisecond resolution, UTC.
	UpdatedAt time.Time
	Archived  bool
}

// ReadResult is the answer of a batch read, compared with what was asked by id. Every id asked for is a
// key of exactly one of Found and Missing, or the call failed.
type ReadResult struct {
	// Found maps the id that was asked for to the record. The record's own ID differs when the asked one
	// was merged away and the CRM answered with the survivor.
	Found map[ObjectID]Object
	// Missing are ids that the CRM does not have (deleted, archived or never there).
	Missing []ObjectID
}

// Link is one association between two records.
type Link struct {
	FromType ObjectType
	FromID   ObjectID
	ToType   ObjectType
	ToID     ObjectID
}

// Page is one page of a listing. Next is empty on the last page. Total is the CRM's count where it
// gives one (search), else -1.
type Page struct {
	Objects []Object
	Next    Cursor
	Total   int
	// Partial is true when the properties that were asked for were not requested, because naming them would
	// have broken a limit of the CRM: the objects then carry only id and times, and must be read by id.
	Partial bool
}

// Cursor is an opaque position in a listing or change feed; only the connector that made it reads it.
// The empty cursor is the beginning. It is stored after every page, so a crash costs one page.
type Cursor string

// ChangedQuery asks for one page of the walk over records of one type that changed at or after Since,
// oldest first, with millisecond resolution. The walk may deliver a record twice, never skip one.
type ChangedQuery struct {
	Type       ObjectType
	Since      time.Time
	Cursor     Cursor // empty: the first page
	Properties []string
}

// Update is an intended change of properties of one existing record. An empty value clears the property.
type Update struct {
	ID         ObjectID
	Properties map[string]string
}

// UpdateResult tells what became of one Update. Err is nil only if the CRM named this very id as updated.
type UpdateResult struct {
	ID        ObjectID
	UpdatedAt time.Time
	// Properties are those that the answer showed, as the record has them now; nil if it showed none. A CRM may
	// answer a refused value as a success (HubSpot's stages move forward only): what is not shown is not proven.
	Properties map[string]string
	Err        error
}
