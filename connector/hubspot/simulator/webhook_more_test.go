package simulator_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"leadsync/connector/hubspot/simulator"
)

func everything(w *simulator.WebhookTarget) { w.Subscriptions = simulator.AllSubscriptions() }

// Every kind of event comes for every type of record (hubspot-api 3.3).
func TestEveryEventOfEveryType(t *testing.T) {
	types := map[string]string{
		"contacts": "0-1", "companies": "0-2", "deals": "0-3", "calls": "0-48", "meetings": "0-47",
		"emails": "0-49", "notes": "0-46", "tasks": "0-27", "communications": "0-18",
	}
	property := map[string][2]string{
		"contacts": {"jobtitle", "CTO"}, "companies": {"name", "B"}, "deals": {"dealname", "B"}, "calls": {"hs_call_title", "B"}, "meetings": {"hs_meeting_title", "B"},
		"emails": {"hs_email_status", "BOUNCED"}, "notes": {"hs_note_body", "B"}, "tasks": {"hs_task_subject", "B"}, "communications": {"hs_communication_channel_type", "SMS"},
	}
	hooked(t, everything, func(a *simulator.Account, r *receiver) {
		friend, err := a.CreateContact(rep, nil)
		must(t, err)
		for _, typ := range slices.Sorted(func(yield func(string) bool) {
			for k := range types {
				if !yield(k) {
					return
				}
			}
		}) {
			first := map[string]string{"hs_timestamp": "2026-11-04T09:00:00Z"}
			switch typ {
			case "contacts", "companies", "deals":
				first = nil
			}
			x, err := a.Create(rep, typ, first)
			must(t, err)
			y, err := a.Create(rep, typ, first)
			must(t, err)
			must(t, a.Set(rep, typ, x, map[string]string{property[typ][0]: property[typ][1]}))
			if typ != "contacts" {
				must(t, a.Associate(rep, typ, x, "contacts", friend))
				must(t, a.Disassociate(rep, "contacts", friend, typ, x))
			}
			must(t, a.Archive(rep, typ, y))
			must(t, a.Restore(rep, typ, y))
			_, err = a.Merge(rep, typ, x, y)
			must(t, err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		got := map[string]int{}
		for _, e := range r.got() {
			kind := e["subscriptionType"].(string)
			typeID, _ := e["objectTypeId"].(string)
			if kind == "object.associationChange" {
				typeID = e["fromObjectTypeId"].(string)
				kind += fmt.Sprint(" removed ", e["associationRemoved"])
			}
			got[typeID+" "+kind]++
		}
		for typ, id := range types {
			kinds := []string{"creation", "deletion", "restore", "merge", "propertyChange"}
			if typ != "contacts" {
				kinds = append(kinds, "associationChange removed false", "associationChange removed true")
			}
			for _, kind := range kinds {
				if got[id+" object."+kind] == 0 {
					t.Errorf("%s: no %s", typ, kind)
				}
			}
		}
		// A link is told from both ends: eight types linked once, told once from the contact each.
		if n := got["0-1 object.associationChange removed false"]; n != 8 {
			t.Errorf("%d links told from the contact, want 8", n)
		}
	})
}

func TestLinksAreToldFromBothEnds(t *testing.T) {
	hooked(t, func(w *simulator.WebhookTarget) { w.Classic = true }, func(a *simulator.Account, r *receiver) {
		contact, err := a.CreateContact(rep, nil)
		must(t, err)
		company, err := a.CreateCompany(rep, map[string]string{"name": "Pumpen AG"})
		must(t, err)
		must(t, a.Associate(rep, "contacts", contact, "companies", company))
		synctest.Wait()
		kinds := r.byType()
		for kind, want := range map[string][3]string{
			"contact.associationChange": {contact, company, "CONTACT_TO_COMPANY"}, "company.associationChange": {company, contact, "COMPANY_TO_CONTACT"},
		} {
			e := kinds[kind]
			if len(e) != 1 || id(e[0]["fromObjectId"]) != want[0] || id(e[0]["toObjectId"]) != want[1] || e[0]["associationType"] != want[2] ||
				e[0]["associationRemoved"] != false || e[0]["isPrimaryAssociation"] != false || e[0]["associationTypeId"] != nil {
				t.Errorf("%s: %v", kind, e)
			}
		}
	})
}

func TestPropertiesThatAreToldAndNot(t *testing.T) {
	for name, c := range map[string]struct {
		chance float64
		least  int
		most   int
	}{"never": {0, 0, 0}, "now and then": {0.5, 60, 140}, "always": {1, 200, 200}} {
		hooked(t, func(w *simulator.WebhookTarget) { everything(w); w.Calculated = c.chance }, func(a *simulator.Account, r *receiver) {
			must(t, a.AddProperty("contacts", simulator.Property{Name: "illness", Type: "string", FieldType: "text", Sensitive: true}))
			id, err := a.CreateContact(rep, nil)
			must(t, err)
			for range 200 {
				must(t, a.OpenMail(id, time.Time{}))
				must(t, a.SubmitForm(id, "Pricing", time.Time{}))
			}
			must(t, a.Set(rep, "contacts", id, map[string]string{"illness": "a secret"}))
			mail, err := a.SendOneToOne(rep, id, "confidential", time.Time{})
			must(t, err)
			must(t, a.Set(rep, "emails", mail, map[string]string{"hs_email_subject": "other", "hs_email_status": "BOUNCED"}))
			time.Sleep(time.Second)
			synctest.Wait()
			told := map[string]int{}
			for _, e := range r.got() {
				if p, ok := e["propertyName"].(string); ok {
					told[p]++
				}
				if e["propertyName"] == "illness" && (e["propertyValue"] != "REDACTED" || e["isSensitive"] != true) {
					t.Errorf("%s: %v", name, e)
				}
			}
			if n := told["hs_email_open"]; n < c.least || n > c.most {
				t.Errorf("%s: %d events of a calculated property", name, n)
			}
			if told["illness"] != 1 || told["hs_email_status"] == 0 {
				t.Errorf("%s: %v", name, told)
			}
			for _, never := range []string{"num_unique_conversion_events", "lastmodifieddate", "hs_lastmodifieddate", "hs_email_subject"} {
				if told[never] > 0 {
					t.Errorf("%s: %s cannot be subscribed to", name, never)
				}
			}
		})
	}
}

// Ten retries, spread over a day, each with its number.
func TestRetriesOverADay(t *testing.T) {
	hooked(t, nil, func(a *simulator.Account, r *receiver) {
		r.refuseNext(10)
		start := time.Now()
		_, err := a.CreateContact(rep, nil)
		must(t, err)
		for a.Pending().Total() > 0 {
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		if took := time.Since(start); took < 2*time.Hour || took > 24*time.Hour || len(r.got()) != 1 || r.got()[0]["attemptNumber"] != 10.0 {
			t.Errorf("arrived after %v: %v", took, r.got())
		}
		if rep := a.WebhookReport(); rep.Retried != 10 || rep.Delivered != 1 || rep.Lost != 0 {
			t.Errorf("%+v", rep)
		}
	})
}

func TestRetriesEndAfterADay(t *testing.T) {
	hooked(t, func(w *simulator.WebhookTarget) { w.RetryDelay = 5 * time.Hour }, func(a *simulator.Account, r *receiver) {
		r.refuseNext(100)
		_, err := a.CreateContact(rep, nil)
		must(t, err)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		lost := a.LostEvents()
		if n := len(r.headers); n < 2 || n > 4 || len(lost) != 1 || lost[0].Attempts != n || a.Pending().Total() != 0 {
			t.Errorf("%d attempts, lost %+v", n, lost)
		}
	})
}

// slowly answers after a while; it counts how many requests it has at once.
type slowly struct {
	receiver
	wait     time.Duration
	now, top atomic.Int64
}

func (s *slowly) RoundTrip(req *http.Request) (*http.Response, error) {
	n := s.now.Add(1)
	defer s.now.Add(-1)
	if n > s.top.Load() {
		s.top.Store(n)
	}
	timer := time.NewTimer(s.wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	return s.receiver.RoundTrip(req)
}

// An answer after five seconds is none; at most ten requests are under way.
func TestSlowReceivers(t *testing.T) {
	for wait, arrive := range map[time.Duration]bool{4 * time.Second: true, 6 * time.Second: false} {
		s := &slowly{wait: wait}
		change := func(w *simulator.WebhookTarget) {
			w.Client, w.BatchSize = &http.Client{Transport: s}, 1
		}
		hooked(t, change, func(a *simulator.Account, _ *receiver) {
			for range 30 {
				_, err := a.CreateContact(rep, nil)
				must(t, err)
			}
			time.Sleep(20 * time.Second)
			synctest.Wait()
			if got := len(s.got()); (got == 30) != arrive || s.top.Load() != 10 {
				t.Errorf("%v: %d arrived, %d at once", wait, got, s.top.Load())
			}
			if p := a.Pending(); (p.Retrying == 30) == arrive {
				t.Errorf("%v: %+v", wait, p)
			}
		})
	}
}

// What a script takes away can be listed exactly: it is what a receiver lacks.
func TestLostEventsAreListed(t *testing.T) {
	hooked(t, everything, func(a *simulator.Account, r *receiver) {
		_, err := a.Faults().AddScript("s", `
on 10% of every event: lose
on 10% of every event: deliver twice
on 10% of every event: deliver out of order
on 10% of every event: deliver late by 10m`)
		must(t, err)
		made := map[string]bool{}
		for n := range 300 {
			id, err := a.CreateContact(rep, nil)
			must(t, err)
			must(t, a.Set(rep, "contacts", id, map[string]string{"jobtitle": fmt.Sprint(n)}))
			made["object.creation "+id], made["object.propertyChange jobtitle "+id] = true, true
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		report, copies := a.WebhookReport(), map[string]int{}
		for _, e := range r.got() {
			key := e["subscriptionType"].(string) + " "
			if p, ok := e["propertyName"].(string); ok {
				key += p + " "
			}
			copies[key+id(e["objectId"])]++
		}
		twice := 0
		for _, n := range copies {
			if n == 2 {
				twice++
			}
		}
		if report.Lost == 0 || report.Doubled != twice || report.Delayed == 0 || report.Reordered == 0 || report.Delivered != len(r.got()) {
			t.Errorf("%+v, %d came twice, %d came", report, twice, len(r.got()))
		}
		lost := a.LostEvents()
		for _, l := range lost {
			key := strings.Join(strings.Fields(l.Kind+" "+l.Property+" "+l.ObjectID), " ")
			if !made[key] || copies[key] != 0 || l.ObjectType != "contacts" || l.OccurredAt.IsZero() || l.Attempts != 0 {
				t.Errorf("not lost: %+v", l)
			}
			delete(made, key)
		}
		for key := range made {
			if copies[key] == 0 {
				t.Errorf("%s is missing and not listed", key)
			}
		}
		if len(lost) != report.Lost {
			t.Errorf("%d listed, %d counted", len(lost), report.Lost)
		}
	})
}

func TestPrivacyDeletionComesInEitherOrder(t *testing.T) {
	first := map[any]int{}
	hooked(t, func(w *simulator.WebhookTarget) { w.BatchSize, w.Concurrency = 1, 1 }, func(a *simulator.Account, r *receiver) {
		for range 20 {
			id, err := a.CreateContact(rep, nil)
			must(t, err)
			synctest.Wait()
			r.reset()
			must(t, a.PrivacyDelete(rep, "contacts", id))
			synctest.Wait()
			if len(r.got()) != 2 {
				t.Fatalf("%v", r.got())
			}
			first[r.got()[0]["subscriptionType"]]++
		}
	})
	if first["contact.privacyDeletion"] == 0 || first["object.deletion"] == 0 {
		t.Errorf("%v", first)
	}
}

// A fault can be about one type of record, in the generic form too.
func TestFaultsOfOneType(t *testing.T) {
	hooked(t, everything, func(a *simulator.Account, r *receiver) {
		_, err := a.Faults().AddScript("s", "on every call.creation: lose")
		must(t, err)
		id, err := a.CreateContact(rep, nil)
		must(t, err)
		call, err := a.LogCall(rep, id, simulator.Call{})
		must(t, err)
		synctest.Wait()
		if lost := a.LostEvents(); len(lost) != 1 || lost[0].ObjectType != "calls" || lost[0].ObjectID != call {
			t.Errorf("%+v", lost)
		}
		if n := len(r.byType()["object.creation"]); n != 1 {
			t.Errorf("%d creations arrived, want the contact's", n)
		}
	})
}
