package sim_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// wild is what people do without waiting for leadsync: several things at once, merges, deletions. The auditor judges
// one deed at a time, so contacts to whom that happens are judged by what holds whatever happens (known_test.go).
type wild struct {
	disturbed map[string]bool     // by id of a contact
	merged    map[string]bool     // survivors
	into      map[string][]string // by survivor: those that became it
	untold    map[string]bool     // records of which a webhook was lost
	unmerged  map[string]bool     // survivors of whose merge the webhook was lost
	purged    map[string]string   // address by id of those who were deleted for good
	revived   map[string]bool     // deleted and restored
}

// wildDeed is one of these things.
func (p *play) wildDeed() {
	r := p.rng
	if len(p.order) == 0 {
		return
	}
	i := r.IntN(len(p.order))
	id := p.order[i]
	gone := func() { p.order = slices.Delete(p.order, i, i+1) }
	kind := 4 + r.IntN(8)
	if kinds := p.dice.kinds; len(kinds) > 0 {
		kind = kinds[r.IntN(len(kinds))]
	}
	if p.dice.topic == merges && p.fired["two at once"] < p.dice.deeds/2 { // only who has something can lose it
		kind = 0
	}
	if kind == wildMerge && len(p.order) < 2 {
		return
	}
	switch {
	case kind < 8:
		p.disturb(id)
		p.fired["two at once"]++
		p.act(id, p.one(), r.IntN(1000))
	case kind == wildMerge:
		other := p.order[(i+1)%len(p.order)]
		p.disturb(id, other)
		p.fired["merge"]++
		p.tell("people", fmt.Sprintf("merge %s into %s", other, id))
		survivor, err := p.account.Merge(rep(), contacts, id, other)
		p.must(err)
		p.order = slices.DeleteFunc(p.order, func(x string) bool { return x == id || x == other })
		p.order = append(p.order, survivor)
		p.disturb(survivor)
		p.merged[survivor] = true
		for _, one := range []string{id, other} {
			if one != survivor {
				p.into[survivor] = append(p.into[survivor], one)
			}
		}
	case kind == wildDelete:
		p.disturb(id)
		p.fired["deletion"]++
		p.tell("people", "delete "+id)
		p.must(p.account.Archive(rep(), contacts, id))
		gone()
		if r.IntN(2) == 0 {
			p.plan(time.Now().Add(p.between(time.Second, 3*time.Minute)), "a contact is restored", func() {
				p.fired["restored"]++
				p.tell("people", "restore "+id)
				p.must(p.account.Restore(rep(), contacts, id))
				p.revived[id] = true
				p.order = append(p.order, id)
			})
		}
	case kind == wildFarewell:
		p.disturb(id)
		p.fired["privacy deletion"]++
		if p.dice.topic == farewells { // of which the news come after the farewell
			p.act(id, p.one(), r.IntN(1000))
		}
		o, _ := p.account.Object(contacts, id)
		p.tell("people", "delete for good "+id)
		p.purged[id] = o.Properties["email"]
		p.must(p.account.PrivacyDelete(rep(), contacts, id))
		gone()
	default:
		p.disturb(id)
		p.openDeal(id, r.IntN(3))
	}
}

func (p *play) disturb(ids ...string) {
	for _, id := range ids {
		p.disturbed[id], p.ids[id] = true, true
	}
}

// openDeal opens a deal by hand, or ends an open one.
func (p *play) openDeal(id string, which int) {
	a := p.account
	for _, l := range a.Associations(contacts, id, simulator.Deals) {
		o, ok := a.Object(simulator.Deals, l.ID)
		if !ok || o.Archived || o.Properties["hs_is_closed"] == "true" {
			continue
		}
		if which == 0 {
			p.tell("people", "win deal "+l.ID)
			p.must(a.WinDeal(rep(), l.ID))
		} else {
			p.tell("people", "lose deal "+l.ID)
			p.must(a.LoseDeal(rep(), l.ID))
		}
		return
	}
	p.tell("people", "open a deal for "+id)
	_, err := a.CreateDeal(rep(), id, map[string]string{"dealname": "By hand"})
	p.must(err)
}

// touch changes something of everybody that no model reads: everybody is looked at once more, and nothing may follow.
func (p *play) touch() {
	p.await()
	if p.landed(); p.broken() {
		return
	}
	before := len(p.account.Journal())
	p.tell("story", "everybody is looked at once more")
	for _, id := range p.order {
		p.must(p.account.Set(rep(), contacts, id, map[string]string{"fax": "1"}))
	}
	p.calm("a look at everybody", true)
	if p.broken() {
		return
	}
	for _, e := range p.account.JournalSince(before) {
		if e.Actor.Kind == simulator.API {
			p.violate(checkWrong, "nothing had happened, but leadsync changed %s %s: %s from %q to %q", e.Type, e.ID, e.Property, e.Old, e.New)
			return
		}
	}
}

// landed waits until the account has carried out what everybody has given up on, and judges once more.
func (p *play) landed() {
	if p.aloft.Load() == 0 {
		return
	}
	p.tell("story", "the account still carries out calls")
	p.run(time.Now().Add(settles), func() bool { return p.aloft.Load() == 0 })
	if p.aloft.Load() > 0 {
		p.violate(checkRun, "the account carries out calls for ever")
	}
	if p.calm("what came late", true); !p.broken() {
		p.judge()
	}
}

// isOurs reports whether leadsync made a record.
func isOurs(o simulator.Object) bool { return o.Properties["leadsync_key"] != "" }

// subject is the beginning of a task's subject, which says what rule asked for it.
func subject(o simulator.Object) string {
	text, _, _ := strings.Cut(o.Properties["hs_task_subject"], ":")
	return text
}
