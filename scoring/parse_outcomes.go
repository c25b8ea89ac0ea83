package scoring

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v4"
)

// misjudged reads when leads were misjudged, and what follows (S94, S95, S107, C10).
func (p *modelParser) misjudged(f field) {
	keys := p.fields(f, "stages", "source", "ends")
	if f.node.Kind != yaml.MappingNode {
		return
	}
	p.needs(f, keys, "misjudged", [2]string{"stages", "add stages: with those whose entering says that the lead is qualified, such as [mql, sql]"},
		[2]string{"ends", "add ends: with the lead statuses that say that it was not"})
	each(keys["stages"], p.misjudgedStages)
	for _, name := range []string{"stages", "ends"} {
		if keys[name].present() && keys[name].node.Kind == yaml.SequenceNode && len(keys[name].node.Content) == 0 {
			p.fail(keys[name], "name at least one", "%s is empty", name)
		}
	}
	p.model.misjudged.Source = p.textFact(keys["source"])
	each(keys["ends"], func(f field) {
		for _, item := range p.items(f) {
			p.misjudgedEnd(item)
		}
	})
}

func (p *modelParser) misjudgedStages(f field) {
	m := &p.model.misjudged
	for _, item := range p.items(f) {
		name := p.forwardStage(item)
		if slices.Contains(m.Stages, name) && name != "" {
			p.fail(item, "name every stage once", "the stage %s is named twice", name)
		}
		m.Stages = append(m.Stages, name)
	}
}

func (p *modelParser) misjudgedEnd(item field) {
	keys := p.fields(item, "status", "back_to", "outcome", "wants", "ask", "due", "cool_down")
	if item.node.Kind != yaml.MappingNode {
		return
	}
	end := MisjudgedEnd{Due: Due{Span: Span{1, UnitWorkingDays}}}
	switch status, back := keys["status"], keys["back_to"]; {
	case status.present() && back.present():
		p.fail(back, "split it into two ends", "the end has both status and back_to")
		return
	case status.present():
		if end.Status = p.text(status); end.Status != "" && !slices.Contains(p.model.statuses, end.Status) {
			p.fail(status, didYouMean(end.Status, p.model.statuses), "unknown lead status %q", end.Status)
		}
	case back.present():
		end.BackTo = p.forwardStage(back)
	default:
		p.fail(item, "add status: or back_to:", "the end does not say how it shows")
		return
	}
	twin := func(other MisjudgedEnd) bool { return other.Status == end.Status && other.BackTo == end.BackTo }
	if slices.ContainsFunc(p.model.misjudged.Ends, twin) {
		p.fail(item, "keep one of them", "%s is given twice", end.Name())
	}
	end.Outcome = MisjudgedOutcome(p.choice(keys["outcome"], string(OutcomeMark), string(OutcomeMark), string(OutcomeRecycle), string(OutcomeDelete)))
	end.CoolDown = p.coolDown(keys["cool_down"])
	p.wanted(keys, &end)
	p.model.misjudged.Ends = append(p.model.misjudged.Ends, end)
}

// coolDown reads a length of calendar time.
func (p *modelParser) coolDown(f field) Span {
	span := p.span(f, "w", "h", "d")
	if tenYears := 3650; span.Unit == UnitDays && span.N > tenYears {
		p.fail(f, "use at most ten years", "%s is too long", f.node.Value)
	}
	return span
}

// wanted reads the reason that a person has to give, and how they are asked.
func (p *modelParser) wanted(keys map[string]field, end *MisjudgedEnd) {
	end.Wants, end.Ask = p.textFact(keys["wants"]), p.clockText(keys["ask"], askText())
	if i, ok := p.model.factIndex[end.Wants]; ok && end.Wants != "" && p.model.facts[i].Type == TypeText && p.model.facts[i].wording == nil {
		p.fail(keys["wants"], "give the fact options: with the reasons that can be chosen", "%s is any text, which cannot be counted", end.Wants)
	}
	if keys["due"].present() {
		end.Due.Span = p.span(keys["due"], "wh", "wd", "w", "d")
	}
	for _, name := range []string{"ask", "due"} {
		if keys[name].present() && !keys["wants"].present() {
			p.fail(keys[name], "add wants: with the fact that holds the reason, or remove it", "nothing is asked for")
		}
	}
}

func askText() ClockText {
	return ClockText{
		Subject: map[string]string{"en": "Why was {name} not a lead for us?", "de": "Warum war {name} kein Lead für uns?"},
		Body: map[string]string{
			"en": "Please choose the reason on the contact, so that marketing learns from it. The task disappears then.",
			"de": "Bitte den Grund am Kontakt auswählen, damit das Marketing daraus lernt. Dann verschwindet diese Aufgabe.",
		},
	}
}

// Duration is how long a span of the calendar takes: hours and days of 24 hours. Working time takes as long as a calendar
// says, here nothing.
func (s Span) Duration() time.Duration {
	switch s.Unit {
	case UnitHours:
		return time.Duration(s.N) * time.Hour
	case UnitDays:
		return time.Duration(s.N) * unitLength("d")
	case UnitWorkingHours, UnitWorkingDays:
	}
	return 0
}
