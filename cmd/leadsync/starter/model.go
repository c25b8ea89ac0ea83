package starter

import (
	"fmt"
	"slices"
	"strings"
)

// bursts is how machines are known that open mails and follow links (C3): a guess that leaves people alone.
const bursts = ", machine: {times: 4, within: 1m}"

// counters are HubSpot's roll-ups that a model can use, by the model's word (hubspot-api 5.6).
func counters() []struct{ name, property, last, more string } {
	return []struct{ name, property, last, more string }{
		{"form", "num_conversion_events", "recent_conversion_date", ", first: contact.first_conversion_date, attributes: {name: contact.recent_conversion_event_name}"},
		{"page_view", "hs_analytics_num_page_views", "hs_analytics_last_timestamp", ""},
		{"visit", "hs_analytics_num_visits", "hs_analytics_last_visit_timestamp", ""},
		{"email_open", "hs_email_open", "hs_email_last_open_date", bursts},
		{"email_click", "hs_email_click", "hs_email_last_click_date", bursts},
		{"email_reply", "hs_email_replied", "hs_email_last_reply_date", ""},
	}
}

// rules proposes points for what the account can tell.
func (v *view) rules() {
	props := map[string]bool{}
	for _, p := range v.Contact {
		props[p.Name] = true
	}
	there := map[string]bool{}
	for _, c := range counters() {
		if props[c.property] && props[c.last] {
			there[c.name] = true
			v.Counters = append(v.Counters, counter{c.name, fmt.Sprintf("{counter: contact.%s, last: contact.%s%s}", c.property, c.last, c.more)})
		}
	}
	for _, kind := range []string{"form", "email_click", "email_reply"} {
		if there[kind] {
			v.Interactions = append(v.Interactions, kind)
		}
	}
	v.Interactions = append(v.Interactions, "talk", "appointment")
	v.fit()
	v.engagement(there)
}

// fit proposes points for what is known about a person.
func (v *view) fit() {
	for _, r := range []struct{ fact, text string }{
		{"job_title", `{name: decision maker, when: 'has_word(job_title, "ceo", "cto", "cio", "cfo", "owner", "founder", "head", "director", "vp", "geschäftsführer*", "inhaber*", "vorstand*", "leiter*", "*leiterin")', points: 30}`},
		{"job_title", `{name: student or job seeker, when: 'has_word(job_title, "student*", "intern", "praktikant*", "trainee", "bewerber*")', points: -40}`},
		{"authority", `{name: buying role known, when: 'authority in ["DECISION_MAKER", "BUDGET_HOLDER", "EXECUTIVE_SPONSOR"]', points: 15}`},
		{"employees", `{name: company of the right size, when: employees >= 50 and employees <= 5000, points: 25}`},
		{"employees", `{name: company too small, when: employees < 10, points: -20}`},
		{"revenue", `{name: revenue known and large enough, when: revenue >= 5000000, points: 10}`},
		{"budget", `{name: budget above the minimum, when: budget >= 10000, points: 15}`},
		{"phone", `{name: phone number known, when: known(phone), points: 5}`},
	} {
		if v.has(r.fact) {
			v.Fit = append(v.Fit, rule{r.text})
		}
	}
	if len(v.Fit) == 0 { // a score needs a rule; this one is to be replaced
		v.Fit = append(v.Fit, rule{`{name: address known, when: known(email), points: 5}`})
	}
}

// engagement proposes points for what people do.
func (v *view) engagement(there map[string]bool) {
	for _, r := range []struct{ kind, text string }{
		{"form", v.talkRule()},
		{"form", `{name: form filled in, activity: form, points: 10, cap: 30, half_life: 45d}`},
		{"email_click", `{name: mail clicked, activity: email_click, points: 6, cap: 24, window: 90d, half_life: 30d}`},
		{"email_reply", `{name: mail answered, activity: email_reply, points: 15, cap: 30, half_life: 30d}`},
		{"email_open", `{name: mail opened, activity: email_open, points: 0.5, cap: 3, window: 30d}  # machines open mails too`},
		{"page_view", `{name: page viewed, activity: page_view, points: 1, cap: 10, window: 30d, half_life: 14d}`},
		{"visit", `{name: website visited, activity: visit, points: 2, cap: 10, window: 60d, half_life: 14d}`},
		{"talk", `{name: talked on the phone, activity: talk, points: 25, cap: 50, half_life: 60d}`},
		{"appointment", `{name: meeting held, activity: appointment, points: 35, cap: 70, half_life: 60d}`},
	} {
		if r.text != "" && (there[r.kind] || slices.Contains(v.Interactions, r.kind)) {
			v.Engagement = append(v.Engagement, rule{r.text})
		}
	}
}

// talkRule gives points to the account's own forms that ask for a talk; empty if there are none.
func (v *view) talkRule() string {
	if len(v.Direct) == 0 {
		return ""
	}
	return "{name: talk requested, activity: form, where: " + quote(v.talk()) + ", points: 40, cap: 40, half_life: 60d}"
}

func (v *view) talk() string {
	quoted := make([]string, len(v.Direct))
	for i, name := range v.Direct {
		quoted[i] = literal(name)
	}
	return "name in [" + strings.Join(quoted, ", ") + "]"
}

// severalDays is the gate of the MQL: one reaction, or several on one day, may be chance (S33).
const severalDays = "several_days"

func (v *view) gates() {
	if v.stage("mql") {
		v.Gates = append(v.Gates, gate{
			severalDays, `days_with("interaction") >= 2`, "Wait for a reaction to our marketing on another day.",
			"Eine Reaktion auf unser Marketing an einem anderen Tag abwarten.",
		})
	}
	if v.has("budget") {
		v.Gates = append(v.Gates, gate{
			"budget", "budget >= 10000", "Ask the lead for the available budget (at least 10,000).",
			"Den Lead nach dem verfügbaren Budget fragen (mindestens 10.000).",
		})
	}
	if v.has("phone") {
		v.Gates = append(v.Gates, gate{
			"reachable", "known(phone) or known(email)", "Find out a phone number or an e-mail address.",
			"Telefonnummer oder E-Mail-Adresse herausfinden.",
		})
	} else {
		v.Gates = append(v.Gates, gate{"reachable", "known(email)", "Find out the e-mail address.", "Die E-Mail-Adresse herausfinden."})
	}
}

func (v *view) counts(kind string) bool {
	return slices.ContainsFunc(v.Counters, func(c counter) bool { return c.Name == kind })
}

// lifecycle proposes the account's own stages in its own order. A stage whose meaning nobody can guess is set
// by people.
func (v *view) lifecycle() {
	var gates []string
	for _, g := range v.Gates {
		if g.Name != severalDays {
			gates = append(gates, g.Name)
		}
	}
	direct := `count("talk") >= 1`
	if len(v.Direct) > 0 && v.counts("form") {
		direct = "count(\"form\", " + v.talk() + ") >= 1 or " + direct
	}
	lead := "known(email)"
	if v.counts("form") {
		lead = `count("form") >= 1 and known_properties >= 3`
	}
	known := map[string]string{
		"subscriber":  "{stage: subscriber, owner: marketing, when: known(email)}",
		"lead":        "{stage: lead, when: " + quote(lead) + "}  # more than the address must be known (S5)",
		"mql":         "{stage: mql, scores: {fit: 40, engagement: 25}, gates: [" + severalDays + "]}",
		"sql":         "{stage: sql, owner: sales, scores: {fit: 50, engagement: 45}, gates: [" + strings.Join(gates, ", ") + "], direct: " + quote(direct) + "}",
		"opportunity": "{stage: opportunity, when: open_deals >= 1}",
		"customer":    "{stage: customer, when: won_deals >= 1}",
		"evangelist":  "{stage: evangelist, owner: marketing, manual: true}",
	}
	for _, s := range v.Stages {
		switch text, ok := known[s.Name]; {
		case s.Name == "other":
			v.Lifecycle = append(v.Lifecycle, "{stage: other, side_track: true, manual: true}  # partners, competitors, applicants: out of the race")
		case ok:
			v.Lifecycle = append(v.Lifecycle, text)
		default:
			v.Lifecycle = append(v.Lifecycle, fmt.Sprintf("{stage: %s, manual: true}  # %s: set by people until you say what it needs", s.Name, comment(s.Label)))
		}
	}
}

// leadStatus proposes what sets the account's own statuses.
func (v *view) leadStatus() {
	active := "in_progress"
	if !v.HasStatus[active] {
		active = "connected"
	}
	for _, s := range v.Statuses {
		var lines []string
		switch {
		case s.Name == "new" && v.stage("sql"):
			lines = append(lines, "{status: new, on_stage: sql}")
		case s.Name == "attempted":
			lines = append(lines, `{status: attempted, activity: call, where: 'outcome in ["no_answer", "busy", "voicemail"]'}`)
		case s.Name == active:
			lines = append(lines, `{status: `+active+`, activity: talk}`,
				`{status: `+active+`, activity: appointment}`)
		default:
			lines = append(lines, fmt.Sprintf("{status: %s}  # %s: set by people", s.Name, comment(s.Label)))
		}
		v.LeadStatus = append(v.LeadStatus, lines...)
	}
}
