package sim_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// topic is what goes wrong in a focused story. Every third story is a wide one, where everything may; in the others there
// are few people and two workers, and one kind of trouble comes again and again: some defences are only needed where
// several things of one kind happen close together.
type topic int

// The topics.
const (
	wide             topic = iota
	webhooksLost           // news are lost, and the index shows what is newer before what is older
	commitsFail            // the database loses answers
	sleepers               // workers sleep through the ends of their leases
	creationsLost          // the account creates, and nobody hears of it
	answersPartial         // answers to writes say less than they should
	readsSilent            // answers to reads do
	quickPeople            // people act right after they were read, and only a webhook tells
	updatesLate            // updates happen long after everybody has given up on them, and only a webhook tells
	updatesRefused         // updates wait, and people act meanwhile
	creationsRefused       // creations wait, and what asked for them passes
	merges                 // contacts become one
	farewells              // contacts are deleted for good, and news of them come later
	editors                // people work on the tasks that leadsync made
	strangers              // the account no longer accepts the token
	killings               // workers die
	creationsLate          // the account creates long after everybody has given up on it, and refuses no second one
	indexLate              // the index shows old states of what was read by id meanwhile
	topics
)

// trusting reports whether the story has no sweeps but the ones that are asked for: what a webhook told, and nobody
// looked at, is not healed before anybody sees it.
func (t topic) trusting() bool {
	return t == quickPeople || t == updatesLate || t == editors || t == strangers
}

// every is how often is swept.
func (t topic) every() string {
	switch {
	case t.trusting():
		return "12h"
	case t == indexLate:
		return "15s"
	}
	return "2m"
}

// wildKinds of deeds, as wildDeed numbers them.
const (
	wildMerge    = 8
	wildDelete   = 9
	wildFarewell = 10
	wildDeal     = 11
)

// topicOf is the topic of a seed's story.
func topicOf(seed uint64) topic {
	if seed%3 == 0 {
		return wide
	}
	return topic(1 + (seed/3*2+seed%3-1)%uint64(topics-1))
}

// narrow makes a focused story of a wide one.
func (p *play) narrow(r *rand.Rand, d dice) dice {
	t := topicOf(p.o.Seed)
	if t == wide {
		return d
	}
	d = dice{
		topic: t, contacts: 2 + r.IntN(3), workers: 2, rounds: 1, batch: d.batch, lease: d.lease, deeds: 6 + r.IntN(8), ask: r.IntN(2) == 0,
		wild: r.IntN(2) == 0,
	}
	switch t { //nolint:exhaustive // the others live by their failing answers alone
	case webhooksLost:
		d.events, d.lag, d.uneven, d.ask, d.wild = 0.3+0.3*r.Float64(), time.Second, true, false, r.IntN(2) == 0
		d.contacts, d.deeds = 3+r.IntN(3), 14
		if d.wild {
			d.kinds, d.acts = []int{0}, []int{0, 5, 5, 7, 9}
		}
	case commitsFail:
		d.commit, d.crashInside, d.firstStorm, d.contacts = 0.1, 0.01, r.IntN(2) == 0, 5
	case sleepers:
		// The client gives every attempt ten seconds: only a lease that is shorter can end during one.
		d.lease, d.pause, d.pauseMin, d.pauseMax, d.deeds = 9*time.Second, 0.03, 5*time.Second, 25*time.Second, 14
	case quickPeople:
		d.quick, d.wild = 0.5, true
	case updatesLate:
		d.contacts, d.wild, d.kinds, d.acts, d.deeds, d.length = 1, true, []int{0}, []int{3, 5, 5, 5, 9, 0}, 14, 100*time.Second
		d.beyond = r.IntN(2) == 0
	case updatesRefused:
		d.contacts, d.wild, d.kinds, d.acts, d.deeds, d.length = 1+r.IntN(2), true, []int{0}, []int{0, 1, 2, 7, 8, 7, 8, 9}, 14, 100*time.Second
	case creationsRefused:
		d.wild, d.kinds, d.acts, d.deeds = true, []int{0}, []int{0, 1, 2, 3, 7, 8, 8, 9}, 14
	case merges:
		d.contacts, d.wild, d.kinds, d.acts, d.deeds = 4+r.IntN(2), true, []int{wildMerge, 0}, []int{0, 1, 3, 3, 8}, 16
	case farewells:
		d.contacts, d.wild, d.kinds, d.lag, d.events = 4+r.IntN(2), true, []int{wildFarewell, wildFarewell, wildDelete, 0}, 40*time.Second, 0.4
	case editors:
		d.contacts, d.wild, d.kinds, d.acts, d.deeds, d.quick, d.edits = 2, true, []int{0}, []int{0, 1, 1, 2, 3, 7, 8, 8}, 16, 0.7, true
	case strangers:
		d.revoke, d.wild, d.deeds = true, true, 14
	case killings:
		d.crash, d.crashInside, d.firstStorm, d.contacts, d.deeds = 0.03, 0.05, true, 6, 4
	case indexLate:
		d.lag, d.wild, d.kinds, d.deeds = 40*time.Second, true, []int{wildDeal, wildDeal, 0}, 14
	}
	return d
}

// trouble adds the failing answers of the topic.
func (p *play) trouble() {
	r := rand.New(rand.NewPCG(p.o.Seed, uint64(4+len(p.steps))))
	share := 0.2 + 0.5*r.Float64()
	add := func(endpoint string, kinds ...simulator.FaultKind) {
		for _, kind := range kinds {
			f := simulator.Fault{Kind: kind, Endpoint: endpoint, Probability: share / float64(len(kinds))}
			if kind == simulator.FaultLate {
				f.Delay = time.Duration(11+r.IntN(50))*time.Second + time.Duration(r.IntN(1e9)) // longer than anybody waits
			}
			if p.dice.beyond {
				f.Delay += 2 * time.Minute
			}
			p.account.Faults().Add(f)
		}
	}
	t := p.dice.topic
	if t == wide && r.IntN(2) == 0 { // a wide story may have one of them too
		share /= 2
		t = []topic{creationsLost, answersPartial, readsSilent}[r.IntN(3)]
	}
	batch := func(typ, what string) string { return fmt.Sprintf("POST /crm/objects/{v}/%s/batch/%s", typ, what) }
	switch t { //nolint:exhaustive // in the others what goes wrong is no answer
	case creationsLost:
		for _, typ := range []string{simulator.Tasks, simulator.Deals} {
			add(batch(typ, "create"), simulator.FaultLate, simulator.FaultApplied500, simulator.FaultAppliedReset, simulator.FaultAppliedEmpty, simulator.Fault503)
		}
	case answersPartial:
		for _, typ := range []string{contacts, simulator.Tasks, simulator.Deals} {
			add(batch(typ, "update"), simulator.FaultOmit, simulator.FaultEmpty)
			add(batch(typ, "create"), simulator.FaultEmpty)
		}
	case readsSilent:
		for _, typ := range []string{contacts, simulator.Tasks, simulator.Calls} {
			add(batch(typ, "read"), simulator.FaultEmpty)
		}
	case updatesLate:
		share = 0.4
		add(batch(contacts, "update"), simulator.FaultLate)
	case creationsLate:
		share = 0.6
		for _, typ := range []string{simulator.Tasks, simulator.Deals} {
			add(batch(typ, "create"), simulator.FaultLate)
		}
	case strangers, updatesRefused:
		share = 0.7
		add(batch(contacts, "update"), simulator.Fault503)
	case creationsRefused:
		share = 0.7
		add(batch(simulator.Tasks, "create"), simulator.Fault503, simulator.FaultApplied500)
		add(batch(simulator.Deals, "create"), simulator.Fault503, simulator.FaultApplied500)
	}
}

// hurry lets a person act on a contact that a worker has just read, while the worker sleeps over what it has seen.
func (w *worker) hurry(ids []input) {
	if !w.storm || len(ids) == 0 || !w.chance(w.play.dice.quick) {
		return
	}
	id := ids[w.rng.IntN(len(ids))].ID
	w.frozen = time.Now().Add(w.between(time.Second, 8*time.Second))
	w.plan(time.Now().Add(w.between(time.Millisecond, 3*time.Second)), "somebody is quick", func() {
		if o, ok := w.account.Object(contacts, id); !ok || o.Archived {
			return
		}
		w.fired["quick"]++
		w.disturb(id)
		if w.play.dice.edits {
			w.finish(id, 2)
			return
		}
		w.act(id, w.one(), w.rng.IntN(1000))
	})
}

// one is what somebody does to a contact, as act numbers it.
func (p *play) one() int {
	acts := p.dice.acts
	if len(acts) == 0 {
		acts = []int{0, 1, 2, 3, 5, 7, 7, 8, 8, 9, 9, 10}
	}
	return acts[p.rng.IntN(len(acts))]
}

// haste changes how late the index is, so that it shows what is newer before what is older.
func (p *play) haste() {
	if p.dice.uneven {
		p.account.SetSearchLag([]time.Duration{time.Second, unevenMost / 2, unevenMost}[p.rng.IntN(3)])
	}
}

// unevenMost is the latest that an uneven index is.
const unevenMost = 5 * time.Minute

// latest is how late the index may be.
func (d dice) latest() time.Duration {
	if d.uneven {
		return unevenMost
	}
	return d.lag
}
