package population

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// pastOwner gives the contact to somebody.
func (b *builder) pastOwner(d dice, h *past, p map[string]string) {
	if !d.chance(b.profiles[h.stage].owned) {
		return
	}
	h.owner = b.w.ownerIDs[d.weighted(10, 10, 10, 10, 10, 10, 10, 10, 4, 4)]
	p["hubspot_owner_id"] = h.owner
	p["hubspot_owner_assigneddate"] = stamp(h.entered)
}

// pastSales decides calls, meetings, the deal and an open task, and writes their
// roll-ups as HubSpot would have (hubspot-api 5.6, sales activity).
func (b *builder) pastSales(d dice, h *past, p map[string]string) {
	switch h.stage {
	case stageSubscriber, stageLead, stageMQL, stageOther:
		return
	}
	if work := b.w.office.open(h.entered, b.start.Add(-time.Second)); len(work) > 0 {
		b.pastTalks(d, h, work)
	}
	if h.status == statusBadTiming {
		p["call_back_on"] = b.start.AddDate(0, 0, d.between(1, 20)).Format(time.DateOnly)
	}
	if h.stage != stageSQL {
		b.pastDeal(d, h, p)
	}
	if len(h.calls)+len(h.meetings) > 0 {
		b.pastMails(h)
		talkRollups(h, p)
	}
	if d.chance(0.4) {
		due := b.start.Add(time.Duration(d.between(-3*24, 12*24)) * time.Hour)
		h.task = map[string]string{
			"hs_timestamp": stamp(due), "hs_task_type": "TODO", "hs_task_status": "NOT_STARTED", "hs_task_priority": "MEDIUM",
			"hs_task_subject": oneOf(d, chores()),
			"hs_createdate":   stamp(b.after(d, h.entered, b.start)),
		}
		p["notes_next_activity_date"] = stamp(due)
	}
}

// pastTalks makes the calls and meetings that explain the lead status.
func (b *builder) pastTalks(d dice, h *past, work []span) {
	missed, reached, met := howManyTalks(d, h)
	times := make([]time.Time, missed+reached+met)
	for i := range times {
		times[i] = d.instant(work)
	}
	slices.SortFunc(times, time.Time.Compare)
	for i, at := range times {
		switch {
		case i < missed:
			h.calls = append(h.calls, simulator.Call{At: at, Disposition: oneOf(d, unreached()), Title: "Anruf"})
		case i < missed+reached:
			h.calls = append(h.calls, simulator.Call{At: at, Disposition: simulator.CallConnected, Duration: talk(d), Title: "Erstgespräch"})
		default:
			h.meetings = append(h.meetings, simulator.Meeting{At: at, Outcome: "COMPLETED", Duration: 45 * time.Minute, Title: "Produktvorführung"})
		}
		if h.status != "" && h.status != statusNew {
			h.statusAt = at
		}
	}
}

func howManyTalks(d dice, h *past) (missed, reached, met int) {
	switch h.status {
	case statusAttempted:
		return d.between(1, 3), 0, 0
	case statusInProgress, statusConnected, statusOpenDeal:
		return d.IntN(3), d.between(1, 2), d.IntN(2)
	case statusBadTiming, statusUnqualified:
		return d.IntN(3), 1, 0
	}
	if h.stage == stageSQL { // nobody talked to a new one yet
		return 0, 0, 0
	}
	return d.IntN(2), d.between(1, 3), d.between(1, 2)
}

func unreached() []string {
	return []string{simulator.CallNoAnswer, simulator.CallNoAnswer, simulator.CallBusy, simulator.CallLeftVoicemail}
}

func talk(d dice) time.Duration { return time.Duration(d.between(90, 1500)) * time.Second }

// talkRollups writes what HubSpot would sum up of calls, meetings, mails and notes.
func talkRollups(h *past, p map[string]string) {
	var first, last, updated time.Time
	kind, count, touches := "", 0, 0
	logged := func(at time.Time) {
		count++
		if at.After(updated) {
			updated = at
		}
	}
	touch := func(at time.Time, k string) {
		logged(at)
		touches++
		if first.IsZero() || at.Before(first) {
			first, kind = at, k
		}
		if at.After(last) {
			last = at
		}
	}
	for _, c := range h.calls {
		touch(c.At, "CALL")
	}
	for _, m := range h.meetings {
		touch(m.At, "MEETING_EVENT")
		p["hs_latest_meeting_activity"], p["engagements_last_meeting_booked"] = stamp(m.At), stamp(m.At)
	}
	for _, e := range h.mails {
		if e.Direction == "EMAIL" {
			touch(e.At, "EMAIL")
			continue
		}
		logged(e.At)
		p["hs_sales_email_last_replied"] = stamp(e.At)
	}
	if !h.noted.IsZero() {
		logged(h.noted)
	}
	maps.Copy(p, map[string]string{
		"num_notes": strconv.Itoa(count), "num_contacted_notes": strconv.Itoa(touches),
		"notes_last_updated": stamp(updated), "notes_last_contacted": stamp(last),
		"hs_sa_first_engagement_date": stamp(first), "hs_sa_first_engagement_object_type": kind, "hs_is_unworked": "false",
	})
}

// pastDeal makes the deal behind an opportunity or a customer.
func (b *builder) pastDeal(d dice, h *past, p map[string]string) {
	amount := strconv.Itoa(d.between(10, 90) * 1000)
	h.deal = map[string]string{
		"dealname": nameOf(p), "pipeline": "default", "amount": amount, "deal_currency_code": "EUR",
		"createdate": stamp(h.entered), "hs_is_closed": "false", "hs_is_closed_won": "false", "hs_is_closed_lost": "false",
	}
	p["num_associated_deals"], p["first_deal_created_date"] = "1", stamp(h.entered)
	moved := b.after(d, h.entered, b.start)
	switch {
	case h.stage != stageOpportunity:
		h.deal["createdate"] = stamp(b.after(d, h.created, h.entered))
		maps.Copy(h.deal, map[string]string{
			"dealstage": "closedwon", "hs_is_closed": "true", "hs_is_closed_won": "true", "hs_deal_stage_probability": "1.0", "closedate": stamp(h.entered),
		})
		maps.Copy(p, map[string]string{
			"recent_deal_amount": amount, "recent_deal_close_date": stamp(h.entered), "total_revenue": amount, "first_deal_created_date": h.deal["createdate"],
		})
	case b.outcomes.deal() == "lost":
		maps.Copy(h.deal, map[string]string{
			"dealstage": "closedlost", "hs_is_closed": "true", "hs_is_closed_lost": "true", "hs_deal_stage_probability": "0.0", "closedate": stamp(moved),
		})
	default:
		stage := d.weighted(3, 3, 2, 2, 3)
		maps.Copy(h.deal, map[string]string{
			"dealstage":                        []string{"appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "decisionmakerboughtin", "contractsent"}[stage],
			"hs_deal_stage_probability":        []string{"0.2", "0.4", "0.6", "0.8", "0.9"}[stage],
			"hs_v2_date_entered_current_stage": stamp(moved), "closedate": stamp(b.start.AddDate(0, 0, d.between(10, 60))),
		})
	}
}

// addActivities adds what belongs to a contact that is in the account now.
func (b *builder) addActivities(id string, at int, h *past) {
	contact := simulator.Link{Type: simulator.Contacts, ID: id}
	owned := func(p map[string]string) map[string]string {
		if h.owner != "" {
			p["hubspot_owner_id"] = h.owner
		}
		return p
	}
	for _, c := range h.calls {
		status := "COMPLETED"
		switch c.Disposition {
		case simulator.CallNoAnswer:
			status = "NO_ANSWER"
		case simulator.CallBusy:
			status = "BUSY"
		}
		b.add(simulator.Calls, owned(map[string]string{
			"hs_timestamp": stamp(c.At), "hs_createdate": stamp(c.At), "hs_call_disposition": c.Disposition, "hs_call_direction": "OUTBOUND",
			"hs_call_status": status, "hs_call_duration": strconv.FormatInt(c.Duration.Milliseconds(), 10), "hs_call_title": c.Title,
		}), contact)
	}
	for _, m := range h.meetings {
		b.add(simulator.Meetings, owned(map[string]string{
			"hs_timestamp": stamp(m.At), "hs_createdate": stamp(m.At), "hs_meeting_start_time": stamp(m.At),
			"hs_meeting_end_time": stamp(m.At.Add(m.Duration)), "hs_meeting_outcome": m.Outcome, "hs_meeting_title": m.Title,
		}), contact)
	}
	b.addMails(h, contact, owned)
	if h.deal != nil {
		links := []simulator.Link{contact}
		if at >= 0 {
			links = append(links, simulator.Link{Type: simulator.Companies, ID: b.w.companies[at].id})
		}
		h.deal["hs_lastmodifieddate"] = latest(h.deal, b.start)
		if deal := b.add(simulator.Deals, owned(h.deal), links...); deal != "" && h.deal["hs_is_closed"] == "false" {
			b.w.deals[deal] = nobody
		}
	}
	if h.task != nil {
		if task := b.add(simulator.Tasks, owned(h.task), contact); task != "" {
			b.w.tasks[task] = nobody
		}
	}
}
