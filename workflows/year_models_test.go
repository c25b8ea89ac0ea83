package workflows_test

import (
	"fmt"
	"os"
	"strings"

	"leadsync/scoring"
)

// yearModel is the model of a team: one of the shipped ones, or a small one put together at random. held says what
// becomes of a person's choice in it.
func yearModel(t fail, r *yearRand, team int) (m *scoring.Model, what choiceHeld) {
	var text []byte
	var err error
	path := "small.yaml"
	switch team % 4 {
	case 0:
		path = "../fixtures/models/b2b.yaml"
		text, err = os.ReadFile(path)
		what.forEver = true
	case 1:
		path = "../fixtures/models/sales.yaml"
		text, err = os.ReadFile(path)
	default:
		var small string
		small, what = smallModel(r)
		text = []byte(small)
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	if m, err = scoring.Parse(path, text); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return m, what
}

// choiceHeld says how long a person's choice holds in a model.
type choiceHeld struct {
	days    int  // with a lease
	facts   bool // or until one changes
	forEver bool // no lease, and nothing leads back
}

const smallHead = `model: small
facts:
  email:        {from: [contact.email]}
  vip:          {from: [contact.vip], type: bool}
  budget:       {from: [contact.budget], type: number}
  call_back_on: {from: [contact.call_back_on], type: time}
  answer:       {from: [contact.handover], options: {accepted: [angenommen], rejected: [abgelehnt]}}
  open_deals:   {count: open_deals}
activities:
  form:    {counter: contact.num_conversion_events, last: contact.recent_conversion_date, attributes: {name: contact.recent_conversion_event_name}}
  call:    {object: call, attributes: {outcome: hs_call_disposition}}
  meeting: {object: meeting, attributes: {outcome: hs_meeting_outcome}}
scores:
  fit:        {maximum: 100, rules: [{name: address, when: known(email), points: 100}]}
  engagement: {rules: [{name: form, activity: form, points: 20, cap: 80, half_life: 60d}]}
gates:
  taken_over: {requires: 'answer == "accepted"', confirmation: true, ask: {en: "Say yes or no."}}
lifecycle:
  - {stage: lead, owner: marketing, when: known(email)}
  - {stage: mql, when: budget >= 10000}
  - {stage: sql, owner: sales, scores: {engagement: 20}, gates: [taken_over], direct: vip}
  - {stage: opportunity, when: open_deals >= 1}
lead_status:
  - {status: new, on_stage: sql}
  - {status: attempted, activity: call, where: outcome == "no_answer"}
  - {status: in_progress, activity: call, where: outcome == "connected"}
  - {status: bad_timing}
  - {status: open_deal}
  - {status: unqualified}
assignments:
  inside: {sets_owner: true, entries: [{when: vip, people: [ada]}, {people: [ada, bert, cleo]}]}
  round:  {entries: [{people: [bert, cleo, dora]}]}
`

// smallModel is one of many small models: with or without ladder, way back, leases, handover, clock and whom work is for.
func smallModel(r *yearRand) (text string, what choiceHeld) {
	var b strings.Builder
	b.WriteString(smallHead + "follow_ups:\n")
	kind := func() string { return pick(r, "call", "call", "email", "todo") }
	due := func() string { return pick(r, "1h", "1d", "2d", "2wd", "4wh", "12h", "10d", "1wh") }
	whom := func() string { return pick(r, "owner", "owner", "owner", "inside", "round", "ada", "deal_owner") }
	fmt.Fprintf(&b, "  - {name: first contact, on_status: new, task: {kind: %s, due: %s, for: %s, priority: high, subject: \"First: {name}\"}}\n", kind(), due(), whom())
	ladder, back := "", r.one(2)
	if r.one(2) {
		then := "{status: unqualified}"
		if back && r.one(2) {
			then = "{back_to: lead}"
		}
		ladder = fmt.Sprintf(", ladder: [{due: %s}, {due: 4d, priority: medium, subject: \"Again, no. {attempt}\"}, {due: 10d}], then: %s", due(), then)
	}
	fmt.Fprintf(&b, "  - {name: call again, on_status: attempted, obsolete_when: 'count(\"meeting\", outcome == \"completed\") >= 2', task: {kind: %s, due: %s, due_fact: call_back_on, for: %s, priority: low, subject: \"Again: {name}\"%s}}\n", kind(), due(), whom(), ladder)
	fmt.Fprintf(&b, "  - {name: ask, on_activity: {kind: call, where: outcome == \"connected\"}, after: %s, while: not known(budget), task: {kind: %s, due: %s, subject: \"What may it cost?\"}}\n", pick(r, "3d", "5h", "2wd"), kind(), due())
	fmt.Fprintf(&b, "  - {name: minutes, on_activity: {kind: meeting}, task: {kind: %s, due: %s, for: %s, subject: \"Write the minutes\"}}\n", kind(), due(), whom())
	fmt.Fprintf(&b, "  - {name: brochure, on_stage: mql, task: {kind: %s, due: %s, for: %s, subject: \"Send the brochure\"}}\n", kind(), due(), whom())
	b.WriteString("  - {name: open the deal, on_status: open_deal, deal: {name: \"{name}\", pipeline: sales, amount: budget, close_in: 60d}}\n")
	if back {
		b.WriteString("  - {name: back, on_status: bad_timing, back_to: mql}\n")
	}
	b.WriteString("  - {name: close reminders, on_status: unqualified, close_tasks: true}\n")
	switch r.IntN(3) {
	case 0:
		what = choiceHeld{days: 30, facts: true}
		b.WriteString("overrides: {keep: 30d, until: facts_change, notice: 3d}\n")
	case 1:
		what = choiceHeld{days: 20}
		b.WriteString("overrides: {keep: 20d}\n")
	default:
		what = choiceHeld{forEver: !back}
	}
	if r.one(2) {
		b.WriteString("handover: {confirm: answer, accepted: [accepted], rejected: [rejected], escalate_after: 8wh, escalate_to: sales_lead}\n")
	}
	if r.one(2) {
		b.WriteString("response: [{name: first, stage: sql, first: call, within: 4wh, remind: 1wh, escalate_to: sales_lead}]\n")
	}
	return b.String(), what
}
