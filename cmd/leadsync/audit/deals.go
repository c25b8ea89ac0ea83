package audit

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"

	"leadsync/cmd/leadsync/audit/naive"
	"leadsync/cmd/leadsync/audit/section"
	"leadsync/connector/hubspot/simulator"
)

// dealRule is a deal that is asked for (rule 23).
type dealRule struct {
	name       map[string]string
	pipelines  []dealPipeline
	amount     string
	closes     span
	who        string
	unlessOpen string
	properties []dealProperty
}

type dealPipeline struct {
	when            ast.Node
	pipeline, stage string
}

type dealProperty struct {
	name string
	text map[string]string
}

// wantedDeal is a deal that the rules ask for in a step.
type wantedDeal struct {
	rule  string
	at    dealPipeline
	cause time.Time
}

func readDeal(s section.Section) *dealRule {
	d := s.Child("deal", "name", "pipeline", "stage", "amount", "close_in", "for", "unless_open", "properties")
	rule := &dealRule{
		name: d.ByLanguage("name"), amount: d.Text("amount"), closes: readSpan(d, "close_in"), who: d.Text("for"),
		unlessOpen: orText(d.Text("unless_open"), "any"),
	}
	if d.IsList("pipeline") {
		for _, one := range d.List("pipeline", "when", "pipeline", "stage") {
			rule.pipelines = append(rule.pipelines, dealPipeline{naive.Condition(one, "when"), one.Text("pipeline"), one.Text("stage")})
		}
	} else {
		rule.pipelines = []dealPipeline{{nil, d.Text("pipeline"), d.Text("stage")}}
	}
	if n := len(rule.amount); n > len("{fact.}") && rule.amount[0] == '{' {
		rule.amount = rule.amount[len("{fact.") : n-1]
	}
	properties := d.Child("properties")
	for _, name := range properties.Keys() {
		rule.properties = append(rule.properties, dealProperty{name, properties.ByLanguage(name)})
	}
	return rule
}

// dealRule is rule 23 for one cause whose time has come.
func (a *auditor) dealRule(c *contact, l lead, f followUp, cause time.Time) {
	x := c.expected
	i := slices.IndexFunc(f.deal.pipelines, func(p dealPipeline) bool { return p.when == nil || l.reading.Holds(p.when, a.at) })
	var at dealPipeline
	if i >= 0 {
		at = f.deal.pipelines[i]
	}
	pipeline := a.in.Mapping.Pipelines[at.pipeline]
	same := func(d wantedDeal) bool {
		return f.deal.unlessOpen != "same_pipeline" || a.in.Mapping.Pipelines[d.at.pipeline] == pipeline
	}
	switch {
	case f.deal.unlessOpen == "company" && len(a.openDeals(a.world.company(c.record), "any", "")) > 0:
		x.because("no deal, for its company has an open one (rule 23)")
	case len(a.openDeals(c.record, f.deal.unlessOpen, pipeline)) > 0 || slices.ContainsFunc(x.deals, same):
		x.because("no deal, for there is an open one (rule 23)")
	case i < 0:
		x.because("no deal, for no pipeline's condition is true (rule 23)")
	default:
		x.deals = append(x.deals, wantedDeal{f.name, at, cause})
	}
}

// openDeals are the open deals of a record from before this step.
func (a *auditor) openDeals(of *record, which, pipeline string) []*record {
	if of == nil {
		return nil
	}
	return slices.DeleteFunc(a.world.linked(of, simulator.Deals), func(d *record) bool {
		return d.props["hs_is_closed"] == "true" || which == "same_pipeline" && d.props["pipeline"] != pipeline || a.justMade(d)
	})
}

// ofColleagues are the deals that leadsync made in this step of the company of a contact whose rule counts those. Of two
// colleagues who cause one in the same step only one gets it, and which one is not said.
func (a *auditor) ofColleagues(c *contact, rule string) []*record {
	company := a.world.company(c.record)
	if company == nil || a.ruleNamed(rule).deal.unlessOpen != "company" {
		return nil
	}
	return slices.DeleteFunc(a.world.linked(company, simulator.Deals), func(d *record) bool {
		return !a.justMade(d) || slices.Contains(c.madeDeals, d.id)
	})
}

// justMade reports whether leadsync made a deal in this step.
func (a *auditor) justMade(d *record) bool {
	m := a.ours[d.key()]
	if m == nil {
		return false
	}
	c := a.contacts[m.contact]
	return c != nil && slices.Contains(c.madeDeals, d.id)
}

// compareDeals checks the deals of rule 23.
func (a *auditor) compareDeals(c *contact, w *written, why string) {
	left := slices.Clone(w.deals)
	for _, want := range c.expected.deals {
		if len(left) == 0 {
			if len(a.ofColleagues(c, want.rule)) == 0 {
				a.find(c, Finding{What: "deal", Want: "a deal of " + quote(want.rule), Why: why})
			}
			continue
		}
		a.compareDeal(c, want, left[0].record)
		if others := a.ofColleagues(c, want.rule); len(others) > 0 && byID(others[0], left[0].record) < 0 {
			a.find(c, Finding{
				What: "deal", Want: "no further deal", Got: "deal " + left[0].record.id,
				Why: "deal " + others[0].id + " of its company is used (rule 23)",
			})
		}
		left = left[1:]
	}
	for _, m := range left {
		a.find(c, Finding{
			What: "deal", Want: "no further deal", Got: "deal " + m.record.id + " " + quote(m.record.props["dealname"]),
			Why: orText(why, "nothing was entered (rule 6)"),
		})
	}
}

// compareDeal checks the content of one deal.
func (a *auditor) compareDeal(c *contact, want wantedDeal, r *record) {
	rule := a.ruleNamed(want.rule).deal
	wrong := func(what, want, got, why string) {
		a.find(c, Finding{What: "deal " + what, Want: want, Got: got, Why: "deal " + r.id + ": " + why})
	}
	a.comparePlace(want.at, r, wrong)
	if company := a.world.company(c.record); company != nil && company.live && r.links[company.key()] == 0 {
		wrong("company", company.key(), "no association", "a deal belongs to the contact's company too")
	}
	if title := a.filled(rule.name, c); !fits(r.props["dealname"], title) {
		wrong("name", quote(title), quote(r.props["dealname"]), "the name of "+quote(want.rule))
	}
	compareAmount(c, rule, r, wrong)
	if got, may := r.props["hubspot_owner_id"], a.workers(c, rule.who); !slices.Contains(may, got) {
		wrong("owner", orNone(strings.Join(may, " or ")), orNone(got), a.whose(rule.who)+" if active, else the fallback owner (rule 18)")
	} else {
		a.given(c, rule.who, got)
	}
	a.compareClose(c, rule, want, r)
	for _, one := range rule.properties {
		text, got := a.filled(one.text, c), r.props[one.name]
		if literal := text != "" && !strings.Contains(text, "{"); got != "" && !fits(got, text) || got == "" && literal {
			wrong(one.name, quote(text), quote(got), "the properties of "+quote(want.rule))
		}
	}
}

// compareAmount checks the amount: the fact, or nothing if that is unknown or negative.
func compareAmount(c *contact, rule *dealRule, r *record, wrong func(what, want, got, why string)) {
	amount, known := c.lead.facts[rule.amount].(float64)
	if got, err := strconv.ParseFloat(r.props["amount"], 64); known && amount >= 0 && (err != nil || got != amount) {
		wrong("amount", strconv.FormatFloat(amount, 'f', -1, 64), r.props["amount"], "the fact "+rule.amount)
	}
	if got := r.props["amount"]; got != "" && (!known || amount < 0) {
		wrong("amount", "none", got, "what is unknown or negative is left out")
	}
}

// comparePlace checks pipeline and stage.
func (a *auditor) comparePlace(at dealPipeline, r *record, wrong func(what, want, got, why string)) {
	if want := a.in.Mapping.Pipelines[at.pipeline]; r.props["pipeline"] != want {
		wrong("pipeline", want, r.props["pipeline"], "the pipeline whose condition is the first to be true")
		return
	}
	begins := at.pipeline
	if at.stage != "" {
		begins += "/" + at.stage
	}
	if want := a.in.Mapping.DealStages[begins]; want != "" && r.props["dealstage"] != want {
		wrong("stage", want, r.props["dealstage"], "the stage in which deals of "+quote(begins)+" begin")
	}
}

// compareClose checks the close date: so many days by the portal's calendar, or working days, after the cause was seen.
func (a *auditor) compareClose(c *contact, rule *dealRule, want wantedDeal, r *record) {
	if rule.closes.unit == "" {
		return
	}
	w, zone := a.workingOf(r.props["hubspot_owner_id"]), a.zone
	if rule.closes.unit == "wd" {
		zone = w.zone
	}
	day := func(from time.Time) string {
		switch year, month, of := from.In(zone).Date(); rule.closes.unit {
		case "wd":
			return a.dueFrom(w, &taskRule{due: rule.closes}, c, from).In(zone).Format(time.DateOnly)
		case "w":
			return time.Date(year, month, of+7*rule.closes.n, 12, 0, 0, 0, zone).Format(time.DateOnly)
		default:
			return time.Date(year, month, of+rule.closes.n, 12, 0, 0, 0, zone).Format(time.DateOnly)
		}
	}
	at, ok := crmTime(r.props["closedate"])
	if got := at.In(zone).Format(time.DateOnly); !ok || got < day(want.cause) || got > day(a.at) {
		a.find(c, Finding{
			What: "deal close date", Want: orRange(day(want.cause), day(a.at)), Got: fmt.Sprintf("%q", r.props["closedate"]),
			Why: "deal " + r.id + ": the close date of " + quote(want.rule),
		})
	}
}

// dealsSay is what the contact's deals say of a fact, nil if that is unknown.
func (a *auditor) dealsSay(contact *record, word string) any {
	var won, lost, open []*record
	all := a.world.linked(contact, simulator.Deals)
	for _, d := range all {
		switch {
		case d.props["hs_is_closed_won"] == "true":
			won = append(won, d)
		case d.props["hs_is_closed"] == "true":
			lost = append(lost, d)
		default:
			open = append(open, d)
		}
	}
	closed := func(d *record) time.Time { at, _ := crmTime(d.props["closedate"]); return at }
	switch word {
	case "last_won_at":
		return timeOf(newest(won, closed), "closedate")
	case "last_lost_at":
		return timeOf(newest(lost, closed), "closedate")
	case "lost_reason":
		if d := newest(lost, closed); d != nil {
			return typed(d.props[a.in.Mapping.LostReason], "text")
		}
	case "won_amount":
		return worth(won)
	case "open_amount":
		return worth(open)
	case "newest_pipeline", "newest_stage":
		return a.place(newest(all, func(d *record) time.Time { return d.created }), word)
	}
	return nil
}

// newest is the record of the latest moment, of several the one with the highest id; nil if there is none. They come
// in the order of their ids.
func newest(deals []*record, at func(*record) time.Time) *record {
	var last *record
	for _, d := range deals {
		if last == nil || !at(d).Before(at(last)) {
			last = d
		}
	}
	return last
}

func timeOf(d *record, property string) any {
	if d == nil {
		return nil
	}
	return typed(d.props[property], "time")
}

// worth is the sum of amounts in thousandths: those in the account's currency, else those of the deals.
func worth(deals []*record) any {
	sum, known := 0.0, len(deals) == 0
	for _, d := range deals {
		n, ok := typed(orText(d.props["amount_in_home_currency"], d.props["amount"]), "number").(float64)
		if ok && math.Abs(n) <= 1e12 {
			sum, known = sum+math.Round(n*1000), true
		}
	}
	if !known {
		return nil
	}
	return sum / 1000
}

// place is the pipeline or stage of a deal in the model's words.
func (a *auditor) place(d *record, word string) any {
	if d == nil {
		return nil
	}
	pipeline := nameOf(a.in.Mapping.Pipelines, d.props["pipeline"])
	name := pipeline
	if word == "newest_stage" {
		stages := map[string]string{}
		for key, id := range a.in.Mapping.DealStages {
			if len(key) > len(pipeline) && key[:len(pipeline)+1] == pipeline+"/" {
				stages[key[len(pipeline)+1:]] = id
			}
		}
		name = nameOf(stages, d.props["dealstage"])
	}
	if name == "" {
		return nil
	}
	return name
}
