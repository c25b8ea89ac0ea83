package workflows_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// dealModel is a model with every key of deals.
const dealModel = `model: deals
facts:
  email:    {from: [contact.email]}
  interest: {from: [contact.interest]}
  budget:   {from: [contact.budget], type: number}
  open:     {count: open_deals}
  won_at:   {deals: last_won_at}
  lost_at:  {deals: last_lost_at}
  because:  {deals: lost_reason}
  revenue:  {deals: won_amount}
  hoped:    {deals: open_amount}
  pipeline: {deals: newest_pipeline}
  place:    {deals: newest_stage}
scores: {fit: {rules: [{name: known, when: known(email), points: 5}]}}
lifecycle: [{stage: lead, when: known(email)}, {stage: mql, scores: {fit: 50}}]
lead_status: [{status: new}, {status: open_deal}]
follow_ups:
  - name: open it
    on_status: open_deal
    deal:
      name: "{name}: {fact.interest}"
      pipeline:
        - {when: interest == "crane", pipeline: machines, stage: first_talk}
        - {when: budget < 1000000, pipeline: sales}
        - {when: budget >= 1000000 and budget < 10000000, pipeline: nowhere}
      amount: budget
      close_in: 5wd
      unless_open: SCOPE
      properties: {description: "{fact.interest} {fact.budget}", dealtype: newbusiness, note: "{fact.because}"}
`

func dealing(t *testing.T, scope string, props map[string]string) *person {
	t.Helper()
	m, err := scoring.Parse("deals.yaml", []byte(strings.Replace(dealModel, "SCOPE", scope, 1)))
	if err != nil {
		t.Fatal(err)
	}
	p := newPerson(t, map[string]string{"email": "anna@example.com"}).set(props)
	p.model = m
	p.portal.Names.DealAmount, p.portal.Names.DealHomeAmount = "amount", "home"
	p.portal.Names.DealClosedAt, p.portal.Names.DealLostReason = "closedate", "reason"
	p.portal.Statuses = map[string]string{"new": "NEW", "open_deal": "OPEN_DEAL"}
	p.portal.Pipelines = map[string]workflows.Pipeline{
		"sales":    {ID: "default", Stage: "appointment"},
		"machines": {ID: "9", Stage: "91", Stages: map[string]string{"first_talk": "92"}},
	}
	p.portal.DealProperties = map[string]string{"dealtype": "unknown", "source": "leadsync"}
	p.step()
	return p.status("OPEN_DEAL")
}

func (p *person) other(id connector.ObjectID, of string, props map[string]string) *person {
	d := connector.Object{Type: connector.TypeDeal, ID: id, Properties: props, CreatedAt: monday.AddDate(0, 0, -len(id))}
	if of == "" {
		p.record.Deals = append(p.record.Deals, d)
		return p
	}
	p.record.Companies = []connector.Object{{Type: connector.TypeCompany, ID: "77", Properties: map[string]string{}}}
	p.set(map[string]string{"associatedcompanyid": "77"})
	p.record.CompanyDeals = map[connector.ObjectID][]connector.Object{connector.ObjectID(of): {d}}
	return p
}

// reasons are what a plan says about deals: the code and what was named.
func reasons(planned workflows.Planned) []string {
	var out []string
	for _, a := range planned.Actions {
		if a.Class == workflows.ClassDeal {
			text := string(a.Mode) + " " + string(a.Reason.Code) + " " + a.Reason.Params["deal"] + a.Reason.Params["pipeline"] + a.To
			for _, l := range a.Lacks {
				text += " " + string(l.Code)
			}
			out = append(out, strings.TrimSpace(text))
		}
	}
	return out
}

func TestPlan_deals(t *testing.T) {
	crane := map[string]string{"interest": "crane", "budget": "1250000.5"}
	open := map[string]string{"pipeline": "default"}
	closed := map[string]string{"pipeline": "9", "hs_is_closed": "true"}
	for name, c := range map[string]struct {
		scope string
		props map[string]string
		first func(*person)
		want  []string
	}{
		"the first pipeline whose condition is true": {"any", crane, nil, []string{"on follow_up machines"}},
		"the next one, unknown is not true":          {"any", map[string]string{"budget": "10"}, nil, []string{"on follow_up sales"}},
		"none":                                       {"any", map[string]string{"budget": "1e9"}, nil, []string{"off no_pipeline"}},
		"one that is not mapped":                     {"any", map[string]string{"budget": "2000000"}, nil, []string{"off pipeline_unmapped nowhere"}},
		"a negative amount is left out":              {"any", map[string]string{"budget": "-1"}, nil, []string{"on follow_up sales amount_negative"}},
		"an unknown one too":                         {"any", map[string]string{"interest": "crane"}, nil, []string{"on follow_up machines amount_unknown"}},
		"an open deal is used":                       {"any", crane, func(p *person) { p.other("12", "", open).other("9", "", open) }, []string{"off open_deal_exists 9"}},
		"a closed one is not":                        {"any", crane, func(p *person) { p.other("9", "", closed) }, []string{"on follow_up machines"}},
		"an open deal goes before no place":          {"any", map[string]string{"budget": "1e9"}, func(p *person) { p.other("9", "", open) }, []string{"off open_deal_exists 9"}},
		"one in another pipeline is another":         {"same_pipeline", crane, func(p *person) { p.other("9", "", open) }, []string{"on follow_up machines"}},
		"one in the same pipeline is used":           {"same_pipeline", crane, func(p *person) { p.other("9", "", map[string]string{"pipeline": "9"}) }, []string{"off open_deal_exists 9"}},
		"the company's deal is used":                 {"company", crane, func(p *person) { p.other("8", "77", open) }, []string{"off open_deal_exists 8"}},
		"the contact's own goes first":               {"company", crane, func(p *person) { p.other("8", "77", open).other("9", "", open) }, []string{"off open_deal_exists 9"}},
		"another company's is not":                   {"company", crane, func(p *person) { p.other("8", "78", open) }, []string{"on follow_up machines"}},
		"the company's counts only if wanted":        {"any", crane, func(p *person) { p.other("8", "77", open) }, []string{"on follow_up machines"}},
		"shadow records what would have been":        {"any", crane, func(p *person) { p.portal.Modes[workflows.ClassDeal] = workflows.ModeShadow }, []string{"shadow follow_up machines"}},
		"off leaves no trace":                        {"any", crane, func(p *person) { p.portal.Modes[workflows.ClassDeal] = workflows.ModeOff }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := dealing(t, c.scope, c.props)
			if c.first != nil {
				c.first(p)
			}
			planned := p.step()
			if diff := cmp.Diff(c.want, reasons(planned)); diff != "" {
				t.Errorf("deals (-want +got):\n%s", diff)
			}
			if again := p.plan(); again.Reason.Code != workflows.ReasonUnchanged {
				t.Errorf("planned again: %s %v", again.Reason.Code, brief(again))
			}
		})
	}
}

func dealOf(t *testing.T, planned workflows.Planned) workflows.DealPayload {
	t.Helper()
	var d workflows.DealPayload
	if err := json.Unmarshal(entryOf(t, planned, workflows.KindDeal, workflows.ClassDeal).Payload, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestPlan_writesADealInFull(t *testing.T) {
	p := dealing(t, "same_pipeline", map[string]string{"interest": "crane", "budget": "1250000.5", "firstname": "Anna", "hubspot_owner_id": "jana"})
	planned := p.step()
	got := dealOf(t, planned)
	want := workflows.DealPayload{
		UnlessOpen: scoring.OpenSamePipeline, Own: map[string]string{"description": "crane 1250000.5", "dealtype": "newbusiness"},
		Deal: connector.Deal{
			Key: workflows.Key("42", "101", "open it", 1), Name: "Anna: crane", Pipeline: "9", Stage: "92", Amount: "1250000.5", OwnerID: "jana",
			Contact: "101", CloseAt: got.CloseAt, Extra: p.portal.DealProperties,
		},
	}
	want.Key = got.Key
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if day := got.CloseAt.Sub(p.now).Hours() / 24; day < 6 || day > 8 {
		t.Errorf("closes on %s, five working days after %s", got.CloseAt, p.now)
	}
	p.record.Deals = nil // the deal was closed and deleted meanwhile: the next cause makes another one
	p.status("NEW").step()
	p.status("OPEN_DEAL")
	if again := dealOf(t, p.step()); again.Key == got.Key {
		t.Errorf("the second cause has the key of the first")
	}
}

// A deal belongs to whom for says, and nobody stands in for who is absent (rules 18 and 23).
func TestPlan_dealGoesToWhomTheModelSays(t *testing.T) {
	for name, c := range map[string]struct{ whom, owner, want, becomes string }{
		"the owner of the contact":            {"owner", "a", "a", ""},
		"no owner":                            {"owner", "", "fallback", ""},
		"a person who is absent":              {"jonas", "a", "j", ""},
		"a person who has left":               {"leo", "a", "fallback", ""},
		"the owner of the newest open deal":   {"deal_owner", "a", "m", ""},
		"an assignment by its condition":      {"desk", "", "m", "m"},
		"an assignment leaves it":             {"desk", "a", "a", ""},
		"an assignment if the owner has left": {"desk", "left", "m", "m"},
	} {
		t.Run(name, func(t *testing.T) {
			p := dealing(t, "same_pipeline", map[string]string{"interest": "crane", "hubspot_owner_id": c.owner})
			desk := "assignments: {desk: {sets_owner: true, entries: [{when: interest == \"crane\", people: [maria]}, {people: [ada]}]}}\nfollow_ups:\n"
			text := strings.NewReplacer("SCOPE", "same_pipeline", "follow_ups:\n", desk, "    deal:\n", "    deal:\n      for: "+c.whom+"\n").Replace(dealModel)
			var err error
			if p.model, err = scoring.Parse("deals.yaml", []byte(text)); err != nil {
				t.Fatal(err)
			}
			p.portal.Modes[workflows.ClassOwner] = workflows.ModeOn
			p.portal.Names.DealOwner = "deal_owner"
			p.portal.People = map[string]workflows.Person{
				"maria": {Owner: "m"}, "jonas": {Owner: "j", Deputy: "ada"}, "ada": {Owner: "a"}, "leo": {Owner: "left"},
			}
			for _, id := range []string{"m", "j", "a", "fallback"} {
				p.owners[id] = connector.Owner{ID: id, Active: true, Person: true}
			}
			planned := p.off("jonas", 30).other("5", "", map[string]string{"pipeline": "default", "deal_owner": "m"}).step()
			if got := dealOf(t, planned).OwnerID; got != c.want {
				t.Errorf("the deal is %q's, want %q's", got, c.want)
			}
			becomes := ""
			for _, a := range planned.Actions {
				if a.Class == workflows.ClassOwner {
					becomes = a.To
				}
			}
			if becomes != c.becomes {
				t.Errorf("the contact goes to %q, want %q", becomes, c.becomes)
			}
		})
	}
}

// The close date is a date: so many days later by the portal's calendar, whatever clocks do in between.
func TestPlan_closeDateIsADate(t *testing.T) {
	for name, c := range map[string]struct{ zone, now, in, want string }{
		"in another zone":               {"Europe/Berlin", "2026-11-02T23:30:00Z", "30d", "2026-12-02T23:30:00Z"},
		"clocks are set forward":        {"Europe/Berlin", "2027-03-01T22:30:00Z", "4w", "2027-03-29T21:30:00Z"}, // 23:30 there, both days
		"clocks are set back":           {"Europe/Berlin", "2026-10-20T22:15:00Z", "7d", "2026-10-27T23:15:00Z"}, // 00:15
		"midnight is left out that day": {"America/Santiago", "2026-09-05T04:30:00Z", "1d", "2026-09-06T04:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			zone, err := time.LoadLocation(c.zone)
			if err != nil {
				t.Fatal(err)
			}
			p := dealing(t, "any", map[string]string{"interest": "crane", "budget": "1"})
			if p.model, err = scoring.Parse("deals.yaml", []byte(strings.NewReplacer("SCOPE", "any", "5wd", c.in).Replace(dealModel))); err != nil {
				t.Fatal(err)
			}
			p.portal.Calendar = p.portal.Calendar.In(zone)
			if p.now, err = time.Parse(time.RFC3339, c.now); err != nil {
				t.Fatal(err)
			}
			if got := dealOf(t, p.step()).CloseAt.Format(time.RFC3339); got != c.want {
				t.Errorf("closes at %s, want %s", got, c.want)
			}
		})
	}
}

// What stands in a name comes out as text, on one line and of a length that fits.
func TestPlan_dealTextsStayText(t *testing.T) {
	for _, evil := range []string{"<script>alert(1)</script>", "{{.}}", "{fact.budget}", "=cmd()|x", "Robert'); DROP TABLE", "a\u202eb\x00c\r\nd", strings.Repeat("ü", 10_000)} {
		p := dealing(t, "any", map[string]string{"interest": "crane", "firstname": evil, "budget": "1"})
		d := dealOf(t, p.step())
		want := strings.NewReplacer("\u202e", "", "\x00", "", "\r\n", " ").Replace(evil)
		if len([]rune(want)) > 100 {
			want = string([]rune(want)[:99]) + "…"
		}
		if d.Name != want+": crane" {
			t.Errorf("%q became %q", evil, d.Name)
		}
	}
}

// Somebody has to look at a deal that was wanted and has no pipeline: it shows with the broken invariants until it is
// opened by hand or not wanted any more.
func TestPlan_showsADealWithoutAPipeline(t *testing.T) {
	name := workflows.UnplacedName("open it")
	p := dealing(t, "any", map[string]string{"budget": "1e9"})
	planned := p.step()
	if diff := cmp.Diff([]workflows.Violation{{Invariant: name, Since: p.now}}, planned.State.Violations); diff != "" || len(planned.Notes) != 1 {
		t.Errorf("%s notes %v", diff, planned.Notes)
	}
	since := p.now
	planned = p.after(48 * time.Hour).step()
	if diff := cmp.Diff([]workflows.Violation{{Invariant: name, Since: since}}, planned.State.Violations); diff != "" || len(planned.Notes) != 0 {
		t.Errorf("two days later: %s notes %v", diff, planned.Notes)
	}
	left := *p
	if planned = left.status("NEW").step(); len(planned.State.Violations) != 0 || len(planned.State.Unplaced) != 0 {
		t.Errorf("after the status was left: %v", planned.State.Violations)
	}
	planned = p.other("9", "", map[string]string{"pipeline": "default"}).step()
	if len(planned.State.Violations) != 0 || len(planned.Notes) != 1 || planned.Notes[0].Code != workflows.ReasonInvariantHeld {
		t.Errorf("with a deal by hand: %v, notes %v", planned.State.Violations, planned.Notes)
	}
}

func TestLeadOf_readsWhatDealsSay(t *testing.T) {
	p := dealing(t, "any", nil)
	if facts := workflows.LeadOf(p.portal, p.model, p.record).Facts; facts["revenue"].Number != 0 || !facts["revenue"].Known() || facts["because"].Known() || facts["lost_at"].Known() || facts["place"].Known() {
		t.Errorf("without deals: %v", facts)
	}
	won := map[string]string{"hs_is_closed": "true", "hs_is_closed_won": "true", "closedate": "2026-10-05T08:00:00Z", "amount": "0.1"}
	lost := map[string]string{"hs_is_closed": "true", "closedate": "2026-10-07T08:00:00Z", "reason": "Price"}
	p.other("5", "", lost).other("10", "", with(lost, "reason", "No budget")).other("9", "", with(lost, "closedate", "", "reason", "Old"))
	p.other("11", "", won).other("12", "", with(won, "amount", "0.2", "closedate", "2026-10-01T08:00:00Z"))
	p.other("13", "", map[string]string{"home": "90", "amount": "100", "pipeline": "9", "dealstage": "92"}).other("14", "", map[string]string{"amount": "1e13"})
	facts := workflows.LeadOf(p.portal, p.model, p.record).Facts
	got := map[string]any{}
	for name, v := range facts {
		switch v.Type {
		case scoring.TypeTime:
			got[name] = v.Time.Format(time.DateOnly)
		case scoring.TypeNumber:
			got[name] = v.Number
		case scoring.TypeText, scoring.TypeBool:
			got[name] = v.Text
		}
	}
	want := map[string]any{
		"email": "anna@example.com", "open": 2.0, "won_at": "2026-10-05", "lost_at": "2026-10-07", "because": "No budget", "revenue": 0.3, "hoped": 90.0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p.record.Deals[5].CreatedAt = p.now // 13 is the newest now
	if facts = workflows.LeadOf(p.portal, p.model, p.record).Facts; facts["pipeline"].Text != "machines" || facts["place"].Text != "first_talk" {
		t.Errorf("the newest is in %q at %q", facts["pipeline"].Text, facts["place"].Text)
	}
	props := p.portal.Properties(p.model, connector.TypeDeal)
	if diff := cmp.Diff([]string{"amount", "closedate", "dealstage", "home", "hs_is_closed", "hs_is_closed_won", "pipeline", "reason"}, props); diff != "" {
		t.Errorf("read of deals (-want +got):\n%s", diff)
	}
	if props = p.portal.Properties(parseModel(t), connector.TypeDeal); len(props) != 4 {
		t.Errorf("a model without facts of deals reads %v", props)
	}
}

// What a fact of deals was is compared like everything else: a held contact is released when a deal is lost for a reason.
func TestPlan_releasesAHeldContactByItsDeals(t *testing.T) {
	p := dealing(t, "any", nil)
	p.other("9", "", map[string]string{"hs_is_closed": "true", "closedate": "2026-10-07T08:00:00Z"})
	p.record.Unread = map[connector.ObjectType][]string{connector.TypeDeal: {"reason"}}
	state := workflows.Baseline(p.portal, p.model, p.record, p.now)
	p.record.State = &state
	if planned := p.step(); !planned.State.Held {
		t.Error("released by nothing")
	}
	p.record.Unread = nil
	p.record.Deals[0].Properties["reason"] = "Price"
	if planned := p.step(); !planned.State.Held {
		t.Error("released by what was read for the first time")
	}
	p.record.Deals[0].Properties["reason"] = "No budget"
	if planned := p.step(); planned.State.Held {
		t.Error("still held although the reason was changed")
	}
}
