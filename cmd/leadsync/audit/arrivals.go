package audit

import (
	"fmt"
	"strings"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// settling is how long after its arrival what a contact's companies say is no change (rule 26).
const settling = 15 * time.Minute

// madeIn are the entries by which contacts came to be, by id.
func madeIn(journal []simulator.Entry) map[string]simulator.Entry {
	made := map[string]simulator.Entry{}
	for _, e := range journal {
		if e.Type == simulator.Contacts && e.Op == simulator.OpCreate {
			made[e.ID] = e
		}
	}
	return made
}

// arrives is the time of this step if a contact that is new in it is held, else zero: an import made it, or another
// program made too many within the hour before, those of this step included (rule 26).
func (a *auditor) arrives(r *record) time.Time {
	if !a.live {
		return time.Time{}
	}
	switch e := a.made[r.id]; {
	case e.Actor.Kind == simulator.Import && !a.in.Mapping.TakeImports:
		return a.at
	case e.Actor.Kind == simulator.Integration && a.in.Mapping.NewContacts > 0 && a.newcomers() > a.in.Mapping.NewContacts:
		return a.at
	}
	return time.Time{}
}

// newcomers counts the contacts that other programs made in the hour up to this step.
func (a *auditor) newcomers() (n int) {
	for id, e := range a.made {
		if r := a.world.records[simulator.Contacts+"/"+id]; r == nil || e.Actor.Kind != simulator.Integration || e.Seq <= a.in.GoLive {
			continue
		}
		if !e.At.After(a.at) && e.At.After(a.at.Add(-time.Hour)) {
			n++
		}
	}
	return n
}

// heldStill is rule 1: nothing about a held contact has changed. Shortly after its arrival what its companies say is no
// change, and from then on what it was when it had settled.
func (a *auditor) heldStill(c *contact, l lead) bool {
	m := c.memory
	if !m.held || m.loaded.standing != l.standing {
		return false
	}
	if m.loaded.signature == l.signature {
		return true
	}
	if c.arrived.IsZero() || a.at.Sub(c.arrived) >= settling || a.ownWords(c) != m.settled {
		return false
	}
	m.loaded = l
	return true
}

// ownWords is the signature of a contact as if it belonged to no company.
func (a *auditor) ownWords(c *contact) string {
	alone := *c.record
	alone.props = map[string]string{}
	for name, value := range c.record.props {
		if name != "associatedcompanyid" {
			alone.props[name] = value
		}
	}
	l := c.lead
	l.facts = map[string]any{}
	for _, f := range a.model.facts {
		if f.deals != "" || f.count != "" && f.count != "known_properties" {
			l.facts[f.name] = c.lead.facts[f.name]
			continue
		}
		from := f.from
		if own := a.in.Mapping.Sources[f.name]; len(own) > 0 {
			from = own
		}
		var said []string
		for _, source := range from {
			if !strings.HasPrefix(source, "company.") {
				said = append(said, source)
			}
		}
		if v, source := a.firstValue(&alone, said, f.typ); v != nil {
			l.facts[f.name] = fmt.Sprint(source, " ", v)
		}
	}
	return a.signature(l)
}
