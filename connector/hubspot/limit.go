package hubspot

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"leadsync/connector"
)

// The budgets that HubSpot counts apart (hubspot-api 4.1).
const (
	BucketGeneral      = "general"
	BucketSearch       = "search"
	BucketAssociations = "associations"
)

const (
	defaultGeneral = 100.0 // in ten seconds: the smallest limit there is
	defaultSearch  = 5.0   // in one second, for all tokens of the account together; no answer ever states it
	associations   = 1.5   // times general: 150 in 10 s where general has 100
	// slowest bounds how far refusals can slow a bucket down; recovery is the step back per good answer, so
	// that half the rate comes back after 256 of them.
	slowest  = 1.0 / 16
	recovery = 1.0 / 512

	generalWindow = 10 * time.Second
	searchWindow  = time.Second
)

// limits holds one limiter per bucket and what is known about the day.
type limits struct {
	general, search, associations *limiter
	daily                         *daily

	mu sync.Mutex
	// shared is true while HubSpot charges association calls to the general bucket, which the descriptions deny
	// and nobody measured (hubspot-api 4.1): then they pay both limiters.
	shared bool
}

func newLimits(cfg Config) *limits {
	left := 1 - cfg.reserve()
	general := newLimiter(defaultGeneral, left, generalWindow, cfg.Now)
	links := newLimiter(defaultGeneral*associations, left, generalWindow, cfg.Now)
	search := newLimiter(defaultSearch, left, searchWindow, cfg.Now)
	if cfg.GeneralPerSecond > 0 {
		general.cap(cfg.GeneralPerSecond)
		links.cap(cfg.GeneralPerSecond * associations)
	}
	if cfg.SearchPerSecond > 0 {
		search.cap(cfg.SearchPerSecond)
	}
	return &limits{general: general, search: search, associations: links, daily: &daily{left: left, now: cfg.Now}}
}

func (l *limits) of(bucket string) *limiter {
	switch bucket {
	case BucketSearch:
		return l.search
	case BucketAssociations:
		return l.associations
	default:
		return l.general
	}
}

// wait lets a call of a bucket pass when its time has come.
func (l *limits) wait(ctx context.Context, bucket string) error {
	l.mu.Lock()
	both := l.shared && bucket == BucketAssociations
	l.mu.Unlock()
	if both {
		if err := l.general.bucket.Wait(ctx); err != nil {
			return err // joined with errNotSent by the caller
		}
	}
	return l.of(bucket).bucket.Wait(ctx) // joined with errNotSent by the caller
}

// learn takes in what an answer says about the budgets. An association answer that states a ten-second limit is
// charged to the general bucket unless it is another limit than that one's; not knowing, it pays both.
func (l *limits) learn(bucket string, resp *http.Response, policy string) {
	l.of(bucket).learn(resp, policy)
	l.daily.learn(resp, policy)
	if bucket != BucketAssociations || resp.StatusCode >= 300 {
		return
	}
	limit, _, stated := headerLimit(resp.Header)
	known := l.general.stated()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shared = stated && (known < 0 || known == limit)
}

// limiter is one token bucket that follows HubSpot's headers and slows down when refused. In any window it
// lets at most as many calls pass as the limit has, and over time the share that is ours.
type limiter struct {
	bucket *rate.Limiter
	now    func() time.Time
	window time.Duration
	left   float64 // the share of the limit that is ours

	mu      sync.Mutex
	limit   float64 // calls per window; infinite when configured
	full    float64 // calls per second when all is well
	ceiling float64
	factor  float64 // (0,1]: what refusals left of full
	slowed  time.Time
	seen    connector.CallLimit // of the last answer that stated one
}

func newLimiter(limit, left float64, window time.Duration, now func() time.Time) *limiter {
	l := &limiter{
		now: now, window: window, left: left, limit: limit, ceiling: math.Inf(1), factor: 1,
		seen: connector.CallLimit{Max: -1, Remaining: -1},
	}
	l.full = l.share(limit)
	l.bucket = rate.NewLimiter(rate.Limit(l.full), l.burst(l.full))
	return l
}

// cap takes a configured rate instead of the assumed limit, and as a ceiling for what is learned.
func (l *limiter) cap(perSecond float64) {
	l.full, l.ceiling, l.limit = perSecond, perSecond, math.Inf(1)
	l.bucket.SetLimit(rate.Limit(perSecond))
	l.bucket.SetBurst(l.burst(perSecond))
}

// share is our part of a limit per window, in calls per second; at least one call of each window stays free,
// because a burst of one is the least there is, but no limit below two leaves us less than half of it.
func (l *limiter) share(limit float64) float64 {
	return min(limit*l.left, max(limit-1, limit/2)) / l.window.Seconds()
}

// burst is what may go out at once: one second's worth of a ten-second window, one of a one-second window, and
// never so much that rate and burst together exceed the limit.
func (l *limiter) burst(perSecond float64) int {
	if l.window <= time.Second {
		return 1
	}
	spare := l.limit - perSecond*l.window.Seconds()
	return int(max(1, min(perSecond*l.window.Seconds()/10, spare)))
}

// learn takes the rate from the headers, halves it after a 429, at most once per window, and lets it come
// back slowly with good answers. A daily limit is not a question of speed.
func (l *limiter) learn(resp *http.Response, policy string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if limit, window, ok := headerLimit(resp.Header); ok && l.window == generalWindow {
		l.seen = connector.CallLimit{Max: limit, Remaining: headerNumber(resp.Header, "X-Hubspot-Ratelimit-Remaining"), Window: window.String()}
		l.limit = float64(limit) * float64(l.window) / float64(window)
		l.full = min(l.share(l.limit), l.ceiling)
	}
	switch {
	case resp.StatusCode == http.StatusTooManyRequests && policy != policyDaily:
		if now := l.now(); l.slowed.IsZero() || now.Sub(l.slowed) >= l.window {
			l.factor, l.slowed = max(l.factor/2, slowest), now
		}
	case resp.StatusCode < 300:
		l.factor = min(l.factor+recovery, 1)
	}
	if perSecond := l.full * l.factor; rate.Limit(perSecond) != l.bucket.Limit() {
		l.bucket.SetLimit(rate.Limit(perSecond))
		l.bucket.SetBurst(l.burst(perSecond))
	}
}

// stated is the limit of the last answer that gave one, else -1.
func (l *limiter) stated() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen.Max
}

func (l *limiter) state() connector.CallLimit {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seen
}

// headerLimit reads the limit that HubSpot states and its window. A window of more than a minute is none: it would make
// the next call wait for hours.
func headerLimit(h http.Header) (limit int, window time.Duration, ok bool) {
	limit = headerNumber(h, "X-Hubspot-Ratelimit-Max")
	ms := headerNumber(h, "X-Hubspot-Ratelimit-Interval-Milliseconds")
	return limit, time.Duration(ms) * time.Millisecond, limit > 0 && ms > 0 && ms <= 60_000
}

// headerNumber is -1 if the header is absent or no count.
func headerNumber(h http.Header, name string) int {
	n, err := strconv.Atoi(h.Get(name))
	if err != nil || n < 0 {
		return -1
	}
	return n
}
