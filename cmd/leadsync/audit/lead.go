package audit

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/cmd/leadsync/audit/naive"
	"leadsync/connector/hubspot/simulator"
)

// lead is what is known about a contact at one moment, in the model's words. A fact that is not in facts is
// unknown; the others are string, float64, bool or time.Time.
type lead struct {
	standing
	facts      map[string]any
	activities []activity // latest first
	signature  string     // equal for equal facts and activities
	reading    *naive.Reading
	statuses   map[string]string // what activities say of the status, by id
}

// standing is where a contact stands: names of the model, empty if none, and the values in the CRM.
type standing struct {
	stage, status, stageValue, statusValue string
}

// activity is one thing the lead did.
type activity struct {
	id, kind   string
	at         time.Time
	certain    bool // at is the CRM's own date of it; if not, it happened between these
	notBefore  time.Time
	notAfter   time.Time
	attributes map[string]string
}

// leadOf reads a contact as it stands in the world.
func (a *auditor) leadOf(c *contact) lead {
	contact, past := c.record, c.past
	l := lead{facts: a.factsOf(contact)}
	l.stageValue, l.statusValue = contact.props["lifecyclestage"], contact.props["hs_lead_status"]
	l.stage = nameOf(a.in.Mapping.Stages, l.stageValue)
	l.status = nameOf(a.in.Mapping.Statuses, l.statusValue)
	for _, k := range a.model.kinds {
		if k.object == "" {
			l.activities = append(l.activities, occurrences(k, past, contact.created)...)
			continue
		}
		l.activities = append(l.activities, a.logged(contact, k)...)
	}
	l.activities = slices.DeleteFunc(l.activities, func(x activity) bool { return !c.counts(x) })
	slices.SortFunc(l.activities, func(x, y activity) int {
		if c := y.at.Compare(x.at); c != 0 {
			return c
		}
		return strings.Compare(x.id, y.id)
	})
	l.signature = a.signature(l) + fmt.Sprint(a.sourcesOf(contact))
	l.reading = a.model.Read(a.inModel(l))
	l.statuses = a.model.statusesIn(l.reading)
	return l
}

// inModel is a lead as the second evaluator wants it.
func (a *auditor) inModel(l lead) naive.Lead {
	out := naive.Lead{Facts: l.facts, Stage: l.stage, Status: l.status, Order: a.in.Mapping.Order}
	for _, x := range l.activities {
		out.Activities = append(out.Activities, naive.Activity{
			ID: x.id, Kind: x.kind, At: x.at, Uncertain: !x.certain, NotBefore: x.notBefore, NotAfter: x.notAfter, Attributes: x.attributes,
		})
	}
	return out
}

// statusesIn are the statuses that activities set: each that of the first rule that it meets.
func (m *model) statusesIn(r *naive.Reading) map[string]string {
	out := map[string]string{}
	for _, s := range slices.Backward(m.statuses) {
		if s.activity == "" {
			continue
		}
		for _, x := range r.Of(s.activity, s.where) {
			out[x.ID] = s.status
		}
	}
	return out
}

// signature is equal for equal facts and activities. An occurrence of a roll-up is its number, whenever it was.
func (a *auditor) signature(l lead) string {
	var same []string
	for _, x := range l.activities {
		if a.model.logged(x.kind) {
			same = append(same, fmt.Sprint(x)) // maps print in the order of their keys
			continue
		}
		same = append(same, x.id)
	}
	slices.Sort(same)
	return fmt.Sprint(l.facts, same)
}

// nameOf is the model's name of a value of the account, empty if it has none.
func nameOf(names map[string]string, value string) string {
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if names[name] == value && value != "" {
			return name
		}
	}
	return ""
}

func (a *auditor) factsOf(contact *record) map[string]any {
	facts := map[string]any{}
	for _, f := range a.model.facts {
		if f.count != "" || f.deals != "" {
			continue
		}
		from := f.from
		if own := a.in.Mapping.Sources[f.name]; len(own) > 0 {
			from = own
		}
		if v, _ := a.firstValue(contact, from, f.typ); v != nil {
			facts[f.name] = v
		}
	}
	read := len(facts)
	for _, f := range a.model.facts {
		if f.count != "" {
			facts[f.name] = float64(a.counted(contact, f.count, read))
		}
		if f.deals != "" {
			if v := a.dealsSay(contact, f.deals); v != nil {
				facts[f.name] = v
			}
		}
	}
	return facts
}

// firstValue is the value of the first source that has one, and this source; nil if there is none.
func (a *auditor) firstValue(contact *record, from []string, typ string) (value any, source string) {
	for _, source := range from {
		object, name, _ := strings.Cut(source, ".")
		name, domain := strings.CutSuffix(name, "@domain")
		r := contact
		if object == "company" {
			r = a.world.company(contact)
		}
		if r == nil || r.props[name] == "" {
			continue
		}
		text := r.props[name]
		if domain {
			_, text, _ = strings.Cut(strings.ToLower(text), "@")
		}
		if v := typed(text, typ); v != nil {
			return v, source
		}
	}
	return nil, ""
}

// sourcesOf are the sources from which the facts of a contact come.
func (a *auditor) sourcesOf(contact *record) []string {
	var out []string
	for _, f := range a.model.facts {
		from := f.from
		if own := a.in.Mapping.Sources[f.name]; len(own) > 0 {
			from = own
		}
		_, source := a.firstValue(contact, from, f.typ)
		out = append(out, source)
	}
	return out
}

func typed(text, typ string) any {
	switch typ {
	case "number":
		if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
			return n
		}
		return nil
	case "bool":
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
		return nil
	case "time":
		if at, ok := crmTime(text); ok {
			return at
		}
		return nil
	}
	if text == "" {
		return nil
	}
	return text
}

func (a *auditor) counted(contact *record, what string, read int) int {
	if what == "known_properties" {
		return read
	}
	if c := a.contacts[contact.id]; what == "recycled" && c != nil {
		return c.memory.recycled
	}
	n := 0
	for _, d := range a.world.linked(contact, simulator.Deals) {
		closed, won := d.props["hs_is_closed"] == "true", d.props["hs_is_closed_won"] == "true"
		switch what {
		case "open_deals":
			n += yes(!closed && !won)
		case "won_deals":
			n += yes(won)
		case "lost_deals":
			n += yes(closed && !won)
		}
	}
	return n
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

// logged are the calls, meetings, mails and the like of a contact. Our own tasks are none.
func (a *auditor) logged(contact *record, k kind) []activity {
	var out []activity
	for _, r := range a.world.linked(contact, k.object+"s") {
		at, ok := crmTime(r.props["hs_timestamp"])
		if !ok || r.typ == simulator.Tasks && r.props[a.in.Mapping.KeyProperty] != "" {
			continue
		}
		attributes := map[string]string{}
		for name, property := range k.attributes {
			if v := r.props[property]; v != "" {
				attributes[name] = a.word(v)
			}
		}
		out = append(out, activity{id: k.object + "/" + r.id, kind: k.name, at: at, certain: true, attributes: attributes})
	}
	return out
}

// word is the model's word for an attribute's value.
func (a *auditor) word(value string) string {
	if w, ok := a.in.Mapping.Outcomes[value]; ok {
		return w
	}
	return strings.ToLower(value)
}
