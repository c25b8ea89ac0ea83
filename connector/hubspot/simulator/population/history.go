package population

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// past is what a contact has behind it when the account goes live.
type past struct {
	stage    string
	status   string
	statusAt time.Time
	prize    bool // a prize-draw entrant (S35)
	created  time.Time
	entered  time.Time // into the stage
	calls    []simulator.Call
	meetings []simulator.Meeting
	mails    []simulator.Email // one-to-one, earliest first
	noted    time.Time         // zero when nobody wrote a note
	deal     map[string]string
	task     map[string]string
	owner    string
}

// addContact adds one contact with everything that happened to it.
func (b *builder) addContact(d dice) {
	h := b.pastOf(d)
	at := b.w.employer(d)
	if h.stage == stageOther {
		at = d.IntN(insiders)
	}
	if h.prize || (at >= 0 && b.w.companies[at].id == "") {
		at = nobody
	}
	props := b.w.invent(d, at, tellsAtStage(d, h.stage))
	b.pastStages(d, h, props)
	b.pastWeb(d, h, props)
	b.pastSales(d, h, props)
	maps.Copy(props, research(d, b.profiles[h.stage].known))
	b.pastOwner(d, h, props)
	b.pastObjection(props)
	props["lastmodifieddate"] = latest(props, b.start)
	var links []simulator.Link
	if at >= 0 {
		links = append(links, simulator.Link{Type: simulator.Companies, ID: b.w.companies[at].id})
		props["associatedcompanyid"] = b.w.companies[at].id
	}
	id := b.add(simulator.Contacts, props, links...)
	if id == "" {
		return
	}
	b.register(id, at, h, props)
	b.addActivities(id, at, h)
}

func tellsAtStage(d dice, stage string) int {
	switch stage {
	case stageSubscriber:
		return d.weighted(65, 25, 10)
	case stageLead:
		return d.weighted(4, 20, 76)
	default:
		return tellsJob
	}
}

func (b *builder) register(id string, at int, h *past, props map[string]string) {
	p := person{
		id: id, name: nameOf(props), owner: h.owner, stage: h.stage, status: h.status, statusAt: h.statusAt, company: at,
		heat: b.profiles[h.stage].heat,
	}
	if h.prize {
		p.heat = 0
	}
	p.scanned = at >= 0 && b.w.companies[at].scanner
	who := b.w.add(p)
	b.w.object(who, props[objects])
	if at >= 0 {
		b.w.companies[at].members = append(b.w.companies[at].members, who)
	}
}

func (b *builder) pastOf(d dice) *past {
	h := &past{stage: b.stages.deal()}
	h.prize = h.stage == stageLead && d.chance(0.12)
	span := int(b.start.Sub(b.earliest)/day) - 1
	oldest := max(span, 8)
	switch h.stage {
	case stageSubscriber, stageLead, stageOther:
		h.created = d.daysBefore(b.start, 1, oldest)
		h.entered = h.created
	case stageMQL, stageSQL, stageOpportunity:
		h.created = d.daysBefore(b.start, min(40, oldest-1), oldest)
		h.entered = d.daysBefore(b.start, 6, min(36, oldest-2))
	default:
		h.created = d.daysBefore(b.start, oldest*2/3, oldest)
		h.entered = d.daysBefore(b.start, 4, max(5, oldest/3))
	}
	if h.entered.Before(h.created) {
		h.entered = h.created.Add(time.Hour)
	}
	if h.stage == stageSQL {
		h.status, h.statusAt = b.statuses.deal(), h.entered
	}
	return h
}

// pastStages writes when each stage was entered and left.
func (b *builder) pastStages(d dice, h *past, p map[string]string) {
	p["createdate"], p["lifecyclestage"] = stamp(h.created), h.stage
	p["hs_object_source"], p["hs_object_source_label"] = "INTEGRATION", "INTEGRATION"
	p["hs_is_contact"], p["hs_is_unworked"] = "true", "true"
	p["newsletter_consent"] = strconv.FormatBool(h.stage == stageSubscriber || d.chance(0.6))
	p["hs_legal_basis"] = "Freely given consent from contact"
	if d.chance(0.3) {
		p["hs_legal_basis"] = "Legitimate interest – prospect/lead"
	}
	if d.chance(0.03) {
		p["hs_email_optout"], p["newsletter_consent"] = "true", "false"
	}
	path := []string{h.stage}
	if h.stage != stageOther {
		order := []string{stageSubscriber, stageLead, stageMQL, stageSQL, stageOpportunity, stageCustomer, stageEvangelist}
		path = order[:slices.Index(order, h.stage)+1]
	}
	at := h.entered
	for i, s := range slices.Backward(path) {
		p["hs_lifecyclestage_"+s+"_date"], p["hs_v2_date_entered_"+s] = stamp(at), stamp(at)
		earlier := h.created.Add(at.Sub(h.created) / time.Duration(i+1) * time.Duration(i)).Truncate(time.Second)
		if i > 0 {
			p["hs_v2_date_exited_"+path[i-1]] = stamp(at)
		}
		at = earlier
	}
	p["hs_v2_date_entered_current_stage"] = stamp(h.entered)
	if h.status != "" {
		p["hs_lead_status"] = h.status
	} else if h.stage == stageOpportunity || h.stage == stageCustomer {
		p["hs_lead_status"] = statusOpenDeal
	}
}

// Forms of the web site.
const (
	formNewsletter = "Newsletter-Anmeldung"
	formWhitepaper = "Whitepaper: Lieferketten im Griff"
	formWebinar    = "Webinar: Planung ohne Tabellen"
	formDemo       = "Demo anfordern"
	formContact    = "Kontaktformular"
	formPrize      = "Messe-Gewinnspiel"
)

// pastWeb writes the roll-ups of what the contact did on the web site and with mails.
func (b *builder) pastWeb(d dice, h *past, p map[string]string) {
	if h.stage == stageOther {
		return
	}
	forms, last := b.pastForms(d, h, p)
	if h.prize {
		return
	}
	most := b.profiles[h.stage].views
	views := d.between(most/5, most)
	seen := b.after(d, h.created, last)
	if views > 0 {
		p["hs_analytics_num_page_views"] = strconv.Itoa(views)
		p["hs_analytics_num_visits"] = strconv.Itoa(1 + views/4)
		p["hs_analytics_last_timestamp"], p["hs_analytics_last_visit_timestamp"] = stamp(seen), stamp(seen)
		p["hs_analytics_first_timestamp"], p["hs_analytics_first_visit_timestamp"] = stamp(h.created), stamp(h.created)
		p["hs_analytics_last_url"] = "https://www.example.com/" + oneOf(d, b.w.words.pages)
	}
	if p["hs_email_optout"] == "true" {
		return
	}
	weeks := int(b.start.Sub(h.created)/day)/7 + 1
	opens := d.IntN(weeks/2 + 2)
	clicks := d.IntN(min(opens, 2*forms) + 1)
	counter := func(count, date string, n int, at time.Time) {
		if n > 0 {
			p[count], p[date] = strconv.Itoa(n), stamp(at)
		}
	}
	counter("hs_email_delivered", "hs_email_last_send_date", weeks, d.daysBefore(b.start, 0, 6))
	counter("hs_email_open", "hs_email_last_open_date", opens, b.after(d, h.created, last))
	counter("hs_email_click", "hs_email_last_click_date", clicks, b.after(d, h.created, last))
	if clicks > 1 && d.chance(0.15) {
		counter("hs_email_replied", "hs_email_last_reply_date", 1, b.after(d, h.created, last))
	}
}

// pastForms writes the roll-ups of forms; it returns their number and the time of the last.
func (b *builder) pastForms(d dice, h *past, p map[string]string) (forms int, last time.Time) {
	names := []string{formWhitepaper, formWebinar}
	forms = d.between(1, 2)
	switch {
	case h.prize:
		forms, names = 1, []string{formPrize}
	case h.stage == stageSubscriber:
		forms, names = 1, []string{formNewsletter}
	case h.stage != stageLead:
		forms = d.between(2, 5)
	}
	first, recent := oneOf(d, names), oneOf(d, names)
	last = h.created
	if forms > 1 {
		last = b.after(d, h.created, h.entered)
		if h.stage != stageLead && h.stage != stageMQL && d.chance(0.6) {
			recent = oneOf(d, []string{formDemo, formContact})
		}
	} else {
		recent = first
	}
	p["num_conversion_events"] = strconv.Itoa(forms)
	p["num_unique_conversion_events"] = strconv.Itoa(min(forms, 2))
	p["first_conversion_date"], p["first_conversion_event_name"] = stamp(h.created), first
	p["recent_conversion_date"], p["recent_conversion_event_name"] = stamp(last), recent
	return forms, last
}

// after draws a time between two instants (any order), before go-live.
func (b *builder) after(d dice, from, to time.Time) time.Time {
	seconds := int(to.Sub(from) / time.Second)
	if seconds <= 0 {
		seconds = int(b.start.Sub(from) / time.Second)
	}
	if seconds <= 1 {
		return from
	}
	return from.Add(time.Duration(d.IntN(seconds)) * time.Second)
}

// latest is the last time among the values that is not after go-live: when the
// record must have been changed at the latest. Due and close dates lie ahead.
func latest(props map[string]string, start time.Time) string {
	last, limit := "", stamp(start)
	for _, v := range props {
		if len(v) == len(limit) && v[10] == 'T' && v <= limit {
			last = max(last, v)
		}
	}
	return last
}
