package naive

import (
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"

	"leadsync/cmd/leadsync/audit/section"
)

// Condition parses the expression below a key into its tree; nil if there is none. Nothing of the expression
// library but its syntax is used.
func Condition(s section.Section, key string) ast.Node {
	if !s.Has(key) {
		return nil
	}
	config := conf.CreateNew()
	config.Functions["count"] = &builtin.Function{Name: "count"} // here it is about activities, not about lists
	tree, err := parser.ParseWithConfig(s.Text(key), config)
	if err != nil {
		s.Fail(key, "%v", err)
		return nil
	}
	return tree.Node
}

func readFacts(root section.Section) map[string]fact {
	out := map[string]fact{}
	for _, s := range root.Named("facts", "from", "type", "count", "deals", "vocabulary", "options", "otherwise") {
		f := fact{typ: s.Text("type"), vocabulary: s.Text("vocabulary"), otherwise: s.Text("otherwise"), options: readOptions(s.Section)}
		switch {
		case s.Has("count"):
			f.typ = "number"
		case s.Has("deals"):
			if f.typ = dealsType(s.Text("deals")); f.typ == "" {
				s.Fail("deals", "the evaluator does not know what deals say by %q", s.Text("deals"))
			}
		case f.typ == "":
			f.typ = "text"
		}
		out[s.Name] = f
	}
	return out
}

// dealsType is the type of what deals say, empty if it is not known.
func dealsType(word string) string {
	switch word {
	case "last_won_at", "last_lost_at":
		return "time"
	case "won_amount", "open_amount":
		return "number"
	case "lost_reason", "newest_pipeline", "newest_stage":
		return "text"
	}
	return ""
}

func readOptions(s section.Section) []option {
	var out []option
	options := s.Child("options")
	for _, word := range options.Keys() {
		out = append(out, option{word, options.Texts(word)})
	}
	return out
}

func readLists(root section.Section, words Words) map[string][]string {
	out := map[string][]string{}
	if words.FreeMail != nil {
		out["free_mail"] = words.FreeMail
	}
	lists := root.Child("words")
	for _, name := range lists.Keys() {
		out[name] = lists.Texts(name)
	}
	return out
}

func readKinds(root section.Section) map[string]kind {
	out := map[string]kind{}
	for _, s := range root.Named("activities", "counter", "last", "first", "object", "attributes", "machine", "of", "where", "any_of") {
		k := kind{of: s.Text("of"), where: Condition(s.Section, "where"), anyOf: s.Texts("any_of"), made: map[string]madeAttribute{}}
		attributes := s.Child("attributes")
		for _, name := range attributes.Keys() {
			if attributes.IsSection(name) {
				a := attributes.Child(name, "of", "options")
				k.made[name] = madeAttribute{a.Text("of"), readOptions(a)}
			}
		}
		if s.Has("machine") {
			machine := s.Child("machine", "times", "within")
			k.times, k.within = machine.Whole("times"), machine.Duration("within")
		}
		out[s.Name] = k
	}
	return out
}

// readTopics reads scores, grades, tiers, gates and lifecycle; what is not there stays as it is otherwise.
func readTopics(s section.Section, otherwise topics) topics {
	t := otherwise
	if s.Has("scores") {
		t.scores = readScores(s)
	}
	if s.Has("grades") {
		t.halves = readGrades(s)
	}
	if s.Has("tiers") {
		t.tiers = readTiers(s)
	}
	if s.Has("gates") {
		t.gates = map[string]gate{}
		for _, g := range s.Named("gates", "requires", "forbids", "complete", "confirmation", "ask") {
			t.gates[g.Name] = gate{Condition(g.Section, "requires"), Condition(g.Section, "forbids"), g.Texts("complete"), g.Yes("confirmation")}
		}
	}
	if s.Has("lifecycle") {
		t.stages = readStages(s)
	}
	return t
}

func readScores(root section.Section) []score {
	var out []score
	for _, s := range root.Named("scores", "maximum", "minimum", "rules") {
		sc := score{name: s.Name, minimum: s.Points("minimum"), maximum: s.Points("maximum")}
		for _, x := range s.List("rules") {
			if !x.Has("group") {
				sc.groups = append(sc.groups, group{rules: []rule{readRule(x)}})
				continue
			}
			g := group{name: x.Text("group"), minimum: x.Points("minimum"), maximum: x.Points("maximum")}
			for _, y := range x.List("rules") {
				g.rules = append(g.rules, readRule(y))
			}
			x.Only("group", "minimum", "maximum", "rules")
			sc.groups = append(sc.groups, g)
		}
		out = append(out, sc)
	}
	return out
}

func readRule(s section.Section) rule {
	s.Only("name", "points", "when", "activity", "where", "cap", "window", "half_life", "loses", "steps", "at_least", "at_most",
		"silence", "after", "every", "supporting")
	r := rule{
		name: s.Text("name"), points: s.Thousandths("points"), limit: s.Thousandths("cap"), supporting: s.Yes("supporting"),
		when: Condition(s, "when"), activity: s.Text("activity"), where: Condition(s, "where"), atLeast: s.Whole("at_least"),
		window: s.Duration("window"), halfLife: s.Duration("half_life"),
		silence: s.Text("silence"), after: s.Duration("after"), silentEvery: s.Duration("every"),
	}
	if s.IsSection("at_most") {
		most := s.Child("at_most", "times", "per")
		r.atMost, r.per = most.Whole("times"), most.Text("per")
	} else {
		r.atMost = s.Whole("at_most")
	}
	loses := s.Child("loses", "points", "every")
	r.loses, r.losesEvery = loses.Thousandths("points"), loses.Duration("every")
	steps := s.Child("steps")
	r.ages = steps.Durations()
	for _, age := range steps.Keys() {
		r.percents = append(r.percents, steps.Whole(age))
	}
	return r
}

func readStages(root section.Section) []stage {
	var out []stage
	for _, s := range root.List("lifecycle", "stage", "owner", "side_track", "manual", "scores", "gates", "when", "direct") {
		st := stage{
			name: s.Text("stage"), side: s.Yes("side_track"), manual: s.Yes("manual"), gates: s.Texts("gates"),
			when: Condition(s, "when"), direct: Condition(s, "direct"), scores: map[string]int64{},
		}
		wants := s.Child("scores")
		for _, name := range wants.Keys() {
			st.scores[name] = wants.Thousandths(name)
		}
		out = append(out, st)
	}
	return out
}
