package workflows

import (
	"slices"
	"strings"
	"time"

	"leadsync/scoring"
)

// Answered is the last answer of sales that was considered (rule 21).
type Answered struct {
	Fact   string         `json:"fact"`
	Answer scoring.Answer `json:"answer,omitempty"`
	At     time.Time      `json:"at,omitzero"` // business time of the look that found it; zero if it was there before
}

// Unanswered says that all that is missing for a stage is that people confirm it, and since when (business time).
type Unanswered struct {
	Stage string    `json:"stage"`
	Since time.Time `json:"since"`
	Due   time.Time `json:"due"` // when silence is too long
	Asked bool      `json:"asked,omitempty"`
}

// Shown is what stands in the properties that show whose turn it is and what is missing.
type Shown struct {
	Responsible string `json:"responsible,omitempty"`
	Missing     string `json:"missing,omitempty"`
	// Shadow says that it was only recorded.
	Shadow bool `json:"shadow,omitempty"`
}

// shownSuffix ends the key of the entry that writes them.
const shownSuffix = "/shown"

// Names of what the handover does, where other actions have the name of their follow-up.
const (
	HandoverRejected = "handover rejected"
	HandoverGuard    = "handover"
	HandoverSilence  = "handover silence"
)

// known is the answer that stands in the facts, as one that is no news.
func (h *Answered) known(m *scoring.Model, lead scoring.Lead) *Answered {
	rule := m.Handover()
	if rule == nil || rule.Confirm == "" {
		return nil
	}
	now := Answered{Fact: rule.Confirm, Answer: m.Answered(lead.Facts)}
	if h != nil && h.Fact == now.Fact && h.Answer == now.Answer {
		now.At = h.At
	}
	return &now
}

// salesAnswer considers what sales says: an answer that differs from the last one is news.
func (pl *planner) salesAnswer() {
	ch := &pl.out.State.Choices
	before := ch.Handover
	if pl.Record.State == nil {
		before = &Answered{Fact: pl.confirms()} // a contact that came after the load: whatever stands there is news
	}
	now := before.known(pl.Model, pl.Lead)
	ch.Handover = now
	if now == nil || before == nil || before.Fact != now.Fact || before.Answer == now.Answer {
		return
	}
	if now.At = pl.Now; pl.quiet {
		return // it means something else to another model
	}
	switch now.Answer {
	case scoring.AnswerAccepted:
		pl.note(ReasonHandoverAccepted, map[string]string{"fact": now.Fact})
	case scoring.AnswerRejected:
		pl.rejected()
	case scoring.AnswerNone:
	}
}

func (pl *planner) confirms() string {
	if h := pl.Model.Handover(); h != nil {
		return h.Confirm
	}
	return ""
}

// rejected takes the contact back where the model says, and records why sales does not want it.
func (pl *planner) rejected() {
	h := pl.Model.Handover()
	params := map[string]string{"fact": h.Confirm}
	for name, fact := range map[string]string{"reason": h.Reason, "problem": h.Problem} {
		if v := pl.Lead.Facts[fact]; fact != "" && v.Known() {
			params[name] = valueText(v)
		}
	}
	if h.BackTo != "" {
		pl.back = &scoring.FollowUp{Name: HandoverRejected, BackTo: h.BackTo}
	}
	pl.note(ReasonHandoverRejected, params)
}

// acceptedSince reports whether sales accepted the contact after a way back: that is a reason to move forward again.
func (pl *planner) acceptedSince(r *Recycled) bool {
	h := pl.out.State.Choices.Handover
	return h != nil && h.Answer == scoring.AnswerAccepted && h.At.After(r.At)
}

// guard watches over a stage that a person has set while its gates do not hold (S83), and reports whether the contact
// has entered its stage: it has not if it goes back at once. was is the stage before this plan.
func (pl *planner) guard(was, stage string, entered bool) bool {
	if !entered {
		return false
	}
	ch, h := &pl.out.State.Choices, pl.Model.Handover()
	ch.Wanted = ""
	if !watches(h) || pl.Lead.Stage != stage || !pl.after(stage, was) || !pl.setByHand() {
		return true
	}
	closed := scoring.ClosedGates(pl.Evaluation, stage)
	if len(closed) == 0 {
		return true
	}
	ch.Wanted = stage
	pl.note(ReasonGatesClosed, map[string]string{"stage": stage, "gates": gatesOf(closed)})
	to := pl.reached(was, stage)
	if !h.Strict || pl.Record.State == nil || !pl.mapped(to) || pl.Portal.Mode(ClassStage) == ModeOff || pl.paused(ChosenStage) {
		return true
	}
	pl.back, pl.guarded = &scoring.FollowUp{Name: HandoverGuard, BackTo: to}, true
	return pl.Portal.Mode(ClassStage) != ModeOn
}

// watches reports whether the model watches over the gates of stages that people set.
func watches(h *scoring.Handover) bool { return h != nil && (h.Strict || h.Missing) }

func gatesOf(closed []scoring.Check) string {
	var names []string
	for _, c := range closed {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

// setByHand reports whether a person has set the stage, as far as the history tells.
func (pl *planner) setByHand() bool {
	v, told := pl.newest(ChosenStage)
	return !told || byPerson(v.Origin)
}

// reached is the furthest stage behind one that the contact was in before, or that its criteria reach.
func (pl *planner) reached(was, stage string) string {
	best := ""
	for _, name := range pl.Lead.Order {
		if pl.behind(name, stage) && (name == was || slices.Contains(pl.Evaluation.Reached, name)) {
			best = name
		}
	}
	return best
}

// awaiting asks the named person if sales is silent for too long about a contact that only waits for a confirmation.
func (pl *planner) awaiting() {
	ch, h := &pl.out.State.Choices, pl.Model.Handover()
	waits := pl.silent(h)
	if ch.Waiting != nil && (!waits || ch.Waiting.Stage != pl.Evaluation.Next) {
		pl.answered(HandoverSilence, HandoverSilence)
		ch.Waiting = nil
	}
	if !waits {
		return
	}
	if ch.Waiting == nil && pl.calm() {
		return
	}
	if ch.Waiting == nil {
		pl.note(ReasonHandoverWaits, map[string]string{"stage": pl.Evaluation.Next})
		ch.Waiting = &Unanswered{Stage: pl.Evaluation.Next, Since: pl.Now, Due: pl.officeHours().add(pl.Now, h.EscalateAfter)}
	}
	w := *ch.Waiting
	ch.Waiting = &w
	if w.Asked || pl.Now.Before(w.Due) || pl.Portal.Mode(ClassTask) == ModeOff {
		return
	}
	ch.Waiting.Asked = true
	pl.out.State.Episodes[HandoverSilence]++
	pl.wonderAt(w.Due, pl.silence(*h, w.Stage))
}

// silent reports whether the contact only waits for a confirmation that sales has not given, and somebody is to be asked.
func (pl *planner) silent(h *scoring.Handover) bool {
	return h != nil && h.EscalateTo != "" && pl.Evaluation.WaitsForPerson() && pl.Model.Answered(pl.Lead.Facts) == scoring.AnswerNone
}

// silence asks about a stage that nobody has confirmed.
func (pl *planner) silence(h scoring.Handover, stage string) question {
	return question{
		name: HandoverSilence, episode: pl.out.State.Episodes[HandoverSilence], code: ReasonHandoverSilence, rule: stage,
		text: h.Ask, to: h.EscalateTo, priority: "high", due: scoring.Span{N: 1, Unit: scoring.UnitWorkingDays},
	}
}

// show writes who is responsible for the contact (S21 to S24), and what the stage lacks that a person set, if the portal
// has properties for them and either differs from what was written last.
func (pl *planner) show() {
	ch, w, mode := &pl.out.State.Choices, pl.Portal.Written, pl.Portal.Mode(ClassStage)
	if mode == ModeOff || w.Responsible == "" && w.Missing == "" {
		return
	}
	now, props := pl.shown(mode)
	if now == ch.Shown {
		return
	}
	ch.Shown = now
	if len(props) == 0 {
		return
	}
	pl.out.State.Wrote = pl.out.State.Wrote || mode == ModeOn && now.Missing != ""
	pl.add(Action{
		Class: ClassStage, Mode: mode, Kind: KindUpdate, Key: "contact/" + string(pl.Record.ID) + shownSuffix,
		Reason: scoring.Reason{Code: ReasonShown, Params: map[string]string{"stage": orNothing(pl.out.State.Stage, "none"), "responsible": now.Responsible}},
	}, UpdatePayload{Properties: props})
}

// shown is what the properties for it are to show, and which of them are worth writing.
func (pl *planner) shown(mode Mode) (now Shown, props map[string]string) {
	ch, w := &pl.out.State.Choices, pl.Portal.Written
	now, props = Shown{Shadow: mode == ModeShadow}, map[string]string{}
	if w.Responsible != "" {
		now.Responsible = orNothing(pl.responsible(), ch.Shown.Responsible) // it stays where nobody can say whose it is
		props[w.Responsible] = now.Responsible
	}
	if h := pl.Model.Handover(); w.Missing != "" {
		if h != nil && h.Missing {
			now.Missing = pl.lacks()
		}
		props[w.Missing] = now.Missing
	}
	if now.Responsible == "" {
		delete(props, w.Responsible)
	}
	if now.Missing == "" && ch.Shown.Missing == "" {
		delete(props, w.Missing) // it was never filled
	}
	return now, props
}

// responsible is the side that answers for the contact; empty if its stage is none of the model's.
func (pl *planner) responsible() string {
	stage := pl.out.State.Stage
	if stage == "" && pl.rawStage() == "" {
		return string(scoring.SideMarketing) // from the first contact data on (S23)
	}
	for _, s := range pl.Model.Stages() {
		if s.Name == stage {
			return string(s.Owner)
		}
	}
	return ""
}

// lacks says, in the portal's language, what the stage lacks that a person set; nothing as soon as its gates hold.
func (pl *planner) lacks() string {
	ch := &pl.out.State.Choices
	closed := scoring.ClosedGates(pl.Evaluation, ch.Wanted)
	if len(closed) == 0 {
		ch.Wanted = ""
		return ""
	}
	lines := []string{ch.Wanted + ":"}
	for _, c := range closed {
		lines = append(lines, "- "+scoring.RenderCheck(pl.Portal.Language, c.In(pl.Portal.Calendar.Zone())))
	}
	text := []rune(strings.Join(lines, "\n"))
	return string(text[:min(len(text), reasonsLimit)])
}
