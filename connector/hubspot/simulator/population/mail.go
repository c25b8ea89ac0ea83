package population

import (
	"time"

	"leadsync/connector/hubspot/simulator"
)

// correspond writes instead of calling: a mail, the answer to one, a note or a
// message. It does nothing in a third of the cases. Its dice are its own, so that
// they change nothing about what else people do.
func (j job) correspond() bool {
	d := j.w.dice(j.s, j.who, purposeWriting)
	switch d.weighted(30, 46, 14, 10) {
	case 1:
		return j.mail()
	case 2:
		return j.plan(NoteAdded, "wrote a note", func(by simulator.Actor, at time.Time) error {
			_, err := j.w.account.AddNote(by, j.p.id, "Gesprächsnotiz", at)
			return err
		})
	case 3:
		return j.plan(MessageSent, "sent a WhatsApp message", func(by simulator.Actor, at time.Time) error {
			_, err := j.w.account.LogMessage(by, j.p.id, simulator.Message{At: at, Channel: "WHATS_APP", Text: "Kurze Rückfrage"})
			return err
		})
	}
	return false
}

// considerMail: sales writes to leads and now and then to customers.
func (w *World) considerMail(s *step) {
	write := func(set map[int]bool, rate float64) {
		for _, who := range sorted(set) {
			if w.dice(s, who, purposeMail).chance(within(rate, s.workdays)) {
				s.consider(who, func(at time.Time) bool { return w.job(s, who, w.dice(s, who, purposeSpare), at).correspond() })
			}
		}
	}
	write(w.leads, 0.03)
	write(w.customers, 0.01)
}

// mail sends a one-to-one mail; when one is open already, the answer comes.
func (j job) mail() bool {
	const subject = "Unser Gespräch"
	if !j.w.mailable(j.p.id) {
		return false
	}
	if j.unanswered() {
		return j.plan(MailAnswered, "answered the mail", func(by simulator.Actor, at time.Time) error {
			_, err := j.w.account.ReceiveReply(by, j.p.id, "Re: "+subject, at)
			return err
		})
	}
	return j.plan(MailSent, "sent a mail", func(by simulator.Actor, at time.Time) error {
		_, err := j.w.account.SendOneToOne(by, j.p.id, subject, at)
		return err
	})
}

// unanswered says whether the last mail of the contact is one of ours.
func (j job) unanswered() bool {
	var last time.Time
	direction := ""
	for _, l := range j.w.account.Associations(contacts, j.p.id, simulator.Emails) {
		o, ok := j.w.account.Object(simulator.Emails, l.ID)
		if at := timeOf(o.Properties["hs_timestamp"]); ok && !at.Before(last) {
			last, direction = at, o.Properties["hs_email_direction"]
		}
	}
	return direction == "EMAIL"
}

// pastMails adds some mails and a note to a history that has talks.
func (b *builder) pastMails(h *past) {
	d := roll(b.w.opts.Seed, purposeMail, key(int(h.created.Unix())))
	var last time.Time
	for _, c := range h.calls {
		if c.At.After(last) {
			last = c.At
		}
	}
	if last.IsZero() || !d.chance(0.3) {
		return
	}
	write := func(at time.Time, direction, subject string) bool {
		if !at.Before(b.start) {
			return false
		}
		h.mails = append(h.mails, simulator.Email{At: at, Direction: direction, Status: "SENT", Subject: subject})
		return true
	}
	sent := last.Add(time.Duration(d.between(20, 240)) * time.Minute)
	if write(sent, "EMAIL", "Unser Gespräch") && d.chance(0.4) {
		write(sent.Add(time.Duration(d.between(30, 1800))*time.Minute), "INCOMING_EMAIL", "Re: Unser Gespräch")
	}
	if at := last.Add(5 * time.Minute); at.Before(b.start) && d.chance(0.5) {
		h.noted = at
	}
}

func (b *builder) addMails(h *past, contact simulator.Link, owned func(map[string]string) map[string]string) {
	for _, e := range h.mails {
		b.add(simulator.Emails, owned(map[string]string{
			"hs_timestamp": stamp(e.At), "hs_createdate": stamp(e.At), "hs_email_subject": e.Subject,
			"hs_email_direction": e.Direction, "hs_email_status": e.Status,
		}), contact)
	}
	if !h.noted.IsZero() {
		b.add(simulator.Notes, owned(map[string]string{
			"hs_timestamp": stamp(h.noted), "hs_createdate": stamp(h.noted), "hs_note_body": "Gesprächsnotiz",
		}), contact)
	}
}
