package scoring

import (
	"regexp"
	"time"
	_ "time/tzdata" // what a day is must not depend on which zone files a machine has
)

// zoneName is how the IANA writes time zones: no name of a file of rules with leap seconds, none of a machine.
var zoneName = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`)

// timeZone reads the zone in which days begin. The rules of time zones are a table like that of holidays: nothing
// that happens while a model evaluates changes it. A machine that has a newer table than the program uses it, so two
// machines can differ about days whose rules were changed by law in between, and about nothing else.
func (p *modelParser) timeZone(f field) {
	p.model.zone = time.UTC
	if !f.present() {
		return
	}
	p.seen(f).pattern = zoneName
	name := p.text(f)
	if name == "" {
		return
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" || !zoneName.MatchString(name) {
		p.fail(f, "use a name of the IANA time zone database such as Europe/Berlin, Europe/Vienna or Europe/Zurich", "there is no time zone %q", name)
		return
	}
	p.model.zone = zone
}

// TimeZone is where days, weeks and months begin that the model counts.
func (m *Model) TimeZone() *time.Location { return m.zone }

// dayOf is the calendar day of a moment in microseconds, counted from 1 January 1970.
func (m *Model) dayOf(at int64) int64 {
	const day = int64(24 * time.Hour / time.Microsecond)
	if m.zone == time.UTC {
		return floorDiv(at, day)
	}
	_, offset := time.UnixMicro(at).In(m.zone).Zone()
	return floorDiv(at+int64(offset)*int64(time.Second/time.Microsecond), day)
}
