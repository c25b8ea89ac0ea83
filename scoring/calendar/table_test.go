package calendar_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"leadsync/scoring/calendar"
)

var update = flag.Bool("update", false, "write the table of holidays anew")

const table = "testdata/holidays.txt"

// gauss is Easter Sunday by the rule of Gauss with both exceptions; the package's own comes from another formula.
func gauss(year int) time.Time {
	a, b, c := year%19, year%4, year%7
	k := year / 100
	p := (13 + 8*k) / 25
	q := k / 4
	m, n := (15-p+k-q)%30, (4+k-q)%7
	d := (19*a + m) % 30
	e := (2*b + 4*c + 6*d + n) % 7
	march := 22 + d + e
	if march-31 == 26 || march-31 == 25 && d == 28 && e == 6 && a > 10 {
		march -= 7
	}
	return time.Date(year, time.March, march, 0, 0, 0, 0, time.UTC)
}

// laws are the public holidays of a place in a year, written down from its law: fixed days as month and day, movable
// ones as days from Easter.
func laws(place string, year int) []string {
	fixed, moved := []string{"01-01", "12-25"}, []int{39}
	in := func(places string) bool { return slices.Contains(strings.Fields(places), place) }
	add := func(is bool, of ...string) {
		if is {
			fixed = append(fixed, of...)
		}
	}
	after := func(is bool, days ...int) {
		if is {
			moved = append(moved, days...)
		}
	}
	germany := strings.HasPrefix(place, "DE")
	add(germany, "05-01", "10-03", "12-26")
	after(germany, -2, 1, 50)
	add(in("DE-BW DE-BY DE-ST"), "01-06")
	add(in("DE-BE") || in("DE-MV") && year >= 2023, "03-08")
	add(in("DE-BE") && year == 2025, "05-08")
	add(in("DE-BE") && year == 2028, "06-17")
	after(in("DE-BB"), 0, 49)
	after(in("DE-BW DE-BY DE-HE DE-NW DE-RP DE-SL"), 60)
	add(in("DE-SL"), "08-15")
	add(in("DE-TH"), "09-20")
	add(in("DE-BB DE-HB DE-HH DE-MV DE-NI DE-SN DE-ST DE-SH DE-TH"), "10-31")
	add(in("DE-BW DE-BY DE-NW DE-RP DE-SL"), "11-01")
	if in("DE-SN") { // the Wednesday before 23 November
		last := time.Date(year, time.November, 22, 0, 0, 0, 0, time.UTC)
		for last.Weekday() != time.Wednesday {
			last = last.AddDate(0, 0, -1)
		}
		add(true, last.Format("01-02"))
	}
	add(in("AT"), "01-06", "05-01", "08-15", "10-26", "11-01", "12-08", "12-26")
	after(in("AT"), 1, 50, 60)
	add(strings.HasPrefix(place, "CH"), "08-01")
	after(in("CH-ZH CH-BE CH-GE CH-VD CH-GL CH-JU"), -2, 1, 50)
	add(in("CH-ZH CH-JU CH-TI"), "05-01")
	add(in("CH-ZH CH-BE CH-GL CH-TI"), "12-26")
	add(in("CH-BE CH-VD CH-JU"), "01-02")
	add(in("CH-GE"), "12-31")
	after(in("CH-JU CH-TI CH-OW"), 60)
	add(in("CH-JU CH-TI CH-OW"), "08-15", "11-01")
	add(in("CH-JU"), "06-23")
	add(in("CH-TI"), "01-06", "03-19", "06-29", "12-08")
	after(in("CH-TI"), 1, 50)
	after(in("CH-OW"), -2)
	add(in("CH-OW"), "09-25", "12-08")
	add(in("CH-GL"), "11-01", map[int]string{2024: "04-04", 2025: "04-03", 2026: "04-09", 2027: "04-01", 2028: "04-06", 2029: "04-05", 2030: "04-04"}[year])
	add(in("CH-GE"), map[int]string{2024: "09-05", 2025: "09-11", 2026: "09-10", 2027: "09-09", 2028: "09-07", 2029: "09-06", 2030: "09-05"}[year])
	add(in("CH-VD"), map[int]string{2024: "09-16", 2025: "09-22", 2026: "09-21", 2027: "09-20", 2028: "09-18", 2029: "09-17", 2030: "09-16"}[year])
	for _, d := range moved {
		fixed = append(fixed, gauss(year).AddDate(0, 0, d).Format("01-02"))
	}
	slices.Sort(fixed)
	return slices.Compact(fixed)
}

func places() []string {
	return []string{
		"DE", "DE-BW", "DE-BY", "DE-BE", "DE-BB", "DE-HB", "DE-HH", "DE-HE", "DE-MV", "DE-NI", "DE-NW", "DE-RP", "DE-SL",
		"DE-SN", "DE-ST", "DE-SH", "DE-TH", "AT", "CH", "CH-ZH", "CH-BE", "CH-GE", "CH-VD", "CH-TI", "CH-GL", "CH-JU", "CH-OW",
	}
}

func read(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTable_isWhatTheLawsSay(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Public holidays by place and year, Sundays among them, computed from the laws by table_test.go.\n")
	for _, p := range places() {
		for year := 2024; year <= 2030; year++ {
			fmt.Fprintf(&b, "%s %d %s\n", p, year, strings.Join(laws(p, year), " "))
		}
	}
	if *update {
		if err := os.WriteFile(table, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(read(t), b.String()); diff != "" {
		t.Errorf("table (-file +laws):\n%s", diff)
	}
}

// Day for day: every day of seven years, in every place, is off exactly if the table has it (C8).
func TestSchedule_keepsTheTable(t *testing.T) {
	always := week(t, map[string]string{"mon-sun": "00:00-24:00"})
	kept := 0
	for line := range strings.Lines(read(t)) {
		fields := strings.Fields(line)
		if fields[0] == "#" {
			continue
		}
		country, region, _ := strings.Cut(fields[0], "-")
		s := calendar.NewSchedule(place(t, calendar.Settings{Country: country, Region: region}), always)
		first := at(t, fields[1]+"-01-01T12:00:00Z")
		for day := first; day.Year() == first.Year(); day = day.AddDate(0, 0, 1) {
			off := slices.Contains(fields[2:], day.Format("01-02"))
			if s.Covers(day) == off {
				t.Errorf("%s %s: off %v in the table", fields[0], day.Format(time.DateOnly), off)
			}
			kept++
		}
	}
	if want := len(places()) * (7*365 + 2); kept != want {
		t.Errorf("%d days compared, want %d", kept, want)
	}
}

func TestEaster_ofTheTable(t *testing.T) {
	for year, want := range map[int]string{
		1954: "04-18", 1981: "04-19", 2024: "03-31", 2025: "04-20", 2026: "04-05", 2027: "03-28", 2028: "04-16", 2029: "04-01",
		2030: "04-21", 2038: "04-25", 2049: "04-18", 2076: "04-19",
	} {
		if got := gauss(year).Format("01-02"); got != want {
			t.Errorf("Easter %d: %s, want %s", year, got, want)
		}
	}
}

func TestHolidays_beginInTheirYear(t *testing.T) {
	for name, tc := range map[string]struct {
		region, date string
		worked       bool
	}{
		"Berlin, 8 March 2018":               {"BE", "2018-03-08", true},
		"Berlin, 8 March 2019":               {"BE", "2019-03-08", false},
		"Berlin, 8 May 2020":                 {"BE", "2020-05-08", false},
		"Berlin, 8 May 2026":                 {"BE", "2026-05-08", true},
		"Lower Saxony, 31 October 2016":      {"NI", "2016-10-31", true},
		"Lower Saxony, 31 October 2018":      {"NI", "2018-10-31", false},
		"Bavaria, 15 August 2025":            {"BY", "2025-08-15", true},
		"Bavaria, Augsburg, 8 August 2025":   {"BY", "2025-08-08", true},
		"Thuringia, 20 September 2018":       {"TH", "2018-09-20", true},
		"Saxony, Corpus Christi 2026":        {"SN", "2026-06-04", true},
		"Saarland, 15 August 2025 is Friday": {"SL", "2025-08-15", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := calendar.NewSchedule(place(t, calendar.Settings{Country: "DE", Region: tc.region}), calendar.Hours{})
			if got := s.Covers(at(t, tc.date+"T12:00:00Z")); got != tc.worked {
				t.Errorf("worked: %v", got)
			}
		})
	}
}
