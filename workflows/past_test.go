package workflows_test

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// chronicle tells the history of properties and writes down what it was asked.
type chronicle struct {
	past  map[connector.ObjectID]connector.History
	asked []string // "ids: properties"
	fail  error
}

func (c *chronicle) History(ctx context.Context, t connector.ObjectType, ids []connector.ObjectID, props []string) (connector.HistoryResult, error) {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = string(id)
	}
	c.asked = append(c.asked, strings.Join(names, " ")+": "+strings.Join(props, " "))
	result := connector.HistoryResult{Found: map[connector.ObjectID]connector.History{}}
	if c.fail != nil || connector.PurposeOf(ctx) != connector.PurposeHistory || t != connector.TypeContact {
		return result, c.fail
	}
	for _, id := range ids {
		result.Found[id] = connector.History{}
		for _, p := range props {
			result.Found[id][p] = c.past[id][p]
		}
	}
	return result, nil
}

// take tells and forgets what was asked.
func (c *chronicle) take() []string {
	asked := c.asked
	c.asked = nil
	return asked
}

func historyBench(t *testing.T) (*bench, *workflows.Worker, *chronicle) {
	t.Helper()
	b := newBench(t)
	w := newWorker(b)
	c := &chronicle{past: map[connector.ObjectID]connector.History{}}
	w.Reconciler.Past = c
	return b, w, c
}

func (b *bench) look(w *workflows.Worker, ids ...connector.ObjectID) {
	b.Helper()
	b.clock = b.clock.Add(time.Hour)
	b.hint(ids...)
	if _, err := w.Step(b.Context(), b.fence); err != nil {
		b.Fatal(err)
	}
}

// History is read for those contacts whose past matters, only the properties that matter, and for no others.
func TestReconcile_history(t *testing.T) {
	const standing = "1: hs_lead_status lifecyclestage"
	const visits = "1: hs_analytics_last_visit_timestamp hs_analytics_num_visits"
	for name, tc := range map[string]struct {
		before, after map[string]string
		want          []string
	}{
		"a fact":                  {map[string]string{"jobtitle": "clerk"}, map[string]string{"jobtitle": "boss"}, nil},
		"the status":              {map[string]string{}, map[string]string{"hs_lead_status": "BAD_TIMING"}, []string{standing}},
		"the stage":               {map[string]string{}, map[string]string{"lifecyclestage": "customer"}, []string{standing}},
		"one more, dated":         {map[string]string{"hs_analytics_num_visits": "1"}, map[string]string{"hs_analytics_num_visits": "2", "hs_analytics_last_visit_timestamp": "2026-11-02T10:00:00Z"}, nil},
		"one more without a date": {map[string]string{"hs_analytics_num_visits": "1"}, map[string]string{"hs_analytics_num_visits": "2"}, []string{visits}},
		"the date stands still": {
			map[string]string{"hs_analytics_num_visits": "1", "hs_analytics_last_visit_timestamp": "2026-11-02T10:00:00Z"},
			map[string]string{"hs_analytics_num_visits": "2", "hs_analytics_last_visit_timestamp": "2026-11-02T10:00:00Z"},
			[]string{visits},
		},
		"two more": {
			map[string]string{"hs_analytics_num_visits": "1"},
			map[string]string{"hs_analytics_num_visits": "3", "hs_analytics_last_visit_timestamp": "2026-11-02T10:00:00Z"},
			[]string{visits},
		},
		"a counter falls": {map[string]string{"hs_analytics_num_visits": "1"}, map[string]string{"hs_analytics_num_visits": "0"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b, w, c := historyBench(t)
			b.crm.props["1"] = with(reach("lead"), "lifecyclestage", "lead")
			maps.Copy(b.crm.props["1"], tc.before)
			b.look(w, "1")
			c.take()
			maps.Copy(b.crm.props["1"], tc.after)
			b.look(w, "1")
			if diff := cmp.Diff(tc.want, c.take()); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			b.look(w, "1")
			if again := c.take(); len(again) > 0 {
				t.Errorf("asked once more: %v", again)
			}
		})
	}
}

// What leadsync wrote itself is in the mirror or under way: no call is spent on it.
func TestReconcile_noHistoryOfOurOwnWrite(t *testing.T) {
	b, w, c := historyBench(t)
	b.crm.props["1"] = reach("sql")
	b.look(w, "1")
	b.look(w, "1")
	if b.crm.props["1"]["hs_lead_status"] != "NEW" {
		t.Fatalf("nothing was written: %v", b.crm.props["1"])
	}
	if asked := c.take(); len(asked) > 0 {
		t.Errorf("asked %v", asked)
	}
}

// Fifty contacts share a call, and a thousand whose facts changed cost none.
func TestReconcile_historyInFifties(t *testing.T) {
	b, w, c := historyBench(t)
	var ids []connector.ObjectID
	for i := range 60 {
		id := connector.ObjectID(strconv.Itoa(1000 + i))
		ids = append(ids, id)
		b.crm.props[id] = with(reach("lead"), "lifecyclestage", "lead")
	}
	b.look(w, ids...)
	c.take()
	for _, id := range ids {
		b.crm.props[id]["hs_lead_status"] = "IN_PROGRESS"
	}
	b.look(w, ids...)
	if asked := c.take(); len(asked) != 2 || len(strings.Fields(asked[0])) != 52 {
		t.Errorf("%d calls: %v", len(asked), asked)
	}
	for _, id := range ids {
		b.crm.props[id]["jobtitle"] = "boss"
	}
	b.look(w, ids...)
	if asked := c.take(); len(asked) > 0 {
		t.Errorf("changed facts cost %v", asked)
	}
}

// A webhook that names the status is the only sign of a status that was left and entered again.
func TestReconcile_watched(t *testing.T) {
	b, w, c := historyBench(t)
	b.crm.props["1"] = with(reach("lead"), "lifecyclestage", "lead", "hs_lead_status", "ATTEMPTED_TO_CONTACT")
	b.look(w, "1")
	made := len(b.crm.things)
	c.take()
	b.clock = b.clock.Add(5 * time.Hour)
	person := func(value string, ago time.Duration) connector.Version {
		return connector.Version{Value: value, At: b.clock.Add(-ago), Origin: connector.OriginPerson, Source: "CRM_UI"}
	}
	c.past["1"] = connector.History{"hs_lead_status": {
		person("ATTEMPTED_TO_CONTACT", 6*time.Hour), person("IN_PROGRESS", 3*time.Hour), person("ATTEMPTED_TO_CONTACT", 2*time.Hour),
	}}
	_, err := b.store.Receive(t.Context(), workflows.Delivery{
		Portal: portalID, Key: "d1", Body: []byte("[]"), Watched: newPortal().Watched(),
		Events: []connector.Event{{Portal: portalID, Kind: connector.EventChanged, Type: connector.TypeContact, ID: "1", Property: "hs_lead_status", Value: "ATTEMPTED_TO_CONTACT", Key: "e1"}},
	})
	b.must(err)
	if _, err := w.Step(t.Context(), b.fence); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1: hs_lead_status lifecyclestage"}, c.take()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	second := workflows.Key(portalID, "1", "call again", 2)
	if _, amended := b.crm.things[second]; len(b.crm.things) != made || !amended {
		t.Errorf("%d tasks, want %d and the second episode %s: %v", len(b.crm.things), made, second, b.crm.things)
	}
	decisions, err := b.store.Decisions(t.Context(), portalID, "1", 1)
	b.must(err)
	if len(decisions) != 1 || !strings.Contains(decisions[0].Reason.Params[workflows.ParamSeen], "in_progress") || decisions[0].Reason.Params["source"] != "CRM_UI" {
		t.Errorf("decided %+v", decisions)
	}
}

// A history that cannot be read postpones the contacts, as if they could not be read themselves.
func TestReconcile_historyFails(t *testing.T) {
	b, w, c := historyBench(t)
	b.crm.props["1"] = with(reach("lead"), "lifecyclestage", "lead")
	b.look(w, "1")
	c.fail = fault(connector.ErrUnavailable)
	b.crm.props["1"]["hs_lead_status"] = "BAD_TIMING"
	b.look(w, "1")
	if due := b.due(); len(b.crm.things) != 0 || slices.ContainsFunc(due, func(r workflows.DueRow) bool { return r.ID == "1" }) {
		t.Errorf("decided without the history: %v, due %v", b.crm.things, due)
	}
	c.fail = nil
	b.clock = b.clock.Add(time.Hour)
	if _, err := w.Step(t.Context(), b.fence); err != nil || len(b.crm.things) != 1 {
		t.Errorf("after a while: %v, %v", b.crm.things, err)
	}
}
