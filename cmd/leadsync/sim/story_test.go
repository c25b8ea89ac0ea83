package sim_test

import (
	"fmt"
	"time"

	"leadsync/connector/hubspot/simulator"
)

const contacts = simulator.Contacts

// dice are what the seed says about a story as a whole.
type dice struct {
	contacts, workers, rounds, batch int
	lag, lease                       time.Duration
	crash, crashInside, commit       float64 // chances for each move
	pause                            float64
	pauseMin, pauseMax               time.Duration
	skew                             time.Duration
	calls                            float64 // chance of each kind of failing answer
	events                           float64 // chance of each fate of a webhook event
	deeds                            int     // at most so many in a round
	revoke                           bool
	firstStorm                       bool // the first load is stormy too
	wild                             bool // people do not wait for leadsync
	ask                              bool // sweeps are asked for after a storm, not waited for
	topic                            topic
	length                           time.Duration // of a storm; 0: any
	uneven                           bool          // the index is late by a different time for each change
	quick                            float64       // chance of a person who acts on what was just read
	edits                            bool          // what they do is to edit its task
	beyond                           bool          // updates come later than leadsync waits for them
	kinds, acts                      []int         // what people do in the place of everything
}

// throw draws them.
func (p *play) throw() {
	r := p.rng
	one := func(n int) bool { return r.IntN(n) == 0 }
	d := dice{
		contacts: 3 + r.IntN(4), workers: 2 + r.IntN(2), rounds: []int{1, 1, 1, 2}[r.IntN(4)], batch: []int{0, 1, 3}[r.IntN(3)],
		lag: []time.Duration{0, 2 * time.Second, 10 * time.Second, 40 * time.Second}[r.IntN(4)], lease: time.Minute,
		deeds: 4 + r.IntN(9),
	}
	if one(12) {
		d.workers = 8
	}
	if one(2) {
		d.crash, d.crashInside = 0.01, 0.01
	}
	if one(2) {
		d.pause, d.pauseMin, d.pauseMax = 0.02, 2*time.Second, 150*time.Second
	}
	if one(3) {
		d.commit = 0.03
	}
	if one(4) {
		d.skew = 10 * time.Minute
	}
	if one(2) {
		d.calls = 0.02 + 0.08*r.Float64()
	}
	if one(2) {
		d.events = 0.1 + 0.3*r.Float64()
	}
	d.revoke, d.firstStorm, d.ask, d.wild = one(5), one(4), !one(4), one(2)
	p.dice = p.narrow(r, d)
}

// settle fills the account with people before leadsync comes.
func (p *play) settle() {
	p.disturbed, p.merged, p.purged, p.revived = map[string]bool{}, map[string]bool{}, map[string]string{}, map[string]bool{}
	p.into = map[string][]string{}
	p.ids, p.searched = map[string]bool{}, map[string]time.Time{}
	p.account.SetWebhook(simulator.WebhookTarget{})
	p.owner = p.account.CreateOwner("Jana Vogt", "jana@leadsync.example", true)
	for range p.dice.contacts {
		p.arrive()
	}
	// Nobody told leadsync of them, and they came long before its first look.
	p.jump.Add(int64(2 * time.Hour))
	p.account.SetWebhook(p.webhook())
}

// people are those in the account, and what they do.
type people struct {
	arrived int
	order   []string        // ids of contacts
	ids     map[string]bool // contacts who did something in this round
	owner   string
	steps   []step
	goLive  int
	closing bool
}

// step is a stretch of the story after which everything had settled.
type step struct {
	seq int // the last entry of the journal in it
	at  time.Time
}

func rep() simulator.Actor { return simulator.Actor{Kind: simulator.User, ID: "7"} }

// arrive is a new contact.
func (p *play) arrive() {
	r := p.rng
	p.arrived++
	props := map[string]string{
		"email": fmt.Sprintf("p%d@nordlicht.example", p.arrived), "firstname": "P", "lastname": fmt.Sprint(p.arrived),
		"lifecyclestage": []string{"subscriber", "lead", "salesqualifiedlead"}[r.IntN(3)],
		"jobtitle":       []string{"CEO", "Technik", "Student"}[r.IntN(3)], "country": []string{"Germany", "France"}[r.IntN(2)],
		"budget": []string{"20000", "500", ""}[r.IntN(3)],
	}
	if r.IntN(2) == 0 {
		props["hubspot_owner_id"] = p.owner
	}
	id, err := p.account.CreateContact(rep(), props)
	p.must(err)
	p.order = append(p.order, id)
	p.ids[id] = true
}

// load is the first load of the account.
func (p *play) load() {
	for n := range p.dice.workers {
		p.hire(fmt.Sprintf("w%d", n+1))
	}
	if p.dice.firstStorm {
		p.stormFor(2 * time.Minute)
	}
	p.calm("the first load", p.dice.firstStorm)
	for _, e := range p.account.Journal() {
		if e.Actor.Kind == simulator.API {
			break
		}
		p.goLive = e.Seq
	}
	p.step()
}

// round is one storm with people in it, and the calm after it.
func (p *play) round(n int) {
	p.await()
	at := p.now().Truncate(time.Hour).Add(time.Duration(3+p.rng.IntN(30))*time.Hour + 29*time.Minute)
	p.jump.Add(int64(at.Sub(p.now())))
	p.tell("story", "time goes on")
	p.calm("the passing of time", false) // what time alone asks for is a step of its own
	p.step()
	clear(p.ids)
	length := p.between(time.Minute, 5*time.Minute)
	if p.dice.length > 0 {
		length = p.dice.length
	}
	for range p.dice.deeds/2 + p.rng.IntN(p.dice.deeds) {
		p.plan(time.Now().Add(p.between(0, length*2/3)), "somebody does something", p.deed)
	}
	if p.dice.revoke {
		from := p.between(0, length)
		if p.dice.topic == strangers { // when updates wait, and nobody does anything new
			from = p.between(length*6/10, length*9/10)
		}
		p.plan(time.Now().Add(from), "the token is revoked", func() {
			p.fired["revoked"]++
			p.account.RevokeToken()
		})
		p.plan(time.Now().Add(from+p.between(0, length)), "the token is good again", p.account.RestoreToken)
	}
	p.stormFor(length)
	if p.dice.topic.trusting() {
		if p.calm("what webhooks tell", false); !p.broken() {
			p.lookedAt()
		}
	}
	p.calm(fmt.Sprintf("round %d", n+1), true)
	p.step()
}

// step notes that everything has settled.
func (p *play) step() {
	p.steps = append(p.steps, step{len(p.account.Journal()), p.now()})
}

// stormFor lets things go wrong for a while.
func (p *play) stormFor(d time.Duration) {
	p.storm = true
	p.tell("story", "a storm begins")
	if p.dice.calls > 0 {
		for _, kind := range simulator.FaultKinds() {
			switch kind { //nolint:exhaustive // all but these
			case simulator.FaultRateDaily, simulator.FaultRevoked,
				simulator.FaultWebhookLost, simulator.FaultWebhookDouble, simulator.FaultWebhookReorder, simulator.FaultWebhookDelay:
				continue
			}
			f := simulator.Fault{Kind: kind, Probability: p.dice.calls / 8}
			if kind == simulator.FaultSlow || kind == simulator.FaultLate {
				f.Delay = time.Duration(1+p.rng.IntN(15))*time.Second + time.Duration(p.rng.IntN(1e9))
			}
			p.account.Faults().Add(f)
		}
	}
	if p.dice.events > 0 {
		for _, kind := range []simulator.FaultKind{simulator.FaultWebhookLost, simulator.FaultWebhookDouble, simulator.FaultWebhookReorder, simulator.FaultWebhookDelay} {
			f := simulator.Fault{Kind: kind, Probability: p.dice.events}
			if kind == simulator.FaultWebhookLost && p.dice.topic == farewells { // who is not told cannot forget
				continue
			}
			if kind == simulator.FaultWebhookDelay {
				f.Delay = time.Duration(p.rng.IntN(90_000_000_000) + 1)
			}
			p.account.Faults().Add(f)
		}
	}
	p.trouble()
	until := time.Now().Add(d)
	if p.dice.crash > 0 {
		for at := time.Now(); at.Before(until); at = at.Add(20 * time.Second) {
			p.plan(at, "who was killed is started again", p.fill)
		}
	}
	p.run(until, nil)
}

// fill starts new processes for those that died.
func (p *play) fill() {
	for n := 0; len(p.workers) < p.dice.workers && n < p.dice.workers; n++ {
		name := fmt.Sprintf("w%d", n+1)
		if p.rng.IntN(4) == 0 {
			name = fmt.Sprintf("w%d", p.hired+1)
		}
		taken := false
		for _, w := range p.workers {
			taken = taken || w.name == name
		}
		if !taken {
			p.hire(name)
		}
	}
}

// calm ends all that goes wrong and waits until everything has settled; what may have been missed has to be swept then.
func (p *play) calm(after string, missed bool) {
	for _, f := range p.account.Faults().List() {
		p.fired[string(f.Kind)] += f.Fired
	}
	p.account.Faults().Clear()
	p.account.RestoreToken()
	for i := 0; i < len(p.events); { // what was still to happen happens now
		p.events[i].at = time.Now()
		i++
	}
	p.storm = false
	if p.dice.uneven {
		p.account.SetSearchLag(p.dice.lag)
	}
	for _, w := range p.workers {
		w.frozen = time.Time{}
		w.skew.Store(0)
	}
	p.fill()
	p.tell("story", "calm after "+after)
	p.calmed, p.missed, p.rested = time.Now(), missed, time.Time{}
	clear(p.searched)
	for _, w := range p.workers {
		if missed && (p.dice.ask || p.dice.topic.trusting()) {
			p.plan(time.Now().Add(p.dice.latest()+time.Second), "everything is swept", w.svc.Runner(portalName).Sweep)
		}
		w.svc.Runner(portalName).Wake()
	}
	p.run(p.calmed.Add(settles), p.settled)
	if !p.broken() && !p.settled() {
		p.violate(checkLiveness, "not settled %s after %s: %s", settles, after, p.unsettled())
	}
	p.tell("story", "everything has settled")
}

// deed is one thing that somebody does.
func (p *play) deed() {
	r := p.rng
	p.haste()
	switch {
	case r.IntN(8) == 0 && len(p.dice.kinds) == 0:
		p.arrive()
		return
	case p.dice.wild && r.IntN(2) == 0:
		p.wildDeed()
		return
	}
	if len(p.order) == 0 {
		return
	}
	id := p.order[r.IntN(len(p.order))]
	if p.ids[id] {
		return // one deed for each contact in a round: then the auditor knows what must follow
	}
	p.ids[id] = true
	p.act(id, r.IntN(12), r.IntN(1000))
}

func (p *play) act(id string, what, which int) {
	a, now := p.account, p.now()
	set := func(name string, values ...string) {
		p.tell("people", fmt.Sprintf("set %s of %s", name, id))
		p.must(a.Set(rep(), contacts, id, map[string]string{name: values[which%len(values)]}))
	}
	switch what {
	case 0, 1:
		p.tell("people", "call "+id)
		_, err := a.LogCall(rep(), id, simulator.Call{
			At: now, Direction: "OUTBOUND", Disposition: []string{simulator.CallNoAnswer, simulator.CallConnected, simulator.CallBusy, simulator.CallWrongNumber}[which%4],
		})
		p.must(err)
	case 2:
		p.tell("people", "meet "+id)
		_, err := a.LogMeeting(rep(), id, simulator.Meeting{At: now, Outcome: []string{"COMPLETED", "NO_SHOW"}[which%2]})
		p.must(err)
	case 3, 4:
		p.tell("people", id+" fills in a form")
		p.must(a.SubmitForm(id, []string{"Get a demo", "Newsletter"}[which%2], now))
	case 5:
		set("budget", "20000", "500", "")
	case 6:
		set("no_profiling", "true", "")
	case 7, 8:
		set("hs_lead_status", "NEW", "ATTEMPTED_TO_CONTACT", "BAD_TIMING", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "")
	case 9:
		set("lifecyclestage", "lead", "salesqualifiedlead", "marketingqualifiedlead")
	default:
		p.finish(id, which)
	}
}

// finish completes, deletes or edits an open task of a contact.
func (p *play) finish(id string, which int) {
	a := p.account
	for _, l := range a.Associations(contacts, id, simulator.Tasks) {
		o, ok := a.Object(simulator.Tasks, l.ID)
		if !ok || o.Archived || o.Properties["hs_task_status"] == "COMPLETED" {
			continue
		}
		switch which % 3 {
		case 0:
			p.tell("people", "complete task "+l.ID)
			p.must(a.CompleteTask(rep(), l.ID))
		case 1:
			p.tell("people", "delete task "+l.ID)
			p.must(a.DeleteTask(rep(), l.ID))
		default:
			p.tell("people", "edit task "+l.ID)
			p.must(a.EditTask(rep(), l.ID, map[string]string{"hs_task_subject": "Mine"}))
		}
		return
	}
}
