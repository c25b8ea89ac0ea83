package scoring

import "go.yaml.in/yaml/v4"

// CompanyStages says how the stages of companies follow from those of their contacts (S9).
type CompanyStages string

// The ways.
const (
	CompaniesAlone    CompanyStages = ""         // they do not
	CompaniesFurthest CompanyStages = "furthest" // the furthest stage that one of the contacts entered
)

// CompanyStages is how the stages of companies follow from those of their contacts; CompaniesAlone if the model does
// not say.
func (m *Model) CompanyStages() CompanyStages { return m.companyStages }

func (p *modelParser) companies(f field) {
	keys := p.fields(f, "lifecycle")
	if len(keys) == 0 && f.node.Kind == yaml.MappingNode {
		p.fail(f, "add lifecycle: furthest, or leave companies: out", "companies says nothing about their stages")
	}
	p.model.companyStages = CompanyStages(p.choice(keys["lifecycle"], string(CompaniesAlone), string(CompaniesFurthest)))
}
