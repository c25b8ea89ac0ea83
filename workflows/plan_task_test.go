package workflows_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/workflows"
)

// whyOf is the reason of the first action of a rule.
func whyOf(t *testing.T, planned workflows.Planned, rule string) map[string]string {
	t.Helper()
	for _, a := range planned.Actions {
		if a.Rule == rule {
			why := map[string]string{"code": string(a.Reason.Code)}
			maps.Copy(why, a.Reason.Params)
			return why
		}
	}
	t.Fatalf("nothing of %q: %v", rule, brief(planned))
	return nil
}

func TestTask_ladder(t *testing.T) {
	o := selling(t)
	first := o.one("call")
	for i, step := range []struct{ subject, priority, due string }{
		{"Call again, no. 1: Petra Wolf, ", "HIGH", "2026-11-05T09:00:00Z"}, // the priority of the first contact, which it was
		{"Call again, no. 2: Petra Wolf, ", "HIGH", "2026-11-09T09:00:00Z"}, // 4 days, and it is a Sunday
		{"Last call: Petra Wolf", "HIGH", "2026-11-16T09:00:00Z"},
	} {
		wants(t, o.unanswered(), map[int][]string{0: {"status attempted", "amend call again"}, 1: {"amend call again"}, 2: {"amend call again"}}[i]...)
		task := o.one("call")
		if task.ID != first.ID {
			t.Errorf("attempt %d has another task: %v", i+1, task)
		}
		got := []string{task.Properties["subject"], task.Properties["hs_task_priority"], task.Properties["hs_timestamp"]}
		if diff := cmp.Diff([]string{step.subject, step.priority, step.due}, got); diff != "" {
			t.Errorf("attempt %d (-want +got):\n%s", i+1, diff)
		}
	}
	end := o.unanswered()
	wants(t, end, "status unqualified", "close call again")
	want := map[string]string{"code": "ladder_used_up", "rule": "call again", "attempts": "3"}
	if got := end.Actions[0].Reason; string(got.Code) != want["code"] || got.Params["rule"] != want["rule"] || got.Params["attempts"] != want["attempts"] {
		t.Errorf("reason %v", got)
	}
	if o.unanswered(); len(o.open("call")) != 0 {
		t.Errorf("unqualified, and called again: %v", o.open("call"))
	}
}

func TestTask_ladderBeginsAnew(t *testing.T) {
	o := selling(t)
	o.unanswered()
	o.unanswered()
	o.after(time.Hour).call(connected, 0)
	wants(t, o.step(), "status in_progress", "close call again")
	o.after(24*time.Hour).call(noAnswer, 0)
	wants(t, o.step(), "status attempted", "task call again")
	if got := o.one("call").Properties["subject"]; !strings.HasPrefix(got, "Call again, no. 1") {
		t.Errorf("subject %q after an answer", got)
	}
	if got := o.one("call").Properties["hs_task_priority"]; got != "LOW" {
		t.Errorf("priority %q of a new task", got)
	}
}

func TestTask_ladderThatLeadsBack(t *testing.T) {
	o := newOffice(t, reach("sql"))
	o.step()
	o.after(time.Hour).status("BAD_TIMING")
	wants(t, o.step(), "amend try later")
	o.after(time.Hour).status("IN_PROGRESS").step()
	o.after(time.Hour).status("BAD_TIMING")
	wants(t, o.step(), "task try later") // the row began anew
	o.record.State.Rows["try later"] = 1
	o.record.Told = true
	o.record.State.Status = "new" // as if it had been entered once more
	wants(t, o.step(), "stage mql", "close try later", "task nurture")
}

func TestTask_queueAndReminder(t *testing.T) {
	o := selling(t)
	o.after(time.Hour).call(noAnswer, 0)
	task := decoded[workflows.AmendPayload](t, entryOf(t, o.step(), workflows.KindAmend, workflows.ClassTask)).Task
	if task.Queue != "77" || !task.RemindAt.Equal(task.DueAt.Add(-30*time.Minute)) {
		t.Errorf("queue %q, reminder %v of %v", task.Queue, task.RemindAt, task.DueAt)
	}
}

func TestTask_satisfied(t *testing.T) {
	for name, tc := range map[string]struct {
		happen func(o *office)
		by     string // empty: not satisfied
	}{
		"somebody's call is planned":    {func(o *office) { o.foreign("CALL", taskOpen) }, "task"},
		"somebody's call is done":       {func(o *office) { o.foreign("CALL", taskDone) }, ""},
		"somebody's mail is planned":    {func(o *office) { o.foreign("EMAIL", taskOpen) }, ""},
		"a meeting lies ahead":          {func(o *office) { o.meeting("SCHEDULED", 48*time.Hour) }, "meeting"},
		"a meeting was called off":      {func(o *office) { o.meeting("CANCELED", 48*time.Hour) }, ""},
		"a meeting is over":             {func(o *office) { o.meeting("NO_SHOW", -48*time.Hour) }, ""},
		"an active sequence":            {func(o *office) { o.set(map[string]string{"hs_sequences_is_enrolled": "true"}) }, "sequence"},
		"ours has another due time":     {func(o *office) { o.change(o.one("call").ID, "hs_timestamp", "2026-12-01T09:00:00Z") }, "edited"},
		"ours has another owner":        {func(o *office) { o.change(o.one("call").ID, "hubspot_owner_id", "jana") }, "edited"},
		"ours was completed":            {func(o *office) { o.complete(o.one("call").ID) }, ""},
		"ours was deleted":              {func(o *office) { o.remove(o.one("call").ID) }, ""},
		"ours has another subject only": {func(o *office) { o.change(o.one("call").ID, "subject", "Mine") }, ""}, // the mirror has no subjects
		"nothing at all":                {func(*office) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := selling(t)
			tc.happen(o)
			before := len(o.open("call"))
			o.after(time.Hour).call(noAnswer, 0)
			planned := o.step()
			why := whyOf(t, planned, "call again")
			if tc.by == "" {
				if why["code"] != "amended" {
					t.Errorf("%v", why)
				}
				return
			}
			if why["code"] != "satisfied" || why["by"] != tc.by || tc.by != "sequence" && why["id"] == "" {
				t.Errorf("%v, want satisfied by %s", why, tc.by)
			}
			if after := len(o.open("call")); after > before {
				t.Errorf("%d open tasks, then %d", before, after)
			}
			for _, lang := range []string{"en", "de"} {
				if text := workflows.RenderReason(lang, planned.Actions[slices.IndexFunc(planned.Actions, func(a workflows.Action) bool { return a.Rule == "call again" })].Reason); strings.ContainsAny(text, "{}") || !strings.Contains(text, "call again") {
					t.Errorf("%s: %q", lang, text)
				}
			}
		})
	}
}

// A task that a person edited stays theirs when the status is left, and satisfies every later cause while it is open.
func TestTask_editedStaysTheirs(t *testing.T) {
	o := selling(t)
	mine := o.one("call").ID
	o.change(mine, "hs_timestamp", "2026-12-01T09:00:00Z")
	o.unanswered()
	o.after(time.Hour).status("IN_PROGRESS").step()
	o.unanswered()
	o.unanswered()
	if got := o.one("call"); got.ID != mine || got.Properties["hs_timestamp"] != "2026-12-01T09:00:00Z" {
		t.Errorf("their task became %v", got)
	}
	o.complete(mine)
	o.unanswered()
	if got := o.one("call"); got.ID == mine {
		t.Errorf("no new task after theirs was done: %v", got)
	}
}

func TestTask_notNeeded(t *testing.T) {
	o := selling(t)
	o.unanswered()
	o.after(time.Hour).meeting("completed", 0)
	planned := o.step()
	wants(t, planned, "close call again", "task talk it over")
	if why := whyOf(t, planned, "call again"); why["code"] != "not_needed" || !strings.HasPrefix(why["condition"], "count(") {
		t.Errorf("closed because %v", why)
	}
	again := o.unanswered()
	wants(t, again, "task call again (off)")
	if why := whyOf(t, again, "call again"); why["code"] != "not_needed" {
		t.Errorf("not made because %v", why)
	}
	later := selling(t)
	later.unanswered()
	later.meeting("completed", 12*time.Hour)
	if planned := later.step(); !planned.LookAt.Equal(later.now.Add(12 * time.Hour)) {
		t.Errorf("look at %v, the meeting begins in 12 hours", planned.LookAt)
	}
}

func TestTask_waits(t *testing.T) {
	const days = 24 * time.Hour
	answered := func(t *testing.T) *office {
		o := selling(t)
		o.call(connected, 0)
		planned := o.step()
		wants(t, planned, "status in_progress", "close first contact")
		if want := o.now.Add(3 * days); !planned.LookAt.Equal(want) {
			t.Errorf("look at %v, want the end of the wait, %v", planned.LookAt, want)
		}
		return o
	}
	t.Run("too early", func(t *testing.T) { o := answered(t); o.after(3*days - time.Minute); wants(t, o.step()) })
	t.Run("over", func(t *testing.T) {
		o := answered(t)
		o.after(3 * days)
		wants(t, o.step(), "task ask for the budget")
		o.after(days)
		wants(t, o.step())
	})
	t.Run("it is known by then", func(t *testing.T) {
		o := answered(t)
		o.after(3 * days).set(map[string]string{"budget": "500"})
		planned := o.step()
		wants(t, planned, "task ask for the budget (off)")
		if why := whyOf(t, planned, "ask for the budget"); why["code"] != "condition_not_met" || why["condition"] != "not known(budget)" {
			t.Errorf("%v", why)
		}
	})
	t.Run("begins anew", func(t *testing.T) {
		o := answered(t)
		o.after(2*days).call(connected, 0)
		wants(t, o.step())
		o.after(2 * days)
		wants(t, o.step())
		o.after(days)
		wants(t, o.step(), "task ask for the budget")
	})
	t.Run("off by then", func(t *testing.T) {
		o := answered(t)
		o.portal.Modes[workflows.ClassTask] = workflows.ModeOff
		o.after(3 * days)
		wants(t, o.step())
		if n := len(o.record.State.Waits); n != 0 {
			t.Errorf("%d waits", n)
		}
	})
	t.Run("off from the beginning", func(t *testing.T) {
		o := newOffice(t, reach("sql"))
		o.portal.Modes[workflows.ClassTask] = workflows.ModeOff
		o.step()
		o.after(time.Hour).call(connected, 0)
		o.step()
		if n := len(o.record.State.Waits) + len(o.record.State.Episodes) + len(o.record.State.Rows); n != 0 {
			t.Errorf("%d traces", n)
		}
	})
}

func TestTask_onActivity(t *testing.T) {
	minutes := func(t *testing.T, o *office, want bool) {
		t.Helper()
		got := slices.Contains(brief(o.step()), "task talk it over")
		if got != want {
			t.Errorf("a task: %v, want %v", got, want)
		}
	}
	t.Run("one for each", func(t *testing.T) {
		o := selling(t)
		o.meeting("completed", 0)
		minutes(t, o, true)
		o.after(time.Hour)
		minutes(t, o, false)
	})
	t.Run("not what lies ahead", func(t *testing.T) {
		o := selling(t)
		o.meeting("completed", time.Hour)
		minutes(t, o, false)
		o.after(time.Hour)
		minutes(t, o, true)
	})
	t.Run("not an older one", func(t *testing.T) {
		o := selling(t)
		o.meeting("completed", 0)
		minutes(t, o, true)
		o.after(time.Hour).call(connected, 0)
		o.meeting("completed", -2*time.Hour)
		minutes(t, o, false)
	})
	t.Run("not the one before when the newest is gone", func(t *testing.T) {
		o := selling(t)
		o.meeting("completed", 0)
		minutes(t, o, true)
		o.after(time.Hour).record.Activities = slices.Clone(o.record.Activities)
		o.meeting("completed", 0)
		o.step()
		o.record.Activities = slices.Delete(o.record.Activities, len(o.record.Activities)-1, len(o.record.Activities))
		o.after(time.Hour)
		minutes(t, o, false)
	})
	t.Run("not what was loaded", func(t *testing.T) {
		o := newOffice(t, reach("sql"))
		o.meeting("completed", -time.Hour)
		state := workflows.Baseline(o.portal, o.model, o.record, o.now)
		o.record.State = &state
		o.step()
		o.after(time.Hour).set(map[string]string{"budget": "1"}) // releases
		minutes(t, o, false)
		o.after(time.Hour).meeting("completed", 0)
		minutes(t, o, true)
	})
	t.Run("not what a new rule finds", func(t *testing.T) {
		o := selling(t)
		o.meeting("completed", -30*time.Minute)
		delete(o.record.State.Seen, "talk it over") // as a model without the rule leaves it
		o.record.State.EvaluatedAt = o.now.Add(-time.Minute)
		minutes(t, o, false)
	})
	t.Run("not what was not tracked", func(t *testing.T) {
		o := selling(t)
		o.portal.Off = []string{"meeting"}
		o.meeting("completed", 0)
		minutes(t, o, false)
		o.portal.Off = nil
		o.after(time.Hour)
		minutes(t, o, false)
	})
	t.Run("nothing of who must not be profiled is kept", func(t *testing.T) {
		o := selling(t)
		o.meeting("completed", 0)
		o.step()
		o.forbid()
		o.step()
		if st := o.record.State; len(st.Seen)+len(st.Waits)+len(st.Rows) != 0 {
			t.Errorf("kept %+v", st.Following)
		}
	})
}

// A state of a release that remembered open tasks by rule.
func TestTask_statesOfEarlierReleases(t *testing.T) {
	o := selling(t)
	key := o.record.State.Tasks["call"].Key
	var old map[string]any
	text, err := json.Marshal(o.record.State)
	if err == nil {
		err = json.Unmarshal(text, &old)
	}
	if err != nil {
		t.Fatal(err)
	}
	delete(old, "tasks")
	old["open_tasks"] = map[string]string{"first contact": key, "try later": "ls-second", "gone from the model": "ls-third"}
	text, _ = json.Marshal(old)
	var st workflows.LeadState
	if err := json.Unmarshal(text, &st); err != nil {
		t.Fatal(err)
	}
	o.record.State = &st
	wants(t, o.step())
	if got := o.record.State.Tasks["call"]; got.Key != key || got.Rule != "first contact" {
		t.Errorf("taken over as %+v", got)
	}
	wants(t, o.unanswered(), "status attempted", "close try later", "amend call again")
	o.after(time.Hour).status("UNQUALIFIED")
	wants(t, o.step(), "close gone from the model", "close call again")
	if n := len(o.record.State.OpenTasks) + len(o.record.State.Tasks); n != 0 {
		t.Errorf("%d tasks are left", n)
	}
}

func TestTask_shadow(t *testing.T) {
	o := selling(t)
	o.portal.Modes[workflows.ClassTask] = workflows.ModeShadow
	key := o.record.State.Tasks["call"].Key
	wants(t, o.unanswered(), "status attempted", "amend call again (shadow)")
	if got := o.record.State.Tasks["call"].Key; got != key {
		t.Errorf("the open task is %q, %q was recorded only", key, got)
	}
	o.after(time.Hour)
	wants(t, o.step())
	o.portal.Modes[workflows.ClassTask] = workflows.ModeOn
	o.after(time.Hour).status("IN_PROGRESS")
	wants(t, o.step(), "close call again")
	if n := len(o.open("call")); n != 0 {
		t.Errorf("%d tasks are still open", n)
	}
}

// Two rules of one kind in one plan ask once.
func TestTask_oneForTwoRules(t *testing.T) {
	o := newOffice(t, reach("mql"))
	o.step()
	o.after(time.Hour).call(connected, 0)
	o.step()
	email := o.one("email").ID
	o.after(72 * time.Hour).set(map[string]string{"budget": ""})
	planned := o.step()
	if got := o.one("email"); got.ID != email || got.Properties["subject"] != "What may it cost?" {
		t.Errorf("%v: %v", brief(planned), got)
	}
}

// What contacts are called comes out as text, in every language.
func TestTask_strangeNames(t *testing.T) {
	long := strings.Repeat("Ü", 5000)
	for name, want := range map[string]string{
		"<script>alert(1)</script>": "<script>alert(1)</script>",
		"{{.}} {company} {attempt}": "{{.}} {company} {attempt}",
		"=cmd()|' /C calc'!A0":      "=cmd()|' /C calc'!A0",
		"\u202eevil\u2066 \u200fx":  "evil x",
		"a\r\nb\tc\x00\x1b[31md":    "a b c[31md",
		"\xff\xfe broken":           "\ufffd broken",
		long:                        strings.Repeat("Ü", 99) + "…",
	} {
		for _, lang := range []string{"en", "de"} {
			o := newOffice(t, with(reach("sql"), "firstname", name, "lastname", "", "company", "Nord"))
			o.portal.Language = lang
			o.step()
			o.after(time.Hour).call(noAnswer, 0)
			task := decoded[workflows.AmendPayload](t, entryOf(t, o.step(), workflows.KindAmend, workflows.ClassTask)).Task
			if !strings.HasSuffix(task.Subject, ": "+want+", Nord") {
				t.Errorf("%s: subject %.150q, want %.150q in it", lang, task.Subject, want)
			}
			if strings.ContainsAny(task.BodyHTML, "<>\u202e\u2066\x00\x1b") && !strings.Contains(task.BodyHTML, "<br>") || len(task.BodyHTML) > 20_000 {
				t.Errorf("%s: body %.150q", lang, task.BodyHTML)
			}
			if name == "<script>alert(1)</script>" && task.BodyHTML != "&lt;script&gt;alert(1)&lt;/script&gt; of Nord" {
				t.Errorf("body %q", task.BodyHTML)
			}
		}
	}
}

// TestTasks_closedLongAgo: of a task that leadsync closed the mirror does not hear before the next repair walk. Until then it
// is nobody's, however often the contact comes and goes meanwhile.
func TestTasks_closedLongAgo(t *testing.T) {
	o := selling(t)
	first := o.one("call")
	for round := range 16 {
		o.after(time.Hour).status("IN_PROGRESS")
		if o.step(); len(o.open("call")) != 0 {
			t.Fatalf("round %d: still open: %v", round, o.open("call"))
		}
		o.record.Activities = append(slices.Clone(o.record.Activities), first) // as the mirror still has it
		o.after(time.Hour).status("ATTEMPTED_TO_CONTACT")
		if planned := o.step(); !slices.ContainsFunc(brief(planned), func(s string) bool { return strings.HasSuffix(s, " call again") }) {
			t.Fatalf("round %d: %v", round, brief(planned))
		}
		o.remove(first.ID)
	}
}
