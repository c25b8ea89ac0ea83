package simulator

import (
	"strconv"
	"strings"
)

// Event names in generic form (hubspot-api 3.3).
const (
	eventCreation    = "object.creation"
	eventDeletion    = "object.deletion"
	eventProperty    = "object.propertyChange"
	eventMerge       = "object.merge"
	eventRestore     = "object.restore"
	eventAssociation = "object.associationChange"
	eventPrivacy     = "contact.privacyDeletion"
)

// event is what happened, before it takes its wire form.
type event struct {
	kind            string
	r               *record
	property, value string
	sensitive       bool
	merged          []int64
	count           int
	to              *record
	link            uint16
	removed         bool
}

// hook is one event as it goes over the wire (hubspot-api 3.2). Fields that a
// kind does not have are left out.
type hook struct {
	EventID             int64   `json:"eventId"`
	SubscriptionID      int64   `json:"subscriptionId"`
	PortalID            int64   `json:"portalId"`
	AppID               int64   `json:"appId"`
	OccurredAt          int64   `json:"occurredAt"`
	SubscriptionType    string  `json:"subscriptionType"`
	AttemptNumber       int     `json:"attemptNumber"`
	ObjectID            int64   `json:"objectId,omitempty"`
	ObjectTypeID        string  `json:"objectTypeId,omitempty"`
	ChangeFlag          string  `json:"changeFlag,omitempty"`
	PropertyName        string  `json:"propertyName,omitempty"`
	PropertyValue       *string `json:"propertyValue,omitempty"`
	IsSensitive         *bool   `json:"isSensitive,omitempty"`
	PrimaryObjectID     int64   `json:"primaryObjectId,omitempty"`
	MergedObjectIDs     []int64 `json:"mergedObjectIds,omitempty"`
	NewObjectID         int64   `json:"newObjectId,omitempty"`
	PropertiesMoved     *int    `json:"numberOfPropertiesMoved,omitempty"`
	AssociationType     string  `json:"associationType,omitempty"`
	AssociationTypeID   int     `json:"associationTypeId,omitempty"`
	AssociationCategory string  `json:"associationCategory,omitempty"`
	FromObjectID        int64   `json:"fromObjectId,omitempty"`
	ToObjectID          int64   `json:"toObjectId,omitempty"`
	FromObjectTypeID    string  `json:"fromObjectTypeId,omitempty"`
	ToObjectTypeID      string  `json:"toObjectTypeId,omitempty"`
	AssociationRemoved  *bool   `json:"associationRemoved,omitempty"`
	IsPrimary           *bool   `json:"isPrimaryAssociation,omitempty"`
	ChangeSource        string  `json:"changeSource,omitempty"`
	SourceID            string  `json:"sourceId,omitempty"`
}

// emit queues a webhook event when the app is subscribed to it. The caller
// holds the account's lock.
func (a *Account) emit(m mutation, e event) {
	target := a.hooks.targetNow()
	if target.URL == "" {
		return
	}
	index := subscribed(target.Subscriptions, e)
	if index < 0 {
		return
	}
	h := hook{
		EventID: 3_000_000_000 + a.rng.Int64N(1_000_000_000), SubscriptionID: 7_560_001 + int64(index),
		PortalID: a.opts.PortalID, AppID: a.opts.AppID, OccurredAt: m.at.UnixMilli(), SubscriptionType: e.kind,
	}
	h.ChangeSource, h.SourceID = changeSource(m.actor)
	a.fillHook(&h, e)
	if target.Classic && e.kind != eventPrivacy {
		classic(&h, e.r.t)
	}
	a.hooks.enqueue(h, e.r.t, m.wall)
}

// emitProperty tells of a changed property as far as HubSpot does (hubspot-api
// 3.3): technical values that it fills in itself and the modified time never,
// calculated ones only now and then.
func (a *Account) emitProperty(m mutation, r *record, p *Property, c change) {
	switch {
	case muteProperty(r.t.name, p.Name):
		return
	case p.ReadOnly:
		chance := a.hooks.targetNow().Calculated
		if chance <= 0 || a.rng.Float64() >= chance {
			return
		}
	case c.system && strings.HasPrefix(p.Name, "hs_"):
		return
	}
	if c.system {
		m.actor = Actor{Kind: System}
	}
	a.emit(m, event{kind: eventProperty, r: r, property: p.Name, value: c.val, sensitive: p.Sensitive})
}

// muteProperty lists what no subscription can be made for (hubspot-api 3.3).
func muteProperty(typ, name string) bool {
	switch name {
	case "num_unique_conversion_events", "lastmodifieddate", "hs_lastmodifieddate":
		return true
	case "hs_email_html", "hs_email_subject":
		return typ == Emails
	case "hs_communication_body":
		return typ == Communications
	}
	return false
}

func subscribed(subs []Subscription, e event) int {
	for i, s := range subs {
		if s.Type == e.kind && (s.ObjectType == "" || canonicalType(s.ObjectType) == e.r.t.name) && (s.Property == "" || s.Property == e.property) {
			return i
		}
	}
	return -1
}

func changeSource(actor Actor) (source, id string) {
	switch actor.Kind {
	case User:
		return "CRM_UI", "userId:" + actor.ID
	case Integration, API:
		return "INTEGRATION", actor.ID
	case Import:
		return "IMPORT", actor.ID
	case System:
		if strings.HasPrefix(actor.ID, flowActor) {
			return "AUTOMATION_PLATFORM", actor.ID
		}
		return "CRM", ""
	}
	return "CRM", actor.ID
}

func (a *Account) fillHook(h *hook, e event) {
	h.ObjectID, h.ObjectTypeID = e.r.id, e.r.t.typeID
	switch e.kind {
	case eventCreation:
		h.ChangeFlag = "CREATED"
	case eventDeletion:
		h.ChangeFlag = "DELETED"
	case eventPrivacy:
		h.ObjectTypeID = ""
	case eventProperty:
		h.PropertyName, h.PropertyValue, h.IsSensitive = e.property, &e.value, &e.sensitive
		if e.sensitive {
			redacted := "REDACTED"
			h.PropertyValue = &redacted
		}
	case eventMerge:
		h.PrimaryObjectID, h.MergedObjectIDs, h.NewObjectID, h.PropertiesMoved = e.merged[0], e.merged[1:], e.r.id, &e.count
	case eventAssociation:
		primary := a.kinds.of[e.link].label == "Primary"
		h.ObjectID, h.ObjectTypeID = 0, ""
		h.FromObjectID, h.ToObjectID, h.AssociationRemoved, h.IsPrimary = e.r.id, e.to.id, &e.removed, &primary
		h.FromObjectTypeID, h.ToObjectTypeID = e.r.t.typeID, e.to.t.typeID
		h.AssociationTypeID, h.AssociationCategory = int(e.link), "HUBSPOT_DEFINED"
		h.AssociationType = upper(e.r.t.singular) + "_TO_" + upper(e.to.t.singular)
	}
}

// classic rewrites an event of contacts, companies and deals into the older
// family: contact.propertyChange and so on, without objectTypeId.
func classic(h *hook, t *table) {
	if t.name != Contacts && t.name != Companies && t.name != Deals {
		return
	}
	h.SubscriptionType = t.singular + h.SubscriptionType[len("object"):]
	h.ObjectTypeID, h.IsSensitive = "", nil
	h.FromObjectTypeID, h.ToObjectTypeID, h.AssociationTypeID, h.AssociationCategory = "", "", 0, ""
	if h.ChangeFlag == "CREATED" {
		h.ChangeFlag = "NEW"
	}
}

func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

func (a *Account) apiActor() Actor {
	return Actor{Kind: API, ID: strconv.FormatInt(a.opts.AppID, 10)}
}
