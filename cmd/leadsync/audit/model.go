package audit

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/expr-lang/expr/ast"
	"go.yaml.in/yaml/v4"
)

// model is the model file as this package understands it. Points are thousandths of a point.
type model struct {
	grid      time.Duration
	pushStep  int64
	facts     []fact
	kinds     []kind
	scores    []score
	grades    []half
	tiers     []tier
	gates     map[string]ast.Node
	stages    []stage
	statuses  []statusRule
	followUps []followUp
}

type fact struct {
	name, typ, count string
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

type score struct {
	name             string
	minimum, maximum *int64
	rules            []rule
}

type rule struct {
	name             string
	points, limit    int64 // limit: the cap's magnitude, 0 for none
	when             ast.Node
	activity         string
	where            ast.Node
	window, halfLife time.Duration
}

type stage struct {
	name         string
	side, manual bool
	scores       map[string]int64
	gates        []string
	when, direct ast.Node
}

type statusRule struct {
	status, onStage, activity string
	where                     ast.Node
}

type followUp struct {
	name, onStatus, onStage string
	task                    *taskRule
	deal                    *dealRule
	closes                  bool
	backTo                  string
	add, remove             []string // lists
}

type taskRule struct {
	kind, priority, dueFact string
	subject, body           map[string]string
	days                    int
	working                 bool
}

type dealRule struct {
	name     map[string]string
	pipeline string
	amount   string
}

// readModel reads the model's text. A key that this package does not know is an error: what it cannot judge
// it must not pass.
func readModel(text []byte) (model, error) {
	var top map[string]any
	if err := yaml.Load(text, &top); err != nil {
		return model{}, fmt.Errorf("read model: %w", err)
	}
	r := &modelReader{}
	m := model{grid: time.Hour, pushStep: 5, gates: map[string]ast.Node{}}
	root := r.section(top, "model", "model", "approved_by", "grid", "push_step", "facts", "activities", "scores", "grades", "tiers", "gates",
		"lifecycle", "lead_status", "follow_ups")
	if root.has("grid") {
		m.grid = root.duration("grid")
	}
	if root.has("push_step") {
		m.pushStep = root.thousandths("push_step") / thousand
	}
	m.facts = readFacts(root)
	m.kinds = readKinds(root)
	m.scores, m.grades, m.tiers = readScores(root), readGrades(root), readTiers(root)
	for name, s := range root.named("gates", "requires", "ask") {
		m.gates[name] = s.condition("requires")
	}
	m.stages = readStages(root)
	for _, s := range root.list("lead_status", "status", "on_stage", "activity", "where") {
		m.statuses = append(m.statuses, statusRule{
			status: s.text("status"), onStage: s.text("on_stage"), activity: s.text("activity"), where: s.condition("where"),
		})
	}
	m.followUps = readFollowUps(root)
	if r.err != nil {
		return model{}, fmt.Errorf("read model: %w", r.err)
	}
	return m, nil
}

func readFacts(root section) []fact {
	var out []fact
	for name, s := range root.named("facts", "from", "type", "count") {
		f := fact{name: name, typ: s.text("type"), count: s.text("count"), from: s.texts("from")}
		if f.typ == "" {
			f.typ = "text"
		}
		if f.count != "" {
			f.typ = "number"
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b fact) int { return compareText(a.name, b.name) })
	return out
}

func readKinds(root section) []kind {
	var out []kind
	for name, s := range root.named("activities", "counter", "last", "first", "object", "attributes") {
		k := kind{
			name: name, object: s.text("object"), counter: property(s.text("counter")),
			last: property(s.text("last")), first: property(s.text("first")), attributes: map[string]string{},
		}
		for attribute, source := range s.textMap("attributes") {
			k.attributes[attribute] = property(source)
		}
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b kind) int { return compareText(a.name, b.name) })
	return out
}

func readScores(root section) []score {
	var out []score
	for name, s := range root.named("scores", "maximum", "minimum", "rules") {
		sc := score{name: name, minimum: s.points("minimum"), maximum: s.points("maximum")}
		for _, x := range s.list("rules", "name", "when", "activity", "where", "points", "cap", "window", "half_life") {
			sc.rules = append(sc.rules, rule{
				name: x.text("name"), points: x.thousandths("points"), limit: x.thousandths("cap"), when: x.condition("when"),
				activity: x.text("activity"), where: x.condition("where"),
				window: x.duration("window"), halfLife: x.duration("half_life"),
			})
		}
		out = append(out, sc)
	}
	slices.SortFunc(out, func(a, b score) int { return compareText(a.name, b.name) })
	return out
}

func readStages(root section) []stage {
	var out []stage
	for _, s := range root.list("lifecycle", "stage", "owner", "side_track", "manual", "scores", "gates", "when", "direct") {
		st := stage{
			name: s.text("stage"), side: s.yes("side_track"), manual: s.yes("manual"), gates: s.texts("gates"),
			when: s.condition("when"), direct: s.condition("direct"), scores: map[string]int64{},
		}
		wants := s.child("scores")
		for name := range wants.keys {
			st.scores[name] = wants.thousandths(name)
		}
		out = append(out, st)
	}
	return out
}

func readFollowUps(root section) []followUp {
	var out []followUp
	for _, s := range root.list("follow_ups", "name", "on_status", "on_stage", "task", "deal", "close_tasks", "back_to", "lists") {
		f := followUp{name: s.text("name"), onStatus: s.text("on_status"), onStage: s.text("on_stage"), closes: s.yes("close_tasks"), backTo: s.text("back_to")}
		if s.has("lists") {
			l := s.child("lists", "add", "remove")
			f.add, f.remove = l.texts("add"), l.texts("remove")
		}
		if s.has("task") {
			t := s.child("task", "kind", "due", "due_fact", "priority", "subject", "body")
			days, working := t.days("due")
			f.task = &taskRule{
				kind: t.text("kind"), priority: t.text("priority"), dueFact: t.text("due_fact"), days: days, working: working,
				subject: t.byLanguage("subject"), body: t.byLanguage("body"),
			}
		}
		if s.has("deal") {
			d := s.child("deal", "name", "pipeline", "amount", "close_in")
			f.deal = &dealRule{name: d.byLanguage("name"), pipeline: d.text("pipeline"), amount: d.text("amount")}
		}
		out = append(out, f)
	}
	return out
}

// stage finds a stage by its name.
func (m *model) stage(name string) (stage, bool) {
	for _, s := range m.stages {
		if s.name == name {
			return s, true
		}
	}
	return stage{}, false
}

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
		if f.onStatus != "" && (f.deal != nil || f.closes) {
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
