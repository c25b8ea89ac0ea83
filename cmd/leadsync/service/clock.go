package service

import (
	"net/http"
	"sync"
	"time"
)

// worldHeader is how a simulated account tells its own time.
const worldHeader = "X-Simulator-World-Time"

// SimulatedClock takes business time from a simulated account: from the last answer, going on at the
// machine's pace. Before the first answer it is the machine's time.
type SimulatedClock struct {
	next http.RoundTripper
	now  func() time.Time

	mu     sync.Mutex
	offset time.Duration
}

// NewSimulatedClock wraps the transport of the portal's client.
func NewSimulatedClock(next http.RoundTripper, now func() time.Time) *SimulatedClock {
	return &SimulatedClock{next: next, now: now}
}

// RoundTrip implements http.RoundTripper.
func (c *SimulatedClock) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.next.RoundTrip(r)
	if err != nil {
		return resp, err
	}
	if at, perr := time.Parse(time.RFC3339Nano, resp.Header.Get(worldHeader)); perr == nil {
		c.mu.Lock()
		c.offset = at.Sub(c.now())
		c.mu.Unlock()
	}
	return resp, nil
}

// Now is the account's time as far as known.
func (c *SimulatedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Add(c.offset).UTC()
}
