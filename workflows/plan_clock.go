package workflows

import (
	"slices"
	"strconv"
	"time"

	"leadsync/scoring"
	"leadsync/scoring/calendar"
)

// Outcomes is what a LeadState remembers of how sales answered and how leads turned out. No person stands in it.
type Outcomes struct {
	// Clocks are the response clocks, the last one of each rule, in the order in which they were first started (rule 19).
	Clocks []Clock `json:"clocks,omitempty"`
	// Qualified are the last enterings of each stage that leads are measured by, Judged how the lead turned out (rule 24).
	Qualified []Qualified `json:"qualified,omitempty"`
	Judged    *Judged     `json:"judged,omitempty"`
	Cooling   *Cooling    `json:"cooling,omitempty"`
	// Recycles counts how often the lead was recycled.
	Recycles int `json:"recycles,omitempty"`
}

// ClockState is where a response clock stands.
type ClockState string

// The states of a clock.
const (
	ClockDue    ClockState = "due"    // it runs
	ClockMet    ClockState = "met"    // somebody answered within the limit
	ClockMissed ClockState = "missed" // nobody did; somebody may have later
	ClockEnded  ClockState = "ended"  // it ended before its limit, without an answer and without a verdict
)

// Clock is one run of a response clock. Times are business time.
type Clock struct {
	Rule      string    `json:"rule"`
	StartedAt time.Time `json:"started_at"`
	// RemindAt is zero if there is no reminder; DueAt is the limit.
	RemindAt time.Time `json:"remind_at,omitzero"`
	DueAt    time.Time `json:"due_at"`
	// CountsFrom is from when on a contact before the start counts, as the owner worked whom the run began with.
	CountsFrom time.Time  `json:"counts_from,omitzero"`
	State      ClockState `json:"state"`
	// MetAt is the first contact, also one after the limit; zero if there was none. Took is the working time until then.
	MetAt time.Time     `json:"met_at,omitzero"`
	Took  time.Duration `json:"took,omitempty"`
	// EndedAt is when the contact left the stage, or came to an end of another kind.
	EndedAt time.Time `json:"ended_at,omitzero"`
	Team    string    `json:"team,omitempty"`
	Source  string    `json:"source,omitempty"`
	// Reminded and Escalated say that the task was asked for.
	Reminded  bool `json:"reminded,omitempty"`
	Escalated bool `json:"escalated,omitempty"`
}

// grace is how much working time before the entering of the stage a contact may lie that counts for the clock: the call
// that made the lead an SQL is the answer (S79).
const grace = time.Hour

// clocks starts, stops and judges the response clocks (rule 19). was is the stage before this plan.
func (pl *planner) clocks(was string) {
	st := &pl.out.State
	st.Clocks = slices.Clone(st.Clocks)
	for _, rule := range pl.Model.Clocks() {
		i := slices.IndexFunc(st.Clocks, func(c Clock) bool { return c.Rule == rule.Name })
		if st.Stage == rule.Stage && was != rule.Stage && !pl.quiet {
			pl.answered(rule.Name, ReminderOf(rule.Name), EscalationOf(rule.Name))
			if i < 0 {
				i, st.Clocks = len(st.Clocks), append(st.Clocks, Clock{})
			}
			st.Clocks[i] = pl.startClock(rule)
		}
		if i >= 0 {
			pl.runClock(rule, &st.Clocks[i])
		}
	}
	st.Clocks = slices.DeleteFunc(st.Clocks, func(c Clock) bool {
		gone := !slices.ContainsFunc(pl.Model.Clocks(), func(r scoring.ClockRule) bool { return r.Name == c.Rule })
		if gone { // the model does not have the rule any more
			pl.answered(c.Rule, ReminderOf(c.Rule), EscalationOf(c.Rule))
		}
		return gone
	})
}

// startClock is a clock that begins with the entering of the stage.
func (pl *planner) startClock(rule scoring.ClockRule) Clock {
	st := &pl.out.State
	st.Episodes[clockEpisodes(rule.Name)]++
	hours, start := pl.officeHours(), pl.enteredAt()
	c := Clock{
		Rule: rule.Name, StartedAt: start, DueAt: hours.add(start, rule.Within),
		Team: pl.teamOf(rule), Source: pl.word(rule.Source),
	}
	if !rule.Remind.IsZero() {
		c.RemindAt = hours.before(start, c.DueAt, rule.Remind)
	}
	return c
}

// enteredAt is when the contact entered its stage: by the history if that tells of it since the last look, else now.
func (pl *planner) enteredAt() time.Time {
	last := time.Time{}
	if s := pl.Record.State; s != nil {
		last = later(s.LookedAt, zeroIf(!s.LookedAt.IsZero(), s.EvaluatedAt))
	}
	versions := versionsOf(pl.Record, pl.Portal.Names.Stage)
	if n := len(versions); pl.Record.Told && n > 0 {
		v := versions[n-1]
		if v.Value == pl.Portal.Stages[pl.out.State.Stage] && v.At.After(last) && !v.At.After(pl.Now) {
			return v.At
		}
	}
	return pl.Now
}

// officeHours is the working time of whoever has to answer.
type officeHours struct{ calendar.Schedule }

func (pl *planner) officeHours() officeHours {
	owner := pl.contactOwner()
	if !pl.active(owner) {
		owner = pl.Portal.FallbackOwner
	}
	return officeHours{pl.schedule(owner)}
}

// add is the moment at which a span of working time has passed; a working day ends at the time of day at which it began.
// Somebody who never works has all the time that there is.
func (h officeHours) add(from time.Time, span scoring.Span) time.Time {
	local := from.In(h.Zone())
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
	at, ok := h.Add(from, time.Duration(span.N)*time.Hour)
	if span.Unit == scoring.UnitWorkingDays {
		at, ok = h.Due(from, span.N, calendar.UnitWorkingDays, clock)
	}
	if !ok {
		return from.AddDate(0, 0, calendar.Reach)
	}
	return at.UTC()
}

// before is the last second, not before start, from which a span of working time ends at due or before it. Working time
// is counted forward only, so it is looked for by halves.
func (h officeHours) before(start, due time.Time, span scoring.Span) time.Time {
	low, high := start, due
	for high.Sub(low) > time.Second {
		middle := low.Add(high.Sub(low) / 2)
		if h.add(middle, span).After(due) {
			high = middle
		} else {
			low = middle
		}
	}
	if next := low.Truncate(time.Second).Add(time.Second); !h.add(next, span).After(due) {
		return next
	}
	return low
}

// countFrom settles once from when on a contact counts: another owner, who works at other times, does not turn the verdict.
// A run of an earlier release has no such time yet.
func (h officeHours) countFrom(c *Clock) {
	if c.CountsFrom.IsZero() {
		c.CountsFrom = h.earliest(c.StartedAt, grace)
	}
}

// earliest is the first moment from which until start no more than a span of working time passes, within a year.
func (h officeHours) earliest(start time.Time, span time.Duration) time.Time {
	const year = 366 * 24 * time.Hour
	back := span
	for back < year && h.Between(start.Add(-back), start) <= span {
		back = min(2*back, year)
	}
	low, high := start.Add(-back), start
	if h.Between(low, start) <= span {
		return low.UTC()
	}
	for high.Sub(low) > 1 {
		if middle := low.Add(high.Sub(low) / 2); h.Between(middle, start) > span {
			low = middle
		} else {
			high = middle
		}
	}
	return high.UTC()
}

// runClock says where a clock stands now, and asks for what follows from that.
func (pl *planner) runClock(rule scoring.ClockRule, c *Clock) {
	state, st := c.State, &pl.out.State
	if c.EndedAt.IsZero() && (st.Stage != rule.Stage || pl.final(st.Status) || pl.misjudgedBy(st.Status)) {
		c.EndedAt = pl.Now
	}
	hours := pl.officeHours()
	hours.countFrom(c)
	if at := pl.firstContact(rule, *c); !at.IsZero() && (c.MetAt.IsZero() || at.Before(c.MetAt)) {
		c.MetAt, c.Took = at, 0
		if at.After(c.StartedAt) {
			c.Took = hours.Between(c.StartedAt, at)
		}
	}
	if c.State = c.stateAt(pl.Now); c.State != state {
		pl.noteClock(map[ClockState]scoring.ReasonCode{
			ClockMet: ReasonClockMet, ClockMissed: ReasonClockMissed, ClockEnded: ReasonClockEnded, ClockDue: ReasonClockStarted,
		}[c.State], *c)
	}
	if !c.MetAt.IsZero() || !c.EndedAt.IsZero() {
		pl.answered(c.Rule, ReminderOf(c.Rule), EscalationOf(c.Rule))
		return
	}
	pl.remind(rule, c)
}

// stateAt is where a clock stands at a time.
func (c Clock) stateAt(now time.Time) ClockState {
	switch {
	case !c.MetAt.IsZero() && !c.MetAt.After(c.DueAt):
		return ClockMet
	case !c.MetAt.IsZero():
		return ClockMissed
	case !c.EndedAt.IsZero() && c.EndedAt.Before(c.DueAt):
		return ClockEnded
	case now.Before(c.DueAt):
		return ClockDue
	}
	return ClockMissed
}

// firstContact is when somebody first did what stops the clock; zero if nobody has yet.
func (pl *planner) firstContact(rule scoring.ClockRule, c Clock) time.Time {
	first, until := time.Time{}, pl.Now
	if !c.EndedAt.IsZero() {
		until = c.EndedAt
	}
	acts := pl.Model.OfKind(pl.Lead.Activities, rule.First)
	slices.SortFunc(acts, func(a, b scoring.Activity) int { return b.At.Compare(a.At) })
	for _, a := range acts {
		if a.At.After(until) {
			continue
		}
		if a.At.Before(c.CountsFrom) {
			break // so is everything before it
		}
		first = a.At
	}
	return first
}

// remind asks for the reminder and the escalation, each once, and says when to look again.
func (pl *planner) remind(rule scoring.ClockRule, c *Clock) {
	if pl.Portal.Mode(ClassTask) == ModeOff {
		pl.lookSoon(c.DueAt) // off leaves no trace; the clock is measured all the same
		return
	}
	switch {
	case c.State == ClockMissed && !c.Escalated && rule.EscalateTo != "":
		c.Escalated = true
		pl.answered(c.Rule, ReminderOf(c.Rule))
		pl.wonderAt(c.DueAt, pl.escalation(rule))
	case c.State == ClockDue && !c.RemindAt.IsZero() && !pl.Now.Before(c.RemindAt) && !c.Reminded:
		c.Reminded = true
		pl.wonderAt(c.RemindAt, pl.reminder(rule))
	}
	pl.lookSoon(c.RemindAt)
	pl.lookSoon(c.DueAt)
}

// reminder and escalation are what a clock asks.
func (pl *planner) reminder(rule scoring.ClockRule) question {
	return question{
		name: ReminderOf(rule.Name), episode: pl.out.State.Episodes[clockEpisodes(rule.Name)], code: ReasonClockReminded, rule: rule.Name,
		text: rule.Reminder, priority: "high", due: rule.Remind,
	}
}

func (pl *planner) escalation(rule scoring.ClockRule) question {
	return question{
		name: EscalationOf(rule.Name), episode: pl.out.State.Episodes[clockEpisodes(rule.Name)], code: ReasonClockEscalated, rule: rule.Name,
		text: rule.Escalation, to: rule.EscalateTo, priority: "high", due: scoring.Span{Unit: scoring.UnitWorkingHours},
	}
}

// lookSoon makes the plan look again at a time that lies ahead.
func (pl *planner) lookSoon(at time.Time) {
	if at.After(pl.Now) && (pl.soonest.IsZero() || at.Before(pl.soonest)) {
		pl.soonest = at
	}
}

// clockEpisodes is under which name the starts of a clock are counted.
func clockEpisodes(rule string) string { return "clock/" + rule }

// ReminderOf is the name of the task that reminds of a clock, where others have the name of their follow-up.
func ReminderOf(clock string) string { return clock + ": reminder" }

// EscalationOf is the name of the task that a missed clock asks for.
func EscalationOf(clock string) string { return clock + ": escalation" }

func (pl *planner) noteClock(code scoring.ReasonCode, c Clock) {
	pl.out.Notes = append(pl.out.Notes, scoring.Reason{Code: code, Params: map[string]string{
		"rule": c.Rule, "due": c.DueAt.UTC().Format(time.RFC3339), "episode": strconv.Itoa(pl.out.State.Episodes[clockEpisodes(c.Rule)]),
	}})
}

// word is what the model calls the value of a text fact; empty if it is unknown.
func (pl *planner) word(fact string) string {
	v := pl.Lead.Facts[fact]
	if fact == "" || !v.Known() {
		return ""
	}
	for _, f := range pl.Model.Facts() {
		if f.Name == fact {
			word, _ := f.Word(v.Text)
			return string([]rune(word)[:min(len([]rune(word)), wordLimit)])
		}
	}
	return ""
}

// wordLimit keeps what people may write anything into from filling measurements, in characters.
const wordLimit = 100

// teamOf is the team that a clock is measured for: what the fact says, else the team of whoever has to answer.
func (pl *planner) teamOf(rule scoring.ClockRule) string {
	if rule.Team != "" {
		return pl.word(rule.Team)
	}
	owner := pl.contactOwner()
	if !pl.active(owner) {
		owner = pl.Portal.FallbackOwner
	}
	return pl.Portal.People[pl.Portal.personOf(owner)].Team
}
