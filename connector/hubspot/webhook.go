package hubspot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"leadsync/connector"
)

// ErrMalformed is the kind of every refusal of DecodeEvents; the text says where, never what.
var ErrMalformed = errors.New("malformed webhook body")

// EventLimits bounds what DecodeEvents accepts; zero fields take the defaults.
type EventLimits struct {
	Bytes  int // of the body; default 1 MiB
	Events int // in the array; default 1,000 (HubSpot sends at most 100)
	Depth  int // of nesting; default 8
}

func (l EventLimits) orDefaults() EventLimits {
	if l.Bytes == 0 {
		l.Bytes = 1 << 20
	}
	if l.Events == 0 {
		l.Events = 1000
	}
	if l.Depth == 0 {
		l.Depth = 8
	}
	return l
}

// number is an integer that may come as a JSON number or as a string of digits.
type number int64

// UnmarshalJSON refuses fractions, exponents and what does not fit 64 bits.
func (n *number) UnmarshalJSON(b []byte) error {
	digits := string(b)
	if digits == "null" {
		return nil
	}
	if unquoted, err := strconv.Unquote(digits); err == nil {
		digits = unquoted
	}
	v, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return errors.New("not a whole number")
	}
	*n = number(v)
	return nil
}

// wireEvent is one webhook event of either family (hubspot-api 3.2 and 3.3).
type wireEvent struct {
	EventID          number   `json:"eventId"`
	SubscriptionID   number   `json:"subscriptionId"`
	PortalID         number   `json:"portalId"`
	AppID            number   `json:"appId"`
	OccurredAt       number   `json:"occurredAt"`
	SubscriptionType string   `json:"subscriptionType"`
	EventType        text     `json:"eventType"`
	ObjectID         number   `json:"objectId"`
	ObjectTypeID     string   `json:"objectTypeId"`
	ChangeSource     string   `json:"changeSource"`
	SourceID         text     `json:"sourceId"`
	PropertyName     string   `json:"propertyName"`
	PropertyValue    text     `json:"propertyValue"`
	PrimaryObjectID  number   `json:"primaryObjectId"`
	MergedObjectIDs  []number `json:"mergedObjectIds"`
	NewObjectID      number   `json:"newObjectId"`
	AssociationType  string   `json:"associationType"`
	FromObjectID     number   `json:"fromObjectId"`
	ToObjectID       number   `json:"toObjectId"`
	FromObjectTypeID string   `json:"fromObjectTypeId"`
	ToObjectTypeID   string   `json:"toObjectTypeId"`
	Removed          text     `json:"associationRemoved"`
	LinkTypeID       text     `json:"associationTypeId"`
}

// DecodeEvents reads the body of one delivery: an array of events of either family, contact.* or object.*.
// The body must be within limits, valid UTF-8 and one JSON array of objects that each name portal and type;
// anything else is ErrMalformed and yields no event. Kinds and records that leadsync does not know become
// EventOther, so that a new subscription never blocks the others.
func DecodeEvents(body []byte, limits EventLimits) ([]connector.Event, error) {
	limits = limits.orDefaults()
	if err := limits.check(body); err != nil {
		return nil, err
	}
	var raw []json.RawMessage
	if json.Unmarshal(body, &raw) != nil {
		return nil, fmt.Errorf("%w: not JSON", ErrMalformed)
	}
	if len(raw) > limits.Events {
		return nil, fmt.Errorf("%w: more than %d events", ErrMalformed, limits.Events)
	}
	events := make([]connector.Event, len(raw))
	for i, one := range raw {
		w, ok := decodeEvent(one)
		if !ok {
			return nil, fmt.Errorf("%w: event %d lacks portal or type, or has a field of the wrong type", ErrMalformed, i)
		}
		events[i] = w.event()
		events[i].Raw = bytes.Clone(one)
	}
	return events, nil
}

func decodeEvent(raw []byte) (wireEvent, bool) {
	var w wireEvent
	if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &w) != nil {
		return wireEvent{}, false
	}
	if w.SubscriptionType == "" {
		w.SubscriptionType = string(w.EventType) // the name in HubSpot's documentation
	}
	return w, w.PortalID > 0 && w.SubscriptionType != ""
}

// check looks at the body as a whole, before anything is decoded.
func (l EventLimits) check(body []byte) error {
	if len(body) > l.Bytes {
		return fmt.Errorf("%w: more than %d bytes", ErrMalformed, l.Bytes)
	}
	if !utf8.Valid(body) {
		return fmt.Errorf("%w: not UTF-8", ErrMalformed)
	}
	if depth(body) > l.Depth {
		return fmt.Errorf("%w: nested deeper than %d", ErrMalformed, l.Depth)
	}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '[' {
		return fmt.Errorf("%w: not an array", ErrMalformed)
	}
	return nil
}

// depth is the deepest nesting of brackets outside strings, before anything recursive looks at the body.
func depth(body []byte) int {
	deepest, now, inString := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch b := body[i]; {
		case inString && b == '\\':
			i++
		case b == '"':
			inString = !inString
		case inString:
		case b == '[' || b == '{':
			now++
			deepest = max(deepest, now)
		case b == ']' || b == '}':
			now--
		}
	}
	return deepest
}

func (w wireEvent) event() connector.Event {
	family, action, _ := strings.Cut(w.SubscriptionType, ".")
	e := connector.Event{
		Portal: connector.PortalID(strconv.FormatInt(int64(w.PortalID), 10)), Kind: kindOf(action),
		Type: w.recordType(family), ID: objectID(w.ObjectID), Property: w.PropertyName, Value: string(w.PropertyValue),
		Own: w.ChangeSource == "INTEGRATION" && w.AppID > 0 && string(w.SourceID) == strconv.FormatInt(int64(w.AppID), 10),
		Key: w.key(),
	}
	if w.OccurredAt > 0 {
		e.OccurredAt = time.UnixMilli(int64(w.OccurredAt)).UTC()
	}
	switch e.Kind { //nolint:exhaustive // the others name one record only
	case connector.EventMerged:
		w.merge(&e)
	case connector.EventAssociation:
		w.association(&e)
		return e // ends of unknown kinds were left out there
	}
	if e.Type == "" || e.ID == "" {
		e.Kind = connector.EventOther
	}
	return e
}

func kindOf(action string) connector.EventKind {
	switch action {
	case "creation":
		return connector.EventCreated
	case "propertyChange":
		return connector.EventChanged
	case "deletion":
		return connector.EventDeleted
	case "privacyDeletion":
		return connector.EventPrivacy
	case "merge":
		return connector.EventMerged
	case "restore":
		return connector.EventRestored
	case "associationChange":
		return connector.EventAssociation
	default:
		return connector.EventOther
	}
}

func (w wireEvent) recordType(family string) connector.ObjectType {
	switch family {
	case "object":
		return typeOfID(w.ObjectTypeID)
	case "contact":
		return connector.TypeContact
	case "company":
		return connector.TypeCompany
	case "deal":
		return connector.TypeDeal
	default:
		return ""
	}
}

func objectID(n number) connector.ObjectID {
	if n <= 0 {
		return ""
	}
	return connector.ObjectID(strconv.FormatInt(int64(n), 10))
}

// merge makes the event about the new record (a merge gives a new id, hubspot-api 5.5) and names every
// record that took part, the new one included.
func (w wireEvent) merge(e *connector.Event) {
	named := append([]number{w.NewObjectID, w.PrimaryObjectID}, w.MergedObjectIDs...)
	for _, n := range distinct(append(named, w.ObjectID)) {
		if id := objectID(n); id != "" {
			e.Others = append(e.Others, connector.Ref{Type: e.Type, ID: id})
		}
	}
	if len(e.Others) > 0 {
		e.ID = e.Others[0].ID
	}
}

// association names both ends; the event itself is about the end where the link starts.
func (w wireEvent) association(e *connector.Event) {
	from, to := typeOfID(w.FromObjectTypeID), typeOfID(w.ToObjectTypeID)
	if w.FromObjectTypeID == "" && w.ToObjectTypeID == "" {
		left, right, _ := strings.Cut(w.AssociationType, "_TO_")
		from, to = connector.ObjectType(strings.ToLower(left)), connector.ObjectType(strings.ToLower(right))
	}
	for _, end := range []connector.Ref{{Type: from, ID: objectID(w.FromObjectID)}, {Type: to, ID: objectID(w.ToObjectID)}} {
		if _, err := plural(end.Type); err == nil && end.ID != "" {
			e.Others = append(e.Others, end)
		}
	}
	if len(e.Others) == 0 {
		e.Kind = connector.EventOther
		return
	}
	e.Type, e.ID = e.Others[0].Type, e.Others[0].ID
}

// key identifies the event over its redeliveries: everything of hubspot-api 3.1 but the attempt. Events of
// associations and merges carry their records elsewhere than in objectId, so these count too; and making a link
// is another event than removing it, even in the same millisecond.
func (w wireEvent) key() string {
	parts, _ := json.Marshal([]any{ // numbers and strings do not fail
		w.PortalID, w.SubscriptionID, w.EventID, w.ObjectID, w.SubscriptionType, w.PropertyName, w.OccurredAt,
		w.ObjectTypeID, w.FromObjectID, w.ToObjectID, w.AssociationType, w.NewObjectID,
		w.FromObjectTypeID, w.ToObjectTypeID, w.LinkTypeID, w.Removed, w.PrimaryObjectID, w.MergedObjectIDs,
	})
	sum := sha256.Sum256(parts)
	return hex.EncodeToString(sum[:16])
}
