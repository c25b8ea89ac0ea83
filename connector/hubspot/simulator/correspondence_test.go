package simulator_test

import (
	"errors"
	"testing"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// What a contact shows of mails, notes and messages (hubspot-api 5.6, sales activity).
func TestCorrespondenceRollups(t *testing.T) {
	w := newWorld(t)
	id := w.contact("email", "ada@example.org")
	at := func(hours int) time.Time { return w.now.now().Add(time.Duration(hours) * time.Hour) }
	check := func(what string, want map[string]string) {
		t.Helper()
		for name, v := range want {
			if got := w.prop("contacts", id, name); got != v {
				t.Errorf("%s: %s = %q, want %q", what, name, got, v)
			}
		}
	}
	for _, e := range []simulator.Email{{Direction: "DRAFT_EMAIL"}, {Status: "SCHEDULED"}, {Status: "FAILED"}} {
		_, err := w.LogEmail(rep, id, e)
		must(t, err)
	}
	check("not out yet", map[string]string{"num_notes": "", "notes_last_contacted": "", "hs_is_unworked": "true"})
	mail, err := w.SendOneToOne(rep, id, "Hello", at(1))
	must(t, err)
	check("sent", map[string]string{
		"num_notes": "1", "num_contacted_notes": "1", "notes_last_contacted": "2026-11-02T10:00:00.000Z", "hs_is_unworked": "false",
		"hs_sa_first_engagement_object_type": "EMAIL", "hs_time_to_first_engagement": "3600000", "hs_last_sales_activity_type": "",
	})
	must(t, w.OpenOneToOne(mail, at(2)))
	must(t, w.ClickOneToOne(mail, at(3)))
	check("read", map[string]string{
		"hs_sales_email_last_opened": "2026-11-02T11:00:00.000Z", "hs_sales_email_last_clicked": "2026-11-02T12:00:00.000Z",
		"hs_last_sales_activity_type": "EMAIL_CLICK", "hs_last_sales_activity_timestamp": "2026-11-02T12:00:00.000Z",
	})
	if w.prop("emails", mail, "hs_email_open_count") != "1" || w.prop("emails", mail, "hs_email_click_count") != "1" {
		t.Error("the mail does not count")
	}
	answer, err := w.ReceiveReply(rep, id, "Re: Hello", at(4))
	must(t, err)
	if err := w.OpenOneToOne(answer, at(5)); !errors.Is(err, simulator.ErrInvalid) {
		t.Errorf("a reply cannot be opened by the contact: %v", err)
	}
	check("answered", map[string]string{
		"hs_sales_email_last_replied": "2026-11-02T13:00:00.000Z", "num_notes": "2", "num_contacted_notes": "1",
		"notes_last_contacted": "2026-11-02T10:00:00.000Z", "notes_last_updated": "2026-11-02T13:00:00.000Z", "hs_last_sales_activity_type": "EMAIL_REPLY",
	})
	_, err = w.AddNote(rep, id, "called him a friend", at(6))
	must(t, err)
	check("noted", map[string]string{"num_notes": "3", "num_contacted_notes": "1", "notes_last_updated": "2026-11-02T15:00:00.000Z"})
	message, err := w.LogMessage(rep, id, simulator.Message{At: at(7)})
	must(t, err)
	check("messaged", map[string]string{"num_notes": "4", "num_contacted_notes": "2", "notes_last_contacted": "2026-11-02T16:00:00.000Z"})
	if _, err := w.LogMessage(rep, id, simulator.Message{Channel: "PIGEON"}); !errors.Is(err, simulator.ErrInvalid) {
		t.Errorf("unknown channel: %v", err)
	}
	must(t, w.Archive(rep, "communications", message))
	check("message archived", map[string]string{"num_notes": "3", "notes_last_contacted": "2026-11-02T10:00:00.000Z"})
	_, err = w.LogEmail(rep, id, simulator.Email{At: at(8), Status: "BOUNCED"})
	must(t, err)
	check("bounced", map[string]string{"num_notes": "4", "notes_last_contacted": "2026-11-02T10:00:00.000Z"})
}

func TestMarketingMail(t *testing.T) {
	w := newWorld(t)
	id := w.contact("email", "ada@example.org")
	early, late := w.now.now().Add(-2*time.Hour), w.now.now().Add(-time.Hour)
	for _, at := range []time.Time{late, early} { // reported out of order
		must(t, w.SendMail(id, at))
		must(t, w.OpenMail(id, at))
	}
	must(t, w.SendMail(id, w.now.now()))
	must(t, w.BounceMail(id, "UNKNOWN_USER"))
	must(t, w.OptOut(id))
	if err := w.BounceMail(id, "BAD_LUCK"); !errors.Is(err, simulator.ErrInvalid) {
		t.Errorf("%v", err)
	}
	for name, want := range map[string]string{
		"hs_email_open": "2", "hs_email_first_open_date": "2026-11-02T07:00:00.000Z", "hs_email_last_open_date": "2026-11-02T08:00:00.000Z",
		"hs_email_delivered": "3", "hs_email_sends_since_last_engagement": "1", "hs_email_bounce": "1", "hs_email_optout": "true",
		"hs_email_hard_bounce_reason_enum": "UNKNOWN_USER", "hs_email_bad_address": "true", "hs_last_sales_activity_type": "EMAIL_OPEN",
	} {
		if got := w.prop("contacts", id, name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
}

// The same form twice is one, also with another between, and after a merge.
func TestUniqueForms(t *testing.T) {
	w := newWorld(t)
	id, twin := w.contact("email", "ada@example.org"), w.contact("email", "twin@example.org")
	for _, form := range []string{"A", "B", "A", "B", "C", "A"} {
		must(t, w.SubmitForm(id, form, time.Time{}))
	}
	must(t, w.SubmitForm(twin, "D", time.Time{}))
	if got := w.prop("contacts", id, "num_unique_conversion_events"); got != "3" {
		t.Errorf("%s unique forms, want 3", got)
	}
	merged, err := w.Merge(rep, "contacts", id, twin)
	must(t, err)
	must(t, w.SubmitForm(merged, "D", time.Time{}))
	if got := w.prop("contacts", merged, "num_unique_conversion_events"); got != "3" {
		t.Errorf("%s unique forms after the merge, want 3: the loser's form is known", got)
	}
	if got, want := w.prop("contacts", merged, "hs_calculated_merged_vids"), id+":1793610000000;"+twin+":1793610000000"; got != want {
		t.Errorf("merged %q, want %q", got, want)
	}
}

// Options can have numbers as values; what is no option any more is refused.
func TestNumericOptions(t *testing.T) {
	w := newWorld(t)
	id := w.contact("hs_lead_status", "NEW")
	must(t, w.SetOptions("contacts", "hs_lead_status", []simulator.Option{{Label: "Neu", Value: "153180601"}, {Label: "Offen", Value: "153180602", DisplayOrder: 1}}))
	w.ask(200, "PATCH", contacts+"/"+id, `{"properties":{"hs_lead_status":"153180602"}}`)
	w.ask(400, "PATCH", contacts+"/"+id, `{"properties":{"hs_lead_status":"OPEN"}}`)
	for _, bad := range []string{"jobtitle", "no_such_name"} {
		if err := w.SetOptions("contacts", bad, []simulator.Option{{Value: "1"}}); !errors.Is(err, simulator.ErrInvalid) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
