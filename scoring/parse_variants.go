package scoring

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// topic is a part of the model that a variant can replace.
type topic struct {
	name  string
	needs []string // the topics that it refers to
	read  func(*modelParser, field)
	take  func(to, from *ruleset) // as it stands at the top of the file
}

// replaceable are the topics of a variant in the order in which they need each other.
func replaceable() []topic {
	return []topic{
		{"scores", nil, (*modelParser).scoreSet, func(to, from *ruleset) { to.scores = from.scores }},
		{"grades", []string{"scores"}, (*modelParser).grades, func(to, from *ruleset) { to.grades = from.grades }},
		{"tiers", []string{"scores", "grades"}, (*modelParser).tiers, func(to, from *ruleset) { to.tiers = from.tiers }},
		{"gates", nil, (*modelParser).gates, func(to, from *ruleset) { to.gates = from.gates }},
		{"lifecycle", []string{"scores", "gates"}, (*modelParser).lifecycle, func(to, from *ruleset) { to.stages, to.stageIndex = from.stages, from.stageIndex }},
	}
}

func topicNames() []string {
	var names []string
	for _, t := range replaceable() {
		names = append(names, t.name)
	}
	return names
}

// variants reads the models for segments. top are the keys of the file.
func (p *modelParser) variants(f field, top map[string]field) {
	var read []variant // the model has them at the end: until then it is as if they were not there
	for _, item := range p.items(f) {
		keys := p.fields(item, "name", "when", "scores", "grades", "tiers", "gates", "lifecycle")
		if item.node.Kind != yaml.MappingNode {
			continue
		}
		v := variant{name: p.text(keys["name"])}
		p.variantName(item, keys, read)
		if !keys["when"].present() {
			p.fail(item, "add when: with a condition over facts; what stands at the top of the file is for all others", "the variant has no condition")
		}
		v.when = p.standing(keys["when"])
		if !slices.ContainsFunc(topicNames(), func(name string) bool { return keys[name].present() }) {
			p.fail(item, "add one of "+strings.Join(topicNames(), ":, ")+":", "the variant replaces nothing")
		}
		v.rules = p.variantRules(v.name, keys, top)
		read = append(read, v)
	}
	if f.node.Kind == yaml.SequenceNode && len(f.node.Content) == 0 {
		p.fail(f, "add a variant, or leave the key out", "variants is empty")
	}
	if most := 50; len(read) > most {
		p.fail(f, fmt.Sprintf("keep %d, and put what differs a little into conditions", most), "there are %d variants", len(read))
	}
	p.model.variants = read
}

func (p *modelParser) variantName(item field, keys map[string]field, others []variant) {
	name := p.text(keys["name"])
	switch {
	case !keys["name"].present():
		p.fail(item, "add name:, it stands in every evaluation", "the variant has no name")
	case name == "": // reported as an empty text
	default:
		p.named(keys["name"], name, label)
		if slices.ContainsFunc(others, func(v variant) bool { return v.name == name }) {
			p.fail(keys["name"], "give every variant its own name", "the name %q is used twice", name)
		}
	}
}

// variantRules are the rules at the top of the file with the variant's topics in their place. A topic that refers to
// a replaced one is read again, for it means something else now.
func (p *modelParser) variantRules(name string, keys, top map[string]field) ruleset {
	base, graded := p.model.ruleset, p.graded
	defer func() { p.model.ruleset, p.graded, p.base = base, graded, nil }()
	p.model.ruleset, p.base = newRuleset(), &base
	replaced := map[string]bool{}
	for _, t := range replaceable() {
		again := slices.ContainsFunc(t.needs, func(need string) bool { return replaced[need] })
		own := keys[t.name]
		switch {
		case own.present():
			t.read(p, own)
			p.seen(own).same = "#/properties/" + t.name
			replaced[t.name] = p.fits(t, own, top[t.name])
		case again && top[t.name].present():
			p.inherited(t, top[t.name], name)
			replaced[t.name] = true
		}
		if !replaced[t.name] {
			t.take(&p.model.ruleset, &base)
		}
	}
	return p.model.ruleset
}

// inherited reads a topic of the top of the file once more. What is wrong with it there is reported already.
func (p *modelParser) inherited(t topic, f field, variant string) {
	before := p.problems
	p.problems = nil
	t.read(p, f)
	for _, one := range p.problems {
		if !slices.Contains(before, one) {
			one.Text += " in the variant " + variant
			before = append(before, one)
		}
	}
	p.problems = before
}

// fits checks that what a variant replaces is the same from outside: what the CRM keeps has one shape. If it is not,
// the rest is read as if the variant did not replace it.
func (p *modelParser) fits(t topic, own, top field) bool {
	switch t.name {
	case "scores":
		return p.sameScores(own)
	case "lifecycle":
		return p.sameStages(own)
	case "grades", "tiers":
		if !top.present() {
			p.fail(own, "add "+t.name+": at the top of the file too, or remove it here", "only the variant has %s", t.name)
		}
	}
	return true
}

// sameScores compares the names of the scores with those at the top of the file.
func (p *modelParser) sameScores(f field) bool {
	want, got := scoreNames(p.base.scores), scoreNames(p.model.scores)
	if len(want) == 0 || len(got) == 0 || slices.Equal(want, got) {
		return len(got) > 0
	}
	meant := map[string]bool{}
	for i := 0; i+1 < len(f.node.Content); i += 2 {
		if mark := f.node.Content[i]; !slices.Contains(want, mark.Value) {
			meant[nearest(mark.Value, want)] = true
			p.fail(field{join(f.key, mark.Value), mark}, didYouMean(mark.Value, want), "there is no score %s at the top of the file", mark.Value)
		}
	}
	missing := slices.DeleteFunc(slices.Clone(want), func(name string) bool { return slices.Contains(got, name) || meant[name] })
	switch {
	case len(missing) > 0:
		p.fail(f, "add "+strings.Join(missing, ":, ")+":, a variant has the scores of the top of the file", "%s is missing", strings.Join(missing, ", "))
	case len(meant) == 0:
		p.fail(f, "use the order "+strings.Join(want, ", "), "the scores stand in another order than at the top of the file")
	}
	return false
}

func scoreNames(scores []scoreRule) []string {
	names := make([]string, len(scores))
	for i := range scores {
		names[i] = scores[i].name
	}
	return names
}

// sameStages compares the stages with those at the top of the file, up to the first that differs.
func (p *modelParser) sameStages(f field) bool {
	want, got := p.base.stages, p.model.stages
	if len(want) == 0 || f.node.Kind != yaml.SequenceNode || hasFaultyNames(p.base) || hasFaultyNames(&p.model.ruleset) {
		return false
	}
	names := stageNames(want)
	for i := range got {
		if !p.sameStage(field{f.key + "[" + strconv.Itoa(i+1) + "]", f.node.Content[i]}, i, names) {
			return false
		}
	}
	if len(got) < len(want) {
		p.fail(f, "add it, a variant has the stages of the top of the file: "+strings.Join(names, ", "), "the stage %s is missing", names[len(got)])
	}
	return len(got) == len(want)
}

// sameStage compares the i-th stage with that at the top of the file.
func (p *modelParser) sameStage(item field, i int, names []string) bool {
	want, got := p.base.stages, p.model.stages
	stage := got[i]
	switch {
	case !slices.Contains(names, stage.Name):
		p.fail(item, didYouMean(stage.Name, names), "there is no stage %s at the top of the file", stage.Name)
	case stage.Name != names[i] && !slices.Contains(stageNames(got), names[i]):
		p.fail(item, "add it, a variant has the stages of the top of the file: "+strings.Join(names, ", "), "the stage %s is missing before %s", names[i], stage.Name)
	case stage.Name != names[i]:
		p.fail(item, "use the order "+strings.Join(names, ", "), "the stage %s stands in another place than at the top of the file", stage.Name)
	case stage.SideTrack != want[i].SideTrack:
		p.fail(item, "let side_track be the same in both", "%s is a side track here or at the top of the file, but not in both", stage.Name)
	case stage.Owner != want[i].Owner:
		p.fail(item, "remove owner: here; the top of the file says who answers", "%s answers for %s here, %s at the top of the file", stage.Owner, stage.Name, want[i].Owner)
	default:
		return true
	}
	return false
}

// hasFaultyNames reports a stage without a name or two of one name, which are mistakes of their own.
func hasFaultyNames(s *ruleset) bool {
	return len(s.stageIndex) != len(s.stages) || slices.ContainsFunc(s.stages, func(one stageRule) bool { return one.Name == "" })
}

func stageNames(stages []stageRule) []string {
	names := make([]string, len(stages))
	for i := range stages {
		names[i] = stages[i].Name
	}
	return names
}
