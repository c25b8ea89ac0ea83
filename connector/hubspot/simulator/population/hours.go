package population

import (
	"time"
	_ "time/tzdata" // working hours are those of Berlin, also where the machine has no zone files
)

const day = 24 * time.Hour

// span is the whole seconds from first to last, both included.
type span struct{ first, last int64 }

func (s span) seconds() int64 { return s.last - s.first + 1 }

// wholeSeconds are the instants that a step may use: after from, up to to.
func wholeSeconds(from, to time.Time) span {
	return span{first: from.Unix() + 1, last: to.Unix()}
}

// office knows when salespeople work: Monday to Friday, half past eight to
// half past five, not on holidays.
type office struct{ zone *time.Location }

func newOffice() office {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil { // cannot happen with embedded zones; an hour's shift is better than no people
		zone = time.FixedZone("CET", 3600)
	}
	return office{zone: zone}
}

// open returns the working seconds of a step.
func (o office) open(from, to time.Time) []span {
	all := wholeSeconds(from, to)
	var out []span
	y, m, d := from.In(o.zone).Date()
	for i := 0; ; i++ {
		morning := time.Date(y, m, d+i, 8, 30, 0, 0, o.zone)
		if morning.Unix() > all.last {
			return out
		}
		if closed(morning) {
			continue
		}
		evening := time.Date(y, m, d+i, 17, 30, 0, 0, o.zone)
		s := span{first: max(all.first, morning.Unix()), last: min(all.last, evening.Unix())}
		if s.first <= s.last {
			out = append(out, s)
		}
	}
}

// closed says whether nobody works on the day: weekends and the holidays with
// a fixed date that all of Germany has.
func closed(t time.Time) bool {
	if wd := t.Weekday(); wd == time.Saturday || wd == time.Sunday {
		return true
	}
	_, month, d := t.Date()
	switch int(month)*100 + d {
	case 101, 501, 1003, 1224, 1225, 1226, 1231:
		return true
	}
	return false
}

// workdays is the working time in the spans, in days of nine hours.
func workdays(spans []span) float64 {
	n := int64(0)
	for _, s := range spans {
		n += s.seconds()
	}
	return float64(n) / (9 * 3600)
}

// instant draws a second from the spans; there must be one.
func (d dice) instant(spans []span) time.Time {
	total := int64(0)
	for _, s := range spans {
		total += s.seconds()
	}
	n := d.Int64N(total)
	for _, s := range spans {
		if n < s.seconds() {
			return second(s.first + n)
		}
		n -= s.seconds()
	}
	return second(spans[len(spans)-1].last)
}

func second(unix int64) time.Time { return time.Unix(unix, 0).UTC() }
