package connectortest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"leadsync/connector"
)

func readRequirements() []requirement {
	return []requirement{
		{"the account says who it is and in which zone it lives", accountIsKnown},
		{"a read answers every id once, found or missing", readIsComplete},
		{"empty properties are absent, and only what was asked is there", emptyIsAbsent},
		{"a merged contact is read under its survivor", mergedIsFollowed},
		{"a listing meets every record exactly once and can be resumed", listingIsComplete},
		{"a walk over changes skips nothing, in order, ties included", changesAreComplete},
		{"a walk over changes survives changes made during it", changesDuringWalk},
		{"links are many to many and told for every record", linksAreComplete},
		{"history tells people from machines, oldest first", historyIsDated},
		{"owners who have left are told apart", ownersAreKnown},
		{"stages and pipelines come in the account's own order", definitionsAreOrdered},
	}
}

func accountIsKnown(t *testing.T, s Subject) {
	got, err := s.CRM.Account(t.Context())
	if err != nil || got.ID != s.Account {
		t.Fatalf("account is %q (%v), want %q", got.ID, err, s.Account)
	}
	if _, err := time.LoadLocation(got.TimeZone); err != nil || got.TimeZone == "" {
		t.Errorf("time zone %q: %v", got.TimeZone, err)
	}
}

// many is more than one batch of any CRM of this field.
const many = 230

func contacts(t *testing.T, s Subject, n int) []connector.ObjectID {
	t.Helper()
	ids := make([]connector.ObjectID, n)
	for i := range ids {
		ids[i] = s.World.Contact(t, map[string]string{s.Names.Email: fmt.Sprintf("c%d@example.com", i), s.Text: "before"})
	}
	return ids
}

func readIsComplete(t *testing.T, s Subject) {
	ids := contacts(t, s, many)
	s.World.Archive(t, connector.TypeContact, ids[3])
	asked := append(slices.Clone(ids), "999999999999")
	got, err := s.CRM.Read(t.Context(), connector.TypeContact, asked, []string{s.Names.Email})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range asked {
		_, found := got.Found[id]
		if found == slices.Contains(got.Missing, id) {
			t.Errorf("contact %s is found: %v and missing: %v", id, found, !found)
		}
	}
	slices.Sort(got.Missing)
	if want := slices.Sorted(slices.Values([]connector.ObjectID{ids[3], "999999999999"})); !slices.Equal(got.Missing, want) {
		t.Errorf("missing are %v, want %v", got.Missing, want)
	}
}

func emptyIsAbsent(t *testing.T, s Subject) {
	id := s.World.Contact(t, map[string]string{s.Names.Email: "a@example.com", s.Text: "x", s.Names.LastName: "Berg"})
	s.World.Set(t, connector.TypeContact, id, map[string]string{s.Text: ""})
	got, err := s.CRM.Read(t.Context(), connector.TypeContact, []connector.ObjectID{id}, []string{s.Names.Email, s.Text, s.Number})
	if err != nil {
		t.Fatal(err)
	}
	o := got.Found[id]
	if len(o.Properties) != 1 || o.Properties[s.Names.Email] != "a@example.com" {
		t.Errorf("properties are %v, want the address alone", o.Properties)
	}
	if o.CreatedAt.IsZero() || o.UpdatedAt.Before(o.CreatedAt) || o.UpdatedAt.Location() != time.UTC {
		t.Errorf("created %v, changed %v: want both, in UTC and in order", o.CreatedAt, o.UpdatedAt)
	}
}

func mergedIsFollowed(t *testing.T, s Subject) {
	ids := contacts(t, s, 3)
	survivor := s.World.Merge(t, ids[0], ids[1])
	got, err := s.CRM.Read(t.Context(), connector.TypeContact, ids, []string{s.Names.Email})
	if err != nil {
		t.Fatal(err)
	}
	for _, old := range ids[:2] {
		if o, ok := got.Found[old]; !ok || o.ID != survivor {
			t.Errorf("contact %s is read as %q (found: %v), want its survivor %s", old, o.ID, ok, survivor)
		}
	}
	if got.Found[ids[2]].ID != ids[2] {
		t.Errorf("the neighbour is read as %q", got.Found[ids[2]].ID)
	}
}

func listingIsComplete(t *testing.T, s Subject) {
	want := contacts(t, s, many)
	var got []connector.ObjectID
	cursor := connector.Cursor("")
	for pages := 0; ; pages++ {
		page, err := s.CRM.List(t.Context(), connector.TypeContact, cursor, []string{s.Text})
		if err != nil || pages > many {
			t.Fatalf("page %d: %v", pages, err)
		}
		again, err := s.CRM.List(t.Context(), connector.TypeContact, cursor, []string{s.Text})
		if err != nil || !slices.Equal(idsOf(again.Objects), idsOf(page.Objects)) {
			t.Fatalf("page %d is another one when asked again: %v", pages, err)
		}
		got = append(got, idsOf(page.Objects)...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	same(t, got, want)
}

func idsOf(objects []connector.Object) []connector.ObjectID {
	ids := make([]connector.ObjectID, len(objects))
	for i, o := range objects {
		ids[i] = o.ID
	}
	return ids
}

// same compares as sets, and finds what came twice.
func same(t *testing.T, got, want []connector.ObjectID) {
	t.Helper()
	g, w := slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(g, w) {
		t.Errorf("got %d records, %d of them distinct, want %d: %v", len(got), len(slices.Compact(g)), len(want), got)
	}
}

// walk collects a whole walk over changes and calls between after every page.
func walk(t *testing.T, s Subject, since time.Time, between func(page int)) []connector.Object {
	t.Helper()
	var all []connector.Object
	q := connector.ChangedQuery{Type: connector.TypeContact, Since: since, Properties: []string{s.Text}}
	for page := 0; ; page++ {
		got, err := s.CRM.Changed(t.Context(), q)
		if err != nil || page > 5*many {
			t.Fatalf("page %d: %v", page, err)
		}
		all = append(all, got.Objects...)
		if q.Cursor = got.Next; q.Cursor == "" {
			return all
		}
		between(page)
	}
}

func changesAreComplete(t *testing.T, s Subject) {
	ids := contacts(t, s, many)
	begin := s.World.Now().Add(time.Hour).Truncate(time.Second)
	for i, id := range ids { // groups of 50 share an instant, the first 20 are older
		at := begin.Add(time.Duration(i/50) * time.Second)
		if i < 20 {
			at = begin.Add(-time.Millisecond)
		}
		s.World.Touch(t, connector.TypeContact, id, at)
	}
	got := walk(t, s, begin, func(int) {})
	seen := map[connector.ObjectID]bool{}
	last := time.Time{}
	for _, o := range got {
		if o.UpdatedAt.Before(last) {
			t.Errorf("contact %s of %v comes after one of %v", o.ID, o.UpdatedAt, last)
		}
		last, seen[o.ID] = o.UpdatedAt, true
	}
	for i, id := range ids {
		if seen[id] != (i >= 20) {
			t.Errorf("contact %d is in the walk: %v", i, seen[id])
		}
	}
}

func changesDuringWalk(t *testing.T, s Subject) {
	ids := contacts(t, s, 3*many)
	begin := s.World.Now().Add(time.Hour).Truncate(time.Second)
	for i, id := range ids {
		s.World.Touch(t, connector.TypeContact, id, begin.Add(time.Duration(i)*time.Millisecond))
	}
	got := walk(t, s, begin, func(page int) { // those already delivered change and move to the end
		if page < 3 {
			s.World.Touch(t, connector.TypeContact, ids[page], begin.Add(time.Minute))
		}
	})
	met := idsOf(got)
	for i, id := range ids[3:] {
		if !slices.Contains(met, id) {
			t.Errorf("contact %d did not change and was skipped", i+3)
		}
	}
}

func linksAreComplete(t *testing.T, s Subject) {
	ids := contacts(t, s, 3)
	one := s.World.Record(t, connector.TypeCall, map[string]string{s.Names.ActivityTime: "2026-11-02T09:00:00Z"}, ids[0], ids[1])
	two := s.World.Record(t, connector.TypeCall, map[string]string{s.Names.ActivityTime: "2026-11-02T10:00:00Z"}, ids[0])
	lonely := s.World.Record(t, connector.TypeCall, map[string]string{s.Names.ActivityTime: "2026-11-02T11:00:00Z"})
	got, err := s.CRM.Links(t.Context(), connector.TypeCall, connector.TypeContact, []connector.ObjectID{one, two, lonely, "999999999999"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[connector.Link]int{}
	for _, pair := range [][2]connector.ObjectID{{one, ids[0]}, {one, ids[1]}, {two, ids[0]}} {
		want[connector.Link{FromType: connector.TypeCall, FromID: pair[0], ToType: connector.TypeContact, ToID: pair[1]}] = 1
	}
	for _, l := range got {
		want[l]--
	}
	for l, n := range want {
		if n != 0 {
			t.Errorf("link %v: told %d times too few", l, n)
		}
	}
}

func historyIsDated(t *testing.T, s Subject) {
	id := s.World.Contact(t, map[string]string{s.Names.Email: "h@example.com", s.Text: "first"})
	s.World.Set(t, connector.TypeContact, id, map[string]string{s.Text: "second"})
	if r := s.CRM.Update(t.Context(), connector.TypeContact, []connector.Update{{ID: id, Properties: map[string]string{s.Text: "third"}}}); r[0].Err != nil {
		t.Fatal(r[0].Err)
	}
	got, err := s.CRM.History(t.Context(), connector.TypeContact, []connector.ObjectID{id, "999999999999"}, []string{s.Text})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Missing, []connector.ObjectID{"999999999999"}) {
		t.Errorf("missing are %v", got.Missing)
	}
	versions := got.Found[id][s.Text]
	var values []string
	for i, v := range versions {
		values = append(values, v.Value)
		if v.At.IsZero() || i > 0 && v.At.Before(versions[i-1].At) {
			t.Errorf("version %d is of %v", i, v.At)
		}
	}
	if !slices.Equal(values, []string{"first", "second", "third"}) {
		t.Fatalf("versions are %v", values)
	}
	if versions[1].Origin != connector.OriginPerson || versions[2].Origin != connector.OriginOwn {
		t.Errorf("origins are %q and %q, want a person's and our own", versions[1].Origin, versions[2].Origin)
	}
}

func ownersAreKnown(t *testing.T, s Subject) {
	here, left := s.World.Owner(t, true), s.World.Owner(t, false)
	got, err := s.CRM.Owners(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	active := map[string]bool{}
	for _, o := range got {
		active[o.ID] = o.Active && o.Person
	}
	if on, ok := active[here]; !ok || !on {
		t.Errorf("owner %s is active: %v, known: %v", here, on, ok)
	}
	if on, ok := active[left]; !ok || on {
		t.Errorf("owner %s, who has left, is active: %v, known: %v", left, on, ok)
	}
}

func definitionsAreOrdered(t *testing.T, s Subject) {
	props, err := s.CRM.Properties(t.Context(), connector.TypeContact)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(props, func(p connector.Property) bool { return p.Name == s.Names.Stage })
	if at < 0 || len(props[at].Options) < 2 {
		t.Fatalf("the stage property is at %d of %d, or has no options", at, len(props))
	}
	if !slices.IsSortedFunc(props[at].Options, func(a, b connector.Option) int { return a.Order - b.Order }) {
		t.Errorf("the stages are not in display order: %v", props[at].Options)
	}
	pipelines, err := s.CRM.Pipelines(t.Context())
	if err != nil || len(pipelines) == 0 {
		t.Fatalf("%d pipelines: %v", len(pipelines), err)
	}
	won, lost := 0, 0
	for _, st := range pipelines[0].Stages {
		if st.Won {
			won++
		}
		if st.Lost {
			lost++
		}
	}
	if won != 1 || lost != 1 {
		t.Errorf("the first pipeline has %d won and %d lost stages, want one of each", won, lost)
	}
}
