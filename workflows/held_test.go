package workflows_test

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// asking is a CRM that gives the properties that it is asked for, and no others. It lists contacts and companies.
type asking struct {
	*crm
	listed  int
	partial bool // a listing shows no properties
	fail    error
}

func (c *asking) Read(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID, props []string) (connector.ReadResult, error) {
	got, err := c.crm.Read(ctx, t, ids, props)
	for id, o := range got.Found {
		o.Properties = only(o.Properties, props)
		got.Found[id] = o
	}
	return got, err
}

func only(all map[string]string, props []string) map[string]string {
	all = maps.Clone(all)
	maps.DeleteFunc(all, func(name, _ string) bool { return !slices.Contains(props, name) })
	return all
}

const listPage = 10

func (c *asking) List(_ context.Context, t connector.ObjectType, at connector.Cursor, props []string) (connector.Page, error) {
	if c.fail != nil {
		return connector.Page{}, c.fail
	}
	c.listed++
	page := connector.Page{Total: -1, Partial: c.partial}
	if t != connector.TypeContact {
		return page, nil
	}
	for _, id := range slices.Sorted(maps.Keys(c.props)) {
		if string(id) <= string(at) {
			continue
		}
		if len(page.Objects) == listPage {
			page.Next = connector.Cursor(page.Objects[listPage-1].ID)
			break
		}
		o := connector.Object{Type: t, ID: id, CreatedAt: monday, UpdatedAt: monday}
		if !c.partial {
			o.Properties = only(c.props[id], props)
		}
		page.Objects = append(page.Objects, o)
	}
	return page, nil
}

// wentLive is a worker on a live account of n held contacts that were asked for what the model of the tests reads.
func wentLive(b *bench, n int, props func(i int) map[string]string) (*workflows.Worker, *asking) {
	b.Helper()
	w, c := newWorker(b), &asking{crm: b.crm}
	for i := range n {
		b.crm.props[nth(i)] = props(i)
	}
	b.starts(w, c, parseModel(b))
	b.must(w.Prepare(b.Context(), b.fence))
	b.finish(w)
	return w, c
}

// starts gives a worker what a started process has.
func (b *bench) starts(w *workflows.Worker, c *asking, m *scoring.Model) {
	w.Puller.CRM, w.Reconciler.CRM = c, c
	w.Puller.Model, w.Reconciler.Model = m, m
	w.Reevaluator = walkOf(b, w)
	w.Filler = &workflows.Filler{CRM: c, Store: b.store, Puller: w.Puller, Clock: func() time.Time { return b.clock }, PerMinute: 60, Log: quiet()}
	w.Reconciler.Fill = w.Filler
}

// remodels starts the worker anew with another model and works until everybody is read and evaluated.
func (b *bench) remodels(w *workflows.Worker, c *asking, m *scoring.Model) {
	b.Helper()
	b.starts(w, c, m)
	b.must(w.Prepare(b.Context(), b.fence))
	b.rests(w)
}

func (b *bench) rests(w *workflows.Worker) {
	b.Helper()
	for range 1000 {
		b.finish(w)
		if !w.Filler.UnderWay() {
			b.finish(w)
			return
		}
		b.clock = b.clock.Add(time.Second)
	}
	b.Fatal("the fill does not come to its end")
}

// keen lets a property that the tests' model never read make an MQL.
func keen(t fail, names ...string) *scoring.Model {
	when, facts := "scores_of_nobody", ""
	for _, name := range names {
		facts += "\n  " + name + ": {from: [contact." + name + "]}"
		when += " or " + name + ` == "yes"`
	}
	when = strings.TrimPrefix(when, "scores_of_nobody or ")
	return changedModel(t, "\n  email:            {", facts+"\n  email:            {",
		"{stage: mql, scores: {fit: 40}}", "{stage: mql, when: '"+when+"'}",
		"- {name: budget, when:", "- {name: keen, when: '"+when+"', points: 12}\n      - {name: budget, when:")
}

func keenOn(names ...string) func(int) map[string]string {
	return func(i int) map[string]string {
		props := with(reach("lead"), "email", "p"+strconv.Itoa(i)+"@example.org")
		for _, name := range names {
			props[name] = "yes"
		}
		return props
	}
}

func (b *bench) heldOnes(n int) (held int) {
	for i := range n {
		if b.state(nth(i)).Held && b.crm.props[nth(i)]["lifecyclestage"] == "" {
			held++
		}
	}
	return held
}

// Everything that another model reads is read of everybody before anybody is evaluated again, and nobody is released
// by it.
func TestFiller_readsWhatNobodyRead(t *testing.T) {
	b := newBench(t)
	w, c := wentLive(b, 45, keenOn("zeal"))
	c.listed = 0
	b.remodels(w, c, keen(t, "zeal"))
	if c.listed < 5 || c.listed > 7 {
		t.Errorf("%d pages of 10 were read for 45 contacts", c.listed)
	}
	for i := range 45 {
		if got := b.crm.props[nth(i)]["leadsync_fit"]; got != "12" {
			t.Fatalf("contact %d has the score %q, want 12", i, got)
		}
	}
	for i := range 45 {
		b.hint(nth(i))
	}
	if b.rests(w); b.heldOnes(45) != 45 {
		t.Errorf("%d of 45 contacts are held", b.heldOnes(45))
	}
	b.crm.props[nth(7)]["zeal"] = "very"
	b.crm.props[nth(8)]["jobtitle"] = "Head of Cranes"
	b.hint(nth(7), nth(8), nth(9))
	if b.rests(w); b.state(nth(7)).Held || b.state(nth(8)).Held || b.heldOnes(45) != 43 {
		t.Errorf("%d are held", b.heldOnes(45))
	}
	if got := b.crm.props[nth(8)]["lifecyclestage"]; got != "marketingqualifiedlead" {
		t.Errorf("one that changed has the stage %q", got)
	}
	c.listed = 0
	if b.remodels(w, c, keen(t, "zeal")); c.listed != 0 {
		t.Errorf("%d pages at a restart with the same model", c.listed)
	}
}

// A look in the middle of it, at the mirror or the CRM, releases nobody either, nor do several models one after the other.
func TestFiller_looksInTheMiddle(t *testing.T) {
	for name, partial := range map[string]bool{"listed": false, "read by id": true} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			w, c := wentLive(b, 45, keenOn("zeal", "fire", "wish"))
			c.partial = partial
			b.starts(w, c, keen(t, "zeal"))
			b.must(w.Prepare(t.Context(), b.fence))
			mirror := func(ids ...connector.ObjectID) {
				var rows []workflows.DueRow
				for _, id := range ids {
					rows = append(rows, workflows.DueRow{Type: connector.TypeContact, ID: id})
				}
				b.must(w.Reconciler.Contacts(t.Context(), b.fence, rows))
			}
			b.finish(w) // the sweeps, and the first pages
			if !w.Filler.UnderWay() || len(b.walked().Position) > 0 {
				t.Fatalf("under way %v, evaluated %+v", w.Filler.UnderWay(), b.walked())
			}
			mirror(nth(1), nth(40))
			b.hint(nth(2), nth(41))
			b.finish(w)
			b.starts(w, c, keen(t, "zeal", "fire"))
			b.must(w.Prepare(t.Context(), b.fence))
			mirror(nth(1), nth(41))
			b.starts(w, c, keen(t, "fire", "wish"))
			b.must(w.Prepare(t.Context(), b.fence))
			b.hint(nth(3), nth(42))
			mirror(nth(4), nth(43))
			if b.rests(w); b.heldOnes(45) != 45 {
				t.Errorf("%d of 45 are held", b.heldOnes(45))
			}
			for i := range 45 {
				b.hint(nth(i))
			}
			if b.rests(w); b.heldOnes(45) != 45 {
				t.Errorf("read once more, %d of 45 are held", b.heldOnes(45))
			}
			if got := b.crm.props[nth(20)]["leadsync_fit"]; got != "12" {
				t.Errorf("score %q", got)
			}
		})
	}
}

// What both the last model and this one read is compared, though another stood between them that did not.
func TestFiller_readAgain(t *testing.T) {
	b := newBench(t)
	w, c := wentLive(b, 3, keenOn("zeal"))
	b.remodels(w, c, keen(t, "zeal"))
	b.starts(w, c, parseModel(t)) // which reads nothing of it, and looks at nobody
	b.must(w.Prepare(t.Context(), b.fence))
	b.crm.props[nth(1)]["zeal"] = "very"
	b.remodels(w, c, keen(t, "zeal"))
	if b.state(nth(1)).Held || !b.state(nth(0)).Held || !b.state(nth(2)).Held {
		t.Errorf("held %v, %v, %v", b.state(nth(0)).Held, b.state(nth(1)).Held, b.state(nth(2)).Held)
	}
}

// It keeps to its budget, and due work goes first.
func TestFiller_isBounded(t *testing.T) {
	b := newBench(t)
	w, c := wentLive(b, 95, keenOn("zeal"))
	c.listed = 0
	b.starts(w, c, keen(t, "zeal"))
	b.must(w.Prepare(t.Context(), b.fence))
	b.finish(w)
	if c.listed != 3 {
		t.Errorf("%d pages at once", c.listed)
	}
	for range 3 {
		b.clock = b.clock.Add(time.Second)
		b.finish(w)
	}
	if c.listed != 6 {
		t.Errorf("%d pages in three seconds at one a second, want 6", c.listed)
	}
	c.fail = fault(connector.ErrUnavailable)
	b.clock = b.clock.Add(10 * time.Second)
	b.finish(w)
	c.fail = nil
	if b.rests(w); c.listed != 10 || b.heldOnes(95) != 95 {
		t.Errorf("%d pages, %d held", c.listed, b.heldOnes(95))
	}
	fills, err := b.store.Fills(t.Context(), portalID)
	if err != nil || len(fills) != 1 || fills[0].Type != connector.TypeContact || fills[0].Done != 95 || fills[0].UnderWay() {
		t.Errorf("%+v (%v)", fills, err)
	}
}

// An activity that another model finds was there all the time: it is no news when the contact is released by
// something else (rule 4).
func TestPlan_whatAnotherModelFindsIsNoNews(t *testing.T) {
	full := parseModel(t)
	p := newPerson(t, with(reach("sql"), "lifecyclestage", "salesqualifiedlead"))
	p.model = changedModel(t, "  meeting: {object: meeting, attributes: {outcome: hs_meeting_outcome}}\n", "",
		"  - {status: in_progress, activity: meeting, where: 'outcome == \"completed\"'}\n", "")
	meet := func(id string) {
		p.record.Activities = append(slices.Clone(p.record.Activities), connector.Object{Type: connector.TypeMeeting, ID: connector.ObjectID(id), Properties: map[string]string{
			"hs_timestamp": p.now.Add(-time.Hour).Format(time.RFC3339Nano), "hs_meeting_outcome": "COMPLETED",
		}})
	}
	state := workflows.Baseline(p.portal, p.model, p.record, p.now)
	p.record.State = &state
	meet("7")
	p.model = full
	if planned := p.after(time.Hour).step(); !p.record.State.Held || len(p.record.State.StatusActivity) == 0 {
		t.Fatalf("held %v: %v", p.record.State.Held, brief(planned))
	}
	p.set(map[string]string{"jobtitle": "Head of Cranes"})
	if planned := p.after(time.Hour).step(); p.record.State.Held || slices.Contains(brief(planned), "status in_progress") {
		t.Errorf("held %v: %v", p.record.State.Held, brief(planned))
	}
	p.after(time.Hour)
	meet("8")
	if planned := p.step(); !slices.Contains(brief(planned), "status in_progress") {
		t.Errorf("a new one: %v", brief(planned))
	}
}

// What the mirror was not asked for yet says nothing: not that it is absent, nor, if an earlier look saw it, that it is
// gone. When it is there, it is compared with what was seen last, if anything was.
func TestPlan_unread(t *testing.T) {
	const duration = "hs_call_duration"
	model := changedModel(t, "direction: hs_call_direction}}", "direction: hs_call_direction, duration: "+duration+"}}")
	unread := map[connector.ObjectType][]string{
		connector.TypeContact: {"budget", "hs_analytics_num_visits"}, connector.TypeCompany: {"industry"}, connector.TypeCall: {duration},
	}
	values := map[string]func(p *person, value string){
		"fact": func(p *person, value string) { p.set(map[string]string{"budget": value}) },
		"counter": func(p *person, value string) {
			if p.set(map[string]string{"hs_analytics_num_visits": value}); value != "" {
				p.record.Observations = append(p.record.Observations, workflows.Observation{Property: "hs_analytics_num_visits", Value: value, At: p.now, Known: workflows.KnownReading})
				return
			}
			p.record.Observations = nil
		},
		"company": func(p *person, value string) {
			p.record.Companies = []connector.Object{{Type: connector.TypeCompany, ID: "9", Properties: map[string]string{"industry": value}}}
		},
		"attribute": func(p *person, value string) {
			props := maps.Clone(p.record.Activities[0].Properties)
			props[duration] = value
			p.record.Activities = slices.Clone(p.record.Activities)
			p.record.Activities[0].Properties = props
		},
	}
	for name, set := range values {
		for _, tc := range []struct {
			name        string
			first, last string
			held        bool
		}{{"never seen", "", "5", true}, {"seen, and the same", "5", "5", true}, {"seen, and another", "5", "6", false}} {
			t.Run(name+" "+tc.name, func(t *testing.T) {
				p := newPerson(t, reach("lead"))
				p.call(noAnswer, 10*time.Hour)
				p.model, p.record.Unread = model, unread
				if tc.first != "" {
					p.record.Unread = nil
					set(p, tc.first)
				}
				state := workflows.Baseline(p.portal, p.model, p.record, p.now)
				p.record.State, p.record.Unread = &state, unread
				set(p, "")
				for range 2 {
					if p.after(time.Hour).step(); !p.record.State.Held {
						t.Fatal("released by what was not asked for")
					}
				}
				p.record.Unread = nil
				set(p, tc.last)
				if p.after(time.Hour).step(); p.record.State.Held != tc.held {
					t.Fatalf("held %v when it is seen", p.record.State.Held)
				}
				set(p, "7")
				if p.after(time.Hour).step(); p.record.State.Held {
					t.Error("held after a change of what is seen")
				}
			})
		}
	}
}

// A state of a release that compared hashes: what it says counts until the first look, under the same model or another.
func TestReconcile_statesOfAnEarlierRelease(t *testing.T) {
	for name, model := range map[string]*scoring.Model{"same model": parseModel(t), "another": keen(t, "zeal")} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			w, c := wentLive(b, 4, keenOn("zeal"))
			for i := range 4 {
				b.legacy(w, nth(i))
			}
			b.crm.props[nth(1)]["jobtitle"] = "Head of Cranes"
			b.starts(w, c, model)
			b.must(w.Prepare(t.Context(), b.fence))
			b.hint(nth(0), nth(1))
			b.rests(w)
			if !b.state(nth(0)).Held || b.state(nth(1)).Held || !b.state(nth(2)).Held {
				t.Errorf("held %v, %v, %v", b.state(nth(0)).Held, b.state(nth(1)).Held, b.state(nth(2)).Held)
			}
			b.crm.props[nth(2)]["jobtitle"] = "Head of Cranes"
			b.hint(nth(2), nth(3))
			if b.rests(w); b.state(nth(2)).Held || !b.state(nth(3)).Held || b.state(nth(3)).FactsHash != "" {
				t.Errorf("held %v, %v", b.state(nth(2)).Held, b.state(nth(3)).Held)
			}
		})
	}
}

// What the token may not read is left out, and does not hold up the re-evaluation for ever.
func TestFiller_forbidden(t *testing.T) {
	b := newBench(t)
	w, c := wentLive(b, 5, keenOn("zeal"))
	c.fail = fault(connector.ErrForbidden)
	b.remodels(w, c, keen(t, "zeal"))
	if walk := b.walked(); walk.UnderWay() || walk.Done != 5 {
		t.Errorf("%+v", walk)
	}
}

// legacy gives a held contact the state that an earlier release left.
func (b *bench) legacy(w *workflows.Worker, id connector.ObjectID) {
	b.Helper()
	record, p, m := b.leadOf(id), w.Reconciler.Portal, w.Reconciler.Model
	state := *record.State
	state.Prints, state.FactsHash = nil, workflows.HashFacts(p, m, workflows.LeadOf(p, m, record))
	b.must(b.store.SaveDecisions(b.Context(), b.fence, []workflows.Decided{{ID: id, State: state}}))
}

// A held contact with a past that another model forbids to profile, and the one after it allows again, stays held.
func TestUnprofiled_heldWithAPast(t *testing.T) {
	p := newPerson(t, with(reach("sql"), "no_profiling", "true"))
	forbids := p.model
	p.model = changedModel(t, "do_not_profile: no_profiling\n", "")
	p.call(noAnswer, time.Hour)
	state := workflows.Baseline(p.portal, p.model, p.record, p.now)
	p.record.State = &state
	allows := p.model
	for i, m := range []*scoring.Model{allows, forbids, forbids, allows, allows} {
		if p.model = m; i > 1 {
			p.record.Activities = nil // the decision deletes them
		}
		p.record.ReadAt = p.after(time.Hour).now
		if p.step(); !p.record.State.Held {
			t.Fatalf("look %d releases it", i)
		}
	}
}
