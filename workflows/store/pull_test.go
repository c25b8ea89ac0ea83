package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

func (b *bench) page(page workflows.PulledPage) workflows.PulledCount {
	b.Helper()
	count, err := b.store.SavePage(b.ctx, b.fence, page)
	b.must(err)
	return count
}

// settleAll clears every due mark.
func (b *bench) settleAll() {
	b.Helper()
	b.page(workflows.PulledPage{Type: connector.TypeCall, Settle: b.due()})
	if ids := b.dueIDs(); ids != nil {
		b.Fatalf("still due: %v", ids)
	}
}

func link(kind connector.ObjectType, id, contactID connector.ObjectID) connector.Link {
	return connector.Link{FromType: kind, FromID: id, ToType: connector.TypeContact, ToID: contactID}
}

// calls is a page of calls with the links that they have to contacts.
func calls(links []connector.Link, objects ...connector.Object) workflows.PulledPage {
	return workflows.PulledPage{
		Feed: "calls", Type: connector.TypeCall, Objects: objects, Properties: []string{"outcome", "title"},
		Links: links, LinkTypes: []connector.ObjectType{connector.TypeContact},
	}
}

func TestFeedMovesWithItsPage(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		zero, err := b.store.Feed(b.ctx, portal, "contacts")
		b.must(err)
		if diff := cmp.Diff(workflows.FeedState{}, zero); diff != "" {
			b.Error(diff)
		}
		want := workflows.FeedState{Cursor: "after=5", Since: business, Seen: business.Add(time.Minute), Done: 1, Total: 9, Complete: true}
		page := workflows.PulledPage{
			Feed: "contacts", Next: want, Type: connector.TypeContact, Quiet: true,
			Objects: []connector.Object{person("1", 0, "email", "Ada@Example.com")}, Properties: []string{"email"},
		}
		if diff := cmp.Diff(workflows.PulledCount{Objects: 1, Changed: 1}, b.page(page)); diff != "" {
			b.Error(diff)
		}
		got, err := b.store.Feed(b.ctx, portal, "contacts")
		b.must(err)
		if diff := cmp.Diff(want, got); diff != "" {
			b.Error(diff)
		}
		if ids := b.dueIDs(); ids != nil {
			b.Errorf("a quiet page made %v due", ids)
		}
		want.Cursor = ""
		page.Next = want
		b.page(page)
		if got, err = b.store.Feed(b.ctx, portal, "contacts"); err != nil || got.Cursor != "" {
			b.Errorf("the second page left %+v (%v)", got, err)
		}
	})
}

func TestPageChangesTheMirror(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		store := func(o connector.Object) workflows.PulledCount {
			return b.page(workflows.PulledPage{
				Type: connector.TypeContact, Objects: []connector.Object{o}, Properties: []string{"email", "stage"},
			})
		}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
			ID: "1", Objects: []connector.Object{person("1", 0, "stage", "lead", "score", "5")},
		}}))
		for _, step := range []struct {
			name    string
			object  connector.Object
			changed int
			want    map[string]string
		}{
			{"the same", person("1", 0, "stage", "lead"), 0, map[string]string{"stage": "lead", "score": "5"}},
			{"newer, nothing that we read", person("1", 1, "stage", "lead"), 0, map[string]string{"stage": "lead", "score": "5"}},
			{"older", person("1", -5, "stage", "old"), 0, map[string]string{"stage": "lead", "score": "5"}},
			{"another value", person("1", 2, "stage", "mql", "email", "a@example.com"), 1, map[string]string{"stage": "mql", "score": "5", "email": "a@example.com"}},
			{"cleared", person("1", 3, "email", "a@example.com"), 1, map[string]string{"score": "5", "email": "a@example.com"}},
		} {
			count := store(step.object)
			if count.Changed != step.changed || count.Due != step.changed {
				b.Errorf("%s: %+v, want %d changed", step.name, count, step.changed)
			}
			if diff := cmp.Diff(step.want, b.lead("1").Contact.Properties); diff != "" {
				b.Errorf("%s: %s", step.name, diff)
			}
		}
		if got := b.lead("1").Contact; !got.UpdatedAt.Equal(business.Add(3*time.Minute)) || !got.CreatedAt.Equal(business.Add(-time.Hour)) {
			b.Errorf("times %+v", got)
		}
	})
}

func TestHintOnlyComparesWithTheMirror(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
			ID: "1", Objects: []connector.Object{person("1", 5, "stage", "lead")},
		}}))
		hint := func(properties []string, o connector.Object) int {
			b.settleAll()
			count := b.page(workflows.PulledPage{
				Type: connector.TypeContact, Objects: []connector.Object{o}, Properties: properties, HintOnly: true,
			})
			if got := len(b.dueIDs()); got != count.Due {
				b.Errorf("%d due, counted %d", got, count.Due)
			}
			return count.Due
		}
		stage := []string{"stage"}
		for _, step := range []struct {
			name       string
			properties []string
			object     connector.Object
			want       int
		}{
			{"equal", stage, person("1", 9, "stage", "lead"), 0},
			{"different", stage, person("1", 9, "stage", "mql"), 1},
			{"cleared", stage, person("1", 9), 1},
			{"different, but older than the mirror", stage, person("1", 1, "stage", "mql"), 0},
			{"unknown", stage, person("2", 0), 1},
			{"by time: equal", nil, person("1", 5), 0},
			{"by time: newer", nil, person("1", 6), 1},
			{"by time: older", nil, person("1", 4), 0},
		} {
			if got := hint(step.properties, step.object); got != step.want {
				b.Errorf("%s: %d due, want %d", step.name, got, step.want)
			}
		}
		if got := b.lead("1").Contact; got.Properties["stage"] != "lead" || !got.UpdatedAt.Equal(business.Add(5*time.Minute)) {
			b.Errorf("a hint was stored: %+v", got)
		}
	})
}

func TestActivitiesMakeTheirContactsDue(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		call := func(minute int, pairs ...string) connector.Object {
			return object(connector.TypeCall, "7", minute, pairs...)
		}
		both := []connector.Link{link(connector.TypeCall, "7", "1"), link(connector.TypeCall, "7", "2")}
		for _, step := range []struct {
			name string
			page workflows.PulledPage
			want []string
		}{
			{"a new call", calls(both, call(0, "title", "Hello")), []string{"contact 1", "contact 2"}},
			{"nothing new", calls(both, call(0, "title", "Hello")), nil},
			{"a new outcome", calls(both, call(1, "title", "Hello", "outcome", "busy")), []string{"contact 1", "contact 2"}},
			{"a link went", calls(both[:1], call(1, "title", "Hello", "outcome", "busy")), []string{"contact 2"}},
			{"a link came back", calls(both, call(1, "title", "Hello", "outcome", "busy")), []string{"contact 2"}},
			{"deleted", workflows.PulledPage{Type: connector.TypeCall, Missing: []connector.ObjectID{"7", "8"}}, []string{"contact 1", "contact 2"}},
			{"deleted again", workflows.PulledPage{Type: connector.TypeCall, Missing: []connector.ObjectID{"7"}}, nil},
			{"restored", calls(both[:1], call(1, "title", "Hello")), []string{"contact 1"}},
		} {
			count := b.page(step.page)
			if diff := cmp.Diff(step.want, b.dueIDs()); diff != "" {
				b.Errorf("%s: %s", step.name, diff)
			}
			if count.Due != len(step.want) {
				b.Errorf("%s: counted %d due", step.name, count.Due)
			}
			b.settleAll()
		}
		if got := b.lead("1").Activities; len(got) != 1 || got[0].ID != "7" || got[0].Properties["title"] != "Hello" {
			b.Errorf("activities of contact 1: %+v", got)
		}
		if got := b.lead("2").Activities; got != nil {
			b.Errorf("activities of contact 2: %+v", got)
		}
	})
}

func TestSettleOfActivities(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		call := connector.Ref{Type: connector.TypeCall, ID: "7"}
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{call}))
		read := b.due()
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{call}))
		page := calls([]connector.Link{link(connector.TypeCall, "7", "1")}, object(connector.TypeCall, "7", 0))
		page.Feed, page.Settle = "", read
		b.page(page)
		if diff := cmp.Diff([]string{"call 7", "contact 1"}, b.dueIDs()); diff != "" {
			b.Errorf("raised while it was read: %s", diff)
		}
		page.Settle = b.due()[:1]
		b.page(page)
		if diff := cmp.Diff([]string{"contact 1"}, b.dueIDs()); diff != "" {
			b.Error(diff)
		}
	})
}

func TestCompanyChangeReachesItsContacts(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		company := func(minute int, size string) connector.Object {
			return object(connector.TypeCompany, "50", minute, "size", size)
		}
		decide := func(id connector.ObjectID, minute int, size string) {
			b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
				ID: id, Objects: []connector.Object{person(id, 0), company(minute, size)},
				Links: []connector.Link{{
					FromType: connector.TypeContact, FromID: id, ToType: connector.TypeCompany, ToID: "50",
				}},
				LinkTypes: []connector.ObjectType{connector.TypeCompany},
			}}))
		}
		decide("1", 0, "10")
		decide("2", 0, "10")
		if ids := b.dueIDs(); ids != nil {
			b.Fatalf("due: %v", ids)
		}
		decide("1", 1, "500") // contact 1 was evaluated with it, contact 2 was not
		if diff := cmp.Diff([]string{"contact 2"}, b.dueIDs()); diff != "" {
			b.Error(diff)
		}
		b.settleAll()
		b.page(workflows.PulledPage{
			Type: connector.TypeCompany, Objects: []connector.Object{company(2, "900")}, Properties: []string{"size"},
		})
		if diff := cmp.Diff([]string{"contact 1", "contact 2"}, b.dueIDs()); diff != "" {
			b.Error(diff)
		}
		if got := b.lead("1").Companies; len(got) != 1 || got[0].Properties["size"] != "900" {
			b.Errorf("companies %+v", got)
		}
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
			ID: "1", Objects: []connector.Object{person("1", 9)}, LinkTypes: []connector.ObjectType{connector.TypeCompany},
		}}))
		if got := b.lead("1").Companies; got != nil {
			b.Errorf("a link that is gone: %+v", got)
		}
	})
}
