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

// maxOccurrences bounds the activities made from one counter: work per contact must be bounded, and the
// newest thousand occurrences of a kind decide every score that means anything.
const maxOccurrences = 1000

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
	}
	return lead
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
			facts[f.Name] = scoring.Value{Type: scoring.TypeNumber, Number: float64(counted(p, f.Count, r))}
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
	for _, d := range r.Deals {
		won := d.Properties[p.Names.DealWon] == "true"
		closed := d.Properties[p.Names.DealClosed] == "true"
		switch {
		case what == "open_deals" && !closed, what == "won_deals" && won, what == "lost_deals" && closed && !won:
			n++
		}
	}
	return n
}

// activitiesOf are all activities of the contact: its calls and meetings, and what its counters tell.
func activitiesOf(p *Portal, m *scoring.Model, r LeadRecord) []scoring.Activity {
	var acts []scoring.Activity
	for _, k := range m.ActivityKinds() {
		if k.Counter != nil {
			acts = append(acts, Occurrences(k.Kind, r.Observations, r.Contact.CreatedAt)...)
			continue
		}
		for _, o := range r.Activities {
			if string(o.Type) != k.Object {
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
	return acts
}

// outcome is the model's word for an attribute's value: mapped if the portal maps it, else lower case.
func (p *Portal) outcome(value string) string {
	if word, ok := p.Outcomes[value]; ok {
		return word
	}
	return strings.ToLower(value)
}

// Occurrences turns the readings of one counter into dated activities. The n-th occurrence is the identity.
// The newest occurrence of a reading has the counter's own last date; older ones that the same reading
// brought can have happened at any time since the last date of the readings before, or since the contact
// was created if there is none, and are dated then and marked uncertain, so that a score never overstates what
// is known. (Not since the reading before: the CRM computes counters late.) The first occurrence has
// the CRM's first date where there is one, and no uncertain one is dated before it. A counter that falls (a merge, a reset) adds nothing until it
// exceeds its highest reading. A counter that the CRM does not have gives no reading, not a reading of zero. At most the newest 1,000 occurrences are returned.
func Occurrences(kind string, readings []Observation, created time.Time) []scoring.Activity {
	mine := slices.DeleteFunc(slices.Clone(readings), func(o Observation) bool { return o.Kind != kind })
	slices.SortFunc(mine, func(a, b Observation) int {
		if c := a.ObservedAt.Compare(b.ObservedAt); c != 0 {
			return c
		}
		return int(min(1, max(-1, a.Count-b.Count)))
	})
	var acts []scoring.Activity
	high, earliest := int64(0), created
	for _, o := range mine {
		for n := max(high+1, o.Count-maxOccurrences+1); n <= o.Count; n++ {
			acts = append(acts, occurrence(o, n, earliest))
		}
		if o.Count > high && o.LastAt.After(earliest) {
			earliest = o.LastAt
		}
		high = max(high, o.Count)
	}
	return acts[max(0, len(acts)-maxOccurrences):]
}

// occurrence dates the n-th occurrence that a reading brought.
func occurrence(o Observation, n int64, earliest time.Time) scoring.Activity {
	a := scoring.Activity{ID: fmt.Sprintf("%s/%d", o.Kind, n), Kind: o.Kind, At: earliest, Uncertain: true}
	switch {
	case n == o.Count && !o.LastAt.IsZero():
		a.At, a.Uncertain = o.LastAt, false
	case n == 1 && !o.FirstAt.IsZero():
		a.At, a.Uncertain = o.FirstAt, false
	case o.FirstAt.After(earliest):
		a.At = o.FirstAt
	}
	if n == o.Count && o.Name != "" {
		a.Attributes = map[string]string{"name": o.Name}
	}
	return a
}

// Readings compares a contact's counters with the last readings and returns the new ones.
func Readings(m *scoring.Model, contact connector.Object, before []Observation, now time.Time) []Observation {
	var fresh []Observation
	for _, k := range m.ActivityKinds() {
		if k.Counter == nil {
			continue
		}
		count, err := strconv.ParseFloat(contact.Properties[k.Counter.Property], 64)
		if err != nil || count < 1 {
			continue
		}
		o := Observation{Kind: k.Kind, Count: int64(count), ObservedAt: now, Name: contact.Properties[k.Counter.NameProperty]}
		o.LastAt, _ = parseTime(contact.Properties[k.Counter.LastProperty])
		o.FirstAt, _ = parseTime(contact.Properties[k.Counter.FirstProperty])
		if last, ok := lastReading(before, k.Kind); ok && last.Count == o.Count && last.LastAt.Equal(o.LastAt) {
			continue
		}
		fresh = append(fresh, o)
	}
	return fresh
}

func lastReading(readings []Observation, kind string) (Observation, bool) {
	var last Observation
	found := false
	for _, o := range readings {
		if o.Kind == kind && (!found || o.ObservedAt.After(last.ObservedAt)) {
			last, found = o, true
		}
	}
	return last, found
}

// hashFacts identifies what a lead is made of: facts, activities, stage and status, but not the time.
func hashFacts(lead scoring.Lead) string {
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
	ids := make([]string, 0, len(lead.Activities))
	for _, a := range lead.Activities {
		ids = append(ids, fmt.Sprintf("%s %d %v", a.ID, a.At.UnixMicro(), a.Attributes))
	}
	slices.Sort(ids)
	b.WriteString(strings.Join(ids, "\n"))
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:12])
}
