package simulator

import (
	"strconv"
	"time"
)

// engagement sums up the activities of one contact.
type engagement struct {
	last, contacted, first, firstKind, meeting, next string
	replied                                          string
	heard, heardKind                                 string // what the contact did last, and how
	count, touches                                   int
	now                                              string
}

func (e *engagement) add(r *record) {
	at := r.text("hs_timestamp")
	if !r.live() || at == "" {
		return
	}
	switch r.t.name {
	case Tasks: // a task is a plan, not an activity
		if r.text("hs_task_status") != "COMPLETED" {
			e.plan(at)
		}
		return
	case Emails:
		if !e.email(r, at) {
			return
		}
	case Meetings:
		if !e.met(r, at) {
			return
		}
	case Calls, Communications:
		e.touch(at, upper(r.t.singular))
	}
	e.count++
	e.last = max(e.last, at)
}

// plan adds something that is to come.
func (e *engagement) plan(at string) {
	if e.next == "" || at < e.next {
		e.next = at
	}
}

// met adds a meeting; one that lies ahead is a plan and counts as no contact yet.
func (e *engagement) met(r *record, at string) bool {
	e.meeting = max(e.meeting, at)
	if r.text("hs_meeting_outcome") == "SCHEDULED" {
		e.hear("MEETING_BOOKED", isoMillis(r.created))
	}
	if at > e.now {
		e.plan(at)
		return false
	}
	e.touch(at, "MEETING_EVENT")
	return true
}

// email adds a one-to-one mail; drafts and mails that are not out yet are nothing yet.
func (e *engagement) email(r *record, at string) bool {
	switch r.text("hs_email_status") {
	case "SCHEDULED", "SENDING", "FAILED":
		return false
	}
	switch r.text("hs_email_direction") {
	case "DRAFT_EMAIL":
		return false
	case "INCOMING_EMAIL":
		e.replied = max(e.replied, at)
		e.hear("EMAIL_REPLY", at)
	default:
		if r.text("hs_email_status") != "BOUNCED" {
			e.touch(at, "EMAIL")
		}
	}
	return true
}

// touch is something that sales did; kind is what the property about the first one calls it.
func (e *engagement) touch(at, kind string) {
	e.touches++
	e.contacted = max(e.contacted, at)
	if e.first == "" || at < e.first {
		e.first, e.firstKind = at, kind
	}
}

// hear is something that the contact did.
func (e *engagement) hear(kind, at string) {
	if at >= e.heard {
		e.heard, e.heardKind = at, kind
	}
}

// activityRollups recalculates what a contact shows of its logged activities
// (hubspot-api 5.6, sales activity).
func (a *Account) activityRollups(m mutation, contact *record) {
	e := engagement{now: isoMillis(m.at.UnixMilli())}
	for _, l := range contact.links {
		e.add(l.to)
	}
	var out []change
	set := func(name, val string) { out = append(out, contact.t.changeIfKnown(name, val)...) }
	set("num_notes", countOrEmpty(e.count, contact.text("num_notes")))
	set("num_contacted_notes", countOrEmpty(e.touches, contact.text("num_contacted_notes")))
	set("notes_last_updated", e.last)
	set("notes_last_contacted", e.contacted)
	set("notes_next_activity_date", e.next)
	set("hs_latest_meeting_activity", e.meeting)
	set("engagements_last_meeting_booked", e.meeting)
	set("hs_sales_email_last_replied", e.replied)
	if e.heard > contact.text("hs_last_sales_activity_timestamp") {
		heard(set, e.heardKind, e.heard)
	}
	if e.touches > 0 {
		set("hs_sa_first_engagement_date", e.first)
		set("hs_is_unworked", "false")
		set("hs_time_to_first_engagement", sinceBirth(contact, e.first))
		if p := contact.t.props["hs_sa_first_engagement_object_type"]; p.option(e.firstKind) {
			set(p.Name, e.firstKind)
		}
	}
	a.apply(m, contact, out)
}

// sinceBirth is the time from the contact's creation to at, in ms; empty when at is before it.
func sinceBirth(contact *record, at string) string {
	t, err := time.Parse(time.RFC3339, at)
	if err != nil || t.UnixMilli() < contact.created {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli()-contact.created, 10)
}

// heard sets what a contact did last: it is never something that sales did.
func heard(set func(name, val string), kind, at string) {
	set("hs_last_sales_activity_timestamp", at)
	set("hs_last_sales_activity_date", at)
	set("hs_last_sales_activity_type", kind)
}
