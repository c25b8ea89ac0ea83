package workflows

import (
	"maps"
	"slices"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/scoring/calendar"
)

// Situation is what a plan is made from. Record is as just read; Record.State is what was remembered.
type Situation struct {
	Portal     *Portal
	Model      *scoring.Model
	Record     LeadRecord
	Lead       scoring.Lead
	Evaluation scoring.Evaluation
	Owners     map[string]connector.Owner
	Now        time.Time // business time
	// Basis is what decides (EvaluationBasis); empty: the model alone tells whether another one decides. Walk says that
	// nothing but another basis made this look, Flood that too many contacts of its origin arrive at once.
	Basis       string
	Walk, Flood bool
	// Working is set to the name of the follow-up whose turn it is, so that a panic has an author; nil: nobody asks.
	Working *string
	// Weak switches defences off, in the simulation only.
	Weak Weakness
}

// Planned is the difference between what is and what should be, with a reason even if it is empty.
type Planned struct {
	State      LeadState
	Actions    []Action
	Entries    []OutboxEntry
	CancelKeys []string
	Ordered    []string // orders that are over (rule 26)
	Reason     scoring.Reason
	Notes      []scoring.Reason // records of their own (rules 14 and 15)
	LookAt     time.Time        // business time of the next look; zero if only a change can matter
}

// Baseline remembers a contact as it stood when the account was first loaded: everything counts as handled.
func Baseline(p *Portal, m *scoring.Model, r LeadRecord, now time.Time) LeadState {
	lead, seen := LeadOf(p, m, r), r
	seen.State = nil // it is the first look, whatever there was before
	state := LeadState{
		Held: true, Prints: sighted(p, m, seen, lead, now).now.prints(), Stage: lead.Stage, Furthest: lead.Stage, StageSince: now,
		Status: lead.Status, Root: r.ID, Model: m.Version(), EvaluatedAt: now,
	}
	if lead.Status != "" {
		state.StatusSince = now
	}
	if a, ok := latestStatusActivity(m, lead, now); ok {
		state.StatusActivity = a.ID
	}
	dateBaseline(p, m, r, &state)
	state.Choices.Handover = state.Choices.Handover.known(m, lead)
	state.addressed(m, lead)
	state.begin(p, m, now)
	return state
}

// Plan compares the evaluation with what is there and says what to do. It is pure. Planning again after
// everything planned has arrived gives an empty plan with the reason "unchanged".
//
// Stages move forward only, in the account's own order, and never to a stage at or before one that the
// contact has entered already: a person or another automation that moved it back wins. A held contact
// (there before go-live, unchanged since) gets scores and nothing else. What a shadowed action would have
// caused is not planned.
func Plan(s Situation) Planned {
	s.Portal = s.Portal.staffed(s.Owners)
	s = s.arrival()
	pl := planner{Situation: s, out: Planned{State: startState(s)}}
	if pl.forbidden() {
		return pl.out
	}
	st := &pl.out.State
	held := pl.stays()
	pl.look()
	held = held && !pl.glimpse.again
	st.Held = held
	pl.hush(held)
	st.Model, st.EvaluatedAt = s.Model.Version(), s.Now
	pl.consent(held)
	pl.consider()
	if !held {
		pl.release()
		pl.moves()
		pl.collect()
		pl.passOn()
		pl.settle()
		pl.audiences()
	} else {
		pl.ordered()
	}
	pl.score()
	pl.priority()
	pl.finish(held)
	pl.out.Reason = pl.glimpse.explain(s.Portal, pl.out.Reason, pl.entered)
	pl.hushed()
	pl.violations()
	return pl.out
}

func startState(s Situation) LeadState {
	st := LeadState{Root: s.Record.ID}
	if s.Record.State != nil {
		st = *s.Record.State
	}
	st.Episodes, st.OpenTasks, st.Following = open(st.Episodes), open(st.OpenTasks), st.cloned()
	st.Audiences = maps.Clone(st.Audiences)
	return st
}

type planner struct {
	Situation
	out Planned
	// glimpse is what the history tells of the status, entered says that somebody entered one.
	glimpse glimpse
	entered bool
	// back is the way back that this plan asks for, again the one that the contact was on before it.
	back  *scoring.FollowUp
	again *Recycled
	// tasks is what the plan has collected about tasks, until settle.
	tasks collected
	// charge is how the work that was given out last came to its owner.
	charge charge
	// handed are the owners whose open tasks this plan gives to somebody else, by rule.
	handed map[string]string
	answering
	hushing
	// schedules are when owners work, by id, as far as this plan has asked.
	schedules map[string]calendar.Schedule
	// guarded says that the way back is that of a stage whose gates do not hold.
	guarded bool
}

// moves plans stage, status and what follows from entering them.
func (pl *planner) moves() {
	st := &pl.out.State
	st.adopt(pl.Model, st.OpenTasks)
	pl.refused()
	pl.choices()
	before, was := st.Status, st.Stage
	news, fresh := pl.news()
	stage, entered := pl.stage()
	if !pl.quiet {
		entered = pl.guard(was, stage, entered)
	}
	status, entry := pl.status(stage, entered, news, fresh)
	if entered && !pl.quiet {
		pl.moveCompany(stage)
	}
	if status != before {
		pl.leaveStatus(status)
	}
	pl.outOf(st.Stage)
	if status != before || entry {
		st.Status, st.StatusSince = status, pl.Now
	}
	pl.follow(stage, entered, status, entry)
	status = pl.end(status)
	pl.goBack(status)
	pl.awaiting()
	pl.followOutcomes(was, (entry || st.Status != before) && !pl.quiet)
	pl.backfills(false)
}

// news is the newest status-bearing activity, and whether it has not been considered before.
func (pl *planner) news() (scoring.Activity, bool) {
	a, ok := latestStatusActivity(pl.Model, pl.Lead, pl.Now)
	if !ok || a.ID == pl.out.State.StatusActivity {
		return a, false
	}
	pl.out.State.StatusActivity = a.ID
	return a, true
}

// status decides the lead status (rules 3 to 5) and whether that is an entering of it.
func (pl *planner) status(stage string, entered bool, news scoring.Activity, fresh bool) (status string, entry bool) {
	observed := pl.Lead.Status
	given := withPending(pl.Record)[pl.Portal.Names.Status] != "" // also by a value that the mapping does not know
	switch {
	case pl.glimpse.again, observed != pl.out.State.Status && given: // somebody set it: people win over what we would derive
		pl.entered = !pl.glimpse.ours // but what leadsync itself wrote is not entered again
		return observed, pl.entered
	case fresh && pl.mayFollow(news, stage, observed):
		want, _ := pl.Model.StatusOf(news)
		params := map[string]string{"activity": news.ID, "kind": news.Kind, "status": want}
		if pl.setStatus(observed, want, scoring.Reason{Code: ReasonActivityStatus, Params: params}) {
			return want, true
		}
	case entered && (!given || pl.stale(pl.again, observed)):
		want := pl.statusOnStage(stage)
		params := map[string]string{"stage": stage}
		if want != "" && pl.setStatus(observed, want, scoring.Reason{Code: ReasonEnteredStage, Params: params}) {
			return want, true
		}
	}
	return observed, false
}

// mayFollow reports whether an activity may set the lead status (rule 4). Who left the status for a moment and came back to
// it after the activity, or chose what leadsync was about to write, has had the last word, though that enters nothing (rule 12).
func (pl *planner) mayFollow(news scoring.Activity, stage, observed string) bool {
	if pl.out.State.StatusSaid.After(news.At) || pl.glimpse.told && !pl.glimpse.ours && pl.out.State.StatusSeen.After(news.At) {
		return false
	}
	return pl.inStatusStage(stage) && !pl.final(observed) && !news.At.Before(pl.out.State.StatusSince)
}

// stage plans the stage and returns the stage the contact is in when the plan is carried out, and whether
// it entered it now.
func (pl *planner) stage() (stage string, entered bool) {
	st := &pl.out.State
	stage = pl.Lead.Stage
	pl.again = st.Recycled
	pl.overcome(stage) // by whoever moved it; what a way back kept it from may come with this plan
	if to := pl.cooled(); pl.forward(to) {
		mode := pl.Portal.Mode(ClassStage)
		action := Action{
			Class: ClassStage, Mode: mode, Kind: KindUpdate, From: stage, To: to,
			Reason: scoring.Reason{Code: ReasonStageForward, Params: map[string]string{"from": stage, "to": to, "why": string(pl.Evaluation.StageReason.Code)}},
		}
		switch {
		case mode == ModeOn:
			pl.update(action, pl.because(action.Reason, pl.Portal.Names.Stage, pl.Portal.Stages[to]))
			pl.wrote(ChosenStage, stage, to)
			stage = to
		case mode == ModeShadow && st.ShadowStage != to:
			pl.update(action, pl.because(action.Reason, pl.Portal.Names.Stage, pl.Portal.Stages[to]))
			st.ShadowStage = to
		}
	}
	if stage != st.Stage {
		entered = stage != ""
		st.Stage, st.StageSince = stage, pl.Now
	}
	if pl.after(stage, st.Furthest) {
		st.Furthest = stage
	}
	pl.overcome(stage)
	return stage, entered
}

// forward reports whether the model may move the contact to a stage: mapped in this portal, ahead of where
// the contact is and of every stage it has entered before. Side tracks count as ahead of everything, but
// nothing leaves a side track by itself (S10, S16).
func (pl *planner) forward(to string) bool {
	if to == "" || pl.Portal.Stages[to] == "" || pl.kept(ChosenStage) {
		return false
	}
	if pl.Lead.Stage == "" && pl.rawStage() != "" {
		return false // a stage that the mapping does not know: nobody can say what is ahead of it
	}
	return pl.after(to, pl.Lead.Stage) && pl.Record.Returning == nil && pl.passed(to)
}

func (pl *planner) rawStage() string { return withPending(pl.Record)[pl.Portal.Names.Stage] }

// after reports whether stage a lies ahead of b. Nothing lies ahead of a side track.
func (pl *planner) after(a, b string) bool {
	if a == b || a == "" {
		return false
	}
	ia, ib := slices.Index(pl.Lead.Order, a), slices.Index(pl.Lead.Order, b)
	switch {
	case b == "":
		return true
	case ib < 0: // b is a side track
		return false
	case ia < 0: // a is a side track
		return true
	}
	return ia > ib
}

// inStatusStage reports whether lead status is in use in this stage: it is a sub-phase of the stage whose
// entering sets it (S86).
func (pl *planner) inStatusStage(stage string) bool {
	named := false
	for _, r := range pl.Model.StatusRules() {
		if r.OnStage != "" {
			named = true
			if r.OnStage == stage {
				return true
			}
		}
	}
	return !named
}

// final reports whether a status ends the first talks (it opens a deal or closes the reminders): only people
// leave it, no logged call does.
func (pl *planner) final(status string) bool {
	return slices.ContainsFunc(pl.Model.FollowUps(), func(f scoring.FollowUp) bool {
		return status != "" && f.OnStatus == status && f.After.IsZero() && f.While == "" && (f.Deal != nil || f.CloseTasks)
	})
}

func (pl *planner) statusOnStage(stage string) string {
	for _, r := range pl.Model.StatusRules() {
		if r.OnStage == stage && stage != "" {
			return r.Status
		}
	}
	return ""
}

// setStatus plans a lead status and reports whether the contact has it when the plan is carried out.
func (pl *planner) setStatus(from, to string, reason scoring.Reason) bool {
	if pl.Portal.Statuses[to] == "" {
		return false
	}
	if from == to {
		return true // entered once more, e.g. the second unanswered call
	}
	if pl.keepStatus() {
		return false
	}
	mode := pl.Portal.Mode(ClassStatus)
	action := Action{Class: ClassStatus, Mode: mode, Kind: KindUpdate, From: from, To: to, Reason: reason}
	props := pl.because(reason, pl.Portal.Names.Status, pl.Portal.Statuses[to])
	switch {
	case mode == ModeOn:
		pl.update(action, props)
		pl.wrote(ChosenStatus, from, to)
		return true
	case mode == ModeShadow && pl.out.State.ShadowStatus != to:
		pl.update(action, props)
		pl.out.State.ShadowStatus = to
	}
	return false
}

// because are the properties of a move: what moves, and why in words, for the people who look at the record.
func (pl *planner) because(reason scoring.Reason, property, value string) map[string]string {
	props := map[string]string{property: value}
	if name := pl.Portal.Written.LastReason; name != "" {
		text := RenderReason(pl.Portal.Language, reason)
		if reason.Code == ReasonStageForward {
			text += ": " + scoring.RenderReason(pl.Portal.Language, pl.Evaluation.StageReason)
		}
		props[name] = string([]rune(text)[:min(len([]rune(text)), reasonsLimit)])
	}
	return props
}

// reasonsLimit keeps the reasons property readable in a CRM's side bar, in characters.
const reasonsLimit = 1000

// updateKey is the key of the outbox entry that updates what a class writes on the contact.
func (pl *planner) updateKey(c Class) string {
	return "contact/" + string(pl.Record.ID) + "/" + string(c)
}

func (pl *planner) update(a Action, props map[string]string) {
	a.Key = pl.updateKey(a.Class)
	pl.out.State.Wrote = pl.out.State.Wrote || a.Mode == ModeOn && (a.Class == ClassScore || pl.Portal.Written.LastReason != "")
	pl.add(a, UpdatePayload{Properties: props})
}

// finish names the outcome, makes no decision of its own, and says when to look again.
func (pl *planner) finish(held bool) {
	pl.out.LookAt = pl.Evaluation.NextChange
	pl.lookBack()
	pl.conclude(held)
	pl.lookOutcomes()
	if !held || len(pl.out.State.Waits) > 0 {
		pl.lookAhead()
	}
	switch {
	case len(pl.out.Actions) > 0:
		pl.out.Reason = scoring.Reason{Code: ReasonPlanned}
	case held:
		pl.out.Reason = scoring.Reason{Code: ReasonHeld}
	default:
		pl.out.Reason = pl.cooling(scoring.Reason{Code: ReasonUnchanged})
	}
}

// latestStatusActivity is the newest activity of a person, not in the future, that sets a lead status by itself.
func latestStatusActivity(m *scoring.Model, lead scoring.Lead, now time.Time) (scoring.Activity, bool) {
	var last scoring.Activity
	found := false
	for _, a := range m.People(lead.Activities) {
		if a.At.After(now) {
			continue
		}
		if _, ok := m.StatusOf(a); !ok {
			continue
		}
		if !found || a.At.After(last.At) || a.At.Equal(last.At) && a.ID > last.ID {
			last, found = a, true
		}
	}
	return last, found
}
