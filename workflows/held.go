package workflows

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// Prints are fingerprints of what a look at a held contact showed, one for each thing of the account that facts and
// activities are made of, under a name that does not depend on the model. The next look is compared with them (rule
// 1), whatever the model is by then: a name that one of the two does not have was not looked at both times, and
// decides nothing. They are eight bytes each, of the name and of the value, by name.
type Prints []byte

const printSize = 8

// sight is what a look shows, by the hash of its name.
type sight map[uint32]uint32

func hashOf(text string) uint32 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // never fails
	sum := h.Sum64()
	return uint32(sum>>32) ^ uint32(sum) //nolint:gosec // both halves count
}

func (s sight) prints() Prints {
	out := make(Prints, 0, len(s)*printSize)
	for _, name := range slices.Sorted(maps.Keys(s)) {
		out = binary.BigEndian.AppendUint32(out, name)
		out = binary.BigEndian.AppendUint32(out, s[name])
	}
	return out
}

func (p Prints) sight() sight {
	s := make(sight, len(p)/printSize)
	for chunk := range slices.Chunk(p, printSize) {
		if len(chunk) == printSize {
			s[binary.BigEndian.Uint32(chunk)] = binary.BigEndian.Uint32(chunk[4:])
		}
	}
	return s
}

// sighting is the comparison of what a contact is made of now with what the last look showed.
type sighting struct {
	portal *Portal
	model  *scoring.Model
	record LeadRecord
	lead   scoring.Lead

	before  sight
	now     sight
	changed bool
	first   bool // something was not seen by the last look
	// settling says that the contact has only just arrived: companies are being linked to it.
	settling bool
}

// sighted looks at a contact. Everything that was seen by the last look too is compared; what could not be seen now
// stays as it was seen last.
func sighted(p *Portal, m *scoring.Model, r LeadRecord, lead scoring.Lead, now time.Time) sighting {
	l := sighting{portal: p, model: m, record: r, lead: lead, before: sight{}, now: sight{}}
	if r.State != nil {
		l.before = r.State.Prints.sight()
		l.settling = r.State.Held && !r.State.Arrived.IsZero() && now.Sub(r.State.Arrived) < settling
	}
	contact := withPending(r)
	l.see("stage", contact[p.Names.Stage])
	l.see("status", contact[p.Names.Status])
	for _, f := range m.Facts() {
		switch f.Count {
		case "":
			l.fact(f, contact)
		case "known_properties": // of other facts, each of which is looked at
		case countRecycled: // ours
		default:
			l.deals(f.Count)
		}
	}
	l.count()
	l.activities()
	return l
}

// see compares a value that can be seen.
func (l *sighting) see(name, value string) {
	key, seen := hashOf(name), hashOf(value)
	last, before := l.before[key]
	l.now[key] = seen
	l.first = l.first || !before
	l.changed = l.changed || before && last != seen
}

// miss keeps what the last look saw of something that cannot be seen now.
func (l *sighting) miss(name string) {
	key := hashOf(name)
	if last, seen := l.before[key]; seen {
		l.now[key] = last
	}
}

// count notes the deals of every kind: they are read whether or not the model counts them.
func (l *sighting) count() {
	for _, what := range []string{"open_deals", "won_deals", "lost_deals"} {
		l.now[hashOf("deals/"+what)] = hashOf(strconv.Itoa(counted(l.portal, what, l.record)))
	}
}

// fact looks at the sources of a fact. A source behind one that has a value, and had it, is none of the fact.
func (l *sighting) fact(f scoring.Fact, contact map[string]string) {
	decided := false
	for _, source := range l.portal.sources(f) {
		name := string(f.Type) + " " + source
		if !l.shows(source) {
			l.miss(name)
			continue
		}
		if l.settling && strings.HasPrefix(source, string(connector.TypeCompany)+".") {
			continue // what it is when it has settled is what it was
		}
		value := parseValue(f.Type, sourceText(source, contact, l.record.Companies))
		text := ""
		if value.Known() {
			text = fmt.Sprintf("%q %v %v %d", value.Text, value.Number, value.Bool, value.Time.UnixMicro())
		}
		key := hashOf(name)
		last, seen := l.before[key]
		l.now[key] = hashOf(text)
		if decided || !seen {
			continue
		}
		l.changed = l.changed || last != l.now[key]
		decided = value.Known()
	}
}

// shows reports whether the record says what a source holds: whether its property was asked for.
func (l *sighting) shows(source string) bool {
	kind, prop, _ := strings.Cut(strings.TrimSuffix(source, domainSuffix), ".")
	return !slices.Contains(l.record.Unread[connector.ObjectType(kind)], prop)
}

// activities looks at the activities of each kind that the portal tracks.
func (l *sighting) activities() {
	ids := map[string][]scoring.Activity{}
	for _, a := range l.lead.Activities {
		ids[a.Kind] = append(ids[a.Kind], a)
	}
	raw := map[string]connector.Object{}
	for _, o := range l.record.Activities {
		raw[string(o.Type)+"/"+string(o.ID)] = o
	}
	for _, k := range l.portal.Kinds(l.model) {
		if k.Counter != nil {
			l.counter(k, ids[k.Kind])
			continue
		}
		l.see("activities "+k.Object, listed(ids[k.Kind], func(a scoring.Activity) string {
			return fmt.Sprintf("%s %d", a.ID, a.At.UnixMicro())
		}))
		for _, prop := range k.Attributes {
			name := "activities " + k.Object + "." + prop
			if slices.Contains(l.record.Unread[connector.ObjectType(k.Object)], prop) {
				l.miss(name)
				continue
			}
			l.see(name, listed(ids[k.Kind], func(a scoring.Activity) string {
				return fmt.Sprintf("%s %q", a.ID, raw[a.ID].Properties[prop])
			}))
		}
	}
}

// counter looks at the occurrences of a roll-up. Only their identity counts: learning later when one happened is no
// change of the contact.
func (l *sighting) counter(k scoring.ActivityKind, acts []scoring.Activity) {
	prop := k.Counter.Property
	if prop == "" {
		prop = k.Counter.LastProperty
	}
	name := "counter " + prop
	if slices.Contains(l.record.Unread[connector.TypeContact], prop) {
		l.miss(name)
		return
	}
	l.see(name, listed(acts, func(a scoring.Activity) string { return strings.TrimPrefix(a.ID, k.Kind+"/") }))
}

func listed(acts []scoring.Activity, text func(scoring.Activity) string) string {
	texts := make([]string, 0, len(acts))
	for _, a := range acts {
		texts = append(texts, text(a))
	}
	slices.Sort(texts)
	return strings.Join(texts, "\n")
}

// stays reports whether a held contact stays held: nothing about it has changed since the last look. It remembers
// this one.
func (pl *planner) stays() bool {
	st := &pl.out.State
	if !st.Held {
		return false
	}
	l := sighted(pl.Portal, pl.Model, pl.Record, pl.Lead, pl.Now)
	if l.first || st.Model != pl.Model.Version() { // what another model finds was there (rule 4)
		if a, ok := latestStatusActivity(pl.Model, pl.Lead, pl.Now); ok && !l.changed {
			st.StatusActivity = a.ID
		}
	}
	if st.FactsHash == "" || len(st.Prints) > 0 {
		st.FactsHash, st.Prints = "", l.now.prints()
		return !l.changed
	}
	hash := hashFacts(pl.Portal, pl.Model, pl.Lead) // a state of a release that compared hashes
	same := sameBasis(hash, st.FactsHash)
	changed := same && hash != st.FactsHash
	if st.FactsHash = hash; !same || len(pl.Record.Unread) == 0 {
		st.FactsHash, st.Prints = "", l.now.prints()
	}
	return !changed
}

// release forgets what only a held contact is compared with.
func (pl *planner) release() { pl.out.State.FactsHash, pl.out.State.Prints = "", nil }

// ordered carries out what an operator has ordered for a held contact, and what became of that earlier.
func (pl *planner) ordered() {
	st := &pl.out.State
	if len(pl.Record.Orders) == 0 && len(st.Tasks) == 0 && len(st.Waits) == 0 {
		return
	}
	for _, f := range pl.Model.FollowUps() {
		pl.waited(f)
	}
	pl.backfills(true)
	pl.settle()
}

// forgetActivities remembers that a held contact has no activities: they count no more (rule 14).
func (pl *planner) forgetActivities() {
	st := &pl.out.State
	switch {
	case !st.Held:
		return
	case len(st.Prints) == 0:
		st.FactsHash = hashFacts(pl.Portal, pl.Model, pl.Lead)
		return
	}
	l := sighting{portal: pl.Portal, model: pl.Model, now: st.Prints.sight()}
	l.activities()
	st.Prints = l.now.prints()
}

// rebased is the state of a held contact that a release before prints left under another model or other sources, as if
// it had been looked at with them: what the mirror holds counts as seen, and so does that it does not hold what it was
// asked for.
func (r *Reconciler) rebased(mirror LeadRecord) *LeadState {
	s := mirror.State
	if s == nil || !s.Held || mirror.Contact.ID == "" || len(s.Prints) > 0 || sameBasis(s.FactsHash, basisOf(r.Portal, r.Model)) {
		return s
	}
	lead := LeadOf(r.Portal, r.Model, mirror)
	mirror.Unread = nil
	there := sighted(r.Portal, r.Model, mirror, lead, r.Now()).now
	nothing := hashOf("")
	maps.DeleteFunc(there, func(_, value uint32) bool { return value == nothing })
	mirror.Unread = r.Fill.unread(false)
	maps.Copy(there, sighted(r.Portal, r.Model, mirror, lead, r.Now()).now)
	state := *s
	state.FactsHash, state.Prints = "", there.prints()
	return &state
}
