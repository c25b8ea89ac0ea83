package hubspot_test

import (
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/connector/connectortest"
	"leadsync/connector/hubspot"
	"leadsync/connector/hubspot/simulator"
)

// TestConformance runs the suite that every connector passes, against the simulated account.
func TestConformance(t *testing.T) {
	connectortest.Run(t, func(t *testing.T) connectortest.Subject {
		t.Helper()
		return openSubject(t)
	})
}

func openSubject(t *testing.T) connectortest.Subject {
	t.Helper()
	sim := newSubjectAccount(t)
	return subjectOf(t, sim, sim.Transport())
}

// newSubjectAccount is an empty account with our keys on tasks and deals.
func newSubjectAccount(t *testing.T) *simulator.Account {
	t.Helper()
	sim := simulator.New(simulator.Options{Seed: 3, ArchivedKeepUnique: true, DistinctModified: true, Token: token})
	t.Cleanup(sim.Close)
	for _, typ := range []string{simulator.Tasks, simulator.Deals} {
		if err := sim.AddProperty(typ, simulator.Property{
			Name: hubspot.DefaultKeyProperty, Label: "key", Type: "string", FieldType: "text", GroupName: "leadsync", HasUniqueValue: true,
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := sim.AddProperty(simulator.Contacts, simulator.Property{Name: "numemployees_guess", Label: "n", Type: "number", FieldType: "number", GroupName: "leadsync"}); err != nil {
		t.Fatal(err)
	}
	return sim
}

func subjectOf(t *testing.T, sim *simulator.Account, transport http.RoundTripper) connectortest.Subject {
	t.Helper()
	cfg := quick(transport)
	cfg.AppID = "4100001" // the simulator's default
	return connectortest.Subject{
		CRM: newClient(t, cfg), World: worldOf(sim), Account: connector.PortalID(strconv.FormatInt(sim.PortalID(), 10)),
		Names: connector.Names{
			Stage: "lifecyclestage", Status: "hs_lead_status", Owner: "hubspot_owner_id", FirstName: "firstname",
			LastName: "lastname", Email: "email", ActivityTime: "hs_timestamp", CompanyName: "name", CompanyStage: "lifecyclestage",
		},
		Text: "jobtitle", Number: "numemployees_guess", BadNumber: "a dozen",
		TaskEdits: []map[string]string{
			{"hs_task_subject": "Call mother"},
			{"hs_timestamp": "2026-11-25T09:00:00Z"},
			{"hs_task_priority": "HIGH"},
			{"hubspot_owner_id": sim.CreateOwner("Cy Roth", "cy@example.com", true)},
			{"hs_task_type": "TODO"},
		},
		CompanyStages: [2]string{"lead", "customer"}, Secrets: []string{token},
	}
}

// plurals are the simulator's names of kinds of record.
var plurals = map[connector.ObjectType]string{
	connector.TypeContact: simulator.Contacts, connector.TypeCompany: simulator.Companies, connector.TypeDeal: simulator.Deals,
	connector.TypeCall: simulator.Calls, connector.TypeMeeting: simulator.Meetings, connector.TypeTask: simulator.Tasks,
	connector.TypeEmail: simulator.Emails, connector.TypeNote: simulator.Notes, connector.TypeCommunication: simulator.Communications,
}

func worldOf(sim *simulator.Account) connectortest.World {
	rep := simulator.Actor{Kind: simulator.User, ID: "7"}
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w := connectortest.World{
		Contact: func(t *testing.T, props map[string]string) connector.ObjectID {
			t.Helper()
			id, err := sim.CreateContact(rep, props)
			must(t, err)
			return connector.ObjectID(id)
		},
		Record: func(t *testing.T, typ connector.ObjectType, props map[string]string, contacts ...connector.ObjectID) connector.ObjectID {
			t.Helper()
			var links []simulator.Link
			for _, c := range contacts {
				links = append(links, simulator.Link{Type: simulator.Contacts, ID: string(c)})
			}
			id, err := sim.Create(rep, plurals[typ], props, links...)
			must(t, err)
			return connector.ObjectID(id)
		},
		Set: func(t *testing.T, typ connector.ObjectType, id connector.ObjectID, props map[string]string) {
			t.Helper()
			must(t, sim.Set(rep, plurals[typ], string(id), props))
		},
		Archive: func(t *testing.T, typ connector.ObjectType, id connector.ObjectID) {
			t.Helper()
			must(t, sim.Archive(rep, plurals[typ], string(id)))
		},
		Merge: func(t *testing.T, winner, loser connector.ObjectID) connector.ObjectID {
			t.Helper()
			id, err := sim.Merge(rep, simulator.Contacts, string(winner), string(loser))
			must(t, err)
			return connector.ObjectID(id)
		},
		Touch: func(t *testing.T, typ connector.ObjectType, id connector.ObjectID, at time.Time) {
			t.Helper()
			must(t, sim.SetModified(plurals[typ], string(id), at))
		},
		Complete: func(t *testing.T, task connector.ObjectID) {
			t.Helper()
			must(t, sim.CompleteTask(rep, string(task)))
		},
		Now: sim.Now,
	}
	looking(sim, &w)
	misfortunes(sim, &w)
	return w
}

func looking(sim *simulator.Account, w *connectortest.World) {
	w.Get = func(_ *testing.T, typ connector.ObjectType, id connector.ObjectID) (map[string]string, bool) {
		o, ok := sim.Object(plurals[typ], string(id))
		return o.Properties, ok && !o.Archived
	}
	w.Linked = func(_ *testing.T, l connector.Link) bool {
		links := sim.Associations(plurals[l.FromType], string(l.FromID), plurals[l.ToType])
		return slices.ContainsFunc(links, func(other simulator.Link) bool { return other.ID == string(l.ToID) })
	}
	w.Count = func(_ *testing.T, typ connector.ObjectType) int { return sim.Count(plurals[typ]) }
	w.List = func(t *testing.T) (string, string) {
		t.Helper()
		rep := simulator.Actor{Kind: simulator.User, ID: "7"}
		static, err := sim.CreateList(rep, simulator.List{Name: "newsletter"})
		if err != nil {
			t.Fatal(err)
		}
		computed, err := sim.CreateList(rep, simulator.List{
			Name: "reachable", Kind: simulator.Dynamic, Where: []simulator.ListCondition{{Property: "email", Operator: "HAS_PROPERTY"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return static, computed
	}
	w.Members = func(t *testing.T, list string) []connector.ObjectID {
		t.Helper()
		members, err := sim.ListMembers(list)
		if err != nil {
			t.Fatal(err)
		}
		ids := make([]connector.ObjectID, len(members))
		for i, id := range members {
			ids[i] = connector.ObjectID(id)
		}
		return ids
	}
	w.Owner = func(_ *testing.T, active bool) string { return sim.CreateOwner("Ada Berg", "ada@example.com", active) }
}

func misfortunes(sim *simulator.Account, w *connectortest.World) {
	kinds := map[connectortest.Fault][]simulator.FaultKind{
		connectortest.FaultThrottled: {simulator.FaultRateTen}, connectortest.FaultDown: {simulator.Fault503},
		connectortest.FaultLost: {simulator.FaultAppliedReset}, connectortest.FaultOmit: {simulator.FaultOmit},
	}
	w.Fail = func(t *testing.T, f connectortest.Fault, n int) {
		t.Helper()
		for _, kind := range kinds[f] {
			fault := simulator.Fault{Kind: kind, Count: n}
			if err := fault.Validate(); err != nil {
				t.Fatal(err)
			}
			sim.Faults().Add(fault)
		}
	}
	w.Heal = func(*testing.T) { sim.Faults().Clear() }
	w.Revoke = func(*testing.T) { sim.RevokeToken() }
}
