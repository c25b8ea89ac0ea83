package connector

import (
	"slices"
	"time"
)

// EventKind is what an event announces. Unknown kinds are kept as EventOther and only stored.
type EventKind string

// The announcements that leadsync acts on.
const (
	EventCreated     EventKind = "created"
	EventChanged     EventKind = "changed"
	EventDeleted     EventKind = "deleted"
	EventPrivacy     EventKind = "privacy_deleted"
	EventMerged      EventKind = "merged"
	EventRestored    EventKind = "restored"
	EventAssociation EventKind = "association"
	EventOther       EventKind = "other"
)

// Event is one verified hint: this record changed, go and look. Nothing is computed from Property and
// Value; they serve only to recognise the echo of our own write.
type Event struct {
	Portal PortalID
	Kind   EventKind
	Type   ObjectType // empty if leadsync does not read such records
	ID     ObjectID
	// Others are further records that the event names: both ends of an association, the losers of a merge.
	Others     []Ref
	Property   string
	Value      string
	OccurredAt time.Time
	// Own is true if the CRM says that our own app made the change.
	Own bool
	// Key identifies the event for de-duplication; redeliveries of one event have equal keys.
	Key string
	// Raw is the event as received, for the stored delivery.
	Raw []byte
}

// Named are the records of some kinds that the event names, its own first. What has no id is none.
func (e Event) Named(kinds []ObjectType) []Ref {
	var named []Ref
	for _, ref := range append([]Ref{{Type: e.Type, ID: e.ID}}, e.Others...) {
		if ref.ID != "" && slices.Contains(kinds, ref.Type) {
			named = append(named, ref)
		}
	}
	return named
}

// Ref names one record.
type Ref struct {
	Type ObjectType
	ID   ObjectID
}
