package modeltest

import (
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// dealEvent is what happens to a deal in a step: somebody opens one, or the open one is won or lost.
type dealEvent struct {
	is                              string // open, won or lost; empty: nothing happens
	reason, amount, pipeline, stage string
	ofCompany                       bool // it is the company's alone
}

// readDeal reads open, won or lost, or {is: lost, reason: No budget}.
func (r *reader) readDeal(f field) dealEvent {
	ways := []string{"open", "won", "lost"}
	if f.node.Kind != yaml.MappingNode {
		return dealEvent{is: r.choice(f, ways)}
	}
	var d dealEvent
	given := false
	for _, c := range r.children(f) {
		switch c.name {
		case "is":
			given = true
			d.is = r.choice(c.field, ways)
		case "reason":
			d.reason = r.text(c.field)
		case "amount":
			d.amount, _ = r.value(c.field, scoring.TypeNumber)
		case "pipeline":
			d.pipeline = r.text(c.field)
		case "stage":
			d.stage = r.text(c.field)
		case "of":
			d.ofCompany = r.choice(c.field, []string{"contact", "company"}) == "company"
		default:
			r.unknown(c, []string{"is", "reason", "amount", "pipeline", "stage", "of"})
		}
	}
	if !given {
		r.fail(field{join(f.key, "is"), f.node}, "add is: open, won or lost", "is is missing")
	}
	return d
}

// mapPipelines maps the pipelines and stages of a deal rule to themselves.
func mapPipelines(p *workflows.Portal, pipelines []scoring.DealPipeline) {
	for _, at := range pipelines {
		target, ok := p.Pipelines[at.Pipeline]
		if !ok {
			target = workflows.Pipeline{ID: at.Pipeline, Stage: "first", Stages: map[string]string{}}
		}
		if at.Stage != "" {
			target.Stages[at.Stage] = at.Stage
		}
		p.Pipelines[at.Pipeline] = target
	}
}

// deal opens a deal, or ends the open one as won or lost; without an open one it was both on one day.
func (p *player) deal(d dealEvent, at time.Time) {
	deals := p.record.Deals
	if d.ofCompany {
		deals = p.record.CompanyDeals[p.company().ID]
	}
	names := p.portal.Names
	i := slices.IndexFunc(deals, func(o connector.Object) bool { return d.is != "open" && o.Properties[names.DealClosed] != "true" })
	if i >= 0 {
		p.changeDeal(deals[i], d, at)
		return
	}
	p.made++
	o := connector.Object{
		Type: connector.TypeDeal, ID: connector.ObjectID(strconv.Itoa(p.made)), Properties: map[string]string{}, CreatedAt: at.UTC(),
	}
	p.changeDeal(o, d, at)
	if !d.ofCompany {
		p.record.Deals = append(p.record.Deals, o)
		return
	}
	id := p.company().ID
	p.record.CompanyDeals = map[connector.ObjectID][]connector.Object{id: append(deals, o)}
}

// changeDeal writes what happened to a deal.
func (p *player) changeDeal(o connector.Object, d dealEvent, at time.Time) {
	names, written := p.portal.Names, map[string]string{}
	written[names.DealLostReason], written[names.DealAmount] = d.reason, d.amount
	written[names.DealPipeline], written[names.DealStage] = d.pipeline, d.stage
	written[names.DealClosed], written[names.DealWon] = strconv.FormatBool(d.is != "open"), strconv.FormatBool(d.is == "won")
	if d.is != "open" {
		written[names.DealClosedAt] = at.UTC().Format(time.RFC3339Nano)
	}
	for property, value := range written {
		if property != "" && value != "" {
			o.Properties[property] = value
		}
	}
}

// opened is the deal that an entry of the outbox makes.
func opened(d connector.Deal) dealEvent {
	return dealEvent{is: "open", amount: d.Amount, pipeline: d.Pipeline, stage: d.Stage}
}

// isDeal reports whether a deal is as it was expected, as far as the file says anything. An amount of none is no amount.
func (e expectation) isDeal(d connector.Deal) bool {
	same := func(want, got string) bool { return want == "" || want == got || want == "none" && got == "" }
	return same(e.amount, d.Amount) && same(e.pipeline, d.Pipeline) && same(e.begins, d.Stage)
}
