package scoring

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// deal reads which deal a follow-up opens (S91).
func (p *modelParser) deal(f field, rule string) *DealRule {
	keys := p.fields(f, "name", "pipeline", "stage", "amount", "close_in", "for", "unless_open", "properties")
	deal := &DealRule{
		Name: p.templates(keys["name"]), Amount: p.amount(keys["amount"]),
		CloseIn: p.span(keys["close_in"], "wd", "w", "d"), For: p.worker(keys["for"]),
		UnlessOpen: OpenDeals(p.choice(keys["unless_open"], string(OpenAny), string(OpenAny), string(OpenSamePipeline), string(OpenCompany))),
	}
	for _, name := range []string{"name", "pipeline", "close_in"} {
		if f.node.Kind == yaml.MappingNode && !keys[name].present() {
			p.fail(f, "add "+name+":", "the deal has no %s", name)
		}
	}
	if most := 3650; deal.CloseIn.N > most {
		p.fail(keys["close_in"], "use at most ten years", "%s is too long", keys["close_in"].node.Value)
	}
	each(keys["pipeline"], func(f field) { deal.Pipelines = p.pipelines(f, keys["stage"], rule) })
	each(keys["properties"], func(f field) { deal.Properties = p.dealProperties(f) })
	return deal
}

// amount reads the fact that a deal's amount comes from, by its name or as {fact.NAME}.
func (p *modelParser) amount(f field) string {
	name := p.text(f)
	inner, braced := strings.CutPrefix(name, "{fact.")
	switch {
	case name == "":
		return ""
	case braced && strings.HasSuffix(inner, "}"):
		name = strings.TrimSuffix(inner, "}")
	case strings.ContainsAny(name, "{}"):
		p.fail(f, "write the name of one fact that is a number, such as budget or {fact.budget}", "%q is no amount", name)
		return ""
	}
	node := *f.node
	node.Value = name
	return p.factOf(field{f.key, &node}, TypeNumber)
}

// pipelines reads in which pipeline and stage a deal begins: one, or the first of several whose condition is true.
func (p *modelParser) pipelines(f, stage field, rule string) []DealPipeline {
	if f.node.Kind != yaml.SequenceNode {
		return []DealPipeline{{Pipeline: p.text(f), Stage: p.text(stage)}}
	}
	if stage.present() {
		p.fail(stage, "write stage: beside each pipeline", "there are several pipelines")
	}
	var list []DealPipeline
	var whens []*condition
	all := 0 // the entry for everybody, from 1
	for i, item := range p.items(f) {
		keys := p.fields(item, "when", "pipeline", "stage")
		if item.node.Kind != yaml.MappingNode {
			continue
		}
		if all > 0 {
			p.fail(item, "give that entry a when:, or put it last", "entry %d has no condition, so this one can never apply", all)
		}
		if !keys["pipeline"].present() {
			p.fail(item, "add pipeline:", "the entry names no pipeline")
		}
		if !keys["when"].present() && all == 0 {
			all = i + 1
		}
		one := DealPipeline{Pipeline: p.text(keys["pipeline"]), Stage: p.text(keys["stage"])}
		when := p.standing(keys["when"])
		if when != nil {
			one.When = when.source
		}
		list, whens = append(list, one), append(whens, when)
	}
	if len(f.node.Content) == 0 {
		p.fail(f, "add an entry, such as {pipeline: sales}", "pipeline is empty")
	}
	if p.model.dealWhens == nil {
		p.model.dealWhens = map[string][]*condition{}
	}
	p.model.dealWhens[rule] = whens
	return list
}

// dealProperties reads further properties of a deal, each a text with placeholders.
func (p *modelParser) dealProperties(f field) []DealProperty {
	p.notEmpty(f)
	var list []DealProperty
	for _, item := range p.entries(f) {
		mark := field{item.key, item.mark}
		p.seen(mark).pattern = identifier
		switch {
		case !identifier.MatchString(item.name):
			p.fail(mark, "write the internal name of the property, such as dealtype", "%q cannot be a property", item.name)
		case slices.Contains(ownOfDeals(), item.name):
			p.fail(mark, "remove it: name:, pipeline:, stage:, amount:, close_in: and for: say it", "%s is what the rule sets already", item.name)
		}
		list = append(list, DealProperty{Name: item.name, Text: p.templates(item.field)})
	}
	return list
}

// ownOfDeals are the properties that a deal rule has keys of its own for, as the CRM calls them (hubspot-api 8).
func ownOfDeals() []string {
	return []string{"dealname", "pipeline", "dealstage", "amount", "closedate", "hubspot_owner_id"}
}

// The facts of deals besides how many there are: what follows from them, of which type, by the word of the key deals.
const (
	DealsLastWonAt      = "last_won_at"
	DealsLastLostAt     = "last_lost_at"
	DealsLostReason     = "lost_reason"
	DealsWonAmount      = "won_amount"
	DealsOpenAmount     = "open_amount"
	DealsNewestPipeline = "newest_pipeline"
	DealsNewestStage    = "newest_stage"
)

// dealFact is the type of a fact of deals.
func dealFact(word string) (FactType, bool) {
	switch word {
	case DealsLastWonAt, DealsLastLostAt:
		return TypeTime, true
	case DealsLostReason, DealsNewestPipeline, DealsNewestStage:
		return TypeText, true
	case DealsWonAmount, DealsOpenAmount:
		return TypeNumber, true
	}
	return "", false
}

// counts reports whether a fact is how many of something there are: never negative, never a fraction.
func (f Fact) counts() bool {
	_, ofDeals := dealFact(f.Count)
	return f.Count != "" && !ofDeals
}

// ofDeals reads a fact that the contact's deals tell.
func (p *modelParser) ofDeals(fact *Fact, keys map[string]field) {
	fact.Count = p.choice(keys["deals"], "", DealsLastWonAt, DealsLastLostAt, DealsLostReason, DealsWonAmount, DealsOpenAmount, DealsNewestPipeline, DealsNewestStage)
	fact.From = []string{"deals." + fact.Count}
	for _, name := range []string{"from", "type", "vocabulary"} {
		if keys[name].present() {
			p.fail(keys[name], "remove it: deals says what the fact is", "%s comes from the deals already", fact.Name)
		}
	}
	if typ, ok := dealFact(fact.Count); ok {
		fact.Type = typ
		p.worded(fact, map[string]field{"options": keys["options"], "otherwise": keys["otherwise"], "type": keys["options"]})
	}
}
