package modeltest

import (
	"strconv"
	"strings"

	"leadsync/scoring"
	"leadsync/workflows"
)

// rankProperty is the property of the stories' account for the priority.
const rankProperty = "priority"

// reachOut maps what audiences and priorities are written to.
func reachOut(p *workflows.Portal, m *scoring.Model) {
	for _, a := range m.Audiences() {
		p.Lists[a.Name] = a.Name
	}
	if m.Ranking() != nil {
		p.Written.Rank = rankProperty
	}
}

// audiences are the names of the model's audiences.
func (r *reader) audiences() []string {
	var list []string
	for _, a := range r.model.Audiences() {
		list = append(list, a.Name)
	}
	return list
}

// expectRank reads the priority that shall stand in the CRM: a number from 0 to 100, or none.
func (r *reader) expectRank(c child, e expectation) expectation {
	e.about = aboutRank
	text := strings.TrimSpace(c.node.Value)
	const most = 100
	switch n, err := strconv.Atoi(text); {
	case r.model.Ranking() == nil:
		r.fail(c.field, "add rank: to the model, or take the expectation out", "the model has no rank")
	case text == "none":
	case err != nil || n < 0 || n > most:
		r.fail(c.field, "write a whole number from 0 to 100, or none", "%s is %s", c.name, shape(c.node))
	default:
		e.name = strconv.Itoa(n)
	}
	return e
}

// lookRank compares the priority that stands in the CRM.
func (p *player) lookRank(e expectation) (string, []string, bool) {
	found := p.record.Contact.Properties[rankProperty]
	return orNone(found), p.whyScores(), found == e.name
}
