package connectortest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"leadsync/connector"
)

func writeRequirements() []requirement {
	return []requirement{
		{"an update is answered record by record, and done", updateIsAnswered},
		{"one poisoned record does not hold up its neighbours", poisonIsIsolated},
		{"an empty value clears, and updates of one record keep their order", updateOrder},
		{"a record that the CRM leaves out silently is not done", silenceIsNoSuccess},
		{"list members are added and removed, and missing ones named", listsChange},
		{"stages of companies move, and what is not proven is not shown", companyStages},
		{"links are asserted, also when they exist", linksAsserted},
	}
}

func updateIsAnswered(t *testing.T, s Subject) {
	ids := contacts(t, s, many)
	updates := make([]connector.Update, len(ids))
	for i, id := range ids {
		updates[i] = connector.Update{ID: id, Properties: map[string]string{s.Text: fmt.Sprint("after ", i)}}
	}
	for i, r := range s.CRM.Update(t.Context(), connector.TypeContact, updates) {
		if r.ID != ids[i] || r.Err != nil {
			t.Fatalf("update %d answers for %q: %v", i, r.ID, r.Err)
		}
		if props, _ := s.World.Get(t, connector.TypeContact, ids[i]); props[s.Text] != fmt.Sprint("after ", i) {
			t.Errorf("contact %d has %q", i, props[s.Text])
		}
	}
}

func poisonIsIsolated(t *testing.T, s Subject) {
	ids := contacts(t, s, 100)
	s.World.Archive(t, connector.TypeContact, ids[40])
	updates := make([]connector.Update, len(ids))
	for i, id := range ids {
		updates[i] = connector.Update{ID: id, Properties: map[string]string{s.Text: "after"}}
	}
	updates[7].Properties = map[string]string{s.Number: s.BadNumber}
	updates[13].Properties = map[string]string{"no_such_property_here": "x"}
	kinds := map[int]error{7: connector.ErrInvalid, 13: connector.ErrInvalid, 40: connector.ErrNotFound}
	for i, r := range s.CRM.Update(t.Context(), connector.TypeContact, updates) {
		if !errors.Is(r.Err, kinds[i]) || kinds[i] == nil && r.Err != nil {
			t.Errorf("update %d: %v, want %v", i, r.Err, kinds[i])
		}
		if kinds[i] != nil {
			continue
		}
		if props, _ := s.World.Get(t, connector.TypeContact, ids[i]); props[s.Text] != "after" {
			t.Errorf("neighbour %d was not updated", i)
		}
	}
	for i, name := range map[int]string{7: s.Number, 13: "no_such_property_here"} {
		var e *connector.Error
		r := s.CRM.Update(t.Context(), connector.TypeContact, updates[i:i+1])[0]
		if !errors.As(r.Err, &e) || !slices.Contains(e.Properties, name) || e.Message == "" {
			t.Errorf("the refusal of update %d does not name %q and the CRM's words: %v", i, name, r.Err)
		}
	}
}

func updateOrder(t *testing.T, s Subject) {
	id := contacts(t, s, 1)[0]
	var updates []connector.Update
	for _, v := range []string{"one", "two", ""} {
		updates = append(updates, connector.Update{ID: id, Properties: map[string]string{s.Text: v}})
	}
	for i, r := range s.CRM.Update(t.Context(), connector.TypeContact, updates) {
		if r.Err != nil {
			t.Errorf("update %d: %v", i, r.Err)
		}
	}
	if props, _ := s.World.Get(t, connector.TypeContact, id); props[s.Text] != "" {
		t.Errorf("the property holds %q, want nothing", props[s.Text])
	}
}

func silenceIsNoSuccess(t *testing.T, s Subject) {
	ids := contacts(t, s, 5)
	updates := make([]connector.Update, len(ids))
	for i, id := range ids {
		updates[i] = connector.Update{ID: id, Properties: map[string]string{s.Text: "after"}}
	}
	s.World.Fail(t, FaultOmit, 1)
	undone := 0
	for i, r := range s.CRM.Update(t.Context(), connector.TypeContact, updates) {
		props, _ := s.World.Get(t, connector.TypeContact, ids[i])
		if done := props[s.Text] == "after"; done != (r.Err == nil) {
			t.Errorf("update %d is done: %v, and answered %v", i, done, r.Err)
		} else if !done {
			undone++
		}
	}
	if undone != 1 {
		t.Errorf("%d updates were left out, the test wants one", undone)
	}
}

// companyStages wants of the answer what it wants of the answers about contacts: a stage that the CRM left must not be
// shown as written, whether the CRM refuses to go back or not.
func companyStages(t *testing.T, s Subject) {
	move := func(ids []connector.ObjectID, stage string) []connector.UpdateResult {
		var updates []connector.Update
		for _, id := range ids {
			updates = append(updates, connector.Update{ID: id, Properties: map[string]string{s.Names.CompanyStage: stage}})
		}
		return s.CRM.Update(t.Context(), connector.TypeCompany, updates)
	}
	var ids []connector.ObjectID
	for i := range many {
		ids = append(ids, s.World.Record(t, connector.TypeCompany, map[string]string{s.Names.CompanyName: fmt.Sprint("Company ", i)}))
	}
	for _, stage := range []string{s.CompanyStages[1], s.CompanyStages[0]} { // forward, and back
		for i, r := range move(ids, stage) {
			props, _ := s.World.Get(t, connector.TypeCompany, ids[i])
			shown, proven := r.Properties[s.Names.CompanyStage]
			if r.ID != ids[i] || r.Err != nil || proven && shown != props[s.Names.CompanyStage] {
				t.Fatalf("company %d answers for %q with %q, and stands at %q: %v", i, r.ID, shown, props[s.Names.CompanyStage], r.Err)
			}
		}
	}
	companyReadBack(t, s, ids[0])
	s.World.Archive(t, connector.TypeCompany, ids[1])
	if r := move(ids[:2], s.CompanyStages[1]); r[0].Err != nil || !errors.Is(r[1].Err, connector.ErrNotFound) {
		t.Errorf("beside a company that is gone: %v, %v", r[0].Err, r[1].Err)
	}
}

func companyReadBack(t *testing.T, s Subject, id connector.ObjectID) {
	read, err := s.CRM.Read(t.Context(), connector.TypeCompany, []connector.ObjectID{id}, []string{s.Names.CompanyStage})
	props, _ := s.World.Get(t, connector.TypeCompany, id)
	if got := read.Found[id].Properties; err != nil || got[s.Names.CompanyStage] != props[s.Names.CompanyStage] {
		t.Errorf("reading back shows %v, the company stands at %q (%v)", got, props[s.Names.CompanyStage], err)
	}
}

func listsChange(t *testing.T, s Subject) {
	static, computed := s.World.List(t)
	ids := contacts(t, s, 5)
	asked := append(slices.Clone(ids), "999999999999")
	for _, add := range []bool{true, true, false, false} { // twice each: absolute
		got, err := s.CRM.ChangeList(t.Context(), connector.ListChange{List: static, Add: add, Member: asked})
		if err != nil {
			t.Fatal(err)
		}
		same(t, got.Done, ids)
		same(t, got.Missing, asked[5:])
		want := ids
		if !add {
			want = nil
		}
		same(t, s.World.Members(t, static), want)
	}
	if _, err := s.CRM.ChangeList(t.Context(), connector.ListChange{List: computed, Add: true, Member: ids}); !errors.Is(err, connector.ErrInvalid) {
		t.Errorf("adding to a computed list: %v, want %v", err, connector.ErrInvalid)
	}
}

func linksAsserted(t *testing.T, s Subject) {
	contact := contacts(t, s, 1)[0]
	call := s.World.Record(t, connector.TypeTask, map[string]string{s.Names.ActivityTime: "2026-11-02T09:00:00Z"})
	link := connector.Link{FromType: connector.TypeTask, FromID: call, ToType: connector.TypeContact, ToID: contact}
	for range 2 {
		if err := s.CRM.AssertLinks(t.Context(), []connector.Link{link}); err != nil {
			t.Fatal(err)
		}
		if !s.World.Linked(t, link) {
			t.Error("the link is not there")
		}
	}
	link.ToID = "999999999999"
	if err := s.CRM.AssertLinks(t.Context(), []connector.Link{link}); err == nil {
		t.Error("a link to a record that is not there was asserted")
	}
}
