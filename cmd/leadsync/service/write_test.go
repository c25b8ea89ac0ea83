package service_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"leadsync/cmd/leadsync/config"
	"leadsync/cmd/leadsync/service"
	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
	"leadsync/scoring"
	"leadsync/workflows"
)

// desk pushes entries straight into a simulated account, without the service around.
type desk struct {
	*rig
	fence  workflows.Fence
	pusher *workflows.Pusher
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{rig: newRig(t, rigOptions{})}
	if err := d.store.EnsurePortal(t.Context(), "48000001", "hubspot", "rig"); err != nil {
		t.Fatal(err)
	}
	fence, ok, err := d.store.Acquire(t.Context(), "48000001", "w", time.Hour)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	found, err := service.Describe(t.Context(), d.options.Config, d.options.Config.Portals[0], d.options.Model, d.conn)
	if err != nil {
		t.Fatal(err)
	}
	d.fence = fence
	d.pusher = &workflows.Pusher{
		CRM: d.conn.CRM, Look: d.conn.CRM, Lists: d.conn.CRM, Copies: d.conn.CRM, Store: d.store, Portal: found.Portal,
		Jitter: func() float64 { return 0 },
	}
	return d
}

// push plans the entries and sends them, and gives how many calls that took.
func (d *desk) push(entries ...workflows.OutboxEntry) int64 {
	d.t.Helper()
	var decided []workflows.Decided
	for _, e := range entries {
		decided = append(decided, workflows.Decided{ID: e.Contact, State: workflows.LeadState{Root: e.Contact}, Entries: []workflows.OutboxEntry{e}})
	}
	if err := d.store.SaveDecisions(d.t.Context(), d.fence, decided); err != nil {
		d.t.Fatal(err)
	}
	before := d.account.Requests()
	if _, err := d.pusher.Push(d.t.Context(), d.fence); err != nil {
		d.t.Fatal(err)
	}
	return d.account.Requests() - before
}

func (d *desk) entry(key string) workflows.OutboxEntry {
	d.t.Helper()
	e, err := d.store.Entry(d.t.Context(), "48000001", key)
	if err != nil {
		d.t.Fatal(err)
	}
	return e
}

func planned(kind workflows.EntryKind, class workflows.Class, key, contact string, payload any) workflows.OutboxEntry {
	text, err := json.Marshal(payload)
	if err != nil {
		panic(err)
	}
	return workflows.OutboxEntry{Key: key, Kind: kind, Class: class, Contact: connector.ObjectID(contact), State: workflows.StateReady, Payload: text}
}

// One poisoned update does not hold up the other 99: one round trip, and the bad one parks with HubSpot's own
// words and the property named.
func TestPush_onePoisonedUpdate(t *testing.T) {
	for name, tc := range map[string]struct {
		poison func(d *desk, contact string) map[string]string // the properties of the one
		calls  int64
		want   []string
	}{
		"a conditional rule": {func(d *desk, _ string) map[string]string {
			rule := simulator.ConditionalRule{Type: contacts, When: "hs_lead_status", In: []string{"BAD_TIMING"}, Require: []string{"phone"}}
			if err := d.account.AddConditionalRule(rule); err != nil {
				d.t.Fatal(err)
			}
			return map[string]string{"hs_lead_status": "BAD_TIMING"}
		}, 1, []string{"MISSING_CONDITIONAL_REQUIRED_PROPERTY", "phone"}},
		"an invalid option": {func(*desk, string) map[string]string { return map[string]string{"hs_lead_status": "NOT_THERE"} }, 1, []string{"INVALID_OPTION", "hs_lead_status"}},
		"an unknown contact": {func(d *desk, contact string) map[string]string {
			if err := d.account.Archive(user(), contacts, contact); err != nil {
				d.t.Fatal(err)
			}
			return map[string]string{"hs_lead_status": "NEW"}
		}, 1, []string{"not found"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			var entries []workflows.OutboxEntry
			bad := ""
			for i := range 100 {
				id := d.must(d.account.CreateContact(user(), map[string]string{"email": fmt.Sprintf("p%d@example.com", i)}))
				props := map[string]string{"hs_lead_status": "NEW"}
				if i == 37 {
					bad, props = "contact/"+id+"/status", tc.poison(d, id)
				}
				entries = append(entries, planned(workflows.KindUpdate, workflows.ClassStatus, "contact/"+id+"/status", id, workflows.UpdatePayload{Properties: props}))
			}
			if calls := d.push(entries...); calls != tc.calls {
				t.Errorf("%d calls, want %d", calls, tc.calls)
			}
			for _, e := range entries {
				got := d.entry(e.Key)
				if e.Key != bad && got.State != workflows.StateSettled {
					t.Fatalf("a neighbour is %s: %s", got.State, got.Error)
				}
			}
			got := d.entry(bad)
			for _, want := range tc.want {
				if got.State != workflows.StateParked || !strings.Contains(got.Error, want) {
					t.Errorf("the poisoned one is %s with %q, want parked with %q", got.State, got.Error, want)
				}
			}
		})
	}
}

// What an account demands of every deal parks the deal with the key of the configuration to set; after that it
// is sent again and goes through.
func TestPush_requiredOfDeals(t *testing.T) {
	d := newDesk(t)
	if err := d.account.AddProperty(simulator.Deals, simulator.Property{Name: "deal_source", Label: "s", Type: "string"}); err != nil {
		t.Fatal(err)
	}
	d.account.RequireProperties(simulator.Deals, "deal_source")
	id := d.must(d.account.CreateContact(user(), map[string]string{"email": "p@example.com"}))
	deal := connector.Deal{Key: "k", Name: "Deal", Pipeline: "default", Stage: "appointmentscheduled", Contact: connector.ObjectID(id)}
	d.push(planned(workflows.KindDeal, workflows.ClassDeal, "k", id, deal))
	got := d.entry("k")
	for _, want := range []string{"MISSING_REQUIRED_PROPERTY", "set deal_properties.deal_source for this portal", "leadsync outbox retry k"} {
		if got.State != workflows.StateParked || !strings.Contains(got.Error, want) {
			t.Errorf("%s with %q, want parked with %q", got.State, got.Error, want)
		}
	}
	d.pusher.Portal.DealProperties = map[string]string{"deal_source": "leadsync"}
	if _, err := d.store.RetryEntry(t.Context(), "48000001", "k", workflows.Order{}); err != nil {
		t.Fatal(err)
	}
	d.push()
	if got = d.entry("k"); got.State != workflows.StateSettled {
		t.Fatalf("%s: %s", got.State, got.Error)
	}
	o, ok := d.account.Object(simulator.Deals, string(got.RemoteID))
	if !ok || o.Properties["deal_source"] != "leadsync" || len(d.account.Objects(simulator.Deals)) != 1 {
		t.Errorf("deal %+v", o)
	}
}

// HubSpot answers a stage that lies behind with success and leaves it: the entry must not settle (C9).
func TestPush_stageThatStayed(t *testing.T) {
	d := newDesk(t)
	id := d.must(d.account.CreateContact(user(), map[string]string{"email": "p@example.com", "lifecyclestage": "customer"}))
	d.push(planned(workflows.KindUpdate, workflows.ClassStage, "contact/"+id+"/stage", id,
		workflows.UpdatePayload{Properties: map[string]string{"lifecyclestage": "salesqualifiedlead"}}))
	if got := d.entry("contact/" + id + "/stage"); got.State != workflows.StateParked || !strings.Contains(got.Error, "stage_refused") {
		t.Errorf("%s: %s", got.State, got.Error)
	}
}

// The way back and the lists, in an account that moves stages forward only (S22, S25, C9).
func TestStory_recycling(t *testing.T) {
	r := newRig(t, rigOptions{modes: "{score: on, stage: on, status: on, task: on, deal: on, list: on}"})
	newsletter := r.must(r.account.CreateList(user(), simulator.List{Name: "Newsletter"}))
	r.recycles(t, newsletter)
	r.start()
	id := r.must(r.account.CreateContact(user(), decisionMaker("Maurer")))
	if err := r.account.AddToList(user(), newsletter, id); err != nil {
		t.Fatal(err)
	}
	if err := r.account.SubmitForm(id, "Demo anfordern", r.world()); err != nil {
		t.Fatal(err)
	}
	r.settle()
	r.stands(id, "salesqualifiedlead", "NEW")
	if on := r.members(newsletter); slices.Contains(on, id) {
		t.Error("entering SQL has not ended the marketing list (S22)")
	}
	r.advance(24 * time.Hour)
	if err := r.account.Set(user(), contacts, id, map[string]string{"hs_lead_status": "BAD_TIMING"}); err != nil {
		t.Fatal(err)
	}
	r.settle()
	r.stands(id, "marketingqualifiedlead", "BAD_TIMING")
	if on := r.members(newsletter); !slices.Contains(on, id) {
		t.Error("the contact is not back on the list")
	}
	r.advance(24 * time.Hour)
	r.settle()
	r.stands(id, "marketingqualifiedlead", "BAD_TIMING") // the demo request is from before
	r.must(r.account.LogCall(user(), id, simulator.Call{At: r.world(), Disposition: connected, Direction: "OUTBOUND"}))
	r.settle()
	if got := r.prop(id, "lifecyclestage"); got != "salesqualifiedlead" {
		t.Errorf("stage %q after new evidence", got)
	}
	var stages []string
	for _, e := range r.account.Journal() {
		if e.ID == id && e.Property == "lifecyclestage" && e.Actor.Kind == simulator.API {
			stages = append(stages, e.New)
		}
	}
	if want := []string{"salesqualifiedlead", "", "marketingqualifiedlead", "salesqualifiedlead"}; !slices.Equal(stages, want) {
		t.Errorf("written stages %q, want %q", stages, want)
	}
}

// recycles gives the rig a model with a way back and lists.
func (r *rig) recycles(t *testing.T, newsletter string) {
	t.Helper()
	text := string(loadModel(t, "../../../fixtures/models/demo.yaml").Canonical())
	more := `{"name":"recycle","on_status":"bad_timing","back_to":"mql"},` +
		`{"name":"sales takes over","on_stage":"sql","lists":{"remove":["newsletter"]}},` +
		`{"name":"marketing again","on_stage":"mql","lists":{"add":["newsletter"]}},`
	m, err := scoring.Parse("recycling", []byte(strings.Replace(text, `"follow_ups":[`, `"follow_ups":[`+more, 1)))
	if err != nil {
		t.Fatal(err)
	}
	r.options.Model = m
	r.options.Config.Portals[0].Lists = map[string]string{"newsletter": newsletter}
	r.again()
}

func (r *rig) stands(id, stage, status string) {
	r.t.Helper()
	if r.prop(id, "lifecyclestage") != stage || r.prop(id, "hs_lead_status") != status {
		r.t.Fatalf("the contact is %s/%s, want %s/%s; log:\n%s", r.prop(id, "lifecyclestage"), r.prop(id, "hs_lead_status"), stage, status, r.logs.String())
	}
}

func (r *rig) members(list string) []string {
	r.t.Helper()
	ids, err := r.account.ListMembers(list)
	if err != nil {
		r.t.Fatal(err)
	}
	return ids
}

// What a description says about lists, ways back and missing keys, and what it does to the classes.
func TestDescribe_writing(t *testing.T) {
	r := newRig(t, rigOptions{modes: "{score: on, stage: on, status: on, task: on, deal: on, list: on, company: on, owner: on, delete: on}"})
	static := r.must(r.account.CreateList(user(), simulator.List{Name: "Static"}))
	dynamic := r.must(r.account.CreateList(user(), simulator.List{Name: "Dynamic", Kind: simulator.Dynamic, Where: []simulator.ListCondition{{Property: "email", Operator: "HAS_PROPERTY"}}}))
	for name, tc := range map[string]struct {
		list, key string
		keys      config.WithoutUniqueKeys
		modes     map[workflows.Class]workflows.Mode
		says      string
		marked    bool
	}{
		"all is well":     {list: static, says: "moves stages backward (\"recycle\" to mql)"},
		"dynamic":         {list: dynamic, modes: map[workflows.Class]workflows.Mode{workflows.ClassList: workflows.ModeShadow}, says: "which is not static"},
		"no such list":    {list: "999999", modes: map[workflows.Class]workflows.Mode{workflows.ClassList: workflows.ModeShadow}, says: "which is no list of contacts"},
		"not mapped":      {modes: map[workflows.Class]workflows.Mode{workflows.ClassList: workflows.ModeShadow}, says: `list "newsletter" of the model is not mapped`},
		"no key, refused": {list: static, key: "nowhere", modes: map[workflows.Class]workflows.Mode{workflows.ClassTask: workflows.ModeShadow, workflows.ClassDeal: workflows.ModeShadow}, says: "does not exist on tasks"},
		"no key, marker":  {list: static, key: "nowhere", keys: config.KeysMarker, says: "tasks have no unique key", marked: true},
	} {
		t.Run(name, func(t *testing.T) {
			r.recycles(t, tc.list)
			p := r.options.Config.Portals[0]
			if p.WithoutUniqueKeys = config.KeysRefuse; tc.keys != "" {
				p.WithoutUniqueKeys = tc.keys
			}
			if tc.key != "" {
				p.Properties.Key = tc.key
			}
			found, err := service.Describe(t.Context(), r.options.Config, p, r.options.Model, r.conn)
			if err != nil {
				t.Fatal(err)
			}
			for _, class := range workflows.Classes() {
				want := workflows.ModeOn
				if m, shadowed := tc.modes[class]; shadowed {
					want = m
				}
				if got := found.Portal.Mode(class); got != want {
					t.Errorf("class %s is %s, want %s", class, got, want)
				}
			}
			if !slices.ContainsFunc(found.Findings, func(f service.Finding) bool { return strings.Contains(f.Text, tc.says) && f.Remedy != "" }) {
				t.Errorf("nothing says %q: %+v", tc.says, found.Findings)
			}
			if found.Portal.Marked[connector.TypeTask] != tc.marked || found.Portal.Marked[connector.TypeDeal] != tc.marked {
				t.Errorf("marked %v", found.Portal.Marked)
			}
		})
	}
}

// An account without unique keys: the service tells its own by the marker, and a lost answer makes no second
// task that stays.
func TestStory_withoutUniqueKeys(t *testing.T) {
	r := newRig(t, rigOptions{})
	p := &r.options.Config.Portals[0]
	p.Properties.Key, p.WithoutUniqueKeys = "nowhere", config.KeysMarker
	asked := false
	r.conn.Marked = func(kinds, plain map[connector.ObjectType]bool) (service.CRM, error) {
		asked = kinds[connector.TypeTask] && kinds[connector.TypeDeal] && len(plain) == 0
		return hubspot.New(hubspot.Config{
			BaseURL: r.api.URL, Token: func(context.Context) (string, error) { return token, nil }, Now: time.Now, Logger: r.options.Log,
			Jitter: func() float64 { return 0.5 }, GeneralPerSecond: 10000, SearchPerSecond: 10000, KeyProperty: "nowhere",
			Unkeyed: kinds, PlainKey: plain, Transport: r.held.Transport(r.transport()),
		})
	}
	r.options.Connections["rig"] = r.conn
	r.again()
	r.start()
	id := r.must(r.account.CreateContact(user(), decisionMaker("Winter")))
	if err := r.account.SubmitForm(id, "Demo anfordern", r.world()); err != nil {
		t.Fatal(err)
	}
	r.settle()
	if open := r.open(); !asked || len(open) != 1 || !strings.Contains(open[0].Properties["hs_task_body"], "ls-") {
		t.Errorf("asked %v, open tasks %+v", asked, open)
	}
}
