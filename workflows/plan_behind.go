package workflows

import (
	"time"

	"leadsync/scoring"
)

// Behind says that the contact's stage lies behind the one that the model would choose, and why it is left there.
type Behind struct {
	Would string             `json:"would"`
	Why   scoring.ReasonCode `json:"why"`
	Since time.Time          `json:"since"`
}

// notice asks the owner of the contact before a lease ends (rule 20).
func (pl *planner) notice(o scoring.Overrides) {
	ch := &pl.out.State.Choices
	for i := range ch.Leases {
		l := &ch.Leases[i]
		if l.Noticed || l.Until.IsZero() || o.Notice.IsZero() || pl.Now.Before(l.Until.Add(-spanLength(o.Notice))) || pl.Portal.Mode(ClassTask) == ModeOff {
			continue
		}
		l.Noticed = true
		pl.out.State.Episodes[NoticeOf(l.Property)]++
		pl.wonderAt(l.Until.Add(-spanLength(o.Notice)), pl.leaseEnds(*l))
	}
}

// leaseEnds asks about a lease before its end.
func (pl *planner) leaseEnds(l Lease) question {
	return question{
		name: NoticeOf(l.Property), episode: pl.out.State.Episodes[NoticeOf(l.Property)], code: ReasonOverrideEnds,
		rule: NoticeOf(l.Property), text: pl.noticeText(l), priority: "medium", due: scoring.Span{N: 1, Unit: scoring.UnitWorkingDays},
	}
}

// noticeText says what ends, when, and what to do. Stages and statuses are words of the model, which hold no braces.
func (pl *planner) noticeText(l Lease) scoring.ClockText {
	day := l.Until.In(pl.Portal.Calendar.Zone())
	return scoring.ClockText{
		Subject: map[string]string{
			"en": "{name}: the " + string(l.Property) + " set by hand holds until " + day.Format(time.DateOnly),
			"de": "{name}: " + germanProperty(l.Property) + " von Hand gilt bis " + day.Format("02.01.2006"),
		},
		Body: map[string]string{
			"en": "It was set to " + orNothing(l.Value, "none") + "; the model would have " + orNothing(l.Would, "none") + ". Set it once more to keep it.",
			"de": "Gesetzt auf " + orNothing(l.Value, "nichts") + "; das Modell hätte " + orNothing(l.Would, "nichts") + ". Zum Behalten noch einmal setzen.",
		},
	}
}

func germanProperty(c Chosen) string {
	if c == ChosenStatus {
		return "Leadstatus"
	}
	return "Phase"
}

func orNothing(word, nothing string) string {
	if word == "" {
		return nothing
	}
	return word
}

// NoticeOf is the name of the task that asks about a lease before its end, where others have the name of their follow-up.
func NoticeOf(c Chosen) string { return "override of " + string(c) }

// leftBehind remembers that the contact stands behind the model for another reason than a lease or a rival: nothing
// freezes silently. It is remembered only if the model has overrides.
func (pl *planner) leftBehind(held bool) {
	st := &pl.out.State
	before, to := st.Choices.Behind, pl.Evaluation.Stage
	st.Choices.Behind = nil
	stands := st.Stage
	if held {
		stands = pl.Lead.Stage
	}
	if !pl.Model.Overrides().Given || pl.Portal.Mode(ClassStage) != ModeOn || !pl.mapped(to) || !pl.after(to, stands) ||
		pl.kept(ChosenStage) || pl.Record.Returning != nil || pl.back != nil {
		return
	}
	b := &Behind{Would: to, Why: pl.leftBecause(held), Since: pl.Now}
	if before != nil && before.Would == b.Would && before.Why == b.Why {
		b.Since = before.Since
	}
	st.Choices.Behind = b
}

// leftBecause names why a contact is left behind.
func (pl *planner) leftBecause(held bool) scoring.ReasonCode {
	switch {
	case held:
		return ReasonHeld
	case pl.Lead.Stage == "" && pl.rawStage() != "":
		return ReasonUnmapped
	case pl.out.State.Recycled != nil:
		return ReasonWayBack
	}
	return ReasonMovedBack
}

// lookAgain makes the plan look again when a lease, its notice, a pause or a silence ends.
func (pl *planner) lookAgain() {
	ch, o := &pl.out.State.Choices, pl.Model.Overrides()
	for _, l := range ch.Leases {
		if l.Until.IsZero() {
			continue
		}
		pl.lookAt(l.Until)
		if !l.Noticed && !o.Notice.IsZero() {
			pl.lookAt(l.Until.Add(-spanLength(o.Notice)))
		}
	}
	for _, r := range ch.Rivals {
		pl.lookAt(r.Until)
	}
	if ch.Waiting != nil && !ch.Waiting.Asked {
		pl.lookAt(ch.Waiting.Due)
	}
}

// lookAt makes the plan look again at a moment that lies ahead, if it would look later.
func (pl *planner) lookAt(at time.Time) {
	if at.After(pl.Now) && (pl.out.LookAt.IsZero() || at.Before(pl.out.LookAt)) {
		pl.out.LookAt = at
	}
}

// conclude ends a plan: what keeps the contact from the model is remembered, whose turn it is is shown, and the plan looks
// again in time.
func (pl *planner) conclude(held bool) {
	if held {
		ch := &pl.out.State.Choices
		ch.Handover = ch.Handover.known(pl.Model, pl.Lead)
	} else {
		pl.show()
	}
	pl.leftBehind(held)
	pl.lookAgain()
}
