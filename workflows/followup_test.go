package workflows_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

func TestKey(t *testing.T) {
	base := workflows.Key("1", "2", "rule", 3)
	if again := workflows.Key("1", "2", "rule", 3); again != base || !strings.HasPrefix(base, "ls-") {
		t.Errorf("key %q, then %q", base, again)
	}
	others := map[string]bool{base: true}
	for _, key := range []string{
		workflows.Key("9", "2", "rule", 3), workflows.Key("1", "9", "rule", 3), workflows.Key("1", "2", "other", 3),
		workflows.Key("1", "2", "rule", 4), workflows.Key("12", "", "rule", 3), workflows.Key("1", "2", "rule3", 3),
	} {
		if others[key] {
			t.Errorf("key %q made from two causes", key)
		}
		others[key] = true
	}
}

func TestPlan_followUps(t *testing.T) {
	selling := known(reach("sql"))
	play(t, map[string]scene{
		"one task per episode": {who: selling, happen: func(p *person) { p.status("ATTEMPTED_TO_CONTACT").step(); p.after(time.Hour) }, want: []string{}, reason: workflows.ReasonUnchanged},
		"back and in again": {
			who: selling, happen: func(p *person) { p.status("IN_PROGRESS").step(); p.after(time.Hour).status("NEW") },
			want: []string{"task first contact"},
		},
		"a stage has follow-ups too": {who: selling, happen: func(p *person) { p.deal(true, true) }, want: []string{"stage customer", "task welcome"}},
		"unqualified closes what belongs to no status": {
			who: selling, happen: func(p *person) { p.deal(true, true).step(); p.after(time.Hour).status("UNQUALIFIED") },
			want: []string{"close first contact", "close welcome"},
		},
		"unqualified with nothing open": {who: known(reach("lead")), happen: func(p *person) { p.status("UNQUALIFIED") }, want: []string{}},
		"a deal":                        {who: selling, happen: func(p *person) { p.status("OPEN_DEAL") }, want: []string{"deal open the deal", "close first contact"}},
		"a deal after lost ones":        {who: selling, happen: func(p *person) { p.deal(true, false).status("OPEN_DEAL") }, want: []string{"deal open the deal", "close first contact"}},
		"no second open deal":           {who: selling, happen: func(p *person) { p.deal(false, false).status("OPEN_DEAL") }, want: []string{"stage opportunity", "deal open the deal (off)", "close first contact"}},
		"no pipeline of that name": {
			who: selling, happen: func(p *person) { p.portal.Pipelines = nil; p.status("OPEN_DEAL") }, want: []string{"deal open the deal (off)", "close first contact"},
		},
	})
}

func TestPlan_episodesAndKeys(t *testing.T) {
	p := newPerson(t, reach("sql"))
	last := p.step().State.Tasks["call"]
	seen := map[string]bool{}
	for i := range 3 {
		planned := p.after(time.Hour).call(noAnswer, 0).step()
		entry := entryOf(t, planned, workflows.KindAmend, workflows.ClassTask)
		key := entry.Key
		if want := workflows.Key(portalID, "101", "call again", i+1); key != want || seen[key] {
			t.Errorf("episode %d has key %q, want a new one: %q", i+1, key, want)
		}
		seen[key] = true
		open := planned.State.Tasks["call"]
		if open.Key != key || open.Rule != "call again" {
			t.Errorf("open task is %+v, want the key %q", open, key)
		}
		amend := decoded[workflows.AmendPayload](t, entry)
		if amend.Old != last.Key || amend.Was != last.Was || amend.Task.Key != key || len(planned.CancelKeys) != 0 {
			t.Errorf("the task before, %+v, is amended by %s, cancelled %v", last, entry.Payload, planned.CancelKeys)
		}
		if connector.PrintOf(amend.Task) != open.Was {
			t.Errorf("written %+v, remembered %+v", amend.Task, open.Was)
		}
		if want := map[bool]string{true: "first contact", false: "call again"}[i == 0]; entry.Reason.Code != workflows.ReasonAmended || entry.Reason.Params["before"] != want {
			t.Errorf("amended because %v, want the task of %s to become another", entry.Reason, want)
		}
		last = open
	}
	planned := p.after(time.Hour).status("IN_PROGRESS").step()
	if got := entryOf(t, planned, workflows.KindClose, workflows.ClassTask).Reason; got.Code != workflows.ReasonObsolete || got.Params["status"] != "in_progress" {
		t.Errorf("leaving the status closes with reason %v", got)
	}
}

func TestPlan_keysOfAMergedContact(t *testing.T) {
	p := newPerson(t, reach("sql"))
	p.record.State = &workflows.LeadState{Root: "7"}
	if got, want := entryOf(t, p.step(), workflows.KindTask, workflows.ClassTask).Key, workflows.Key(portalID, "7", "first contact", 1); got != want {
		t.Errorf("key %q, want the one of the oldest id, %q", got, want)
	}
}

func TestPlan_owner(t *testing.T) {
	for name, tc := range map[string]struct{ owner, fallback, want string }{
		"active person":       {"jana", "fallback", "jana"},
		"nobody":              {"", "fallback", "fallback"},
		"left the company":    {"left", "fallback", "fallback"},
		"a queue":             {"queue", "fallback", "fallback"},
		"unknown":             {"4711", "fallback", "fallback"},
		"no fallback":         {"left", "", ""},
		"nobody, no fallback": {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, with(reach("sql"), "hubspot_owner_id", tc.owner))
			p.portal.FallbackOwner = tc.fallback
			task := decoded[connector.Task](t, entryOf(t, p.step(), workflows.KindTask, workflows.ClassTask))
			p.after(time.Hour).status("OPEN_DEAL")
			deal := decoded[connector.Deal](t, entryOf(t, p.step(), workflows.KindDeal, workflows.ClassDeal))
			if task.OwnerID != tc.want || deal.OwnerID != tc.want {
				t.Errorf("task for %q, deal for %q, want %q", task.OwnerID, deal.OwnerID, tc.want)
			}
		})
	}
}

func TestPlan_taskContent(t *testing.T) {
	p := newPerson(t, with(reach("sql"), "firstname", "Petra <b>", "budget", "12000", "company", "Nordlicht"))
	p.record.Companies = []connector.Object{{Type: connector.TypeCompany, ID: "9", Properties: map[string]string{"name": "Nordlicht & Co"}}}
	p.now = time.Date(2026, 11, 6, 15, 0, 0, 0, time.UTC) // a Friday
	task := decoded[connector.Task](t, entryOf(t, p.step(), workflows.KindTask, workflows.ClassTask))
	if task.Subject != "First call: Petra <b> Wolf, Nordlicht & Co" {
		t.Errorf("subject %q", task.Subject)
	}
	if !strings.Contains(task.BodyHTML, "&lt;sql/new&gt;<br>Budget 12000, score 40") && !strings.Contains(task.BodyHTML, "&lt;sql/") {
		t.Errorf("body %q", task.BodyHTML)
	}
	if want := time.Date(2026, 11, 9, 9, 0, 0, 0, time.UTC); !task.DueAt.Equal(want) {
		t.Errorf("due %v, want the next working day, %v", task.DueAt, want)
	}
	if task.Contact != "101" || task.Company != "9" || task.Kind != connector.TaskCall || task.Priority != "high" {
		t.Errorf("task %+v", task)
	}
	german := newPerson(t, map[string]string{"vip": "true", "email": "p@example.org"})
	german.portal.Language = "de"
	if got := decoded[connector.Task](t, entryOf(t, german.step(), workflows.KindTask, workflows.ClassTask)).Subject; got != "Erstkontakt: p@example.org, " {
		t.Errorf("subject without a name %q", got)
	}
}

func TestPlan_dueAtTheFact(t *testing.T) {
	for name, tc := range map[string]struct {
		fact string
		want time.Time
	}{
		"ahead":      {"2026-11-20", time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)},
		"a Saturday": {"2026-11-21", time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)},
		"past":       {"2026-10-20", time.Date(2026, 12, 2, 9, 0, 0, 0, time.UTC)},
		"none":       {"", time.Date(2026, 12, 2, 9, 0, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, with(reach("lead"), "hs_lead_status", "BAD_TIMING", "call_back_on", tc.fact))
			if got := decoded[connector.Task](t, entryOf(t, p.step(), workflows.KindTask, workflows.ClassTask)).DueAt; !got.Equal(tc.want) {
				t.Errorf("due %v, want %v", got, tc.want)
			}
		})
	}
}

func TestPlan_dealContent(t *testing.T) {
	p := newPerson(t, with(reach("lead"), "hs_lead_status", "OPEN_DEAL", "budget", "25000.5", "company", "Nordlicht"))
	p.portal.DealProperties = map[string]string{"deal_source": "leadsync"}
	got := decoded[connector.Deal](t, entryOf(t, p.step(), workflows.KindDeal, workflows.ClassDeal))
	want := connector.Deal{
		Key: workflows.Key(portalID, "101", "open the deal", 1), Name: "Nordlicht: Petra Wolf", Pipeline: "default", Stage: "appointmentscheduled",
		Amount: "25000.5", CloseAt: p.now.Add(60 * 24 * time.Hour), OwnerID: "fallback", Contact: "101", Extra: map[string]string{"deal_source": "leadsync"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deal (-want +got):\n%s", diff)
	}
}

func TestPlan_scores(t *testing.T) {
	base := with(reach("mql"), "lifecyclestage", "customer")
	for name, tc := range map[string]struct {
		happen func(p *person)
		want   bool
	}{
		"nothing happened": {func(*person) {}, false},
		"three points":     {func(p *person) { p.set(map[string]string{"jobtitle": "Head of IT"}) }, false},
		"a step": {func(p *person) {
			p.set(map[string]string{"num_conversion_events": "1", "recent_conversion_date": "2026-11-02T10:00:00Z"})
			p.record.Observations = p.readings()
		}, true},
		"another stage reached": {func(p *person) { p.set(map[string]string{"vip": "true"}) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, base)
			first := decoded[workflows.UpdatePayload](t, entryOf(t, p.step(), workflows.KindUpdate, workflows.ClassScore)).Properties
			if first["leadsync_fit"] != "40" || first["leadsync_engagement"] != "0" || first["leadsync_score"] != "40" || first["leadsync_reasons"] == "" || first["leadsync_scored_at"] != "2026-11-02T09:00:00.000Z" {
				t.Errorf("written %v", first)
			}
			p.after(time.Hour)
			tc.happen(p)
			planned := p.step()
			if got := slices.ContainsFunc(planned.Actions, func(a workflows.Action) bool { return a.Class == workflows.ClassScore }); got != tc.want {
				t.Errorf("written again: %v, want %v", got, tc.want)
			}
		})
	}
}

func TestPlan_scoreProperties(t *testing.T) {
	p := newPerson(t, reach("mql"))
	p.portal.Written = workflows.Written{Scores: map[string]string{"fit": "fit_only"}}
	got := decoded[workflows.UpdatePayload](t, entryOf(t, p.step(), workflows.KindUpdate, workflows.ClassScore)).Properties
	if diff := cmp.Diff(map[string]string{"fit_only": "40"}, got); diff != "" {
		t.Errorf("only what the portal has is written (-want +got):\n%s", diff)
	}
}

func TestPlan_shadowAndOff(t *testing.T) {
	mode := func(m workflows.Mode, classes ...workflows.Class) func(t *testing.T) *person {
		return func(t *testing.T) *person {
			p := newPerson(t, reach("sql"))
			for _, c := range classes {
				p.portal.Modes[c] = m
			}
			return p
		}
	}
	again := func(happen func(p *person)) func(p *person) {
		return func(p *person) { p.step(); p.after(time.Hour); happen(p) }
	}
	nothing := func(*person) {}
	shadow, off := workflows.ModeShadow, workflows.ModeOff
	play(t, map[string]scene{
		"stage in shadow has no consequences":  {who: mode(shadow, workflows.ClassStage), want: []string{"stage sql (shadow)"}},
		"and is recorded once":                 {who: mode(shadow, workflows.ClassStage), happen: again(nothing), want: []string{}},
		"status in shadow":                     {who: mode(shadow, workflows.ClassStatus), want: []string{"stage sql", "status new (shadow)"}},
		"status in shadow is recorded once":    {who: mode(shadow, workflows.ClassStatus), happen: again(nothing), want: []string{}},
		"one more call in shadow":              {who: mode(shadow, workflows.ClassStatus), happen: again(func(p *person) { p.call(noAnswer, 0).step(); p.after(time.Hour).call(noAnswer, 0) }), want: []string{}},
		"task in shadow":                       {who: mode(shadow, workflows.ClassTask), want: []string{"stage sql", "status new", "task first contact (shadow)"}},
		"leaving has no task to close":         {who: mode(shadow, workflows.ClassTask), happen: again(func(p *person) { p.status("IN_PROGRESS") }), want: []string{}},
		"deal in shadow":                       {who: mode(shadow, workflows.ClassDeal), happen: again(func(p *person) { p.status("OPEN_DEAL") }), want: []string{"deal open the deal (shadow)", "close first contact"}},
		"nobody configured is shadow":          {who: func(t *testing.T) *person { p := newPerson(t, reach("sql")); p.portal.Modes = nil; return p }, want: []string{"stage sql (shadow)"}},
		"stage off":                            {who: mode(off, workflows.ClassStage), want: []string{}},
		"status off":                           {who: mode(off, workflows.ClassStatus), want: []string{"stage sql"}},
		"task off":                             {who: mode(off, workflows.ClassTask), want: []string{"stage sql", "status new"}},
		"deal off":                             {who: mode(off, workflows.ClassDeal), happen: again(func(p *person) { p.status("OPEN_DEAL") }), want: []string{"close first contact"}},
		"deal off although one is open":        {who: mode(off, workflows.ClassDeal), happen: again(func(p *person) { p.deal(false, false).status("OPEN_DEAL") }), want: []string{"stage opportunity", "close first contact"}},
		"everything off leaves the plan empty": {who: mode(off, slices.Collect(maps.Keys(allOn()))...), want: []string{}, reason: workflows.ReasonUnchanged},
	})
}

func TestPlan_shadowEntriesAndSwitchingOn(t *testing.T) {
	p := newPerson(t, reach("sql"))
	p.portal.Modes = nil
	for _, e := range p.step().Entries {
		if e.State != workflows.StateShadow {
			t.Errorf("entry %q is %s, want shadow", e.Key, e.State)
		}
	}
	if again := p.after(time.Hour).step(); len(again.Actions) != 0 {
		t.Errorf("recorded a second time: %v", again.Actions)
	}
	p.portal.Modes = allOn()
	planned := p.step()
	if diff := cmp.Diff([]string{"stage sql", "status new", "task first contact"}, brief(planned)); diff != "" {
		t.Errorf("switched on (-want +got):\n%s", diff)
	}
	entryOf(t, planned, workflows.KindUpdate, workflows.ClassScore) // recorded scores were never written, so they are now
}

func TestPlan_taskOffLeavesNoTrace(t *testing.T) {
	p := newPerson(t, reach("sql"))
	p.portal.Modes[workflows.ClassTask], p.portal.Modes[workflows.ClassDeal] = workflows.ModeOff, workflows.ModeOff
	p.step()
	p.after(time.Hour).status("OPEN_DEAL").step()
	if n := len(p.record.State.Episodes); n != 0 {
		t.Errorf("%d rules have episodes although their effects are off", n)
	}
}

// A class that is switched off or to shadow while a task of ours is open: the task must not be closed, and its
// creation not be cancelled, by something that is not carried out.
func TestPlan_switchedWhileATaskIsOpen(t *testing.T) {
	for mode, want := range map[workflows.Mode][]string{
		workflows.ModeOn: {"close first contact"}, workflows.ModeShadow: {"close first contact (shadow)"}, workflows.ModeOff: {},
	} {
		t.Run(string(mode), func(t *testing.T) {
			p := newPerson(t, reach("sql"))
			p.step()
			p.portal.Modes[workflows.ClassTask] = mode
			planned := p.after(time.Hour).status("IN_PROGRESS").step()
			if diff := cmp.Diff(want, brief(planned)); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
			if got := len(planned.CancelKeys) > 0; got != (mode == workflows.ModeOn) {
				t.Errorf("cancelled %v", planned.CancelKeys)
			}
			if _, open := planned.State.Tasks["call"]; open != (mode == workflows.ModeOff) {
				t.Errorf("open tasks %v", planned.State.Tasks)
			}
		})
	}
}

func TestPlan_lookAt(t *testing.T) {
	p := newPerson(t, with(reach("lead"), "num_conversion_events", "2", "recent_conversion_date", "2026-11-02T08:00:00Z"))
	p.record.Observations = p.readings()
	planned := p.step()
	if !planned.LookAt.After(p.now) {
		t.Fatalf("look at %v although a score decays", planned.LookAt)
	}
	p.now = planned.LookAt
	if due := p.plan(); len(due.Actions) == 0 {
		t.Error("nothing to do when the time came")
	}
	if never := newPerson(t, reach("lead")).plan(); !never.LookAt.IsZero() {
		t.Errorf("look at %v although only a change can matter", never.LookAt)
	}
}
