package calendar_test

import (
	"strings"
	"testing"
	"time"

	"leadsync/fixtures/hostile"
	"leadsync/scoring/calendar"
)

// FuzzSchedule reads any working hours, days off and absences: an error that says what to write, or a schedule whose
// answers fit each other and come soon, however odd it is.
func FuzzSchedule(f *testing.F) {
	f.Add("mon-fri 09:00-12:30, 13:30-17:00", "2026-12-24,12-31", "05-01", "Europe/Berlin", int64(1790000000), int64(90), int16(3), uint8(0))
	f.Add("sun 23:59-24:00", "02-29", "02-29", "America/Sao_Paulo", int64(-62135596800), int64(1<<40), int16(-4), uint8(1))
	f.Add("mon 00:00-24:00; mon 00:00-24:00", "2026-13-01", "x", "Pacific/Apia", int64(253402300799), int64(-5), int16(1000), uint8(2))
	f.Add("fri-mon 10:00-10:00", "", "", "Local", int64(0), int64(0), int16(0), uint8(9))
	w := hostile.New(f)
	f.Fuzz(func(t *testing.T, hours, closed, open, zone string, at, away int64, n int16, kind uint8) {
		w.Run(t, func() {
			week, err := calendar.ReadHours(hours)
			if err != nil {
				if err.Error() == "" {
					t.Error("an error without words")
				}
				return
			}
			again, err := calendar.ReadHours(week.String())
			if err != nil || again.String() != week.String() {
				t.Errorf("%q was written as %q: %v", hours, week, err)
			}
			place, err := time.LoadLocation(zone)
			if err != nil {
				place = time.UTC
			}
			countries := calendar.Countries()
			c, err := calendar.New(calendar.Settings{
				Country: append(countries, "")[int(kind)%(len(countries)+1)], Zone: place, Closed: list(closed), Open: list(open),
			})
			if err != nil {
				return
			}
			from := time.Unix(min(max(at, -62135596800), 253402300799), 0)
			s := calendar.NewSchedule(c, week, calendar.Absence{From: from, To: from.Add(time.Duration(away % (1 << 55))), Days: kind%2 == 0})
			next, ok := s.Next(from)
			if ok && (next.Before(from) || !s.Covers(next)) {
				t.Errorf("from %s the next working time is %s", from, next)
			}
			if due, ok := s.Due(from, int(n), []calendar.Unit{calendar.UnitHours, calendar.UnitDays, calendar.UnitWorkingHours, calendar.UnitWorkingDays, "x"}[kind%5], 9*time.Hour); ok && n > 0 && due.Before(from.AddDate(0, 0, -2)) {
				t.Errorf("%d units after %s is %s", n, from, due)
			}
			d := time.Duration(away%int64(1000*time.Hour/time.Second)) * time.Second
			if end, ok := s.Add(from, d); ok && d > 0 {
				if got := s.Between(from, end); got != d {
					t.Errorf("%s of work after %s is %s, and between them is %s", d, from, end, got)
				}
			}
		})
	})
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
