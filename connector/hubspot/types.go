package hubspot

import (
	"fmt"
	"strconv"
	"time"

	"leadsync/connector"
)

// plural is HubSpot's name of a kind of record in paths.
func plural(typ connector.ObjectType) (string, error) {
	switch typ {
	case connector.TypeContact:
		return "contacts", nil
	case connector.TypeCompany:
		return "companies", nil
	case connector.TypeDeal:
		return "deals", nil
	case connector.TypeCall:
		return "calls", nil
	case connector.TypeMeeting:
		return "meetings", nil
	case connector.TypeTask:
		return "tasks", nil
	case connector.TypeEmail:
		return "emails", nil
	case connector.TypeNote:
		return "notes", nil
	case connector.TypeCommunication:
		return "communications", nil
	default:
		return "", &connector.Error{
			Kind: connector.ErrInvalid, Op: "name records", Message: fmt.Sprintf("unknown kind of record %q", typ),
		}
	}
}

// typeOfID translates objectTypeId (hubspot-api 9.1 and 3.2); empty for kinds that leadsync does not read.
func typeOfID(id string) connector.ObjectType {
	switch id {
	case "0-1":
		return connector.TypeContact
	case "0-2":
		return connector.TypeCompany
	case "0-3":
		return connector.TypeDeal
	case "0-18":
		return connector.TypeCommunication
	case "0-46":
		return connector.TypeNote
	case "0-49":
		return connector.TypeEmail
	case "0-27":
		return connector.TypeTask
	case "0-47":
		return connector.TypeMeeting
	case "0-48":
		return connector.TypeCall
	default:
		return ""
	}
}

// modifiedProperty is the property by which changes are found; the wrong one gives an empty answer, not an
// error (hubspot-api 5.4).
func modifiedProperty(typ connector.ObjectType) string {
	if typ == connector.TypeContact {
		return "lastmodifieddate"
	}
	return "hs_lastmodifieddate"
}

// record is one record on the wire.
type record struct {
	ID         text            `json:"id"`
	Properties map[string]text `json:"properties"`
	CreatedAt  text            `json:"createdAt"`
	UpdatedAt  text            `json:"updatedAt"`
	Archived   bool            `json:"archived"`
	TraceID    text            `json:"objectWriteTraceId"`
	// History holds the versions of each property, newest first.
	History map[string][]version `json:"propertiesWithHistory"`
}

// recordsAnswer is the answer of list, search and batch calls.
type recordsAnswer struct {
	Total   *int     `json:"total"`
	Results []record `json:"results"`
	Paging  paging   `json:"paging"`
	Errors  []fault  `json:"errors"`
}

type paging struct {
	Next struct {
		After text `json:"after"`
	} `json:"next"`
}

// idInput names one record in a batch.
type idInput struct {
	ID    string `json:"id"`
	After string `json:"after,omitempty"`
}

// object translates a record: only what was asked for, since HubSpot adds properties of its own; empty values
// are absent, date-times become RFC 3339 in UTC.
func (r record) object(typ connector.ObjectType, asked []string) connector.Object {
	o := connector.Object{
		Type: typ, ID: connector.ObjectID(r.ID), Properties: make(map[string]string, len(r.Properties)),
		CreatedAt: wireTime(string(r.CreatedAt)), UpdatedAt: wireTime(string(r.UpdatedAt)), Archived: r.Archived,
	}
	for _, name := range asked {
		if value := r.Properties[name]; value != "" {
			o.Properties[name] = normalised(string(value))
		}
	}
	return o
}

// wireTime reads an ISO 8601 time; zero if it is none.
func wireTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// normalised gives date-times in one form; every other value stays as it is.
func normalised(s string) string {
	const shortest = len("2006-01-02T15:04:05Z")
	if len(s) < shortest || s[4] != '-' || s[10] != 'T' {
		return s
	}
	if t := wireTime(s); !t.IsZero() {
		return t.Format(time.RFC3339Nano)
	}
	return s
}

// distinct keeps the first of equal values, in order.
func distinct[T comparable](in []T) []T {
	seen := make(map[T]bool, len(in))
	out := make([]T, 0, len(in))
	for _, v := range in {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

// decimal reports whether s is a positive id as HubSpot gives them. Anything else must not get into a path.
func decimal(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && n > 0
}
