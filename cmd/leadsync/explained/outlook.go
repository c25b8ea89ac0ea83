package explained

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"leadsync/scoring"
)

// outlookDays is how far the pictures look ahead.
const outlookDays = 90

// Outlook is how each score will develop by time alone, in steps of a day.
type Outlook struct {
	From   time.Time
	Scores []Series // in the model's order
}

// Series is one score; Points has the value of each day, the first one that of now.
type Series struct {
	Name   string
	Points []scoring.Points
}

// Look evaluates a lead on each of the next 90 days, as if nothing else happened.
func Look(m *scoring.Model, lead scoring.Lead, at time.Time) Outlook {
	out := Outlook{From: at}
	for day := range outlookDays + 1 {
		e := m.Evaluate(lead, at.Add(time.Duration(day)*24*time.Hour))
		if e.Unprofiled {
			return Outlook{From: at}
		}
		for i, s := range e.Scores {
			if day == 0 {
				out.Scores = append(out.Scores, Series{Name: s.Name})
			}
			out.Scores[i].Points = append(out.Scores[i].Points, s.Points)
		}
	}
	return out
}

// The picture's size and margins, in its own units.
const (
	chartWidth, chartHeight                      = 360.0, 176.0
	chartLeft, chartRight, chartTop, chartBottom = 34.0, 8.0, 22.0, 24.0
	labelGap                                     = 11.0
	month                                        = 30
)

// chart is the picture of one score.
type chart struct {
	Name          string
	Said          string // what the picture shows, for those who do not see it
	Width, Height float64
	Left, Right   float64
	Top, Bottom   float64
	Path, Area    string
	Levels        []levelView
	Ticks, Days   []tickView
	Change        *tickView
}

// levelView is a threshold; its label stands at LabelY, so that labels do not cover each other.
type levelView struct {
	Y, LabelY float64
	Label     string
	Next      bool
}

type tickView struct {
	At     float64
	Label  string
	Anchor string
}

// scale maps days and points into the picture.
type scale struct{ low, high float64 }

func (s scale) x(day float64) float64 {
	return round(chartLeft + day/outlookDays*(chartWidth-chartLeft-chartRight))
}

func (s scale) y(points float64) float64 {
	return round(chartHeight - chartBottom - (points-s.low)/(s.high-s.low)*(chartHeight-chartTop-chartBottom))
}

func round(f float64) float64 { return math.Round(f*10) / 10 }

func inPoints(p scoring.Points) float64 { return float64(p) / 1000 }

func (v viewer) charts(o Outlook, e scoring.Evaluation) []chart {
	var list []chart
	for _, s := range o.Scores {
		list = append(list, v.chart(o, s, e))
	}
	return list
}

func (v viewer) chart(o Outlook, s Series, e scoring.Evaluation) chart {
	levels := thresholds(s.Name, e)
	sc := scaleOf(s, levels)
	c := chart{
		Name: s.Name, Width: chartWidth, Height: chartHeight,
		Left: chartLeft, Right: chartWidth - chartRight, Top: chartTop, Bottom: chartHeight - chartBottom,
	}
	var path strings.Builder
	for day, p := range s.Points {
		command := "L"
		if day == 0 {
			command = "M"
		}
		fmt.Fprintf(&path, "%s%g %g", command, sc.x(float64(day)), sc.y(inPoints(p)))
	}
	c.Path = path.String()
	c.Area = fmt.Sprintf("%sL%g %gL%g %gZ", c.Path, sc.x(float64(len(s.Points)-1)), sc.y(sc.low), sc.x(0), sc.y(sc.low))
	c.Levels = v.levels(levels, sc, e.Next)
	for _, p := range []float64{sc.low, (sc.low + sc.high) / 2, sc.high} {
		c.Ticks = append(c.Ticks, tickView{At: sc.y(p), Label: v.number(fmt.Sprint(math.Round(p)))})
	}
	var said []string
	for day := 0; day <= outlookDays && day < len(s.Points); day += month {
		at := o.From.Add(time.Duration(day) * 24 * time.Hour)
		anchor := map[int]string{0: "start", outlookDays: "end"}[day]
		c.Days = append(c.Days, tickView{At: sc.x(float64(day)), Label: v.day(at), Anchor: anchor})
		said = append(said, fmt.Sprintf("%s: %s", v.day(at), v.number(fmt.Sprint(math.Round(inPoints(s.Points[day]))))))
	}
	c.Said = strings.Join(said, ", ")
	c.Change = v.changing(o, s.Name, sc, e)
	return c
}

// changing marks the next change, if it is one of this score or of none in particular.
func (v viewer) changing(o Outlook, score string, sc scale, e scoring.Evaluation) *tickView {
	days := e.NextChange.Sub(o.From).Hours() / 24
	others := e.Change != nil && len(e.Change.Scores) > 0 &&
		!slices.ContainsFunc(e.Change.Scores, func(c scoring.ScoreChange) bool { return c.Name == score })
	if e.NextChange.IsZero() || days > outlookDays || others {
		return nil
	}
	tick := &tickView{At: sc.x(max(days, 0)), Label: v.day(e.NextChange), Anchor: "start"}
	if tick.At > chartWidth/2 {
		tick.Anchor = "end"
	}
	return tick
}

// scaleOf holds all points and thresholds, and always zero.
func scaleOf(s Series, levels []threshold) scale {
	sc := scale{0, 0}
	for _, p := range s.Points {
		sc.low, sc.high = min(sc.low, inPoints(p)), max(sc.high, inPoints(p))
	}
	for _, l := range levels {
		sc.low, sc.high = min(sc.low, inPoints(l.want)), max(sc.high, inPoints(l.want))
	}
	const step = 10
	sc.low, sc.high = math.Floor(sc.low/step)*step, math.Ceil(sc.high/step)*step
	if sc.high == sc.low {
		sc.high += step
	}
	return sc
}

// levels are the thresholds, those of equal points in one, with labels from the top down.
func (v viewer) levels(list []threshold, sc scale, next string) []levelView {
	var views []levelView
	for _, l := range slices.Backward(list) {
		y := sc.y(inPoints(l.want))
		if n := len(views); n > 0 && views[n-1].Y == y {
			views[n-1].Label = l.stage + ", " + views[n-1].Label
			views[n-1].Next = views[n-1].Next || l.stage == next
			continue
		}
		label := y - 3
		if n := len(views); n > 0 {
			label = max(label, views[n-1].LabelY+labelGap)
		}
		views = append(views, levelView{Y: y, LabelY: label, Label: l.stage + " " + v.points(l.want), Next: l.stage == next})
	}
	return views
}
