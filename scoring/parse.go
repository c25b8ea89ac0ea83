package scoring

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"
)

// Parse reads a model file. name stands in the messages. The error is a *Problems with every mistake of the
// file at once: each names file, line, column, key, what is wrong and what to do.
func Parse(name string, text []byte) (*Model, error) {
	r := &reader{file: name, lines: splitLines(text)}
	p := newModelParser(r)
	root := r.load(text)
	if root != nil && p.noAliases(field{"file", root}) {
		p.parse(field{"file", root})
	}
	if len(r.problems) > 0 {
		problems := r.problems.sorted()
		return nil, &problems
	}
	m := p.model
	m.canonical = canonical(root)
	sum := sha256.Sum256(m.canonical)
	m.version = hex.EncodeToString(sum[:])
	m.factors = factorTable()
	m.channel()
	m.measure()
	return m, nil
}

// modelParser fills a model from the nodes of its file.
type modelParser struct {
	*reader
	model    *Model
	graded   bool     // there are grades, if only wrong ones
	attempts bool     // the texts that are read belong to a ladder
	base     *ruleset // the top of the file while a variant is read
}

// topics are the keys of a model file, in the order in which they need each other.
func topics() []string {
	return []string{"model", "approved_by", "grid", "time_zone", "push_step", "facts", "words", "activities", "scores", "grades", "tiers", "gates", "lifecycle", "variants", "lead_status", "assignments", "follow_ups", "response", "misjudged", "overrides", "handover", "audiences", "advertising", "rank", "companies", "do_not_profile", "invariants"}
}

// newModelParser begins with a model that says nothing.
func newModelParser(r *reader) *modelParser {
	return &modelParser{reader: r, model: &Model{
		factIndex: map[string]int{}, kindIndex: map[string]int{}, ruleset: newRuleset(), language: newLanguage(),
	}}
}

func (p *modelParser) parse(root field) {
	keys := p.fields(root, topics()...)
	if root.node.Kind != yaml.MappingNode {
		return
	}
	for _, name := range []string{"model", "facts", "scores", "lifecycle"} {
		if !keys[name].present() && !misspelt(keys, name) {
			p.fail(root, "add "+name+":, see fixtures/models/small.yaml for a complete small file", "the key %s is missing", name)
		}
	}
	p.model.name = p.text(keys["model"])
	if f := keys["approved_by"]; f.present() {
		sides := p.fields(f, "marketing", "sales")
		p.model.approved = map[string]string{}
		for side, by := range sides {
			p.model.approved[side] = p.text(by)
		}
	}
	p.grid(keys["grid"])
	p.timeZone(keys["time_zone"])
	p.model.pushStep = p.whole(keys["push_step"], 5, 1, 1000)
	each(keys["facts"], p.facts)
	each(keys["words"], p.words)
	each(keys["activities"], p.activities)
	each(keys["scores"], p.scoreSet)
	each(keys["grades"], p.grades)
	each(keys["tiers"], p.tiers)
	each(keys["gates"], p.gates)
	each(keys["lifecycle"], p.lifecycle)
	each(keys["variants"], func(f field) { p.variants(f, keys) })
	each(keys["lead_status"], p.leadStatus)
	each(keys["assignments"], p.assignments)
	each(keys["follow_ups"], p.followUps)
	each(keys["response"], p.responses)
	each(keys["misjudged"], p.misjudged)
	each(keys["overrides"], p.overrides)
	each(keys["handover"], p.handover)
	each(keys["audiences"], func(f field) { p.audiences(f, keys["advertising"]) })
	each(keys["advertising"], p.advertising)
	each(keys["rank"], p.rank)
	each(keys["companies"], p.companies)
	each(keys["do_not_profile"], p.doNotProfile)
	p.model.declared = len(p.model.facts)
	each(keys["invariants"], p.invariants)
}

// misspelt reports whether one of the keys was meant to be name: that is reported where it stands.
func misspelt(keys map[string]field, name string) bool {
	for key := range keys {
		if !slices.Contains(topics(), key) && nearest(key, topics()) == name {
			return true
		}
	}
	return false
}

// each calls the reader of a key that is there.
func each(f field, read func(field)) {
	if f.present() {
		read(f)
	}
}

// noAliases refuses anchors' uses: what a line means should stand in the line, and nothing can be nested
// without end.
func (p *modelParser) noAliases(f field) bool {
	if f.node.Kind == yaml.AliasNode {
		p.fail(f, "write the value out", "aliases (*%s) are not possible in a model", f.node.Value)
		return false
	}
	clean := true
	for _, child := range f.node.Content {
		clean = p.noAliases(field{f.key, child}) && clean
	}
	return clean
}

func (p *modelParser) grid(f field) {
	const least, day = 15 * time.Minute, 24 * time.Hour
	step := time.Hour
	if number, unit, ok := p.duration(f, "m", "h"); ok {
		step = time.Duration(number) * unitLength(unit)
		if step < least || step > day || day%step != 0 {
			p.fail(f, "use 15m, 30m, 1h, 2h, 3h, 4h, 6h, 8h, 12h or 24h", "the day cannot be divided into steps of %s", f.node.Value)
			step = time.Hour
		}
	}
	p.model.grid = step.Microseconds()
	p.model.perDay = int64(day / step)
}

// steps reads a duration that must be a multiple of the grid; 0 if absent.
func (p *modelParser) steps(f field) int64 {
	number, unit, ok := p.duration(f, "h", "d", "w")
	if !ok {
		return 0
	}
	length := (time.Duration(number) * unitLength(unit)).Microseconds()
	if length%p.model.grid != 0 {
		p.fail(f, "use a multiple of the grid", "%s is not a multiple of the grid of %s h", f.node.Value, p.model.hours(1))
	}
	const most = 10 * 365
	if length > most*unitLength("d").Microseconds() {
		p.fail(f, "use at most ten years", "%s is too long", f.node.Value)
	}
	return max(1, length/p.model.grid)
}

// notEmpty refuses a mapping without keys.
func (p *modelParser) notEmpty(f field) {
	if f.node.Kind == yaml.MappingNode && len(f.node.Content) == 0 {
		p.fail(f, "add at least one entry", "%s is empty", last(f.key))
	}
}

// identifier is what a fact or attribute can be called: it stands in conditions.
var identifier = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// label is what stages, scores, statuses and kinds can be called: they are keys of mappings elsewhere.
var label = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// reserved are the words that mean something in conditions.
func reserved() []string {
	return []string{"and", "or", "not", "in", "contains", "matches", "true", "false", "nil", "let", "if", "else", "known", "has_word", "domain_in", "days_since", "days_since_last", "count", "days_with", "count_after"}
}

// named checks a name that other parts of the model refer to.
func (p *modelParser) named(f field, name string, pattern *regexp.Regexp) {
	p.seen(f).pattern = pattern
	if !pattern.MatchString(name) {
		p.fail(f, "use small letters, digits and underscores, beginning with a letter", "%q cannot be a name", name)
		return
	}
	for _, word := range reserved() {
		if word == name && pattern == identifier {
			p.fail(f, "choose another name", "%s is a word of the language of conditions", name)
		}
	}
}

// condition compiles an expression and puts its faults at their places in the file.
func (p *modelParser) condition(f field, s scope) *condition {
	if !f.present() {
		return nil
	}
	p.seen(f).condition = true
	if f.node.Kind == yaml.ScalarNode && f.node.Tag == "!!bool" {
		p.fail(f, "write a condition over facts", "%s is always %s", last(f.key), f.node.Value)
		return nil
	}
	if p.text(f) == "" {
		return nil
	}
	if len(p.model.facts) == 0 && s.attributes == nil {
		return nil // no fact can be known: reported where the facts should be
	}
	compiled, faults := s.compile(f.node.Value)
	for _, fault := range faults {
		line, column := p.position(f.node, fault.at)
		p.add(Problem{Line: line, Column: column, Key: f.key, Text: fault.text, Remedy: fault.remedy})
	}
	return compiled
}
