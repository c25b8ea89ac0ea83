package modeltest

import (
	"strings"

	"leadsync/workflows"
)

// expectClocks reads where the response clocks shall stand: {first contact: met}.
func (r *reader) expectClocks(c child, e expectation) []expectation {
	e.about = aboutClock
	var rules []string
	for _, rule := range r.model.Clocks() {
		rules = append(rules, rule.Name)
	}
	states := []string{"none", string(workflows.ClockDue), string(workflows.ClockMet), string(workflows.ClockMissed), string(workflows.ClockEnded)}
	var list []expectation
	for _, one := range r.children(c.field) {
		x := e
		x.line, x.name = one.mark.Line, r.choice(field{one.key, one.mark}, rules)
		x.text = r.choice(one.field, states)
		list = append(list, x)
	}
	if len(list) == 0 {
		r.fail(c.field, "write the name of a clock and its state, such as {first contact: met}", "clock names no clock")
	}
	return list
}

// lookClock compares where a clock stands.
func (p *player) lookClock(e expectation) (string, []string, bool) {
	found := "none"
	if s := p.record.State; s != nil {
		for _, c := range s.Clocks {
			if c.Rule == e.name {
				found = string(c.State)
			}
		}
	}
	return found, p.whatWasPlanned(), found == e.text
}

// lookCooling compares until when points do not lead on.
func (p *player) lookCooling(e expectation) (string, []string, bool) {
	s := p.record.State
	if s == nil || s.Cooling == nil {
		return "none", nil, e.none
	}
	return p.clock(s.Cooling.Until), nil, !e.none && strings.HasPrefix(p.clock(s.Cooling.Until), e.due)
}

// questions are the names of the tasks that clocks and misjudged leads ask for.
func (r *reader) questions() []string {
	var list []string
	for _, c := range r.model.Clocks() {
		list = append(list, workflows.ReminderOf(c.Name), workflows.EscalationOf(c.Name))
	}
	for _, end := range r.model.Misjudged().Ends {
		if end.Wants != "" {
			list = append(list, workflows.ReasonOf(end.Name()))
		}
	}
	return list
}
