package calendar_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"leadsync/scoring/calendar"
)

func zone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return z
}

// week reads hours such as {"mon-fri": "09:00-12:00, 13:00-17:00"}.
func week(tb testing.TB, texts map[string]string) calendar.Hours {
	tb.Helper()
	w := calendar.Week{}
	for names, text := range texts {
		days, err := calendar.ReadWeekdays(names)
		if err != nil {
			tb.Fatal(err)
		}
		intervals, err := calendar.ReadIntervals(text)
		if err != nil {
			tb.Fatal(err)
		}
		for _, d := range days {
			w[d] = intervals
		}
	}
	h, err := calendar.NewHours(w)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

func at(tb testing.TB, text string) time.Time {
	tb.Helper()
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func days(tb testing.TB, from, to string) calendar.Absence {
	tb.Helper()
	return calendar.Absence{From: at(tb, from+"T00:00:00Z"), To: at(tb, to+"T00:00:00Z"), Days: true}
}

// office is a German office with a lunch break, a short Saturday, and somebody who is away over Christmas and for an
// afternoon.
func office(tb testing.TB) calendar.Schedule {
	tb.Helper()
	return calendar.NewSchedule(place(tb, calendar.Settings{Country: "DE", Region: "BY", Closed: []string{"12-24"}}),
		week(tb, map[string]string{"mon-fri": "09:00-12:30, 13:30-17:00", "sat": "10:00-12:00"}),
		days(tb, "2026-12-21", "2027-01-06"),
		calendar.Absence{From: at(tb, "2026-03-04T14:00:00+01:00"), To: at(tb, "2026-03-04T23:00:00+01:00")})
}

// nights works every day around the clock changes: 01:00 to 04:00.
func nights(tb testing.TB, name string) calendar.Schedule {
	tb.Helper()
	c := place(tb, calendar.Settings{Zone: zone(tb, name)})
	return calendar.NewSchedule(c, week(tb, map[string]string{"mon-sun": "01:00-02:30, 02:30-04:00"}))
}

func TestSchedule_due(t *testing.T) {
	anna := office(t)
	for name, tc := range map[string]struct {
		schedule calendar.Schedule
		from     string
		n        int
		unit     calendar.Unit
		at       string
		want     string
	}{
		"two days":                               {anna, "2026-03-02T10:00:00+01:00", 2, calendar.UnitDays, "09:00", "2026-03-04T09:00:00+01:00"},
		"two days, to a Saturday that is worked": {anna, "2026-03-05T10:00:00+01:00", 2, calendar.UnitDays, "09:00", "2026-03-07T10:00:00+01:00"},
		"Saturday counts as working day":         {anna, "2026-03-05T10:00:00+01:00", 2, calendar.UnitWorkingDays, "10:30", "2026-03-07T10:30:00+01:00"},
		"the hour lies in the lunch break":       {anna, "2026-03-02T10:00:00+01:00", 1, calendar.UnitDays, "13:00", "2026-03-03T13:30:00+01:00"},
		"the hour lies behind the day":           {anna, "2026-03-02T10:00:00+01:00", 1, calendar.UnitDays, "17:00", "2026-03-04T09:00:00+01:00"},
		"behind a short Saturday comes Monday":   {anna, "2026-03-05T10:00:00+01:00", 2, calendar.UnitDays, "14:00", "2026-03-09T09:00:00+01:00"},
		"an hour of absence":                     {anna, "2026-03-03T10:00:00+01:00", 1, calendar.UnitDays, "15:00", "2026-03-05T09:00:00+01:00"},
		"into the holidays, behind the absence":  {anna, "2026-12-18T10:00:00+01:00", 3, calendar.UnitDays, "10:00", "2027-01-07T10:00:00+01:00"},
		"working days do not count absences":     {anna, "2026-12-18T10:00:00+01:00", 3, calendar.UnitWorkingDays, "09:00", "2027-01-08T09:00:00+01:00"},
		"twelve hours pass at night":             {anna, "2026-03-02T16:00:00+01:00", 12, calendar.UnitHours, "", "2026-03-03T09:00:00+01:00"},
		"two hours, into the lunch break":        {anna, "2026-03-02T10:45:00+01:00", 2, calendar.UnitHours, "", "2026-03-02T13:30:00+01:00"},
		"no hours, now":                          {anna, "2026-03-02T10:45:00+01:00", 0, calendar.UnitHours, "", "2026-03-02T10:45:00+01:00"},
		"four working hours over lunch":          {anna, "2026-03-02T10:30:00+01:00", 4, calendar.UnitWorkingHours, "", "2026-03-02T15:30:00+01:00"},
		"working hours that end with the day":    {anna, "2026-03-02T10:00:00+01:00", 6, calendar.UnitWorkingHours, "", "2026-03-03T09:00:00+01:00"},
		"working hours over a weekend":           {anna, "2026-03-06T16:00:00+01:00", 4, calendar.UnitWorkingHours, "", "2026-03-09T10:00:00+01:00"},
		"working hours over an afternoon off":    {anna, "2026-03-04T13:00:00+01:00", 1, calendar.UnitWorkingHours, "", "2026-03-05T09:30:00+01:00"},
		"Berlin forward: 1 working hour, no 02h": {nights(t, "Europe/Berlin"), "2026-03-29T01:30:00+01:00", 1, calendar.UnitWorkingHours, "", "2026-03-29T03:30:00+02:00"},
		"Berlin back: 02h is worked twice":       {nights(t, "Europe/Berlin"), "2026-10-25T01:30:00+02:00", 3, calendar.UnitWorkingHours, "", "2026-10-25T03:30:00+01:00"},
		"New York forward":                       {nights(t, "America/New_York"), "2026-03-08T01:30:00-05:00", 1, calendar.UnitWorkingHours, "", "2026-03-08T03:30:00-04:00"},
		"New York back: 01h is worked twice":     {nights(t, "America/New_York"), "2026-11-01T01:30:00-04:00", 2, calendar.UnitWorkingHours, "", "2026-11-01T02:30:00-05:00"},
		"Berlin forward: 24 hours are 24 hours":  {nights(t, "Europe/Berlin"), "2026-03-28T03:30:00+01:00", 22, calendar.UnitHours, "", "2026-03-29T01:30:00+01:00"},
		"Berlin: an hour that is skipped":        {nights(t, "Europe/Berlin"), "2026-03-28T03:30:00+01:00", 1, calendar.UnitDays, "02:15", "2026-03-29T03:00:00+02:00"},
		"Berlin: an hour there are two of":       {nights(t, "Europe/Berlin"), "2026-10-24T03:30:00+02:00", 1, calendar.UnitDays, "02:15", "2026-10-25T02:15:00+02:00"},
		"New York: days over the change":         {nights(t, "America/New_York"), "2026-03-07T03:30:00-05:00", 2, calendar.UnitWorkingDays, "03:15", "2026-03-09T03:15:00-04:00"},
	} {
		t.Run(name, func(t *testing.T) {
			var hour time.Duration
			if tc.at != "" {
				clock := at(t, "2000-01-01T"+tc.at+":00Z")
				hour = time.Duration(clock.Hour())*time.Hour + time.Duration(clock.Minute())*time.Minute
			}
			got, ok := tc.schedule.Due(at(t, tc.from), tc.n, tc.unit, hour)
			if text := got.Format(time.RFC3339); text != tc.want || !ok {
				t.Errorf("due %s, %v, want %s", text, ok, tc.want)
			}
			if !tc.schedule.Covers(got) {
				t.Errorf("%s is no working time", got)
			}
		})
	}
}

func TestSchedule_betweenOverTheChangesOfClocks(t *testing.T) {
	for name, tc := range map[string]struct {
		zone, from, to string
		want           time.Duration
	}{
		"Berlin, a usual night":    {"Europe/Berlin", "2026-03-28T00:00:00+01:00", "2026-03-28T12:00:00+01:00", 3 * time.Hour},
		"Berlin forward":           {"Europe/Berlin", "2026-03-29T00:00:00+01:00", "2026-03-29T12:00:00+02:00", 2 * time.Hour},
		"Berlin back":              {"Europe/Berlin", "2026-10-25T00:00:00+02:00", "2026-10-25T12:00:00+01:00", 4 * time.Hour},
		"New York forward":         {"America/New_York", "2026-03-08T00:00:00-05:00", "2026-03-08T12:00:00-04:00", 2 * time.Hour},
		"New York back":            {"America/New_York", "2026-11-01T00:00:00-04:00", "2026-11-01T12:00:00-05:00", 4 * time.Hour},
		"the second of two hours":  {"Europe/Berlin", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00", time.Hour},
		"backwards":                {"Europe/Berlin", "2026-03-28T12:00:00+01:00", "2026-03-28T00:00:00+01:00", -3 * time.Hour},
		"where midnight is missed": {"America/Asuncion", "2024-10-06T00:00:00-04:00", "2024-10-06T12:00:00-03:00", 3 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			if got := nights(t, tc.zone).Between(at(t, tc.from), at(t, tc.to)); got != tc.want {
				t.Errorf("%s of work, want %s", got, tc.want)
			}
		})
	}
}

// Who works until half past two works until the second half past two.
func TestSchedule_endsInAnHourThereAreTwoOf(t *testing.T) {
	s := calendar.NewSchedule(place(t, calendar.Settings{}), week(t, map[string]string{"sun": "01:00-02:30"}))
	if got := s.Between(at(t, "2026-10-25T00:00:00+02:00"), at(t, "2026-10-25T12:00:00+01:00")); got != 150*time.Minute {
		t.Errorf("%s of work, want two and a half hours", got)
	}
}

func TestSchedule_closedOn29February(t *testing.T) {
	s := calendar.NewSchedule(place(t, calendar.Settings{Closed: []string{"02-29"}}), week(t, map[string]string{"mon-sun": "09:00-17:00"}))
	for date, want := range map[string]bool{"2028-02-29": false, "2028-03-01": true, "2027-03-01": true, "2027-02-28": true} {
		if got := s.Covers(at(t, date+"T12:00:00Z")); got != want {
			t.Errorf("%s is worked: %v", date, got)
		}
	}
}

// A day of 24 hours has 23 or 25 where the clocks change, in any zone, also where they change at midnight.
func TestSchedule_wholeDaysAreAsLongAsTheyAre(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "America/Havana", "America/Asuncion", "Australia/Lord_Howe", "Pacific/Apia", "UTC"} {
		z := zone(t, name)
		always := calendar.NewSchedule(place(t, calendar.Settings{Zone: z}), week(t, map[string]string{"mon-sun": "00:00-24:00"}))
		from := time.Date(2011, 1, 1, 0, 0, 0, 0, z)
		for to := from; to.Year() < 2028; to = to.Add(37 * time.Hour) {
			if got := always.Between(from, to); got != to.Sub(from) {
				t.Fatalf("%s: %s between %s and %s", name, got, from, to)
			}
			from = to.Add(-3 * time.Hour)
		}
	}
}

func TestSchedule_away(t *testing.T) {
	s := calendar.NewSchedule(place(t, calendar.Settings{}), calendar.Hours{},
		days(t, "2026-08-10", "2026-08-14"), days(t, "2026-08-15", "2026-08-16"), days(t, "2026-08-03", "2026-08-04"),
		days(t, "2026-08-12", "2026-08-12"), days(t, "2026-09-09", "2026-09-01"))
	for text, until := range map[string]string{
		"2026-08-02T23:59:59+02:00": "", "2026-08-03T00:00:00+02:00": "2026-08-05T00:00:00+02:00",
		"2026-08-05T00:00:00+02:00": "", "2026-08-12T12:00:00+02:00": "2026-08-17T00:00:00+02:00",
		"2026-08-16T23:59:59+02:00": "2026-08-17T00:00:00+02:00", "2026-09-05T12:00:00+02:00": "",
	} {
		got, is := s.Away(at(t, text))
		if is != (until != "") || is && !got.Equal(at(t, until)) {
			t.Errorf("away at %s: %v until %s, want %q", text, is, got, until)
		}
		if _, is := s.Present().Away(at(t, text)); is {
			t.Errorf("away at %s without absences", text)
		}
	}
}

func TestSchedule_thatNeverWorksEnds(t *testing.T) {
	gone := calendar.NewSchedule(calendar.Calendar{}, calendar.Hours{}, days(t, "2026-01-01", "2200-01-01"))
	now := at(t, "2026-03-02T10:00:00Z")
	for name, found := range map[string]func() (time.Time, bool){
		"next":         func() (time.Time, bool) { return gone.Next(now) },
		"days":         func() (time.Time, bool) { return gone.Due(now, 1, calendar.UnitDays, nine) },
		"working days": func() (time.Time, bool) { return gone.Due(now, 1, calendar.UnitWorkingDays, nine) },
		"hours":        func() (time.Time, bool) { return gone.Due(now, 1, calendar.UnitHours, nine) },
		"on":           func() (time.Time, bool) { return gone.On(now, nine) },
		"add":          func() (time.Time, bool) { return gone.Add(now, 1) },
		"far too many": func() (time.Time, bool) {
			return calendar.Schedule{}.Due(now, 1<<60, calendar.UnitWorkingHours, nine)
		},
	} {
		if got, ok := found(); ok {
			t.Errorf("%s: found %s", name, got)
		}
	}
	if gone.Covers(now) || gone.Between(now, at(t, "2199-12-31T00:00:00Z")) != 0 {
		t.Error("there is work in the absence")
	}
}

func TestNewHours_refuses(t *testing.T) {
	for name, tc := range map[string]struct {
		week calendar.Week
		want string
	}{
		"overnight":    {calendar.Week{time.Monday: {{22 * time.Hour, 6 * time.Hour}}}, "Monday: 22:00-06:00 ends before it begins: shifts over midnight are not supported"},
		"nothing":      {calendar.Week{time.Monday: nil}, "no weekday has any"},
		"empty":        {calendar.Week{time.Friday: {{nine, nine}}}, "09:00-09:00 is no time at all"},
		"overlap":      {calendar.Week{time.Friday: {{nine, 12 * time.Hour}, {11 * time.Hour, 13 * time.Hour}}}, "09:00-12:00 and 11:00-13:00 overlap"},
		"beyond":       {calendar.Week{time.Friday: {{nine, 25 * time.Hour}}}, "reaches beyond the day"},
		"before":       {calendar.Week{time.Friday: {{-time.Hour, nine}}}, "reaches beyond the day"},
		"too many":     {calendar.Week{time.Friday: make([]calendar.Interval, 11)}, "11 stretches"},
		"every day is": {calendar.Week{time.Friday: {{nine, nine}}, time.Monday: {{nine, nine}}}, "Friday"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := calendar.NewHours(tc.week); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestReadIntervals_andWeekdays(t *testing.T) {
	for text, want := range map[string]string{
		"09:00": "no stretch of work", "9-17": "no stretch of work", "09:00-24:01": "no stretch of work", "09:60-10:00": "no stretch of work",
		"22:00-06:00": "over midnight", "09:00-12:00, 11:00-13:00": "overlap", "+9:00-10:00": "no stretch of work", "09:00-12:00,": "no stretch of work",
	} {
		if _, err := calendar.ReadIntervals(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"", "mo", "mon-", "Mon", "mon-fri-sun", "mon,,tue"} {
		if _, err := calendar.ReadWeekdays(text); err == nil || !strings.Contains(err.Error(), "is no weekday") {
			t.Errorf("%q: error %v", text, err)
		}
	}
	h := week(t, map[string]string{"fri-mon": "13:30-17:00,09:00-12:30", "wed": "00:00-24:00"})
	if got, want := h.String(), "mon 09:00-12:30, 13:30-17:00; wed 00:00-24:00; fri-sun 09:00-12:30, 13:30-17:00"; got != want {
		t.Errorf("hours %s, want %s", got, want)
	}
	if got, want := (calendar.Hours{}).String(), "mon-fri 09:00-17:00"; got != want {
		t.Errorf("hours %s, want %s", got, want)
	}
	for _, hours := range []calendar.Hours{h, {}} {
		if read, err := calendar.ReadHours(hours.String()); err != nil || read.String() != hours.String() {
			t.Errorf("read %s, %v, want %s", read, err, hours)
		}
	}
	for _, text := range []string{"", "mon", "mon 9-17", "day 09:00-10:00", "mon 09:00-10:00; mon 09:30-11:00", "mon, tue 09:00-10:00"} {
		if _, err := calendar.ReadHours(text); err == nil {
			t.Errorf("%q is read without error", text)
		}
	}
	if !h.Has(nine) || (calendar.Hours{}).Has(17*time.Hour) {
		t.Error("09:00 is worked at, 17:00 is not")
	}
}

// schedules for properties, in zones that change their clocks, with work in the hours in which they do.
func schedules(tb testing.TB) []calendar.Schedule {
	tb.Helper()
	return []calendar.Schedule{
		{},
		office(tb), nights(tb, "Europe/Berlin"), nights(tb, "America/New_York"),
		calendar.NewSchedule(place(tb, calendar.Settings{Country: "CH", Region: "TI", Open: []string{"08-01"}}),
			week(tb, map[string]string{"sun": "02:15-02:45", "wed": "00:00-24:00"}), days(tb, "2025-01-01", "2025-09-01")),
	}
}

// working is the definition, minute by minute on the clock on the wall, for hours without ambiguous ends.
func TestSchedule_agreesWithTheWallMinuteByMinute(t *testing.T) {
	s := office(t)
	var sum time.Duration
	from := at(t, "2026-02-27T00:00:00+01:00")
	for m := from; m.Before(at(t, "2026-04-08T00:00:00+02:00")); m = m.Add(time.Minute) {
		wall := m.In(berlin(t))
		minute := wall.Hour()*60 + wall.Minute()
		worked := false
		switch wall.Weekday() { //nolint:exhaustive // the others are alike
		case time.Sunday:
		case time.Saturday:
			worked = minute >= 600 && minute < 720
		default:
			worked = minute >= 540 && minute < 750 || minute >= 810 && minute < 1020
		}
		switch wall.Format("01-02") {
		case "04-03", "04-06": // Good Friday, Easter Monday
			worked = false
		case "03-04":
			worked = worked && minute < 840
		}
		if s.Covers(m) != worked {
			t.Fatalf("%s: covered %v", wall, !worked)
		}
		if worked {
			sum += time.Minute
		}
		if m.Minute() == 7 && s.Between(from, m.Add(time.Minute)) != sum {
			t.Fatalf("until %s: %s, want %s", wall, s.Between(from, m.Add(time.Minute)), sum)
		}
	}
}

func TestSchedule_properties(t *testing.T) {
	all := schedules(t)
	instant := rapid.Custom(func(rt *rapid.T) time.Time {
		if rapid.Bool().Draw(rt, "near a change") {
			near := rapid.SampledFrom([]int64{1_711_846_800, 1_729_990_800, 1_710_054_000, 1_730_613_600}).Draw(rt, "change")
			return time.Unix(near+rapid.Int64Range(-90_000, 90_000).Draw(rt, "by"), 0)
		}
		return time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(rt, "second"), 0)
	})
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.SampledFrom(all).Draw(rt, "schedule")
		a := instant.Draw(rt, "a")
		b := a.Add(time.Duration(rapid.Int64Range(0, 400_000).Draw(rt, "b")) * time.Second)
		c := b.Add(time.Duration(rapid.Int64Range(0, 4_000_000).Draw(rt, "c")) * time.Second)
		if ab, bc, ac := s.Between(a, b), s.Between(b, c), s.Between(a, c); ab+bc != ac || ab < 0 || ab > b.Sub(a) {
			rt.Fatalf("between %s + %s != %s", ab, bc, ac)
		}
		next, ok := s.Next(b)
		if !ok || next.Before(b) || s.Between(b, next) != 0 || !s.Covers(next) {
			rt.Fatalf("next of %s is %s", b, next)
		}
		if added, ok := s.Add(a, s.Between(a, b)); !ok || !added.Equal(next) {
			rt.Fatalf("add(a, between(a, b)) = %s, next(b) = %s", added, next)
		}
		n := rapid.IntRange(0, 60).Draw(rt, "n")
		unit := rapid.SampledFrom([]calendar.Unit{calendar.UnitHours, calendar.UnitDays, calendar.UnitWorkingHours, calendar.UnitWorkingDays}).Draw(rt, "unit")
		hour := time.Duration(rapid.IntRange(0, 1439).Draw(rt, "at")) * time.Minute
		due, ok := s.Due(a, n, unit, hour)
		if !ok || due.Before(a) || !s.Covers(due) {
			rt.Fatalf("due %d%s after %s at %s: %s, %v", n, unit, a, hour, due, ok)
		}
		if later, _ := s.Due(a, n+1, unit, hour); later.Before(due) {
			rt.Fatalf("one %s more is due earlier: %s after %s", unit, later, due)
		}
		if later, _ := s.Due(b, n, unit, hour); later.Before(due) {
			rt.Fatalf("from %s later is due earlier: %s after %s", b.Sub(a), later, due)
		}
		if unit == calendar.UnitWorkingHours && s.Between(a, due) != time.Duration(n)*time.Hour {
			rt.Fatalf("%d working hours are %s", n, s.Between(a, due))
		}
	})
}
