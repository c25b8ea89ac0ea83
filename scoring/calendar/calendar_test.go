package calendar_test

import (
	"strings"
	"testing"
	"time"

	"leadsync/scoring/calendar"
)

const nine = 9 * time.Hour

func berlin(tb testing.TB) *time.Location {
	tb.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		tb.Fatal(err)
	}
	return zone
}

func place(tb testing.TB, s calendar.Settings) calendar.Calendar {
	tb.Helper()
	if s.Zone == nil {
		s.Zone = berlin(tb)
	}
	c, err := calendar.New(s)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestCovers_knowsHolidays(t *testing.T) {
	for name, tc := range map[string]struct {
		country, region, date string
		want                  bool
	}{
		"Good Friday 2026":                        {"DE", "BY", "2026-04-03", false},
		"Easter Monday 2026":                      {"DE", "", "2026-04-06", false},
		"Tuesday after Easter 2026":               {"DE", "", "2026-04-07", true},
		"Good Friday 2027":                        {"DE", "HH", "2027-03-26", false},
		"Easter Monday 2027":                      {"DE", "HH", "2027-03-29", false},
		"Corpus Christi 2026 in Bavaria":          {"DE", "BY", "2026-06-04", false},
		"Corpus Christi 2026 in Hamburg":          {"DE", "HH", "2026-06-04", true},
		"8 March 2027 in MV":                      {"DE", "MV", "2027-03-08", false},
		"8 March 2022 in MV, before it was kept":  {"DE", "MV", "2022-03-08", true},
		"8 March 2027 in Berlin":                  {"DE", "BE", "2027-03-08", false},
		"8 March 2027 in Bavaria":                 {"DE", "BY", "2027-03-08", true},
		"Reformation Day 2025 in Saxony":          {"DE", "SN", "2025-10-31", false},
		"Buss- und Bettag 2026 in Saxony":         {"DE", "SN", "2026-11-18", false},
		"Buss- und Bettag 2026 in Thuringia":      {"DE", "TH", "2026-11-18", true},
		"20 September 2027 in Thuringia":          {"DE", "TH", "2027-09-20", false},
		"3 October 2025":                          {"DE", "", "2025-10-03", false},
		"Austrian national day 2026":              {"AT", "", "2026-10-26", false},
		"Good Friday 2026 in Austria":             {"AT", "", "2026-04-03", true},
		"8 December 2026 in Austria":              {"AT", "", "2026-12-08", false},
		"1 August 2025 in Switzerland":            {"CH", "", "2025-08-01", false},
		"Corpus Christi 2026, Switzerland at all": {"CH", "", "2026-06-04", true},
		"Corpus Christi 2026 in Lucerne":          {"CH", "LU", "2026-06-04", false},
		"Corpus Christi 2026 in Zurich":           {"CH", "ZH", "2026-06-04", true},
		"no country, Christmas":                   {"", "", "2026-12-25", true},
		"no country, Saturday":                    {"", "", "2026-12-26", false},
	} {
		t.Run(name, func(t *testing.T) {
			c := place(t, calendar.Settings{Country: tc.country, Region: tc.region})
			date, err := time.ParseInLocation(time.DateOnly, tc.date, berlin(t))
			if err != nil {
				t.Fatal(err)
			}
			if got := calendar.NewSchedule(c, calendar.Hours{}).Covers(date.Add(12 * time.Hour)); got != tc.want {
				t.Errorf("noon of %s in %s %s is worked: %v", tc.date, tc.country, tc.region, got)
			}
		})
	}
}

func TestDue(t *testing.T) {
	bavaria := calendar.Settings{Country: "DE", Region: "BY", Closed: []string{"12-24", "2026-12-31"}, Open: []string{"2026-06-04"}}
	for name, tc := range map[string]struct {
		from    string
		days    int
		working bool
		at      time.Duration
		want    string
	}{
		"two days later":                            {"2026-03-02T10:00:00Z", 2, false, nine, "2026-03-04T09:00:00+01:00"},
		"Saturday moves to Monday":                  {"2026-03-05T10:00:00Z", 2, false, nine, "2026-03-09T09:00:00+01:00"},
		"Thursday before Easter 2026, two days":     {"2026-04-02T10:00:00Z", 2, false, nine, "2026-04-07T09:00:00+02:00"},
		"Thursday before Easter 2026, two workdays": {"2026-04-02T10:00:00Z", 2, true, nine, "2026-04-08T09:00:00+02:00"},
		"Thursday before Easter 2027, one workday":  {"2027-03-25T10:00:00Z", 1, true, nine, "2027-03-30T09:00:00+02:00"},
		"24 December closed, then Christmas":        {"2026-12-23T10:00:00Z", 1, false, nine, "2026-12-28T09:00:00+01:00"},
		"31 December 2026 closed once":              {"2026-12-30T10:00:00Z", 1, true, nine, "2027-01-04T09:00:00+01:00"},
		"Corpus Christi 2026 is worked":             {"2026-06-02T10:00:00Z", 2, false, nine, "2026-06-04T09:00:00+02:00"},
		"over the change to summer time":            {"2026-03-27T10:00:00Z", 3, false, nine, "2026-03-30T09:00:00+02:00"},
		"over the change to winter time":            {"2026-10-23T10:00:00Z", 3, false, nine, "2026-10-26T09:00:00+01:00"},
		"the day counts in the zone":                {"2026-03-02T23:30:00Z", 1, false, nine, "2026-03-04T09:00:00+01:00"},
		"today, hour to come":                       {"2026-03-02T07:00:00Z", 0, false, nine, "2026-03-02T09:00:00+01:00"},
		"today, hour over":                          {"2026-03-02T12:00:00Z", 0, false, nine, "2026-03-03T09:00:00+01:00"},
		"today, hour over, Friday, workdays":        {"2026-03-06T12:00:00Z", 0, true, nine, "2026-03-09T09:00:00+01:00"},
		"today is Sunday":                           {"2026-03-01T07:00:00Z", 0, true, nine, "2026-03-02T09:00:00+01:00"},
		"less than zero":                            {"2026-03-02T07:00:00Z", -3, false, nine, "2026-03-02T09:00:00+01:00"},
		"minutes and seconds":                       {"2026-03-02T07:00:00Z", 1, false, 13*time.Hour + 45*time.Minute + 30*time.Second, "2026-03-03T13:45:30+01:00"},
		"end of a leap February":                    {"2028-02-28T10:00:00Z", 1, false, nine, "2028-02-29T09:00:00+01:00"},
	} {
		t.Run(name, func(t *testing.T) {
			from, err := time.Parse(time.RFC3339, tc.from)
			if err != nil {
				t.Fatal(err)
			}
			unit := calendar.UnitDays
			if tc.working {
				unit = calendar.UnitWorkingDays
			}
			due, ok := calendar.NewSchedule(place(t, bavaria), calendar.Hours{}).Due(from, tc.days, unit, tc.at)
			if got := due.Format(time.RFC3339); got != tc.want || !ok {
				t.Errorf("due %s, %v, want %s", got, ok, tc.want)
			}
		})
	}
}

func TestOn_takesTheDateAsWritten(t *testing.T) {
	zone := time.FixedZone("far west", -8*3600)
	c := calendar.NewSchedule(place(t, calendar.Settings{Country: "DE", Zone: zone}), calendar.Hours{})
	midnight := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	if got, ok := c.On(midnight, nine); !ok || !got.Equal(time.Date(2026, 3, 4, 9, 0, 0, 0, zone)) {
		t.Errorf("a date of 4 March is due on %s", got)
	}
	saturday := time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)
	if got, ok := c.On(saturday, nine); !ok || !got.Equal(time.Date(2026, 3, 9, 9, 0, 0, 0, zone)) {
		t.Errorf("a date of Saturday 7 March is due on %s", got)
	}
}

func TestZeroSchedule_knowsWeekends(t *testing.T) {
	var s calendar.Schedule
	got, ok := s.Due(time.Date(2026, 12, 25, 10, 0, 0, 0, time.UTC), 1, calendar.UnitWorkingDays, nine)
	if want := time.Date(2026, 12, 28, 9, 0, 0, 0, time.UTC); !ok || !got.Equal(want) {
		t.Errorf("due %s, %v, want %s", got, ok, want)
	}
}

func TestNew_listsWhatIsValid(t *testing.T) {
	many := make([]string, 0, 101)
	for d := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); len(many) < 101; d = d.AddDate(0, 0, 1) {
		many = append(many, d.Format("01-02"))
	}
	for name, tc := range map[string]struct {
		settings calendar.Settings
		want     []string
	}{
		"country":          {calendar.Settings{Country: "FR"}, []string{`country "FR"`, "AT, CH, DE"}},
		"Land":             {calendar.Settings{Country: "DE", Region: "XX"}, []string{`region "XX" of DE`, "BB, BE, BW, BY"}},
		"canton":           {calendar.Settings{Country: "CH", Region: "BY"}, []string{`region "BY" of CH`, "ZG, ZH"}},
		"region of AT":     {calendar.Settings{Country: "AT", Region: "W"}, []string{"no regions"}},
		"region of none":   {calendar.Settings{Region: "BY"}, []string{"no regions"}},
		"closed and open":  {calendar.Settings{Closed: []string{"24.12."}, Open: []string{"13-01"}}, []string{`closed day "24.12."`, `open day "13-01"`}},
		"everything wrong": {calendar.Settings{Country: "XY", Closed: []string{"x"}}, []string{`"XY"`, `"x"`}},
		"too many":         {calendar.Settings{Closed: many}, []string{"101 days", "at most 100"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := calendar.New(tc.settings)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}
