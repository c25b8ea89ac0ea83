package workflows

import (
	"cmp"
	"fmt"
	"sync"
	"time"

	"leadsync/connector"
)

// Defaults of a Breaker.
const (
	// breakerFailures is two calls of three attempts each: one call that fails for reasons of its own opens nothing.
	breakerFailures = 6
	breakerProbe    = 10 * time.Second
	// breakerLongest bounds how long the CRM may ask to be left alone; after that it is asked again.
	breakerLongest = 10 * time.Minute
	// breakerCalm is how long the CRM has to answer until an earlier opening is forgotten, and breakerTrips how many times
	// the wait for a probe is doubled when it opens again before that: of a CRM of which only some parts are down the
	// probes succeed and the work fails.
	breakerCalm  = time.Minute
	breakerTrips = 3
)

// Breaker is the circuit breaker of one portal. When so many attempts in a row had no answer, or an answer that says the
// CRM is down, it opens: nothing is sent any more but one probe at a time, at least Every apart. The first answer closes
// it. A portal's breaker knows nothing of other portals. It is safe for concurrent use; its zero value needs Now.
type Breaker struct {
	Now func() time.Time // operating time
	// Jitter gives numbers in [0, 1): it lengthens the wait for a probe by up to a half, so that portals that went down
	// together are not all asked at the same moment; nil: no jitter.
	Jitter func() float64
	// Failures opens the breaker (default 6), Every is the least time between two probes (default 10 s).
	Failures int
	Every    time.Duration

	mu       sync.Mutex
	failures int
	since    time.Time // of the opening; zero: closed
	next     time.Time // of the next probe
	probing  bool
	closed   time.Time // last; zero: it never was open
	trips    int
}

// Allow says whether an attempt may be made; its end must be told to Answered, Silent or Unknown. The error is a
// *connector.Error of kind ErrDown, whose RetryAfter is the time until the next probe.
func (b *Breaker) Allow() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.since.IsZero() {
		return nil
	}
	now := b.Now()
	if !b.probing && !now.Before(b.next) {
		b.probing, b.next = true, now.Add(b.wait(0))
		return nil
	}
	return &connector.Error{
		Kind: connector.ErrDown, Op: "call", RetryAfter: max(b.next.Sub(now), time.Millisecond),
		Message: fmt.Sprintf("no answer since %s; one call now and then finds out whether there is one again",
			b.since.UTC().Format("15:04:05 MST")),
	}
}

// Answered says that the CRM answered an attempt, if only to refuse: the breaker closes.
func (b *Breaker) Answered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.since.IsZero() {
		b.closed = b.Now()
	}
	b.failures, b.since, b.probing = 0, time.Time{}, false
}

// Unknown says that an attempt was not made after all, or given up by the caller: it shows nothing.
func (b *Breaker) Unknown() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
}

// Silent says that an attempt had no answer, or one that says that the CRM is down. After is how long the CRM asked to be
// left alone; 0: it did not say.
func (b *Breaker) Silent(after time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures++
	if b.since.IsZero() && b.failures < cmp.Or(b.Failures, breakerFailures) {
		return
	}
	now := b.Now()
	if b.since.IsZero() {
		b.since = now
		if b.trips = min(b.trips+1, breakerTrips); b.closed.IsZero() || now.Sub(b.closed) > breakerCalm {
			b.trips = 0
		}
	}
	b.next, b.probing = now.Add(b.wait(after)), false
}

// Open tells since when the breaker is open; false: it is closed.
func (b *Breaker) Open() (time.Time, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.since, !b.since.IsZero()
}

// wait is the time until the next probe, with jitter.
func (b *Breaker) wait(after time.Duration) time.Duration {
	d := max(b.every()<<b.trips, min(after, breakerLongest))
	if b.Jitter == nil {
		return d
	}
	return d + time.Duration(b.Jitter()*float64(d/2))
}

func (b *Breaker) every() time.Duration {
	return cmp.Or(b.Every, breakerProbe)
}
