package hubspot_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
)

// simulated is an account that argues, a client of it, and the clock of both.
type simulated struct {
	*simulator.Account
	client *hubspot.Client

	mu sync.Mutex
	at time.Time
}

func (s *simulated) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

func (s *simulated) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = s.at.Add(d)
}

func simulate(t *testing.T, o simulator.Options, set ...func(*hubspot.Config)) *simulated {
	t.Helper()
	s := &simulated{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	o.Now, o.Wall, o.Token, o.Seed, o.AppID = s.now, s.now, token, 5, 50780459
	s.Account = simulator.New(o)
	t.Cleanup(s.Close)
	wire := newContract(t, s.Transport())
	t.Cleanup(func() { wire.verify(t) }) // the published descriptions hold for every call
	cfg := quick(wire)
	cfg.Now, cfg.AppID = s.now, "50780459"
	for _, f := range set {
		f(&cfg)
	}
	s.client = newClient(t, cfg)
	return s
}

var rep = simulator.Actor{Kind: simulator.User, ID: "7"}

func (s *simulated) contact(t *testing.T, name string) connector.ObjectID {
	t.Helper()
	id, err := s.CreateContact(rep, map[string]string{"email": name + "@example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return connector.ObjectID(id)
}

func TestSimulatedHistory(t *testing.T) {
	s := simulate(t, simulator.Options{})
	id := s.contact(t, "ada")
	for _, write := range []func() error{
		func() error {
			return s.client.Update(t.Context(), connector.TypeContact, []connector.Update{{ID: id, Properties: map[string]string{"hs_lead_status": "OPEN"}}})[0].Err
		},
		func() error {
			return s.Set(simulator.Actor{Kind: simulator.Integration, ID: "99"}, simulator.Contacts, string(id), map[string]string{"hs_lead_status": "CONNECTED"})
		},
		func() error {
			return s.Set(rep, simulator.Contacts, string(id), map[string]string{"hs_lead_status": ""})
		},
	} {
		s.pass(time.Hour)
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.client.History(t.Context(), connector.TypeContact, []connector.ObjectID{id, "999999999"}, []string{"hs_lead_status"})
	want := connector.HistoryResult{Missing: []connector.ObjectID{"999999999"}, Found: map[connector.ObjectID]connector.History{id: {"hs_lead_status": {
		{Value: "OPEN", At: at(t, "2026-11-02T10:00:00Z"), Origin: connector.OriginOwn},
		{Value: "CONNECTED", At: at(t, "2026-11-02T11:00:00Z"), Origin: connector.OriginMachine},
		{Value: "", At: at(t, "2026-11-02T12:00:00Z"), Origin: connector.OriginPerson},
	}}}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(connector.Version{}, "Source")); diff != "" || err != nil {
		t.Errorf("history %v (-want +got):\n%s", err, diff)
	}
}

func TestSimulatedLists(t *testing.T) {
	s := simulate(t, simulator.Options{})
	members := []connector.ObjectID{s.contact(t, "ada"), s.contact(t, "bo"), s.contact(t, "cy")}
	list, err := s.client.CreateList(t.Context(), "To call")
	if err != nil || !list.Static {
		t.Fatalf("%+v, %v", list, err)
	}
	if again, err := s.client.CreateList(t.Context(), "To call"); again != list || err != nil {
		t.Errorf("made again: %+v, %v", again, err)
	}
	if found, err := s.client.StaticLists(t.Context(), "call"); err != nil || !slices.Contains(found, list) {
		t.Errorf("found %+v, %v", found, err)
	}
	if read, err := s.client.StaticList(t.Context(), list.ID); read != list || err != nil {
		t.Errorf("read %+v, %v", read, err)
	}
	steps := []struct {
		name string
		add  bool
		ids  []connector.ObjectID
		on   int
	}{
		{"add two", true, members[:2], 2},
		{"add all", true, members, 3},
		{"add all again", true, members, 3},
		{"take one off", false, members[:1], 2},
		{"take it off again", false, members[:1], 2},
	}
	for _, step := range steps {
		asked := append(slices.Clone(step.ids), "999999999")
		got, err := s.client.ChangeList(t.Context(), connector.ListChange{List: list.ID, Add: step.add, Member: asked})
		slices.Sort(got.Done)
		if err != nil || len(got.Done)+len(got.Missing) != len(asked) || step.add && !slices.Equal(got.Missing, []connector.ObjectID{"999999999"}) {
			t.Errorf("%s: %+v, %v", step.name, got, err)
		}
		if on, err := s.ListMembers(list.ID); err != nil || len(on) != step.on {
			t.Errorf("%s: on the list are %v, %v", step.name, on, err)
		}
	}
	computed, err := s.Account.CreateList(rep, simulator.List{Name: "Open", Kind: simulator.Dynamic, Where: []simulator.ListCondition{{Property: "hs_lead_status", Operator: "EQ", Value: "OPEN"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.client.ChangeList(t.Context(), connector.ListChange{List: computed, Add: true, Member: members}); !errors.Is(err, connector.ErrInvalid) {
		t.Errorf("computed list: %v", err)
	}
	if l, err := s.client.StaticList(t.Context(), computed); err != nil || l.Static {
		t.Errorf("computed list: %+v, %v", l, err)
	}
	if _, err := s.client.StaticList(t.Context(), "987654321"); !errors.Is(err, connector.ErrNotFound) {
		t.Errorf("no such list: %v", err)
	}
}

func TestSimulatedUniqueKeys(t *testing.T) {
	for _, keeps := range []bool{true, false} {
		t.Run(fmt.Sprintf("archived keep their key %t", keeps), func(t *testing.T) {
			s := simulate(t, simulator.Options{ArchivedKeepUnique: keeps})
			spec := hubspot.PropertySpec{Name: "leadsync_key", Type: "string", Unique: true}
			for _, typ := range []connector.ObjectType{connector.TypeTask, connector.TypeDeal} {
				if err := s.client.CreateProperty(t.Context(), typ, spec); err != nil {
					t.Fatal(err)
				}
				got, err := s.client.ProbeUnique(t.Context(), typ)
				if diff := cmp.Diff(connector.UniqueProbe{Unique: true, Freed: !keeps}, got); diff != "" || err != nil {
					t.Errorf("probe of %s: %v (-want +got):\n%s", typ, err, diff)
				}
			}
			if n := s.Count(simulator.Tasks) + s.Count(simulator.Deals); n != 0 {
				t.Errorf("%d probe records are left", n)
			}
		})
	}
}

// TestSimulatedFallback goes the whole way of an account that refuses unique properties: the probe says so, a
// lost answer is made good twice, the doubles are found, and the copies that nobody touched go.
func TestSimulatedFallback(t *testing.T) {
	s := simulate(t, simulator.Options{RefuseUnique: []string{simulator.Tasks}}, unkeyed)
	err := s.client.CreateProperty(t.Context(), connector.TypeTask, hubspot.PropertySpec{Name: "leadsync_key", Type: "string", Unique: true})
	if !errors.Is(err, connector.ErrInvalid) && !errors.Is(err, connector.ErrForbidden) {
		t.Errorf("the account took a unique property: %v", err)
	}
	probe, err := s.client.ProbeUnique(t.Context(), connector.TypeTask)
	if err != nil || probe.Unique || !strings.Contains(probe.Refusal, "leadsync_key") || len(probe.Left) > 0 || s.Count(simulator.Tasks) != 0 {
		t.Errorf("probe %+v, %v", probe, err)
	}
	ada, bo := s.contact(t, "ada"), s.contact(t, "bo")
	var made []connector.ObjectID
	for _, tk := range []connector.Task{task("k-1", ada), task("k-1", ada), task("k-1", ada), task("k-2", ada), task("k-1x", bo), task("k-2", bo)} { // the last is none of ada's
		s.pass(time.Second)
		r := s.client.CreateTasks(t.Context(), []connector.Task{tk})[0]
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		made = append(made, r.ID)
	}
	s.pass(time.Hour)
	if err := s.EditTask(rep, string(made[1]), map[string]string{"hs_task_priority": "HIGH"}); err != nil {
		t.Fatal(err)
	}
	asked := []connector.KeyRef{{Key: "k-1", Contact: ada}, {Key: "k-2", Contact: ada}, {Key: "k-1x", Contact: bo}, {Key: "k-1y", Contact: bo}}
	got, err := s.client.FindByKey(t.Context(), connector.TypeTask, asked)
	want := map[string]connector.KeyState{
		"k-1": {ID: made[1], Open: true, Copies: []connector.ObjectID{made[0], made[2]}}, "k-2": {ID: made[3], Open: true}, "k-1x": {ID: made[4], Open: true},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(connector.KeyState{}, "UpdatedAt")); diff != "" || err != nil {
		t.Errorf("found %v (-want +got):\n%s", err, diff)
	}
	if r := s.client.AmendTasks(t.Context(), []connector.Amend{{Old: "k-2", Was: connector.PrintOf(task("k-2", ada)), Task: task("k-3", ada)}})[0]; r.Outcome != connector.AmendDone || r.ID != made[3] {
		t.Errorf("amended %+v", r)
	}
	if r := s.client.CloseTasks(t.Context(), []connector.Close{{Key: "k-1", Contact: ada}})[0]; r.Outcome != connector.CloseArchived || s.Count(simulator.Tasks) != 3 {
		t.Errorf("closed %+v, %d tasks are left", r, s.Count(simulator.Tasks))
	}
}

func TestSimulatedSources(t *testing.T) {
	s := simulate(t, simulator.Options{Enterprise: true})
	ada := s.contact(t, "ada")
	guid, err := s.AddForm(simulator.Form{Name: "Request a demo"})
	if err != nil {
		t.Fatal(err)
	}
	s.pass(time.Hour)
	if err := errors.Join(s.SubmitForm(string(ada), "Request a demo", s.now()), s.ViewPage(string(ada), 1, s.now(), "https://www.example.com/pricing")); err != nil {
		t.Fatal(err)
	}
	forms, err := s.client.Forms(t.Context())
	if err != nil || !slices.ContainsFunc(forms, func(f connector.Form) bool { return f.ID == guid && f.Name == "Request a demo" }) {
		t.Errorf("forms %+v, %v", forms, err)
	}
	page, err := s.client.Submissions(t.Context(), guid, "")
	if err != nil || len(page.Submissions) != 1 || page.Submissions[0].Email != "ada@example.com" || !page.Submissions[0].At.Equal(s.now()) {
		t.Errorf("submissions %+v, %v", page, err)
	}
	seen, err := s.client.Occurrences(t.Context(), ada, "e_visited_page", s.now().Add(-time.Minute), "")
	if err != nil || len(seen.Occurrences) != 1 || seen.Occurrences[0].Page != "https://www.example.com/pricing" || !seen.Occurrences[0].At.Equal(s.now()) {
		t.Errorf("occurrences %+v, %v", seen, err)
	}
	outcomes, err := s.client.Dispositions(t.Context())
	if err != nil || !slices.ContainsFunc(outcomes, func(o connector.Option) bool { return o.Value == simulator.CallConnected && o.Label == "Connected" }) {
		t.Errorf("dispositions %+v, %v", outcomes, err)
	}
	small := simulate(t, simulator.Options{})
	if _, err := small.client.Occurrences(t.Context(), small.contact(t, "bo"), "e_visited_page", small.now(), ""); !errors.Is(err, connector.ErrForbidden) {
		t.Errorf("account without the plan: %v", err)
	}
}

func TestSimulatedAutomations(t *testing.T) {
	s := simulate(t, simulator.Options{})
	for _, w := range []simulator.Workflow{
		{Name: "Nurture", Enabled: true, When: []simulator.ListCondition{{Property: "lifecyclestage", Operator: "EQ", Value: "lead"}}, Sets: map[string]string{"hs_lead_status": "NEW"}},
		{Name: "Notice", OnChange: []string{"hs_lead_status"}, Sets: map[string]string{"jobtitle": "x"}},
	} {
		if _, err := s.AddWorkflow(rep, w); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.client.Automations(t.Context())
	want := []connector.Automation{
		{Name: "Nurture", Active: true, Type: connector.TypeContact, Enrols: []string{"lifecyclestage"}, Sets: []string{"hs_lead_status"}},
		{Name: "Notice", Type: connector.TypeContact, Enrols: []string{"hs_lead_status"}, Sets: []string{"jobtitle"}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(connector.Automation{}, "ID")); diff != "" || err != nil {
		t.Errorf("automations %v (-want +got):\n%s", err, diff)
	}
	s.DenyScope("automation")
	if _, err := s.client.Automations(t.Context()); !errors.Is(err, connector.ErrForbidden) {
		t.Errorf("without the scope: %v", err)
	}
}

func TestSimulatedDay(t *testing.T) {
	s := simulate(t, simulator.Options{RateLimits: simulator.Limits{Daily: 20}})
	if _, err := s.client.Account(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := s.Requests()
	var last error
	for range 30 {
		_, last = s.client.List(t.Context(), connector.TypeContact, "", nil)
	}
	e := detail(t, last)
	if sent := s.Requests() - before; sent != 17 || !errors.Is(e, connector.ErrThrottled) || e.RetryAfter != 14*time.Hour || !strings.Contains(e.Message, "until 2026-11-03T00:00:00+01:00") {
		t.Errorf("%d sent of 20 with a reserve of 2, then %+v", sent, e)
	}
	usage, err := s.client.Usage(t.Context())
	if err != nil || len(usage) == 0 || usage[0].Limit != 20 || usage[0].Used < 18 {
		t.Errorf("usage %+v, %v", usage, err)
	}
	s.pass(14*time.Hour + time.Minute)
	if _, err := s.client.List(t.Context(), connector.TypeContact, "", nil); err != nil {
		t.Errorf("on the next day: %v", err)
	}
}

func TestSimulatedNewKinds(t *testing.T) {
	s := simulate(t, simulator.Options{})
	ada := string(s.contact(t, "ada"))
	_, mailErr := s.LogEmail(rep, ada, simulator.Email{At: s.now(), Direction: "EMAIL"})
	_, noteErr := s.AddNote(rep, ada, "secret", s.now())
	_, textErr := s.LogMessage(rep, ada, simulator.Message{At: s.now(), Channel: "SMS"})
	if err := errors.Join(mailErr, noteErr, textErr); err != nil {
		t.Fatal(err)
	}
	for _, typ := range []connector.ObjectType{connector.TypeEmail, connector.TypeNote, connector.TypeCommunication} {
		page, err := s.client.Changed(t.Context(), connector.ChangedQuery{Type: typ, Since: s.now().Add(-time.Hour), Properties: []string{"hs_timestamp"}})
		if err != nil || len(page.Objects) != 1 || page.Objects[0].Properties["hs_timestamp"] == "" {
			t.Errorf("%s: %+v, %v", typ, page, err)
			continue
		}
		links, err := s.client.Links(t.Context(), typ, connector.TypeContact, []connector.ObjectID{page.Objects[0].ID})
		if err != nil || len(links) != 1 || string(links[0].ToID) != ada {
			t.Errorf("%s: links %+v, %v", typ, links, err)
		}
	}
}
