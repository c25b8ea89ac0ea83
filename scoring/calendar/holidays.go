package calendar

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/de"
)

// country is the holidays of a country: those of the whole and those of its regions.
type country struct {
	whole   []*cal.Holiday
	regions map[string][]*cal.Holiday
}

func countries() map[string]country {
	return map[string]country{
		"":   {},
		"DE": {whole: de.Holidays, regions: laender()},
		"AT": {whole: at.Holidays},
		// Only what every canton keeps; ch.Holidays is every day that some canton keeps.
		"CH": {whole: []*cal.Holiday{ch.Neujahr, ch.Auffahrt, ch.Bundesfeiertag, ch.Weihnachtstag}, regions: cantons()},
	}
}

func laender() map[string][]*cal.Holiday {
	const north = 2018 // Bremen, Hamburg, Lower Saxony and Schleswig-Holstein keep Reformation Day since then
	return map[string][]*cal.Holiday{
		"BW": de.HolidaysBW, "BY": de.HolidaysBY,
		"BE": with(without(de.HolidaysBE, de.Frauentag), since(de.Frauentag, 2019),
			once(2020, time.May, 8), once(2025, time.May, 8), once(2028, time.June, 17)),
		"BB": with(de.HolidaysBB, easter(0), easter(49)),
		"HB": with(without(de.HolidaysHB, de.Reformationstag), since(de.Reformationstag, north)),
		"HH": with(without(de.HolidaysHH, de.Reformationstag), since(de.Reformationstag, north)),
		"HE": de.HolidaysHE,
		"MV": with(de.HolidaysMV, since(de.Frauentag, 2023)),
		"NI": with(without(de.HolidaysNI, de.Reformationstag), since(de.Reformationstag, north)),
		"NW": de.HolidaysNW, "RP": de.HolidaysRP, "SL": de.HolidaysSL, "SN": de.HolidaysSN, "ST": de.HolidaysST,
		"SH": with(without(de.HolidaysSH, de.Reformationstag), since(de.Reformationstag, north)),
		"TH": de.HolidaysTH,
	}
}

// cantons are the library's, with those days that cantons keep of their own, and that it lacks.
func cantons() map[string][]*cal.Holiday {
	return map[string][]*cal.Holiday{
		"ZH": ch.HolidaysZH, "BE": ch.HolidaysBE, "LU": ch.HolidaysLU, "UR": ch.HolidaysUR, "SZ": ch.HolidaysSZ,
		"OW": with(ch.HolidaysOW, yearly(time.September, 25)), // Bruder Klaus
		"NW": ch.HolidaysNW,
		"GL": with(ch.HolidaysGL, &cal.Holiday{Func: naefelserFahrt}),
		"ZG": with(ch.HolidaysZG, ch.Fronleichnam, ch.MariaHimmelfahrt, ch.MariaEmpfangnis),
		"FR": ch.HolidaysFR, "SO": ch.HolidaysSO, "BS": ch.HolidaysBS, "BL": ch.HolidaysBL, "SH": ch.HolidaysSH,
		"AR": ch.HolidaysAR, "AI": ch.HolidaysAI, "SG": ch.HolidaysSG, "GR": ch.HolidaysGR, "AG": ch.HolidaysAG,
		"TG": ch.HolidaysTG,
		"VD": with(ch.HolidaysVD, september(time.Sunday, 3, 1)), // the Monday of the Jeûne fédéral
		"TI": with(ch.HolidaysTI, yearly(time.June, 29)),        // Santi Pietro e Paolo
		"VS": ch.HolidaysVS,
		"NE": with(without(ch.HolidaysNE, ch.Fronleichnam), yearly(time.March, 1)),                                   // the Republic; Corpus Christi only in Le Landeron
		"GE": with(without(ch.HolidaysGE, ch.Fronleichnam), september(time.Sunday, 1, 4), yearly(time.December, 31)), // Jeûne genevois, the Restoration
		"JU": with(ch.HolidaysJU, yearly(time.June, 23)),                                                             // the independence
	}
}

func with(holidays []*cal.Holiday, more ...*cal.Holiday) []*cal.Holiday {
	return append(slices.Clone(holidays), more...)
}

func without(holidays []*cal.Holiday, less *cal.Holiday) []*cal.Holiday {
	return slices.DeleteFunc(slices.Clone(holidays), func(h *cal.Holiday) bool { return h == less })
}

func since(h *cal.Holiday, year int) *cal.Holiday { return h.Clone(&cal.Holiday{StartYear: year}) }

func yearly(month time.Month, of int) *cal.Holiday {
	return &cal.Holiday{Month: month, Day: of, Func: cal.CalcDayOfMonth}
}

func once(year int, month time.Month, of int) *cal.Holiday {
	h := yearly(month, of)
	h.StartYear, h.EndYear = year, year
	return h
}

// easter is a day so many days after Easter Sunday.
func easter(days int) *cal.Holiday { return &cal.Holiday{Offset: days, Func: cal.CalcEasterOffset} }

// september is so many days after the n-th weekday of September.
func september(weekday time.Weekday, n, days int) *cal.Holiday {
	return &cal.Holiday{Func: func(_ *cal.Holiday, year int) time.Time {
		return nth(year, time.September, weekday, n).AddDate(0, 0, days)
	}}
}

func nth(year int, month time.Month, weekday time.Weekday, n int) time.Time {
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 0, (int(weekday-first.Weekday())+7)%7+7*(n-1))
}

// naefelserFahrt is the first Thursday of April, or the one after it if that is in Holy Week.
func naefelserFahrt(_ *cal.Holiday, year int) time.Time {
	thursday := nth(year, time.April, time.Thursday, 1)
	if maundy := cal.CalcEasterOffset(easter(-3), year); maundy.YearDay() == thursday.YearDay() {
		return thursday.AddDate(0, 0, 7)
	}
	return thursday
}

// Countries are the countries whose holidays are known.
func Countries() []string {
	all := countries()
	delete(all, "")
	return slices.Sorted(maps.Keys(all))
}

// Regions are the regions of a country that have holidays of their own, and whether the country is known at all.
func Regions(name string) (regions []string, known bool) {
	place, known := countries()[name]
	return slices.Sorted(maps.Keys(place.regions)), known && name != ""
}

// holidaysOf finds the holidays of a place.
func holidaysOf(name, region string) ([]*cal.Holiday, error) {
	place, ok := countries()[name]
	if !ok {
		return nil, fmt.Errorf("find country %q: known are %s; leave it empty for no holidays", name, strings.Join(Countries(), ", "))
	}
	if region == "" {
		return place.whole, nil
	}
	if len(place.regions) == 0 {
		return nil, fmt.Errorf("find region %q: country %q has no regions with holidays of their own, leave the region empty", region, name)
	}
	holidays, ok := place.regions[region]
	if !ok {
		return nil, fmt.Errorf("find region %q of %s: known are %s", region, name, strings.Join(slices.Sorted(maps.Keys(place.regions)), ", "))
	}
	return holidays, nil
}
