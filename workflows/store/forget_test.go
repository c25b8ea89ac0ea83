package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// Contact 3 was made of 1 and 2: it has the past of both, whichever is merged first.
func TestMergeOfTwoLosers(t *testing.T) {
	for name, order := range map[string][]connector.ObjectID{"older first": {"1", "2"}, "younger first": {"2", "1"}} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(b *bench) {
				told := seen("forms", "2", business)
				told.Known = workflows.KnownHistory
				look := business.Add(time.Hour)
				b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{
					{ID: "1", State: workflows.LeadState{Root: "1"}, Observations: []workflows.Observation{seen("forms", "1", business), seen("forms", "2", business)}},
					{ID: "2", State: workflows.LeadState{Root: "2", LookedAt: look}, Observations: []workflows.Observation{told, seen("pages", "7", business)}},
				}))
				for _, id := range order {
					b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: id, Gone: true, Survivor: "3"}}))
				}
				got := b.lead("3")
				want := []workflows.Observation{seen("forms", "1", business), told, seen("pages", "7", business)}
				if diff := cmp.Diff(want, got.Observations); diff != "" {
					b.Error(diff)
				}
				if got.State == nil || !got.State.LookedAt.Equal(look) {
					b.Errorf("what the losers had been through is news of the survivor: %+v", got.State)
				}
				if loser := b.lead("2"); loser.MergedInto != "3" || !loser.Removed && loser.Contact.ID != "" {
					b.Errorf("the loser: %+v", loser)
				}
			})
		})
	}
}

// A way back that an operator drops was never gone, as one that the CRM refuses.
func TestDroppedWayBack(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.plan("1", back("1", "mql", "sql"))
		_, err := b.store.DropEntry(b.ctx, portal, "contact/1/back", workflows.Order{})
		b.must(err)
		if got := b.lead("1"); got.Refused == nil || got.Returning != nil || len(got.Pending) != 0 {
			b.Errorf("refused %v, returning %v, pending %v", got.Refused, got.Returning, got.Pending)
		}
	})
}

// What was archived is asked about again when the CRM may have deleted it for good, and then weekly.
func TestLongRemovedAreDue(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		for _, id := range []connector.ObjectID{"1", "2", "3", "4"} {
			b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: id, Objects: []connector.Object{person(id, 0)}, State: workflows.LeadState{Root: id}}}))
		}
		b.merged()
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: "3", Gone: true}}))
		b.settleAll()
		due := func(what string, want ...string) {
			b.Helper()
			_, err := b.pruneAll(24 * time.Hour)
			b.must(err)
			if got := b.dueIDs(); !slices.Equal(got, want) {
				b.Errorf("%s: due %v, want %v", what, got, want)
			}
			b.settleAll()
		}
		if got := b.lead("3"); !got.Removed || got.Contact.ID != "" {
			b.Errorf("the archived contact: %+v", got)
		}
		b.pass(89 * 24 * time.Hour)
		due("it can still be restored")
		b.pass(2 * 24 * time.Hour)
		due("it may be gone", "contact 3")
		b.pass(6 * 24 * time.Hour)
		due("asked a few days ago")
		b.pass(2 * 24 * time.Hour)
		due("asked a week ago", "contact 3")
	})
}

// A process of the release before erases only what it knows.
func TestPruneErasesWhatAnOlderProcessLeft(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.receive(told(connector.EventChanged, contact("1"), 1, 0))
		b.observe("1", seen("forms", "canary", business))
		b.observe("2", seen("forms", "kept", business))
		b.exec(`INSERT INTO unannounced (portal, type, id, class, from_at, to_at, found_at, hour, source, bucket)
			VALUES ('4711', 'contact', '1', 'change', 0, 1, 9000000000000000, 0, 'sweep', 1)`)
		b.exec(`INSERT INTO unannounced (portal, type, id, class, from_at, to_at, found_at, hour, source, bucket, other_type, other_id)
			VALUES ('4711', 'call', '7', 'link', 0, 1, 9000000000000000, 0, 'sweep', 1, 'contact', '1')`)
		b.exec(`INSERT INTO submissions (portal, id, form, at, page, email, contact, fresh, kept_at) VALUES ('4711', 's', 'f', 1, 'canary', '', '1', 1, 9000000000000000)`)
		b.exec(`INSERT INTO visits (portal, id, contact, at, page, kept_at) VALUES ('4711', 'v', '1', 1, 'canary', 9000000000000000)`)
		b.exec(`INSERT INTO visits_wanted (portal, contact, since_at, position) VALUES ('4711', '1', 1, 'canary')`)
		b.exec(`INSERT INTO tombstones (portal, type, id, erased_at) VALUES ('4711', 'contact', '1', 1)`)
		_, err := b.pruneAll(24 * time.Hour)
		b.must(err)
		for _, table := range []string{"versions", "announcements", "unannounced", "submissions", "visits", "visits_wanted"} {
			if text := b.table(table); strings.Contains(text, `="1" kind`) || strings.Contains(text, "canary") || strings.Contains(text, `id="1"`) {
				b.Errorf("%s: %s", table, text)
			}
		}
		if got := b.lead("2").Observations; len(got) != 1 {
			b.Errorf("another contact has %+v", got)
		}
	})
}

// No table with rows of a contact, or of what belongs to one, keeps them when the contact is erased. A new table
// has to be named here, with the way in which a contact stands in it or the reason why none does.
func TestEraseKnowsEveryTable(t *testing.T) {
	stands := map[string]string{
		"announcements": "id", "answers": "contact", "aliases": "id", "decisions": "contact", "due": "id", "leads": "id", "objects": "id", "observations": "contact",
		"outbox": "contact", "pushes": "id", "submissions": "contact", "unannounced": "id other_id", "versions": "contact", "visits": "contact",
		"visits_wanted": "contact", "links": "to_id", "unprofiled": "contact", "violations": "contact", "frozen": "contact",
		"clocks": "contact", "qualifications": "contact", "judgements": "contact", "backfills": "contact", "task_days": "contact", "quarantine": "id",
		"told_merges": "id survivor",
	}
	none := []string{
		"arrivals", // a number by the minute
		"calls", "credentials", "effect_pauses", "event_keys", "feed_hours", "feeds", "forms", "leases", "models", "modes", "owners", "portals",
		"record_aliases", // of companies and deals
		"deliveries",     // bodies: TestErase
		"sendings",       // by the keys of the outbox
		"fills",          // what kinds of record were asked for
		"reevaluations",  // the id where a walk stands, until its next step
		"tombstones",     // of the release before: TestPruneErasesWhatAnOlderProcessLeft
		"erasures",       // hashes: what is left
		"erasure_keys",   // no contact
		"probes",         // rows that come and go
		"workers",        // processes
	}
	eachDatabase(t, func(b *bench) {
		for _, table := range b.tables() {
			columns := strings.Fields(stands[table])
			if len(columns) == 0 {
				if !slices.Contains(none, table) {
					b.Errorf("does a contact stand in table %q? erase.go has to know", table)
				}
				continue
			}
			for _, column := range columns {
				b.plant(table, column)
				if n := b.count("SELECT COUNT(*) FROM " + table + " WHERE " + column + " = '815'"); n != 1 {
					b.Fatalf("%s: %d rows were planted", table, n)
				}
			}
		}
		b.must(b.store.Erase(b.ctx, portal, "815"))
		for table, columns := range stands {
			for column := range strings.FieldsSeq(columns) {
				if n := b.count("SELECT COUNT(*) FROM " + table + " WHERE " + column + " = '815'"); n != 0 {
					b.Errorf("%s keeps %d rows", table, n)
				}
			}
		}
	})
}

// plant puts one row about contact 815 into a table: every column that must not be empty has a value.
func (b *bench) plant(table, column string) {
	b.Helper()
	found, err := b.raw.QueryContext(b.ctx, "SELECT * FROM "+table+" WHERE false")
	b.must(err)
	defer func() { _ = found.Close() }()
	kinds, err := found.ColumnTypes()
	b.must(err)
	for found.Next() {
		b.Fatal("a row where none can be")
	}
	b.must(found.Err())
	var names, values []string
	for _, kind := range kinds {
		value := "1"
		switch name := kind.Name(); {
		case name == column:
			value = "'815'"
		case name == "portal":
			value = "'4711'"
		case name == "type", name == "to_type", name == "other_type":
			value = "'contact'"
		case name == "from_type":
			value = "'company'"
		case kind.DatabaseTypeName() == "TEXT":
			value = "'x-" + table + "'"
		}
		names, values = append(names, kind.Name()), append(values, value)
	}
	b.exec("INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")")
}
