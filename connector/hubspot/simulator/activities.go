package simulator

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Call is a logged phone call. Disposition is the outcome's GUID
// (hubspot-api 9.1); Direction is INBOUND or OUTBOUND, empty means OUTBOUND.
type Call struct {
	At          time.Time     `json:"at"`
	Disposition string        `json:"disposition"`
	Direction   string        `json:"direction"`
	Duration    time.Duration `json:"duration"`
	Title       string        `json:"title"`
}

// The GUIDs of HubSpot's default call outcomes (hubspot-api 9.1).
const (
	CallConnected     = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
	CallNoAnswer      = "73a0d17f-1163-4015-bdd5-ec830791da20"
	CallBusy          = "9d9162e7-6cf3-4944-bf63-4dff82258764"
	CallLeftVoicemail = "b2cf5968-551e-4856-9783-52b3da59a7d0"
	CallLeftMessage   = "a4c4c377-d246-4b32-a13b-75a56a4cd0ff"
	CallWrongNumber   = "17b47fee-58de-441e-a44c-c6300d46f273"
)

// LogCall logs a call on a contact and returns its id. A zero At is now.
func (a *Account) LogCall(actor Actor, contactID string, c Call) (string, error) {
	props := map[string]string{
		"hs_timestamp":        a.stamp(c.At),
		"hs_call_disposition": c.Disposition,
		"hs_call_direction":   orString(c.Direction, "OUTBOUND"),
		"hs_call_status":      "COMPLETED",
		"hs_call_duration":    strconv.FormatInt(c.Duration.Milliseconds(), 10),
		"hs_call_title":       c.Title,
	}
	switch c.Disposition {
	case CallNoAnswer:
		props["hs_call_status"] = "NO_ANSWER"
	case CallBusy:
		props["hs_call_status"] = "BUSY"
	}
	return a.Create(actor, Calls, props, Link{Type: Contacts, ID: contactID})
}

// Meeting is a meeting on a contact's timeline. Outcome is one of
// SCHEDULED, COMPLETED, RESCHEDULED, NO_SHOW, CANCELED.
type Meeting struct {
	At       time.Time     `json:"at"`
	Outcome  string        `json:"outcome"`
	Duration time.Duration `json:"duration"`
	Title    string        `json:"title"`
}

// LogMeeting puts a meeting on a contact and returns its id.
func (a *Account) LogMeeting(actor Actor, contactID string, mt Meeting) (string, error) {
	start := mt.At
	if start.IsZero() {
		start = a.opts.Now()
	}
	return a.Create(actor, Meetings, map[string]string{
		"hs_timestamp":          a.stamp(start),
		"hs_meeting_start_time": a.stamp(start),
		"hs_meeting_end_time":   a.stamp(start.Add(mt.Duration)),
		"hs_meeting_outcome":    orString(mt.Outcome, "SCHEDULED"),
		"hs_meeting_title":      mt.Title,
	}, Link{Type: Contacts, ID: contactID})
}

func (a *Account) stamp(t time.Time) string {
	if t.IsZero() {
		t = a.opts.Now()
	}
	return isoMillis(t.UnixMilli())
}

// CreateDeal makes a deal on a contact; dealstage and pipeline default to the
// first stage of the default pipeline.
func (a *Account) CreateDeal(actor Actor, contactID string, props map[string]string) (string, error) {
	full := map[string]string{"pipeline": "default", "dealstage": "appointmentscheduled"}
	maps.Copy(full, props)
	return a.Create(actor, Deals, full, Link{Type: Contacts, ID: contactID})
}

// MoveDeal moves a deal to a stage of its pipeline.
func (a *Account) MoveDeal(actor Actor, dealID, stage string) error {
	return a.Set(actor, Deals, dealID, map[string]string{"dealstage": stage})
}

// WinDeal moves a deal to the won stage of its pipeline; HubSpot then makes
// its contacts customers.
func (a *Account) WinDeal(actor Actor, dealID string) error {
	return a.closeDeal(actor, dealID, "1.0")
}

// LoseDeal moves a deal to the lost stage of its pipeline.
func (a *Account) LoseDeal(actor Actor, dealID string) error {
	return a.closeDeal(actor, dealID, "0.0")
}

func (a *Account) closeDeal(actor Actor, dealID, probability string) error {
	o, ok := a.Object(Deals, dealID)
	if !ok {
		return fmt.Errorf("close deal %q: %w", dealID, ErrNotFound)
	}
	for _, p := range a.Pipelines(Deals) {
		for _, s := range p.Stages {
			if p.ID == o.Properties["pipeline"] && s.Metadata["isClosed"] == "true" && s.Metadata["probability"] == probability {
				return a.MoveDeal(actor, dealID, s.ID)
			}
		}
	}
	return fmt.Errorf("close deal %q: its pipeline has no such stage: %w", dealID, ErrInvalid)
}

// CompleteTask marks a task as done.
func (a *Account) CompleteTask(actor Actor, taskID string) error {
	return a.Set(actor, Tasks, taskID, map[string]string{"hs_task_status": "COMPLETED"})
}

// EditTask changes a task as a salesperson would.
func (a *Account) EditTask(actor Actor, taskID string, props map[string]string) error {
	return a.Set(actor, Tasks, taskID, props)
}

// DeleteTask archives a task.
func (a *Account) DeleteTask(actor Actor, taskID string) error {
	return a.Archive(actor, Tasks, taskID)
}

// SubmitForm records a form submission in the contact's roll-ups; no webhook
// tells of it (hubspot-api 3.3), only the modified time moves.
func (a *Account) SubmitForm(contactID, formName string, at time.Time) error {
	return a.rollup(contactID, func(r *record, set func(name, val string)) {
		when := a.stamp(at)
		set("num_conversion_events", plus(r, "num_conversion_events", 1))
		a.submitted(r, formName, when)
		if r.text("first_conversion_date") == "" {
			set("first_conversion_date", when)
			set("first_conversion_event_name", formName)
		}
		if r.newForm(formName) {
			set("num_unique_conversion_events", plus(r, "num_unique_conversion_events", 1))
		}
		if when >= r.text("recent_conversion_date") {
			set("recent_conversion_date", when)
			set("recent_conversion_event_name", formName)
		}
		lately(r, set, "FORM_SUBMITTED", when)
	})
}

// newForm says whether the contact has not filled in this form before, as far as
// the account knows: of a loaded history it knows the first and the last one.
func (r *record) newForm(name string) bool {
	if slices.Contains(r.forms, name) {
		return false
	}
	r.forms = append(r.forms, name)
	return name != r.text("recent_conversion_event_name") && name != r.text("first_conversion_event_name")
}

// ClickMail records a click in a marketing mail.
func (a *Account) ClickMail(contactID string, at time.Time) error {
	return a.mail(contactID, "click", "EMAIL_CLICK", at)
}

// OpenMail records that a marketing mail was opened.
func (a *Account) OpenMail(contactID string, at time.Time) error {
	return a.mail(contactID, "open", "EMAIL_OPEN", at)
}

// ReplyMail records a reply to a marketing mail.
func (a *Account) ReplyMail(contactID string, at time.Time) error {
	return a.mail(contactID, "reply", "EMAIL_REPLY", at)
}

// SendMail records that a marketing mail was delivered.
func (a *Account) SendMail(contactID string, at time.Time) error {
	return a.mail(contactID, "send", "", at)
}

// mail counts one thing that happened to a marketing mail: the counter, the
// first and the last date, and how many were sent since the contact last did
// anything with one.
func (a *Account) mail(contactID, word, kind string, at time.Time) error {
	count := map[string]string{"click": "hs_email_click", "open": "hs_email_open", "reply": "hs_email_replied", "send": "hs_email_delivered"}[word]
	return a.rollup(contactID, func(r *record, set func(name, val string)) {
		when := a.stamp(at)
		first, last := "hs_email_first_"+word+"_date", "hs_email_last_"+word+"_date"
		set(count, plus(r, count, 1))
		set(last, max(when, r.text(last)))
		if old := r.text(first); old == "" || when < old {
			set(first, when)
		}
		if word == "send" {
			set("hs_email_sends_since_last_engagement", plus(r, "hs_email_sends_since_last_engagement", 1))
			return
		}
		set("hs_email_sends_since_last_engagement", "0")
		lately(r, set, kind, when)
	})
}

// BounceMail records that a marketing mail bounced for good: the address is bad
// from then on. The reason is one of HubSpot's, such as UNKNOWN_USER.
func (a *Account) BounceMail(contactID, reason string) error {
	a.mu.Lock()
	known := a.tables[Contacts].props["hs_email_hard_bounce_reason_enum"].option(reason)
	a.mu.Unlock()
	if !known {
		return fmt.Errorf("bounce mail of %q: reason %q: %w", contactID, reason, ErrInvalid)
	}
	return a.rollup(contactID, func(r *record, set func(name, val string)) {
		set("hs_email_bounce", plus(r, "hs_email_bounce", 1))
		set("hs_email_hard_bounce_reason_enum", reason)
		set("hs_email_bad_address", "true")
	})
}

// OptOut records that a contact unsubscribed from all marketing mail.
func (a *Account) OptOut(contactID string) error {
	return a.rollup(contactID, func(_ *record, set func(name, val string)) { set("hs_email_optout", "true") })
}

// ViewPages records n page views of one visit that ended at the given time.
func (a *Account) ViewPages(contactID string, n int, at time.Time) error {
	return a.ViewPage(contactID, n, at, "https://www.example.com/pricing")
}

// ViewPage records n page views, the last of them of this address.
func (a *Account) ViewPage(contactID string, n int, at time.Time, url string) error {
	return a.rollup(contactID, func(r *record, set func(name, val string)) {
		set("hs_analytics_num_page_views", plus(r, "hs_analytics_num_page_views", n))
		set("hs_analytics_num_visits", plus(r, "hs_analytics_num_visits", 1))
		when := a.stamp(at)
		a.occur(r, EventPageVisited, when, n, map[string]string{"hs_url": url})
		if r.text("hs_analytics_first_timestamp") == "" {
			set("hs_analytics_first_timestamp", when)
			set("hs_analytics_first_visit_timestamp", when)
			set("hs_analytics_first_url", url)
		}
		if when >= r.text("hs_analytics_last_timestamp") {
			set("hs_analytics_last_timestamp", when)
			set("hs_analytics_last_visit_timestamp", when)
			set("hs_analytics_last_url", url)
		}
		lately(r, set, "HUBSPOT_REVISIT", when)
	})
}

// lately notes what a contact did, unless something later is known.
func lately(r *record, set func(name, val string), kind, at string) {
	if at >= r.text("hs_last_sales_activity_timestamp") {
		heard(set, kind, at)
	}
}

func (a *Account) rollup(contactID string, do func(r *record, set func(name, val string))) error {
	return a.on(Contacts, contactID, func(r *record) error {
		var out []change
		do(r, func(name, val string) { out = append(out, r.t.changeIfKnown(name, val)...) })
		a.apply(a.begin(Actor{Kind: System}), r, out)
		return nil
	})
}

func plus(r *record, name string, n int) string {
	old, _ := strconv.Atoi(orString(r.text(name), "0"))
	return strconv.Itoa(old + n)
}
