package store_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/workflows"
)

// A contact under two ids, a call of its own, and what they are called.
const (
	firstID   = "90210815471"
	secondID  = "90210815472"
	callID    = "70210815473"
	givenName = "Canarina"
	address   = "canarina.vogel@example.com"
)

// crowd are others whose rows share pages of the file with the contact's.
const crowd = 60

// everywhere writes a contact into every table that the store fills by itself, and others beside it.
func everywhere(b *bench) {
	b.Helper()
	for n, id := range []connector.ObjectID{firstID, "5"} {
		d := told(connector.EventChanged, contact(id), n+1, 0)
		d.Key = fmt.Sprintf("told %d", n) // a hash of the body, as the event's is of its number
		d.Events[0].Key = fmt.Sprintf("e-told %d", n)
		b.receive(d)
	}
	e := event("e-raw", firstID)
	e.Raw = []byte(`{"objectId":` + firstID + `,"propertyName":"firstname","propertyValue":"` + givenName + `"}`)
	other := event("e-other", "5")
	other.Raw = []byte(`{"objectId":5,"propertyValue":"kept"}`)
	b.receive(delivery("mixed", e, other))
	merge := event("e-merge", "6")
	merge.Raw = []byte(`{"objectId":6,"mergedObjectIds":[` + firstID + `],"text":"of 1;` + secondID + `"}`)
	b.receive(delivery("merge", merge))
	for n := range crowd {
		b.plan(connector.ObjectID(fmt.Sprint(1000+n)), update(connector.ObjectID(fmt.Sprint(1000+n)), workflows.ClassStage, "note", strings.Repeat("kept ", 60)))
	}
	for _, id := range []connector.ObjectID{firstID, secondID} {
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{
			ID: id, Objects: []connector.Object{person(id, 0, "email", address, "firstname", givenName, "note", strings.Repeat(givenName+" ", 700))},
			State:        workflows.LeadState{Root: id, Status: givenName, Episodes: map[string]int{"call": 1}},
			Entries:      []workflows.OutboxEntry{update(id, workflows.ClassStage, "note", givenName), task(id, "task/"+string(id)+"/call/1")},
			Observations: []workflows.Observation{seen("form_name", givenName, business)},
			Decision:     &workflows.Decision{No: 1, Model: "m", Reason: scoring.Reason{Code: "x", Params: map[string]string{"who": givenName}}},
		}}))
	}
	own := object(connector.TypeCall, callID, 0, "title", givenName)
	b.page(calls([]connector.Link{link(connector.TypeCall, callID, firstID)}, own))
	b.take(workflows.KindUpdate, 2*crowd, nil)
	b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{{ID: firstID, Gone: true, Survivor: secondID}}))
	b.exec(`UPDATE portals SET pause_reason = 'read contact "` + firstID + `": refused'`)
	b.exec(`UPDATE due SET error = 'batch of ` + secondID + ` and 5: refused' WHERE id = '5'`)
	b.exec(`INSERT INTO feeds (portal, feed, position, done, total, complete) VALUES ('4711', 'baseline', '` + secondID + `', 1, 2, 0)`)
	b.exec(`INSERT INTO feeds (portal, feed, position, done, total, complete) VALUES ('4711', 'load contact', '` + secondID + `', 1, 2, 0)`)
	b.exec(`INSERT INTO reevaluations (portal, basis, position, total, done, planned, began_at) VALUES ('4711', 'b', '` + secondID + `', 1, 2, 0, 1)`)
	b.exec(`INSERT INTO submissions (portal, id, form, at, page, email, contact, fresh, kept_at) VALUES ('4711', 'sub-` + givenName + `', 'f', 1, 'p', '` + address + `', '', 1, 1)`)
}

// traces are what nobody may find afterwards.
func traces() []string { return []string{firstID, secondID, callID, givenName, address} }

// afterwards is what still comes of a contact that was erased.
func afterwards(b *bench) {
	b.Helper()
	for i, id := range []connector.ObjectID{firstID, secondID} {
		late := event(fmt.Sprintf("late-%d", i), id)
		late.Raw = []byte(`{"objectId":` + string(id) + `,"propertyValue":"` + givenName + `"}`)
		b.receive(delivery(fmt.Sprintf("late %d", i), late))
		b.must(b.store.Hint(b.ctx, portal, []connector.Ref{contact(id)}))
		b.page(workflows.PulledPage{
			Type: connector.TypeContact, Objects: []connector.Object{person(id, 9, "email", address)}, Properties: []string{"email"}, Hints: []connector.Ref{contact(id)},
		})
		b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{
			{ID: id, Revision: 1, State: workflows.LeadState{Status: givenName}, Entries: []workflows.OutboxEntry{task(id, "task/"+string(id))}},
		}))
	}
	b.page(calls([]connector.Link{link(connector.TypeCall, callID, firstID)}, object(connector.TypeCall, callID, 0, "title", givenName)))
	// A call that is another's too, and a contact that says of whom it was made.
	b.page(calls([]connector.Link{link(connector.TypeCall, "8", secondID), link(connector.TypeCall, "8", "5")}, object(connector.TypeCall, "8", 0, "title", "shared")))
	survivor := person("6", 9, "hs_merged_object_ids", firstID+";7")
	b.page(workflows.PulledPage{Type: connector.TypeContact, Objects: []connector.Object{survivor}, Properties: []string{"hs_merged_object_ids"}})
	b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{
		{ID: "6", Objects: []connector.Object{person("6", 10, "hs_merged_object_ids", "7;"+firstID, "firstname", "kept")}, State: workflows.LeadState{Root: "6"}},
		{ID: firstID, Gone: true, Survivor: "6"},
	}))
}

// Nothing that names or identifies a contact is in any table after it was erased, nor comes back with what
// arrives later; in SQLite's file and log there are no bytes of it.
func TestErasedIsNowhere(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		everywhere(b)
		for _, trace := range traces() {
			if !strings.Contains(b.dump(), trace) {
				b.Fatalf("%q was never written: the test proves nothing", trace)
			}
		}
		b.must(b.store.Erase(b.ctx, portal, firstID))
		b.nowhere("after the erasure")
		for range 2 {
			afterwards(b)
		}
		b.nowhere("after what came later")
		b.prune()
		b.nowhere("after pruning")
		text := b.dump()
		for _, kept := range []string{"kept", "shared", "hs_merged_object_ids\\\":\\\"7"} {
			if !strings.Contains(text, kept) {
				b.Errorf("erased too much: %q is missing", kept)
			}
		}
		if n := b.count("SELECT COUNT(*) FROM reevaluations WHERE position = '1059'"); n != 1 {
			b.Errorf("the walk does not go on from the contact before: %s", b.table("reevaluations"))
		}
	})
}

func (b *bench) nowhere(when string) {
	b.Helper()
	text := b.dump()
	for _, trace := range traces() {
		if at := strings.Index(text, trace); at >= 0 {
			b.Errorf("%s %q is left: %s", when, trace, text[max(0, at-300):min(len(text), at+60)])
		}
	}
	if b.postgres {
		return
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(b.address), "*"))
	b.must(err)
	if len(files) == 0 {
		b.Fatal("no file was looked into")
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		b.must(err)
		for _, trace := range traces() {
			if at := bytes.Index(raw, []byte(trace)); at >= 0 {
				b.Errorf("%s the bytes of %s hold %q at %d of %d: %q", when, filepath.Base(file), trace, at, len(raw), raw[max(0, at-80):min(len(raw), at+80)])
			}
		}
	}
}

// The marks are hashes with a key of the portal's own, and an operator can take one back.
func TestReadmit(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		everywhere(b)
		if was, err := b.store.Readmit(b.ctx, portal, firstID); err != nil || was {
			b.Errorf("readmitted who was not erased: %v, %v", was, err)
		}
		b.must(b.store.EraseHere(b.ctx, portal, secondID))
		log, err := b.store.Erasures(b.ctx, portal, 10)
		b.must(err)
		if len(log) != 1 || log[0].By != "operator" || log[0].Records != 4 || log[0].At.IsZero() {
			b.Errorf("log %+v, want one erasure by an operator of two ids, a call and a submission", log)
		}
		if was, err := b.store.Erased(b.ctx, portal, firstID); err != nil || !was {
			b.Errorf("Erased = %v, %v", was, err)
		}
		if was, err := b.store.Readmit(b.ctx, portal, firstID); err != nil || !was {
			b.Errorf("Readmit = %v, %v", was, err)
		}
		if got := strings.Join(b.dueIDs(), " "); !strings.Contains(got, "contact "+firstID) {
			b.Errorf("due: %s; want the contact to be read", got)
		}
		b.page(workflows.PulledPage{Type: connector.TypeContact, Objects: []connector.Object{person(firstID, 9, "firstname", givenName)}, Properties: []string{"firstname"}})
		if got := b.lead(firstID); got.Contact.Properties["firstname"] != givenName {
			b.Errorf("not stored again: %+v", got)
		}
	})
}

// What is told about a contact is all that an erasure takes: a table of which the export has no row has none of the
// contact's.
func TestSubjectKnowsEveryTable(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		everywhere(b)
		planted := map[string]bool{"submissions": true, "deliveries": true}
		for _, t := range b.tables() {
			for _, column := range []string{"contact", "id"} {
				if !b.hasColumns(t, "portal", column) || t == "submissions" || t == "reevaluations" || t == "owners" || t == "forms" ||
					t == "record_aliases" || t == "tombstones" || t == "aliases" || column == "id" && b.hasColumns(t, "contact") {
					continue
				}
				b.plantAbout(t, column, "815")
				planted[t] = true
			}
		}
		got, err := b.store.Subject(b.ctx, portal, "815")
		b.must(err)
		for table := range planted {
			if table == "submissions" || table == "deliveries" {
				continue
			}
			if len(got.Tables[table]) != 1 {
				b.Errorf("%s: %d rows are told, want 1", table, len(got.Tables[table]))
			}
		}
		told, err := b.store.Subject(b.ctx, portal, firstID)
		b.must(err)
		if told.Contact != secondID || len(told.Merged) != 1 || told.Merged[0] != firstID {
			b.Errorf("contact %s, merged %v", told.Contact, told.Merged)
		}
		for table, least := range map[string]int{
			"submissions": 1, "deliveries": 2, "objects": 2, "links": 2, "outbox": 2, "leads": 2, "decisions": 2, "versions": 2, "sendings": 1, "aliases": 1,
		} {
			if n := len(told.Tables[table]); n < least {
				b.Errorf("%s: %d rows are told, want %d", table, n, least)
			}
		}
		text, err := json.Marshal(told)
		b.must(err)
		for _, want := range []string{`"status":"` + givenName, `"decided_at":`, `"objectId":` + firstID, `"learned_at":"20`} {
			if !strings.Contains(strings.ReplaceAll(string(text), `"Status"`, `"status"`), want) {
				b.Errorf("the export has no %s: %s", want, text)
			}
		}
		b.must(b.store.EraseHere(b.ctx, portal, firstID))
		if _, err := b.store.Subject(b.ctx, portal, firstID); !errors.Is(err, workflows.ErrNoRecord) {
			b.Errorf("after the erasure: %v", err)
		}
	})
}

func (b *bench) hasColumns(table string, wanted ...string) bool {
	b.Helper()
	found, err := b.raw.QueryContext(b.ctx, "SELECT * FROM "+table+" WHERE false")
	b.must(err)
	defer func() { _ = found.Close() }()
	columns, err := found.Columns()
	b.must(errors.Join(err, found.Err()))
	for _, one := range wanted {
		if !slices.Contains(columns, one) {
			return false
		}
	}
	return true
}

// plantAbout is plant, unless the row is there already.
func (b *bench) plantAbout(table, column, id string) {
	b.Helper()
	if b.count("SELECT COUNT(*) FROM "+table+" WHERE "+column+" = '"+id+"'") == 0 {
		b.plant(table, column)
	}
}
