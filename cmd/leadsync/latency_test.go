package main

import (
	"errors"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// Call dispositions of HubSpot (hubspot-api 9.1).
const (
	noAnswer  = "73a0d17f-1163-4015-bdd5-ec830791da20"
	connected = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
)

func salesperson() simulator.Actor { return simulator.Actor{Kind: simulator.User, ID: "7"} }

// fitting is a contact who is only waiting to show interest.
func fitting(name string) map[string]string {
	return map[string]string{
		"firstname": "Petra", "lastname": name, "email": name + "@nordlicht.example", "jobtitle": "Geschäftsführerin",
		"country": "Germany", "phone": "+49 30 23125 100", "lifecyclestage": "lead",
	}
}

// deed is something that somebody does, and what the contact must look like because of it.
type deed struct {
	what, found   string // found: in the sweep of these
	do            func(t *testing.T, a *simulator.Account, contact string)
	stage, status string
	task          bool
}

func deeds(at func() time.Time) []deed {
	return []deed{
		{
			what: "a property changes: there is a budget", found: "contacts", stage: "salesqualifiedlead", status: "NEW", task: true,
			do: func(t *testing.T, a *simulator.Account, contact string) {
				if err := a.Set(salesperson(), simulator.Contacts, contact, map[string]string{"budget": "25000"}); err != nil {
					t.Error(err)
				}
			},
		},
		{
			what: "a call is logged: somebody answered", found: "calls", stage: "salesqualifiedlead", status: "IN_PROGRESS",
			do: func(t *testing.T, a *simulator.Account, contact string) {
				if _, err := a.LogCall(salesperson(), contact, simulator.Call{At: at(), Disposition: connected, Direction: "OUTBOUND"}); err != nil {
					t.Error(err)
				}
			},
		},
		{
			what: "a call is logged: nobody answered", found: "calls", stage: "salesqualifiedlead", status: "ATTEMPTED_TO_CONTACT", task: true,
			do: func(t *testing.T, a *simulator.Account, contact string) {
				if err := a.Set(salesperson(), simulator.Contacts, contact, map[string]string{"lifecyclestage": "salesqualifiedlead"}); err != nil {
					t.Error(err)
				}
				if _, err := a.LogCall(salesperson(), contact, simulator.Call{At: at(), Disposition: noAnswer, Direction: "OUTBOUND"}); err != nil {
					t.Error(err)
				}
			},
		},
	}
}

// arrived reports whether a contact's stage, status and open task are in the account.
func (d deed) arrived(a *simulator.Account, contact string) bool {
	o, ok := a.Object(simulator.Contacts, contact)
	if !ok || o.Properties["lifecyclestage"] != d.stage || o.Properties["hs_lead_status"] != d.status {
		return false
	}
	open := 0
	for _, l := range a.Associations(simulator.Contacts, contact, simulator.Tasks) {
		if task, ok := a.Object(simulator.Tasks, l.ID); ok && !task.Archived && task.Properties["leadsync_key"] != "" {
			open++
		}
	}
	return d.task == (open == 1)
}

func newcomers(t *testing.T, w *town, n int) []string {
	t.Helper()
	ids := make([]string, n)
	for i := range ids {
		id, err := w.account.CreateContact(salesperson(), fitting("schroeder"+string(rune('a'+i))))
		if err != nil {
			t.Fatal(err)
		}
		// Interested, but without a budget nobody sells to her.
		for range 3 {
			if err := errors.Join(w.account.SubmitForm(id, "Webinar", w.clock.Now()), w.account.ReplyMail(id, w.clock.Now())); err != nil {
				t.Fatal(err)
			}
		}
		ids[i] = id
	}
	return ids
}

// With webhooks a deed shows its stage, status and task within 5 seconds. The sweeps come once an hour and
// the search index lags a minute behind, so that nothing but the events and reading by id can have done it.
func TestLatency_byWebhook(t *testing.T) {
	w := newTown(t, townOptions{
		contacts: 200, seed: 3, start: demoStart(), webhooks: true, every: "@every 1h",
		account: simulator.Options{SearchLag: time.Minute},
	})
	p := w.serve(t)
	working := func() bool {
		r, ok := w.ready()
		return ok && r.State == "working" && r.Due == 0 && r.Unsent == 0
	}
	eventually(t, 30*time.Second, func() string { return "first load: " + p.stderr.tail(2000) }, working)
	people := newcomers(t, w, len(deeds(w.clock.Now)))
	eventually(t, 30*time.Second, func() string { return "newcomers are not scored: " + w.readyz() }, func() bool {
		for _, id := range people {
			if o, ok := w.account.Object(simulator.Contacts, id); !ok || o.Properties["leadsync_score"] == "" {
				return false
			}
		}
		return working()
	})
	for i, d := range deeds(w.clock.Now) {
		began := time.Now()
		d.do(t, w.account, people[i])
		eventually(t, 5*time.Second, func() string { return w.describe(d.what, people[i]) }, func() bool { return d.arrived(w.account, people[i]) })
		t.Logf("%s: %s", d.what, time.Since(began).Round(time.Millisecond))
	}
	p.stop(t)
	p.sound(t)
}

func (w *town) describe(what, contact string) string {
	o, _ := w.account.Object(simulator.Contacts, contact)
	return what + ": stage " + o.Properties["lifecyclestage"] + ", status " + o.Properties["hs_lead_status"] + "; service says " + w.readyz()
}

// Without webhooks it is there before a second sweep after the deed begins.
func TestLatency_bySweep(t *testing.T) {
	w := newTown(t, townOptions{contacts: 200, seed: 3, start: demoStart(), every: "@every 2s"})
	p := w.serve(t)
	eventually(t, 30*time.Second, func() string { return "first load: " + p.stderr.tail(2000) }, w.settled)
	people := newcomers(t, w, len(deeds(w.clock.Now)))
	eventually(t, 30*time.Second, func() string { return "newcomers: " + w.readyz() }, w.settled)
	for i, d := range deeds(w.clock.Now) {
		before := w.begun(d.found)
		d.do(t, w.account, people[i])
		eventually(t, 10*time.Second, func() string { return w.describe(d.what, people[i]) }, func() bool { return d.arrived(w.account, people[i]) })
		if n := w.begun(d.found) - before; n > 1 {
			t.Errorf("%s: %d sweeps of %s were needed, want one", d.what, n, d.found)
		}
	}
	p.stop(t)
	p.sound(t)
}
