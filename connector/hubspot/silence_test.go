package hubspot_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
)

// noLinks is HubSpot's entry for a record without links (hubspot-api 9.2).
func noLinks(id string) string {
	return `{"category":"OBJECT_NOT_FOUND","subCategory":"crm.associations.NO_ASSOCIATIONS_FOUND","context":{"fromObjectId":["` + id + `"]}}`
}

// linkedTo is a result of an association read.
func linkedTo(from, to string) string {
	return `{"from":{"id":"` + from + `"},"to":[{"toObjectId":` + to + `}]}`
}

// TestSilenceIsNotNoLinks: what an answer leaves out is asked once more, and is then not known.
func TestSilenceIsNotNoLinks(t *testing.T) {
	link := func(id, to connector.ObjectID) connector.Link {
		return connector.Link{FromType: connector.TypeCall, FromID: id, ToType: connector.TypeContact, ToID: to}
	}
	tests := []struct {
		name    string
		answers []string // one a call; the last is repeated
		want    []connector.Link
		err     error
		asked   [][]string
	}{
		{
			"always silent", []string{`{"results":[]}`}, nil, connector.ErrUnavailable, [][]string{{"1", "2"}, {"1", "2"}},
		},
		{
			"silent about one, which answers then",
			[]string{`{"results":[` + linkedTo("1", "7") + `]}`, `{"results":[` + linkedTo("2", "8") + `]}`},
			[]connector.Link{link("1", "7"), link("2", "8")},
			nil,
			[][]string{{"1", "2"}, {"2"}},
		},
		{
			"silent about one, which has none",
			[]string{`{"results":[` + linkedTo("1", "7") + `]}`, `{"results":[],"errors":[` + noLinks("2") + `]}`},
			[]connector.Link{link("1", "7")},
			nil,
			[][]string{{"1", "2"}, {"2"}},
		},
		{
			"silent about one twice", []string{`{"results":[` + linkedTo("1", "7") + `]}`, `{}`}, nil, connector.ErrUnavailable, [][]string{{"1", "2"}, {"2"}},
		},
		{"named as without", []string{`{"errors":[` + noLinks("1") + "," + noLinks("2") + `]}`}, nil, nil, [][]string{{"1", "2"}}},
		{
			"as many entries without names as ids are left",
			[]string{`{"results":[` + linkedTo("1", "7") + `],"errors":[{"category":"OBJECT_NOT_FOUND"}]}`},
			[]connector.Link{link("1", "7")},
			nil,
			[][]string{{"1", "2"}},
		},
		{
			"fewer entries without names", []string{`{"errors":[{"category":"OBJECT_NOT_FOUND"}]}`}, nil, connector.ErrUnavailable, [][]string{{"1", "2"}, {"1", "2"}},
		},
		{
			"a survivor answers, asked alone",
			[]string{`{"results":[` + linkedTo("1", "7") + "," + linkedTo("99", "8") + `]}`, `{"results":[` + linkedTo("99", "8") + `]}`},
			[]connector.Link{link("1", "7"), link("2", "8")},
			nil,
			[][]string{{"1", "2"}, {"2"}},
		},
		{
			"two survivors answer, each asked for alone", []string{
				`{"results":[` + linkedTo("99", "8") + "," + linkedTo("98", "7") + `]}`, `{"results":[` + linkedTo("98", "7") + `]}`, `{"results":[` + linkedTo("99", "8") + `]}`,
			}, []connector.Link{link("1", "7"), link("2", "8")}, nil, [][]string{{"1", "2"}, {"1"}, {"2"}},
		},
		{
			"a later page is silent", []string{
				`{"results":[{"from":{"id":"1"},"to":[{"toObjectId":7}],"paging":{"next":{"after":"8"}}}],"errors":[` + noLinks("2") + `]}`, `{}`,
			}, nil, connector.ErrUnavailable, [][]string{{"1", "2"}, {"1"}, {"1"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var asked [][]string
			c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
				var ids []string
				for _, in := range bodyOf[wireInputs](t, r).Inputs {
					ids = append(ids, in.ID)
				}
				asked = append(asked, ids)
				return answerWith(207, tt.answers[min(len(asked), len(tt.answers))-1]), nil
			})))
			got, err := c.Links(t.Context(), connector.TypeCall, connector.TypeContact, []connector.ObjectID{"1", "2"})
			if diff := cmp.Diff(tt.want, got); diff != "" || !errors.Is(err, tt.err) {
				t.Errorf("error %v, links (-want +got):\n%s", err, diff)
			}
			if diff := cmp.Diff(tt.asked, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSilenceIsNotAbsence goes through the other reads whose "not there" has consequences.
func TestSilenceIsNotAbsence(t *testing.T) {
	cfg := quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		if strings.Contains(r.URL.Path, "/associations/") {
			return answerWith(200, `{"results":[`+linkedTo("101", "7")+`]}`), nil
		}
		return answerWith(207, `{"status":"COMPLETE","results":[]}`), nil
	}))
	c := newClient(t, cfg)
	unkeyed(&cfg)
	marked := newClient(t, cfg)
	ids := []connector.ObjectID{"1"}
	ref := []connector.KeyRef{{Key: "k", Contact: "101"}}
	ctx := t.Context()
	_, key := c.FindByKey(ctx, connector.TypeTask, ref)
	_, mark := marked.FindByKey(ctx, connector.TypeTask, ref)
	_, read := c.Read(ctx, connector.TypeContact, ids, nil)
	_, history := c.History(ctx, connector.TypeContact, ids, []string{"a"})
	_, archived := c.Archived(ctx, connector.TypeContact, ids)
	_, list := c.List(ctx, connector.TypeContact, "", nil)
	_, changed := c.Changed(ctx, connector.ChangedQuery{Type: connector.TypeContact, Since: time.UnixMilli(0)})
	_, owners := c.Owners(ctx)
	for name, err := range map[string]error{
		"key": key, "marker": mark, "read": read, "history": history, "archived": archived, "list": list, "changed": changed,
		"owners": owners, "close": c.CloseTasks(ctx, closes("k"))[0].Err,
		"amend": c.AmendTasks(ctx, []connector.Amend{{Old: "k", Task: task("n", "101")}})[0].Err,
	} {
		if !errors.Is(err, connector.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.Archive(ctx, connector.TypeTask, ids); !errors.Is(err, connector.ErrAmbiguous) {
		t.Errorf("archive: %v", err)
	}
}

// spoiled are the faults that leave a batch without a proper answer.
func spoiled() []simulator.FaultKind {
	return []simulator.FaultKind{
		simulator.FaultEmpty, simulator.FaultAppliedEmpty, simulator.FaultNumbers, simulator.FaultHTMLOK, simulator.FaultLate,
		simulator.FaultAppliedHalf, simulator.FaultOmit,
	}
}

// batches are all batch calls of the client. Each returns an error, or nil after it has seen that what the
// client claims is so.
func (s *simulated) batches(t *testing.T) map[string]func(context.Context) error {
	t.Helper()
	if err := errors.Join(
		s.client.CreateProperty(t.Context(), connector.TypeTask, hubspot.PropertySpec{Name: "leadsync_key", Type: "string", Unique: true}),
		s.client.CreateProperty(t.Context(), connector.TypeDeal, hubspot.PropertySpec{Name: "leadsync_key", Type: "string", Unique: true}),
	); err != nil {
		t.Fatal(err)
	}
	ada, bo, binned := s.contact(t, "ada"), s.contact(t, "bo"), s.contact(t, "cem")
	call, err := s.LogCall(rep, string(ada), simulator.Call{Disposition: simulator.CallBusy})
	list, listErr := s.client.CreateList(t.Context(), "To call")
	if err := errors.Join(err, listErr, s.Archive(rep, simulator.Contacts, string(binned))); err != nil {
		t.Fatal(err)
	}
	made := s.client.CreateTasks(t.Context(), []connector.Task{task("there", ada), task("close", ada), task("put-away", ada)})
	ids, wrong := []connector.ObjectID{ada, bo}, errors.New("the client claims what is not so")
	claim := func(err error, so bool) error {
		if err == nil && !so {
			return wrong
		}
		return err
	}
	open := func(id connector.ObjectID) bool { o, _ := s.Object(simulator.Tasks, string(id)); return !o.Archived }
	return map[string]func(context.Context) error{
		"read": func(ctx context.Context) error {
			got, err := s.client.Read(ctx, connector.TypeContact, ids, []string{"email"})
			return claim(err, len(got.Found) == 2)
		},
		"history": func(ctx context.Context) error {
			got, err := s.client.History(ctx, connector.TypeContact, ids, []string{"email"})
			return claim(err, len(got.Found) == 2 && len(got.Found[ada]["email"]) == 1)
		},
		"archived": func(ctx context.Context) error {
			got, err := s.client.Archived(ctx, connector.TypeContact, []connector.ObjectID{binned, "999999999"})
			return claim(err, slices.Equal(got, []connector.ObjectID{binned}))
		},
		"links": func(ctx context.Context) error {
			got, err := s.client.Links(ctx, connector.TypeContact, connector.TypeCall, ids)
			return claim(err, len(got) == 1 && string(got[0].ToID) == call)
		},
		"assert links": func(ctx context.Context) error {
			err := s.client.AssertLinks(ctx, []connector.Link{{FromType: connector.TypeCall, FromID: connector.ObjectID(call), ToType: connector.TypeContact, ToID: bo}})
			return claim(err, len(s.Associations(simulator.Calls, call, simulator.Contacts)) == 2)
		},
		"find by key": func(ctx context.Context) error {
			got, err := s.client.FindByKey(ctx, connector.TypeTask, refs("there", "never"))
			return claim(err, len(got) == 1 && got["there"].ID == made[0].ID && got["there"].Open)
		},
		"create": func(ctx context.Context) error {
			got := s.client.CreateTasks(ctx, []connector.Task{task("new", ada)})[0]
			o, found := s.Object(simulator.Tasks, string(got.ID))
			return claim(got.Err, found && o.Properties["leadsync_key"] == "new")
		},
		"update": func(ctx context.Context) error {
			got := s.client.Update(ctx, connector.TypeContact, []connector.Update{{ID: ada, Properties: map[string]string{"jobtitle": "CTO"}}})[0]
			o, _ := s.Object(simulator.Contacts, string(ada))
			return claim(got.Err, o.Properties["jobtitle"] == "CTO")
		},
		"close": func(ctx context.Context) error {
			got := s.client.CloseTasks(ctx, closes("close"))[0]
			return claim(got.Err, (got.Outcome == connector.CloseArchived || got.Outcome == connector.CloseGone) && !open(made[1].ID))
		},
		"archive": func(ctx context.Context) error {
			return claim(s.client.Archive(ctx, connector.TypeTask, []connector.ObjectID{made[2].ID}), !open(made[2].ID))
		},
		"amend": func(ctx context.Context) error { // done again it finds nothing under the old key any more
			amended := task("other", ada)
			amended.DueAt = at(t, "2026-12-24T08:00:00Z")
			got := s.client.AmendTasks(ctx, []connector.Amend{{Old: "there", Was: connector.PrintOf(task("there", ada)), Task: amended}})[0]
			o, _ := s.Object(simulator.Tasks, string(made[0].ID))
			so := o.Properties["leadsync_key"] == "other" && at(t, o.Properties["hs_timestamp"]).Equal(at(t, "2026-12-24T08:00:00Z"))
			return claim(got.Err, so && (got.Outcome == connector.AmendDone || got.Outcome == connector.AmendGone))
		},
		"change list": func(ctx context.Context) error {
			got, err := s.client.ChangeList(ctx, connector.ListChange{List: list.ID, Add: true, Member: ids})
			on, onErr := s.ListMembers(list.ID)
			return claim(errors.Join(err, onErr), len(got.Done) == 2 && len(on) == 2)
		},
	}
}

// TestBatchesWithoutAProperAnswer: whatever comes back, once or always, the client claims nothing that is not so,
// and where it says that it does not know, doing it again succeeds.
func TestBatchesWithoutAProperAnswer(t *testing.T) {
	names := []string{
		"read", "history", "archived", "links", "assert links", "find by key", "create", "update", "close", "archive", "amend", "change list",
	}
	for _, kind := range spoiled() {
		for _, name := range names {
			for often, count := range map[string]int{"once": 1, "always": 0} {
				t.Run(string(kind)+"/"+name+"/"+often, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := &simulated{at: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
						s.Account = simulator.New(simulator.Options{Now: s.now, Wall: s.now, Token: token, Seed: 5, AppID: 50780459})
						defer s.Close()
						cfg := quick(s.Transport())
						cfg.Now = s.now
						s.client = newClient(t, cfg)
						do := s.batches(t)[name]
						s.Faults().Add(simulator.Fault{Kind: kind, Count: count, Delay: time.Minute})
						err := do(t.Context())
						if err != nil && !errors.Is(err, connector.ErrAmbiguous) && !errors.Is(err, connector.ErrUnavailable) {
							t.Errorf("with the fault: %v", err)
						}
						s.Faults().Clear()
						time.Sleep(5 * time.Minute) // what was late is applied by now
						if err := do(t.Context()); err != nil && (name != "create" || !errors.Is(err, connector.ErrConflict)) {
							t.Errorf("again: %v", err)
						}
					})
				})
			}
		}
	}
}

// TestNothingToDoSendsNothing: HubSpot refuses a batch without inputs, so none is sent.
func TestNothingToDoSendsNothing(t *testing.T) {
	c := newClient(t, quick(roundTrip(func(r *http.Request) (*http.Response, error) {
		t.Errorf("sent %s %s", r.Method, r.URL)
		return answerWith(400, `{"category":"VALIDATION_ERROR"}`), nil
	})))
	ctx := t.Context()
	_, read := c.Read(ctx, connector.TypeContact, nil, []string{"email"})
	_, history := c.History(ctx, connector.TypeContact, nil, []string{"email"})
	_, archived := c.Archived(ctx, connector.TypeContact, nil)
	_, links := c.Links(ctx, connector.TypeContact, connector.TypeCall, nil)
	_, found := c.FindByKey(ctx, connector.TypeTask, refs("")) // an empty key is no key
	_, listed := c.ChangeList(ctx, connector.ListChange{List: "5"})
	for name, err := range map[string]error{
		"read": read, "history": history, "archived": archived, "links": links, "keys": found, "list": listed,
		"assert": c.AssertLinks(ctx, nil), "archive": c.Archive(ctx, connector.TypeTask, nil),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	results := len(c.Update(ctx, connector.TypeContact, nil)) + len(c.CreateTasks(ctx, nil)) + len(c.CreateDeals(ctx, nil)) +
		len(c.CloseTasks(ctx, nil)) + len(c.AmendTasks(ctx, nil))
	if results != 0 {
		t.Errorf("%d results for nothing", results)
	}
}
