package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Automation is what HubSpot does about lifecycle stages by itself, as an
// account's settings have it (hubspot-api 6.1). It only ever moves forward.
type Automation struct {
	// NewContact is the stage of a contact that an integration makes without one; empty is none.
	NewContact string `json:"newContact"`
	// DealCreated and DealWon are the stages of contacts and companies with an
	// open and with a won deal; empty leaves them where they are.
	DealCreated string `json:"dealCreated"`
	DealWon     string `json:"dealWon"`
	// CompanyToContacts carries a company's stage to its contacts.
	CompanyToContacts bool `json:"companyToContacts"`
	// ClearingResetsDates makes clearing a stage reset the dates of that stage;
	// both answers are uncertain, so both can be had.
	ClearingResetsDates bool `json:"clearingResetsDates"`
}

func automationOf(o Options) Automation {
	auto := Automation{
		NewContact: o.DefaultStage, DealCreated: "opportunity", DealWon: "customer",
		CompanyToContacts: !o.NoCompanyStageSync, ClearingResetsDates: o.ClearingResetsDates,
	}
	if o.DefaultStage == "none" {
		auto.NewContact = ""
	}
	if o.NoDealStageSync {
		auto.DealCreated, auto.DealWon = "", ""
	}
	return auto
}

// Automation is what the account is set to do by itself.
func (a *Account) Automation() Automation {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.automation
}

// SetAutomation changes the account's settings; what they did before stays. It
// fails with ErrInvalid for a stage that the account does not have.
func (a *Account) SetAutomation(auto Automation) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, stage := range []string{auto.NewContact, auto.DealCreated, auto.DealWon} {
		if stage != "" && !a.tables[Contacts].props["lifecyclestage"].option(stage) {
			return fmt.Errorf("set automation: lifecycle stage %q is not one of the account's: %w", stage, ErrInvalid)
		}
	}
	a.automation = auto
	return nil
}

// derivedAtBirth is what HubSpot fills in on a new record (hubspot-api 6.1).
func (a *Account) derivedAtBirth(m mutation, r *record, given []change) []change {
	t := r.t
	has := func(name string) bool {
		return slices.ContainsFunc(given, func(c change) bool { return c.key == t.key(name) && c.val != "" })
	}
	var out []change
	set := func(name, val string) { out = append(out, t.changeIfKnown(name, val)...) }
	source, sourceID := "CRM_UI", "userId:"+m.actor.ID
	switch m.actor.Kind {
	case API, Integration:
		source, sourceID = "INTEGRATION", m.actor.ID
	case Import:
		source, sourceID = "IMPORT", m.actor.ID
	case User, System:
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
	if stage && a.automation.NewContact != "" {
		set("lifecyclestage", a.automation.NewContact)
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
			out = append(out, a.stageDerived(m, r, old, c.val)...)
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

// stageDerived keeps the figures of the stages: when each was entered and left,
// how long it lasted last time and in all. Clearing keeps the dates of the stage
// or resets them, as the account is set (hubspot-api 6.1).
func (a *Account) stageDerived(m mutation, r *record, old, stage string) []change {
	var out []change
	t, at := r.t, m.at
	set := func(name, val string) { out = append(out, t.changeIfKnown(name, val)...) }
	now := isoMillis(at.UnixMilli())
	if old != "" {
		set("hs_v2_date_exited_"+old, now)
		set("hs_date_exited_"+old, now)
		if since, err := time.Parse(time.RFC3339, r.text("hs_v2_date_entered_"+old)); err == nil {
			ms := at.Sub(since).Milliseconds()
			set("hs_v2_latest_time_in_"+old, strconv.FormatInt(ms, 10))
			set("hs_v2_cumulative_time_in_"+old, strconv.FormatInt(ms+parseID(r.text("hs_v2_cumulative_time_in_"+old)), 10))
		}
	}
	if stage == "" {
		set("hs_v2_date_entered_current_stage", "")
		if a.automation.ClearingResetsDates {
			set("hs_lifecyclestage_"+old+"_date", "")
			set("hs_v2_date_entered_"+old, "")
			set("hs_date_entered_"+old, "")
		}
		return out
	}
	set("hs_lifecyclestage_"+stage+"_date", now)
	set("hs_v2_date_entered_"+stage, now)
	set("hs_date_entered_"+stage, now)
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
		a.companyLinked(m, x, y)
		return
	}
	switch y.t.name {
	case Contacts: // two people who know each other: nothing is summed up
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
	if r.t.name == Deals {
		for _, c := range r.linked(Companies) {
			a.linked(m, c, r)
		}
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
	total, first, recent := 0.0, "", ""
	for _, d := range deals {
		if first == "" || d.text("createdate") < first {
			first = d.text("createdate")
		}
		if d.text("hs_is_closed_won") != "true" {
			continue
		}
		n, _ := strconv.ParseFloat(orString(d.text("amount"), "0"), 64)
		total += n
		if d.text("closedate") >= recent {
			recent = d.text("closedate")
			set("recent_deal_amount", d.text("amount"))
		}
	}
	set("first_deal_created_date", first)
	set("recent_deal_close_date", recent)
	if total > 0 {
		set("total_revenue", strconv.FormatFloat(total, 'f', -1, 64))
	}
	a.apply(m, contact, append(out, a.stageByDeals(contact, deals)...))
}

// stageByDeals is the stage that the deals of a contact or company call for, if
// that is ahead of the one it has: HubSpot never moves a stage back.
func (a *Account) stageByDeals(r *record, deals []*record) []change {
	stage := ""
	for _, d := range deals {
		switch {
		case d.text("hs_is_closed_won") == "true":
			stage = a.automation.DealWon
		case stage != a.automation.DealWon && d.text("hs_is_closed") != "true":
			stage = a.automation.DealCreated
		}
	}
	return ahead(r, stage)
}

// ahead sets the lifecycle stage when that moves the record forward.
func ahead(r *record, stage string) []change {
	p := r.t.props["lifecyclestage"]
	if stage == "" || p == nil || p.rank(stage) <= p.rank(r.text("lifecyclestage")) {
		return nil
	}
	return []change{{key: p.key, val: stage, system: true}}
}

// companyLinked moves a company's stage by its deals, and with it that of its contacts.
func (a *Account) companyLinked(m mutation, x, y *record) {
	if y.t.name == Companies {
		x, y = y, x
	}
	if x.t.name != Companies || y.t.name != Deals {
		return
	}
	if a.apply(m, x, a.stageByDeals(x, x.linked(Deals))) {
		a.companyStage(m, x)
	}
}

// companyStage carries a company's stage to the contacts whose first company it
// is (hubspot-api 6.1: company stage synced to contacts).
func (a *Account) companyStage(m mutation, company *record) {
	if !a.automation.CompanyToContacts {
		return
	}
	for _, c := range company.linked(Contacts) {
		if c.text("associatedcompanyid") != company.idString() {
			continue
		}
		if move := ahead(c, company.text("lifecyclestage")); len(move) > 0 {
			a.apply(m, c, move)
		}
	}
}

func countOrEmpty(n int, old string) string {
	if n == 0 && old == "" {
		return ""
	}
	return strconv.Itoa(n)
}

// guardStage drops a backward or sideways stage move of a contact or company by API or integration:
// the call succeeds and the stage stays (hubspot-api 6.1). A cleared stage takes any.
func guardStage(actor Actor, r *record, changes []change) []change {
	p := r.t.props["lifecyclestage"]
	if p == nil || r.t.name != Contacts && r.t.name != Companies || (actor.Kind != API && actor.Kind != Integration) {
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
	switch r.t.name {
	case Contacts:
	case Companies:
		a.companyStage(m, r)
	default:
		a.neighboursChanged(m, r)
	}
	a.runFlows(m, r)
}
