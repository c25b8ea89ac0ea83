package workflows_test

import (
	"testing"
	"time"

	"leadsync/connector"
	"leadsync/scoring/calendar"
	"leadsync/workflows"
)

func hours(t fail, text string) *calendar.Hours {
	t.Helper()
	h, err := calendar.ReadHours(text)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return &h
}

func location(t fail, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return z
}

func moment(t fail, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return at
}

func away(t fail, from, to, deputy string) workflows.Absence {
	t.Helper()
	return workflows.Absence{
		Absence: calendar.Absence{From: moment(t, from+"T00:00:00Z"), To: moment(t, to+"T00:00:00Z"), Days: true}, Deputy: deputy,
	}
}

// What is configured goes first, then what the CRM says, then the portal; each of zone, hours and holidays by itself.
func TestPortal_scheduleOfAnOwner(t *testing.T) {
	austria, err := calendar.New(calendar.Settings{Country: "AT", Zone: location(t, "Europe/Berlin")})
	if err != nil {
		t.Fatal(err)
	}
	germany, err := calendar.New(calendar.Settings{Country: "DE", Zone: location(t, "Europe/Berlin")})
	if err != nil {
		t.Fatal(err)
	}
	p := newPortal()
	p.Calendar, p.Hours = germany, *hours(t, "mon-fri 08:00-16:00")
	p.People = map[string]workflows.Person{
		"anna": {Owner: "1", Zone: location(t, "Europe/Vienna"), Hours: hours(t, "mon 10:00-12:00"), Calendar: &austria},
		"ben":  {Owner: "2"},
	}
	const told = "tue 09:00-10:00"
	for name, tc := range map[string]struct {
		owner       connector.Owner
		zone, hours string
		austrian    bool
	}{
		"nobody":                      {connector.Owner{}, "Europe/Berlin", "mon-fri 08:00-16:00", false},
		"not configured":              {connector.Owner{ID: "9"}, "Europe/Berlin", "mon-fri 08:00-16:00", false},
		"not configured, the CRM's":   {connector.Owner{ID: "9", Zone: "America/New_York", Hours: told}, "America/New_York", told, false},
		"configured without anything": {connector.Owner{ID: "2", Zone: "America/New_York", Hours: told}, "America/New_York", told, false},
		"configured":                  {connector.Owner{ID: "1", Zone: "America/New_York", Hours: told}, "Europe/Vienna", "mon 10:00-12:00", true},
		"the CRM says nonsense":       {connector.Owner{ID: "2", Zone: "Mars/North", Hours: "tue 17:00-09:00"}, "Europe/Berlin", "mon-fri 08:00-16:00", false},
		"the CRM says Local":          {connector.Owner{ID: "2", Zone: "Local"}, "Europe/Berlin", "mon-fri 08:00-16:00", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := p.Schedule(tc.owner)
			if s.Zone().String() != tc.zone || s.Hours().String() != tc.hours {
				t.Errorf("works %s in %s, want %s in %s", s.Hours(), s.Zone(), tc.hours, tc.zone)
			}
			// Monday, 26 October 2026, is a holiday in Austria; Saturday, 3 October, in Germany.
			next, _ := s.Next(moment(t, "2026-10-26T00:00:00Z"))
			if austrian := next.Format(time.DateOnly) == "2026-11-02"; austrian != tc.austrian {
				t.Errorf("works next at %s", next)
			}
		})
	}
}

// On Monday, 2 November, at 09:00 UTC the status asks for a call; the portal works in UTC. It is due in the
// zone and hours of whoever does it (C8).
func TestPlan_dueInTheCalendarOfTheOwner(t *testing.T) {
	type people = map[string]workflows.Person
	for name, tc := range map[string]struct {
		due    string // of the rule
		people people
		crm    connector.Owner // what the CRM says of jana beyond
		owner  string
		want   string
	}{
		"days":                 {"2d", nil, connector.Owner{}, "jana", "2026-11-04T09:00:00Z"},
		"working days":         {"5wd", nil, connector.Owner{}, "jana", "2026-11-09T09:00:00Z"},
		"hours":                {"12h", nil, connector.Owner{}, "jana", "2026-11-03T09:00:00Z"},
		"working hours":        {"12wh", nil, connector.Owner{}, "jana", "2026-11-03T13:00:00Z"},
		"weeks":                {"1w", nil, connector.Owner{}, "jana", "2026-11-09T09:00:00Z"},
		"in her zone":          {"2d", people{"j": {Owner: "jana", Zone: location(t, "America/New_York")}}, connector.Owner{}, "jana", "2026-11-04T14:00:00Z"},
		"in the CRM's zone":    {"4wh", nil, connector.Owner{Zone: "America/New_York"}, "jana", "2026-11-02T18:00:00Z"},
		"in the CRM's hours":   {"2d", nil, connector.Owner{Hours: "mon-tue 10:00-12:00"}, "jana", "2026-11-09T10:00:00Z"},
		"in her hours":         {"4wh", people{"j": {Owner: "jana", Hours: hours(t, "mon-fri 13:00-15:00")}}, connector.Owner{}, "jana", "2026-11-04T13:00:00Z"},
		"behind her absence":   {"2d", people{"j": {Owner: "jana", Absences: []workflows.Absence{away(t, "2026-11-03", "2026-11-06", "")}}}, connector.Owner{}, "jana", "2026-11-09T09:00:00Z"},
		"before her absence":   {"2d", people{"j": {Owner: "jana", Absences: []workflows.Absence{away(t, "2026-11-05", "2026-11-06", "")}}}, connector.Owner{}, "jana", "2026-11-04T09:00:00Z"},
		"she is named by mail": {"2d", people{"j": {Owner: "JANA@example.org", Absences: []workflows.Absence{away(t, "2026-11-04", "2026-11-04", "")}}}, connector.Owner{}, "jana", "2026-11-05T09:00:00Z"},
		"to her deputy": {"2d", people{
			"j": {Owner: "jana", Deputy: "k", Absences: []workflows.Absence{away(t, "2026-11-03", "2026-11-06", "")}},
			"k": {Owner: "kai", Zone: location(t, "America/New_York")},
		}, connector.Owner{}, "kai", "2026-11-04T14:00:00Z"},
		"to the deputy of this absence": {"2d", people{
			"j": {Owner: "jana", Deputy: "l", Absences: []workflows.Absence{away(t, "2026-11-03", "2026-11-06", "k"), away(t, "2026-12-03", "2026-12-06", "l")}},
			"k": {Owner: "kai"}, "l": {Owner: "lea"},
		}, connector.Owner{}, "kai", "2026-11-04T09:00:00Z"},
		"to the deputy's deputy": {"2d", people{
			"j": {Owner: "jana", Deputy: "k", Absences: []workflows.Absence{away(t, "2026-11-03", "2026-11-06", "")}},
			"k": {Owner: "kai", Deputy: "l", Absences: []workflows.Absence{away(t, "2026-11-04", "2026-11-04", "")}},
			"l": {Owner: "lea"},
		}, connector.Owner{}, "lea", "2026-11-04T09:00:00Z"},
		"not to a deputy who has left": {"2d", people{
			"j": {Owner: "jana", Deputy: "k", Absences: []workflows.Absence{away(t, "2026-11-03", "2026-11-06", "")}},
			"k": {Owner: "left"},
		}, connector.Owner{}, "jana", "2026-11-09T09:00:00Z"},
		"both stand in for each other": {"2d", people{
			"j": {Owner: "jana", Absences: []workflows.Absence{away(t, "2026-11-03", "2026-11-06", "k")}},
			"k": {Owner: "kai", Absences: []workflows.Absence{away(t, "2026-11-04", "2026-11-10", "j")}},
		}, connector.Owner{}, "jana", "2026-11-09T09:00:00Z"},
		"away for ever": {"2d", people{
			"j": {Owner: "jana", Hours: hours(t, "sun 10:00-11:00"), Absences: []workflows.Absence{away(t, "2026-11-01", "2226-11-01", "")}},
		}, connector.Owner{}, "jana", "2026-11-04T09:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, with(reach("lead"), "hs_lead_status", "ATTEMPTED_TO_CONTACT", "hubspot_owner_id", "jana"))
			if tc.due != "2d" {
				p.model = changedModel(t, "due: 2d", "due: "+tc.due)
			}
			p.portal.People = tc.people
			for _, id := range []string{"jana", "kai", "lea"} {
				p.owners[id] = connector.Owner{ID: id, Active: true, Person: true}
			}
			tc.crm.ID, tc.crm.Email, tc.crm.Active, tc.crm.Person = "jana", "jana@example.org", true, true
			p.owners["jana"] = tc.crm
			task := decoded[connector.Task](t, entryOf(t, p.step(), workflows.KindTask, workflows.ClassTask))
			if task.OwnerID != tc.owner || !task.DueAt.Equal(moment(t, tc.want)) {
				t.Errorf("due for %s at %s, want for %s at %s", task.OwnerID, task.DueAt.UTC(), tc.owner, tc.want)
			}
		})
	}
}

// A date that a fact names is that date in the owner's zone; one whose time of day is still to come today, but after the
// time for tasks, is due at its own time and not before now.
func TestPlan_dueAtTheFactInTheCalendarOfTheOwner(t *testing.T) {
	for name, tc := range map[string]struct{ fact, zone, want string }{
		"a date, where the day begins later": {"2026-11-20", "America/New_York", "2026-11-20T14:00:00Z"},
		"later today":                        {"2026-11-02T15:30:00Z", "UTC", "2026-11-02T15:30:00Z"},
		"tonight":                            {"2026-11-02T20:00:00Z", "UTC", "2026-11-03T09:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPerson(t, with(reach("lead"), "hs_lead_status", "BAD_TIMING", "call_back_on", tc.fact, "hubspot_owner_id", "jana"))
			p.now = p.now.Add(time.Hour) // 10:00, the time of day for tasks is over
			p.portal.People = map[string]workflows.Person{"j": {Owner: "jana", Zone: location(t, tc.zone)}}
			got := decoded[connector.Task](t, entryOf(t, p.step(), workflows.KindTask, workflows.ClassTask)).DueAt
			if !got.Equal(moment(t, tc.want)) {
				t.Errorf("due %s, want %s", got.UTC(), tc.want)
			}
		})
	}
}
