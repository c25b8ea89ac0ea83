package modeltest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"leadsync/scoring"
)

// expectations reads what shall be so after a step.
func (r *reader) expectations(f field) []expectation {
	var list []expectation
	scores := append(r.model.ScoreNames(), total)
	valid := []string{
		"stage", "company", "status", "grade", "tier", "because", "not_because", "missing", "next_change", "variant", "violations", "unprofiled",
		"task", "deal", "closed", "amended", "satisfied", "back_to", "added_to", "removed_from", "plan", "clock", "cooling",
		"held", "rival", "responsible", "shows", "rank",
	}
	for _, c := range r.children(f) {
		switch {
		case slices.Contains(valid, c.name):
			list = append(list, r.expect(c)...)
		case slices.Contains(scores, c.name):
			list = append(list, r.expectScore(c))
		default:
			r.unknown(c, append(valid, scores...))
		}
	}
	if len(list) == 0 && f.node.Kind == yaml.MappingNode && len(f.node.Content) == 0 {
		r.fail(f, "expect something or leave the key out", "nothing is expected")
	}
	return list
}

// expect reads one key that is no score.
func (r *reader) expect(c child) []expectation {
	e := expectation{line: c.mark.Line, key: c.name}
	switch c.name {
	case "stage", "company", "status", "grade", "tier":
		return []expectation{r.expectName(c, e)}
	case "because", "not_because", "missing":
		return r.expectList(c, e)
	case "clock":
		return r.expectClocks(c, e)
	case "next_change", "cooling":
		never := "never"
		if e.about = aboutNextChange; c.name == "cooling" {
			e.about, never = aboutCooling, "none"
		}
		if e.none = c.node.Value == never; !e.none {
			e.due = r.day(c.field)
		}
		return []expectation{e}
	case "variant", "violations", "unprofiled":
		return []expectation{r.expectVerdict(c, e)}
	case "held", "rival", "responsible", "shows":
		return []expectation{r.expectChoice(c, e)}
	case "rank":
		return []expectation{r.expectRank(c, e)}
	case "plan":
		e.about = aboutNothing
		r.choice(c.field, []string{"nothing"})
		return []expectation{e}
	}
	return r.expectEffects(c, e)
}

func (r *reader) expectName(c child, e expectation) expectation {
	valid := r.stageNames()
	switch c.name {
	case "company":
		e.about = aboutCompany
	case "status":
		e.about, valid = aboutStatus, r.model.Statuses()
	case "grade":
		e.about, valid = aboutGrade, r.model.Grades()
	case "tier":
		e.about, valid = aboutTier, r.model.Tiers()
	}
	e.name = *r.nameOrNone(c.field, valid)
	return e
}

// expectScore reads whole points, or a comparison with them.
func (r *reader) expectScore(c child) expectation {
	e := expectation{line: c.mark.Line, key: c.name, about: aboutScore, name: c.name, op: "="}
	text := strings.TrimSpace(c.node.Value)
	for _, op := range []string{">=", "<=", ">", "<"} {
		if rest, ok := strings.CutPrefix(text, op); ok {
			e.op, text = op, strings.TrimSpace(rest)
			break
		}
	}
	bound, err := strconv.ParseFloat(text, 64)
	if c.node.Kind != yaml.ScalarNode || err != nil {
		r.fail(c.field, `write whole points such as 40, or a comparison such as ">= 40"`, "%s is %s", c.name, shape(c.node))
	}
	e.bound = bound
	return e
}

func (r *reader) expectList(c child, e expectation) []expectation {
	switch c.name {
	case "because":
		e.about = aboutBecause
	case "not_because":
		e.about = aboutNotBecause
	default:
		e.about = aboutMissing
		if c.node.Kind == yaml.ScalarNode && c.node.Value == "nothing" {
			e.none = true
			return []expectation{e}
		}
	}
	var list []expectation
	for _, item := range r.some(c.field) {
		x := e
		x.line = item.node.Line
		text := r.text(item)
		if e.about == aboutMissing {
			x.name = r.choice(item, r.missable())
			list = append(list, x)
			continue
		}
		x.name, x.points = rulePoints(text)
		if valid := r.ruleNames(); text != "" && !slices.ContainsFunc(valid, func(v string) bool { return names(v, x.name) }) {
			r.fail(item, suggest(x.name, valid), "no score has a rule %q", x.name)
		}
		list = append(list, x)
	}
	if c.node.Kind == yaml.SequenceNode && len(list) == 0 {
		r.fail(c.field, "name something or leave the key out", "%s is an empty list", c.name)
	}
	return list
}

// rulePoints splits "decision maker +30" into the rule and its points, nil if it names none.
func rulePoints(text string) (string, *float64) {
	i := strings.LastIndexByte(text, ' ')
	if i < 0 || i+1 == len(text) || text[i+1] != '+' && text[i+1] != '-' {
		return text, nil
	}
	points, err := strconv.ParseFloat(text[i+1:], 64)
	if err != nil {
		return text, nil
	}
	return strings.TrimSpace(text[:i]), &points
}

// names reports whether a name means a rule: "fit: right size" by both names or by its own.
func names(rule, name string) bool {
	_, own, _ := strings.Cut(rule, ": ")
	return name == rule || name == own
}

// ruleNames are the rules of the scores, "fit: right size".
func (r *reader) ruleNames() []string {
	var list []string
	for _, c := range r.model.Criteria() {
		if c.What == "score rule" {
			list = append(list, c.Name)
		}
	}
	return list
}

// missable are the names of what a stage can lack: scores, gates, and facts.
func (r *reader) missable() []string {
	list := r.model.ScoreNames()
	list = append(list, gateNames(r.model)...)
	for _, f := range r.model.Facts() {
		list = append(list, f.Name)
	}
	return list
}

func gateNames(m *scoring.Model) []string {
	var list []string
	for _, c := range m.Criteria() {
		if c.What == "gate" {
			list = append(list, c.Name)
		}
	}
	return list
}

// day reads a date, or a date with a time of day, as it is compared.
func (r *reader) day(f field) string {
	at, ok := r.moment(f)
	if _, err := time.Parse(time.DateOnly, f.node.Value); ok && err == nil {
		return at.Format(time.DateOnly)
	}
	return at.Format(clockLayout)
}

// expectEffects reads what shall have been done: rules of follow-ups, the stage moved back to, or lists.
func (r *reader) expectEffects(c child, e expectation) []expectation {
	e.about = map[string]subject{
		"task": aboutTask, "deal": aboutDeal, "closed": aboutClosed, "amended": aboutAmended, "satisfied": aboutSatisfied, "back_to": aboutBack, "added_to": aboutAdded, "removed_from": aboutRemoved,
	}[c.name]
	if c.node.Kind == yaml.ScalarNode && c.node.Value == "none" {
		e.none = true
		return []expectation{e}
	}
	valid := r.consequences(e.about)
	var list []expectation
	for _, item := range r.some(c.field) {
		x := e
		x.line = item.node.Line
		if item.node.Kind == yaml.MappingNode && (e.about == aboutTask || e.about == aboutDeal) {
			r.details(item, &x, valid)
		} else {
			x.name = r.choice(item, valid)
		}
		list = append(list, x)
	}
	if len(list) == 0 {
		r.fail(c.field, "name something, or write none", "%s is an empty list", c.name)
	}
	return list
}

// details reads {rule: call again, due: 2026-03-12, subject: Call again}.
func (r *reader) details(f field, e *expectation, valid []string) {
	known := []string{"rule", "due", "subject"}
	if e.about == aboutDeal {
		known = []string{"rule", "name", "amount", "pipeline", "stage"}
	}
	given := false
	for _, c := range r.children(f) {
		switch {
		case !slices.Contains(known, c.name):
			r.unknown(c, known)
		case c.name == "rule":
			given = true
			e.name = r.choice(c.field, valid)
		case c.name == "due":
			e.due = r.day(c.field)
		case c.name == "amount":
			e.amount = r.text(c.field)
		case c.name == "pipeline":
			e.pipeline = r.text(c.field)
		case c.name == "stage":
			e.begins = r.text(c.field)
		default:
			e.text = r.text(c.field)
		}
	}
	if !given {
		r.fail(field{join(f.key, "rule"), f.node}, "add rule: and the name of the follow-up", "rule is missing")
	}
}

// consequences are the names that an effect can have in this model.
func (r *reader) consequences(about subject) []string {
	var list []string
	for _, f := range r.model.FollowUps() {
		list = append(list, consequencesOf(f, about)...)
	}
	if about == aboutAdded || about == aboutRemoved {
		list = append(list, r.audiences()...)
	}
	if about == aboutTask || about == aboutClosed {
		list = append(list, slices.Concat(r.questions(), r.asks())...)
	}
	if about == aboutBack {
		list = append(list, r.handsBack()...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// consequencesOf are the names that an effect of a follow-up can have.
func consequencesOf(f scoring.FollowUp, about subject) []string {
	ofTask := slices.Contains([]subject{aboutTask, aboutClosed, aboutAmended, aboutSatisfied}, about)
	switch {
	case f.Task != nil && ofTask, f.Deal != nil && about == aboutDeal:
		return []string{f.Name}
	case f.BackTo != "" && about == aboutBack:
		return []string{f.BackTo}
	case f.Lists != nil && about == aboutAdded:
		return f.Lists.Add
	case f.Lists != nil && about == aboutRemoved:
		return f.Lists.Remove
	}
	return nil
}

// String says what an expectation wants, for people.
func (e expectation) String() string {
	switch {
	case e.about == aboutNothing, e.about == aboutMissing && e.none:
		return "nothing"
	case e.about == aboutNextChange && e.none:
		return "never"
	case e.about == aboutNextChange, e.about == aboutCooling && !e.none:
		return e.due
	case e.about == aboutClock:
		return e.name + ": " + e.text
	case e.about == aboutScore:
		return strings.TrimPrefix(e.op+" "+strconv.FormatFloat(e.bound, 'f', -1, 64), "= ")
	case e.about == aboutNotBecause:
		return "nothing of " + e.name
	}
	text := orNone(e.name)
	if e.points != nil {
		text += " " + signed(*e.points)
	}
	return text + detail(", due ", e.due) + detail(", amount ", e.amount) + detail(", called ", e.text)
}

// detail is a word and its value; nothing without a value.
func detail(word, value string) string {
	if value == "" {
		return ""
	}
	return word + value
}

func signed(points float64) string {
	text := strconv.FormatFloat(points, 'f', -1, 64)
	if points > 0 {
		return "+" + text
	}
	return text
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
