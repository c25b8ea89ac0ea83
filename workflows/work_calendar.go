package workflows

import (
	"maps"
	"slices"
	"strings"
	"time"

	"leadsync/connector"
	"leadsync/scoring"
	"leadsync/scoring/calendar"
)

// Person is somebody of the account who is given work (rule 18), known to the configuration under a name of its own.
type Person struct {
	// Owner is the account's id of the owner, or the e-mail address until Plan has looked it up.
	Owner string
	// Calendar is the days off where the person works; nil is the portal's.
	Calendar *calendar.Calendar
	// Zone is where the person works; nil is what the CRM says of the owner, else the portal's.
	Zone *time.Location
	// Hours are the person's; nil are what the CRM says of the owner, else the portal's.
	Hours    *calendar.Hours
	Absences []Absence
	// Deputy is the name of who stands in during absences that name nobody of their own; empty is nobody.
	Deputy string
	// Team is what the person's answers are counted under (rule 19); empty is no team.
	Team string
	// TasksPerDay is how many tasks of ours may be due for the person on one day (rule 25), 0 for any number; nil is the
	// portal's.
	TasksPerDay *int
}

// Absence is when a person is away, and the name of who stands in then; empty is the person's deputy.
type Absence struct {
	calendar.Absence

	Deputy string
}

// Schedule is when an owner works. What the configuration says of the person goes first, then what the CRM says of the
// owner's zone and hours, then the portal's own. What the CRM says and cannot be read is nothing said.
func (p *Portal) Schedule(owner connector.Owner) calendar.Schedule {
	person := p.People[p.personOf(owner.ID)]
	place, hours, zone := p.Calendar, p.Hours, p.Calendar.Zone()
	if told, err := time.LoadLocation(owner.Zone); err == nil && owner.Zone != "" && owner.Zone != "Local" {
		zone = told
	}
	if told, err := calendar.ReadHours(owner.Hours); err == nil {
		hours = told
	}
	if person.Calendar != nil {
		place = *person.Calendar
	}
	if person.Zone != nil {
		zone = person.Zone
	}
	if person.Hours != nil {
		hours = *person.Hours
	}
	absences := make([]calendar.Absence, len(person.Absences))
	for i, a := range person.Absences {
		absences[i] = a.Absence
	}
	return calendar.NewSchedule(place.In(zone), hours, absences...)
}

// personOf is the name of an owner in the configuration, the first in the alphabet if two mean the same owner; empty if
// there is none.
func (p *Portal) personOf(id string) string {
	found := ""
	for name, person := range p.People {
		if id != "" && person.Owner == id && (found == "" || name < found) {
			found = name
		}
	}
	return found
}

// staffed is the portal with the ids of the people that are configured by e-mail address. Of several owners with one
// address it is the one who is there, then the one with the smallest id. Who is not found has left.
func (p *Portal) staffed(owners map[string]connector.Owner) *Portal {
	byAddress := func(person Person) bool { return strings.Contains(person.Owner, "@") }
	if !slices.ContainsFunc(slices.Collect(maps.Values(p.People)), byAddress) {
		return p
	}
	with := *p
	with.People = maps.Clone(p.People)
	for name, person := range p.People {
		if byAddress(person) {
			person.Owner = ownerOf(person.Owner, owners)
			with.People[name] = person
		}
	}
	return &with
}

// ownerOf is the id of the owner with an address; the address itself if there is none.
func ownerOf(address string, owners map[string]connector.Owner) string {
	found := address
	for _, id := range slices.Sorted(maps.Keys(owners)) {
		o := owners[id]
		if strings.EqualFold(o.Email, address) && (found == address || o.Active && o.Person && !owners[found].Active) {
			found = id
		}
	}
	return found
}

// schedule is when an owner works, known or not. It is made once per plan: reading a zone takes long.
func (pl *planner) schedule(id string) calendar.Schedule {
	s, ok := pl.schedules[id]
	if !ok {
		owner := pl.Owners[id]
		owner.ID = id
		s = pl.Portal.Schedule(owner)
		if pl.schedules == nil {
			pl.schedules = map[string]calendar.Schedule{}
		}
		pl.schedules[id] = s
	}
	return s
}

// absent reports whether an owner is absent at a time.
func (pl *planner) absent(id string, at time.Time) bool {
	_, is := pl.schedule(id).Away(at)
	return is
}

// deputyOf is the name of who stands in for a person at a time: whom the absence of that time names, else the person's
// deputy.
func (pl *planner) deputyOf(name string, at time.Time) string {
	person := pl.Portal.People[name]
	zone := pl.schedule(person.Owner).Zone()
	for _, a := range person.Absences {
		if _, is := calendar.NewSchedule(calendar.Calendar{}.In(zone), calendar.Hours{}, a.Absence).Away(at); is && a.Deputy != "" {
			return a.Deputy
		}
	}
	return person.Deputy
}

// whenDue is when work is due in the calendar of an owner (rule 18, C8): at the fact's date if that is known and ahead,
// else the span from now. It is found as if the owner were never absent; behind moves it behind an absence.
func (pl *planner) whenDue(id string, d scoring.Due, behind bool) time.Time {
	s := pl.schedule(id)
	at, ok := pl.dueIn(s.Present(), d)
	if ok && behind {
		at, ok = s.Next(at)
	}
	if !ok { // who is away for a century is as good as nobody
		at, _ = pl.dueIn(pl.schedule(""), d)
	}
	return at
}

func (pl *planner) dueIn(s calendar.Schedule, d scoring.Due) (time.Time, bool) {
	if !d.At.IsZero() {
		return s.Next(later(d.At, pl.Now))
	}
	v := pl.Lead.Facts[d.DateFact]
	if !v.Known() || v.Type != scoring.TypeTime || !v.Time.After(pl.Now) {
		return s.Due(pl.Now, d.N, calendar.Unit(d.Unit), pl.Portal.DueAt)
	}
	at, ok := s.On(v.Time.UTC(), pl.Portal.DueAt)
	if ok && at.Before(pl.Now) { // later today, and the time of day for tasks is over
		return s.Next(v.Time)
	}
	return at, ok
}
