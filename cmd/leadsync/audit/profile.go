package audit

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// unprofile is rule 14 for one round: what was written is taken back once, and nothing else is asked for. Where the
// contact stands is remembered as it is; what it did is forgotten, and so is what was waited for.
func (a *auditor) unprofile(c *contact, l lead) {
	m, x := c.memory, c.expected
	if !m.unprofiled {
		m.unprofiled, x.clear = true, a.standsOfOurs(c.record)
		a.closeAll(c)
		c.written, m.pushed, m.reached, m.grade, m.tier = nil, nil, nil, "", ""
	}
	x.unprofiled, c.past = true, pasts{}
	clear(m.waits)
	clear(m.rows)
	clear(m.owed)
	clear(m.heard)
	m.forgetAll()
	a.remain(m, l)
	a.audienceRule(c, l, c.verdict)
}

// remain remembers where a contact stands without anything being entered.
func (a *auditor) remain(m *memory, l lead) {
	if l.status != m.status {
		m.statusSince = a.at
	}
	m.stage, m.status, m.high = l.stage, l.status, max(m.high, a.rank(l.stage))
	a.overcome(m)
}

// readmit ends it: the contact begins where it stands, and what happened up to now counts for nothing.
func (a *auditor) readmit(c *contact) {
	m := c.memory
	m.unprofiled, m.held, m.loaded, m.considered = false, false, lead{}, ""
	c.since = a.at
	c.lead = a.leadOf(c)
	a.remain(m, c.lead)
}

// counts reports whether an activity counts for a contact that was not to be profiled until a moment: it surely
// happened afterwards.
func (c *contact) counts(x activity) bool {
	if c.since.IsZero() {
		return true
	}
	return x.from().After(c.since)
}

// from is the earliest moment at which something can have happened.
func (x activity) from() time.Time {
	if !x.certain && !x.notBefore.IsZero() && x.notBefore.Before(x.at) {
		return x.notBefore
	}
	return x.at
}

// closeAll asks for every open task of ours to be closed, those that people opened again included.
func (a *auditor) closeAll(c *contact) {
	const why = "the contact must not be profiled, and a task tells why (rule 14)"
	clear(c.memory.tasks)
	for _, m := range a.tasksOf[c.record.id] {
		if m.open() {
			c.expected.closed[m.record.id] = why
		}
	}
}

// ownProperties are all properties of contacts that leadsync writes beside stage and status.
func (a *auditor) ownProperties() []string {
	mapping := a.in.Mapping
	all := slices.Collect(maps.Values(mapping.Scores))
	all = append(all, mapping.Grade, mapping.Tier, mapping.ReasonsProperty, mapping.ScoredAtProperty, mapping.LastReasonProperty, mapping.RankProperty)
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(property string) bool { return property == "" })
}

// standsOfOurs reports whether any of our properties has a value.
func (a *auditor) standsOfOurs(r *record) bool {
	return slices.ContainsFunc(a.ownProperties(), func(property string) bool { return r.props[property] != "" })
}

// compareUnprofiled checks what rule 14 asks of our properties: they are emptied once, by one update, when it begins,
// and not touched otherwise.
func (a *auditor) compareUnprofiled(c *contact, w *written) {
	wrong := func(want, got, why string) {
		a.find(c, Finding{What: "profile", Want: want, Got: got, Why: "the contact must not be profiled: " + why + " (rule 14)"})
	}
	for _, property := range sortedKeys(w.own) {
		values := w.own[property]
		if slices.ContainsFunc(values, func(value string) bool { return value != "" }) {
			wrong(property+" empty", "a value written", "nothing is written of it any more")
			return
		}
		if !c.expected.clear {
			wrong(property+" untouched", "emptied", "what was written is taken back once, and nothing of ours was there")
			return
		}
	}
	if !c.expected.clear {
		return
	}
	for _, property := range a.ownProperties() {
		if c.record.props[property] != "" {
			wrong(property+" empty", "the value before", "what was written is taken back")
			return
		}
	}
	if len(w.updates) != 1 {
		wrong("one update", strconv.Itoa(len(w.updates)), "all is emptied together")
	}
}

// noticeOwn remembers what was written to a property of ours, and by which update.
func (w *written) noticeOwn(e simulator.Entry) {
	w.own[e.Property] = append(w.own[e.Property], e.New)
	w.updates[e.Call+" "+strconv.FormatInt(e.Request, 10)+" "+stamp(e.At)+e.Wall.String()] = true
}
