package audit

import (
	"maps"
	"slices"
	"strconv"
)

// ending checks what holds at the end: scores are near enough, and every task and deal has a key of its own.
// Keys are looked at for every contact, those found wrong before included.
func (a *auditor) ending() {
	for _, r := range a.world.contacts() {
		if c := a.contacts[r.id]; c != nil && !c.broken {
			a.endingScores(c)
		}
	}
	keys := map[string]*made{}
	for _, name := range slices.Sorted(maps.Keys(a.ours)) {
		a.endingKey(a.ours[name], keys)
	}
}

func (a *auditor) endingScores(c *contact) {
	v := a.judge(c)
	if v.unprofiled {
		return // what was written is checked when it is taken back
	}
	f := Finding{What: "score", Want: show(a.asText(v))}
	for name, property := range a.in.Mapping.Scores {
		value := c.record.props[property]
		n, err := strconv.ParseInt(value, 10, 64)
		d := n - v.whole[name]
		if err != nil {
			f.Got, f.Why = name+" "+orNone(value), "every contact has scores"
			a.find(c, f)
			return
		}
		if name != totalScore && (d >= a.model.PushStep() || -d >= a.model.PushStep()) {
			f.Got, f.Why = name+" "+value, "at the end no score is a push step away from the written one (rule 8)"
			a.find(c, f)
			return
		}
	}
	for name, value := range map[string]string{gradeName: v.grade, tierName: v.tier} {
		if property := a.writes()[name]; c.record.props[property] != value && property != "" {
			f.Got, f.Why = name+" "+orNone(c.record.props[property]), "at the end grade and tier are those of the scores (rule 8)"
			a.find(c, f)
			return
		}
	}
	if !slices.Equal(v.reached, c.memory.reached) {
		f.Got, f.Why = "written for other stages", "at the end the stages reached are those of the last writing (rule 8)"
		a.find(c, f)
	}
}

func (a *auditor) endingKey(m *made, keys map[string]*made) {
	key := m.record.props[a.in.Mapping.KeyProperty]
	other := keys[key]
	if key != "" && other == nil {
		keys[key] = m
		return
	}
	if m.reported {
		return
	}
	f := a.about(m)
	f.What, f.Want, f.Got, f.Why = "key", "a key of its own", orText(key, "no key"), m.record.key()+" would be made again after a crash"
	if key != "" {
		f.Why = other.record.key() + " has the same key as " + m.record.key()
	}
	a.add(f)
}

// about begins a finding about a task or deal.
func (a *auditor) about(m *made) Finding {
	f := Finding{Contact: m.contact, At: m.record.created}
	if c := a.contacts[m.contact]; c != nil {
		f.Name = nameOfContact(c.record)
	}
	return f
}
