package starter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"leadsync/connector"
)

// view is what the templates read.
type view struct {
	Found

	Stages, Statuses []named
	Outcomes         []outcome
	Pipelines        []pipeline
	Active, Left     []connector.Owner
	Facts            []fact
	More             []usage // filled properties that the proposal does not use
	Counters         []counter
	Interactions     []string // kinds that are a positive reaction
	Fit, Engagement  []rule
	Gates            []gate
	Lifecycle        []string
	LeadStatus       []string
	Direct           []string // names of forms that ask for a talk
	HasStatus        map[string]bool
	FollowUps        bool // there is a status with a usual follow-up
	// Defaults of the configuration that this account does not have.
	NoStages, NoStatuses, NoOutcomes []string

	Sales pipeline // where deals begin
}

// named is one option of the account with the model's word for it.
type named struct {
	Name, Value, Label string
}

type outcome struct {
	Name   string
	Values []string
	Labels string
}

type pipeline struct {
	Name, ID, Label, Stage, StageLabel string
}

type fact struct {
	Name, Type string
	From       []string
	Known      string // "63 % of 200 contacts", empty if nobody counted
}

type usage struct {
	Source, Label, Type, Known string
}

type counter struct {
	Name, Text string
}

type rule struct {
	Text string
}

type gate struct {
	Name, Requires, En, De string
}

// stageNames are the model's words for HubSpot's default stages (hubspot-api 6.1, S8), statusNames those for
// the default statuses (6.2, S86 to S93).
func stageNames() map[string]string {
	return map[string]string{
		"subscriber": "subscriber", "lead": "lead", "marketingqualifiedlead": "mql", "salesqualifiedlead": "sql",
		"opportunity": "opportunity", "customer": "customer", "evangelist": "evangelist", "other": "other",
	}
}

func statusNames() map[string]string {
	return map[string]string{
		"NEW": "new", "OPEN": "open", "IN_PROGRESS": "in_progress", "OPEN_DEAL": "open_deal", "UNQUALIFIED": "unqualified",
		"ATTEMPTED_TO_CONTACT": "attempted", "CONNECTED": "connected", "BAD_TIMING": "bad_timing",
	}
}

// defaultStatuses are those that a configuration maps unless told otherwise.
func defaultStatuses() map[string]string {
	all := statusNames()
	delete(all, "OPEN")
	delete(all, "CONNECTED")
	return all
}

// absent gives the default names that are not among the account's, sorted.
func absent(defaults map[string]string, there []named) []string {
	var out []string
	for _, name := range defaults {
		if !slices.ContainsFunc(there, func(n named) bool { return n.Name == name }) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// outcomeNames are the model's words for HubSpot's default call outcomes, by label (hubspot-api 9.1).
func outcomeNames() map[string]string {
	return map[string]string{
		"connected": "connected", "no answer": "no_answer", "busy": "busy", "left voicemail": "voicemail",
		"left live message": "live_message", "wrong number": "wrong_number",
	}
}

func proposal(f Found) view {
	v := view{Found: f, HasStatus: map[string]bool{}}
	v.Stages = names(f.Stages, stageNames())
	v.Statuses = names(f.Statuses, statusNames())
	for _, s := range v.Statuses {
		v.HasStatus[s.Name] = true
	}
	v.Outcomes = outcomes(f.Dispositions)
	v.NoStages, v.NoStatuses = absent(stageNames(), v.Stages), absent(defaultStatuses(), v.Statuses)
	var known []named
	for _, o := range v.Outcomes {
		known = append(known, named{Name: o.Name})
	}
	v.NoOutcomes = absent(outcomeNames(), known)
	v.pipelines()
	v.people()
	v.FollowUps = v.HasStatus["open_deal"] && len(v.Pipelines) > 0 ||
		slices.ContainsFunc([]string{"new", "attempted", "bad_timing", "unqualified"}, func(s string) bool { return v.HasStatus[s] })
	v.facts()
	v.rules()
	v.gates()
	v.lifecycle()
	v.leadStatus()
	return v
}

// pipelines takes those in which a deal can begin; the first is the one that deals begin in.
func (v *view) pipelines() {
	taken := map[string]bool{"sales": true}
	for _, p := range v.Found.Pipelines {
		if len(p.Stages) == 0 {
			continue
		}
		out := pipeline{Name: "sales", ID: p.ID, Label: p.Label, Stage: p.Stages[0].ID, StageLabel: p.Stages[0].Label}
		if len(v.Pipelines) > 0 {
			out.Name = slug(p.Label, p.ID, taken)
		}
		v.Pipelines = append(v.Pipelines, out)
	}
	if len(v.Pipelines) > 0 {
		v.Sales = v.Pipelines[0]
	}
}

// people sorts the owners, and finds the forms that people fill in to be talked to.
func (v *view) people() {
	for _, o := range v.Owners {
		switch {
		case o.Active && o.Person:
			v.Active = append(v.Active, o)
		case o.Person:
			v.Left = append(v.Left, o)
		}
	}
	for _, form := range v.Forms {
		if !form.Archived && asksForTalk(form.Name) {
			v.Direct = append(v.Direct, form.Name)
		}
	}
}

func names(options []connector.Option, known map[string]string) []named {
	taken := map[string]bool{}
	for _, o := range options {
		if name, ok := known[o.Value]; ok {
			taken[name] = true
		}
	}
	var out []named
	for _, o := range ordered(options) {
		name, ok := known[o.Value]
		if !ok {
			name = slug(o.Label, o.Value, taken)
		}
		out = append(out, named{Name: name, Value: o.Value, Label: o.Label})
	}
	return out
}

func outcomes(options []connector.Option) []outcome {
	known := outcomeNames()
	taken := map[string]bool{}
	for _, name := range known {
		taken[name] = true
	}
	at := map[string]int{}
	var out []outcome
	for _, o := range ordered(options) {
		name, ok := known[strings.ToLower(o.Label)]
		if !ok {
			name = slug(o.Label, o.Value, taken)
		}
		i, ok := at[name]
		if !ok {
			i, at[name] = len(out), len(out)
			out = append(out, outcome{Name: name, Labels: o.Label})
		}
		out[i].Values = append(out[i].Values, o.Value)
	}
	return out
}

// asksForTalk reports whether a form's name says that the person wants to be talked to (S79, S80).
func asksForTalk(name string) bool {
	lower := strings.ToLower(name)
	for _, word := range []string{"demo", "contact", "kontakt", "quote", "angebot", "call back", "callback", "rückruf", "talk to sales", "beratung"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return false
}

// candidates are the facts that a model of this field can use, with the usual properties (hubspot-api 5.6).
func candidates() []fact {
	return []fact{
		{Name: "email", From: []string{"contact.email"}},
		{Name: "email_domain", From: []string{"contact.email@domain"}},
		{Name: "phone", From: []string{"contact.phone", "contact.mobilephone"}},
		{Name: "job_title", From: []string{"contact.jobtitle"}},
		{Name: "authority", From: []string{"contact.hs_buying_role"}},
		{Name: "industry", From: []string{"company.industry", "contact.industry"}},
		{Name: "country", From: []string{"company.country", "contact.country"}},
		{Name: "employees", Type: "number", From: []string{"company.numberofemployees", "contact.numemployees"}},
		{Name: "revenue", Type: "number", From: []string{"company.annualrevenue", "contact.annualrevenue"}},
		{Name: "source", From: []string{"contact.hs_analytics_source"}},
	}
}

func (v *view) facts() {
	there := map[string]connector.Property{}
	for kind, props := range map[string][]connector.Property{"contact": v.Contact, "company": v.Company} {
		for _, p := range props {
			there[kind+"."+p.Name] = p
		}
	}
	used := map[string]bool{ // what leadsync uses anyway, whatever the model says
		"contact.lifecyclestage": true, "contact.firstname": true, "contact.lastname": true, "contact.company": true,
		"contact.hubspot_owner_id": true, "contact.associatedcompanyid": true, "company.name": true, "company.hubspot_owner_id": true,
		"company.lifecyclestage": true, "contact.createdate": true, "contact.lastmodifieddate": true, "company.createdate": true,
	}
	for _, f := range append(candidates(), v.budget()...) {
		from := slices.DeleteFunc(slices.Clone(f.From), func(source string) bool {
			p, ok := there[strings.TrimSuffix(source, "@domain")]
			return !ok || f.Type == "number" && p.Type != "number" && p.Type != "enumeration" && p.Type != "string"
		})
		if len(from) == 0 {
			continue
		}
		best := 0
		for _, source := range from {
			used[strings.TrimSuffix(source, "@domain")] = true
			best = max(best, v.Filled[strings.TrimSuffix(source, "@domain")])
		}
		f.From, f.Known = from, v.known(best)
		v.Facts = append(v.Facts, f)
	}
	v.more(there, used)
}

// more names properties that people fill in often and the proposal does not use.
func (v *view) more(there map[string]connector.Property, used map[string]bool) {
	for source, n := range v.Filled {
		p, ok := there[source]
		if ok && !used[source] && n*10 >= v.Sampled && !strings.HasPrefix(p.Name, "hs_") && !p.ReadOnly {
			v.More = append(v.More, usage{Source: source, Label: p.Label, Type: p.Type, Known: v.known(n)})
		}
	}
	slices.SortFunc(v.More, func(a, b usage) int {
		return cmp.Or(cmp.Compare(v.Filled[b.Source], v.Filled[a.Source]), cmp.Compare(a.Source, b.Source))
	})
	v.More = v.More[:min(len(v.More), 20)]
}

// budget is a numeric property of the account's own that is named so.
func (v *view) budget() []fact {
	for _, p := range v.Contact {
		if p.Type == "number" && strings.Contains(strings.ToLower(p.Name+" "+p.Label), "budget") {
			return []fact{{Name: "budget", Type: "number", From: []string{"contact." + p.Name}}}
		}
	}
	return nil
}

func (v *view) known(n int) string {
	if v.Sampled == 0 {
		return ""
	}
	return fmt.Sprintf("known of %d %% of %d contacts", n*100/v.Sampled, v.Sampled)
}

func (v *view) has(name string) bool {
	return slices.ContainsFunc(v.Facts, func(f fact) bool { return f.Name == name })
}

func (v *view) stage(name string) bool {
	return slices.ContainsFunc(v.Stages, func(s named) bool { return s.Name == name })
}
