package simulator

import (
	"strconv"
	"time"
)

// The rate limit buckets (hubspot-api 4.1).
const (
	bucketGeneral      = "general"
	bucketSearch       = "search"
	bucketAssociations = "associations"
)

const defaultDaily = 625_000

// window is a sliding window of request times, on the operating clock.
type window struct {
	Limit
	times []time.Time
}

func (w *window) forget(now time.Time) {
	n := 0
	for n < len(w.times) && now.Sub(w.times[n]) >= w.Window {
		n++
	}
	w.times = append(w.times[:0], w.times[n:]...)
}

func (w *window) remaining() int { return max(0, w.Max-len(w.times)) }

type limiter struct {
	windows  map[string]*window
	daily    int
	zone     *time.Location
	day      string
	used     int
	enforced bool
}

func newLimiter(o Options) limiter {
	zone, err := time.LoadLocation(o.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	l := limiter{windows: map[string]*window{}, daily: orInt(o.RateLimits.Daily, defaultDaily), enforced: o.RateLimits.Daily > 0, zone: zone}
	for bucket, limit := range map[string]Limit{
		bucketGeneral: o.RateLimits.General, bucketSearch: o.RateLimits.Search, bucketAssociations: o.RateLimits.Associations,
	} {
		if limit.Max > 0 {
			l.windows[bucket] = &window{Limit: limit}
		}
	}
	return l
}

// admit counts a request; it returns the policy that refuses it, or "".
// Refused requests do not count against a window.
func (l *limiter) admit(bucket string, now time.Time) string {
	if day := now.In(l.zone).Format(time.DateOnly); day != l.day {
		l.day, l.used = day, 0
	}
	if l.enforced && l.used >= l.daily {
		return policyDaily
	}
	if w := l.windows[bucket]; w != nil {
		w.forget(now)
		if len(w.times) >= w.Max {
			if bucket == bucketSearch {
				return policySecondly
			}
			return policyTen
		}
		w.times = append(w.times, now)
	}
	l.used++
	return ""
}

// resetsAt is the next midnight of the account's zone.
func (l *limiter) resetsAt(now time.Time) time.Time {
	y, m, d := now.In(l.zone).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, l.zone)
}

// headers are those of hubspot-api 4: search answers carry the daily ones only,
// and calls with an OAuth token never do; without a limit there is nothing to
// say about the ten seconds.
func (l *limiter) headers(bucket string, oauth bool) [][2]string {
	out := [][2]string{}
	if !oauth {
		out = append(out,
			[2]string{"X-Hubspot-Ratelimit-Daily", strconv.Itoa(l.daily)},
			[2]string{"X-Hubspot-Ratelimit-Daily-Remaining", strconv.Itoa(max(0, l.daily-l.used))},
		)
	}
	w := l.windows[bucket]
	if w == nil || bucket == bucketSearch {
		return out
	}
	return append(out,
		[2]string{"X-Hubspot-Ratelimit-Interval-Milliseconds", strconv.FormatInt(w.Window.Milliseconds(), 10)},
		[2]string{"X-Hubspot-Ratelimit-Max", strconv.Itoa(w.Max)},
		[2]string{"X-Hubspot-Ratelimit-Remaining", strconv.Itoa(w.remaining())},
		[2]string{"X-Hubspot-Ratelimit-Secondly", strconv.Itoa(max(1, w.Max/10))},
		[2]string{"X-Hubspot-Ratelimit-Secondly-Remaining", strconv.Itoa(min(max(1, w.Max/10), w.remaining()))},
	)
}
