package scoring

import (
	"time"

	"go.yaml.in/yaml/v4"
)

// EvaluateOnly is Evaluate without the look ahead.
func (m *Model) EvaluateOnly(lead Lead, now time.Time) Evaluation {
	return m.evaluate(&lead, now, false)
}

// Factors is the table of decay.
func Factors() [factorCount]uint64 { return *factorTable() }

// Decay is points after age steps of a half-life.
func (m *Model) Decay(points Points, age, halfLife int64) Points {
	return m.decay(points, age, halfLife)
}

// Position is the place of a character inside the scalar that is the value of the first key of a text.
func Position(text string, offset int) (line, column int) {
	r := &reader{lines: splitLines([]byte(text))}
	root := r.load([]byte(text))
	return r.position(root.Content[1], offset)
}

// Accepts is whether Parse finds no mistake in the root node of a file.
func Accepts(root *yaml.Node) bool {
	r := &reader{file: "nodes"}
	newModelParser(r).parse(field{"file", root})
	return len(r.problems) == 0
}

// MostAhead is what a look ahead may spend.
const MostAhead = mostAhead

// EvaluateCounting is Evaluate with the number of spans that the look ahead bounded, and what it spent.
func (m *Model) EvaluateCounting(lead Lead, now time.Time) (e Evaluation, spans, spent int64) {
	e = m.EvaluateOnly(lead, now)
	f := m.prepare(&lead, now)
	f.settle(lead.Activities)
	stages, _ := m.order(lead.Order)
	f.decide(&Evaluation{}, stages, f.scoresNow(), &recorder{})
	f.spent = 0
	m.look(f, &lead, &e, stages)
	return e, f.spans, f.spent
}

func (f *frame) scoresNow() []bounds {
	var scores []bounds
	for i := range f.rules.scores {
		scores = append(scores, f.scoreBounds(&f.rules.scores[i]))
	}
	return scores
}

// BoundsOver is what the look ahead knows of a span of steps after now, the first being 1: the bounds of all scores,
// and by stage in the order of the file whether it can be reached and not reached.
func (m *Model) BoundsOver(lead Lead, now time.Time, spans [][2]int64) (scores [][][2]Points, stages [][][2]bool) {
	f := m.prepare(&lead, now)
	defer f.release()
	f.settle(lead.Activities)
	for _, span := range spans {
		f.a, f.b = f.step+span[0], f.step+span[1]
		all := f.scoresNow()
		points, reach := make([][2]Points, len(all)), make([][2]bool, len(f.rules.stages))
		for i, b := range all {
			points[i] = [2]Points{b.lo, b.hi}
		}
		for i := range f.rules.stages {
			can := f.reach(&f.rules.stages[i], all)
			reach[i] = [2]bool{can.yes, can.no}
		}
		scores, stages = append(scores, points), append(stages, reach)
	}
	return scores, stages
}

// Break makes the evaluation of a condition panic.
func (m *Model) Break(source string) {
	broken := func(c *condition) {
		if c != nil && c.source == source {
			c.root = boolNode{}
		}
	}
	for _, s := range m.scores {
		for _, r := range s.rules {
			broken(r.when)
		}
	}
	for _, s := range m.stages {
		broken(s.when)
	}
	for _, i := range m.invariants {
		broken(i.never)
	}
}
