package explained

import (
	"slices"

	"leadsync/scoring"
)

// scoreView is one score.
type scoreView struct {
	Name   string
	Whole  string
	Exact  string // with all its decimals; empty if they are none
	Bar    int    // percent of the bar that is filled
	Marks  []markView
	Blocks []block
	Sum    numbers
}

// markView is a threshold of a stage on the bar.
type markView struct {
	Stage, Want, Short string // Short is what is missing, empty if it is reached
	At                 int    // percent of the bar
	Next               bool
}

// block is everything that one rule, or one limit, gave.
type block struct {
	Name   string
	Lines  []lineView
	Single bool    // it has one line, which says everything
	Sum    numbers // of several lines
	Muted  bool    // it counts for nothing
}

// lineView is one line of the derivation.
type lineView struct {
	Happened string
	Why      string
	Facts    []seenView
	numbers
	Muted bool
}

// numbers are the columns of points: what it was worth, what age took away, what a limit cut or lifted, what counts.
type numbers struct{ Raw, Age, Cut, Result string }

// shares are the same as points. Raw, age and cut sum to the result.
type shares struct{ raw, age, cut, result scoring.Points }

func (s *shares) add(other shares) {
	s.raw, s.age, s.cut, s.result = s.raw+other.raw, s.age+other.age, s.cut+other.cut, s.result+other.result
}

// sharesOf takes a line apart.
func sharesOf(l scoring.Line) shares {
	if slices.Contains([]scoring.ReasonCode{
		scoring.ReasonCapped, scoring.ReasonCeiling, scoring.ReasonFloor, scoring.ReasonGroupCeiling, scoring.ReasonGroupFloor,
		scoring.ReasonUnsupported,
	}, l.Reason.Code) {
		return shares{cut: l.Result, result: l.Result}
	}
	if l.Result == 0 && l.Activity == "" {
		return shares{} // what counts for nothing at all: how many there were stands in the reason
	}
	return shares{raw: l.Raw, age: l.Result - l.Raw, result: l.Result}
}

func (v viewer) score(s scoring.Score, e scoring.Evaluation) scoreView {
	out := scoreView{Name: s.Name, Whole: v.number(scoring.Points(s.Whole * 1000).String())}
	places := decimals(s.Points)
	if places > 0 {
		out.Exact = v.points(s.Points)
	}
	total := shares{}
	for _, l := range s.Lines {
		one := sharesOf(l)
		total.add(one)
		places = max(places, decimals(one.raw), decimals(one.age), decimals(one.cut), decimals(one.result))
	}
	for _, same := range blocks(s.Lines) {
		out.Blocks = append(out.Blocks, v.block(same, places))
	}
	out.Sum = v.numbers(total, places)
	out.Sum.Result = v.signed(total.result, places)
	v.bar(&out, s, e)
	return out
}

// blocks are the lines of each rule or limit, which follow each other.
func blocks(lines []scoring.Line) [][]scoring.Line {
	var list [][]scoring.Line
	for i, l := range lines {
		if i > 0 && l.Rule != "" && l.Rule == lines[i-1].Rule && l.Group == lines[i-1].Group {
			list[len(list)-1] = append(list[len(list)-1], l)
			continue
		}
		list = append(list, []scoring.Line{l})
	}
	return list
}

func (v viewer) block(lines []scoring.Line, places int) block {
	out := block{Name: lines[0].Name(v.lang), Single: len(lines) == 1, Muted: true}
	sum := shares{}
	for _, l := range lines {
		one := sharesOf(l)
		sum.add(one)
		view := lineView{Happened: v.happened(l), Why: v.why(l), numbers: v.numbers(one, places), Muted: l.Result == 0}
		for _, seen := range l.Facts {
			view.Facts = append(view.Facts, seenView{Fact: seen.Fact, Value: v.value(seen.Value), Original: seen.Original})
		}
		out.Muted = out.Muted && view.Muted
		out.Lines = append(out.Lines, view)
	}
	out.Sum = v.numbers(sum, places)
	return out
}

// numbers writes points; what is nothing is left empty, but the result.
func (v viewer) numbers(s shares, places int) numbers {
	out := numbers{Result: v.signed(s.result, places)}
	for _, column := range []struct {
		points scoring.Points
		text   *string
	}{{s.raw, &out.Raw}, {s.age, &out.Age}, {s.cut, &out.Cut}} {
		if column.points != 0 {
			*column.text = v.signed(column.points, places)
		}
	}
	return out
}

// threshold is a number of points at which a stage asks for a score.
type threshold struct {
	stage string
	want  scoring.Points
}

// thresholds are those of a score, by points.
func thresholds(score string, e scoring.Evaluation) []threshold {
	var list []threshold
	for _, s := range e.Stages {
		for _, c := range s.Checks {
			if c.Kind == scoring.CheckScore && c.Name == score {
				list = append(list, threshold{s.Stage, c.Want})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b threshold) int { return int(a.want - b.want) })
	return list
}

// bar measures a score against the thresholds of the stages.
func (v viewer) bar(out *scoreView, s scoring.Score, e scoring.Evaluation) {
	const hundred = 100
	marks := thresholds(s.Name, e)
	full := max(s.Points, hundred*1000)
	for _, t := range marks {
		full = max(full, t.want)
	}
	part := func(p scoring.Points) int { return int(min(max(p, 0)*hundred/full, hundred)) }
	out.Bar = part(s.Points)
	for _, t := range marks {
		m := markView{Stage: t.stage, Want: v.points(t.want), At: part(t.want), Next: t.stage == e.Next}
		if s.Points < t.want {
			m.Short = v.points(t.want - s.Points)
		}
		out.Marks = append(out.Marks, m)
	}
}
