package audit

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// compare puts what leadsync wrote for a contact in a step beside what the rules asked for.
func (a *auditor) compare(c *contact, w *written) {
	why := strings.Join(c.expected.why, "; ")
	if c.expected.held {
		why = "the contact is held: nothing about it has changed since the first load (rule 1)"
	}
	if c.expected.unprofiled {
		why = "the contact must not be profiled: nothing is planned for it (rule 14)"
		a.compareUnprofiled(c, w)
	} else {
		a.compareScores(c, w)
	}
	a.compareStage(c, w, why)
	a.compareStatus(c, w, why)
	a.compareTasks(c, w, why)
	a.compareDeals(c, w, why)
	a.compareBack(c, w)
	a.compareLists(c, w, why)
	a.compareShown(c, w)
	a.compareRank(c)
	for _, property := range w.foreign {
		a.find(c, Finding{What: "property", Want: "untouched", Got: property + " written", Why: "the model or the rules read it"})
	}
}

func (a *auditor) compareStage(c *contact, w *written, why string) {
	x, mapping := c.expected, a.in.Mapping
	f := Finding{What: "stage", Want: a.showStage(x.standing.stageValue), Got: a.showStage(c.record.props["lifecyclestage"]), Why: why}
	if f.Want != f.Got {
		if len(x.why) == 0 && !x.held {
			f.Why = "the furthest stage whose criteria are met is " + orNone(c.verdict.stage) + ", it was at " +
				orNone(c.lead.stage) + ", and " + strconv.Itoa(c.memory.high) + " stages are behind it (rule 2)"
		}
		a.find(c, f)
		return
	}
	for _, value := range w.stages {
		if value == "" {
			continue // half of a way back, which compareBack looks at
		}
		if !slices.Contains(x.stages, nameOf(mapping.Stages, value)) {
			f.Got = a.showStage(value) + " written"
			a.find(c, f)
		}
	}
}

func (a *auditor) showStage(value string) string {
	return orText(nameOf(a.in.Mapping.Stages, value), value)
}

func (a *auditor) compareStatus(c *contact, w *written, why string) {
	x, names := c.expected, a.in.Mapping.Statuses
	show := func(value string) string { return orText(nameOf(names, value), value) }
	f := Finding{What: "status", Want: show(x.standing.statusValue), Got: show(c.record.props["hs_lead_status"]), Why: why}
	if f.Want != f.Got {
		a.find(c, f)
		return
	}
	for _, value := range w.statuses {
		if !slices.Contains(x.statuses, nameOf(names, value)) {
			f.Got = show(value) + " written"
			a.find(c, f)
		}
	}
}

// compareScores checks rule 8: what was written is what the model says at the time of writing, it was
// written if it had to be, and not otherwise. In a step of several rounds any verdict from the last one on
// that had to be written will do.
func (a *auditor) compareScores(c *contact, w *written) {
	x, properties := c.expected, a.writes()
	got := map[string]string{}
	for name, property := range properties {
		got[name] = c.record.props[property]
	}
	f := Finding{What: "score", Got: show(got)}
	if !x.write {
		f.Want = show(c.written)
		f.Why = "no score has moved by " + strconv.FormatInt(a.model.PushStep(), 10) +
			" points, and grade, tier and stages reached are those of the last writing (rule 8)"
		if f.Want != f.Got {
			a.find(c, f)
		}
		return
	}
	for _, v := range x.scores {
		if a.asWritten(v, got) {
			c.written = got
			c.memory.pushed = v.whole
			a.compareReasons(c)
			return
		}
	}
	f.Want = show(a.asText(x.scores[len(x.scores)-1]))
	f.Why = "the model gives these points at the time of writing (rule 8)"
	if !w.scored {
		f.Why = "they have to be written (rule 8): first ones, a step apart, another grade or tier, or other stages reached"
	}
	a.find(c, f)
}

// asWritten reports whether the properties hold a verdict.
func (a *auditor) asWritten(v verdict, got map[string]string) bool {
	want := a.asText(v)
	for name, value := range got {
		if name != totalScore {
			if value != want[name] {
				return false
			}
			continue
		}
		if value != strconv.FormatInt(v.total[0], 10) && value != strconv.FormatInt(v.total[1], 10) {
			return false
		}
	}
	return true
}

const totalScore = "total"

func (a *auditor) asText(v verdict) map[string]string {
	out := map[string]string{}
	for name := range a.writes() {
		switch name {
		case totalScore:
			out[name] = strconv.FormatInt(v.total[0], 10)
		case gradeName:
			out[name] = v.grade
		case tierName:
			out[name] = v.tier
		default:
			out[name] = strconv.FormatInt(v.whole[name], 10)
		}
	}
	return out
}

func (a *auditor) compareReasons(c *contact) {
	property := a.in.Mapping.ReasonsProperty
	if property != "" && c.record.props[property] == "" {
		a.find(c, Finding{What: "reasons", Want: "reasons beside the scores", Why: "scores are never written without them"})
	}
}

// show lists scores by name.
func show(scores map[string]string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(scores)) {
		out = append(out, name+" "+orNone(scores[name]))
	}
	return strings.Join(out, ", ")
}

// strangers reports what leadsync wrote where no audited contact is concerned.
func (a *auditor) strangers(w writings) {
	nobody := w.of("")
	for _, m := range slices.Concat(nobody.tasks, nobody.deals) {
		a.add(Finding{
			At: a.at, What: strings.TrimSuffix(m.record.typ, "s"), Want: "an association with a contact",
			Got: m.record.key() + " with none", Why: "every task and deal belongs to a contact",
		})
	}
	for _, what := range nobody.foreign {
		a.add(Finding{At: a.at, What: "archive", Want: "only tasks of ours are archived", Got: what})
	}
}
