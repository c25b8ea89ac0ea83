package config_test

import (
	"testing"
	"time"

	"leadsync/cmd/leadsync/config"
)

// The refusals are in testdata/broken; this is what is accepted, and when it comes round next.
func TestParseSchedule(t *testing.T) {
	from := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)
	cases := []struct{ spec, next string }{
		{"@every 1s", "2026-03-28T12:00:01Z"},
		{"@every 90m", "2026-03-28T13:30:00Z"},
		{"TZ=UTC 17 4 * * *", "2026-03-29T04:17:00Z"},
		{"CRON_TZ=UTC\t17\t4 * * *", "2026-03-29T04:17:00Z"},
		{"TZ=UTC @daily", "2026-03-29T00:00:00Z"},
		{"TZ=Europe/Berlin 30 2 * * *", "2026-03-30T00:30:00Z"}, // the clocks go forward on the 29th
		{"TZ=UTC 0 0 29 2 *", "2028-02-29T00:00:00Z"},
	}
	for _, c := range cases {
		t.Run(c.spec, func(t *testing.T) {
			schedule, err := config.ParseSchedule(c.spec)
			if err != nil {
				t.Fatal(err)
			}
			if got := schedule.Next(from).UTC().Format(time.RFC3339); got != c.next {
				t.Errorf("next = %s, want %s", got, c.next)
			}
		})
	}
}

func TestParseScheduleRefusesBlanks(t *testing.T) {
	for _, spec := range []string{"", " \t", "\x00", "TZ= 0 0 * * * *", "TZ="} {
		if _, err := config.ParseSchedule(spec); err == nil {
			t.Errorf("%q was accepted", spec)
		}
	}
}
