package workflows_test

import (
	"slices"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// called are n contacts that sales is to call, two hours after that was planned: of a hundred, one step of the walk
// leaves some to the next.
func called(b *bench, n int) *workflows.Worker {
	b.Helper()
	w := living(b, n, false, func(int) map[string]string { return with(reach("sql"), "hs_lead_status", "NEW") })
	b.clock = b.clock.Add(2 * time.Hour)
	return w
}

// misread adopts the same model with a mapping in which one status is taken for another; reread takes that back.
func misread(b *bench, w *workflows.Worker) {
	p := w.Reconciler.Portal
	p.Statuses["new"], p.Statuses["attempted"] = p.Statuses["attempted"], p.Statuses["new"]
	adopt(b, w, parseModel(b))
}

func reread(b *bench, w *workflows.Worker) { misread(b, w) }

// tasks counts the account's tasks by whether they are open.
func (b *bench) tasks() (open, archived int) {
	for _, t := range b.crm.things {
		if t.Archived {
			archived++
		} else {
			open++
		}
	}
	return open, archived
}

func (b *bench) wantsTasks(when string, open, archived int) {
	b.Helper()
	if o, a := b.tasks(); o != open || a != archived {
		b.Errorf("%s: %d tasks are open and %d archived, want %d and %d", when, o, a, open, archived)
	}
}

// Rule 26: what a slip in the mapping of statuses ends waits for the run, and so for the limit, and is forgotten when the
// slip is taken back meanwhile.
func TestReevaluator_gathersClosings(t *testing.T) {
	const n = 104
	limit := func(tasks int) map[workflows.Class]int { return map[workflows.Class]int{workflows.ClassTask: tasks} }
	for name, tc := range map[string]struct {
		limits         map[workflows.Class]int
		then           func(b *bench, w *workflows.Worker)
		open, archived int
	}{
		"the run ends":   {nil, nil, 0, n},
		"over the limit": {limit(n - 1), nil, n, 0},
		"within it":      {limit(n), nil, 0, n},
		"released": {limit(n - 1), func(b *bench, w *workflows.Worker) {
			b.finish(w)
			released, err := b.store.ReleaseClass(b.Context(), portalID, workflows.ClassTask)
			if b.must(err); released != n {
				b.Errorf("%d are released", released)
			}
		}, 0, n},
		"over the limit, taken back": {limit(n - 1), func(b *bench, w *workflows.Worker) {
			b.finish(w)
			reread(b, w)
			b.finish(w)
			if released, err := b.store.ReleaseClass(b.Context(), portalID, workflows.ClassTask); err != nil || released != 0 {
				b.Errorf("%d are left to be released (%v)", released, err)
			}
		}, n, 0},
		"released, taken back": {limit(n - 1), func(b *bench, w *workflows.Worker) {
			b.finish(w)
			released, err := b.store.ReleaseClass(b.Context(), portalID, workflows.ClassTask)
			if b.must(err); released != n {
				b.Errorf("%d are released", released)
			}
			reread(b, w)
		}, 0, n},
		"taken back": {nil, reread, n, 0},
		"taken back and meant": {nil, func(b *bench, w *workflows.Worker) {
			reread(b, w)
			b.finish(w)
			for i := range n {
				b.crm.props[nth(i)]["hs_lead_status"] = "UNQUALIFIED"
				b.hint(nth(i))
			}
		}, 0, n},
		"taken back and done again": {nil, func(b *bench, w *workflows.Worker) {
			reread(b, w)
			b.finish(w)
			misread(b, w)
		}, 0, n},
		"another slip": {nil, func(b *bench, w *workflows.Worker) { adopt(b, w, dearer(b)) }, 0, n},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			w := called(b, n)
			b.wantsTasks("before", n, 0)
			b.pusher.Portal.Limits = tc.limits
			misread(b, w)
			b.once(w)
			b.wantsTasks("during the run", n, 0)
			if got := b.gathered(); got != 100 {
				t.Errorf("%d are gathered after a step", got)
			}
			if tc.then != nil {
				tc.then(b, w)
			}
			b.finish(w)
			b.wantsTasks("afterwards", tc.open, tc.archived)
			if tc.open == n && name != "over the limit" {
				for i := range n {
					if st := b.state(nth(i)); st.Tasks["call"].Rule != "first contact" || st.Tasks["call"].Was.Kind != connector.TaskCall || len(st.Made) != 0 || st.Status != "new" {
						t.Fatalf("contact %d remembers %v, %v, %q", i, st.Tasks, st.Made, st.Status)
					}
				}
			}
		})
	}
}

// A task that was not sent yet is made if the slip is taken back, and not any more when the run ends.
func TestReevaluator_gathersClosingsOfWaitingTasks(t *testing.T) {
	for name, tc := range map[string]struct {
		then func(b *bench, w *workflows.Worker)
		made int
	}{
		"taken back":   {reread, 120},
		"the run ends": {func(*bench, *workflows.Worker) {}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.pusher.Portal.Limits = map[workflows.Class]int{workflows.ClassTask: 1}
			w := called(b, 120)
			b.wantsTasks("before", 0, 0)
			misread(b, w)
			b.once(w)
			tc.then(b, w)
			b.finish(w)
			_, err := b.store.ReleaseClass(t.Context(), portalID, workflows.ClassTask)
			b.must(err)
			b.finish(w)
			b.wantsTasks("released", tc.made, 0)
		})
	}
}

// A task of which the closing is gathered is still open: who is to be called again is called by it.
func TestPlan_gatheredClosing(t *testing.T) {
	p := newPerson(t, with(reach("sql"), "hs_lead_status", "NEW"))
	p.step()
	was := p.record.State.Tasks["call"]
	p.record.Activities = append(p.record.Activities, connector.Object{
		Type: connector.TypeTask, ID: "81", Properties: map[string]string{
			"hs_task_type": "CALL", "hs_task_status": "NOT_STARTED", "hubspot_owner_id": was.Was.Owner, "hs_task_priority": "HIGH",
			"hs_timestamp": time.Unix(was.Was.Due, 0).UTC().Format(time.RFC3339), "leadsync_key": was.Key,
		},
	})
	p.after(time.Hour).step()
	planned := p.modelled(changedModel(t, "on_status: new\n", "on_status: new\n    obsolete_when: known(email)\n")).step()
	if got := brief(planned); !slices.Equal(got, []string{"close first contact"}) || planned.Entries[0].Run == "" || len(planned.CancelKeys) != 0 {
		t.Fatalf("%v of run %q, cancels %v", got, planned.Entries[0].Run, planned.CancelKeys)
	}
	p.record.Gathered.Keys = []string{planned.Entries[0].Key}
	planned = p.after(time.Hour).call(noAnswer, 0).step()
	if got := brief(planned); !slices.Equal(got, []string{"status attempted", "amend call again"}) || !slices.Contains(planned.CancelKeys, "close/"+was.Key) {
		t.Errorf("%v, cancels %v", got, planned.CancelKeys)
	}
	for _, e := range planned.Entries {
		if e.Kind == workflows.KindAmend && decoded[workflows.AmendPayload](t, e).Old != was.Key {
			t.Errorf("it amends %s", e.Payload)
		}
	}
}

// Rule 26: what another model makes of audiences waits for the run, is counted by the limit, and is forgotten if the model
// is taken back; who lacks consent does not wait.
func TestReevaluator_gathersAudiences(t *testing.T) {
	const n = 104
	audience := func(when, consent string) *scoring.Model {
		return changedModel(t, "do_not_profile:", "audiences: {big: {when: '"+when+"'}}\nadvertising: {consent: '"+consent+"'}\ndo_not_profile:")
	}
	some, none := audience("budget >= 500", "known(email)"), audience("budget >= 600", "known(email)")
	for name, tc := range map[string]struct {
		from, to *scoring.Model
		limit    int
		during   int // on the list after one step of the run
		back     bool
		want     int
	}{
		"removed":              {some, none, n, n, false, 0},
		"removed, limited":     {some, none, n - 1, n, false, n},
		"removed, taken back":  {some, none, n, n, true, n},
		"added":                {none, some, n, 0, false, n},
		"added, limited":       {none, some, n - 1, 0, false, 0},
		"added, taken back":    {none, some, n, 0, true, 0},
		"without consent":      {some, audience("budget >= 500", "budget >= 900"), 9 * n, n - 100, false, 0},
		"without it, reverted": {some, audience("budget >= 500", "budget >= 900"), 9 * n, n - 100, true, n},
	} {
		t.Run(name, func(t *testing.T) {
			b, l := newListBench(t)
			b.pusher.Portal.Lists, b.pusher.Portal.Modes[workflows.ClassList] = map[string]string{"big": "11"}, workflows.ModeOn
			w := living(b, n, false, func(int) map[string]string { return with(reach("lead"), "budget", "500") })
			adopt(b, w, tc.from)
			b.finish(w)
			on := func() (n int) {
				for _, is := range l.members["11"] {
					if is {
						n++
					}
				}
				return n
			}
			b.clock = b.clock.Add(2 * time.Hour)
			b.pusher.Portal.Limits = map[workflows.Class]int{workflows.ClassList: tc.limit}
			sent := len(l.calls)
			adopt(b, w, tc.to)
			b.once(w)
			b.must(b.push())
			if got := on(); got != tc.during || !b.walked().UnderWay() {
				t.Errorf("during the run %d are on the list, want %d", got, tc.during)
			}
			if tc.back {
				adopt(b, w, tc.from)
			}
			b.finish(w)
			if got := on(); got != tc.want {
				t.Errorf("%d are on the list, want %d", got, tc.want)
			}
			if tc.back && tc.limit == n && len(l.calls) != sent {
				t.Errorf("it was taken back, but %v was sent", l.calls[sent:])
			}
			places := 0
			for i := range n {
				places += len(b.state(nth(i)).Audiences)
			}
			if tc.limit >= n && places != tc.want {
				t.Errorf("%d places are remembered, want %d", places, tc.want)
			}
		})
	}
}

// Moves that a limit holds up are forgotten if the model is taken back that wanted them.
func TestReevaluator_takesBackWhatALimitHolds(t *testing.T) {
	const n = 120
	b := newBench(t)
	w := living(b, n, false, func(int) map[string]string { return with(reach("lead"), "budget", "500") })
	was := b.crm.props[nth(0)]["lifecyclestage"]
	b.clock = b.clock.Add(2 * time.Hour)
	b.pusher.Portal.Limits = map[workflows.Class]int{workflows.ClassStage: n - 1}
	adopt(b, w, vips(t))
	b.finish(w)
	b.clock = b.clock.Add(time.Hour)
	b.hint(nth(0), nth(1)) // nothing new: what is held up is not decided anew
	b.finish(w)
	adopt(b, w, dearer(t))
	b.finish(w)
	_, err := b.store.ReleaseClass(t.Context(), portalID, workflows.ClassStage)
	b.must(err)
	b.finish(w)
	for i := range n {
		if props, st := b.crm.props[nth(i)], b.state(nth(i)); props["lifecyclestage"] != was || props["hs_lead_status"] != "" || st.Stage != "lead" {
			t.Fatalf("contact %d: %v, %q", i, props, st.Stage)
		}
	}
}
