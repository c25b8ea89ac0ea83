package hubspot

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// The budgets that HubSpot counts apart (hubspot-api 4.1).
const (
	BucketGeneral      = "general"
	BucketSearch       = "search"
	BucketAssociations = "associations"
)

const (
	defaultGeneral = 9.0 // 100 in 10 s less the reserve
	defaultSearch  = 4.0 // 5 in 1 s less the reserve
	associations   = 1.5 // times general: 150 in 10 s where general has 100
	// reserve is the part of a limit that is left to others; of the rest, burst takes a tenth.
	reserve = 0.1
	// slowest bounds how far refusals can slow a bucket down; recovery is the step back per good answer, so
	// that half the rate comes back after 256 of them.
	slowest  = 1.0 / 16
	recovery = 1.0 / 512

	generalWindow = 10 * time.Second
	searchWindow  = time.Second
)

// limits holds one limiter per bucket.
type limits struct{ general, search, associations *limiter }

func newLimits(cfg Config) *limits {
	general, ceiling := cfg.GeneralPerSecond, cfg.GeneralPerSecond
	if general == 0 {
		general, ceiling = defaultGeneral, math.Inf(1)
	}
	search := cfg.SearchPerSecond
	if search == 0 {
		search = defaultSearch
	}
	return &limits{
		general:      newLimiter(general, ceiling, generalWindow, cfg.Now),
		search:       newLimiter(search, search, searchWindow, cfg.Now),
		associations: newLimiter(general*associations, ceiling*associations, generalWindow, cfg.Now),
	}
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

// limiter is one token bucket that follows HubSpot's headers and slows down when refused. In any window it
// lets rate*window + burst calls pass, which is less than the limit from which rate was derived.
type limiter struct {
	bucket *rate.Limiter
	now    func() time.Time
	window time.Duration

	mu      sync.Mutex
	full    float64 // calls per second when all is well
	ceiling float64
	factor  float64 // (0,1]: what refusals left of full
	slowed  time.Time
}

func newLimiter(perSecond, ceiling float64, window time.Duration, now func() time.Time) *limiter {
	l := &limiter{now: now, window: window, full: perSecond, ceiling: ceiling, factor: 1}
	l.bucket = rate.NewLimiter(rate.Limit(perSecond), l.burst(perSecond))
	return l
}

// burst is what may go out at once: one second's worth of a ten-second window, one of a one-second window.
func (l *limiter) burst(perSecond float64) int {
	if l.window <= time.Second {
		return 1
	}
	return max(1, int(perSecond*l.window.Seconds()/10))
}

func (l *limiter) wait(ctx context.Context) error {
	return l.bucket.Wait(ctx) // joined with errNotSent by the caller
}

// learn takes the rate from the headers, halves it after a 429, at most once per window, and lets it come
// back slowly with good answers. A daily limit is not a question of speed.
func (l *limiter) learn(resp *http.Response, policy string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if limit, ok := headerRate(resp.Header); ok && l.window == generalWindow {
		l.full = min(limit, l.ceiling)
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

// headerRate reads the limit that HubSpot states for the window, less the reserve, as calls per second.
func headerRate(h http.Header) (float64, bool) {
	limit, err := strconv.Atoi(h.Get("X-Hubspot-Ratelimit-Max"))
	if err != nil || limit <= 0 {
		return 0, false
	}
	ms, err := strconv.Atoi(h.Get("X-Hubspot-Ratelimit-Interval-Milliseconds"))
	if err != nil || ms <= 0 {
		return 0, false
	}
	return float64(limit) * (1 - reserve) / (float64(ms) / 1000), true
}
