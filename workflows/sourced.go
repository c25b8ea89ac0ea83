package workflows

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
)

// SourceEvent is one occurrence of a kind of activity that an optional source told of: a submission of a form, or
// a visit to a page. Its ID is the source's.
type SourceEvent struct {
	ID   string
	At   time.Time
	Name string // of the form; empty for a visit
	Page string // without query and fragment
	// Fresh says that it happened after the source was first read. Older ones may be of a time that the counter
	// was never asked about: they explain what the counter tells and are nothing by themselves.
	Fresh bool
}

// The attributes that optional sources give.
const (
	attributeName = "name"
	attributePage = "page"
)

// Sourced joins what a counter tells (Occurrences of the kind) with the events of an optional source. It is a pure
// function of the two sets (rule 13).
func Sourced(k scoring.ActivityKind, counted []scoring.Activity, events []SourceEvent) []scoring.Activity {
	events = distinct(events)
	if len(events) == 0 || k.Counter == nil {
		return counted
	}
	j := joint{acts: slices.Clone(counted), events: events, of: make([]int, len(counted)), used: make([]bool, len(events))}
	for i := range j.of {
		j.of[i] = -1
	}
	j.certain()
	j.uncertain()
	for i, e := range j.of {
		if e >= 0 {
			j.acts[i] = withEvent(j.acts[i], events[e])
		}
	}
	if k.Counter.Property != "" {
		j.ahead(k.Kind, counted)
	}
	return j.acts[max(0, len(j.acts)-maxOccurrences):]
}

// distinct are the events by time, each once.
func distinct(events []SourceEvent) []SourceEvent {
	events = slices.Clone(events)
	slices.SortFunc(events, compareEvents)
	seen := map[string]bool{}
	return slices.DeleteFunc(events, func(e SourceEvent) bool {
		twice := seen[e.ID]
		seen[e.ID] = true
		return twice
	})
}

func compareEvents(a, b SourceEvent) int {
	fresh := func(e SourceEvent) int {
		if e.Fresh {
			return 0
		}
		return 1
	}
	return cmp.Or(
		a.At.Compare(b.At), strings.Compare(a.ID, b.ID), fresh(a)-fresh(b), strings.Compare(a.Name, b.Name), strings.Compare(a.Page, b.Page),
	)
}

// joint is the work on one contact's occurrences of one kind.
type joint struct {
	acts   []scoring.Activity
	events []SourceEvent // by time
	of     []int         // the event that each occurrence is, -1 if none
	used   []bool        // the events that are an occurrence
}

// pair is an occurrence and an event that may be it.
type pair struct {
	act, event int
	apart      time.Duration
}

// certain matches the occurrences whose date the contact had with events within a minute, the closest first.
func (j *joint) certain() {
	var pairs []pair
	for i, a := range j.acts {
		if a.Uncertain {
			continue
		}
		for e := j.from(a.At.Add(-together)); e < len(j.events) && !j.events[e].At.After(a.At.Add(together)); e++ {
			pairs = append(pairs, pair{i, e, j.events[e].At.Sub(a.At).Abs()})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.apart, b.apart), cmp.Compare(a.act, b.act), cmp.Compare(a.event, b.event))
	})
	for _, p := range pairs {
		if j.of[p.act] < 0 && !j.used[p.event] {
			j.of[p.act], j.used[p.event] = p.event, true
		}
	}
}

// uncertain matches occurrences of which only the bounds are known with events between them. Whose time ends first
// takes the first event, so that as many as possible are matched.
func (j *joint) uncertain() {
	var open []int
	for i, a := range j.acts {
		if a.Uncertain {
			open = append(open, i)
		}
	}
	slices.SortStableFunc(open, func(a, b int) int { return ends(j.acts[a]).Compare(ends(j.acts[b])) })
	for _, i := range open {
		begin := j.acts[i].At
		if !j.acts[i].NotBefore.IsZero() {
			begin = j.acts[i].NotBefore
		}
		end := ends(j.acts[i]).Add(together)
		for e := j.from(begin.Add(-together)); e < len(j.events) && !j.events[e].At.After(end); e++ {
			if !j.used[e] {
				j.of[i], j.used[e] = e, true
				break
			}
		}
	}
}

// ahead adds the fresh events that the counter has not come to, with the numbers that it will give them.
func (j *joint) ahead(kind string, counted []scoring.Activity) {
	var number int64
	var last time.Time
	for _, a := range counted {
		_, digits, _ := strings.Cut(a.ID, "/")
		if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
			number = max(number, n)
		}
		last = later(last, ends(a).Add(together))
	}
	for e, event := range j.events {
		if j.used[e] || !event.Fresh || !event.At.After(last) {
			continue
		}
		number++
		j.acts = append(j.acts, withEvent(scoring.Activity{ID: fmt.Sprintf("%s/%d", kind, number), Kind: kind}, event))
	}
}

// from is the first event at or after a moment.
func (j *joint) from(at time.Time) int {
	i, _ := slices.BinarySearchFunc(j.events, at, func(e SourceEvent, at time.Time) int { return e.At.Compare(at) })
	return i
}

// ends is the latest moment at which an occurrence can have happened.
func ends(a scoring.Activity) time.Time { return later(a.At, a.NotAfter) }

// begins is the earliest moment at which an occurrence can have happened.
func begins(a scoring.Activity) time.Time {
	if !a.NotBefore.IsZero() && a.NotBefore.Before(a.At) {
		return a.NotBefore
	}
	return a.At
}

// withEvent is an occurrence with what an event says of it.
func withEvent(a scoring.Activity, e SourceEvent) scoring.Activity {
	a.At, a.Uncertain, a.NotBefore, a.NotAfter = e.At, false, time.Time{}, time.Time{}
	a.Attributes = maps.Clone(a.Attributes)
	for name, value := range map[string]string{attributeName: e.Name, attributePage: e.Page} {
		if value == "" {
			continue
		}
		if a.Attributes == nil {
			a.Attributes = map[string]string{}
		}
		a.Attributes[name] = value
	}
	return a
}

// sourced are the events of the optional source of a kind of activity; nil if the portal reads none for it. A kind
// has one if it counts what the source shows.
func (p *Portal) sourced(k scoring.ActivityKind, r LeadRecord) []SourceEvent {
	switch {
	case k.Counter == nil || k.Counter.Property == "":
	case p.Submissions && k.Counter.Property == p.Names.Submissions:
		return r.Submissions
	case p.PageVisits && k.Counter.Property == p.Names.PageVisits:
		return r.Visits
	}
	return nil
}

// visited is since when the visits of a contact are to be read: from before its counter moved; zero if they are
// not, because the counter stands still or the portal does not want to know.
func (p *Portal) visited(contact connector.Object, before, fresh []Observation) time.Time {
	if !p.PageVisits || p.Names.PageVisits == "" {
		return time.Time{}
	}
	moved := slices.ContainsFunc(fresh, func(o Observation) bool { return o.Property == p.Names.PageVisits && o.Value != "" })
	if !moved {
		return time.Time{}
	}
	past := pastOf(before, p.Names.PageVisits)
	if len(past) == 0 {
		return contact.CreatedAt.Add(-anonymous)
	}
	return past[len(past)-1].At.Add(-maxSkew)
}

// anonymous is how long before a contact was known its visits are looked for.
const anonymous = 30 * 24 * time.Hour

// SubmissionID identifies a submission that the CRM gives no id: it is the same whenever it is listed.
func SubmissionID(form string, s connector.Submission) string {
	return short(fmt.Sprintf("%q %q %d", form, strings.ToLower(s.Email), s.At.UnixMicro()))
}

// VisitID identifies a visit that the CRM gives no id.
func VisitID(contact connector.ObjectID, v connector.Occurrence) string {
	return short(fmt.Sprintf("%q %q %d", contact, v.Page, v.At.UnixMicro()))
}
