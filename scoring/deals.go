package scoring

import "time"

// DealRule says which deal to open (S91). Package workflows says when one is (rule 23).
type DealRule struct {
	Name map[string]string // template by language
	// Pipelines are where it can begin: the first whose condition is true counts. See Model.DealPipeline.
	Pipelines []DealPipeline
	Amount    string // name of a number fact, or empty
	CloseIn   Span   // close date from now
	// For says who gets it, as of a task; empty is the owner of the contact.
	For        string
	UnlessOpen OpenDeals
	Properties []DealProperty // in the order of the file
}

// DealPipeline is a pipeline in which a deal can begin. Names are those of the portal's mapping.
type DealPipeline struct {
	When     string // its condition as it stands in the file; empty: always
	Pipeline string
	Stage    string // empty: the one that the portal's mapping begins in
}

// DealProperty is a further property of a deal: a template by language.
type DealProperty struct {
	Name string // the CRM's own
	Text map[string]string
}

// OpenDeals says which open deals satisfy a deal rule.
type OpenDeals string

// Which open deals count: those of the contact; of these the ones in the same pipeline; or those of the contact and
// of its company.
const (
	OpenAny          OpenDeals = "any"
	OpenSamePipeline OpenDeals = "same_pipeline"
	OpenCompany      OpenDeals = "company"
)

// DealPipeline chooses the pipeline of a deal rule for a lead: the first whose condition is true, where unknown is not.
// ok is false if there is none.
func (m *Model) DealPipeline(rule FollowUp, lead Lead, now time.Time) (chosen DealPipeline, ok bool) {
	var f *frame
	for i, one := range rule.Deal.Pipelines {
		if one.When == "" {
			return one, true
		}
		if f == nil {
			f = m.prepare(&lead, now)
			defer f.release()
		}
		if f.truth(m.dealWhens[rule.Name][i]) == mayTrue {
			return one, true
		}
	}
	return DealPipeline{}, false
}

// eachDealWhen calls for every condition of a deal rule, in the order of the file.
func (m *Model) eachDealWhen(visit func(rule string, when *condition)) {
	for _, f := range m.followUps {
		for _, when := range m.dealWhens[f.Name] {
			visit(f.Name, when)
		}
	}
}

// lintDeals decides the conditions of pipelines.
func (l *linter) lintDeals(facts scope) {
	for _, f := range l.root.at("follow_ups").list() {
		for _, one := range f.at("deal").at("pipeline").list() {
			l.decide(asking{
				"the pipeline " + one.at("pipeline").node.Value + " of " + f.at("name").node.Value, one.at("when"), facts,
				"no deal ever begins there", "every deal begins there, so the condition can go",
			})
		}
	}
}
