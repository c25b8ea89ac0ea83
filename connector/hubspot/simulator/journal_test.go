package simulator_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"leadsync/connector/hubspot/simulator"
)

func TestJournalNamesActorAndCall(t *testing.T) {
	w := newWorld(t)
	id := w.contact("firstname", "Ada")
	w.ask(200, "PATCH", contacts+"/"+id, `{"properties":{"firstname":"Eva","lifecyclestage":"lead"}}`)
	w.ask(200, "PATCH", contacts+"/"+id, `{"properties":{"firstname":"Eva"}}`) // changes nothing
	api := simulator.Actor{Kind: simulator.API, ID: "4100001"}
	const call = "PATCH /crm/objects/{v}/contacts/{id}"
	var got []simulator.Entry
	for _, e := range w.Journal() {
		if (e.Property == "" || e.Property == "firstname" || e.Property == "lifecyclestage") && e.Type == "contacts" {
			got = append(got, e)
		}
	}
	want := []simulator.Entry{
		{Actor: rep, Op: simulator.OpCreate, Type: "contacts", ID: id},
		{Actor: rep, Op: simulator.OpSet, Type: "contacts", ID: id, Property: "firstname", New: "Ada"},
		{Actor: api, Call: call, Request: 1, Op: simulator.OpSet, Type: "contacts", ID: id, Property: "firstname", Old: "Ada", New: "Eva"},
		{Actor: api, Call: call, Request: 1, Op: simulator.OpSet, Type: "contacts", ID: id, Property: "lifecyclestage", New: "lead"},
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(simulator.Entry{}, "Seq", "At", "Wall")); d != "" {
		t.Error(d)
	}
	all := w.Journal()
	if len(w.JournalSince(len(all))) != 0 || len(w.JournalSince(len(all)-1)) != 1 || all[len(all)-1].Seq != len(all) {
		t.Error("seq does not count the entries")
	}
}

func TestModifiedTimes(t *testing.T) {
	for distinct, differ := range map[bool]bool{false: false, true: true} {
		w := newWorld(t, func(o *simulator.Options) { o.DistinctModified = distinct })
		x, y := w.contact(), w.contact()
		if got := w.prop("contacts", x, "lastmodifieddate") != w.prop("contacts", y, "lastmodifieddate"); got != differ {
			t.Errorf("distinct %v: times differ: %v", distinct, got)
		}
		before := w.prop("contacts", x, "lastmodifieddate")
		must(t, w.Set(rep, "contacts", x, map[string]string{"firstname": "n"}))
		if w.prop("contacts", x, "lastmodifieddate") <= before {
			t.Error("a change in the same millisecond does not show")
		}
		after := w.prop("contacts", x, "lastmodifieddate")
		must(t, w.Set(rep, "contacts", x, map[string]string{"firstname": "n"}))
		if w.prop("contacts", x, "lastmodifieddate") != after {
			t.Error("no change, but the time moved")
		}
	}
}

// An auditor has to know when an owner left: what changes nothing is not told.
func TestJournalTellsOfOwners(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.Webhook.URL = "https://leadsync.test/hook" })
	id := w.CreateOwner("Rita Rep", "rita@our-company.example", true)
	seen := len(w.Journal())
	for _, active := range []bool{true, false, false, true} {
		must(t, w.SetOwnerActive(id, active))
		w.now.add(time.Hour)
	}
	base := simulator.Entry{
		Actor: simulator.Actor{Kind: simulator.System}, Op: simulator.OpSet, Type: simulator.Owners, ID: id, Property: simulator.OwnerActive,
	}
	left, back := base, base
	left.Seq, left.Old, left.New, left.At = seen+1, "true", "false", w.now.now().Add(-3*time.Hour)
	back.Seq, back.Old, back.New, back.At = seen+2, "false", "true", w.now.now().Add(-time.Hour)
	got := w.JournalSince(seen)
	for i := range got {
		got[i].Wall = time.Time{}
	}
	if d := cmp.Diff([]simulator.Entry{left, back}, got); d != "" {
		t.Error(d)
	}
	if w.Pending().Total() != 0 {
		t.Error("a webhook about an owner")
	}
}

func TestWorldRefuses(t *testing.T) {
	w := newWorld(t)
	id := w.contact("email", "ada@example.org")
	check := func(want, err error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	check(simulator.ErrInvalid, w.Set(rep, "contacts", id, map[string]string{"nope": "1"}))
	check(simulator.ErrInvalid, w.Set(rep, "ghosts", id, nil))
	check(simulator.ErrNotFound, w.Set(rep, "contacts", "1", nil))
	check(simulator.ErrNotFound, w.Archive(rep, "contacts", "x"))
	check(simulator.ErrNotFound, w.WinDeal(rep, "1"))
	check(simulator.ErrInvalid, w.Associate(rep, "contacts", id, "contacts", id))
	check(simulator.ErrNotFound, w.SetOwnerActive("1", true))
	check(simulator.ErrInvalid, w.AddStage("mql", "MQL", ""))
	check(simulator.ErrConflict, w.AddProperty("contacts", simulator.Property{Name: "email"}))
	_, err := w.CreateContact(rep, map[string]string{"email": "ADA@example.org"})
	check(simulator.ErrConflict, err)
	_, err = w.Merge(rep, "contacts", id, id)
	check(simulator.ErrInvalid, err)
	must(t, w.Set(simulator.Actor{Kind: simulator.System}, "contacts", id, map[string]string{"hs_email_optout": "true"}))
	must(t, w.PrivacyDelete(rep, "contacts", id))
	if _, there := w.Object("contacts", id); there {
		t.Error("still there after a privacy deletion")
	}
	_, err = w.CreateContact(rep, map[string]string{"email": "ada@example.org"})
	must(t, err)
}

func TestLoad(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.Webhook.URL = "https://leadsync.test/hook" })
	var company, id string
	must(t, w.Load(func(add func(string, map[string]string, ...simulator.Link) string) {
		company = add("companies", map[string]string{"name": "Pumpen AG"})
		id = add("contacts", map[string]string{
			"email": "ada@example.org", "createdate": "2026-01-01T00:00:00Z", "lastmodifieddate": "2026-02-01T00:00:00Z", "hs_email_click": "3",
		}, simulator.Link{Type: "companies", ID: company})
	}))
	if j := w.Journal(); len(j) != 1 || j[0].Op != simulator.OpLoad || j[0].New != "2" || w.Pending().Total() != 0 {
		t.Errorf("journal %v", j)
	}
	o, _ := w.Object("contacts", id)
	want := map[string]string{
		"email": "ada@example.org", "createdate": "2026-01-01T00:00:00.000Z", "lastmodifieddate": "2026-02-01T00:00:00.000Z", "hs_email_click": "3", "hs_object_id": id,
	}
	if d := cmp.Diff(want, o.Properties); d != "" {
		t.Error(d)
	}
	if l := w.Associations("companies", company, "contacts"); len(l) != 1 || l[0].ID != id || l[0].Kind != 280 {
		t.Errorf("links %v", l)
	}
	w.ask(409, "POST", contacts, `{"properties":{"email":"ada@example.org"}}`)
	for name, props := range map[string]map[string]string{"property": {"nope": "1"}, "date": {"createdate": "old"}, "twice": {"email": "ada@example.org"}} {
		err := w.Load(func(add func(string, map[string]string, ...simulator.Link) string) { add("contacts", props) })
		if err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}

func TestSameSeedSameAccount(t *testing.T) {
	run := func(seed uint64) string {
		w := newWorld(t, func(o *simulator.Options) { o.Seed = seed })
		var b strings.Builder
		for i := range 20 {
			b.WriteString(w.contact("email", fmt.Sprintf("c%d@example.org", i)) + " ")
		}
		b.WriteString(w.ask(201, "POST", contacts+"/batch/create", inputs(`{"properties":{}}`, `{"properties":{}}`, `{"properties":{}}`)).raw)
		return b.String()
	}
	if first, again, other := run(1), run(1), run(2); first != again || first == other {
		t.Error("the account does not follow its seed")
	}
}
