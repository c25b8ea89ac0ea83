package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// loadPeople stores contacts quietly and remembers a state of each.
func (b *bench) loadPeople(ids ...connector.ObjectID) {
	b.Helper()
	var objects []connector.Object
	var decided []workflows.Decided
	for _, id := range ids {
		objects = append(objects, person(id, 0))
		decided = append(decided, workflows.Decided{ID: id, State: workflows.LeadState{Root: id, Model: "before"}, ChangesAt: business.Add(time.Hour)})
	}
	b.page(workflows.PulledPage{Type: connector.TypeContact, Quiet: true, Objects: objects})
	b.must(b.store.SaveDecisions(b.ctx, b.fence, decided))
}

func (b *bench) begin(basis string) (workflows.Reevaluation, bool) {
	b.Helper()
	walk, begun, err := b.store.BeginReevaluation(b.ctx, b.fence, basis)
	b.must(err)
	return walk, begun
}

func (b *bench) walk() workflows.Reevaluation {
	b.Helper()
	walk, err := b.store.Reevaluation(b.ctx, portal)
	b.must(err)
	return walk
}

// A walk is for one basis: the same again goes on, another begins anew, and the first load needs none.
func TestBeginReevaluation(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		if walk := b.walk(); walk != (workflows.Reevaluation{}) {
			t.Errorf("before anything: %+v", walk)
		}
		b.loadPeople("1", "2", "3")
		if walk, begun := b.begin("a"); begun || walk.UnderWay() || walk.Basis != "a" {
			t.Errorf("before go-live the first load evaluates: %v %+v", begun, walk)
		}
		b.must(b.store.SetGoLive(b.ctx, b.fence, business))
		if walk, begun := b.begin("a"); begun || walk.UnderWay() {
			t.Errorf("the same basis: %v %+v", begun, walk)
		}
		if walk, begun := b.begin("b"); !begun || !walk.UnderWay() || walk.Total != 3 || walk.Done != 0 {
			t.Errorf("another basis: %v %+v", begun, walk)
		}
		b.must(b.store.SaveReevaluated(b.ctx, b.fence, nil, workflows.Reevaluation{Basis: "b", Position: "2", Done: 2, Planned: 1}, false))
		if walk, begun := b.begin("b"); begun || walk.Position != "2" || walk.Done != 2 || walk.Planned != 1 || walk.Left() != 1 {
			t.Errorf("after a restart: %v %+v", begun, walk)
		}
		if walk, begun := b.begin("a"); !begun || walk.Position != "" || walk.Done != 0 {
			t.Errorf("back to the first basis in the middle of a walk: %v %+v", begun, walk)
		}
		err := b.store.SaveReevaluated(b.ctx, b.fence, nil, workflows.Reevaluation{Basis: "b", Position: "3", Done: 3}, true)
		if !errors.Is(err, workflows.ErrNoRecord) || b.walk().Position != "" {
			t.Errorf("a step of a walk that was overtaken: %v %+v", err, b.walk())
		}
		b.must(b.store.SaveReevaluated(b.ctx, b.fence, nil, workflows.Reevaluation{Basis: "a", Position: "3", Done: 3}, true))
		if walk := b.walk(); walk.UnderWay() || walk.Position != "" || walk.Done != 3 || walk.Left() != 0 {
			t.Errorf("at the end: %+v", walk)
		}
	})
}

// A database of the release before has no walk on record: nobody knows what its contacts were evaluated with.
func TestBeginReevaluation_afterAnUpgrade(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loadPeople("1")
		b.must(b.store.SetGoLive(b.ctx, b.fence, business))
		if walk, begun := b.begin("a"); !begun || walk.Total != 1 {
			t.Errorf("%v %+v", begun, walk)
		}
	})
	eachDatabase(t, func(b *bench) {
		b.must(b.store.SetGoLive(b.ctx, b.fence, business))
		if walk, begun := b.begin("a"); begun || walk.UnderWay() {
			t.Errorf("nobody to evaluate: %v %+v", begun, walk)
		}
	})
}

// What a step decided and how far it came stand in one transaction; a hint that arrives meanwhile stays.
func TestSaveReevaluated(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loadPeople("1", "2", "3", "4")
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "3", Gone: true}}))
		b.must(b.store.SetGoLive(b.ctx, b.fence, business))
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{contact("4")}))
		b.begin("b")
		b.pass(time.Second)
		rows, err := b.store.WalkContacts(b.ctx, portal, "", 10)
		b.must(err)
		var walked []string
		for _, row := range rows {
			text := string(row.Type) + " " + string(row.ID)
			if row.Hinted {
				text += " hinted"
			}
			walked = append(walked, text)
		}
		if diff := cmp.Diff([]string{"contact 1", "contact 2", "contact 4 hinted"}, walked); diff != "" {
			t.Fatal(diff)
		}
		if more, err := b.store.WalkContacts(b.ctx, portal, "1", 1); err != nil || len(more) != 1 || more[0].ID != "2" {
			t.Errorf("after 1: %+v (%v)", more, err)
		}
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{contact("2")})) // between reading and saving
		var decided []workflows.Decided
		for _, row := range rows[:2] {
			decided = append(decided, workflows.Decided{
				ID: row.ID, Revision: row.Revision, State: workflows.LeadState{Root: row.ID, Model: "after"}, ChangesAt: business.Add(2 * time.Hour),
			})
		}
		b.must(b.store.SaveReevaluated(b.ctx, b.fence, decided, workflows.Reevaluation{Basis: "b", Position: "2", Done: 2}, false))
		if got := b.lead("1"); got.State.Model != "after" || !got.ChangesAt.Equal(business.Add(2*time.Hour)) {
			t.Errorf("contact 1: %+v", got.State)
		}
		if diff := cmp.Diff([]string{"contact 4", "contact 2"}, b.dueIDs()); diff != "" {
			t.Errorf("due: %s", diff)
		}
		before := b.dump()
		if err := b.store.SaveReevaluated(b.ctx, b.fence, decided, workflows.Reevaluation{Basis: "another"}, false); !errors.Is(err, workflows.ErrNoRecord) {
			t.Errorf("another basis: %v", err)
		}
		if diff := cmp.Diff(before, b.dump()); diff != "" {
			t.Errorf("and what was decided is not saved either: %s", diff)
		}
	})
}
