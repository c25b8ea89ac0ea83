package workflows_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/fixtures"
	"leadsync/scoring"
	"leadsync/workflows"
)

// proposed is a contact whose status proposes it for deletion.
func proposed(t *testing.T) *person {
	t.Helper()
	p := answered(t, nil)
	p.portal.Modes[workflows.ClassDelete] = workflows.ModeOn
	p.stage("salesqualifiedlead").step()
	p.after(time.Hour).status("FAKE").step()
	if st := p.record.State; !workflows.Deletes("fake", *st) {
		t.Fatalf("nothing is proposed: %+v", st.Outcomes)
	}
	return p
}

// marking is the same model, but for what it proposes.
func marking(t *testing.T) *scoring.Model {
	t.Helper()
	text, err := fs.ReadFile(fixtures.Models(), "models/sales.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m, err := scoring.Parse("sales.yaml", []byte(strings.Replace(string(text), "outcome: delete", "outcome: mark", 1)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestDeletion(t *testing.T) {
	order := workflows.DeletionOf("fake")
	for name, tc := range map[string]struct {
		change func(*person)
		state  workflows.EntryState // empty: nothing is planned
		why    string
	}{
		"as it was confirmed": {func(*person) {}, workflows.StateReady, ""},
		"in shadow":           {func(p *person) { p.portal.Modes[workflows.ClassDelete] = workflows.ModeShadow }, workflows.StateShadow, ""},
		"switched off":        {func(p *person) { p.portal.Modes[workflows.ClassDelete] = workflows.ModeOff }, "", "rule"},
		"another status":      {func(p *person) { p.status("") }, "", "moved"},
		"another model":       {func(p *person) { p.model = marking(t) }, "", "rule"},
		"an open deal": {func(p *person) {
			p.record.Deals = []connector.Object{{Type: connector.TypeDeal, ID: "5", Properties: map[string]string{"dealstage": "x"}}}
			p.stage("opportunity").step()
		}, "", "deal"},
	} {
		t.Run(name, func(t *testing.T) {
			p := proposed(t)
			tc.change(p.after(time.Hour))
			p.record.Orders = []string{order}
			planned := p.step()
			if diff := cmp.Diff([]string{order}, planned.Ordered); diff != "" {
				t.Errorf("the order is not over (-want +got):\n%s", diff)
			}
			var states []workflows.EntryState
			for _, e := range planned.Entries {
				if e.Kind == workflows.KindDelete {
					states = append(states, e.State)
				}
			}
			if tc.state == "" {
				last := planned.Notes[len(planned.Notes)-1]
				if len(states) > 0 || last.Code != workflows.ReasonBackfillDropped || last.Params["why"] != tc.why {
					t.Errorf("deletions %v, notes %+v, want it dropped because of %q", states, planned.Notes, tc.why)
				}
				return
			}
			if !cmp.Equal(states, []workflows.EntryState{tc.state}) {
				t.Errorf("deletions %v, want one that is %s; notes %v", states, tc.state, planned.Notes)
			}
			if open := p.record.State.Tasks; tc.state == workflows.StateReady && len(open) > 0 {
				t.Errorf("tasks are left for nobody: %v", open)
			}
		})
	}
}

// graves notes who is archived.
type graves struct {
	archived []connector.ObjectID
	err      error
}

func (g *graves) Archive(_ context.Context, t connector.ObjectType, ids []connector.ObjectID) error {
	if t == connector.TypeContact && g.err == nil {
		g.archived = append(g.archived, ids...)
	}
	return g.err
}

func TestPush_deletes(t *testing.T) {
	confirmed := workflows.DeletePayload{Contact: "1", Only: map[string]string{"hs_lead_status": "UNQUALIFIED", "lifecyclestage": "lead"}}
	for name, tc := range map[string]struct {
		has     map[string]string // nil: the CRM does not have the contact
		contact connector.ObjectID
		err     error
		state   workflows.EntryState
		deleted int
	}{
		"as it was confirmed":        {confirmed.Only, "1", nil, settled, 1},
		"another status by now":      {map[string]string{"hs_lead_status": "NEW", "lifecyclestage": "lead"}, "1", nil, cancelled, 0},
		"another stage by now":       {map[string]string{"hs_lead_status": "UNQUALIFIED", "lifecyclestage": "customer"}, "1", nil, cancelled, 0},
		"gone already":               {nil, "1", nil, settled, 0},
		"merged since":               {confirmed.Only, "2", nil, cancelled, 0},
		"refused":                    {confirmed.Only, "1", fault(connector.ErrForbidden), parked, 0},
		"nobody knows if it is done": {confirmed.Only, "1", fault(connector.ErrAmbiguous), ready, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b, g := newBench(t), &graves{err: tc.err}
			b.pusher.Copies = g
			if tc.has != nil {
				b.crm.props["1"] = tc.has
			}
			b.plan(entry(workflows.KindDelete, workflows.ClassDelete, "gone", tc.contact, confirmed))
			b.must(b.push())
			b.wants("gone", tc.state, 1, 0)
			if len(g.archived) != tc.deleted {
				t.Errorf("archived %v", g.archived)
			}
		})
	}
}
