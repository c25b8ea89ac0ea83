package scoring

import "time"

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
