package workflows

import (
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

func withoutDomain(source string) string { return strings.TrimSuffix(source, domainSuffix) }

// activities are those that had happened then, and of each kind how well that is known.
func (l *rewinder) activities() ([]scoring.Activity, []Knowledge) {
	var acts []scoring.Activity
	var known []Knowledge
	for _, k := range l.Portal.Kinds(l.Model) {
		var some []scoring.Activity
		var v verdict
		switch {
		case k.Counter != nil:
			some, v = l.counted(k)
		case k.Object != "":
			some, v = l.logged(k)
		default:
			continue // made of others
		}
		if missing, ok := l.unreadKind(k); ok {
			v = v.or(missing)
		}
		acts = append(acts, slices.DeleteFunc(some, func(a scoring.Activity) bool { return !l.Record.State.counts(a) })...)
		known = append(known, v.known(KnownActivity, k.Kind))
	}
	return acts, known
}

// unreadKind says that the mirror lacks something that a kind of activity is made of.
func (l *rewinder) unreadKind(k scoring.ActivityKind) (verdict, bool) {
	of, props := connector.TypeContact, tracked(k)
	if k.Counter == nil {
		of = connector.ObjectType(k.Object)
		for _, prop := range k.Attributes {
			props = append(props, prop)
		}
		if l.Mirror != nil && k.Object != "" && !l.Portal.Reads(l.Mirror, of) {
			return verdict{Unknown, scoring.Reason{Code: ReasonNotRead, Params: map[string]string{"property": k.Object}}}, true
		}
	}
	told := l.Told[connector.Ref{Type: of, ID: l.Record.Contact.ID}]
	for _, prop := range compacted(props) {
		if missing, ok := l.unread(of, prop); ok && len(told[prop]) == 0 {
			return missing, true
		}
	}
	return verdict{}, false
}

// counted are the occurrences of a roll-up that had happened.
func (l *rewinder) counted(k scoring.ActivityKind) ([]scoring.Activity, verdict) {
	by := map[string]scoring.Activity{} // what was known by then
	seen := l.Record
	seen.Observations = slices.DeleteFunc(slices.Clone(seen.Observations), func(o Observation) bool { return o.At.After(l.At) })
	for _, a := range Occurrences(k, seen.Observations, seen.Contact.CreatedAt) {
		by[a.ID] = a
	}
	var acts []scoring.Activity
	maybe := 0
	for _, a := range Sourced(k, Occurrences(k, l.observations(k), l.Record.Contact.CreatedAt), l.Portal.sourced(k, l.Record)) {
		end := a.NotAfter
		if !a.Uncertain {
			end = a.At
		}
		before, counted := by[a.ID]
		switch {
		case !end.IsZero() && !end.After(l.At):
			acts = append(acts, a)
		case counted && !before.At.After(l.At):
			acts = append(acts, before)
		case !a.At.After(l.At):
			maybe++
		}
	}
	if maybe > 0 {
		return acts, verdict{Unknown, scoring.Reason{Code: ReasonMaybe, Params: times(maybe)}}
	}
	return acts, verdict{OfThen, scoring.Reason{Code: ReasonHappened, Params: times(len(acts))}}
}

// observations are all that is known of the past of a roll-up, with what the CRM told now.
func (l *rewinder) observations(k scoring.ActivityKind) []Observation {
	told := l.Told[connector.Ref{Type: connector.TypeContact, ID: l.Record.Contact.ID}]
	history := connector.History{}
	for _, prop := range tracked(k) {
		if versions := told[prop]; len(versions) > 0 {
			history[prop] = versions
		}
	}
	return append(slices.Clone(l.Record.Observations), observed(history, l.Record.Observations)...)
}

// logged are the calls, meetings and the like that had happened, and those that were planned by then.
func (l *rewinder) logged(k scoring.ActivityKind) ([]scoring.Activity, verdict) {
	record, since, later := l.Record, 0, 0
	record.Activities = nil
	for _, o := range l.Record.Activities {
		at, ok := parseTime(o.Properties[l.Portal.Names.ActivityTime])
		planned := !o.CreatedAt.IsZero() && !o.CreatedAt.After(l.At)
		if string(o.Type) != k.Object || l.Portal.Own(o) || !ok || at.After(l.At) && !planned {
			continue
		}
		record.Activities = append(record.Activities, o)
		switch {
		case o.CreatedAt.After(l.At):
			later++
		case o.UpdatedAt.After(l.At):
			since++
		}
	}
	record.Observations, record.Submissions, record.Visits = nil, nil, nil
	acts := slices.DeleteFunc(activitiesOf(l.Portal, l.Model, record), func(a scoring.Activity) bool { return a.Kind != k.Kind })
	switch {
	case since > 0:
		return acts, verdict{OfToday, scoring.Reason{Code: ReasonEdited, Params: times(since)}}
	case later > 0:
		return acts, verdict{OfThen, scoring.Reason{Code: ReasonLogged, Params: times(later)}}
	}
	return acts, verdict{OfThen, scoring.Reason{Code: ReasonHappened, Params: times(len(acts))}}
}

// HistoryAsk is one question to a CRM that keeps the history of properties.
type HistoryAsk struct {
	Type  connector.ObjectType
	IDs   []connector.ObjectID
	Props []string
}

// HistoryAsks are the questions whose answers AsOf can use: about the contact, its companies and its deals.
func HistoryAsks(p *Portal, m *scoring.Model, r LeadRecord) []HistoryAsk {
	var asks []HistoryAsk
	ask := func(t connector.ObjectType, props []string, objects ...connector.Object) {
		one := HistoryAsk{Type: t, Props: compacted(props)}
		for _, o := range objects {
			if o.ID != "" {
				one.IDs = append(one.IDs, o.ID)
			}
		}
		if len(one.IDs) > 0 && len(one.Props) > 0 {
			asks = append(asks, one)
		}
	}
	contact := append(p.remembered(m), p.sourceProperties(m, "contact")...)
	ask(connector.TypeContact, append(contact, p.Names.CompanyID), r.Contact)
	ask(connector.TypeCompany, p.sourceProperties(m, "company"), r.Companies...)
	ask(connector.TypeDeal, append(p.dealFacts(m), p.Names.DealClosed, p.Names.DealWon), r.Deals...)
	return asks
}

// ModelThen is the version of the model that was in force at a moment: that of the contact's last decision by then,
// or a version that was first used after it; since is when. version is empty if nothing of that time is stored.
func ModelThen(models []StoredModel, decisions []Decision, at time.Time) (version string, since time.Time) {
	consider := func(v string, from time.Time) {
		if v != "" && !from.After(at) && from.After(since) {
			version, since = v, from
		}
	}
	for _, d := range decisions {
		consider(d.Model, d.At)
	}
	for _, m := range models {
		consider(m.Version, m.FirstUsed)
	}
	return version, since
}

// StoredModel is a version of the model that a portal has used.
type StoredModel struct {
	Version   string
	Canonical []byte    // its text: scoring.Parse reads it
	FirstUsed time.Time // operating time
}
