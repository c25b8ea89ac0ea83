package audit

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"leadsync/connector/hubspot/simulator"
	"leadsync/scoring/calendar"
)

// The auditor's calendar and the one that is audited were written apart and know nothing of each other: in every place,
// for a person with hours, a zone and absences, they agree about what is worked and when something is due.
func TestCalendarAgreesWithTheOneThatIsAudited(t *testing.T) {
	places := []string{
		"DE", "DE-BW", "DE-BY", "DE-BE", "DE-BB", "DE-HB", "DE-HH", "DE-HE", "DE-MV", "DE-NI", "DE-NW", "DE-RP", "DE-SL",
		"DE-SN", "DE-ST", "DE-SH", "DE-TH", "AT", "CH",
	}
	week := map[time.Weekday][][2]int{time.Tuesday: {{540, 750}, {810, 1020}}, time.Wednesday: {{480, 1080}}, time.Friday: {{600, 601}}, time.Sunday: {{600, 720}}}
	audited := calendar.Week{}
	for day, stretches := range week {
		for _, s := range stretches {
			audited[day] = append(audited[day], calendar.Interval{From: time.Duration(s[0]) * time.Minute, To: time.Duration(s[1]) * time.Minute})
		}
	}
	hours, err := calendar.NewHours(audited)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		place := rapid.SampledFrom(places).Draw(rt, "place")
		zone, err := time.LoadLocation(rapid.SampledFrom([]string{"Europe/Berlin", "America/New_York"}).Draw(rt, "zone"))
		if err != nil {
			rt.Fatal(err)
		}
		from := time.Unix(rapid.Int64Range(1_704_100_000, 1_920_000_000).Draw(rt, "from"), 0)
		begin := from.Add(time.Duration(rapid.IntRange(-20, 20).Draw(rt, "absent in")) * 24 * time.Hour)
		absence := calendar.Absence{From: begin.UTC(), To: begin.UTC().AddDate(0, 0, rapid.IntRange(0, 30).Draw(rt, "absent for")), Days: true}
		w := &working{
			zone: zone, place: place, hours: week, known: map[string]bool{}, closed: []string{"12-24", "2026-07-01"}, open: []string{"10-03"},
			away: []Away{{From: absence.From.Format(time.DateOnly), To: absence.To.Format(time.DateOnly)}},
		}
		country, region := place, ""
		if len(place) > 2 {
			country, region = place[:2], place[3:]
		}
		at, err := calendar.New(calendar.Settings{Country: country, Region: region, Zone: zone, Closed: w.closed, Open: w.open})
		if err != nil {
			rt.Fatal(err)
		}
		s := calendar.NewSchedule(at, hours, absence)

		n, unit := rapid.IntRange(0, 30).Draw(rt, "n"), rapid.SampledFrom([]string{"h", "d", "wh", "wd"}).Draw(rt, "unit")
		minute := rapid.IntRange(1, 1439).Draw(rt, "at")
		want, ok := s.Present().Due(from, n, calendar.Unit(unit), time.Duration(minute)*time.Minute)
		a := &auditor{at: from}
		a.in.Mapping.Calendar.DueAt = minute
		if got := a.dueFrom(w, &taskRule{due: span{n, unit}}, &contact{}, from); !ok || !got.Equal(want) {
			rt.Fatalf("%d%s after %s at %d in %s: the auditor says %s, audited is %s", n, unit, from, minute, place, got, want)
		}
		if next, _ := s.Next(want); !w.next(want, false).Equal(next) || !s.Covers(next) {
			rt.Fatalf("behind the absence: the auditor says %s, audited is %s", w.next(want, false), next)
		}
		if s.Present().Covers(from) != w.covers(from) {
			rt.Fatalf("%s in %s is worked: the auditor says %v", from, place, w.covers(from))
		}
	})
}

func TestShiftsAreReadAsTheAccountWritesThem(t *testing.T) {
	a := &auditor{}
	a.in.Mapping.People = map[string]string{"anna": "1"}
	w := &working{zone: time.UTC, known: map[string]bool{}, place: "DE"}
	w.told([]simulator.Owner{{ID: "2", Hours: "[]"}, {
		ID: "1", Zone: "Europe/Berlin",
		Hours: `[{"days":"MONDAY_TO_FRIDAY","startMinute":540,"endMinute":720},{"days":"SUNDAY","startMinute":600,"endMinute":660}]`,
	}}, "1")
	for text, want := range map[string]bool{
		"2026-03-02T08:00:00Z": true, "2026-03-02T11:00:00Z": false, "2026-03-01T09:30:00Z": true, "2026-02-28T09:30:00Z": false,
	} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		if w.covers(at) != want {
			t.Errorf("%s is worked: %v", text, !want)
		}
	}
	if a.nameOf("1") != "anna" || a.nameOf("") != "" {
		t.Error("anna is not known by the id of her owner")
	}
}
