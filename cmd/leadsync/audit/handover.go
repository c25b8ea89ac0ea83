package audit

import (
	"slices"
	"strings"
	"time"

	"leadsync/cmd/leadsync/audit/section"
	"leadsync/connector/hubspot/simulator"
)

// handover is how sales answers (rule 21).
type handover struct {
	confirm            string
	accepted, rejected []string
	backTo             string
	escalateAfter      span
	escalateTo         string
	ask                taskTexts
	strict, missing    bool
}

const (
	accepted = "accepted"
	rejected = "rejected"
	sales    = "sales"
)

// waiting is the time in which only sales is missing.
type waiting struct {
	next  string // the stage that waits
	since time.Time
	until time.Time
	asked *duty
}

// end says why nobody is asked any more.
func (w *waiting) end(why string) {
	if w != nil {
		w.asked.end(why)
	}
}

// lack is what a stage lacks that a person set.
type lack struct {
	stage string
	gates []string
}

func readHandover(root section.Section) *handover {
	if !root.Has("handover") {
		return nil
	}
	s := root.Child("handover", "confirm", "accepted", "rejected", "reason", "problem", "back_to", "escalate_after", "escalate_to", "ask", "strict", "missing")
	return &handover{
		confirm: s.Text("confirm"), accepted: s.Texts("accepted"), rejected: s.Texts("rejected"), backTo: s.Text("back_to"),
		escalateAfter: readSpan(s, "escalate_after"), escalateTo: s.Text("escalate_to"), ask: readTexts(s, "ask"),
		strict: s.Yes("strict"), missing: s.Yes("missing"),
	}
}

// readSides reads who answers for each stage, and the asks of the gates, by language. A stage that does not say it belongs to
// whom the one before it belongs to, the first one to marketing.
func readSides(root section.Section) (owners map[string]string, asks map[string]map[string]string) {
	owners, asks = map[string]string{}, map[string]map[string]string{}
	side := "marketing"
	for _, s := range root.List("lifecycle") {
		side = orText(s.Text("owner"), side)
		owners[s.Text("stage")] = side
	}
	for _, g := range root.Named("gates") {
		if g.Has("ask") {
			asks[g.Name] = g.ByLanguage("ask")
		}
	}
	return owners, asks
}

// answer is what sales says, empty for silence.
func (a *auditor) answer(l lead) string {
	h := a.model.handover
	switch {
	case h == nil || h.confirm == "":
		return ""
	case l.reading.Says(h.confirm, h.accepted):
		return accepted
	case l.reading.Says(h.confirm, h.rejected):
		return rejected
	}
	return ""
}

// byHand is rule 21 for a stage that a person has just set: what it lacks, and where a strict model takes the contact back
// to; empty for nowhere.
func (a *auditor) byHand(c *contact, l lead, ch choice, isNews bool) (to string) {
	m, h := c.memory, a.model.handover
	if h == nil || l.stage == m.stage && m.met {
		return ""
	}
	m.lacking = lack{}
	if !isNews || ch.machine || !a.forward(m.stage, l.stage) {
		return ""
	}
	gates := l.reading.Closed(l.stage, a.at)
	if len(gates) == 0 {
		return ""
	}
	m.lacking = lack{l.stage, gates}
	c.expected.because("somebody set " + l.stage + ", of which " + strings.Join(gates, ", ") + " does not hold (rule 21)")
	if !h.strict || !m.met || m.rivals[stageProperty].paused(a.at) {
		return ""
	}
	return a.behind(l.stage, append([]string{m.stage}, c.verdict.reached...))
}

// forward reports whether a stage of the forward order is ahead of another one that is no side track.
func (a *auditor) forward(from, to string) bool {
	return !a.model.sides[from] && !a.model.sides[to] && a.rank(to) > a.rank(from)
}

// behind is the furthest of some stages that lies behind another one; empty if none does.
func (a *auditor) behind(stage string, of []string) (furthest string) {
	for _, one := range a.in.Mapping.Order {
		if a.rank(one) < a.rank(stage) && slices.Contains(of, one) {
			furthest = one
		}
	}
	return furthest
}

// heldBack is the way back of a strict model: neither the stage that was set nor the one behind is entered.
func (a *auditor) heldBack(c *contact, l lead, to string) lead {
	m, x := c.memory, c.expected
	value := a.in.Mapping.Stages[to]
	if x := m.leases[stageProperty]; x != nil {
		x.notice.end("the stage has another value (rule 20)")
		delete(m.leases, stageProperty)
	}
	m.back = &wayBack{at: a.at, from: a.rank(l.stage), to: a.rank(to), status: m.status, free: true}
	x.stages, x.backs = append(x.stages, to), append(x.backs, value)
	a.planned(c, stageProperty, l.stageValue, value)
	x.because("a strict model takes it back to " + to + " (rule 21)")
	m.stage, m.high = to, max(m.high, a.rank(to))
	l.stage, l.stageValue = to, value
	x.standing.stage, x.standing.stageValue = to, value
	return l
}

// accepts is rule 21 for a lead that sales takes after a way back: that is reason enough to move forward again.
func (a *auditor) accepts(c *contact, l lead) {
	if m := c.memory; m.met && m.back != nil && a.answer(l) == accepted && m.answered != accepted {
		m.back.free = true
	}
}

// answered is rule 21 for an answer of sales that is news. It tells the stage to which a rejected contact went back.
func (a *auditor) answered(c *contact, l lead) (to string) {
	m, h := c.memory, a.model.handover
	if h == nil || h.confirm == "" {
		return ""
	}
	said := a.answer(l)
	isNews := m.met && said != m.answered
	m.answered = said
	if !isNews || said != rejected || h.backTo == "" {
		return ""
	}
	if !a.moveBack(c, h.backTo, "sales rejected the lead: it goes back to "+h.backTo+" (rule 21)") {
		return ""
	}
	return h.backTo
}

// silence asks somebody when sales does not answer for a lead that waits for nothing else.
func (a *auditor) silence(c *contact, l lead) {
	m, h := c.memory, a.model.handover
	if h == nil || h.confirm == "" || h.escalateTo == "" {
		return
	}
	next := a.nextStage(max(a.rank(m.stage), a.rank(c.verdict.stage)))
	if next == "" || a.answer(l) != "" || !l.reading.WaitsForPerson(next, a.at) {
		m.waiting.end("nobody waits for sales any more (rule 21)")
		m.waiting = nil
		return
	}
	if m.waiting == nil || m.waiting.next != next {
		m.waiting.end("another stage is next (rule 21)")
		m.waiting = &waiting{next: next, since: a.at, until: a.ownersTime(c).worked(a.at, h.escalateAfter)}
	}
	if w := m.waiting; w.asked == nil && !a.at.Before(w.until) {
		w.asked = &duty{}
		a.demand(c, w.asked, "handover silence", taskRule{kind: "todo", priority: "high", due: inADay(), who: h.escalateTo, subject: h.ask.subject, body: h.ask.body})
	}
}

// nextStage is the first stage after one of a rank, empty at the end of the order.
func (a *auditor) nextStage(rank int) string {
	if rank >= len(a.in.Mapping.Order) {
		return ""
	}
	return a.in.Mapping.Order[rank]
}

// shown notes what rule 21 wants in the properties that show the responsible side and what is missing.
func (a *auditor) shown(c *contact, l lead, entered string) {
	m, x := c.memory, c.expected
	if m.lacking.stage != "" && entered != "" && entered != m.lacking.stage {
		m.lacking = lack{}
	}
	if m.lacking.stage != "" {
		open := func(gate string) bool { return !slices.Contains(l.reading.Closed(m.lacking.stage, a.at), gate) }
		m.lacking.gates = slices.DeleteFunc(m.lacking.gates, open)
		if len(m.lacking.gates) == 0 {
			m.lacking = lack{}
		}
	}
	side := "marketing"
	switch {
	case m.stage != "":
		side = a.model.owners[m.stage]
	case l.stageValue != "":
		side = m.side // none of the model's: it stays
	}
	if side != m.side && a.in.Mapping.ResponsibleProperty != "" {
		m.side = side
		x.sides = append(x.sides, side)
	}
}

// noticeSide notes what leadsync wrote to these properties.
func (a *auditor) noticeSide(e simulator.Entry, w *written) bool {
	switch e.Property {
	case "":
		return false
	case a.in.Mapping.ResponsibleProperty:
		w.sides = append(w.sides, e.New)
	case a.in.Mapping.MissingProperty:
		w.lacks = true
	default:
		return false
	}
	return true
}

// compareShown checks these properties.
func (a *auditor) compareShown(c *contact, w *written) {
	x, m := c.expected, c.memory
	if x.held || x.unprofiled {
		if len(w.sides) > 0 || w.lacks {
			a.find(c, Finding{What: "responsible side", Want: "untouched", Got: "written", Why: "the contact is held, or must not be profiled (rule 21)"})
		}
		return
	}
	f := Finding{What: "responsible side", Want: orNone(strings.Join(x.sides, ", ")) + " written", Got: orNone(strings.Join(w.sides, ", ")) + " written"}
	f.Why = "the side that answers for " + orNone(m.stage) + " is written when it is another than before (rule 21)"
	last := c.record.props[a.in.Mapping.ResponsibleProperty]
	wrong := slices.ContainsFunc(w.sides, func(side string) bool { return !slices.Contains(x.sides, side) })
	if wrong || len(x.sides) > 0 && last != x.sides[len(x.sides)-1] {
		a.find(c, f)
	}
	a.compareLack(c)
}

func (a *auditor) compareLack(c *contact) {
	property, h := a.in.Mapping.MissingProperty, a.model.handover
	if property == "" || h == nil || !h.missing {
		return
	}
	lack, got := c.memory.lacking, c.record.props[property]
	f := Finding{What: "missing", Want: orNone(strings.Join(lack.gates, ", ")), Got: orNone(got), Why: "the record shows what " + orNone(lack.stage) + " lacks that a person set (rule 21)"}
	if len(lack.gates) == 0 && got != "" {
		a.find(c, f)
		return
	}
	for _, gate := range lack.gates {
		ask := languageOr(a.model.asks[gate], a.in.Mapping.Language)
		if !strings.Contains(got, gate) && (ask == "" || !strings.Contains(got, ask)) {
			a.find(c, f)
			return
		}
	}
}
