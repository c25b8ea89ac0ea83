package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// Webhooks have no order: that the survivor of a merge was deleted for good may be told before the merge. Whom it was
// made of is the same person, and goes with it: also if nobody ever read them, who are then in stored webhooks alone.
func TestReceive_mergedIntoErased(t *testing.T) {
	for name, erase := range map[string]struct {
		by func(b *bench) error
		in string
	}{
		"by the CRM":     {func(b *bench) error { return b.store.Erase(b.ctx, portal, "13") }, "crm"},
		"by an operator": {func(b *bench) error { return b.store.EraseHere(b.ctx, portal, "13") }, "operator"},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(b *bench) {
				b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
					ID: "7", Objects: []connector.Object{person("7", 0, "city", "Canary")}, State: workflows.LeadState{Root: "7"},
				}}))
				unread := event("e0", "8")
				unread.Raw = []byte(`{"objectId":8,"propertyName":"email","propertyValue":"canary@example.com"}`)
				b.receive(delivery("d0", unread, event("e-other", "5")))
				b.must(erase.by(b))
				merged := event("e1", "13", contact("7"), contact("8"), contact("13"))
				merged.Kind = connector.EventMerged
				for time, want := range []workflows.Received{{Ignored: 1}, {Duplicate: 1}} { // whoever failed after the first was stored is told again
					if diff := cmp.Diff(want, b.receive(delivery("d1", merged))); diff != "" {
						b.Errorf("time %d: %s", time, diff)
					}
				}
				for _, id := range []connector.ObjectID{"7", "8"} {
					if gone, err := b.store.Erased(b.ctx, portal, id); err != nil || !gone {
						b.Errorf("contact %s is erased: %v, %v", id, gone, err)
					}
				}
				if diff := cmp.Diff([]string{"contact 5"}, b.dueIDs()); diff != "" {
					b.Errorf("due (-want +got):\n%s", diff)
				}
				if text := strings.ToLower(b.dump()); strings.Contains(text, "canary") {
					b.Errorf("something is left:\n%s", text)
				}
				log, err := b.store.Erasures(b.ctx, portal, 10)
				b.must(err)
				for _, one := range log {
					if one.By != erase.in {
						b.Errorf("%d records were erased by %q, want %q", one.Records, one.By, erase.in)
					}
				}
			})
		})
	}
}

// The survivor of a contact that an operator had erased lives: it is asked for, and stays.
func TestReceive_mergedErased(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.must(b.store.EraseHere(b.ctx, portal, "7"))
		merged := event("e1", "13", contact("7"), contact("8"), contact("13"))
		merged.Kind = connector.EventMerged
		b.receive(delivery("d1", merged))
		if diff := cmp.Diff([]string{"contact 13", "contact 8"}, b.dueIDs()); diff != "" {
			b.Errorf("due (-want +got):\n%s", diff)
		}
		if n := b.count("SELECT COUNT(*) FROM deliveries WHERE body <> '[]'"); n != 0 {
			b.Errorf("%d deliveries with an event of who was erased:\n%s", n, b.dump())
		}
	})
}

// A merge is decided when the survivor is read. If it is deleted for good before that, whoever it was made of goes with it,
// also over several merges, with the activities that are theirs alone: they may be in stored webhooks only.
func TestErase_mergeThatWasOnlyTold(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{
			{ID: "7", Objects: []connector.Object{person("7", 0, "city", "Canary")}, State: workflows.LeadState{Root: "7"}},
			{ID: "9", Objects: []connector.Object{person("9", 0, "city", "Bonn")}, State: workflows.LeadState{Root: "9"}},
		}))
		b.page(calls([]connector.Link{link(connector.TypeCall, "70", "7"), link(connector.TypeCall, "71", "7"), link(connector.TypeCall, "71", "9")},
			object(connector.TypeCall, "70", 0, "title", "of Canary alone"), object(connector.TypeCall, "71", 0, "title", "of two people")))
		unread := event("e0", "8")
		unread.Raw = []byte(`{"objectId":8,"propertyName":"email","propertyValue":"canary@example.com"}`)
		b.receive(delivery("d0", unread))
		for n, parts := range [][]connector.ObjectID{{"13", "7", "8"}, {"14", "13", "12"}} {
			merged := event(fmt.Sprintf("e-merge%d", n), parts[0], contact(parts[1]), contact(parts[2]), contact(parts[0]))
			merged.Kind = connector.EventMerged
			b.receive(delivery(fmt.Sprintf("d-merge%d", n), merged))
		}
		company := event("e-company", "9", connector.Ref{Type: connector.TypeCompany, ID: "14"}) // another kind has ids of its own
		company.Kind, company.Type = connector.EventMerged, connector.TypeCompany
		b.receive(delivery("d-company", company))
		told, err := b.store.Subject(b.ctx, portal, "14")
		b.must(err)
		if diff := cmp.Diff([]connector.ObjectID{"12", "13", "7", "8"}, told.Merged); diff != "" {
			b.Errorf("who is told about (-want +got):\n%s", diff)
		}
		b.must(b.store.Erase(b.ctx, portal, "14"))
		for _, id := range []connector.ObjectID{"7", "8", "12", "13", "14"} {
			if gone, err := b.store.Erased(b.ctx, portal, id); err != nil || !gone {
				b.Errorf("contact %s is erased: %v, %v", id, gone, err)
			}
		}
		if text := strings.ToLower(b.dump()); strings.Contains(text, "canary") {
			b.Errorf("something is left:\n%s", text)
		}
		if n := b.count("SELECT COUNT(*) FROM objects WHERE type = 'contact' AND id = '9' OR type = 'call' AND id = '71'"); n != 2 {
			b.Errorf("somebody else lost something:\n%s", b.dump())
		}
	})
}
