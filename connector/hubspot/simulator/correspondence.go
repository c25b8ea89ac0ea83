package simulator

import (
	"fmt"
	"time"
)

// Email is a logged one-to-one mail. Direction is EMAIL (sent by us),
// INCOMING_EMAIL (a reply), FORWARDED_EMAIL or DRAFT_EMAIL; Status is SENT,
// BOUNCED, FAILED, SCHEDULED or SENDING (hubspot-api 9.1).
type Email struct {
	At        time.Time `json:"at"`
	Direction string    `json:"direction"`
	Status    string    `json:"status"`
	Subject   string    `json:"subject"`
}

// LogEmail puts a one-to-one mail on a contact and returns its id. A zero At is
// now, an empty Direction EMAIL, an empty Status SENT.
func (a *Account) LogEmail(actor Actor, contactID string, e Email) (string, error) {
	return a.Create(actor, Emails, map[string]string{
		"hs_timestamp": a.stamp(e.At), "hs_email_subject": e.Subject,
		"hs_email_direction": orString(e.Direction, "EMAIL"), "hs_email_status": orString(e.Status, "SENT"),
	}, Link{Type: Contacts, ID: contactID})
}

// SendOneToOne logs a mail that a salesperson sent from HubSpot.
func (a *Account) SendOneToOne(actor Actor, contactID, subject string, at time.Time) (string, error) {
	return a.LogEmail(actor, contactID, Email{At: at, Subject: subject})
}

// ReceiveReply logs the contact's answer to a mail from sales.
func (a *Account) ReceiveReply(actor Actor, contactID, subject string, at time.Time) (string, error) {
	return a.LogEmail(actor, contactID, Email{At: at, Subject: subject, Direction: "INCOMING_EMAIL"})
}

// OpenOneToOne and ClickOneToOne record what the contact did with a mail from
// sales: a counter on the mail, a date on its contacts.
func (a *Account) OpenOneToOne(emailID string, at time.Time) error {
	return a.reactToMail(emailID, "open", "EMAIL_OPEN", at)
}

// ClickOneToOne records a click in a mail from sales.
func (a *Account) ClickOneToOne(emailID string, at time.Time) error {
	return a.reactToMail(emailID, "click", "EMAIL_CLICK", at)
}

func (a *Account) reactToMail(emailID, word, kind string, at time.Time) error {
	last := map[string]string{"open": "hs_sales_email_last_opened", "click": "hs_sales_email_last_clicked"}[word]
	return a.on(Emails, emailID, func(e *record) error {
		if e.text("hs_email_direction") != "EMAIL" || e.text("hs_email_status") != "SENT" {
			return fmt.Errorf("%s mail %q: only a mail that was sent to a contact can be read: %w", word, emailID, ErrInvalid)
		}
		m := a.begin(Actor{Kind: System})
		count := "hs_email_" + word + "_count"
		a.apply(m, e, e.t.changeIfKnown(count, plus(e, count, 1)))
		when := a.stamp(at)
		for _, c := range e.linked(Contacts) {
			var out []change
			set := func(name, val string) { out = append(out, c.t.changeIfKnown(name, val)...) }
			set(last, max(when, c.text(last)))
			lately(c, set, kind, when)
			a.apply(m, c, out)
		}
		return nil
	})
}

// AddNote puts a note on a contact and returns its id.
func (a *Account) AddNote(actor Actor, contactID, text string, at time.Time) (string, error) {
	return a.Create(actor, Notes, map[string]string{"hs_timestamp": a.stamp(at), "hs_note_body": text}, Link{Type: Contacts, ID: contactID})
}

// Message is a logged message of another channel: SMS, WHATS_APP or
// LINKEDIN_MESSAGE (hubspot-api 9.1).
type Message struct {
	At      time.Time `json:"at"`
	Channel string    `json:"channel"`
	Text    string    `json:"text"`
}

// LogMessage puts a message on a contact and returns its id; an empty channel is WHATS_APP.
func (a *Account) LogMessage(actor Actor, contactID string, msg Message) (string, error) {
	return a.Create(actor, Communications, map[string]string{
		"hs_timestamp": a.stamp(msg.At), "hs_communication_body": msg.Text, "hs_communication_logged_from": "CRM",
		"hs_communication_channel_type": orString(msg.Channel, "WHATS_APP"),
	}, Link{Type: Contacts, ID: contactID})
}
