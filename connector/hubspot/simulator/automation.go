package simulator

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// derivedAtBirth is what HubSpot fills in on a new record (hubspot-api 6.1).
func (a *Account) derivedAtBirth(m mutation, r *record, given []change) []change {
	t := r.t
	has := func(name string) bool {
		return slices.ContainsFunc(given, func(c change) bool { return c.key == t.key(name) && c.val != "" })
	}
	var out []change
	set := func(name, val string) { out = append(out, t.changeIfKnown(name, val)...) }
	source, sourceID := "CRM_UI", "userId:"+m.actor.ID
	if m.actor.Kind == API || m.actor.Kind == Integration {
		source, sourceID = "INTEGRATION", m.actor.ID
	}
	set("hs_object_source", source)
	set("hs_object_source_id", sourceID)
	set("hs_object_source_label", source)
	switch t.name {
	case Contacts:
		out = append(out, a.contactAtBirth(r, source == "INTEGRATION" && !has("lifecyclestage"))...)
	case Deals:
		if !has("pipeline") {
			set("pipeline", "default")
		}
	case Tasks:
		for _, kv := range [][2]string{{"hs_task_status", "NOT_STARTED"}, {"hs_task_priority", "NONE"}, {"hs_task_type", "TODO"}} {
			if !has(kv[0]) {
				set(kv[0], kv[1])
			}
		}
	}
	return out
}

func (a *Account) contactAtBirth(r *record, stage bool) []change {
	var out []change
	set := func(name, val string) { out = append(out, r.t.changeIfKnown(name, val)...) }
	set("hs_all_contact_vids", r.idString())
	set("hs_is_contact", "true")
	set("hs_is_unworked", "true")
	set("hs_currently_enrolled_in_prospecting_agent", "false")
	set("hs_membership_has_accessed_private_content", "0")
	set("hs_registered_member", "0")
	set("hs_pipeline", "contacts-lifecycle-pipeline")
	if stage && a.opts.DefaultStage != "none" {
		set("lifecyclestage", a.opts.DefaultStage)
	}
	return out
}

// derive is what HubSpot calculates on the record itself from the changes.
func (a *Account) derive(m mutation, r *record, changes []change) []change {
	var out []change
	t := r.t
	set := func(name, val string) { out = append(out, t.changeIfKnown(name, val)...) }
	for _, c := range changes {
		if c.key == noKey {
			continue
		}
		if old, _ := r.cur.get(c.key); old == c.val {
			continue
		}
		old, _ := r.cur.get(c.key)
		switch t.name + "." + t.byKey[c.key].Name {
		case "contacts.lifecyclestage":
			out = append(out, stageDerived(t, r, m.at, old, c.val)...)
		case "contacts.email":
			_, domain, _ := strings.Cut(c.val, "@")
			set("hs_email_domain", domain)
		case "contacts.hubspot_owner_id", "deals.hubspot_owner_id", "companies.hubspot_owner_id", "tasks.hubspot_owner_id":
			set("hubspot_owner_assigneddate", isoMillis(m.at.UnixMilli()))
		case "tasks.hs_task_status":
			out = append(out, taskDerived(t, m.at, c.val)...)
		case "deals.dealstage":
			out = append(out, a.dealDerived(r, m.at, c.val)...)
		}
	}
	return slices.DeleteFunc(out, func(d change) bool { // what was given stands
		return slices.ContainsFunc(changes, func(c change) bool { return c.key == d.key })
	})
}

func stageDerived(t *table, r *record, at time.Time, old, stage string) []change {
	var out []change
	set := func(name, val string) { out = append(out, t.changeIfKnown(name, val)...) }
	now := isoMillis(at.UnixMilli())
	if old != "" {
		set("hs_v2_date_exited_"+old, now)
		if since, err := time.Parse(time.RFC3339, r.text("hs_v2_date_entered_"+old)); err == nil {
			ms := strconv.FormatInt(at.Sub(since).Milliseconds(), 10)
			set("hs_v2_latest_time_in_"+old, ms)
			set("hs_v2_cumulative_time_in_"+old, ms)
		}
	}
	if stage == "" {
		set("hs_v2_date_entered_current_stage", "")
		return out
	}
	set("hs_lifecyclestage_"+stage+"_date", now)
	set("hs_v2_date_entered_"+stage, now)
	set("hs_v2_date_entered_current_stage", now)
	return out
}

func taskDerived(t *table, at time.Time, status string) []change {
	done, when := "false", ""
	if status == "COMPLETED" {
		done, when = "true", isoMillis(at.UnixMilli())
	}
	return append(t.changeIfKnown("hs_task_is_completed", done), t.changeIfKnown("hs_task_completion_date", when)...)
}

func (a *Account) dealDerived(r *record, at time.Time, stage string) []change {
	s, ok := a.stage(stage)
	if !ok {
		return nil
	}
	t := r.t
	closed := s.Metadata["isClosed"] == "true"
	won := closed && s.Metadata["probability"] == "1.0"
	var out []change
	set := func(name, val string) { out = append(out, t.changeIfKnown(name, val)...) }
	set("hs_is_closed", strconv.FormatBool(closed))
	set("hs_is_closed_won", strconv.FormatBool(won))
	set("hs_is_closed_lost", strconv.FormatBool(closed && !won))
	set("hs_deal_stage_probability", s.Metadata["probability"])
	set("hs_v2_date_entered_current_stage", isoMillis(at.UnixMilli()))
	if closed {
		set("closedate", isoMillis(at.UnixMilli()))
	}
	return out
}

// linked runs what HubSpot does when a link comes or goes.
func (a *Account) linked(m mutation, x, y *record) {
	if y.t.name == Contacts {
		x, y = y, x
	}
	if x.t.name != Contacts {
		return
	}
	switch y.t.name {
	case Deals:
		a.dealRollups(m, x)
	case Companies:
		a.companyRollups(m, x)
	default:
		a.activityRollups(m, x)
	}
}

// neighboursChanged recalculates the contacts beside a changed record.
func (a *Account) neighboursChanged(m mutation, r *record) {
	for _, c := range r.linked(Contacts) {
		a.linked(m, c, r)
	}
}

func (a *Account) companyRollups(m mutation, contact *record) {
	id := ""
	if cs := contact.linked(Companies); len(cs) > 0 {
		id = cs[0].idString()
	}
	a.apply(m, contact, contact.t.changeIfKnown("associatedcompanyid", id))
}

// dealRollups recalculates the deal figures of a contact and moves its stage
// forward: an open deal makes an opportunity, a won one a customer (hubspot-api 6.1).
func (a *Account) dealRollups(m mutation, contact *record) {
	deals := contact.linked(Deals)
	t := contact.t
	var out []change
	set := func(name, val string) { out = append(out, t.changeIfKnown(name, val)...) }
	set("num_associated_deals", countOrEmpty(len(deals), contact.text("num_associated_deals")))
	stage, total, first, recent := "", 0.0, "", ""
	for _, d := range deals {
		if first == "" || d.text("createdate") < first {
			first = d.text("createdate")
		}
		switch {
		case d.text("hs_is_closed_won") == "true":
			stage = "customer"
			n, _ := strconv.ParseFloat(orString(d.text("amount"), "0"), 64)
			total += n
			if d.text("closedate") >= recent {
				recent = d.text("closedate")
				set("recent_deal_amount", d.text("amount"))
			}
		case stage == "" && d.text("hs_is_closed") != "true":
			stage = "opportunity"
		}
	}
	set("first_deal_created_date", first)
	set("recent_deal_close_date", recent)
	if total > 0 {
		set("total_revenue", strconv.FormatFloat(total, 'f', -1, 64))
	}
	p := t.props["lifecyclestage"]
	if stage != "" && !a.opts.NoDealStageSync && p.rank(stage) > p.rank(contact.text("lifecyclestage")) {
		out = append(out, change{key: p.key, val: stage, system: true})
	}
	a.apply(m, contact, out)
}

func countOrEmpty(n int, old string) string {
	if n == 0 && old == "" {
		return ""
	}
	return strconv.Itoa(n)
}

// engagement sums up the activities of one contact.
type engagement struct {
	last, contacted, meeting, next, kind string
	count, touches                       int
}

func (e *engagement) add(r *record) {
	at := r.text("hs_timestamp")
	switch {
	case !r.live() || at == "":
		return
	case r.t.name == Tasks: // a task is a plan, not an activity
		if r.text("hs_task_status") != "COMPLETED" && (e.next == "" || at < e.next) {
			e.next = at
		}
		return
	case r.t.name == Meetings:
		e.meeting = max(e.meeting, at)
	}
	e.count++
	e.last = max(e.last, at)
	if r.t.name == Notes {
		return
	}
	e.touches++
	if at >= e.contacted {
		e.contacted, e.kind = at, upper(r.t.singular)
	}
}

// activityRollups recalculates what a contact shows of its logged activities
// (hubspot-api 5.6, sales activity).
func (a *Account) activityRollups(m mutation, contact *record) {
	var e engagement
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
	set("hs_last_sales_activity_timestamp", e.contacted)
	set("hs_last_sales_activity_type", e.kind)
	set("hs_latest_meeting_activity", e.meeting)
	set("engagements_last_meeting_booked", e.meeting)
	if e.touches > 0 && contact.text("hs_sa_first_engagement_date") == "" {
		set("hs_sa_first_engagement_date", e.contacted)
		set("hs_is_unworked", "false")
	}
	a.apply(m, contact, out)
}

// guardStage drops a backward or sideways stage move by API or integration:
// the call succeeds and the stage stays (hubspot-api 6.1). A cleared stage takes any.
func guardStage(actor Actor, r *record, changes []change) []change {
	p := r.t.props["lifecyclestage"]
	if p == nil || r.t.name != Contacts || (actor.Kind != API && actor.Kind != Integration) {
		return changes
	}
	old := r.text("lifecyclestage")
	kept := changes[:0]
	for _, c := range changes {
		if c.key == p.key && old != "" && c.val != "" && p.rank(c.val) < p.rank(old) {
			continue
		}
		kept = append(kept, c)
	}
	return kept
}

// after is what follows a change on other records.
func (a *Account) after(m mutation, r *record) {
	if r.t.name != Contacts && r.t.name != Companies {
		a.neighboursChanged(m, r)
	}
}
