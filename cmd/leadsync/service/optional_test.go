package service_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/connector/hubspot/simulator"
	"leadsync/scoring"
	"leadsync/workflows"
)

const (
	formsOn  = "    sources: {form_submissions: on}\n"
	visitsOn = "    sources: {page_visits: on}\n"
)

// kind are the activities of one kind that leadsync knows of a contact, "time name" each.
func (r *rig) kind(id, kind string) []string {
	r.t.Helper()
	leads, err := r.store.Leads(r.t.Context(), "48000001", []connector.ObjectID{connector.ObjectID(id)})
	if err != nil {
		r.t.Fatal(err)
	}
	var out []string
	for _, a := range workflows.LeadOf(r.svc.Runner("rig").Portal(), r.options.Model, leads[0]).Activities {
		if a.Kind == kind {
			out = append(out, told(a))
		}
	}
	return out
}

func told(a scoring.Activity) string {
	word := a.At.Format("15:04:05")
	if a.Uncertain {
		word += "~"
	}
	if name := a.Attributes["name"]; name != "" {
		word += " " + name
	}
	if page := a.Attributes["page"]; page != "" {
		word += " " + path.Dir(strings.TrimPrefix(page, "https://www.example.com"))
	}
	return word
}

// becomes waits until a contact has the activities.
func (r *rig) becomes(id, kind string, want ...string) {
	r.t.Helper()
	r.settle()
	r.eventually(fmt.Sprintf("%v", want), func() bool {
		return slices.Equal(r.kind(id, kind), want)
	})
}

func (r *rig) submit(id, form string, at time.Time) {
	r.t.Helper()
	if err := r.account.SubmitForm(id, form, at); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) person(email string) string {
	r.t.Helper()
	return r.must(r.account.Create(user(), contacts, map[string]string{"email": email, "lifecyclestage": "lead"}))
}

// The same person submits two forms within seconds: the counter dates one of them, the source both.
func TestSources_twiceWithinSeconds(t *testing.T) {
	for name, c := range map[string]struct {
		portal string
		want   []string
	}{
		"off": {"", []string{"08:00:00~", "10:00:04 Newsletter"}},
		"on":  {formsOn, []string{"10:00:00 Demo /forms", "10:00:04 Newsletter /forms"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rigOptions{modes: "{}", portal: c.portal})
			id := r.person("ada@example.com")
			r.start()
			r.advance(2 * time.Hour)
			r.submit(id, "Demo", r.world())
			r.advance(4 * time.Second)
			r.submit(id, "Newsletter", r.world())
			if c.portal == "" {
				// Without the source the property history tells of both; what it costs is another call.
				r.settle()
				if got := r.kind(id, "form"); len(got) != 2 {
					t.Errorf("without the source %v", got)
				}
				if n := calls(r.account.Calls(), "/submissions/") + calls(r.account.Calls(), "/forms"); n != 0 {
					t.Errorf("%d calls of a source that is switched off", n)
				}
				return
			}
			r.becomes(id, "form", c.want...)
		})
	}
}

// What was submitted long before the source was switched on explains the counter, and releases nobody.
func TestSources_pastIsNoNews(t *testing.T) {
	var id string
	r := newRig(t, rigOptions{portal: formsOn, populate: func(a *simulator.Account) {
		err := a.Load(func(add func(string, map[string]string, ...simulator.Link) string) {
			id = add(contacts, map[string]string{
				"email": "ada@example.com", "lifecyclestage": "lead", "createdate": "2026-10-01T08:00:00Z", "lastmodifieddate": "2026-10-01T08:00:00Z",
			})
		})
		if err != nil {
			panic(err)
		}
	}})
	for i := range 3 {
		r.submit(id, fmt.Sprintf("Form %d", i), r.world().Add(time.Duration(i-70)*time.Minute))
	}
	r.start()
	r.advance(time.Hour)
	r.becomes(id, "form", "06:50:00 Form 0 /forms", "06:51:00 Form 1 /forms", "06:52:00 Form 2 /forms")
	leads, err := r.store.Leads(t.Context(), "48000001", []connector.ObjectID{connector.ObjectID(id)})
	if err != nil || !leads[0].State.Held {
		t.Errorf("learning the past has released the contact: %+v (%v)", leads[0].State, err)
	}
}

// A submission is read before the contact: it waits under its address.
func TestSources_submissionBeforeTheContact(t *testing.T) {
	var passed atomic.Int64 // of the clock by which search lags behind
	began := time.Now()
	wall := func() time.Time { return began.Add(time.Duration(passed.Load())) }
	r := newRig(t, rigOptions{modes: "{}", portal: formsOn, account: simulator.Options{Wall: wall}})
	r.start()
	r.account.SetSearchLag(time.Hour)
	id := r.person("ada@example.com")
	r.advance(time.Minute)
	r.submit(id, "Demo", r.world())
	r.svc.Runner("rig").Sweep()
	r.eventually("the submission is read", func() bool { return calls(r.account.Calls(), "/submissions/") > 0 })
	if found, err := r.store.FindContact(t.Context(), "48000001", "ada@example.com"); err != nil || len(found) != 0 {
		t.Fatalf("the contact is known already: %v (%v)", found, err)
	}
	passed.Store(int64(2 * time.Hour))
	r.becomes(id, "form", "08:01:00 Demo /forms")
	leads, err := r.store.Leads(t.Context(), "48000001", []connector.ObjectID{connector.ObjectID(id)})
	if err != nil || len(leads[0].Submissions) != 1 {
		t.Errorf("the submission is not the contact's: %v (%v)", leads[0].Submissions, err)
	}
}

// Without the scope the portal works on with the counters, doctor's description says so, and the account is not
// asked again and again.
func TestSources_withoutTheScope(t *testing.T) {
	r := newRig(t, rigOptions{modes: "{}", portal: "    sources: {form_submissions: on, page_visits: on}\n"})
	r.account.DenyScope("forms")
	id := r.person("ada@example.com")
	r.start()
	r.advance(time.Minute)
	r.submit(id, "Demo", r.world())
	if err := r.account.ViewPages(id, 2, r.world()); err != nil {
		t.Fatal(err)
	}
	r.becomes(id, "form", "08:01:00 Demo")
	for range 3 {
		r.advance(time.Minute)
		r.settle()
	}
	r.eventually("a warning about each", func() bool {
		return strings.Count(r.logs.String(), "refuses an optional source") == 2
	})
	if n := calls(r.account.Calls(), "GET /marketing/"); n > 2 {
		t.Errorf("the refused list of forms was asked for %d times", n)
	}
	for _, source := range []string{"form_submissions", "page_visits"} {
		if !strings.Contains(r.logs.String(), `the account refuses source \"`+source) {
			t.Errorf("no finding about %s:\n%s", source, r.logs.String())
		}
	}
	if strings.Contains(r.logs.String(), "portal paused") {
		t.Error("the portal was paused")
	}
}

// Who is deleted for good leaves no submission, whether or not the form lists it a while longer.
func TestSources_privacyDeletion(t *testing.T) {
	r := newRig(t, rigOptions{modes: "{}", portal: formsOn, webhooks: true})
	id, other := r.person("ada@example.com"), r.person("bob@example.com")
	r.start()
	r.advance(time.Minute)
	r.submit(id, "Demo", r.world())
	r.submit(other, "Demo", r.world())
	r.becomes(id, "form", "08:01:00 Demo /forms")
	r.becomes(other, "form", "08:01:00 Demo /forms")
	r.advance(time.Minute)
	if err := r.account.PrivacyDelete(user(), contacts, id); err != nil {
		t.Fatal(err)
	}
	r.becomes(id, "form")
	r.becomes(other, "form", "08:01:00 Demo /forms")
	leads, err := r.store.Leads(t.Context(), "48000001", []connector.ObjectID{connector.ObjectID(id)})
	if err != nil || len(leads[0].Submissions) != 0 {
		t.Errorf("%v is left (%v)", leads[0].Submissions, err)
	}
}

// Visits are read of contacts whose counter has moved, one call each, and of nobody else.
func TestSources_visits(t *testing.T) {
	r := newRig(t, rigOptions{modes: "{}", portal: visitsOn, account: simulator.Options{Enterprise: true}})
	id := r.person("ada@example.com")
	r.person("bob@example.com")
	r.start()
	r.advance(time.Hour)
	if err := r.account.ViewPage(id, 3, r.world(), "https://www.example.com/pricing/list?who=ada"); err != nil {
		t.Fatal(err)
	}
	before := r.account.Calls()
	r.becomes(id, "page_view", "08:59:58 /pricing", "08:59:59 /pricing", "09:00:00 /pricing")
	if n := calls(r.spent(before), "/events/"); n != 1 {
		t.Errorf("%d calls for the visits of one contact: %v", n, r.spent(before))
	}
}
