//go:build !race

// Three weeks of an account are played twice; the race detector sees the same code in shorter stories.

package service_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/audit"
	"leadsync/connector/hubspot/simulator"
	"leadsync/workflows"
)

const headOfSales = "hanna@our-company.example"

// judged is a rig in which people and other machines decide for some days, until an auditor who knows the rules alone says
// whether every contact is as it should be.
type judged struct {
	*rig
	model  string
	boss   string // what the model calls who is asked when sales is silent
	random *rand.Rand
	people []string // contacts
	steps  []time.Time
	goLive int
	began  time.Time
	rep    string
	head   string
}

func newJudged(t *testing.T, model, boss string, seed uint64) *judged {
	t.Helper()
	j := &judged{model: model, boss: boss, random: rand.New(rand.NewPCG(seed, 1))} // replayable
	j.rig = newRig(t, rigOptions{
		model: model, dir: t.TempDir(), people: ", people: {" + boss + ": {owner: " + headOfSales + "}}",
		portal: "    properties: {responsible: leadsync_responsible, missing: leadsync_missing}\n    statuses: {in_talks: CONNECTED, fake: OPEN}\n",
		populate: func(a *simulator.Account) {
			for _, name := range []string{"need", "sales_answer", "rejection_reason", "lead_problem", "unqualified_reason", "leadsync_responsible", "leadsync_missing"} {
				if err := a.AddProperty(contacts, simulator.Property{Name: name, Label: name, Type: "string"}); err != nil {
					panic(err)
				}
			}
			j.rep, j.head = a.CreateOwner("Rita Rep", "rita@our-company.example", true), a.CreateOwner("Hanna Head", headOfSales, true)
			load(3, j.lead)(a)
		},
	})
	j.start()
	j.goLive, j.began = len(j.account.Journal()), j.world()
	for _, o := range j.account.Objects(contacts) {
		j.people = append(j.people, o.ID)
	}
	j.advance(time.Hour)
	for i := range 6 {
		company := j.must(j.account.Create(user(), simulator.Companies, map[string]string{"name": fmt.Sprintf("Company %d", i), "numberofemployees": "200"}))
		j.people = append(j.people, j.must(j.account.Create(user(), contacts, map[string]string{
			"associatedcompanyid": company, "email": fmt.Sprintf("new%d@example.org", i), "firstname": "New", "lastname": fmt.Sprint(i), "hubspot_owner_id": j.rep, "need": "a new planner",
		}, simulator.Link{Type: simulator.Companies, ID: company})))
		j.stand()
		j.advance(time.Minute)
	}
	return j
}

// lead is a contact that was there before.
func (j *judged) lead(i int) map[string]string {
	return map[string]string{"email": fmt.Sprintf("old%d@example.org", i), "firstname": "Old", "lastname": fmt.Sprint(i), "lifecyclestage": "lead", "hubspot_owner_id": j.rep}
}

// stand lets leadsync work until nothing is left to do.
func (j *judged) stand() {
	j.steps = append(j.steps, j.world())
	j.settle()
}

// live plays some steps: time passes, the rivals act, then one person does one thing.
func (j *judged) live(steps int, deeds ...func(contact string)) {
	for range steps {
		j.advance(time.Duration(j.random.IntN(8*60)+2) * time.Minute)
		j.account.ActRivals()
		j.stand()
		j.advance(30 * time.Second) // before a rival acts again
		deeds[j.random.IntN(len(deeds))](j.people[j.random.IntN(len(j.people))])
		j.stand()
	}
}

// one is one of some values.
func (j *judged) one(values ...string) string { return values[j.random.IntN(len(values))] }

func (j *judged) form(contact string) {
	if err := j.account.SubmitForm(contact, j.one("Whitepaper", "Request a demo"), j.world()); err != nil {
		j.t.Fatal(err)
	}
}

func (j *judged) call(contact string) {
	j.must(j.account.LogCall(user(), contact, simulator.Call{Disposition: j.one(simulator.CallConnected, simulator.CallNoAnswer)}))
}

// sets is a deed that gives a property one of some values.
func (j *judged) sets(property string, values ...string) func(string) {
	return func(contact string) { j.set(contact, property, j.one(values...)) }
}

func (j *judged) audit() audit.Report {
	text, err := os.ReadFile(j.model)
	if err != nil {
		j.t.Fatal(err)
	}
	p := j.svc.Runner("rig").Portal()
	return audit.Run(audit.Input{
		Model: text, Journal: j.account.Journal(), Account: j.account, GoLive: j.goLive, GoLiveAt: j.began, Steps: j.steps,
		Mapping: audit.Mapping{
			Stages: p.Stages, Statuses: p.Statuses, Order: p.Order, CompanyOrder: p.CompanyOrder, CompanyClass: string(p.Mode(workflows.ClassCompany)),
			Outcomes: p.Outcomes, Scores: p.Written.Scores, ReasonsProperty: p.Written.Reasons, ScoredAtProperty: p.Written.ScoredAt,
			LastReasonProperty: p.Written.LastReason, ResponsibleProperty: p.Written.Responsible, MissingProperty: p.Written.Missing,
			KeyProperty: "leadsync_key", Language: "en", People: map[string]string{j.boss: j.head},
			TimeZone: "Europe/Berlin", Calendar: audit.Calendar{Place: "DE-BY", DueAt: 9 * 60},
		},
	})
}

// Weeks in which sales answers or is silent, people set stages and statuses against the model and without its gates, and
// another automation sets stages back: every contact is as rules 20 and 21 say.
func TestStory_decisions(t *testing.T) {
	j := newJudged(t, "../../../fixtures/models/handover.yaml", "head_of_sales", 1)
	if err := j.account.SetRivals(simulator.Rival{Name: "old scoring", Property: "lifecyclestage", Percent: 40, After: time.Minute}); err != nil {
		t.Fatal(err)
	}
	j.live(judgedSteps, j.form, j.form, j.form, j.call,
		j.sets("need", "a new planner", "a new planner", ""), j.sets("sales_answer", "Angenommen", "Angenommen", "Abgelehnt", ""),
		j.sets("lifecyclestage", "lead", "marketingqualifiedlead", "salesqualifiedlead"), j.sets("hs_lead_status", "NEW", "CONNECTED", "ATTEMPTED_TO_CONTACT"))
	j.verdict()
}

// Weeks in which sales answers late or not at all, and leads turn out to be misjudged: rules 19 and 24.
func TestStory_clocks(t *testing.T) {
	j := newJudged(t, "../../../fixtures/models/sales.yaml", "sales_lead", 2)
	j.live(judgedSteps, j.form, j.form, j.form, j.call,
		j.sets("unqualified_reason", "Falsche Zielgruppe", "Kein Budget", ""), j.sets("lifecyclestage", "marketingqualifiedlead", "salesqualifiedlead"),
		j.sets("hs_lead_status", "NEW", "BAD_TIMING", "UNQUALIFIED", "OPEN"))
	j.verdict()
}

// verdict is the auditor's word, and that there was anything to judge.
func (j *judged) verdict() {
	report := j.audit()
	var b strings.Builder
	report.Write(&b)
	if !report.OK() {
		j.t.Error(b.String())
	}
	j.t.Log(b.String())
	id := j.people[len(j.people)-1]
	j.advance(time.Minute)
	j.steps = append(j.steps, j.world())
	if err := j.account.Set(simulator.Actor{Kind: simulator.API, ID: "1"}, contacts, id, map[string]string{"lifecyclestage": j.otherStage(id)}); err != nil {
		j.t.Fatal(err)
	}
	if j.audit().OK() {
		j.t.Error("the auditor passes a stage that nothing asked for")
	}
	if report.StageMoves < 10 || report.Tasks < 3 || report.Steps < 50 {
		j.t.Errorf("too little happened: %+v", report)
	}
}

// otherStage is a stage in which a contact is not.
func (j *judged) otherStage(id string) string {
	if j.prop(id, "lifecyclestage") == "opportunity" {
		return "customer"
	}
	return "opportunity"
}

// judgedSteps are the deeds of each story; each takes four hours on the average.
const judgedSteps = 120
