package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"leadsync/scoring/calendar"
)

// address is enough to tell an e-mail address from an id; whose it is the account knows.
var mailAddress = regexp.MustCompile(`^[^@\s]{1,64}@[^@\s]{1,255}$`)

// Calendar says when people work (C8).
type Calendar struct {
	// Country is an ISO 3166-1 code such as DE; empty knows no holidays, only weekends.
	Country string
	// Region is the part of the ISO 3166-2 code behind the country, such as BY; empty for the whole country.
	Region string
	// Closed are further days off, Open holidays that are worked, each as midnight UTC of the day; year 0 is every year.
	Closed, Open []time.Time
	// Hours are the working hours by weekday; nil are 09:00 to 17:00 from Monday to Friday.
	Hours calendar.Week
	// DueAt is the time of day at which tasks are due, from midnight in the portal's time zone.
	DueAt time.Duration
	// TasksPerDay is how many tasks of leadsync may be due for an owner on one day; 0 is any number.
	TasksPerDay int
	// People are those who are given work, by a name of the operator's own.
	People map[string]Person
}

// Person is somebody of the account who is given work. What is empty is the portal's own.
type Person struct {
	// Owner is the account's id of the owner, or the e-mail address.
	Owner string
	// Zone is an IANA name.
	Zone string
	// Country and Region say which holidays the person has; Country alone has no region.
	Country, Region string
	// Hours are the person's own by weekday; nil are those that the CRM knows of, else the portal's.
	Hours calendar.Week
	// Absent are the absences, in the order of the file. No reason is kept.
	Absent []Absence
	// Deputy is the name of who stands in during absences; empty for nobody.
	Deputy string
	// Team is what the person's answers are counted under: never alone, and only where it has five people or more.
	Team string
	// TasksPerDay is the person's own number of tasks; nil is the portal's, 0 is any number.
	TasksPerDay *int
}

// Absence is a stretch of whole days.
type Absence struct {
	// From and To are the first and the last day, each as midnight UTC of the day.
	From, To time.Time
	// Deputy is the name of who stands in for this time; empty for the person's deputy.
	Deputy string
}

// longestAbsence is so long that whoever is away longer had better be taken off the list.
const longestAbsence = 2 * 366 * 24 * time.Hour

// mostTasks is how many tasks a day nobody does.
const mostTasks = 10_000

func readCalendar(m *mapping, c *Calendar) {
	readPlace(m, &c.Country, &c.Region)
	c.Closed, c.Open = readDays(m, "closed"), readDays(m, "open")
	c.Hours = readHours(m.child("hours"))
	readDueAt(m, c)
	m.integer("tasks_per_day", &c.TasksPerDay, 0, mostTasks)
	c.People = readPeople(m.child("people"))
	m.close()
}

// readDueAt reads the time of day of tasks, which has to lie in the working hours of some day.
func readDueAt(m *mapping, c *Calendar) {
	if node := m.scalar("due_at", "a time of day such as 09:00", "!!str"); node != nil {
		at, err := time.Parse("15:04", node.Value)
		if err != nil {
			m.report("due_at", node, fmt.Sprintf("%q is no time of day", node.Value), `write hours and minutes, such as "09:00"`)
			return
		}
		c.DueAt = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	}
	if hours, err := newHours(c.Hours); err == nil && !hours.Has(c.DueAt) {
		m.report("due_at", nil, fmt.Sprintf("tasks would be due at %02d:%02d, when nobody works (hours: %s)",
			int(c.DueAt.Hours()), int(c.DueAt.Minutes())%60, hours), "write a due_at within the hours, or hours that have it")
	}
}

func newHours(w calendar.Week) (calendar.Hours, error) {
	if w == nil {
		return calendar.Hours{}, nil
	}
	return calendar.NewHours(w)
}

// readPlace reads country and region, which say what holidays there are.
func readPlace(m *mapping, countryInto, regionInto *string) {
	wrong := false
	if node := m.text("country", "DE", countryInto); node != nil && !country.MatchString(node.Value) {
		m.report("country", node, fmt.Sprintf("%q is no country", node.Value), "write its code of two capital letters, such as DE")
		wrong = true
	}
	if node := m.text("region", "BY", regionInto); node != nil && !region.MatchString(strings.TrimPrefix(node.Value, *countryInto+"-")) {
		m.report("region", node, fmt.Sprintf("%q is no region", node.Value), "write its code, such as BY")
		wrong = true
	}
	*regionInto = strings.TrimPrefix(*regionInto, *countryInto+"-")
	if *regionInto != "" && !m.has("country") {
		m.report("region", nil, "contradicts the missing country", "write the country too, or remove the region")
		wrong = true
	}
	if !wrong {
		checkPlace(m, *countryInto, *regionInto)
	}
}

// checkPlace refuses a place whose holidays are not known.
func checkPlace(m *mapping, country, region string) {
	regions, known := calendar.Regions(country)
	switch {
	case country != "" && !known:
		m.report("country", nil, fmt.Sprintf("the holidays of %q are not known", country),
			"write "+strings.Join(calendar.Countries(), ", ")+", or remove the key and write holidays under closed")
	case region != "" && len(regions) == 0:
		m.report("region", nil, country+" has no regions with holidays of their own", "remove it")
	case region != "" && !slices.Contains(regions, region):
		m.report("region", nil, fmt.Sprintf("%q is no region of %s", region, country), "write one of "+strings.Join(regions, ", ")+", or remove it")
	}
}

func readDays(m *mapping, key string) []time.Time {
	var days []time.Time
	nodes, _ := m.list(key)
	for i, node := range nodes {
		at := fmt.Sprintf("%s[%d]", key, i)
		if m.checkScalar(at, node, "a date", "!!str", "!!timestamp") == nil {
			continue
		}
		day, err := time.Parse(time.DateOnly, node.Value)
		if err != nil {
			day, err = time.Parse(time.DateOnly, "0000-"+node.Value) // a leap year
		}
		if err != nil {
			m.report(at, node, fmt.Sprintf("%q is no date", node.Value), `write year, month and day, such as "2026-12-24", or "12-24" for every year`)
			continue
		}
		days = append(days, day)
	}
	return days
}

// readHours reads working hours by weekday; nil if there are none.
func readHours(m *mapping) calendar.Week {
	if m.missing {
		return nil
	}
	week, sound := calendar.Week{}, true
	for _, e := range m.entries {
		m.asked = append(m.asked, e.key.Value)
		days, err := calendar.ReadWeekdays(e.key.Value)
		if err != nil {
			m.doc.report(e.key, join(m.path, keyText(e.key)), "is no weekday", "write mon, tue, wed, thu, fri, sat or sun, or mon-fri, or \"mon, wed\"")
			sound = false
			continue
		}
		node := m.checkScalar(e.key.Value, e.value, `hours such as "09:00-12:30, 13:30-17:00", or "" for a free day`, "!!str")
		if node == nil {
			sound = false
			continue
		}
		intervals, err := calendar.ReadIntervals(node.Value)
		if err != nil {
			m.report(e.key.Value, node, err.Error(), `correct it, or write "" for a free day`)
			sound = false
			continue
		}
		for _, d := range days {
			if _, twice := week[d]; twice {
				m.doc.report(e.key, join(m.path, keyText(e.key)), fmt.Sprintf("%s has hours already", d), "name every weekday once")
				sound = false
			}
			week[d] = intervals
		}
	}
	if _, err := calendar.NewHours(week); err != nil && sound {
		m.doc.report(m.node, m.path, err.Error(), `write for instance mon-fri: "09:00-17:00"`)
	}
	return week
}

// people reads who is given work, with the nodes to report what contradicts another entry.
type people struct {
	doc     *document
	all     map[string]Person
	order   []string
	deputy  map[string]*yaml.Node         // of a person
	standIn map[string]map[int]*yaml.Node // of an absence
	path    string
}

func readPeople(m *mapping) map[string]Person {
	r := people{doc: m.doc, all: map[string]Person{}, deputy: map[string]*yaml.Node{}, standIn: map[string]map[int]*yaml.Node{}, path: m.path}
	owners := map[string]string{}
	m.words(func(name string, value *yaml.Node) {
		one := m.doc.mapping(value, join(m.path, name))
		p := r.person(name, one)
		if other, twice := owners[strings.ToLower(p.Owner)]; twice && p.Owner != "" {
			one.report("owner", nil, "is the owner of "+other+" too", "name every owner once")
		}
		owners[strings.ToLower(p.Owner)] = name
		r.all[name] = p
		r.order = append(r.order, name)
	})
	if len(r.all) == 0 {
		return nil
	}
	r.deputies()
	return r.all
}

func (r *people) person(name string, m *mapping) Person {
	var p Person
	m.require("owner", "the account's id of the owner, or the e-mail address")
	if node := m.scalar("owner", "the account's id of the owner in quotes, or the e-mail address", "!!str", "!!int"); node != nil {
		p.Owner = node.Value
		if !decimal.MatchString(p.Owner) && !mailAddress.MatchString(p.Owner) {
			m.report("owner", node, "is neither an id nor an e-mail address", "write the digits of the id in quotes, or the e-mail address of the user")
		}
	}
	readZone(m, "zone", &p.Zone)
	readPlace(m, &p.Country, &p.Region)
	p.Hours = readHours(m.child("hours"))
	if m.text("deputy", "ben", &p.Deputy) != nil {
		r.deputy[name] = m.find("deputy")
	}
	m.text("team", "inside sales", &p.Team)
	own := -1
	if m.integer("tasks_per_day", &own, 0, mostTasks); own >= 0 {
		p.TasksPerDay = &own
	}
	r.standIn[name] = map[int]*yaml.Node{}
	nodes, _ := m.list("absent")
	for i, node := range nodes {
		one := m.doc.mapping(node, fmt.Sprintf("%s.absent[%d]", m.path, i))
		p.Absent = append(p.Absent, r.absence(one))
		if at := one.line("deputy"); at >= 0 {
			r.standIn[name][i] = one.entries[at].value
		}
	}
	m.close()
	return p
}

func (r *people) absence(m *mapping) Absence {
	var a Absence
	m.require("from", `the first day, such as from: "2026-12-21"`)
	m.require("to", `the last day, such as to: "2027-01-06"`)
	begins, ends := readDay(m, "from", &a.From), readDay(m, "to", &a.To)
	switch sound := begins && ends; {
	case sound && a.To.Before(a.From):
		m.report("to", nil, "the absence ends before it begins", "write the last day of the absence")
	case sound && a.To.Sub(a.From) > longestAbsence:
		m.report("to", nil, "the absence is longer than two years", "take the person off the list, or write a shorter one")
	}
	m.text("deputy", "ben", &a.Deputy)
	for _, e := range m.entries {
		name := e.key.Value
		if slices.Contains(m.asked, name) || nearest(name, m.asked) != "" {
			continue
		}
		m.doc.report(e.key, join(m.path, keyText(e.key)), "an absence has no such key",
			"remove it: why somebody is away is health or private life, which leadsync must not know; write only from, to and deputy")
		m.asked = append(m.asked, name)
	}
	m.close()
	return a
}

func readDay(m *mapping, key string, into *time.Time) bool {
	node := m.scalar(key, "a date", "!!str", "!!timestamp")
	if node == nil {
		return false
	}
	day, err := time.Parse(time.DateOnly, node.Value)
	if err != nil {
		m.report(key, node, fmt.Sprintf("%q is no date", node.Value), `write year, month and day, such as "2026-12-24"`)
	}
	*into = day
	return err == nil
}

// deputies refuses who is not there, who stands in for himself, and circles: deputies who wait for each other.
func (r *people) deputies() {
	names := slices.Sorted(maps.Keys(r.all))
	sound := true
	check := func(name, deputy, key string, node *yaml.Node) {
		_, known := r.all[deputy]
		switch {
		case deputy == "" || node == nil:
			return
		case deputy == name:
			r.doc.report(node, key, "nobody is their own deputy", "name somebody else, or remove the key")
		case !known:
			remedy := "name one of the people: " + strings.Join(names, ", ")
			if near := nearest(deputy, names); near != "" {
				remedy = fmt.Sprintf("did you mean %s?", near)
			}
			r.doc.report(node, key, fmt.Sprintf("nobody is called %q", keyText(node)), remedy)
		default:
			return
		}
		sound = false
	}
	for _, name := range r.order {
		key := join(r.path, name)
		check(name, r.all[name].Deputy, key+".deputy", r.deputy[name])
		for i, a := range r.all[name].Absent {
			check(name, a.Deputy, fmt.Sprintf("%s.absent[%d].deputy", key, i), r.standIn[name][i])
		}
	}
	if sound {
		r.circles()
	}
}

// circles reports every circle of standing deputies once, at the one who comes last in the file, and absences at one
// time that name each other.
func (r *people) circles() {
	reported := map[string]bool{}
	for _, name := range slices.Backward(r.order) {
		row := []string{name}
		for next := r.all[name].Deputy; next != "" && !reported[next] && !slices.Contains(row, next); next = r.all[next].Deputy {
			row = append(row, next)
		}
		if last := row[len(row)-1]; r.all[last].Deputy == name {
			for _, n := range row {
				reported[n] = true
			}
			r.doc.report(r.deputy[name], join(r.path, name)+".deputy", "the deputies go round in a circle: "+strings.Join(append(row, name), ", "),
				"take one of them away; two who stand in for each other are named under their absences instead")
		}
	}
	for i, name := range r.order {
		for _, other := range r.order[:i] {
			r.crossing(name, other)
		}
	}
}

// crossing reports that two people are away at one time and each is to stand in for the other.
func (r *people) crossing(name, other string) {
	for i, a := range r.all[name].Absent {
		for _, b := range r.all[other].Absent {
			if a.standIn(r.all[name]) != other || b.standIn(r.all[other]) != name || a.From.After(b.To) || b.From.After(a.To) {
				continue
			}
			key, node := fmt.Sprintf("%s.%s.absent[%d].deputy", r.path, name, i), r.standIn[name][i]
			if node == nil {
				key, node = join(r.path, name)+".deputy", r.deputy[name]
			}
			r.doc.report(node, key, fmt.Sprintf("%s is away from %s too, and %s is to stand in then", other, later(a.From, b.From).Format(time.DateOnly), name),
				"name somebody who is there")
			return
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// standIn is the name of who stands in during an absence of a person.
func (a Absence) standIn(of Person) string {
	if a.Deputy != "" {
		return a.Deputy
	}
	return of.Deputy
}
