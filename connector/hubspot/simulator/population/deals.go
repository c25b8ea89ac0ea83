package population

import (
	"strconv"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// dealByHand creates the deal that nobody and nothing created within two days (S91).
func (j job) dealByHand() bool {
	if j.at.Sub(j.p.statusAt) < 48*time.Hour || len(j.w.account.Associations(contacts, j.p.id, simulator.Deals)) > 0 {
		return false
	}
	amount := strconv.Itoa(j.d.between(10, 90) * 1000)
	props := map[string]string{
		"dealname": j.p.name, "amount": amount, "deal_currency_code": "EUR", "hubspot_owner_id": j.rep.ID,
		"closedate": stamp(j.at.AddDate(0, 0, 60)),
	}
	return j.plan(DealCreated, "created a deal of "+amount+" EUR", func(by simulator.Actor, _ time.Time) error {
		_, err := j.w.account.CreateDeal(by, j.p.id, props)
		return err
	})
}

// considerDeals: open deals move every few working days, whoever created them.
func (w *World) considerDeals(s *step) {
	for _, o := range byContact(w, w.deals, simulator.Deals) {
		d := w.dice(s, o.who, purposeDeal)
		if d.chance(within(0.34, s.workdays)) {
			s.consider(o.who, func(at time.Time) bool { return w.job(s, o.who, d, at).workDeal(o.id) })
		}
	}
}

// workDeal moves a deal one stage on, wins it at the end or loses it, or talks
// about it.
func (j job) workDeal(id string) bool {
	o, ok := j.w.account.Object(simulator.Deals, id)
	if !ok || o.Archived {
		return false
	}
	if j.orphan && j.d.chance(0.5) {
		return j.reassign()
	}
	next, more := j.w.nextStage(o.Properties["pipeline"], o.Properties["dealstage"])
	worth := ""
	if o.Properties["amount"] != "" {
		worth = " (" + o.Properties["amount"] + " EUR)"
	}
	lost := 0.08
	if !more {
		lost = 0.38
	}
	switch {
	case j.d.chance(0.15):
		return j.meeting()
	case j.d.chance(lost):
		return j.plan(DealLost, "deal lost"+worth, func(by simulator.Actor, _ time.Time) error { return j.w.account.LoseDeal(by, id) })
	case !more:
		return j.plan(DealWon, "deal won"+worth, func(by simulator.Actor, _ time.Time) error { return j.w.account.WinDeal(by, id) })
	default:
		return j.plan(DealMoved, "deal moved to '"+next.Label+"'"+worth, func(by simulator.Actor, _ time.Time) error {
			return j.w.account.MoveDeal(by, id, next.ID)
		})
	}
}

// nextStage is the open stage after this one; false at the end of the open ones.
func (w *World) nextStage(pipeline, stage string) (simulator.Stage, bool) {
	for _, p := range w.account.Pipelines(simulator.Deals) {
		if p.ID != pipeline {
			continue
		}
		found := false
		for _, s := range p.Stages {
			if found && s.Metadata["isClosed"] != "true" {
				return s, true
			}
			found = found || s.ID == stage
		}
	}
	return simulator.Stage{}, false
}
