package workflows

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// dealSource is where a fact of deals (scoring, the key deals) comes from: the properties to read, which deals count,
// and what they say together.
type dealSource struct {
	properties []string
	of         func(p *Portal, d connector.Object) bool
	say        func(p *Portal, deals []connector.Object) scoring.Value
}

// dealSource is the source of a fact of deals; ok is false for facts that are none.
func (p *Portal) dealSource(word string) (source dealSource, ok bool) {
	n := p.Names
	amounts := []string{n.DealAmount, n.DealHomeAmount}
	switch word {
	case scoring.DealsLastWonAt:
		return dealSource{[]string{n.DealClosedAt}, (*Portal).won, (*Portal).lastClosed}, true
	case scoring.DealsLastLostAt:
		return dealSource{[]string{n.DealClosedAt}, (*Portal).lost, (*Portal).lastClosed}, true
	case scoring.DealsLostReason:
		return dealSource{[]string{n.DealClosedAt, n.DealLostReason}, (*Portal).lost, (*Portal).reason}, true
	case scoring.DealsWonAmount:
		return dealSource{amounts, (*Portal).won, (*Portal).sum}, true
	case scoring.DealsOpenAmount:
		return dealSource{amounts, (*Portal).open, (*Portal).sum}, true
	case scoring.DealsNewestPipeline:
		return dealSource{[]string{n.DealPipeline}, (*Portal).any, (*Portal).newestPipeline}, true
	case scoring.DealsNewestStage:
		return dealSource{[]string{n.DealPipeline, n.DealStage}, (*Portal).any, (*Portal).newestStage}, true
	}
	return dealSource{}, false
}

func (*Portal) any(connector.Object) bool { return true }

func (p *Portal) won(d connector.Object) bool { return d.Properties[p.Names.DealWon] == "true" }

func (p *Portal) open(d connector.Object) bool { return d.Properties[p.Names.DealClosed] != "true" }

func (p *Portal) lost(d connector.Object) bool { return !p.open(d) && !p.won(d) }

// dealsSay is what the contact's deals say of a fact: how many there are, or what the key deals names.
func dealsSay(p *Portal, word string, r LeadRecord) scoring.Value {
	source, ok := p.dealSource(word)
	if !ok {
		return scoring.Value{Type: scoring.TypeNumber, Number: float64(counted(p, word, r))}
	}
	var deals []connector.Object
	for _, d := range r.Deals {
		if source.of(p, d) {
			deals = append(deals, d)
		}
	}
	return source.say(p, deals)
}

// lastClosed is the latest close date; unknown if none has one.
func (p *Portal) lastClosed(deals []connector.Object) scoring.Value {
	var last scoring.Value
	for _, d := range deals {
		if v := parseValue(scoring.TypeTime, d.Properties[p.Names.DealClosedAt]); v.Known() && (!last.Known() || v.Time.After(last.Time)) {
			last = v
		}
	}
	return last
}

// reason is why the deal was lost that was closed last.
func (p *Portal) reason(deals []connector.Object) scoring.Value {
	closed := func(d connector.Object) time.Time {
		return parseValue(scoring.TypeTime, d.Properties[p.Names.DealClosedAt]).Time
	}
	if last, ok := latest(deals, closed); ok {
		return parseValue(scoring.TypeText, last.Properties[p.Names.DealLostReason])
	}
	return scoring.Value{}
}

// sum is what the deals are worth together in the account's own currency, to the thousandth: 0 without deals, unknown
// if none of them has an amount.
func (p *Portal) sum(deals []connector.Object) scoring.Value {
	const thousandths, most = 1000, 1e12
	total, known := 0.0, len(deals) == 0
	for _, d := range deals {
		v := parseValue(scoring.TypeNumber, d.Properties[p.Names.DealHomeAmount])
		if !v.Known() {
			v = parseValue(scoring.TypeNumber, d.Properties[p.Names.DealAmount])
		}
		if v.Known() && math.Abs(v.Number) <= most {
			total, known = total+math.Round(v.Number*thousandths), true // whole numbers: no order makes a difference
		}
	}
	if !known {
		return scoring.Value{}
	}
	return scoring.Value{Type: scoring.TypeNumber, Number: total / thousandths}
}

func (p *Portal) newestPipeline(deals []connector.Object) scoring.Value {
	name, _ := p.whereDeal(newestDeal(deals))
	return parseValue(scoring.TypeText, name)
}

func (p *Portal) newestStage(deals []connector.Object) scoring.Value {
	_, stage := p.whereDeal(newestDeal(deals))
	return parseValue(scoring.TypeText, stage)
}

func newestDeal(deals []connector.Object) connector.Object {
	d, _ := latest(deals, func(d connector.Object) time.Time { return d.CreatedAt })
	return d
}

// latest is the deal of the latest moment, of several the one with the higher id.
func latest(deals []connector.Object, at func(connector.Object) time.Time) (connector.Object, bool) {
	if len(deals) == 0 {
		return connector.Object{}, false
	}
	return slices.MaxFunc(deals, func(a, b connector.Object) int {
		return cmp.Or(at(a).Compare(at(b)), cmp.Compare(len(a.ID), len(b.ID)), strings.Compare(string(a.ID), string(b.ID)))
	}), true
}

// whereDeal is the pipeline and stage of a deal in the model's words, each empty if the portal does not map it.
func (p *Portal) whereDeal(d connector.Object) (pipeline, stage string) {
	for name, one := range p.Pipelines {
		if one.ID != "" && one.ID == d.Properties[p.Names.DealPipeline] && (pipeline == "" || name < pipeline) {
			pipeline = name
		}
	}
	return pipeline, keyOf(p.Pipelines[pipeline].Stages, d.Properties[p.Names.DealStage])
}

// begins is where a deal begins, in the account's own ids; ok is false if the portal does not map it.
func (p *Portal) begins(at scoring.DealPipeline) (pipeline, stage string, ok bool) {
	target, mapped := p.Pipelines[at.Pipeline]
	stage = target.Stage
	if at.Stage != "" {
		stage = target.Stages[at.Stage]
	}
	return target.ID, stage, mapped && target.ID != "" && stage != ""
}

// dealFacts are the properties of deals that facts of the model are made of.
func (p *Portal) dealFacts(m *scoring.Model) []string {
	var props []string
	for _, f := range m.Facts() {
		if source, ok := p.dealSource(f.Count); ok {
			props = append(props, source.properties...)
		}
	}
	return props
}

// DealsOfCompanies reports whether a rule of the model counts the open deals of the contact's company.
func DealsOfCompanies(m *scoring.Model) bool {
	return slices.ContainsFunc(m.FollowUps(), func(f scoring.FollowUp) bool {
		return f.Deal != nil && f.Deal.UnlessOpen == scoring.OpenCompany
	})
}

type linkReader interface {
	Links(ctx context.Context, from, to connector.ObjectType, ids []connector.ObjectID) ([]connector.Link, error)
}

// linksOf reads to whom records belong: the contacts, and of deals the companies too if a rule counts those of companies
// (rule 23). types are the kinds of record that the links are complete for.
func linksOf(
	ctx context.Context, crm linkReader, m *scoring.Model, t connector.ObjectType, ids []connector.ObjectID,
) (links []connector.Link, types []connector.ObjectType, err error) {
	types = []connector.ObjectType{connector.TypeContact}
	if t == connector.TypeDeal && DealsOfCompanies(m) {
		types = append(types, connector.TypeCompany)
	}
	for _, to := range types {
		found, err := crm.Links(ctx, t, to, ids)
		if err != nil {
			return nil, nil, fmt.Errorf("read links of %d records of type %s to type %s: %w", len(ids), t, to, err)
		}
		links = append(links, found...)
	}
	return links, types, nil
}

// deals looks at what the deals say of a fact. What was not asked for of them cannot be seen.
func (l *sighting) deals(word string) {
	source, _ := l.portal.dealSource(word)
	unread := l.record.Unread[connector.TypeDeal]
	if slices.ContainsFunc(source.properties, func(prop string) bool { return slices.Contains(unread, prop) }) {
		l.miss("deals/" + word)
		return
	}
	v := dealsSay(l.portal, word, l.record)
	text := valueText(v)
	if v.Type == scoring.TypeTime {
		text = strconv.FormatInt(v.Time.UnixMicro(), 10)
	}
	l.see("deals/"+word, text)
}
