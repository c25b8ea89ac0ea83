package workflows_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// vips is a model in which every small budget makes an SQL, which sets a status that asks for a call.
func vips(t fail) *scoring.Model { return changedModel(t, "or vip'}", "or vip or budget >= 100'}") }

// modelled lets a contact be looked at with another model.
func (p *person) modelled(m *scoring.Model) *person {
	p.model = m
	return p
}

// lingerer is a released contact with a small budget.
func lingerer(t fail) *person {
	p := newPerson(t, with(reach("lead"), "budget", "500"))
	p.step()
	p.after(time.Hour).step()
	return p
}

func TestPlan_anotherModelIsQuiet(t *testing.T) {
	for name, tc := range map[string]struct {
		happen func(p *person)
		want   []string
		reason scoring.ReasonCode
	}{
		"nothing else": {func(*person) {}, []string{"stage sql", "status new"}, workflows.ReasonQuiet},
		"time":         {func(p *person) { p.after(100 * time.Hour) }, []string{"stage sql", "status new"}, workflows.ReasonQuiet},
		"a fact":       {func(p *person) { p.set(map[string]string{"budget": "600"}) }, []string{"stage sql", "status new", "task first contact"}, workflows.ReasonPlanned},
		"a call":       {func(p *person) { p.call("guid-other", 0) }, []string{"stage sql", "status new", "task first contact"}, workflows.ReasonPlanned},
		"a stage":      {func(p *person) { p.stage("marketingqualifiedlead") }, []string{"stage sql", "status new", "task first contact"}, workflows.ReasonPlanned},
	} {
		t.Run(name, func(t *testing.T) {
			p := lingerer(t).modelled(vips(t))
			tc.happen(p)
			planned := p.step()
			if got := brief(planned); !slices.Equal(got, tc.want) || planned.Reason.Code != tc.reason {
				t.Fatalf("%v, %v", got, planned.Reason)
			}
			quiet := tc.reason == workflows.ReasonQuiet
			if quiet && planned.Reason.Params["rule"] != "first contact" {
				t.Errorf("left out: %v", planned.Reason.Params)
			}
			for _, e := range planned.Entries {
				if gathered := e.Run != ""; gathered != (quiet && e.Class != workflows.ClassScore) {
					t.Errorf("%s of class %s: run %q", e.Key, e.Class, e.Run)
				}
			}
			if again := p.step(); len(brief(again)) != 0 || again.State.Episodes["first contact"] != len(tc.want)-2 {
				t.Errorf("afterwards: %v, %v", brief(again), again.State.Episodes)
			}
			if quiet != (p.record.State.Quiet != nil) {
				t.Errorf("remembered: %+v", p.record.State.Quiet)
			}
		})
	}
}

// What the contact does after a quiet look is news as ever, and ends it; time does what time does.
func TestPlan_afterAQuietLook(t *testing.T) {
	p := lingerer(t).modelled(vips(t))
	p.step()
	p.after(time.Hour).call(noAnswer, 0)
	if got := brief(p.step()); !slices.Equal(got, []string{"status attempted", "task call again"}) {
		t.Errorf("a call: %v", got)
	}
	if p.record.State.Quiet != nil {
		t.Error("it is quiet for ever")
	}
}

// A wait that began before, and is over now, is no doing of the other model's.
func TestPlan_waitsGoOnInAQuietLook(t *testing.T) {
	p := newPerson(t, with(reach("lead"), "budget", "500"))
	p.model = changedModel(t, "on_status: bad_timing, task:", "on_status: bad_timing, after: 2d, task:")
	p.step()
	p.status("BAD_TIMING").step()
	p.after(72 * time.Hour)
	p.model = changedModel(t, "on_status: bad_timing, task:", "on_status: bad_timing, after: 2d, task:", "points: 40}", "points: 41}")
	planned := p.step()
	if got := brief(planned); !slices.Equal(got, []string{"task try later"}) {
		t.Errorf("%v (%v)", got, planned.Reason)
	}
}

func TestPlan_backfill(t *testing.T) {
	order := func(p *person, rules ...string) workflows.Planned {
		p.record.Orders = rules
		planned := p.step()
		p.record.Orders = nil
		return planned
	}
	codes := func(planned workflows.Planned) (found []string) {
		for _, n := range planned.Notes {
			found = append(found, string(n.Code)+" "+n.Params["why"])
		}
		return found
	}
	quiet := func(t *testing.T) *person {
		p := lingerer(t).modelled(vips(t))
		p.step()
		return p
	}
	held := func(t *testing.T) *person {
		return loaded(t, with(reach("sql"), "lifecyclestage", "lead", "hs_lead_status", "NEW"))
	}
	for name, tc := range map[string]struct {
		of   func(t *testing.T) *person
		rule string
		do   func(p *person)
		want []string
		note string
	}{
		"quiet":            {quiet, "first contact", nil, []string{"task first contact"}, "backfilled "},
		"held":             {held, "first contact", nil, []string{"task first contact"}, "backfilled "},
		"status changed":   {quiet, "first contact", func(p *person) { p.status("UNQUALIFIED") }, []string{}, "backfill_dropped moved"},
		"another status":   {held, "call again", nil, []string{}, "backfill_dropped moved"},
		"not in the model": {held, "no such rule", nil, []string{}, "backfill_dropped rule"},
		"no such effect":   {held, "close reminders", nil, []string{}, "backfill_dropped rule"},
	} {
		t.Run(name, func(t *testing.T) {
			p := tc.of(t)
			wasHeld := p.record.State.Held
			if tc.do != nil {
				tc.do(p)
			}
			planned := order(p, tc.rule)
			if got := brief(planned); !slices.Equal(got, tc.want) || !slices.Equal(codes(planned), []string{tc.note}) || !slices.Equal(planned.Ordered, []string{tc.rule}) {
				t.Fatalf("%v, %v, %v", got, codes(planned), planned.Ordered)
			}
			if planned.State.Held != (wasHeld && tc.do == nil) {
				t.Errorf("held: %v", planned.State.Held)
			}
			if again := order(p, tc.rule); len(brief(again)) != 0 {
				t.Errorf("once more: %v", brief(again))
			}
		})
	}
}

// Rule 26: an import is no news; a company that the account links a little later is none either.
func TestPlan_imports(t *testing.T) {
	imported := func(t *testing.T, source string) *person {
		p := newPerson(t, with(reach("sql"), "made", source))
		p.portal.HoldImports, p.portal.Names.Source, p.portal.Names.Imported = true, "made", "IMPORT"
		return p
	}
	p := imported(t, "IMPORT")
	if got := brief(p.step()); len(got) != 0 || !p.record.State.Held {
		t.Errorf("an import: %v", got)
	}
	p.after(10 * time.Minute).record.Companies = company("MACHINERY")
	if got := brief(p.step()); len(got) != 0 || !p.record.State.Held {
		t.Errorf("a company, at once: %v", got)
	}
	p.after(time.Hour)
	if got := brief(p.step()); len(got) != 0 || !p.record.State.Held {
		t.Errorf("time: %v", got)
	}
	p.record.Companies = company("SOFTWARE")
	p.after(time.Hour).set(map[string]string{"jobtitle": "CEO"})
	if got := brief(p.step()); !slices.Contains(got, "task first contact") {
		t.Errorf("a change: %v", got)
	}
	if got := brief(imported(t, "FORM").step()); !slices.Contains(got, "task first contact") {
		t.Errorf("a form: %v", got)
	}
	p = imported(t, "IMPORT")
	p.portal.HoldImports = false
	if got := brief(p.step()); !slices.Contains(got, "task first contact") {
		t.Errorf("imports are news: %v", got)
	}
}

// qualified counts which of the first 250 contacts the CRM has as qualified by sales.
func (b *bench) qualified() (found int) {
	for i := range 250 {
		if b.crm.props[nth(i)]["lifecyclestage"] == "salesqualifiedlead" {
			found++
		}
	}
	return found
}

// What a walk plans is gathered until it is over; then it is written, and nothing follows from it.
func TestReevaluator_gathers(t *testing.T) {
	b := newBench(t)
	w := living(b, 250, false, func(int) map[string]string { return with(reach("lead"), "budget", "500") })
	adopt(b, w, vips(t))
	for b.walked().UnderWay() {
		if n := b.qualified(); n != 0 {
			t.Fatalf("%d contacts were moved before the walk was over", n)
		}
		b.once(w)
	}
	b.finish(w)
	if n := b.qualified(); n != 250 {
		t.Errorf("%d contacts were moved", n)
	}
	if len(b.crm.things) != 0 {
		t.Errorf("%d tasks", len(b.crm.things))
	}
	for i := range 250 {
		if props := b.crm.props[nth(i)]; props["hs_lead_status"] != "NEW" {
			t.Fatalf("contact %d: %v", i, props)
		}
	}
}

func (b *bench) gathered() (n int) {
	b.Helper()
	effects, err := b.store.Effects(b.Context(), portalID)
	b.must(err)
	for _, e := range effects {
		n += e.Gathered
	}
	return n
}

// A limit sees everything that a walk has gathered before the first of it is sent.
func TestReevaluator_limitSeesTheWholeRun(t *testing.T) {
	b := newBench(t)
	w := living(b, 250, false, func(int) map[string]string { return with(reach("lead"), "budget", "500") })
	b.pusher.Portal.Limits = map[workflows.Class]int{workflows.ClassStage: 249}
	b.clock = b.clock.Add(2 * time.Hour)
	adopt(b, w, vips(t))
	b.once(w)
	if n := b.gathered(); n != 200 {
		t.Errorf("%d are gathered after a step", n)
	}
	b.finish(w)
	if n := b.qualified(); n != 0 || b.gathered() != 0 {
		t.Errorf("%d contacts were moved, %d are gathered", n, b.gathered())
	}
	if props := b.crm.props[nth(0)]; props["hs_lead_status"] != "" {
		t.Errorf("the status went without the stage: %v", props)
	}
	released, err := b.store.ReleaseClass(t.Context(), portalID, workflows.ClassStage)
	b.must(err)
	b.finish(w)
	if n := b.qualified(); n != 250 || released != 250 || b.crm.props[nth(0)]["hs_lead_status"] != "NEW" {
		t.Errorf("%d released, %d moved, %v", released, n, b.crm.props[nth(0)])
	}
}

// A model that is taken back while the walk gathers leaves nothing behind, and one that goes elsewhere is followed.
func TestReevaluator_anotherModelMeanwhile(t *testing.T) {
	for name, tc := range map[string]struct {
		model *scoring.Model
		stage string
	}{
		"taken back": {dearer(t), ""},
		"elsewhere":  {generous(t), "marketingqualifiedlead"},
		"the same":   {changedModel(t, "or vip'}", "or vip or budget >= 100'}", "points: 3}", "points: 4}"), "salesqualifiedlead"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			w := living(b, 150, false, func(int) map[string]string { return with(reach("lead"), "budget", "500") })
			was := b.crm.props[nth(0)]["lifecyclestage"]
			adopt(b, w, vips(t))
			b.once(w)
			adopt(b, w, tc.model)
			b.finish(w)
			want := tc.stage
			if want == "" {
				want = was
			}
			for i := range 150 {
				if props := b.crm.props[nth(i)]; props["lifecyclestage"] != want || b.state(nth(i)).Stage != b.state(nth(149)).Stage {
					t.Fatalf("contact %d: %v, %q", i, props, b.state(nth(i)).Stage)
				}
			}
			if len(b.crm.things) != 0 {
				t.Errorf("%d tasks", len(b.crm.things))
			}
		})
	}
}

// An order makes exactly the contacts due that it names, once.
func TestBackfill(t *testing.T) {
	b := newBench(t)
	w := living(b, 30, true, func(int) map[string]string { return with(reach("lead"), "hs_lead_status", "NEW") })
	rule := parseModel(t).FollowUps()[0]
	standing := func(limit int) ([]connector.ObjectID, int) {
		ids, total, err := b.store.Standing(t.Context(), portalID, rule.Name, limit, func(s workflows.LeadState) bool {
			return workflows.Backfills(rule, s)
		})
		b.must(err)
		return ids, total
	}
	ids, total := standing(10)
	if len(ids) != 10 || total != 30 {
		t.Fatalf("%d of %d", len(ids), total)
	}
	b.must(b.store.OrderBackfill(t.Context(), portalID, rule.Name, ids))
	b.must(b.store.OrderBackfill(t.Context(), portalID, rule.Name, ids))
	if _, left := standing(0); left != 20 {
		t.Errorf("%d are left to be ordered", left)
	}
	b.finish(w)
	if len(b.crm.things) != 10 {
		t.Errorf("%d tasks", len(b.crm.things))
	}
	b.must(b.store.OrderBackfill(t.Context(), portalID, rule.Name, ids))
	b.finish(w)
	left, err := b.store.Backfills(t.Context(), portalID)
	b.must(err)
	if len(b.crm.things) != 10 || len(left) != 0 {
		t.Errorf("once more: %d tasks, left %v", len(b.crm.things), left)
	}
	if !strings.HasPrefix(string(ids[0]), "0") || !b.state(ids[0]).Held {
		t.Errorf("%v is held no more", ids[0])
	}
}

// More contacts of another program at once than the limit are held, also the first of those that wait together.
func TestArrivals(t *testing.T) {
	for name, tc := range map[string]struct {
		n, held int
		source  string
	}{
		"few":       {20, 0, "INTEGRATION"},
		"many":      {21, 21, "INTEGRATION"},
		"of people": {21, 0, "CRM_UI"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			w := newWorker(b)
			p := w.Reconciler.Portal
			w.Reconciler.Arrivals = b.store
			p.NewContacts, p.Names.Source, p.Names.Integrated = 20, "made", "INTEGRATION"
			var ids []connector.ObjectID
			for i := range tc.n {
				b.crm.props[nth(i)] = with(reach("lead"), "made", tc.source)
				ids = append(ids, nth(i))
			}
			b.hint(ids...)
			b.finish(w)
			held := 0
			for _, id := range ids {
				if b.state(id).Held {
					held++
				}
			}
			if held != tc.held {
				t.Errorf("%d are held", held)
			}
			if b.crm.props[nth(99)] = with(reach("lead"), "made", "INTEGRATION"); tc.source == "INTEGRATION" {
				b.clock = b.clock.Add(90 * time.Minute)
				b.hint(nth(99))
				b.finish(w)
				if b.state(nth(99)).Held {
					t.Error("one more, much later, is held")
				}
			}
		})
	}
}
