package naive

import "time"

// steps is how many steps of the grid a length of time has.
func (m *Model) steps(length time.Duration) int64 { return int64(length / m.grid) }

// since is E - B: from the first step that begins at or after a moment to the step that now lies in.
func (s scope) since(at time.Time) int64 {
	grid := s.reading.model.grid.Microseconds()
	return floorDiv(s.now, grid) + floorDiv(-at.UnixMicro(), grid)
}

// age is how many whole steps have begun since a moment.
func (s scope) age(at time.Time) int64 { return max(0, s.since(at)) }

// days are the whole days from a moment until now; negative for a moment to come.
func (s scope) days(at time.Time) float64 {
	steps := s.since(at)
	if at.UnixMicro() <= s.now {
		steps = max(0, steps)
	}
	return float64(floorDiv(steps, s.reading.model.steps(day)))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// period names the calendar day, week or month of a moment in the model's time zone.
func (m *Model) period(per string, at time.Time) string {
	at = time.UnixMicro(at.UnixMicro()).In(m.zone)
	switch per {
	case "week":
		back := (int(at.Weekday()) + 6) % 7 // from Monday
		return time.Date(at.Year(), at.Month(), at.Day()-back, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	case "month":
		return at.Format("2006-01")
	}
	return at.Format(time.DateOnly)
}
