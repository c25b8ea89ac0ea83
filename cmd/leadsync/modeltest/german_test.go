package modeltest_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"leadsync/scoring"
)

// values are texts of the CRM for the properties of the B2B samples, by the first property of a fact. What stands under
// a number or a time is read as such.
func values() map[string][]string {
	return map[string][]string{
		"contact.email":              {"a@example.com", "b@gmail.com", "c@competitor.example", "d@mail.partner.example"},
		"contact.email@domain":       {"example.com", "gmail.com", "competitor.example", "mail.partner.example"},
		"contact.phone":              {"+49 30 1234567"},
		"contact.jobtitle":           {"Geschäftsführer", "Head of IT", "Leiterin Einkauf", "Werkstudent IT", "Bewerber", "Sachbearbeiterin", "Maler"},
		"contact.job_function":       {"Einkauf", "IT", "Qualitätssicherung", "Marketing", "?"},
		"contact.hs_buying_role":     {"DECISION_MAKER", "Beeinflusser", "END_USER", "BLOCKER"},
		"contact.hs_persona":         {"persona_1", "persona_2", "persona_3"},
		"company.country":            {"Germany", "Österreich", "CH", "Peru", "Atlantis"},
		"company.numberofemployees":  {"5", "49", "51-200", "900", "12.000"},
		"company.industry":           {"MACHINERY", "Automobilindustrie", "BANKING", "Zauberei"},
		"company.machines_in_use":    {"3", "19", "20"},
		"contact.budget":             {"0", "9999", "10000", "24999", "25000"},
		"contact.budget_expected_on": {"2026-10-01"},
		"contact.call_back_on":       {"2026-05-25"},
		"contact.product_interest":   {"Inspector", "Planner", "both"},
		"contact.minutes_on_site":    {"9.5", "10"},
		"contact.marketing_consent":  {"ja", "opted out", "maybe"},
		"contact.hs_legal_basis":     {"Freely given consent from contact", "Performance of a contract", "Not applicable"},
		"contact.data_origin":        {"website", "gekaufte Liste", "OFFLINE", "OFFLINE", "Messe"},
		"contact.do_not_profile":     {"true", "false", "false", "false"},
		"contact.handover":           {"accepted", "abgelehnt"},
		"contact.potential":          {"kein Potenzial", "Potenzial"},
		"count.open_deals":           {"0", "1"},
		"count.won_deals":            {"0", "1"},
	}
}

// texts are values of attributes, by property.
func texts() map[string][]string {
	return map[string][]string{
		"recent_conversion_event_name": {"Whitepaper Inspector", "IT handbook", "Request a demo", "Kontaktformular", "Webinar", "Newsletter", "Gewinnspiel", "Fachmesse", "Feedback"},
		"hs_analytics_last_url":        {"https://our-company.example/pricing", "https://our-company.example/blog/a", "https://our-company.example/"},
		"hs_call_disposition":          {"connected", "no_answer"},
		"hs_call_direction":            {"outbound", "inbound"},
		"hs_meeting_outcome":           {"completed", "no_show"},
		"last_webinar":                 {"Costs"},
		"last_campaign":                {"Spring"},
	}
}

// value reads a text of the CRM.
func value(t scoring.FactType, text string) scoring.Value {
	v := scoring.Value{Type: t, Text: text}
	switch t {
	case scoring.TypeNumber:
		v.Text = ""
		v.Number, _ = strconv.ParseFloat(text, 64)
	case scoring.TypeBool:
		v.Text, v.Bool = "", text == "true"
	case scoring.TypeTime:
		v.Text = ""
		v.Time, _ = time.Parse(time.DateOnly, text)
	case scoring.TypeText:
	}
	return v
}

// twins is one lead in the words of two models that have the same facts and kinds under other names.
func twins(t *rapid.T, models [2]*scoring.Model, now time.Time) [2]scoring.Lead {
	leads := [2]scoring.Lead{{Facts: map[string]scoring.Value{}}, {Facts: map[string]scoring.Value{}}}
	pools, facts, kinds := values(), [2][]scoring.Fact{}, [2][]scoring.ActivityKind{}
	for m := range models {
		facts[m], kinds[m] = models[m].Facts(), models[m].ActivityKinds()
	}
	complete := rapid.Bool().Draw(t, "complete")
	for i, f := range facts[0] {
		pool := pools[f.From[0]]
		if len(pool) == 0 {
			t.Fatalf("there are no values of %s", f.From[0])
		}
		if n := rapid.IntRange(-1, len(pool)-1).Draw(t, f.Name); n >= 0 || complete {
			for m := range models {
				leads[m].Facts[facts[m][i].Name] = value(f.Type, pool[max(0, n)])
			}
		}
	}
	stages := [2][]scoring.Stage{models[0].Stages(), models[1].Stages()}
	if n := rapid.IntRange(-1, len(stages[0])-1).Draw(t, "stage"); n >= 0 {
		leads[0].Stage, leads[1].Stage = stages[0][n].Name, stages[1][n].Name
	}
	for n := range rapid.IntRange(0, 25).Draw(t, "activities") {
		i := rapid.IntRange(0, len(kinds[0])-1).Draw(t, "kind")
		ago := time.Duration(rapid.IntRange(0, 200*24*60).Draw(t, "minutes ago")) * time.Minute
		if rapid.Bool().Draw(t, "burst") {
			ago = time.Duration(n) * time.Second
		}
		byProperty := map[string]string{}
		for _, property := range slices.Sorted(maps.Keys(texts())) {
			pool := texts()[property]
			byProperty[property] = pool[rapid.IntRange(0, len(pool)-1).Draw(t, property)]
		}
		for m := range models {
			a := scoring.Activity{ID: strconv.Itoa(n), Kind: kinds[m][i].Kind, At: now.Add(-ago), Attributes: map[string]string{}}
			for name, property := range kinds[m][i].Attributes {
				a.Attributes[name] = byProperty[property]
			}
			leads[m].Activities = append(leads[m].Activities, a)
		}
	}
	return leads
}

// verdict is what an evaluation says without a word of the model.
type verdict struct {
	Points     [][]scoring.Points // of every line of every score
	Grade      string
	Tier       int
	Stage      int
	Reached    []int
	Missing    []scoring.Truth
	Violations int
	Unprofiled bool
	Push       bool
	NextChange time.Time
}

func verdictOf(m *scoring.Model, e scoring.Evaluation) verdict {
	stage := func(name string) int {
		return slices.IndexFunc(m.Stages(), func(s scoring.Stage) bool { return s.Name == name })
	}
	v := verdict{
		Grade: e.Grade, Tier: slices.Index(m.Tiers(), e.Tier), Stage: stage(e.Stage), Violations: len(e.Violations),
		Unprofiled: e.Unprofiled, Push: e.Push, NextChange: e.NextChange,
	}
	for _, s := range e.Scores {
		points := []scoring.Points{s.Points}
		for _, l := range s.Lines {
			points = append(points, l.Result)
		}
		v.Points = append(v.Points, points)
	}
	for _, name := range e.Reached {
		v.Reached = append(v.Reached, stage(name))
	}
	for _, c := range e.Missing {
		v.Missing = append(v.Missing, c.State)
	}
	return v
}

// pair are the B2B samples, English and German.
func pair(t *testing.T) [2]*scoring.Model {
	t.Helper()
	var models [2]*scoring.Model
	for i, file := range []string{"models/b2b.yaml", "models/b2b_de.yaml"} {
		m, err := load(file)
		if err != nil {
			t.Fatal(err)
		}
		models[i] = m
	}
	return models
}

// The German sample means what the English one does: for the same lead every line of every score, every stage, what is
// missing, and the next change are the same.
func TestGermanSampleMeansTheSame(t *testing.T) {
	models := pair(t)
	now := time.Date(2026, 3, 20, 9, 30, 0, 0, time.UTC)
	seen := map[string]int{}
	compare := func(rt *rapid.T) {
		leads := twins(rt, models, now)
		english, german := models[0].Evaluate(leads[0], now), models[1].Evaluate(leads[1], now)
		if diff := cmp.Diff(verdictOf(models[0], english), verdictOf(models[1], german)); diff != "" {
			rt.Fatalf("(-english +german):\n%s", diff)
		}
		seen[english.Stage]++
		seen["variant "+english.Variant]++
	}
	// What never came up was not compared: leads are drawn until everything did.
	all := []string{"", "subscriber", "lead", "sql", "opportunity", "customer", "other", "variant ", "variant enterprise"}
	rare := func() int { return slices.IndexFunc(all, func(what string) bool { return seen[what] == 0 }) }
	for range 50 {
		if rapid.Check(t, compare); rare() < 0 || t.Failed() {
			return
		}
	}
	t.Errorf("no random lead was %q: %v", all[rare()], seen)
}

// Every word of rules, gates and stages is German in the German sample, and every text is there in both languages.
func TestGermanSampleIsGerman(t *testing.T) {
	models := pair(t)
	english := map[string]bool{}
	for _, c := range models[0].Criteria() {
		english[c.What+c.Name] = true
	}
	for _, c := range models[1].Criteria() {
		own := c.Name[strings.LastIndex(c.Name, ": ")+1:]
		if english[c.What+c.Name] && !slices.Contains([]string{"lead", "mql", "sql", "opportunity"}, strings.TrimSpace(own)) {
			t.Errorf("%s %q is called the same in both", c.What, c.Name)
		}
	}
	for _, m := range models {
		for _, f := range m.FollowUps() {
			if f.Task != nil && (f.Task.Subject["en"] == "" || f.Task.Subject["de"] == "" || f.Task.Body["en"] == "" || f.Task.Body["de"] == "") {
				t.Errorf("%s: %s lacks a language", m.Name(), f.Name)
			}
		}
	}
}
