package audit_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector/hubspot/simulator"
)

// dealsText is a model in which every key of deals says something.
func dealsText(t *testing.T, unlessOpen string) string {
	t.Helper()
	head, _, found := strings.Cut(modelText, "follow_ups:\n")
	if !found {
		t.Fatal("the model has no follow-ups")
	}
	head = strings.Replace(head, "  open_deals:", `  lost_at:    {deals: last_lost_at}
  why:        {deals: lost_reason, options: {no_budget: [Kein Budget]}, otherwise: another_reason}
  revenue:    {deals: won_amount}
  place:      {deals: newest_stage}
  open_deals:`, 1)
	head = strings.Replace(head, "    rules:\n      - {name: decision", `    rules:
      - {name: no budget, when: 'why == "no_budget" and days_since(lost_at) < 30', points: -15}
      - {name: revenue, when: revenue >= 1000.3, points: 7}
      - {name: decision`, 1)
	return head + `follow_ups:
  - name: open deal
    on_status: open_deal
    deal:
      name: "{company}: {name}"
      pipeline:
        - {when: employees >= 500, pipeline: sales}
        - {when: employees >= 100, pipeline: partners, stage: offer}
        - {when: domain == "partner.example", pipeline: sales}
      amount: "{fact.budget}"
      close_in: 5wd
      unless_open: ` + unlessOpen + `
      properties: {description: "Found by leadsync", dealtype: newbusiness}
`
}

// seller is the story of Ada, to whom a rep says that a deal is due.
type seller struct{ *story }

func newSeller(t *testing.T) *seller {
	t.Helper()
	s := &seller{newStory(t, "")}
	s.load()
	s.score(s.ada, 30)
	s.score(s.ben, 0)
	s.now = at("2026-03-05 10:00") // Thursday
	return s
}

func (s *seller) wanted(contact string) {
	s.set(person, contact, map[string]string{"hs_lead_status": "OPEN_DEAL"})
}

// deal is what leadsync makes of it, but for what is changed; an empty value is left out.
func (s *seller) deal(contact string, changed map[string]string) {
	props := map[string]string{
		"dealname": "Muster GmbH: Ada Beispiel", "pipeline": "74230118", "dealstage": "147110232", "leadsync_key": s.key(),
		"amount": "12000", "hubspot_owner_id": s.owner, "closedate": "2026-03-12T09:00:00Z", // a working week later
		"description": "Found by leadsync", "dealtype": "newbusiness",
	}
	maps.Copy(props, changed)
	maps.DeleteFunc(props, func(_, v string) bool { return v == "" })
	_, err := s.account.Create(leadsync, simulator.Deals, props,
		simulator.Link{Type: simulator.Contacts, ID: contact}, simulator.Link{Type: simulator.Companies, ID: s.company})
	s.must(err)
}

// byHand is a deal that a rep makes, of the contact and perhaps of the company alone.
func (s *seller) byHand(props map[string]string, links ...simulator.Link) string {
	all := map[string]string{"dealname": "By hand", "pipeline": "default", "dealstage": "appointmentscheduled"}
	maps.Copy(all, props)
	id, err := s.account.Create(person, simulator.Deals, all, links...)
	s.must(err)
	return id
}

func (s *seller) audit(unlessOpen string) audit.Report {
	in := s.input(dealsText(s.t, unlessOpen))
	in.Mapping.Pipelines = map[string]string{"sales": "default", "partners": "74230118"}
	in.Mapping.DealStages = map[string]string{"sales": "appointmentscheduled", "partners": "147110231", "partners/offer": "147110232"}
	in.Mapping.LostReason = "closed_lost_reason"
	return audit.Run(in)
}

// What follows from rule 23, told as it should be (no finding wanted) and with one mistake each.
func TestAuditFollowsDeals(t *testing.T) {
	contact := func(id string) simulator.Link { return simulator.Link{Type: simulator.Contacts, ID: id} }
	change := func(name, value string) func(*seller) {
		return func(s *seller) {
			s.wanted(s.ada)
			s.deal(s.ada, map[string]string{name: value})
			s.score(s.ada, 30)
		}
	}
	for name, test := range map[string]struct {
		unlessOpen string
		tell       func(*seller)
		want       string // of the first finding
	}{
		"the pipeline whose condition is true": {"any", change("dealname", "Muster GmbH: Ada Beispiel"), ""},
		"another pipeline": {"any", func(s *seller) {
			s.wanted(s.ada)
			s.deal(s.ada, map[string]string{"pipeline": "default", "dealstage": "appointmentscheduled"})
		}, "deal pipeline"},
		"the pipeline's first stage":         {"any", change("dealstage", "147110231"), "deal stage"},
		"a calendar week":                    {"any", change("closedate", "2026-03-10T09:00:00Z"), "deal close date"},
		"another amount":                     {"any", change("amount", "1200"), "deal amount"},
		"another text":                       {"any", change("description", "Found by chance"), "deal description"},
		"a property left out":                {"any", change("dealtype", ""), "deal dealtype"},
		"no deal":                            {"any", func(s *seller) { s.wanted(s.ada) }, "deal"},
		"none where no condition is true":    {"any", func(s *seller) { s.wanted(s.newcomer()) }, ""},
		"one where no condition is true":     {"any", func(s *seller) { id := s.newcomer(); s.wanted(id); s.deal(id, nil) }, "deal"},
		"an open deal is used":               {"any", func(s *seller) { s.open(contact(s.ada)); s.wanted(s.ada) }, ""},
		"a second deal beside an open one":   {"any", func(s *seller) { s.open(contact(s.ada)); s.wanted(s.ada); s.deal(s.ada, nil) }, "deal"},
		"two deals for one cause":            {"any", func(s *seller) { s.wanted(s.ada); s.deal(s.ada, nil); s.deal(s.ada, nil); s.score(s.ada, 30) }, "deal"},
		"one in another pipeline is another": {"same_pipeline", func(s *seller) { s.open(contact(s.ada)); s.wanted(s.ada); s.deal(s.ada, nil) }, ""},
		"one in another pipeline is missed":  {"same_pipeline", func(s *seller) { s.open(contact(s.ada)); s.wanted(s.ada) }, "deal"},
		"the company's deal is used":         {"company", func(s *seller) { s.ofCompany(); s.wanted(s.ada) }, ""},
		"a second deal beside the company's": {"company", func(s *seller) { s.ofCompany(); s.wanted(s.ada); s.deal(s.ada, nil); s.score(s.ada, 30) }, "deal"},
		"the company's deal does not count":  {"any", func(s *seller) { s.ofCompany(); s.wanted(s.ada); s.deal(s.ada, nil); s.score(s.ada, 30) }, ""},
		"two colleagues, one deal":           {"company", func(s *seller) { id := s.colleague(); s.deal(id, s.dora()); s.score(id, 0) }, ""},
		"two colleagues, two deals": {"company", func(s *seller) {
			id := s.colleague()
			s.deal(s.ada, nil)
			s.deal(id, s.dora())
			s.score(s.ada, 30)
			s.score(id, 0)
		}, "deal"},
		"two colleagues, no deal": {"company", func(s *seller) { s.colleague() }, "deal"},
		"facts of deals":          {"any", func(s *seller) { s.outcomes("22") }, ""},
		"facts of deals not read": {"any", func(s *seller) { s.outcomes("15") }, "score"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSeller(t)
			test.tell(s)
			report := s.audit(test.unlessOpen)
			var found []string
			for _, f := range report.Findings {
				found = append(found, f.String())
			}
			switch {
			case test.want == "" && !report.OK():
				t.Errorf("found %q", found)
			case test.want != "" && (report.OK() || !strings.Contains(strings.Join(found, "\n"), ": "+test.want+": want")):
				t.Errorf("found %q, want %q", found, test.want)
			}
		})
	}
}

// newcomer is a contact without a company, for whom there is no pipeline.
func (s *seller) newcomer() string {
	id, err := s.account.CreateContact(person, map[string]string{
		"email": "cleo@else.example", "firstname": "Cleo", "lifecyclestage": "lead", "hubspot_owner_id": s.owner,
	})
	s.must(err)
	s.score(id, 0)
	return id
}

// colleague is somebody of Ada's company, with whom a deal is due at the same moment as with her.
func (s *seller) colleague() string {
	id, err := s.account.Create(person, simulator.Contacts, map[string]string{
		"email": "dora@muster.example", "firstname": "Dora", "lifecyclestage": "lead", "hubspot_owner_id": s.owner, "associatedcompanyid": s.company,
	}, simulator.Link{Type: simulator.Companies, ID: s.company})
	s.must(err)
	s.score(id, 0)
	s.later()
	s.wanted(s.ada)
	s.wanted(id)
	return id
}

func (*seller) dora() map[string]string {
	return map[string]string{"dealname": "Muster GmbH: Dora", "amount": ""}
}

// open is a deal of a contact, some time before.
func (s *seller) open(link simulator.Link) {
	s.byHand(nil, link)
	s.score(s.ada, 30)
	s.later()
}

func (s *seller) ofCompany() {
	s.byHand(nil, simulator.Link{Type: simulator.Companies, ID: s.company})
	s.later()
}

func (s *seller) later() {
	s.now = s.now.Add(time.Hour)
	s.steps = append(s.steps, s.now)
}

// outcomes are three deals that end: two are won for 1000.3 together, and the one that was lost last was lost for want
// of a budget. By that the fit falls by fifteen and rises by seven.
func (s *seller) outcomes(fit string) {
	won := map[string]string{"dealstage": "closedwon", "amount": "1000.1"}
	s.byHand(won, simulator.Link{Type: simulator.Contacts, ID: s.ada})
	won["amount"] = "0.2"
	s.byHand(won, simulator.Link{Type: simulator.Contacts, ID: s.ada})
	s.byHand(map[string]string{"dealstage": "closedlost", "closed_lost_reason": " kein  budget "}, simulator.Link{Type: simulator.Contacts, ID: s.ada})
	s.set(leadsync, s.ada, map[string]string{
		"leadsync_fit": fit, "leadsync_engagement": "0", "leadsync_score": fit, "leadsync_reasons": "decision maker",
		"leadsync_grade": "B2", "leadsync_tier": "",
	})
}
