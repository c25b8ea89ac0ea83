package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// told is one entry of a story in short.
func told(h workflows.Happening) string {
	text := h.At.Sub(monday).String() + " " + string(h.By) + " "
	switch {
	case h.Decision != nil:
		text += fmt.Sprintf("decision %d", h.Decision.No)
		for _, a := range h.Answers {
			text += fmt.Sprintf(", answer %d %s", a.Attempt, a.State)
		}
		return text
	case h.Change != nil:
		return text + fmt.Sprintf("%s %q to %q by %s", h.Change.Class, h.Change.From, h.Change.To, h.Change.Source)
	case h.Activity != nil:
		return text + h.Activity.Kind + " " + h.Activity.Attributes["outcome"]
	case h.Deal != nil:
		return text + "deal " + string(h.Deal.ID) + " " + h.Deal.Now
	}
	return text + "answer to " + h.Answer.Key
}

// A contact's story has everybody in it, in order; what leadsync wrote is told once, as its decision.
func TestStory(t *testing.T) {
	p := newPerson(t, map[string]string{"email": "ada@example.com", "lifecyclestage": "lead"})
	at := func(h int) time.Time { return monday.Add(time.Duration(h) * time.Hour) }
	version := func(property, value string, hour int, origin connector.Origin, source string) workflows.Observation {
		return workflows.Observation{Property: property, Value: value, At: at(hour), Known: workflows.KnownHistory, Origin: origin, Source: source}
	}
	p.record.Observations = []workflows.Observation{
		version("lifecyclestage", "salesqualifiedlead", 5, connector.OriginMachine, "AUTOMATION_PLATFORM"),
		version("lifecyclestage", "lead", -3, connector.OriginUnknown, ""),
		version("lifecyclestage", "marketingqualifiedlead", 1, connector.OriginOwn, "INTEGRATION"),
		version("hs_lead_status", "NEVER_MAPPED", 6, connector.OriginPerson, "CRM_UI"),
		version("hs_lead_status", "", 7, connector.OriginPerson, "CRM_UI"),
		{Property: "lifecyclestage", Value: "other", At: at(8), Known: workflows.KnownReading},
	}
	p.now = at(4)
	p.call("guid-no-answer", 0)
	p.deal(true, false)
	p.record.Deals[0].CreatedAt = at(9)
	decisions := []workflows.Decision{
		{Contact: "101", No: 2, At: at(2), Actions: []workflows.Action{{Key: "ls-1"}, {Key: "contact/101/stage"}}},
		{Contact: "101", No: 1, At: at(1), Actions: []workflows.Action{{Key: "contact/101/stage"}}},
		{Contact: "101", No: 3, At: at(1).Add(time.Minute)},
	}
	answers := []workflows.Answer{
		{Key: "contact/101/stage", Attempt: 2, DecidedAt: at(1), At: at(3), State: workflows.StateSettled},
		{Key: "contact/101/stage", Attempt: 1, DecidedAt: at(1), At: at(2), State: workflows.StateReady},
		{Key: "ls-1", Attempt: 1, DecidedAt: at(2), At: at(3), State: workflows.StateParked},
		{Key: "contact/101/stage", Attempt: 1, At: at(10), State: workflows.StateSettled},
	}
	var got []string
	for _, h := range workflows.Story(p.portal, p.model, p.record, decisions, answers) {
		got = append(got, told(h))
	}
	want := []string{
		`-3h0m0s unknown stage "" to "lead" by `,
		`1h0m0s leadsync decision 1, answer 1 ready, answer 2 settled`,
		`2h0m0s leadsync decision 2, answer 1 parked`,
		`2h0m0s leadsync decision 3`,
		`4h0m0s person call no_answer`,
		`5h0m0s machine stage "mql" to "sql" by AUTOMATION_PLATFORM`,
		`6h0m0s person status "" to "NEVER_MAPPED" by CRM_UI`,
		`7h0m0s person status "NEVER_MAPPED" to "" by CRM_UI`,
		`9h0m0s unknown deal 702 lost`,
		`10h0m0s leadsync answer to contact/101/stage`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
