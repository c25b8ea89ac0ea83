package workflows

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// LeadOf translates one contact from the portal's words into the model's: the one place where properties,
// option values and outcomes are mapped. It is pure.
func LeadOf(p *Portal, m *scoring.Model, r LeadRecord) scoring.Lead {
	contact := withPending(r)
	lead := scoring.Lead{
		Facts:  factsOf(p, m, contact, r),
		Stage:  p.stageName(contact[p.Names.Stage]),
		Status: p.statusName(contact[p.Names.Status]),
		Order:  p.Order,
	}
	lead.Activities = activitiesOf(p, m, r)
	if s := r.State; s != nil && (!s.PushedShadow || p.Mode(ClassScore) != ModeOn) {
		lead.Pushed, lead.PushedReached = s.Pushed, s.PushedReached
		lead.PushedGrade = pushedAs(s.PushedGrade, s.GradeProperty, p.Written.Grade)
		lead.PushedTier = pushedAs(s.PushedTier, s.TierProperty, p.Written.Tier)
	}
	return lead
}

// pushedAs is a grade or tier that was planned last, nothing if it went to another property than the one that is
// written now, or to none.
func pushedAs(value, to, now string) string {
	if now != "" && to != now {
		return ""
	}
	return value
}

// withPending is the contact as it will be when the updates under way have arrived.
func withPending(r LeadRecord) map[string]string {
	if len(r.Pending) == 0 {
		return r.Contact.Properties
	}
	props := make(map[string]string, len(r.Contact.Properties)+len(r.Pending))
	maps.Copy(props, r.Contact.Properties)
	for k, v := range r.Pending {
		if v == "" {
			delete(props, k)
			continue
		}
		props[k] = v
	}
	return props
}

func factsOf(p *Portal, m *scoring.Model, contact map[string]string, r LeadRecord) map[string]scoring.Value {
	facts, known := make(map[string]scoring.Value), 0
	declared := m.Facts()
	for _, f := range declared {
		if f.Count != "" {
			continue
		}
		for _, source := range p.sources(f) {
			if v := parseValue(f.Type, sourceText(source, contact, r.Companies)); v.Known() {
				facts[f.Name] = v
				known++
				break
			}
		}
	}
	for _, f := range declared {
		switch f.Count {
		case "":
		case "known_properties":
			facts[f.Name] = scoring.Value{Type: scoring.TypeNumber, Number: float64(known)}
		default:
			if v := dealsSay(p, f.Count, r); v.Known() {
				facts[f.Name] = v
			}
		}
	}
	return facts
}

// sources are where a fact comes from in this portal, first choice first.
func (p *Portal) sources(f scoring.Fact) []string {
	if s, ok := p.Sources[f.Name]; ok {
		return s
	}
	return f.From
}

// sourceProperties are the properties of one kind of record that facts are made of.
func (p *Portal) sourceProperties(m *scoring.Model, kind string) []string {
	var props []string
	for _, f := range m.Facts() {
		for _, s := range p.sources(f) {
			if of, prop, ok := strings.Cut(s, "."); ok && of == kind {
				props = append(props, strings.TrimSuffix(prop, domainSuffix))
			}
		}
	}
	return props
}

// domainSuffix on a source takes the part after the @ of an address: "contact.email@domain".
const domainSuffix = "@domain"

func sourceText(source string, contact map[string]string, companies []connector.Object) string {
	kind, prop, _ := strings.Cut(source, ".")
	prop, domain := strings.CutSuffix(prop, domainSuffix)
	text := ""
	switch kind {
	case "contact":
		text = contact[prop]
	case "company":
		if len(companies) > 0 {
			text = companies[0].Properties[prop]
		}
	}
	if domain {
		_, text, _ = strings.Cut(text, "@")
		text = strings.ToLower(text)
	}
	return text
}

// parseValue reads a CRM's string as a fact. What cannot be read is unknown, never zero.
func parseValue(t scoring.FactType, text string) scoring.Value {
	unknown := scoring.Value{}
	if text == "" {
		return unknown
	}
	switch t {
	case scoring.TypeText:
		return scoring.Value{Type: t, Text: text}
	case scoring.TypeNumber:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || n != n || n > 1e15 || n < -1e15 {
			return unknown
		}
		return scoring.Value{Type: t, Number: n}
	case scoring.TypeBool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return unknown
		}
		return scoring.Value{Type: t, Bool: b}
	case scoring.TypeTime:
		if at, ok := parseTime(text); ok {
			return scoring.Value{Type: t, Time: at}
		}
	}
	return unknown
}

// parseTime reads RFC 3339, a date, or milliseconds since the epoch, which is all that CRMs write.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) >= 12 {
		return time.UnixMilli(ms).UTC(), true
	}
	return time.Time{}, false
}

func counted(p *Portal, what string, r LeadRecord) int {
	n := 0
	if what == countRecycled && r.State != nil {
		return r.State.Recycles
	}
	for _, d := range r.Deals {
		switch {
		case what == "open_deals" && p.open(d), what == "won_deals" && p.won(d), what == "lost_deals" && p.lost(d):
			n++
		}
	}
	return n
}

// activitiesOf are all activities of the contact: its logged calls, meetings and the like, and what its
// roll-ups tell. What the portal switched off and our own tasks are none.
func activitiesOf(p *Portal, m *scoring.Model, r LeadRecord) []scoring.Activity {
	var acts []scoring.Activity
	for _, k := range p.Kinds(m) {
		if k.Counter != nil {
			acts = append(acts, Sourced(k, Occurrences(k, r.Observations, r.Contact.CreatedAt), p.sourced(k, r))...)
			continue
		}
		for _, o := range r.Activities {
			if string(o.Type) != k.Object || p.Own(o) {
				continue
			}
			at, ok := parseTime(o.Properties[p.Names.ActivityTime])
			if !ok {
				continue // an engagement without a time cannot be placed; it is shown by explain as unread
			}
			a := scoring.Activity{ID: string(o.Type) + "/" + string(o.ID), Kind: k.Kind, At: at, Attributes: map[string]string{}}
			for name, prop := range k.Attributes {
				if v := o.Properties[prop]; v != "" {
					a.Attributes[name] = p.outcome(v)
				}
			}
			acts = append(acts, a)
		}
	}
	return slices.DeleteFunc(acts, func(a scoring.Activity) bool { return !r.State.counts(a) })
}

// outcome is the model's word for an attribute's value: mapped if the portal maps it, else lower case.
func (p *Portal) outcome(value string) string {
	if word, ok := p.Outcomes[value]; ok {
		return word
	}
	return strings.ToLower(value)
}

// hashFacts identifies what a lead is made of, for states of releases that compared this instead of prints: facts,
// activities, stage and status, but not the time. Of an occurrence of a roll-up only its identity counts: learning later when it happened is no change of the contact.
// The part before the dash says what was looked at, so that another model or switch is no change either.
func hashFacts(p *Portal, m *scoring.Model, lead scoring.Lead) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %q\n", lead.Stage, lead.Status)
	names := make([]string, 0, len(lead.Facts))
	for n, v := range lead.Facts {
		if v.Known() {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		v := lead.Facts[n]
		fmt.Fprintf(&b, "%q=%q %v %v %d\n", n, v.Text, v.Number, v.Bool, v.Time.UnixMicro())
	}
	counted := map[string]bool{}
	for _, k := range m.ActivityKinds() {
		counted[k.Kind] = k.Counter != nil
	}
	ids := make([]string, 0, len(lead.Activities))
	for _, a := range lead.Activities {
		if counted[a.Kind] {
			ids = append(ids, a.ID)
			continue
		}
		ids = append(ids, fmt.Sprintf("%s %d %v", a.ID, a.At.UnixMicro(), a.Attributes))
	}
	slices.Sort(ids)
	b.WriteString(strings.Join(ids, "\n"))
	return basisOf(p, m) + "-" + short(b.String())
}

// basisOf identifies what decides which facts and activities there are, and what they are called: the model, the
// portal's sources and its mapping.
func basisOf(p *Portal, m *scoring.Model) string {
	text := fmt.Sprint("3 ", m.Version(), p.Off, p.Sources, p.Stages, p.Statuses, p.Outcomes)
	if p.Submissions || p.PageVisits {
		text += fmt.Sprint(p.Submissions, p.PageVisits)
	}
	return short(text)[:8]
}

// sameBasis reports whether a stored hash was made by the same way of looking as this portal and model have.
func sameBasis(hash, other string) bool {
	a, _, _ := strings.Cut(hash, "-")
	b, _, _ := strings.Cut(other, "-")
	return a == b
}

func short(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}
