package config

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// ParseSchedule reads a cron spec: five fields (minute, hour, day, month, weekday), a descriptor such as
// @hourly, or "@every 5m", with TZ=ZONE before it if need be. It refuses what cron accepts and would do
// differently from what it says (dependencies 19): a spec that never fires, an interval under a second or
// with a fraction of one. It never panics, which cron's own parser does for a zone without fields.
func ParseSchedule(spec string) (schedule cron.Schedule, err error) {
	defer func() {
		if recover() != nil {
			schedule, err = nil, fmt.Errorf("%q is no schedule", spec)
		}
	}()
	fields := strings.Fields(spec)
	if len(fields) == 0 {
		return nil, errors.New("the schedule is empty")
	}
	zone := ""
	if strings.HasPrefix(fields[0], "TZ=") || strings.HasPrefix(fields[0], "CRON_TZ=") {
		zone, fields = fields[0]+" ", fields[1:]
	}
	if err := checkFields(spec, fields); err != nil {
		return nil, err
	}
	schedule, err = cron.ParseStandard(zone + strings.Join(fields, " "))
	if err != nil {
		return nil, fmt.Errorf("%q is no schedule: %w", spec, err)
	}
	// From any fixed day; cron gives up after five years.
	if schedule.Next(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("%q never comes round", spec)
	}
	return schedule, nil
}

func checkFields(spec string, fields []string) error {
	switch {
	case len(fields) == 0:
		return fmt.Errorf("%q has a time zone but no time", spec)
	case fields[0] == "@every":
		if len(fields) != 2 {
			return fmt.Errorf("%q has no interval", spec)
		}
		every, err := time.ParseDuration(fields[1])
		if err != nil {
			return fmt.Errorf("%q has no interval: %q is no duration", spec, fields[1])
		}
		if every < time.Second || every%time.Second != 0 {
			return fmt.Errorf("%q is not in whole seconds, one at least", spec)
		}
	case strings.HasPrefix(fields[0], "@"):
		if len(fields) != 1 {
			return fmt.Errorf("%q has words after %s", spec, fields[0])
		}
	case len(fields) != 5:
		return fmt.Errorf("%q has %d fields instead of five", spec, len(fields))
	}
	return nil
}
