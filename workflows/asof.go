package workflows

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// Basis says of which time something in an evaluation of the past is.
type Basis string

// The bases, the most reliable first.
const (
	OfThen   Basis = "then"     // a history, or a record that was not changed since, says that it was so
	Inferred Basis = "inferred" // what is stored of before and after suggests it; others may have changed it in between
	OfToday  Basis = "today"    // no history is stored: taken as it is now
	Unknown  Basis = "unknown"  // known to have been otherwise, or perhaps not there yet, so it is left out
)

// weight orders bases, the most reliable first.
func (b Basis) weight() int { return slices.Index([]Basis{OfThen, Inferred, OfToday, Unknown}, b) }

// The parts of a lead that an evaluation of the past tells the basis of.
const (
	KnownFact     = "fact"
	KnownStage    = "stage"
	KnownStatus   = "status"
	KnownActivity = "activity" // a kind of activity
	KnownWritten  = "written"  // the scores that the CRM had been told
)

// Knowledge says how well one part of a lead is known of a past moment. Reason is the one of the part that is
// known worst.
type Knowledge struct {
	What   string         `json:"what"`           // KnownFact and so on
	Name   string         `json:"name,omitempty"` // of the fact or the kind of activity
	Basis  Basis          `json:"basis"`
	Reason scoring.Reason `json:"reason"`
}

// Reasons of what is known of a past moment. Times are RFC 3339 in UTC.
const (
	ReasonVersion     scoring.ReasonCode = "stored_version"     // at
	ReasonUnmodified  scoring.ReasonCode = "not_modified_since" // at
	ReasonNotSetYet   scoring.ReasonCode = "not_set_yet"        // at, when it first was; none if it never was
	ReasonSince       scoring.ReasonCode = "so_since"           // at
	ReasonMoves       scoring.ReasonCode = "between_moves"      // after, before: moves that are stored; one may be missing
	ReasonNoHistory   scoring.ReasonCode = "no_history"         // nothing is stored
	ReasonTooShort    scoring.ReasonCode = "history_too_short"  // at: how far back it goes
	ReasonOther       scoring.ReasonCode = "another_company"    // company: the id of then
	ReasonHappened    scoring.ReasonCode = "happened_by_then"   // times
	ReasonLogged      scoring.ReasonCode = "logged_later"       // times: had happened, but nobody had told the CRM
	ReasonEdited      scoring.ReasonCode = "edited_since"       // times: what they came to is told as of today
	ReasonMaybe       scoring.ReasonCode = "maybe_by_then"      // times: not counted
	ReasonWrittenThen scoring.ReasonCode = "written_by_then"    // at
	ReasonUnwritten   scoring.ReasonCode = "writing_not_stored" // taken as if written at that moment
	ReasonFuture      scoring.ReasonCode = "if_nothing_happens" // the moment lies ahead
	ReasonNotRead     scoring.ReasonCode = "not_read"           // property: the model in use does not read it, so it is not here
)

// fewVersions is how many versions of a property a CRM surely keeps; of a property with as many or more, older ones
// may have been dropped (HubSpot keeps about twenty).
const fewVersions = 10

// Past is what AsOf looks back with: everything stored about a contact, and what the CRM itself told of the past of
// the contact, its companies and its deals (nil if it was not asked).
type Past struct {
	Portal *Portal
	Model  *scoring.Model
	// Mirror is the model by which the mirror was read: what it does not ask for is not there. Nil: Model.
	Mirror    *scoring.Model
	Record    LeadRecord
	Decisions []Decision // in any order
	Told      map[connector.Ref]connector.History
	At, Now   time.Time
}

// Then is a lead as it was at a moment, as far as anybody knows.
type Then struct {
	Lead  scoring.Lead
	Known []Knowledge // facts in the model's order, stage, status, kinds of activity, what was written
}

// AsOf is the lead of a contact at a moment: with what was true then, as far as a history says; what has no history
// is as it is now and named as such. The account's settings (order of stages, mapping, switches) are today's, and what
// the CRM has deleted since is not there. At now or later it is the lead of now: what will be if nothing happens.
// It is pure.
//
//   - A property has the version that was in force, told by the CRM or stored here; without one the value of now, which
//     is of then if its record was not modified since.
//   - A deal counts if it had been created; whether it was closed is a property.
//   - What is certainly dated not later than the moment had happened, even if it was logged or read afterwards. Of what
//     is not dated exactly that counts which surely had happened: the counter had been seen that high by then, or it
//     happened not after it. What may have happened is named, not counted.
//   - The lead status and stage are those of the last move before; people's moves are in the CRM's history.
//   - Which scores had been written is known of the time since the last writing.
func AsOf(past Past) Then {
	l := &rewinder{Past: past, bases: map[string]verdict{}, read: map[connector.ObjectType][]string{}}
	if !past.At.Before(past.Now) {
		return l.ahead()
	}
	l.rewind()
	then := Then{Lead: LeadOf(l.Portal, l.Model, l.record)}
	then.Known = l.factsKnown()
	stage, v := l.standing(ClassStage)
	then.Lead.Stage = stage
	then.Known = append(then.Known, v.known(KnownStage, ""))
	status, v := l.standing(ClassStatus)
	then.Lead.Status = status
	then.Known = append(then.Known, v.known(KnownStatus, ""))
	activities, known := l.activities()
	then.Lead.Activities = activities
	then.Known = append(append(then.Known, known...), l.written(&then.Lead))
	return then
}

// ahead is the lead of now.
func (l *rewinder) ahead() Then {
	then := Then{Lead: LeadOf(l.Portal, l.Model, l.Record)}
	v := verdict{OfToday, scoring.Reason{Code: ReasonFuture}}
	if l.At.Equal(l.Now) {
		v = verdict{OfThen, scoring.Reason{Code: ReasonUnmodified, Params: instant(l.Now)}}
	}
	for _, f := range l.Model.Facts() {
		known := v
		for _, source := range l.Portal.sources(f) {
			kind, prop, _ := strings.Cut(withoutDomain(source), ".")
			if missing, ok := l.unread(connector.ObjectType(kind), prop); f.Count == "" && ok {
				known = known.or(missing)
			}
		}
		then.Known = append(then.Known, known.known(KnownFact, f.Name))
	}
	then.Known = append(then.Known, v.known(KnownStage, ""), v.known(KnownStatus, ""))
	for _, k := range l.Portal.Kinds(l.Model) {
		if missing, ok := l.unreadKind(k); ok {
			then.Known = append(then.Known, missing.known(KnownActivity, k.Kind))
		}
	}
	return then
}

// unread says that the mirror does not have a property because nobody asked for it.
func (l *rewinder) unread(t connector.ObjectType, prop string) (verdict, bool) {
	if l.Mirror == nil || prop == "" {
		return verdict{}, false
	}
	if l.read[t] == nil {
		l.read[t] = l.Portal.Properties(l.Mirror, t)
	}
	if slices.Contains(l.read[t], prop) {
		return verdict{}, false
	}
	return verdict{Unknown, scoring.Reason{Code: ReasonNotRead, Params: map[string]string{"property": string(t) + "." + prop}}}, true
}

// verdict is how well something is known.
type verdict struct {
	basis  Basis
	reason scoring.Reason
}

func (v verdict) known(what, name string) Knowledge {
	return Knowledge{What: what, Name: name, Basis: v.basis, Reason: v.reason}
}

// or is the worse of two verdicts, the first of equal ones.
func (v verdict) or(other verdict) verdict {
	if v.basis == "" || other.basis != "" && other.basis.weight() > v.basis.weight() {
		return other
	}
	return v
}

func instant(at time.Time) map[string]string {
	return map[string]string{"at": at.UTC().Format(time.RFC3339)}
}

func times(n int) map[string]string { return map[string]string{"times": strconv.Itoa(n)} }

// rewinder looks back at one contact.
type rewinder struct {
	Past
	record LeadRecord         // as it was then
	bases  map[string]verdict // by source of a fact ("contact.budget"), and "deals"
	read   map[connector.ObjectType][]string
}

// rewind makes the record of then and notes how well each source of a fact is known.
func (l *rewinder) rewind() {
	l.record = l.Record
	l.record.Pending, l.record.Returning = nil, nil
	l.record.Contact = l.reverted(l.Record.Contact, "contact", verdict{})
	l.company()
	l.deals()
	l.record.State = nil
}

// reverted is a record with the properties that facts are made of as they were.
func (l *rewinder) reverted(o connector.Object, kind string, link verdict) connector.Object {
	props := make(map[string]string, len(o.Properties))
	for _, prop := range compacted(l.Portal.sourceProperties(l.Model, kind)) {
		value, v := l.property(o, prop)
		if value != "" {
			props[prop] = value
		}
		l.bases[kind+"."+prop] = v.or(link)
	}
	o.Properties = props
	return o
}

// property is the value that a record's property had, and how well that is known.
func (l *rewinder) property(o connector.Object, prop string) (string, verdict) {
	now := o.Properties[prop]
	missing, unread := l.unread(o.Type, prop)
	if versions, asked := l.Told[connector.Ref{Type: o.Type, ID: o.ID}][prop]; asked {
		if value, v, ok := l.version(versions, now); ok {
			return value, v
		}
	}
	if o.Type == connector.TypeContact {
		past := pastOf(l.Record.Observations, prop)
		if i, value, ok := valueAt(past, l.At); ok {
			return value, verdict{OfThen, scoring.Reason{Code: ReasonVersion, Params: instant(past[i].At)}}
		}
	}
	if unread {
		return "", missing
	}
	if !o.UpdatedAt.IsZero() && !o.UpdatedAt.After(l.At) {
		return now, verdict{OfThen, scoring.Reason{Code: ReasonUnmodified, Params: instant(o.UpdatedAt)}}
	}
	return now, verdict{OfToday, scoring.Reason{Code: ReasonNoHistory}}
}

// version is the value of then by what the CRM told; ok is false if that says nothing.
func (l *rewinder) version(versions []connector.Version, now string) (value string, v verdict, ok bool) {
	for _, one := range slices.Backward(versions) {
		if !one.At.After(l.At) {
			return one.Value, verdict{OfThen, scoring.Reason{Code: ReasonVersion, Params: instant(one.At)}}, true
		}
	}
	switch {
	case len(versions) >= fewVersions:
		return now, verdict{OfToday, scoring.Reason{Code: ReasonTooShort, Params: instant(versions[0].At)}}, true
	case len(versions) > 0:
		return "", verdict{OfThen, scoring.Reason{Code: ReasonNotSetYet, Params: instant(versions[0].At)}}, true
	case now == "":
		return "", verdict{OfThen, scoring.Reason{Code: ReasonNotSetYet}}, true
	}
	return "", verdict{}, false // a value without a history: calculated, or the CRM keeps none of it
}

// company is the company that the contact belonged to.
func (l *rewinder) company() {
	l.record.Companies = nil
	id, link := l.property(l.Record.Contact, l.Portal.Names.CompanyID)
	if len(l.Record.Companies) > 0 && string(l.Record.Companies[0].ID) == id {
		l.record.Companies = []connector.Object{l.reverted(l.Record.Companies[0], "company", link)}
		return
	}
	v := link
	switch {
	case id != "":
		v = verdict{Unknown, scoring.Reason{Code: ReasonOther, Params: map[string]string{"company": id}}}
	case len(l.Record.Companies) > 0 && link.basis != OfThen:
		// The mirror links a company, the contact names none: the link is all there is, and nobody dates it.
		l.record.Companies = []connector.Object{l.reverted(l.Record.Companies[0], "company", link)}
		return
	}
	for _, prop := range l.Portal.sourceProperties(l.Model, "company") {
		l.bases["company."+prop] = v
	}
}

// deals are those that there were.
func (l *rewinder) deals() {
	l.record.Deals = nil
	v := verdict{OfThen, scoring.Reason{Code: ReasonHappened, Params: times(0)}}
	for _, d := range l.Record.Deals {
		switch {
		case d.CreatedAt.After(l.At):
			continue
		case d.CreatedAt.IsZero():
			v = v.or(verdict{OfToday, scoring.Reason{Code: ReasonNoHistory}})
		}
		props := map[string]string{}
		for _, prop := range compacted(append(l.Portal.dealFacts(l.Model), l.Portal.Names.DealClosed, l.Portal.Names.DealWon)) {
			value, known := l.property(d, prop)
			props[prop] = value
			v = v.or(known)
		}
		d.Properties = props
		l.record.Deals = append(l.record.Deals, d)
	}
	if v.reason.Code == ReasonHappened {
		v.reason.Params = times(len(l.record.Deals))
	}
	l.bases["deals"] = v
}

// factsKnown says of each fact how well it is known: as well as the worst of the sources that decided it.
func (l *rewinder) factsKnown() []Knowledge {
	var known []Knowledge
	all := verdict{}
	for _, f := range l.Model.Facts() {
		if f.Count != "" {
			continue
		}
		all = all.or(l.factKnown(f))
	}
	for _, f := range l.Model.Facts() {
		v := l.bases["deals"]
		switch f.Count {
		case "":
			v = l.factKnown(f)
		case "known_properties":
			v = all
		}
		known = append(known, v.known(KnownFact, f.Name))
	}
	return known
}

func (l *rewinder) factKnown(f scoring.Fact) verdict {
	v := verdict{}
	for _, source := range l.Portal.sources(f) {
		v = v.or(l.bases[withoutDomain(source)])
		if parseValue(f.Type, sourceText(source, l.record.Contact.Properties, l.record.Companies)).Known() {
			break
		}
	}
	if v.basis == "" {
		return verdict{OfToday, scoring.Reason{Code: ReasonNoHistory}} // a source that is no property
	}
	return v
}
