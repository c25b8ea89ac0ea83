package population

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// How much a contact tells about itself.
const (
	tellsAddress = iota // e-mail only (S4)
	tellsName
	tellsJob // name, company, title, often a phone number
)

// invent makes a contact of the company (index -1: a private person with a free
// mail address) that tells so much; createdate and behaviour are not its business.
func (w *World) invent(d dice, at, tells int) map[string]string {
	c := company{domain: "example.org", country: "Germany", german: d.chance(0.8)}
	if at >= 0 {
		c = w.companies[at]
	}
	woman := d.chance(0.5)
	first, last := w.nameFor(d, c.german, woman)
	p := make(map[string]string, 56) // room for a history
	p["email"] = w.address(first, last, c.domain)
	if tells >= tellsName {
		p["firstname"], p["lastname"] = first, last
		switch d.weighted(88, 6, 6) {
		case 1:
			delete(p, "firstname")
		case 2:
			delete(p, "lastname")
		}
	}
	if tells >= tellsJob {
		w.setJob(p, d, c, woman)
		if at >= 0 {
			p["company"] = c.name
		}
	}
	if d.chance(0.5) {
		p["hs_language"] = "en"
		if c.german {
			p["hs_language"] = "de"
		}
	}
	_, p["hs_email_domain"], _ = strings.Cut(p["email"], "@")
	p["hs_analytics_source"] = []string{"ORGANIC_SEARCH", "ORGANIC_SEARCH", "PAID_SEARCH", "EMAIL_MARKETING", "REFERRALS", "DIRECT_TRAFFIC", "SOCIAL_MEDIA"}[d.IntN(7)]
	return p
}

// setJob is what somebody tells who tells the job, each line not always.
func (w *World) setJob(p map[string]string, d dice, c company, woman bool) {
	if d.chance(0.9) {
		p["jobtitle"] = w.titleFor(d, c.german, woman)
	}
	if d.chance(0.8) {
		p["country"] = c.country
	}
	if d.chance(0.7) {
		p["phone"] = phone(d, c.country)
	}
}

func (w *World) nameFor(d dice, german, woman bool) (first, last string) {
	switch {
	case german && woman:
		return oneOf(d, w.words.womenDE), oneOf(d, w.words.lastDE)
	case german:
		return oneOf(d, w.words.menDE), oneOf(d, w.words.lastDE)
	case woman:
		return oneOf(d, w.words.womenEN), oneOf(d, w.words.lastEN)
	default:
		return oneOf(d, w.words.menEN), oneOf(d, w.words.lastEN)
	}
}

func (w *World) titleFor(d dice, german, woman bool) string {
	if !german || d.chance(0.12) {
		return oneOf(d, w.words.titlesEN)
	}
	title := oneOf(d, w.words.titlesDE)
	if woman {
		return title[1]
	}
	return title[0]
}

// address makes an e-mail address that nobody here has yet.
func (w *World) address(first, last, domain string) string {
	local := w.words.slug(first) + "." + w.words.slug(last)
	for n := 1; ; n++ {
		full := local + "@" + domain
		if n > 1 {
			full = local + strconv.Itoa(n) + "@" + domain
		}
		if n > 3 { // a free mail domain of a large account: do not try thousands of numbers
			full = local + "." + strconv.Itoa(len(w.emails)) + "@" + domain
		}
		if !w.emails[full] {
			w.emails[full] = true
			return full
		}
	}
}

// phone draws a number that regulators keep free for fiction.
func phone(d dice, country string) string {
	switch country {
	case "United States":
		return fmt.Sprintf("+1 555-01%02d", d.IntN(100))
	case "United Kingdom", "Ireland":
		return fmt.Sprintf("+44 20 7946 0%03d", d.IntN(1000))
	default:
		prefix := []string{"30 23125", "69 90009", "40 66969", "221 4710", "89 99998"}[d.IntN(5)]
		return fmt.Sprintf("+49 %s %03d", prefix, d.IntN(1000))
	}
}

// employer draws who the contact works for: -1 is nobody known.
func (w *World) employer(d dice) int {
	if len(w.companies) <= insiders || d.chance(0.12) {
		return -1
	}
	return insiders + d.IntN(len(w.companies)-insiders)
}

// research is what marketing and sales find out about a lead; the more of it the
// likelier (S30, S97). The keys are properties of the contact.
func research(d dice, likely float64) map[string]string {
	p := map[string]string{}
	if d.chance(likely) {
		p["budget"] = budget(d)
	}
	if d.chance(likely) {
		setAuthority(p, d.weighted(4, 3, 3))
	}
	return p
}

func budget(d dice) string {
	switch d.weighted(25, 50, 25) {
	case 0:
		return strconv.Itoa(d.between(2, 9) * 1000)
	case 1:
		return strconv.Itoa(d.between(10, 45) * 1000)
	default:
		return strconv.Itoa(d.between(10, 60) * 5000)
	}
}

func setAuthority(p map[string]string, which int) {
	p["decision_authority"] = []string{"yes", "influencer", "no"}[which]
	p["hs_buying_role"] = []string{"DECISION_MAKER", "INFLUENCER", "END_USER"}[which]
}

// daysBefore draws a time at least lo and at most hi days before an instant.
func (d dice) daysBefore(at time.Time, lo, hi int) time.Time {
	return at.Add(-time.Duration(d.between(lo*86400, hi*86400)) * time.Second).Truncate(time.Second)
}
