package calendar

import (
	"fmt"
	"maps"
	"slices"
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
	return map[string][]*cal.Holiday{
		"BW": de.HolidaysBW, "BY": de.HolidaysBY, "BE": de.HolidaysBE, "BB": de.HolidaysBB,
		"HB": de.HolidaysHB, "HH": de.HolidaysHH, "HE": de.HolidaysHE,
		"MV": append(slices.Clone(de.HolidaysMV), womensDay()),
		"NI": de.HolidaysNI, "NW": de.HolidaysNW, "RP": de.HolidaysRP, "SL": de.HolidaysSL,
		"SN": de.HolidaysSN, "ST": de.HolidaysST, "SH": de.HolidaysSH, "TH": de.HolidaysTH,
	}
}

// womensDay is 8 March in Mecklenburg-Vorpommern, missing in the library (dependencies 15).
func womensDay() *cal.Holiday {
	return &cal.Holiday{Name: "Frauentag", Type: cal.ObservancePublic, Month: time.March, Day: 8, Func: cal.CalcDayOfMonth, StartYear: 2023}
}

func cantons() map[string][]*cal.Holiday {
	return map[string][]*cal.Holiday{
		"ZH": ch.HolidaysZH, "BE": ch.HolidaysBE, "LU": ch.HolidaysLU, "UR": ch.HolidaysUR, "SZ": ch.HolidaysSZ,
		"OW": ch.HolidaysOW, "NW": ch.HolidaysNW, "GL": ch.HolidaysGL, "ZG": ch.HolidaysZG, "FR": ch.HolidaysFR,
		"SO": ch.HolidaysSO, "BS": ch.HolidaysBS, "BL": ch.HolidaysBL, "SH": ch.HolidaysSH, "AR": ch.HolidaysAR,
		"AI": ch.HolidaysAI, "SG": ch.HolidaysSG, "GR": ch.HolidaysGR, "AG": ch.HolidaysAG, "TG": ch.HolidaysTG,
		"VD": ch.HolidaysVD, "TI": ch.HolidaysTI, "VS": ch.HolidaysVS, "NE": ch.HolidaysNE, "GE": ch.HolidaysGE,
		"JU": ch.HolidaysJU,
	}
}

// holidaysOf finds the holidays of a place.
func holidaysOf(name, region string) ([]*cal.Holiday, error) {
	all := countries()
	place, ok := all[name]
	if !ok {
		delete(all, "")
		return nil, fmt.Errorf("find country %q: known are %s; leave it empty for weekends only", name, lists(slices.Collect(maps.Keys(all))))
	}
	if region == "" {
		return place.whole, nil
	}
	if len(place.regions) == 0 {
		return nil, fmt.Errorf("find region %q: country %q has no regions with holidays of their own, leave the region empty", region, name)
	}
	holidays, ok := place.regions[region]
	if !ok {
		return nil, fmt.Errorf("find region %q of %s: known are %s", region, name, lists(slices.Collect(maps.Keys(place.regions))))
	}
	return holidays, nil
}
