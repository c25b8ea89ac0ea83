package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The event types that the account records. Only the first is confirmed
// (hubspot-api 9.4).
const (
	EventPageVisited   = "e_visited_page"
	EventFormSubmitted = "e_submitted_form"
)

const occurrencesMost = 1000

// Occurrence is one event on a contact's timeline, as the events API shows it.
type Occurrence struct {
	ID         string
	Type       string
	At         time.Time
	Properties map[string]string

	r *record
}

// occur keeps n occurrences of one event; those of one visit are a second
// apart and end at the given time. The caller holds the lock.
func (a *Account) occur(r *record, kind, when string, n int, properties map[string]string) {
	if !a.opts.Enterprise {
		return // nobody can read them; a long demo must not keep them
	}
	end, _ := parseTime(when)
	for i := range n {
		a.seen = append(a.seen, Occurrence{
			ID: guid(kind, strconv.Itoa(len(a.seen))), Type: kind, At: end.Add(-time.Duration(n-1-i) * time.Second), Properties: properties, r: r,
		})
	}
}

// enterprise refuses what needs an Enterprise hub (hubspot-api 9.4).
func (c *call) enterprise() (answer, bool) {
	if c.a.opts.Enterprise {
		return answer{}, true
	}
	return c.fail(http.StatusForbidden, apiError{
		Message: "This account does not have access to this API: it needs an Enterprise subscription.", Category: "FORBIDDEN",
	}), false
}

func (c *call) occurrenceTypes() answer {
	if ans, ok := c.enterprise(); !ok {
		return ans
	}
	return c.json(http.StatusOK, map[string][]string{"eventTypes": {EventFormSubmitted, EventPageVisited}})
}

// occurrenceQuery is what ?objectType=&objectId=&eventType=&occurredAfter=&occurredBefore= ask for.
type occurrenceQuery struct {
	r             *record
	kind          string
	after, before time.Time
	descending    bool
}

func (q occurrenceQuery) fits(o Occurrence) bool {
	return o.r.latest() == q.r && (q.kind == "" || o.Type == q.kind) &&
		(q.after.IsZero() || o.At.After(q.after)) && (q.before.IsZero() || o.At.Before(q.before))
}

func (c *call) occurrenceQuery() (q occurrenceQuery, why string) {
	v := c.r.URL.Query()
	for _, t := range []struct {
		name string
		into *time.Time
	}{{"occurredAfter", &q.after}, {"occurredBefore", &q.before}} {
		s := v.Get(t.name)
		if s == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return q, t.name + " must be a time in ISO 8601 with its zone, not " + s + "."
		}
		*t.into = at
	}
	switch v.Get("sort") {
	case "", "occurredAt":
	case "-occurredAt":
		q.descending = true
	default:
		return q, "sort must be occurredAt or -occurredAt."
	}
	q.kind = v.Get("eventType")
	if q.kind != "" && q.kind != EventPageVisited && q.kind != EventFormSubmitted {
		return q, "Event type " + q.kind + " does not exist."
	}
	if canonicalType(v.Get("objectType")) != Contacts || v.Get("objectId") == "" {
		return q, "objectType and objectId must name a contact: events are read record by record."
	}
	q.r = c.a.tables[Contacts].byID[parseID(v.Get("objectId"))].latest()
	return q, ""
}

// occurrences are those that a query asks for, in its order.
func (c *call) occurrences(q occurrenceQuery) []Occurrence {
	if q.r == nil || q.r.purged {
		return nil
	}
	var all []Occurrence
	for _, o := range c.a.seen {
		if q.fits(o) {
			all = append(all, o)
		}
	}
	slices.SortStableFunc(all, func(x, y Occurrence) int {
		if q.descending {
			x, y = y, x
		}
		return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.ID, y.ID))
	})
	return all
}

// occurrenceList pages through the events of one contact (hubspot-api 9.4).
func (c *call) occurrenceList() answer {
	if ans, ok := c.enterprise(); !ok {
		return ans
	}
	q, why := c.occurrenceQuery()
	if why != "" {
		return c.invalid(why)
	}
	limit, ok := limitParam(c.r, 20, occurrencesMost)
	if !ok {
		return c.invalid(fmt.Sprintf("limit must be between 1 and %d.", occurrencesMost))
	}
	from, err := strconv.Atoi(orString(c.r.URL.Query().Get("after"), "0"))
	if err != nil || from < 0 {
		return c.invalid("after must be a value that paging.next.after gave.")
	}
	all := c.occurrences(q)
	type one struct {
		ObjectType string            `json:"objectType"`
		ObjectID   string            `json:"objectId"`
		EventType  string            `json:"eventType"`
		OccurredAt string            `json:"occurredAt"`
		ID         string            `json:"id"`
		Properties map[string]string `json:"properties"`
	}
	from = min(from, len(all))
	to := min(from+limit, len(all))
	out := []one{}
	for _, o := range all[from:to] {
		out = append(out, one{"CONTACT", q.r.idString(), o.Type, isoMillis(o.At.UnixMilli()), o.ID, o.Properties})
	}
	body := map[string]any{"results": out}
	if to < len(all) {
		body["paging"] = map[string]any{"next": map[string]string{"after": strconv.Itoa(to)}}
	}
	return c.json(http.StatusOK, body)
}
