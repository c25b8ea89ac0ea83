package store_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

func (b *bench) asks(basis string, asked map[connector.ObjectType][]string) map[connector.ObjectType]workflows.Fill {
	b.Helper()
	fills, err := b.store.BeginFill(b.ctx, b.fence, asked, basis)
	b.must(err)
	byType := map[connector.ObjectType]workflows.Fill{}
	for _, f := range fills {
		byType[f.Type] = f
	}
	return byType
}

func contactsWith(props ...string) map[connector.ObjectType][]string {
	return map[connector.ObjectType][]string{connector.TypeContact: props}
}

// loadedFeed says that the first load of a kind is complete.
func (b *bench) loadedFeed(t connector.ObjectType) {
	b.Helper()
	for _, feed := range []string{"load/", "sweep/"} {
		b.page(workflows.PulledPage{Feed: feed + string(t), Type: t, Quiet: true, Next: workflows.FeedState{Since: business, Seen: business, Complete: true}})
	}
}

// A first load is asked for everything. More begins a walk for the difference, the same goes on, other begins
// anew, and what was dropped is asked for again when it comes back.
func TestBeginFill(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		contact := func(basis string, props ...string) workflows.Fill {
			return b.asks(basis, contactsWith(props...))[connector.TypeContact]
		}
		if fill := contact("a", "city", "email"); fill.UnderWay() || len(fill.Properties) != 0 {
			t.Errorf("before the first load: %+v", fill)
		}
		b.loadedFeed(connector.TypeContact)
		b.loadPeople("1", "2", "3")
		if fill := contact("b", "city", "email"); fill.UnderWay() {
			t.Errorf("another model that reads the same: %+v", fill)
		}
		fill := contact("c", "age", "email", "zip")
		if diff := cmp.Diff([]string{"age", "zip"}, fill.Properties); diff != "" || !fill.UnderWay() || fill.Total != 3 {
			t.Fatalf("more: %+v\n%s", fill, diff)
		}
		fill.Position = "2"
		next, err := b.store.SaveFilled(b.ctx, b.fence, workflows.FillPage{Fill: fill, Objects: []connector.Object{{ID: "1"}, {ID: "2"}}})
		b.must(err)
		if again := contact("c", "age", "email", "zip"); !cmp.Equal(again, next) || again.Position != "2" || again.Done != 2 {
			t.Errorf("after a restart: %+v", again)
		}
		if other := contact("d", "age", "email"); other.Position != "" || other.Done != 0 || !cmp.Equal(other.Properties, []string{"age"}) {
			t.Errorf("another model in the middle: %+v", other)
		}
		if _, err := b.store.SaveFilled(b.ctx, b.fence, workflows.FillPage{Fill: next}); !errors.Is(err, workflows.ErrNoRecord) {
			t.Errorf("a page of the walk before: %v", err)
		}
		fill = contact("d", "age", "email")
		done, err := b.store.SaveFilled(b.ctx, b.fence, workflows.FillPage{Fill: fill, Ended: true})
		b.must(err)
		if done.UnderWay() || contact("d", "age", "email").UnderWay() {
			t.Errorf("at the end: %+v", done)
		}
		if back := contact("e", "age", "city", "email"); !cmp.Equal(back.Properties, []string{"city"}) {
			t.Errorf("what was dropped: %+v", back)
		}
		fills, err := b.store.Fills(b.ctx, portal)
		if err != nil || len(fills) != 1 || !fills[0].UnderWay() {
			t.Errorf("shown: %+v (%v)", fills, err)
		}
	})
}

// Of an account that an earlier release loaded nobody knows what was asked for, unless nothing has changed since the
// latest re-evaluation.
func TestBeginFill_fromAnEarlierRelease(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loadedFeed(connector.TypeContact)
		b.loadPeople("1")
		b.begin("a")
		if fill := b.asks("a", contactsWith("email"))[connector.TypeContact]; fill.UnderWay() {
			t.Errorf("with the same model: %+v", fill)
		}
		b.exec("DELETE FROM fills")
		if fill := b.asks("b", contactsWith("email"))[connector.TypeContact]; !fill.UnderWay() || !cmp.Equal(fill.Properties, []string{"email"}) {
			t.Errorf("with another model: %+v", fill)
		}
	})
}

// A kind of activity that was switched off is loaded anew when it is read again: its feed stood still.
func TestBeginFill_switchedOffAndOn(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		both := map[connector.ObjectType][]string{connector.TypeContact: {"email"}, connector.TypeCall: {"hs_timestamp"}}
		b.asks("a", both)
		b.loadedFeed(connector.TypeCall)
		b.asks("b", contactsWith("email"))
		if n := b.count("SELECT COUNT(*) FROM feeds"); n != 2 {
			t.Errorf("%d feeds are left while it is off", n)
		}
		if fill := b.asks("c", both)[connector.TypeCall]; fill.UnderWay() {
			t.Errorf("what is loaded anew is asked for everything: %+v", fill)
		}
		if n := b.count("SELECT COUNT(*) FROM feeds"); n != 0 {
			t.Errorf("%d feeds go on where they stood", n)
		}
		b.loadedFeed(connector.TypeCall)
		if b.asks("c", both); b.count("SELECT COUNT(*) FROM feeds") != 2 {
			t.Error("the next start loads it anew once more")
		}
	})
}

// A page fills the records that the mirror has, quietly, and nothing but the properties that were asked for.
func TestSaveFilled(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loadedFeed(connector.TypeContact)
		b.asks("a", contactsWith("email"))
		b.page(workflows.PulledPage{Type: connector.TypeContact, Quiet: true, Objects: []connector.Object{
			{Type: connector.TypeContact, ID: "1", UpdatedAt: business, Properties: map[string]string{"email": "a@example.org", "age": "old"}},
			{Type: connector.TypeContact, ID: "2", UpdatedAt: business},
		}})
		b.page(workflows.PulledPage{Type: connector.TypeContact, Quiet: true, Missing: []connector.ObjectID{"9"}})
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "2", State: workflows.LeadState{
			Root: "2", Profile: workflows.Profile{Unprofiled: business},
		}}}))
		b.exec("DELETE FROM fills")
		fill := b.asks("b", contactsWith("age", "email", "visits"))[connector.TypeContact]
		done, err := b.store.SaveFilled(b.ctx, b.fence, workflows.FillPage{
			Fill: fill, Ended: true, Behaviour: []string{"visits"}, Objects: []connector.Object{
				{Type: connector.TypeContact, ID: "1", Properties: map[string]string{"email": "b@example.org", "visits": "7"}},
				{Type: connector.TypeContact, ID: "2", Properties: map[string]string{"age": "40", "visits": "8"}},
				{Type: connector.TypeContact, ID: "3", Properties: map[string]string{"age": "50"}},
			},
		})
		b.must(err)
		if done.Done != 2 || done.UnderWay() {
			t.Errorf("the walk: %+v", done)
		}
		if diff := cmp.Diff(map[string]string{"email": "b@example.org", "visits": "7"}, b.lead("1").Contact.Properties); diff != "" {
			t.Errorf("filled (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(map[string]string{"age": "40"}, b.lead("2").Contact.Properties); diff != "" {
			t.Errorf("one that must not be profiled (-want +got):\n%s", diff)
		}
		if got := b.lead("3").Contact; got.ID != "" {
			t.Errorf("one that the mirror did not have: %+v", got)
		}
		if !b.lead("1").Contact.UpdatedAt.Equal(business) || b.count("SELECT COUNT(*) FROM due WHERE hinted_at IS NOT NULL") != 0 {
			t.Error("it is not quiet")
		}
	})
}
