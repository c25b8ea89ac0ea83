package population

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"leadsync/connector/hubspot/simulator"
)

// nobody stands for a person or company that is not known.
const nobody = -1

// A journey is a time in which somebody is really interested: most web deeds
// come from a few people at a time, and that is what qualifies leads (S33).
type journey struct {
	who   int
	until time.Time
}

// visit is one sort of web deed: how often it happens in a day with 500
// contacts, and how.
type visit struct {
	kind DeedKind
	rate float64
	do   func(who int, d dice) func(*act) (string, error)
}

func (w *World) visits() []visit {
	return []visit{
		{PageView, 30, w.viewPages},
		{MailOpen, 14, w.mailed("opened", w.account.SendMail, w.account.OpenMail)},
		{MailClick, 9, w.mailed("clicked in", w.account.OpenMail, w.account.ClickMail)},
		{MachineClick, 1.6, w.scanMail},
		{MailReply, 1.3, w.mailed("replied to", w.account.ReplyMail)},
		{Form, 6, w.fillForm},
	}
}

// planVisitors decides what happens at any hour of day and week.
func (w *World) planVisitors(s *step) {
	scale := float64(w.opts.Contacts) / 500 * s.days
	w.travel(s, scale)
	for i, v := range w.visits() {
		d := roll(w.opts.Seed, s.key, purposeWeb, key(i))
		for range d.poisson(v.rate * scale) {
			at := d.instant(s.all)
			who := w.visitor(s, d, v.kind)
			if who == nobody {
				continue
			}
			s.busy[who] = true
			s.plan(who, v.kind, at, v.do(who, w.dice(s, who, purposeWeb)))
		}
	}
	w.planEnrichment(s, scale)
	w.planArrivals(s, scale)
	w.planObjections(s, scale)
}

// travel lets old journeys end and new ones begin.
func (w *World) travel(s *step, scale float64) {
	kept := w.journeys[:0]
	for _, j := range w.journeys {
		if j.until.After(s.from) && !w.people[j.who].gone {
			kept = append(kept, j)
		}
	}
	w.journeys = kept
	d := roll(w.opts.Seed, s.key, purposeJourney)
	for range d.poisson(6 * scale) {
		if who := w.warm(d); who != nobody {
			w.journeys = append(w.journeys, journey{who: who, until: s.to.Add(time.Duration(d.between(72, 300)) * time.Hour)})
		}
	}
}

// warm draws a person; those with more heat come more often.
func (w *World) warm(d dice) int {
	for range 12 {
		who := d.IntN(len(w.people))
		if p := &w.people[who]; !p.gone && d.IntN(100) < int(p.heat) {
			return who
		}
	}
	return nobody
}

// visitor draws who does a web deed: somebody who did nothing else in this step.
func (w *World) visitor(s *step, d dice, kind DeedKind) int {
	for range 25 {
		var who int
		if len(w.journeys) > 0 && kind != MachineClick && d.chance(0.6) {
			who = w.journeys[d.IntN(len(w.journeys))].who
		} else {
			who = w.warm(d)
		}
		if who == nobody || s.busy[who] || w.people[who].gone {
			continue
		}
		if w.suits(who, kind) {
			return who
		}
	}
	return nobody
}

// suits says whether this person can do such a thing: no mails go to those who
// opted out, and only some companies have link scanners.
func (w *World) suits(who int, kind DeedKind) bool {
	p := &w.people[who]
	if kind == MachineClick && !p.scanned {
		return false
	}
	byMail := []DeedKind{MailOpen, MailClick, MailReply, MachineClick}
	return !slices.Contains(byMail, kind) || w.mailable(p.id)
}

func (w *World) mailable(id string) bool {
	o, ok := w.account.Object(contacts, id)
	return ok && o.Properties["email"] != "" && o.Properties["hs_email_optout"] != "true"
}

func (w *World) viewPages(who int, d dice) func(*act) (string, error) {
	id, n, page := w.people[who].id, d.between(1, 6), oneOf(d, w.words.pages)
	return func(a *act) (string, error) {
		what := fmt.Sprintf("viewed %d pages, the last /%s", n, page)
		if n == 1 {
			what = "viewed the page /" + page
		}
		return what, w.account.ViewPage(id, n, a.at, "https://www.example.com/"+page)
	}
}

func mails() []string {
	return []string{"Newsletter", "Einladung zum Webinar", "Neue Preise", "Customer story", "Product update"}
}

// mail does several things to the roll-ups of one mail, first error first.
func mail(id string, at time.Time, does ...func(string, time.Time) error) error {
	for _, do := range does {
		if err := do(id, at); err != nil {
			return err
		}
	}
	return nil
}

// mailed is a deed with one mail.
func (w *World) mailed(did string, does ...func(string, time.Time) error) func(who int, d dice) func(*act) (string, error) {
	return func(who int, d dice) func(*act) (string, error) {
		id, title := w.people[who].id, oneOf(d, mails())
		return func(a *act) (string, error) {
			return did + " the mail '" + title + "'", mail(id, a.at, does...)
		}
	}
}

// scanMail is a link scanner: the mail is opened and every link clicked in the
// second of its delivery (C3).
func (w *World) scanMail(who int, d dice) func(*act) (string, error) {
	id, n, title := w.people[who].id, d.between(4, 9), oneOf(d, mails())
	return func(a *act) (string, error) {
		does := []func(string, time.Time) error{w.account.SendMail, w.account.OpenMail}
		for range n {
			does = append(does, w.account.ClickMail)
		}
		return fmt.Sprintf("a link scanner clicked %d times in the mail '%s'", n, title), mail(id, a.at, does...)
	}
}

// fillForm submits a form. Forms ask for what is not known yet; the form tool
// writes the answers first.
func (w *World) fillForm(who int, d dice) func(*act) (string, error) {
	p := w.people[who]
	form := []string{formWhitepaper, formWebinar, formDemo, formContact, formNewsletter}[d.weighted(36, 30, 18, 8, 8)]
	return func(a *act) (string, error) {
		what := "filled in the form '" + form + "'"
		o, ok := w.account.Object(contacts, p.id)
		if !ok {
			return "", simulator.ErrNotFound
		}
		if err := w.account.Set(app(formsApp), contacts, p.id, w.answers(d, p, form, o.Properties)); err != nil {
			return "", err
		}
		return what, w.account.SubmitForm(p.id, form, a.at)
	}
}

// answers are what the form asks and the account does not know.
func (w *World) answers(d dice, p person, form string, known map[string]string) map[string]string {
	c := w.companyOf(p)
	asked := map[string]string{}
	if form == formNewsletter {
		asked["newsletter_consent"] = "true"
	} else {
		asked["firstname"], asked["lastname"] = spell(known["email"])
		asked["company"] = c.name
		asked["jobtitle"] = w.titleFor(d, c.german, d.chance(0.5))
		asked["country"] = c.country
	}
	if form == formDemo || form == formContact {
		asked["phone"] = phone(d, c.country)
		maps.Copy(asked, research(d, 0.6))
	}
	for _, k := range sorted(asked) {
		if known[k] != "" || asked[k] == "" {
			delete(asked, k)
		}
	}
	return asked
}

func (w *World) companyOf(p person) company {
	if p.company >= 0 {
		return w.companies[p.company]
	}
	return company{country: "Germany", german: true}
}

// spell reads a name off an address: people type it without umlauts.
func spell(email string) (first, last string) {
	local, _, _ := strings.Cut(email, "@")
	first, last, _ = strings.Cut(strings.TrimRight(local, "0123456789."), ".")
	return capitals(first), capitals(last)
}

// capitals begins every part of a double name with a capital.
func capitals(name string) string {
	parts := strings.Split(name, "-")
	for i, p := range parts {
		if p != "" {
			parts[i] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "-")
}
