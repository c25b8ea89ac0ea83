package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"leadsync/cmd/leadsync/audit/naive"
	"leadsync/cmd/leadsync/audit/section"
)

// model is the model file as this package understands it: what the second evaluator reads, where the account keeps
// what the model speaks of, and what follows.
type model struct {
	*naive.Model

	facts     []fact
	kinds     []kind
	scores    []string
	graded    bool
	tiered    bool
	sides     map[string]bool // side tracks
	companies bool            // companies are moved to the furthest stage of their contacts (rule 16)
	statuses  []statusRule
	followUps []followUp

	assignments map[string][]assignment // by name, the entries in the order of the file

	clocks    []clock
	judging   judging
	overrides overrides
	handover  *handover
	outreach  outreach
	owners    map[string]string            // who answers for a stage
	asks      map[string]map[string]string // what gates ask for, by language
}

type fact struct {
	name, typ, count string
	deals            string // what the contact's deals say
	from             []string
}

// kind is a kind of activity: a counter on the contact, or an object of its own.
type kind struct {
	name, object         string
	counter, last, first string
	attributes           map[string]string // the model's attribute → property
}

// logged reports whether the activities of a kind are records of their own.
func (m *model) logged(name string) bool {
	for _, k := range m.kinds {
		if k.name == name {
			return k.object != ""
		}
	}
	return false
}

type statusRule struct {
	status, onStage, activity string
	where                     ast.Node
}

// readModel reads the model's text. A key that neither this package nor the second evaluator knows is an error:
// what it cannot judge it must not pass.
func readModel(text []byte, words naive.Words) (model, error) {
	evaluator, err := naive.Parse(text, words)
	if err != nil {
		return model{}, err
	}
	root, err := section.Load(text, "model")
	if err != nil {
		return model{}, err
	}
	m := model{
		Model: evaluator, facts: readFacts(root), kinds: readKinds(root), scores: root.Child("scores").Keys(),
		graded: root.Has("grades"), tiered: root.Has("tiers"), sides: map[string]bool{},
	}
	for _, s := range root.List("lifecycle") {
		m.sides[s.Text("stage")] = s.Yes("side_track")
	}
	for _, s := range root.List("lead_status", "status", "on_stage", "activity", "where") {
		m.statuses = append(m.statuses, statusRule{
			status: s.Text("status"), onStage: s.Text("on_stage"), activity: s.Text("activity"), where: naive.Condition(s, "where"),
		})
	}
	m.followUps = readFollowUps(root)
	m.companies = readCompanies(root)
	m.assignments = readAssignments(root)
	m.clocks, m.judging, m.overrides, m.handover = readClocks(root), readJudging(root), readOverrides(root), readHandover(root)
	m.owners, m.asks = readSides(root)
	m.outreach = readOutreach(root)
	if err := root.Err(); err != nil {
		return model{}, fmt.Errorf("read model: %w", err)
	}
	return m, nil
}

// readCompanies reads whether companies are moved to the furthest stage of their contacts.
func readCompanies(root section.Section) bool {
	companies := root.Child("companies", "lifecycle")
	how := companies.Text("lifecycle")
	if root.Has("companies") && how != furthest {
		companies.Fail("lifecycle", "the auditor does not know what companies inherit by %q", how)
	}
	return how == furthest
}

func readFacts(root section.Section) []fact {
	var out []fact
	for _, s := range root.Named("facts") {
		f := fact{name: s.Name, typ: s.Text("type"), count: s.Text("count"), deals: s.Text("deals"), from: s.Texts("from")}
		if f.typ == "" {
			f.typ = "text"
		}
		if f.count != "" {
			f.typ = "number"
		}
		out = append(out, f)
	}
	return out
}

// readKinds reads the kinds that the account tells of; the others are made of them.
func readKinds(root section.Section) []kind {
	var out []kind
	for _, s := range root.Named("activities") {
		if s.Has("of") || s.Has("any_of") {
			continue
		}
		k := kind{
			name: s.Name, object: s.Text("object"), counter: property(s.Text("counter")),
			last: property(s.Text("last")), first: property(s.Text("first")), attributes: map[string]string{},
		}
		attributes := s.Child("attributes")
		for _, name := range attributes.Keys() {
			if !attributes.IsSection(name) { // the others are made
				k.attributes[name] = property(attributes.Text(name))
			}
		}
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b kind) int { return strings.Compare(a.name, b.name) })
	return out
}

// property is a source without the object in front.
func property(source string) string { return strings.TrimPrefix(source, "contact.") }

// talking are the stages that a status rule names: there activities set the status (rule 4).
func (m *model) talking() map[string]bool {
	out := map[string]bool{}
	for _, s := range m.statuses {
		if s.onStage != "" {
			out[s.onStage] = true
		}
	}
	return out
}

// final are the statuses whose follow-up creates a deal or closes tasks (rule 4).
func (m *model) final() map[string]bool {
	out := map[string]bool{}
	for _, f := range m.followUps {
		if f.onStatus != "" && (f.deal != nil || f.closes) && f.after.unit == "" && f.while == nil {
			out[f.onStatus] = true
		}
	}
	return out
}

// languageOr is the text in a language, else in English, else the only one.
func languageOr(texts map[string]string, language string) string {
	for _, l := range []string{language, "en", ""} {
		if t, ok := texts[l]; ok {
			return t
		}
	}
	for _, l := range slices.Sorted(maps.Keys(texts)) {
		return texts[l]
	}
	return ""
}
