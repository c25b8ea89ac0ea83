package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/connector"
	"leadsync/workflows"
)

// began is when the forms of these tests were first known.
var began = business.Add(-time.Hour)

func (b *bench) forms() map[string]workflows.Form {
	b.Helper()
	found, err := b.store.SaveForms(b.ctx, b.fence, []connector.Form{
		{ID: "f1", Name: "Demo"}, {ID: "f2", Name: "News"}, {ID: "f3", Name: "Old", Archived: true}, {ID: "f1", Name: "Demo"},
	}, began)
	b.must(err)
	forms := map[string]workflows.Form{}
	for _, f := range found {
		forms[f.ID] = f
	}
	return forms
}

func sub(id, email string, minute int) connector.Submission {
	return connector.Submission{
		ID: id, Email: email, At: business.Add(time.Duration(minute) * time.Minute), Page: "https://example.com/" + id,
	}
}

// submit stores a page of the first form.
func (b *bench) submit(subs ...connector.Submission) {
	b.Helper()
	b.must(b.store.SaveSubmissions(b.ctx, b.fence, workflows.SubmissionPage{Form: b.forms()["f1"], Submissions: subs, At: business}))
}

func (b *bench) loaded(people ...connector.Object) {
	b.Helper()
	_, err := b.store.SavePage(b.ctx, b.fence, workflows.PulledPage{
		Feed: "load/contact", Type: connector.TypeContact, Objects: people, Properties: []string{"email"}, Quiet: true,
	})
	b.must(err)
}

// submissions names those of a contact, ! for news.
func (b *bench) submissions(id connector.ObjectID) string {
	b.Helper()
	var words []string
	for _, e := range b.lead(id).Submissions {
		word := e.ID + " " + e.Name
		if e.Fresh {
			word += "!"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// decide saves a decision of a contact that was just read.
func (b *bench) decideRead(d workflows.Decided) {
	b.Helper()
	b.must(b.store.SaveDecisions(b.ctx, b.fence, []workflows.Decided{d}))
}

func TestForms(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		f := b.forms()["f1"]
		want := map[string]workflows.Form{"f1": {ID: "f1", Name: "Demo", Began: began}, "f2": {ID: "f2", Name: "News", Began: began}}
		if diff := cmp.Diff(want, b.forms()); diff != "" {
			b.Errorf("forms (-want +got):\n%s", diff)
		}
		f.High, f.Newest, f.Position = business, business.Add(time.Minute), "next"
		b.must(b.store.SaveSubmissions(b.ctx, b.fence, workflows.SubmissionPage{Form: f, At: business}))
		found, err := b.store.SaveForms(b.ctx, b.fence, []connector.Form{{ID: "f1", Name: "Renamed"}}, business)
		b.must(err)
		f.Name = "Renamed"
		if diff := cmp.Diff([]workflows.Form{f}, found); diff != "" {
			b.Errorf("a known form (-want +got):\n%s", diff)
		}
		other := b.fence
		other.Epoch++
		if _, err := b.store.SaveForms(b.ctx, other, nil, business); err == nil {
			b.Error("the fence let somebody else through")
		}
		if err := b.store.SaveSubmissions(b.ctx, other, workflows.SubmissionPage{Form: f}); err == nil {
			b.Error("the fence let somebody else through")
		}
	})
}

func TestSubmissions_ofAKnownContact(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loaded(person("1", 0, "email", "Ada@Example.com"), person("2", 0, "email", "bob@example.com"))
		page := []connector.Submission{sub("c", "ada@example.com ", 3), sub("b", "ADA@example.com", 2), sub("x", "", 1), sub("a", "bob@example.com", -600)}
		b.submit(page...)
		b.submit(page...)
		if got := b.submissions("1") + "; " + b.submissions("2"); got != "b Demo!, c Demo!; a Demo" {
			b.Errorf("submissions are %q", got)
		}
		if got := b.lead("1").Submissions[0]; got.Page != "https://example.com/b" || !got.At.Equal(business.Add(2*time.Minute)) {
			b.Errorf("submission is %+v", got)
		}
		var hinted []string
		for _, row := range b.due() {
			hinted = append(hinted, fmt.Sprintf("%s %v", row.ID, row.Hinted))
		}
		if want := []string{"1 true", "2 false"}; !slices.Equal(hinted, want) {
			b.Errorf("due is %v, want %v: what is old is no reason for a call", hinted, want)
		}
		if n := b.count("SELECT COUNT(*) FROM submissions WHERE email <> ''"); n != 0 {
			b.Errorf("%d addresses are kept although the contacts are known", n)
		}
	})
}

// A submission that the CRM gives no id is the same whenever it is listed.
func TestSubmissions_withoutID(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loaded(person("1", 0, "email", "ada@example.com"))
		for range 2 {
			b.submit(sub("", "ada@example.com", 1), sub("", "ADA@example.com", 1), sub("", "ada@example.com", 2))
		}
		if n := len(b.lead("1").Submissions); n != 2 {
			b.Errorf("%d submissions, want 2", n)
		}
	})
}

func TestSubmissions_beforeTheContactIsKnown(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.submit(sub("a", "Ada@example.com", 1), sub("b", "bob@example.com", 1), sub("c", "carol@example.com", 1))
		if len(b.due()) != 0 {
			b.Errorf("due is %v", b.dueIDs())
		}
		b.loaded(person("2", 0, "email", "bob@example.com"))
		if got := b.submissions("2"); got != "b Demo!" || len(b.due()) != 0 {
			b.Errorf("a first load gives %q and makes %v due", got, b.dueIDs())
		}
		// A contact that was read and decided gets what waited, and is decided once more.
		b.decideRead(workflows.Decided{
			ID: "1", Objects: []connector.Object{person("1", 0, "email", "ADA@example.com")}, State: workflows.LeadState{Root: "1"},
		})
		if got := b.submissions("1"); got != "a Demo!" || !slices.Equal(b.dueIDs(), []string{"contact 1"}) {
			b.Errorf("a decision gives %q and makes %v due", got, b.dueIDs())
		}
		if n := b.count("SELECT COUNT(*) FROM submissions WHERE email <> ''"); n != 1 {
			b.Errorf("%d addresses wait, want carol's alone", n)
		}
		// Nobody waits for ever.
		b.pass(89 * 24 * time.Hour)
		b.prune()
		before := b.count("SELECT COUNT(*) FROM submissions")
		b.pass(2 * 24 * time.Hour)
		b.prune()
		if after := b.count("SELECT COUNT(*) FROM submissions"); before != 3 || after != 2 {
			b.Errorf("%d submissions were kept, then %d; want 3 and 2", before, after)
		}
	})
}

func (b *bench) prune() {
	b.Helper()
	_, err := b.pruneAll(24 * time.Hour)
	b.must(err)
}

// visit stores what was listed of the visits of contact 1.
func (b *bench) visit(next connector.Cursor, ids ...string) {
	b.Helper()
	page := workflows.VisitPage{Contact: "1", Next: next, At: business}
	for i, id := range ids {
		page.Visits = append(page.Visits, connector.Occurrence{
			ID: id, Type: "e_visited_page", At: business.Add(time.Duration(i) * time.Second), Page: "https://example.com/" + id,
		})
	}
	b.must(b.store.SaveVisits(b.ctx, b.fence, page))
}

func (b *bench) wanted() []workflows.WantedVisits {
	b.Helper()
	found, err := b.store.WantedVisits(b.ctx, portal, 10)
	b.must(err)
	return found
}

func TestVisits(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		since := business.Add(-time.Hour)
		want := func(id connector.ObjectID, since time.Time) {
			b.decideRead(workflows.Decided{
				ID: id, Objects: []connector.Object{person(id, 0)}, State: workflows.LeadState{Root: id}, VisitsSince: since,
			})
		}
		want("1", since)
		want("2", time.Time{})
		want("1", since.Add(time.Minute)) // what was wanted before is wanted still
		if diff := cmp.Diff([]workflows.WantedVisits{{Contact: "1", Since: since}}, b.wanted()); diff != "" {
			b.Errorf("wanted (-want +got):\n%s", diff)
		}
		b.visit("more", "a", "b")
		if diff := cmp.Diff([]workflows.WantedVisits{{Contact: "1", Since: since, Position: "more"}}, b.wanted()); diff != "" {
			b.Errorf("in the middle (-want +got):\n%s", diff)
		}
		b.visit("", "b", "c")
		if len(b.wanted()) != 0 || len(b.lead("1").Visits) != 3 || !slices.Equal(b.dueIDs(), []string{"contact 1"}) {
			b.Errorf("wanted %v, visits %v, due %v", b.wanted(), b.lead("1").Visits, b.dueIDs())
		}
		if row := b.due()[0]; row.Hinted {
			b.Error("a visit is no reason for another call")
		}
		if v := b.lead("1").Visits[0]; v.ID != "a" || !v.Fresh || v.Page != "https://example.com/a" {
			b.Errorf("visit is %+v", v)
		}
		b.pass(401 * 24 * time.Hour)
		b.fence = b.acquire(worker)
		b.prune()
		if n := len(b.lead("1").Visits); n != 0 {
			b.Errorf("%d visits are kept for ever", n)
		}
	})
}

func TestSources_merge(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loaded(person("1", 0, "email", "ada@example.com"), person("2", 0, "email", "ada@example.org"))
		b.submit(sub("a", "ada@example.com", 1), sub("b", "ada@example.org", 2))
		b.visit("", "v")
		b.decideRead(workflows.Decided{ID: "1", Gone: true, Survivor: "2", VisitsSince: business})
		if got := b.submissions("2"); got != "a Demo!, b Demo!" || len(b.lead("2").Visits) != 1 {
			b.Errorf("the survivor has %q and %v", got, b.lead("2").Visits)
		}
		if len(b.wanted()) != 0 || b.submissions("1") != "" {
			b.Error("something of the loser is left")
		}
	})
}

func TestSources_erase(t *testing.T) {
	eachDatabase(t, func(b *bench) {
		b.loaded(person("1", 0, "email", "ada@example.com"), person("2", 0, "email", "bob@example.com"))
		page := []connector.Submission{sub("sub-of-ada", "ada@example.com", 1), sub("sub-of-bob", "bob@example.com", 2)}
		b.submit(page...)
		b.visit("more", "visit-of-ada")
		b.decideRead(workflows.Decided{ID: "1", Objects: []connector.Object{person("1", 1)}, State: workflows.LeadState{Root: "1"}, VisitsSince: business})
		// A person whose contact is in the bin, with a submission that waits.
		b.loaded(person("3", 0, "email", "carol@example.net"))
		b.decideRead(workflows.Decided{ID: "3", Gone: true})
		b.submit(sub("sub-of-carol", "carol@example.net", 3))
		for _, id := range []connector.ObjectID{"1", "3"} {
			b.must(b.store.Erase(b.ctx, portal, id))
		}
		b.submit(page...) // the form lists it a while longer
		b.visit("", "visit-of-ada")
		left := b.table("submissions") + b.table("visits") + b.table("visits_wanted")
		if strings.Contains(left, "ada") || strings.Contains(left, "carol") || !strings.Contains(left, "sub-of-bob") {
			b.Errorf("what is left:\n%s", left)
		}
		if strings.Contains(b.dump(), "carol@example.net") {
			b.Error("the address of an erased person is left")
		}
	})
}
