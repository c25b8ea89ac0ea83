package workflows_test

import (
	"slices"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// The history of a contact that must not be profiled is not read: not when that is found, not meanwhile, not when it
// ends; nor are its roll-ups remembered.
func TestReconcile_unprofiledPast(t *testing.T) {
	b, w, c := historyBench(t)
	props := func(visits, forbidden string) map[string]string {
		return map[string]string{"hs_analytics_num_visits": visits, "hs_lead_status": "NEW" + visits, "no_profiling": forbidden}
	}
	b.crm.props["1"] = props("1", "")
	b.look(w, "1")
	if n := len(b.leadOf("1").Observations); n == 0 {
		t.Fatal("nothing is remembered of a contact that may be profiled")
	}
	c.take()
	for i, forbidden := range []string{"true", "true", "false"} {
		b.crm.props["1"] = props([]string{"9", "20", "40"}[i], forbidden)
		b.look(w, "1")
		if asked := c.take(); len(asked) != 0 {
			t.Errorf("look %d asked for %v", i, asked)
		}
		if n := len(b.leadOf("1").Observations); n != 0 && forbidden == "true" {
			t.Errorf("look %d remembers %d observations", i, n)
		}
	}
	b.crm.props["1"] = props("60", "false")
	then := b.clock
	c.past["1"] = connector.History{"hs_analytics_num_visits": {
		{Value: "20", At: then.Add(-90 * time.Minute)}, {Value: "60", At: then.Add(30 * time.Minute)},
	}}
	b.look(w, "1")
	if asked := c.take(); len(asked) != 1 {
		t.Errorf("from then on it asked for %v", asked)
	}
	if slices.ContainsFunc(b.leadOf("1").Observations, func(o workflows.Observation) bool { return o.Value == "20" }) {
		t.Error("the history told of the time in which it was not to be profiled")
	}
}

func (b *bench) leadOf(id connector.ObjectID) workflows.LeadRecord {
	b.Helper()
	records, err := b.store.Leads(b.Context(), portalID, []connector.ObjectID{id})
	b.must(err)
	return records[0]
}

// A first load finds it as well, and reads no history of it.
func TestBaseline_unprofiled(t *testing.T) {
	b, w, c := historyBench(t)
	w.Reconciler.Portal.FirstLoadHistory = true
	_, err := b.store.SavePage(b.Context(), b.fence, workflows.PulledPage{Type: connector.TypeContact, Quiet: true, Objects: []connector.Object{
		{Type: connector.TypeContact, ID: "1", Properties: with(reach("sql"), "no_profiling", "true", "hs_analytics_num_visits", "7")},
		{Type: connector.TypeContact, ID: "2", Properties: with(reach("sql"), "hs_analytics_num_visits", "7")},
	}})
	b.must(err)
	b.must(w.Reconciler.Baseline(b.Context(), b.fence, []connector.ObjectID{"1", "2"}))
	if asked := c.take(); len(asked) != 1 || asked[0][:3] != "2: " {
		t.Errorf("asked for %v", asked)
	}
	private, other := b.leadOf("1"), b.leadOf("2")
	if len(private.Observations) != 0 || private.Contact.Properties["hs_analytics_num_visits"] != "" || private.State.Unprofiled.IsZero() {
		t.Errorf("remembered %+v", private)
	}
	if len(other.Observations) == 0 || other.Contact.Properties["hs_analytics_num_visits"] != "7" {
		t.Errorf("the other has %+v", other)
	}
	if entries, err := b.store.Outbox(b.Context(), portalID, "", "1", 10); err != nil || len(entries) != 0 {
		t.Errorf("planned %+v (%v)", entries, err)
	}
	decisions, err := b.store.Decisions(b.Context(), portalID, "1", 10)
	if err != nil || len(decisions) != 1 || decisions[0].Reason.Code != scoring.ReasonUnprofiled {
		t.Errorf("decisions %+v (%v)", decisions, err)
	}
}

// From the mirror nothing ends: the contact is asked for, and the look at it decides.
func TestReconcile_unprofiledEnds(t *testing.T) {
	b := newBench(t)
	w := newWorker(b)
	b.crm.props["1"] = with(reach("mql"), "no_profiling", "true")
	b.look(w, "1")
	_, err := b.store.SavePage(b.Context(), b.fence, workflows.PulledPage{
		Type: connector.TypeContact, Quiet: true, Properties: []string{"no_profiling"}, Objects: []connector.Object{{Type: connector.TypeContact, ID: "1"}},
	})
	b.must(err)
	b.crm.props["1"] = reach("mql")
	b.must(w.Reconciler.Contacts(b.Context(), b.fence, []workflows.DueRow{{Type: connector.TypeContact, ID: "1"}}))
	if s := b.leadOf("1").State; s.Unprofiled.IsZero() {
		t.Error("it ended without a look at the CRM")
	}
	if rows := b.due(); len(rows) != 1 || !rows[0].Hinted {
		t.Fatalf("due is %+v", rows)
	}
	b.clock = b.clock.Add(time.Hour)
	if _, err := w.Step(b.Context(), b.fence); err != nil {
		t.Fatal(err)
	}
	if s := b.leadOf("1").State; !s.Unprofiled.IsZero() || !s.ProfiledFrom.Equal(b.clock) {
		t.Errorf("state %+v", s)
	}
}
